"""What allauth asks us: who may register (nobody), who may come in, and how secrets of the second factor are kept."""

import time

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.authentication import get_authentication_records
from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from django.conf import settings
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils.translation import gettext as _

from foundation.fields import decrypt, encrypt

# Who has just typed the password need not type it again to set up the second factor.
FRESH_SECONDS = 300


class StaffAdapter(DefaultAccountAdapter):
    def is_open_for_signup(self, request):
        return False

    def authenticate(self, request, **credentials):
        """None for a disabled account as for a wrong password or an unknown name: the page tells nobody who has an account."""
        user = super().authenticate(request, **credentials)
        return user if user is None or user.is_active else None

    def clean_password(self, password, user=None):
        if user is not None and user.has_usable_password() and user.check_password(password):
            raise ValidationError(_("This is the password you have now. Choose another one."))
        return super().clean_password(password, user)

    def set_password(self, user, password):
        user.choose_password(password)

    def get_password_change_redirect_url(self, request):
        return reverse("home")

    def is_reauthentication_required(self, *, app, **kwargs):
        records = get_authentication_records(context.request, context.request.user)
        fresh = any(time.time() - entry["at"] < FRESH_SECONDS for entry in records if entry["method"] == "password")
        return not fresh and super().is_reauthentication_required(app=app, **kwargs)


class SecondFactorAdapter(DefaultMFAAdapter):
    def encrypt(self, text):
        return encrypt(text)

    def decrypt(self, encrypted_text):
        return decrypt(encrypted_text)

    def get_totp_label(self, user):
        return user.username

    def can_delete_authenticator(self, authenticator):
        """Whose role requires the second factor cannot switch it off; a lost device is a matter for the administrator."""
        return not (settings.SECOND_FACTOR_COMPULSORY and authenticator.user.second_factor_required)
