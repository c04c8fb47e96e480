"""Who can sign in. What a person may do stands in `communities.Assignment`; this app knows only the person and the door."""

import secrets

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.hashers import make_password
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.contrib.sessions.models import Session
from django.db import models, transaction
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from foundation.fields import EncryptedTextField, keyed_hash
from foundation.journal.moves import record, revise

# No I, l, O, 0, 1: a first password is read out or written on paper.
PASSWORD_LETTERS = "abcdefghjkmnpqrstuvwxyzABCDEFGHJKMNPQRSTUVWXYZ23456789"
PASSWORD_LENGTH = 12


def new_password():
    """A random first password, about 69 bits; easy to read out and to type."""
    return "".join(secrets.choice(PASSWORD_LETTERS) for _n in range(PASSWORD_LENGTH))


class UserManager(BaseUserManager):
    def create_user(self, username, password=None, **fields):
        """Write a user; without a password the account cannot sign in until one is issued."""
        user = self.model(username=self.model.normalize_username(username), **fields)
        user.set_password(password)
        user.remember_phone()
        user.save()
        return user

    def get_by_natural_key(self, username):
        return self.get(username__iexact=username)


class User(AbstractBaseUser):
    """A person with an account. There is no superuser: every right comes from an assignment and ends with it."""

    username = models.CharField(
        _("user name"),
        max_length=60,
        unique=True,
        validators=[UnicodeUsernameValidator()],
        error_messages={"unique": _("This user name is taken.")},
    )
    name = models.CharField(_("name"), max_length=60)
    email = models.EmailField(_("e-mail"), blank=True)
    phone = EncryptedTextField(_("phone"), blank=True, default="")
    phone_hash = models.CharField(max_length=64, blank=True, default="", db_index=True, editable=False)
    office_phone = models.CharField(
        _("office phone"), max_length=30, blank=True, help_text=_("Shown to everybody who looks for this person.")
    )
    is_active = models.BooleanField(_("may sign in"), default=True)
    must_change_password = models.BooleanField(default=False)
    second_factor_required = models.BooleanField(
        default=False, help_text=_("Set by roles that see a whole district or administer accounts.")
    )
    language = models.CharField(max_length=10, blank=True, default="")
    elder = models.BooleanField(_("large print"), default=False)
    date_joined = models.DateTimeField(default=timezone.now)
    version = models.PositiveIntegerField(default=1)

    objects = UserManager()
    USERNAME_FIELD = "username"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["name"]
    # allauth asks these of a user model that it did not make
    is_staff = False
    is_superuser = False

    class Meta:
        ordering = ["name", "pk"]
        constraints = [
            # Nobody remembers how the own user name was capitalised; sign-in does not ask, so "Anna" must not stand beside "anna".
            models.UniqueConstraint(
                Lower("username"), name="username_without_case", violation_error_message=_("This user name is taken.")
            ),
        ]

    def __str__(self):
        return self.name or self.username

    @property
    def area_path(self):
        """The place under which the journal files acts on this account: that of its post; one query."""
        return self.assignments.home_path()

    def remember_phone(self):
        self.phone_hash = keyed_hash(self.phone)

    def correct(self, *, by, key=None, **changes):
        """Correct the facts of the account: `name`, `username`, `email`, `office_phone`."""
        return revise(self, "correct", by=by, key=key, **changes)

    @transaction.atomic
    def issue_password(self, *, by, key=None):
        """Give the account a fresh random password, return it once, and end all its sessions. It must be changed at the first sign-in."""
        password = new_password()
        revise(self, "issue_password", by=by, key=key, password=make_password(password), must_change_password=True)
        self.end_sessions()
        return password

    @transaction.atomic
    def drop_second_factor(self, *, by, key=None):
        """Remove the second factor of somebody who lost the device; the next sign-in sets a new one up."""
        record(self, "drop_second_factor", by=by, key=key)
        Authenticator.objects.filter(user=self).delete()
        self.end_sessions()

    @transaction.atomic
    def disable(self, *, by, reason, key=None):
        """Close the account at once, sessions included, for a reason that the journal keeps."""
        entry = revise(self, "disable", by=by, key=key, note=reason, is_active=False)
        self.end_sessions()
        return entry

    def enable(self, *, by, reason="", key=None):
        """Open a closed account again."""
        return revise(self, "enable", by=by, key=key, note=reason, is_active=True)

    def acting_for(self, obj):
        """The person whose substitute (AB角) this user is in the place of `obj`, or None; the journal names both."""
        return self.assignments.stand_in(obj)

    def end_sessions(self):
        """Sign this person out everywhere."""
        for session in UserSession.objects.filter(user=self):
            session.end()

    def live_sessions(self, now):
        """How many browsers are signed in, as far as their sessions have not run out; one query."""
        keys = UserSession.objects.filter(user=self).values("session_key")
        return Session.objects.filter(session_key__in=keys, expire_date__gt=now).count()

    def prefer(self, **choices):
        """Keep how this reader wants the pages: `elder` (bool) or `language` (code). Not journaled: it is nobody's business."""
        for name, value in choices.items():
            setattr(self, name, value)
        self.save(update_fields=list(choices))

    @transaction.atomic
    def choose_password(self, password):
        """Set the password that the user chose. Only these columns: the row may have been disabled a moment ago."""
        self.set_password(password)
        self.must_change_password = False
        self.save(update_fields=["password", "must_change_password"])
        record(self, "change_password", by=self)


def user_display(user):
    return str(user)
