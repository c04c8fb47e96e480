"""What the ground floor holds about a person: forms kept for somebody whose session had expired. And what holds nothing."""

import json
from urllib.parse import parse_qsl

from cryptography.fernet import InvalidToken
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from foundation.drafts import KEPT
from foundation.fields import cipher
from foundation.purging import holds_nothing, purges

for label, why in {
    "auth.Permission": "not used",
    "auth.Group": "not used",
    "contenttypes.ContentType": "names of models",
    "account.EmailAddress": "accounts of staff",
    "account.EmailConfirmation": "accounts of staff",
    "mfa.Authenticator": "accounts of staff",
    "usersessions.UserSession": "devices of staff",
    "accounts.User": "accounts of staff",
    "accounts.FormerPassword": "accounts of staff",
    "journal.Entry": "verbs, states and numbers; a test reads every entry for texts",
    "journal.Note": "cleared by the room whose row it is about (foundation/journal/purging.py)",
    "journal.Former": "cleared by the room whose row it is about (foundation/journal/purging.py)",
    "journal.Access": "its reason is cleared by the room whose row it is about (foundation/journal/purging.py)",
    "notices.Notice": "kind and numbers: a notice leaves the house by e-mail",
    "notices.Delivery": "errors of the mail server",
    "workdays.Workday": "the calendar",
    "workdays.Year": "the calendar",
    "clock.Heartbeat": "errors of jobs",
    "jobs.Job": "codes and numbers",
}.items():
    holds_nothing(label, why)


@purges("sessions", _("forms kept in sessions"), "sessions.Session")
def purge_sessions(person):
    """Forms that name the person are no longer handed back, and sessions that are over go with all they hold."""
    done = Session.objects.filter(expire_date__lt=timezone.now()).delete()[0]
    for session in Session.objects.iterator(chunk_size=500):
        data = session.get_decoded()
        kept = data.get(KEPT) or {}
        left = {place: token for place, token in kept.items() if not names(person, token)}
        if len(left) < len(kept):
            data[KEPT] = left
            Session.objects.filter(pk=session.pk).update(session_data=SessionStore().encode(data))
            done += 1
    return done


def names(person, token):
    """Whether a kept form names the person; one that no key opens any more is of no use to anybody."""
    try:
        return any(person.is_named_in(text) for text in texts_in(json.loads(cipher().decrypt(token.encode()))))
    except (InvalidToken, ValueError):
        return True


def texts_in(value):
    """Every text in a piece of JSON; forms stand in it as they are sent."""
    if isinstance(value, str):
        yield value
        for _name, typed in parse_qsl(value, keep_blank_values=False):
            yield typed
    elif isinstance(value, list | tuple):
        for item in value:
            yield from texts_in(item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from texts_in(item)
