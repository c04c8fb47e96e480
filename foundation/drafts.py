"""Idle sign-out that loses nothing: a form sent too late is kept for its user and handed back after sign-in.

A kept form lives in the session of the same browser, encrypted, for an hour at most. It is shown only to the user whose
session had expired, or who gave the place at a shared computer to somebody else, and only at the address it belongs to; it
fills the form again and never saves by itself.
"""

import json
import re
import time
from urllib.parse import urlsplit

from cryptography.fernet import InvalidToken
from django.conf import settings
from django.contrib.auth import logout
from django.contrib.auth.views import redirect_to_login
from django.http import HttpResponse, QueryDict

from foundation.fields import cipher

SEEN = "seen"  # second of the last activity of a signed-in session
SINCE = "since"  # second of its first
PHONE = "phone"  # is it the session of a phone?
EXPIRED = "expired"  # whose session it was, and when it ended
KEPT = "kept_forms"  # {"user:path": encrypted form}

SECONDS_KEPT = 3600
MOST_KEPT = 3  # of each person: several tabs may be open when the session ends
MOST_PEOPLE = 4  # who left a form at one shared computer within an hour
LONGEST = 200_000  # characters of one form
WRITE_EVERY = 60
# Never kept, whatever form they stand in: what proves who somebody is.
SECRET_NAME = re.compile(r"passw|secret|token|otp|(^|[_-])(pin|code)\d?$", re.IGNORECASE)


def mark_phone(request, is_phone=True):
    """Say at sign-in that this session is on the user's own phone: longer idle time, an end after seven days."""
    request.session[PHONE] = is_phone


def kept_form(request):
    """The form (QueryDict) that the expired session of this user sent to this address, else None.

    Sets `request.form_was_kept`, so that the page can say so.
    """
    kept = request.session.get(KEPT) if hasattr(request, "session") else None
    if not kept or request.method != "GET" or not request.user.is_authenticated:
        return None
    form = _opened(kept.get(_place(request.user.pk, request.path)), request.user)
    if form is None:
        return None
    request.form_was_kept = True
    return QueryDict(form, mutable=False)


def kept_path(request):
    """The address of the form that was kept last for the user who has just signed in, "" if there is none."""
    for place, token in reversed(request.session.get(KEPT, {}).items()):
        user_id, _colon, path = place.partition(":")
        if user_id == str(request.user.pk) and _opened(token, request.user) is not None:
            return path
    return ""


def _place(user_id, path):
    return f"{user_id}:{path}"


def _sealed(user_id, form):
    return cipher().encrypt(json.dumps([str(user_id), form]).encode()).decode()


def _opened(token, user):
    if not token:
        return None
    try:
        user_id, form = json.loads(cipher().decrypt(token.encode(), ttl=SECONDS_KEPT))
    except InvalidToken:  # older than an hour, or its key is gone
        return None
    return form if user_id == str(user.pk) else None


class IdleSignOut:
    """Middleware: ends idle sessions and keeps what they send too late.

    Stands behind the middlewares of sessions, CSRF and authentication and before LoginRequiredMiddleware. A request
    with the header `X-Background` (polling by a page that lies open) is no sign of life.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        if request.user.is_authenticated:
            self.end_or_prolong(request)
        response = self.get_response(request)
        if request.method == "POST" and _went_through(response):
            forget(request)
        return response

    def end_or_prolong(self, request):
        now, session = int(time.time()), request.session
        if _is_over(session, now):
            user_id = request.user.pk
            logout(request)
            request.session[EXPIRED] = [str(user_id), now]
        elif SEEN not in session:
            _begin(request, now)
        elif now - session[SEEN] >= WRITE_EVERY and "X-Background" not in request.headers:
            session[SEEN] = now

    def process_view(self, request, view, args, kwargs):
        # Here and not earlier: the CSRF check has passed, and it is known whether the page is closed to strangers.
        expired = _expired_user(request)
        if expired is None or not getattr(view, "login_required", True):
            return None
        if request.method == "POST":
            keep(request, expired)
        if "HX-Request" in request.headers:
            return _whole_page_to_login(request)
        return None


def _begin(request, now):
    """The first request after sign-in. What is kept for another user of this browser stays sealed until that one is back."""
    request.session.pop(EXPIRED, None)
    request.session[SEEN] = request.session[SINCE] = now


def _is_over(session, now):
    seen, since = session.get(SEEN, now), session.get(SINCE, now)
    if session.get(PHONE):
        return now - seen >= settings.IDLE_PHONE_SECONDS or now - since >= settings.PHONE_SESSION_SECONDS
    return now - seen >= settings.IDLE_DESK_SECONDS


def _expired_user(request):
    """The user (id as text) whose session ended in this browser within the hour and who has not signed in again."""
    if request.user.is_authenticated:
        return None
    user_id, ended = request.session.get(EXPIRED, (None, 0))
    return user_id if time.time() - ended < SECONDS_KEPT else None


def keep(request, user_id):
    """Keep the form of this request for `user_id`, without secrets and files; other content than forms is not kept."""
    if request.content_type in ("application/x-www-form-urlencoded", "multipart/form-data"):
        _keep(request, user_id, request.path, request.POST)


def keep_open_form(request, path, text):
    """Keep what the user has typed at `path` and not sent (as a browser encodes a form): somebody else takes the place."""
    if path.startswith("/") and not path.startswith(("//", "/\\")) and len(text) <= LONGEST:
        _keep(request, request.user.pk, path, QueryDict(text))


def _keep(request, user_id, path, form):
    form = form.copy()
    for name in list(form):
        if SECRET_NAME.search(name):
            del form[name]
    text = form.urlencode()
    if not form or len(text) > LONGEST:
        return
    place, kept = _place(user_id, path), request.session.get(KEPT, {})
    others = [item for item in kept.items() if not item[0].startswith(f"{user_id}:")][-MOST_KEPT * (MOST_PEOPLE - 1) :]
    own = [item for item in kept.items() if item[0].startswith(f"{user_id}:") and item[0] != place][1 - MOST_KEPT :]
    request.session[KEPT] = dict([*others, *own, (place, _sealed(user_id, text))])


def forget(request):
    """The form of this address has been carried out: do not offer it again."""
    kept = request.session.get(KEPT, {})
    if request.user.is_authenticated and _place(request.user.pk, request.path) in kept:
        done = _place(request.user.pk, request.path)
        request.session[KEPT] = {place: token for place, token in kept.items() if place != done}


def change_places(request, sign_out):
    """Sign the user out by `sign_out()`, which empties the session, but keep what is sealed for the people of this computer."""
    kept = request.session.get(KEPT)
    sign_out()
    if kept:
        request.session[KEPT] = kept


def _went_through(response):
    """A POST that did its work redirects (or tells htmx to); a form with mistakes comes back as a page."""
    return 300 <= response.status_code < 400 or response.status_code == 204 or "HX-Redirect" in response


def _whole_page_to_login(request):
    # htmx would put the sign-in page into a corner of the old one; it must load it as a page.
    page = urlsplit(request.headers.get("HX-Current-URL", "")).path or request.path
    return HttpResponse(headers={"HX-Redirect": redirect_to_login(page).url})
