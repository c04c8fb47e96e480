from allauth.account.adapter import get_adapter
from allauth.account.decorators import reauthentication_required
from allauth.mfa.adapter import get_adapter as get_second_factor_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.views import edit_webauthn, login_webauthn, remove_webauthn
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts import devices
from accounts.forms import PREFILLED, ContactForm
from accounts.models import DOOR_WORDS, SECOND_FACTORS, User
from foundation import drafts
from foundation.acting import act
from foundation.shortcuts import posted

ARRIVALS_SHOWN = 10


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
        "has_second_factor": Authenticator.objects.filter(user=user, type__in=SECOND_FACTORS).exists(),
        "sessions": user.live_sessions(timezone.now()),
        "arrivals": [(DOOR_WORDS[entry.verb], entry) for entry in user.arrivals()[:ARRIVALS_SHOWN]],
        "languages": settings.LANGUAGES,
    }
    return render(request, "account/account_overview.html", context)


@reauthentication_required(allow_get=False)
def account_edit(request):
    """My own mobile phone and e-mail address: with both one signs in, so who changes them says first who he is."""
    user = User.objects.get(pk=request.user.pk)
    form = ContactForm(posted(request), row=user)
    return act(request, form, user.correct, template="account/account_edit.html", to="account_overview")


@require_safe
def session_list(request):
    """The browsers in which I am signed in, the one in use first."""
    sessions = devices.browsers_of(request.user, timezone.now(), here=request.session.session_key)
    return render(request, "account/session_list.html", {"sessions": sessions})


@require_POST
def session_end_others(request):
    """Sign out every browser of mine but this one."""
    for session in UserSession.objects.filter(user=request.user).exclude(session_key=request.session.session_key):
        session.end()
    messages.success(request, _("All other devices are signed out."))
    return redirect("session_list")


@require_POST
def session_end(request, pk):
    """Sign one of my browsers out; for this one that is signing out."""
    session = get_object_or_404(UserSession, user=request.user, pk=pk)
    if session.is_current():
        return redirect("account_logout")
    session.end()
    messages.success(request, _("That browser is signed out."))
    return redirect("session_list")


@login_not_required
@never_cache
def user_switch(request):
    """Change places at a shared computer. Choosing a name signs out whoever is here and opens the door with the name filled in.

    What was typed and not sent stays kept for its writer alone.
    """
    people = people_at_desk(request)
    if request.method == "POST":
        chosen = next((person for person in people if str(person.pk) == request.POST.get("person")), None)
        if request.user.is_authenticated:
            drafts.change_places(request, lambda: get_adapter().logout(request))
        request.session[PREFILLED] = chosen.username if chosen else ""
        return redirect("account_login")
    context = {"people": people, "shared": devices.is_shared(request)}
    return render(request, "account/user_switch.html", context)


def people_at_desk(request):
    """Who signed in at this shared computer within fourteen days, the latest first, without who is here now; one query."""
    at_desk = devices.at_desk(request)
    here = User.objects.in_bulk(at_desk) if at_desk else {}
    return [here[pk] for pk in at_desk if pk in here and here[pk].is_active and pk != request.user.pk]


@require_POST
def form_keep(request):
    """Keep what stands typed on an open page, for its writer alone, who is about to give the place to somebody else."""
    drafts.keep_open_form(request, request.POST.get("path", ""), request.POST.get("typed", ""))
    return HttpResponse(status=204)


@login_not_required
@require_POST
def user_forget(request):
    """Take one person, or everybody, off the list of this computer."""
    response = redirect("user_switch")
    chosen = request.POST.get("person", "")
    devices.get_up(request, response, int(chosen) if chosen.isdecimal() else None)
    return response


@require_POST
def user_remember(request):
    """This is a shared computer: offer me when places are changed."""
    response = redirect("user_switch")
    devices.sit_down(request, response, request.user)
    return response


@login_not_required
def passkey_sign_in(request):
    """The door for passkeys; allauth's own view would be shut to strangers by our rule that every page is."""
    return login_webauthn(request)


@require_safe
def passkey_list(request):
    """Passkeys are listed among the second factors."""
    return redirect("mfa_index")


def passkey_rename(request, pk):
    """Give one of my passkeys another name; one that is not mine does not exist."""
    get_object_or_404(Authenticator, user=request.user, type=Authenticator.Type.WEBAUTHN, pk=pk)
    return edit_webauthn(request, pk=pk)


def passkey_remove(request, pk):
    """Remove one of my passkeys, unless my post requires a second factor and it is the only one left."""
    passkey = get_object_or_404(Authenticator, user=request.user, type=Authenticator.Type.WEBAUTHN, pk=pk)
    if not get_second_factor_adapter().can_delete_authenticator(passkey):
        raise PermissionDenied(_("Your post requires a second factor, and this is the only one left."))
    return remove_webauthn(request, pk=pk)


@login_not_required
@require_safe
def password_forgotten(request):
    """What to do about a forgotten password: the administrator issues a new one. Nothing is sent, nothing can be found out."""
    return render(request, "account/password_forgotten.html")


@login_not_required
def closed(request, rest=""):
    raise Http404
