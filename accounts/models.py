"""Who can sign in. What a person may do stands in `communities.Assignment`; this app knows only the person and the door."""

import secrets
from datetime import timedelta

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.hashers import check_password, make_password
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.contrib.sessions.models import Session
from django.core.exceptions import ValidationError
from django.db import IntegrityError, models, transaction
from django.db.models import Q
from django.db.models.functions import Coalesce, Greatest, Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.logins import is_address, is_mobile, typed
from foundation.fields import EncryptedTextField, keyed_hash, mask_phone, normalise_phone
from foundation.journal.models import Entry, kind_of
from foundation.journal.moves import Conflict, record, revise
from foundation.notices.tell import tell

# No I, l, O, 0, 1: a first password is read out or written on paper.
PASSWORD_LETTERS = "abcdefghjkmnpqrstuvwxyzABCDEFGHJKMNPQRSTUVWXYZ23456789"
PASSWORD_LENGTH = 12
# How many passwords may not be chosen again (domain.md 3.8), and how long one must be that opens a whole district.
PASSWORDS_KEPT = 5
LONG_PASSWORD = 12
# What happens at the door, apart from what is done to the account.
DOOR_WORDS = {
    "sign_in": pgettext_lazy("journal", "signed in"),
    "sign_in_failed": pgettext_lazy("journal", "tried to sign in with a wrong password"),
    "sign_in_locked": pgettext_lazy("journal", "tried to sign in too often; the door was closed for five minutes"),
    "sign_out": pgettext_lazy("journal", "signed out"),
}
# Either of them counts as the second factor; recovery codes only stand in for them.
SECOND_FACTORS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)


def new_password():
    """A random first password, about 69 bits; easy to read out and to type."""
    return "".join(secrets.choice(PASSWORD_LETTERS) for _n in range(PASSWORD_LENGTH))


def no_address(username):
    """A user name that looks like a phone number or an e-mail address would be taken for somebody else's at the door."""
    if is_address(username):
        raise ValidationError(_("A user name must not look like a phone number or an e-mail address."))


class UserQuerySet(models.QuerySet):
    def called(self, login):
        """The account that somebody means who types this at the door: by mobile phone, e-mail or user name; None if there is none.

        What is typed decides which of the three is meant, so no two accounts ever answer to one text; one query.
        """
        text = typed(login)
        if is_mobile(text):
            found = self.filter(phone_hash=keyed_hash(normalise_phone(text)))
        elif "@" in text:
            found = self.exclude(email="").alias(low=Lower("email")).filter(low=text.lower())
        else:
            found = self.alias(low=Lower("username")).filter(low=text.lower())
        return found.first() if text else None

    def with_last_use(self):
        """Adds `last_use`: the last sign-in, or when the account was opened or opened again, whichever came last."""
        opened = Coalesce("enabled_at", "date_joined")
        return self.annotate(last_use=Greatest(Coalesce("last_login", "date_joined"), opened, "date_joined"))

    def unused_since(self, moment):
        """Accounts that may sign in and have not been used since this moment."""
        return self.with_last_use().filter(is_active=True, last_use__lt=moment)


