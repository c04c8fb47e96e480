from allauth.account.forms import LoginForm as AllauthLoginForm
from django import forms
from django.utils.translation import gettext_lazy as _


class LoginForm(AllauthLoginForm):
    """User name and password, and whether this is the person's own phone (which then stays signed in for up to seven days)."""

    own_phone = forms.BooleanField(
        label=_("This is my own phone: keep me signed in for 7 days"),
        required=False,
        help_text=_("Never tick this on a shared computer."),
    )

    def login(self, request, redirect_url=None):
        response = super().login(request, redirect_url)
        request.session["phone"] = bool(self.cleaned_data["own_phone"])
        return response
