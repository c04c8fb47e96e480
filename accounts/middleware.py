from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.shortcuts import redirect
from django.utils import timezone, translation
from django.utils.cache import patch_vary_headers

from accounts.models import SECOND_FACTORS

# Where somebody may go before the first password is changed or the second factor set up.
DOORWAY = ("/accounts/", "/static/", "/healthz", "/readyz")
CARRIES_SECOND_FACTOR = "second_factor"


class ReaderLanguage:
    """The account's language, else the language cookie, else the browser's; Chinese when none of them says anything."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        chosen = request.user.language if request.user.is_authenticated else ""
        with translation.override(chosen or translation.get_language_from_request(request)):
            request.LANGUAGE_CODE = translation.get_language()
            response = self.get_response(request)
            response.headers.setdefault("Content-Language", request.LANGUAGE_CODE)
        patch_vary_headers(response, ["Accept-Language", "Cookie"])
        return response


class SecondFactor:
    """Whoever must change a first password or set up a second factor can do nothing else before it is done."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        user = request.user
        if user.is_authenticated and not request.path.startswith(DOORWAY):
            if user.must_renew_password(timezone.now()):
                return redirect("account_change_password")
            if user.second_factor_required and settings.SECOND_FACTOR_COMPULSORY and not carries_second_factor(request):
                return redirect("mfa_index")
        return self.get_response(request)


def carries_second_factor(request):
    """Whether the user has an authenticator; remembered in the session, for taking it away ends all sessions."""
    if CARRIES_SECOND_FACTOR not in request.session and is_mfa_enabled(request.user, SECOND_FACTORS):
        request.session[CARRIES_SECOND_FACTOR] = True
    return CARRIES_SECOND_FACTOR in request.session
