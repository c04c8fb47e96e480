from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import translation
from django.utils.cache import patch_vary_headers


class ReaderLanguage:
    """The account's language, else the language cookie, else the browser's; Chinese when none of them says anything."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        chosen = request.user.language if request.user.is_authenticated else ""
        translation.activate(chosen or self.asked_by(request))
        request.LANGUAGE_CODE = translation.get_language()
        response = self.get_response(request)
        response.headers.setdefault("Content-Language", translation.get_language())
        patch_vary_headers(response, ["Accept-Language", "Cookie"])
        return response

    def asked_by(self, request):
        return translation.get_language_from_request(request)


class SecondFactor:
    """Whoever must set up a second factor or change a first password can do nothing else before it is done."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        user = request.user
        if user.is_authenticated and not request.path.startswith(
            ("/accounts/", "/static/", "/healthz", "/readyz", "/i18n/")
        ):
            if user.must_change_password:
                return redirect(reverse("account_change_password"))
            if settings.SECOND_FACTOR_COMPULSORY and user.second_factor_required and not is_mfa_enabled(user):
                return redirect(reverse("mfa_activate_totp"))
        return self.get_response(request)
