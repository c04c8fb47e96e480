"""What allauth asks us: who may register (nobody), who may come in, what is written down of it, how secrets are kept."""

import time

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.authentication import get_authentication_records
from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts import devices
from accounts.models import LONG_PASSWORD, SECOND_FACTORS
from foundation import drafts
from foundation.fields import decrypt, encrypt
from foundation.templatetags.portal import browser

# Who has just proved who he is need not do it again to change the second factor.
FRESH_SECONDS = 300
PROOFS = ("password", "mfa")
# A closed door is written down once in this time, however often somebody knocks.
LOCKED_SECONDS = 300
SHARED = "shared_desk"
# allauth says what was done to the second factor by the name of the mail that it would send; we send none, but write it down.
MAILS = {
    "mfa/email/totp_activated": "add_app",
    "mfa/email/totp_deactivated": "remove_app",
    "mfa/email/webauthn_added": "add_passkey",
    "mfa/email/webauthn_removed": "remove_passkey",
    "mfa/email/recovery_codes_generated": "renew_codes",
}


class StaffAdapter(DefaultAccountAdapter):
    def is_open_for_signup(self, request):
        return False

    def pre_authenticate(self, request, **credentials):
        try:
            super().pre_authenticate(request, **credentials)
        except ValidationError:
            known = called(credentials)
            if cache.add(f"locked:{known.pk}", True, LOCKED_SECONDS):
                known.refuse("sign_in_locked")
            raise

    def authenticate(self, request, **credentials):
        """None for a disabled account as for a wrong password or an unknown name: the page tells nobody who has an account."""
        user = super().authenticate(request, **credentials)
        if user is not None and not user.is_active:
            user.refuse()
            return None
        return user

    def authentication_failed(self, request, **credentials):
        called(credentials).refuse()

    def login(self, request, user):
        user.never_came = user.last_login is None
        super().login(request, user)

    def post_login(self, request, user, **kwargs):
        """Everybody comes in here, with password, code or passkey: write it down, and what this browser is to remember."""
        settle(request)
        response = super().post_login(request, user, **kwargs)
        user.arrive(
            method=method_of(request),
            device=browser(request.headers.get("User-Agent", "")),
            is_new=not devices.knows(request, user),
            first=user.never_came,
            once=request.session.session_key,
            url=reverse("session_list"),
        )
        devices.remember(request, response, user)
        if request.session.pop(SHARED, False):
            devices.sit_down(request, response, user)
        return response

    def logout(self, request):
        user = request.user
        super().logout(request)
        user.leave()

    def get_login_redirect_url(self, request):
        """Back to the form that was left open, if one is kept for this person; else home."""
        return drafts.kept_path(request) or super().get_login_redirect_url(request)

    def send_notification_mail(self, template_prefix, user, context=None, email=None):
        if template_prefix in MAILS:
            user.change_second_factor(MAILS[template_prefix], url=reverse("mfa_index"))

    def clean_password(self, password, user=None):
        if user is not None and user.second_factor_required and len(password) < LONG_PASSWORD:
            raise ValidationError(_("Your post sees much: choose at least %(n)s characters.") % {"n": LONG_PASSWORD})
        if user is not None and user.had_password(password):
            raise ValidationError(_("You have or had this password. Choose another one."))
        return super().clean_password(password, user)

    def set_password(self, user, password):
        user.choose_password(password)

    def get_password_change_redirect_url(self, request):
        return reverse("home")

    def is_reauthentication_required(self, *, app, **kwargs):
        records = get_authentication_records(context.request, context.request.user)
        fresh = any(time.time() - entry["at"] < FRESH_SECONDS for entry in records if entry["method"] in PROOFS)
        return not fresh and super().is_reauthentication_required(app=app, **kwargs)


def called(credentials):
    """The account whose door was tried; for a name that nobody has a row of nobody, so that both take the same time."""
    users = get_user_model()
    return users.objects.called(credentials.get("username", "")) or users(pk=0)


def method_of(request):
    """How the person proved who he is: "password", "password+totp", "passkey" …"""
    records = get_authentication_records(request, request.user)
    if any(entry.get("passwordless") for entry in records):
        return "passkey"
    return "+".join(dict.fromkeys(entry.get("type", entry["method"]) for entry in records)) or "unknown"


def settle(request):
    """How long the session lasts and whether the computer is shared, where the form has not said so yet: with a passkey."""
    if drafts.PHONE in request.session:
        return
    own_phone = request.POST.get("own_phone") == "on"
    drafts.mark_phone(request, own_phone)
    request.session[SHARED] = request.POST.get("shared") == "on" and not own_phone
    request.session.set_expiry(settings.PHONE_SESSION_SECONDS if own_phone else 0)


class SecondFactorAdapter(DefaultMFAAdapter):
    def encrypt(self, text):
        return encrypt(text)

    def decrypt(self, encrypted_text):
        return decrypt(encrypted_text)

    def get_totp_label(self, user):
        return user.username

    def get_public_key_credential_rp_entity(self):
        return super().get_public_key_credential_rp_entity() | {"name": str(settings.PRODUCT_NAME)}

    def get_public_key_credential_user_entity(self, user):
        return super().get_public_key_credential_user_entity(user) | {"name": user.username}

    def generate_authenticator_name(self, user, type):
        """Where a passkey is made is how people tell theirs apart: "Chrome · Windows"."""
        return browser(context.request.headers.get("User-Agent", ""))

    def can_delete_authenticator(self, authenticator):
        """Whose role requires the second factor keeps at least one; a lost device is a matter for the administrator."""
        if not (settings.SECOND_FACTOR_COMPULSORY and authenticator.user.second_factor_required):
            return True
        others = Authenticator.objects.filter(user=authenticator.user, type__in=SECOND_FACTORS)
        return others.exclude(pk=authenticator.pk).exists()