class UserManager(BaseUserManager.from_queryset(UserQuerySet)):
    def create_user(self, username, password=None, **fields):
        """Write a user; without a password the account cannot sign in until one is issued."""
        user = self.model(username=self.model.normalize_username(username), **fields)
        no_address(user.username)
        user.set_password(password)
        user.derive()
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
        validators=[UnicodeUsernameValidator(), no_address],
        error_messages={"unique": _("This user name is taken.")},
    )
    name = models.CharField(_("name"), max_length=60)
    email = models.EmailField(_("e-mail"), blank=True)
    phone = EncryptedTextField(_("mobile phone"), blank=True, default="")
    phone_hash = models.CharField(max_length=64, blank=True, default="", editable=False)
    office_phone = models.CharField(
        _("office phone"), max_length=30, blank=True, help_text=_("Shown to everybody who looks for this person.")
    )
    password_changed_at = models.DateTimeField(null=True, editable=False)
    is_active = models.BooleanField(_("may sign in"), default=True)
    must_change_password = models.BooleanField(default=False)
    second_factor_required = models.BooleanField(
        default=False, help_text=_("Set by roles that see a whole district or administer accounts.")
    )
    language = models.CharField(max_length=10, blank=True, default="")
    elder = models.BooleanField(_("large print"), default=False)
    date_joined = models.DateTimeField(default=timezone.now)
    enabled_at = models.DateTimeField(null=True, editable=False)
    # Closed by the clock because nobody used it; whoever opens it again need not give a reason.
    lapsed_at = models.DateTimeField(null=True, editable=False)
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
            # Each of these opens the door, so each belongs to one account.
            models.UniqueConstraint(
                Lower("email"),
                condition=~Q(email=""),
                name="email_without_case",
                violation_error_message=_("This e-mail address belongs to another account."),
            ),
            models.UniqueConstraint(
                fields=["phone_hash"],
                condition=~Q(phone_hash=""),
                name="phone_of_one_account",
                violation_error_message=_("This phone number belongs to another account."),
            ),
        ]

    def __str__(self):
        return self.name or self.username

    @property
    def area_path(self):
        """The place under which the journal files acts on this account: that of its post; one query."""
        return self.assignments.home_path()

    def derive(self):
        """Normalise the phone and keep the hash it is found by."""
        self.phone = normalise_phone(self.phone)
        self.phone_hash = keyed_hash(self.phone)
        return ["phone", "phone_hash"]

    @property
    def masked_phone(self):
        return mask_phone(self.phone)

    def get_phone_display(self):
        return self.masked_phone

    def correct(self, *, by, key=None, **changes):
        """Correct the facts of the account: `name`, `username`, `email`, `phone`, `office_phone`.

        Conflict if another account took one of them in this moment.
        """
        try:
            with transaction.atomic():
                return revise(self, "correct", by=by, key=key, **changes)
        except IntegrityError:
            raise Conflict(self) from None

    @transaction.atomic
    def issue_password(self, *, by, key=None):
        """Give the account a fresh random password, return it once, and end all its sessions. It must be changed at the first sign-in."""
        password, former = new_password(), self.password
        revise(self, "issue_password", by=by, key=key, password=make_password(password), must_change_password=True)
        self.keep_former(former)
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
        entry = revise(self, "disable", by=by, key=key, note=reason, is_active=False, lapsed_at=None)
        self.end_sessions()
        return entry

    @transaction.atomic
    def lapse(self, *, now, days):
        """The clock closes an account that nobody used for so many days."""
        entry = revise(self, "lapse", by=None, data={"days": days}, is_active=False, lapsed_at=now)
        self.end_sessions()
        return entry

    def enable(self, *, by, reason="", key=None):
        """Open a closed account again; the days without a sign-in are counted from now."""
        if self.is_active:
            return None
        opened = {"is_active": True, "lapsed_at": None, "enabled_at": timezone.now()}
        return revise(self, "enable", by=by, key=key, note=reason, **opened)

    @transaction.atomic
    def sign_out_everywhere(self, *, by, key=None):
        """Somebody who administers the account ends all its sessions, for instance because a phone was lost."""
        record(self, "sign_out_everywhere", by=by, key=key)
        self.end_sessions()

    def acting_for(self, obj):
        """The person whose substitute (AB角) this user is in the place of `obj`, or None; the journal names both."""
        return self.assignments.stand_in(obj)

    def arrive(self, *, method, device, is_new, first, once, url):
        """A sign-in that succeeded, by `method`, from `device` (browser and system in two words); tells of a device not seen before."""
        record(self, "sign_in", by=self, data={"method": method, "device": device})
        if is_new and not first:
            at = f"{timezone.localtime():%Y-%m-%d %H:%M}"
            tell([self], "new_device", about=self, once=once, params={"device": device, "at": at}, url=url)

    def leave(self):
        record(self, "sign_out", by=self)

    def refuse(self, verb="sign_in_failed"):
        """Somebody tried this account's door in vain. Nobody knows who, so the entry names nobody."""
        record(self, verb, by=None)

    @transaction.atomic
    def change_second_factor(self, verb, *, url):
        """The person changed what is asked beside the password; a notice says so, in case it was somebody else."""
        entry = record(self, verb, by=self)
        tell([self], "second_factor_changed", about=self, once=entry.pk, url=url)

    def end_sessions(self):
        """Sign this person out everywhere."""
        for session in UserSession.objects.filter(user=self):
            session.end()

    def arrivals(self):
        """Sign-ins and attempts at this account's door, the latest first."""
        doors = Entry.objects.filter(subject_type=kind_of(self), subject_id=self.pk, verb__in=DOOR_WORDS)
        return doors.order_by("-pk")

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
        former = self.password
        self.set_password(password)
        self.must_change_password = False
        self.password_changed_at = timezone.now()
        self.save(update_fields=["password", "must_change_password", "password_changed_at"])
        self.keep_former(former)
        record(self, "change_password", by=self)

    def keep_former(self, password):
        """Keep the hash of a password that was replaced, the last ones only."""
        self.former_passwords.create(password=password)
        kept = self.former_passwords.order_by("-pk").values_list("pk", flat=True)[:PASSWORDS_KEPT]
        self.former_passwords.exclude(pk__in=list(kept)).delete()

    def had_password(self, password):
        """Whether this is the password in use or one of the last ones; as slow as so many sign-ins."""
        hashes = [self.password, *self.former_passwords.values_list("password", flat=True)]
        return any(check_password(password, hashed) for hashed in hashes)

    def must_renew_password(self, now):
        """A first password, or with PASSWORD_DAYS one that is older."""
        return self.must_change_password or self.has_old_password(now)

    def has_old_password(self, now):
        days = settings.PASSWORD_DAYS
        return bool(days) and (self.password_changed_at or self.date_joined) < now - timedelta(days=days)

    @property
    def password_is_old(self):
        return not self.must_change_password and self.has_old_password(timezone.now())


class FormerPassword(models.Model):
    """The hash of a password that was in use before, so that it is not chosen again."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="former_passwords")
    password = models.CharField(max_length=128)

    def __str__(self):
        return f"former password of {self.user_id}"


def user_display(user):
    return str(user)
