from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe


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


@require_safe
def account_overview(request):
    """My account: my posts, password, second factor and signed-in browsers, and how I want the pages."""
    user = request.user
    context = {
        "posts": user.assignments.current(timezone.localdate()).for_access(),
        "has_second_factor": Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).exists(),
        "sessions": user.live_sessions(timezone.now()),
        "languages": settings.LANGUAGES,
    }
    return render(request, "account/account_overview.html", context)


@require_POST
def session_end(request, pk):
    """Sign one of my browsers out; for this one that is signing out."""
    session = get_object_or_404(UserSession, user=request.user, pk=pk)
    if session.is_current():
        return redirect("account_logout")
    session.end()
    messages.success(request, _("That browser is signed out."))
    return redirect("usersessions_list")


@login_not_required
@require_safe
def password_forgotten(request):
    """What to do about a forgotten password: the administrator issues a new one. Nothing is sent, nothing can be found out."""
    return render(request, "account/password_forgotten.html")


@login_not_required
def closed(request, rest=""):
    raise Http404
