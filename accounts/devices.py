"""What a browser remembers of the people who signed in with it: whether it is known to them, and who shares it.

Two cookies, neither readable by scripts. `known` holds keyed hashes of accounts, so that a sign-in from a browser not used
before can be told to its owner. `desk` exists only where somebody said "this is a shared computer": the numbers of up to eight
accounts with the day of their last sign-in, signed; nothing in it opens anything.
"""

import time
from datetime import UTC, datetime

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.sessions.models import Session
from django.core import signing

from foundation.drafts import SEEN
from foundation.fields import keyed_hash

KNOWN, KNOWN_SECONDS, MOST_KNOWN = "known", 400 * 86400, 20
DESK, DESK_SECONDS, MOST_AT_DESK = "desk", 14 * 86400, 8
SALT = "accounts.devices"


def _read(request, name):
    try:
        return signing.loads(request.COOKIES.get(name, ""), salt=f"{SALT}.{name}")
    except signing.BadSignature:
        return None


def _write(response, name, value, seconds):
    """Set the cookie, or take it away when there is nothing to remember."""
    if value is None:
        response.delete_cookie(name, samesite="Lax")
        return
    text = signing.dumps(value, salt=f"{SALT}.{name}")
    secure = settings.SESSION_COOKIE_SECURE
    response.set_cookie(name, text, max_age=seconds, httponly=True, samesite="Lax", secure=secure)


def _mark(user):
    return keyed_hash(f"device:{user.pk}")[:16]


def knows(request, user):
    """Whether this user has signed in with this browser before."""
    return _mark(user) in (_read(request, KNOWN) or [])


def remember(request, response, user):
    marks = [mark for mark in _read(request, KNOWN) or [] if mark != _mark(user)]
    _write(response, KNOWN, [*marks, _mark(user)][-MOST_KNOWN:], KNOWN_SECONDS)


def is_shared(request):
    """Whether somebody said that this is a shared computer."""
    return _read(request, DESK) is not None


def at_desk(request):
    """{number of an account: second of its last sign-in here}, the latest first, of those within fourteen days."""
    people = {int(pk): at for pk, at in (_read(request, DESK) or {}).items() if time.time() - at < DESK_SECONDS}
    return dict(sorted(people.items(), key=lambda item: -item[1]))


def sit_down(request, response, user):
    """Offer this user the next time that somebody changes places at this computer; from then on it is a shared one."""
    people = {user.pk: int(time.time())} | {pk: at for pk, at in at_desk(request).items() if pk != user.pk}
    _write(response, DESK, dict(list(people.items())[:MOST_AT_DESK]), DESK_SECONDS)


def get_up(request, response, pk=None):
    """Forget one person at this computer, or with None all of them and that it is shared."""
    people = None if pk is None else {key: at for key, at in at_desk(request).items() if key != pk}
    _write(response, DESK, people, DESK_SECONDS)


def browsers_of(user, now, here=""):
    """Where the user is signed in: `UserSession` rows with `seen_at` (a moment) and `is_here`, the one in use first; two queries."""
    rows = {row.session_key: row for row in UserSession.objects.filter(user=user)}
    for session in Session.objects.filter(session_key__in=rows, expire_date__gt=now):
        row = rows[session.session_key]
        seen = session.get_decoded().get(SEEN)
        row.seen_at = datetime.fromtimestamp(seen, UTC) if seen else row.created_at
        row.is_here = row.session_key == here
    live = [row for row in rows.values() if hasattr(row, "seen_at")]
    return sorted(live, key=lambda row: (not row.is_here, -row.seen_at.timestamp()))
