from allauth.account.forms import LoginForm as AllauthLoginForm
from allauth.mfa.adapter import get_adapter as get_second_factor_adapter
from allauth.mfa.webauthn.forms import (
    AddWebAuthnForm,
    AuthenticateWebAuthnForm,
    EditWebAuthnForm,
    LoginWebAuthnForm,
    ReauthenticateWebAuthnForm,
)
from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts import devices
from accounts.adapter import SHARED
from accounts.logins import is_mobile, typed
from accounts.models import User
from foundation import drafts
from foundation.fields import keyed_hash, normalise_phone
from foundation.forms import GuardedForm

PREFILLED = "prefilled_login"


class LoginForm(AllauthLoginForm):
    """User name, mobile phone or e-mail with the password, and whose device this is.

    The own phone stays signed in for up to seven days; a shared computer offers the person when places are changed.
    """

    own_phone = forms.BooleanField(
        label=_("This is my own phone: keep me signed in for 7 days"),
        required=False,
        help_text=_("Never tick this on a shared computer."),
    )
    shared = forms.BooleanField(
        label=_("This is a shared computer: offer my name when places are changed"),
        required=False,
        help_text=_("Shows only part of the name; the password is always asked."),
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["login"] = forms.CharField(
            label=_("User name, mobile phone or e-mail"),
            max_length=254,
            initial=self.request.session.get(PREFILLED, ""),
            widget=forms.TextInput(attrs={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"}),
        )
        self.fields["shared"].initial = devices.is_shared(self.request)

    def clean(self):
        cleaned = super().clean()
        if self.cleaned_data.get("own_phone") and self.cleaned_data.get("shared"):
            self.add_error("own_phone", _("A phone of your own is no shared computer; choose one of the two."))
        return cleaned

    def user_credentials(self):
        """The user name of the account that is meant, however it was called: so that its tries are counted once, not per spelling."""
        text = self.cleaned_data["login"]
        user = User.objects.called(text)
        if user is None:
            known_as = normalise_phone(text) if is_mobile(text) else typed(text)
        else:
            known_as = user.username
        return {"username": known_as, "password": self.cleaned_data.get("password")}

    def login(self, request, redirect_url=None):
        own_phone, shared = self.cleaned_data["own_phone"], self.cleaned_data["shared"]
        # Before the sign-in: a second factor may come between, and the session keeps what was said here.
        drafts.mark_phone(request, own_phone)
        request.session[SHARED] = shared
        request.session.pop(PREFILLED, None)
        response = super().login(request, redirect_url)
        # At a desk the cookie ends with the browser: the next person at a shared computer finds nobody signed in.
        request.session.set_expiry(settings.PHONE_SESSION_SECONDS if own_phone else 0)
        return response


class AddPasskeyForm(AddWebAuthnForm):
    """A passkey is always one that can sign in by itself: it asks for finger, face or PIN."""

    name = forms.CharField(label=_("Name of the passkey"), required=False, max_length=60)
    passwordless = forms.BooleanField(initial=True, widget=forms.HiddenInput)

    def clean(self):
        try:
            return super().clean()
        except (KeyError, AttributeError, IndexError):
            raise get_second_factor_adapter().validation_error("incorrect_code") from None


class EditPasskeyForm(EditWebAuthnForm):
    name = forms.CharField(label=_("Name of the passkey"), max_length=60)


class CarefulAnswer:
    """allauth reads the answer of a passkey as if a browser had made it; what somebody else sends may be any JSON."""

    def clean_credential(self):
        try:
            return super().clean_credential()
        except (KeyError, TypeError, AttributeError, IndexError):
            raise get_second_factor_adapter().validation_error("incorrect_code") from None


class PasskeyLoginForm(CarefulAnswer, LoginWebAuthnForm):
    pass


class PasskeyAuthenticateForm(CarefulAnswer, AuthenticateWebAuthnForm):
    pass


class PasskeyReauthenticateForm(CarefulAnswer, ReauthenticateWebAuthnForm):
    pass


def own_phone_number(text, but=None):
    """A mobile number in digits that no other account has, "" for none; ValidationError otherwise."""
    number = normalise_phone(text)
    if not number:
        return ""
    if not is_mobile(number):
        raise ValidationError(_("A mobile number has eleven digits and begins with 1."))
    if User.objects.filter(phone_hash=keyed_hash(number)).exclude(pk=getattr(but, "pk", None)).exists():
        raise ValidationError(_("This phone number belongs to another account."))
    return number


def own_email(text, but=None):
    """An e-mail address that no other account has, "" for none; ValidationError otherwise."""
    if text and User.objects.filter(email__iexact=text).exclude(pk=getattr(but, "pk", None)).exists():
        raise ValidationError(_("This e-mail address belongs to another account."))
    return text


class PhoneField(forms.CharField):
    """A mobile number that is kept masked: the form shows only its ends, and an empty field leaves it as it is."""

    def __init__(self, **options):
        attributes = {"inputmode": "tel", "autocomplete": "off"}
        super().__init__(required=False, max_length=20, widget=forms.TextInput(attrs=attributes), **options)


class PhoneOfRow(GuardedForm):
    """What forms about an account have in common: a phone that is never sent to the page, and an address nobody else has."""

    phone = PhoneField(label=_("Mobile phone"))
    drop_phone = forms.BooleanField(label=_("Take the number away"), required=False)

    def __init__(self, *args, row, **kwargs):
        super().__init__(*args, row=row, **kwargs)
        if row.phone:
            self.fields["phone"].help_text = _("Now %(phone)s. Leave empty to keep it.") % {"phone": row.masked_phone}
        else:
            self.fields["phone"].help_text = _("For signing in; shown to nobody in full.")
            del self.fields["drop_phone"]

    def clean_phone(self):
        return own_phone_number(self.cleaned_data["phone"], but=self.row)

    def clean_email(self):
        return own_email(self.cleaned_data["email"], but=self.row)

    def clean(self):
        cleaned = super().clean()
        drop = cleaned.pop("drop_phone", False)
        if not cleaned.get("phone") and not drop:
            cleaned["phone"] = self.row.phone
        elif drop:
            cleaned["phone"] = ""
        return cleaned


class ContactForm(PhoneOfRow):
    """What people keep up to date themselves; name, user name, office phone and posts are the administrator's."""

    email = forms.EmailField(
        label=_("E-mail"),
        required=False,
        help_text=_("For reminders and for signing in; nothing secret is sent there."),
    )
    field_order = ["seen", "key", "phone", "drop_phone", "email"]

    def __init__(self, *args, row, **kwargs):
        kwargs["initial"] = {"email": row.email} | (kwargs.get("initial") or {})
        super().__init__(*args, row=row, **kwargs)
