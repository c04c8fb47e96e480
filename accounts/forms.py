from allauth.account.forms import LoginForm as AllauthLoginForm
from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from foundation import drafts


class LoginForm(AllauthLoginForm):
    """User name and password, and whether this is the person's own phone (which then stays signed in for up to seven days)."""

    own_phone = forms.BooleanField(
        label=_("This is my own phone: keep me signed in for 7 days"),
        required=False,
        help_text=_("Never tick this on a shared computer."),
    )

    def login(self, request, redirect_url=None):
        response = super().login(request, redirect_url)
        own_phone = self.cleaned_data["own_phone"]
        drafts.mark_phone(request, own_phone)
        # At a desk the cookie ends with the browser: the next person at a shared computer finds nobody signed in.
        request.session.set_expiry(settings.PHONE_SESSION_SECONDS if own_phone else 0)
        return response
