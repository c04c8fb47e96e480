from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST


def back(request):
    """The address that the form came from, if it is ours; else home."""
    target = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(
        target, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    ):
        target = reverse("home")
    return redirect(target)


@login_not_required
@require_POST
def elder_switch(request):
    """Turn large print (长辈版) on or off; remembered in the account, for strangers in a cookie."""
    on = request.POST.get("elder") == "on"
    response = back(request)
    if request.user.is_authenticated:
        request.user.prefer(elder=on)
    response.set_cookie("elder", "on" if on else "off", max_age=365 * 86400, samesite="Lax", httponly=True)
    return response


@login_not_required
@require_POST
def language_switch(request):
    """Choose the language of the pages; remembered in the account and in a cookie."""
    chosen = request.POST.get("language", "")
    response = back(request)
    if chosen in dict(settings.LANGUAGES):
        if request.user.is_authenticated:
            request.user.prefer(language=chosen)
        response.set_cookie(settings.LANGUAGE_COOKIE_NAME, chosen, max_age=365 * 86400, samesite="Lax")
    return response
