"""What allauth asks us: nobody registers by himself, and secrets of the second factor lie encrypted."""

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter

from foundation.fields import decrypt, encrypt


class StaffAdapter(DefaultAccountAdapter):
    def is_open_for_signup(self, request):
        return False

    def get_login_redirect_url(self, request):
        # A phone's browser keeps its session for a working day, a shared desk does not (foundation/drafts.py).
        return super().get_login_redirect_url(request)

    def set_password(self, user, password):
        super().set_password(user, password)
        user.password_changed()


class SecondFactorAdapter(DefaultMFAAdapter):
    def encrypt(self, text):
        return encrypt(text)

    def decrypt(self, encrypted_text):
        return decrypt(encrypted_text)

    def get_totp_label(self, user):
        return user.username
