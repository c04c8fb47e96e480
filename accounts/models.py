"""Who can sign in. What a person may do stands in `communities.Assignment`; this app knows only the person and the door."""

import secrets

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from foundation.fields import EncryptedTextField, keyed_hash
from foundation.journal.moves import record

# No I, l, O, 0, 1: a first password is read out or written on paper.
PASSWORD_LETTERS = "abcdefghjkmnpqrstuvwxyzABCDEFGHJKMNPQRSTUVWXYZ23456789"


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

    def __str__(self):
        return self.name or self.username

    def get_full_name(self):
        return self.name

    def remember_phone(self):
        self.phone_hash = keyed_hash(self.phone)

    @transaction.atomic
    def issue_password(self, *, by):
        """Give the account a fresh random password, return it once, and end all its sessions. It must be changed at the first sign-in."""
        password = "".join(secrets.choice(PASSWORD_LETTERS) for _n in range(12))
        self.set_password(password)
        self.must_change_password = True
        self.save(update_fields=["password", "must_change_password"])
        self.end_sessions()
        record(self, "issue_password", by=by)
        return password

    @transaction.atomic
    def drop_second_factor(self, *, by):
        """Remove the second factor of somebody who lost the device; the next sign-in sets a new one up."""
        Authenticator.objects.filter(user=self).delete()
        self.end_sessions()
        record(self, "drop_second_factor", by=by)

    @transaction.atomic
    def disable(self, *, by, reason):
        self.is_active = False
        self.save(update_fields=["is_active"])
        self.end_sessions()
        record(self, "disable", by=by, note=reason)

    @transaction.atomic
    def enable(self, *, by):
        self.is_active = True
        self.save(update_fields=["is_active"])
        record(self, "enable", by=by)

    def acting_for(self, obj):
        """The person whose substitute (AB角) this user is in the place of `obj`, or None; the journal names both."""
        return self.assignments.stand_in(obj)

    def end_sessions(self):
        """Sign this person out everywhere."""
        for session in UserSession.objects.filter(user=self):
            session.end()

    def prefer(self, **choices):
        """Keep how this reader wants the pages: `elder` (bool) or `language` (code). Not journaled: it is nobody's business."""
        for name, value in choices.items():
            setattr(self, name, value)
        self.save(update_fields=list(choices))

    def password_changed(self):
        self.must_change_password = False
        self.save(update_fields=["must_change_password"])


def user_display(user):
    return str(user)
