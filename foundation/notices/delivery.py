"""Sending what waits. Safe to kill anywhere and to run in many workers: claim the row, send, record the result.

A worker that dies between sending and recording leaves a row in doubt: it becomes "unconfirmed", is shown to people and
sent again only if a person says so.
"""

import datetime as dt
import logging
import re
import time

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.db import connection, transaction
from django.utils import translation

from foundation.notices.models import Delivery

MOST_PER_RUN = 200
PAUSES = [dt.timedelta(minutes=minutes) for minutes in (1, 5, 30, 120, 720)]  # after the 1st, 2nd … failure
IN_DOUBT_AFTER = dt.timedelta(minutes=10)
ADDRESS = re.compile(r"[^\s<>,;:'\"()]+@[^\s<>,;:'\"()]+")

log = logging.getLogger("portal.delivery")


def deliver_due(*, now):
    """Send what is due at `now`, at most 200 deliveries; returns how many were sent. Failures become rows."""
    started = time.monotonic()
    settle_doubts(now=now)
    mailer, sent = get_connection(), 0
    try:
        for _number in range(MOST_PER_RUN):
            # A slow mail server must not make this worker's own claims look abandoned.
            moment = now + dt.timedelta(seconds=time.monotonic() - started)
            delivery = claim(now=moment)
            if delivery is None:
                break
            sent += _send(delivery, mailer, now=moment)
    finally:
        mailer.close()
    return sent


def settle_doubts(*, now):
    """Claims without a result after ten minutes: their worker died, and nobody knows whether the mail left."""
    lost = Delivery.objects.filter(state=Delivery.State.SENDING, claimed_at__lt=now - IN_DOUBT_AFTER)
    return lost.update(state=Delivery.State.UNCONFIRMED)


def claim(*, now):
    """Take the delivery that has waited longest, so that no other worker sends it; None if nothing is due."""
    due = Delivery.objects.filter(state=Delivery.State.PENDING, next_try_at__lte=now)
    while True:
        with transaction.atomic():
            first = due.order_by("next_try_at", "pk")
            if connection.features.has_select_for_update_skip_locked:
                first = first.select_for_update(skip_locked=True)
            delivery = first.first()
            if delivery is None:
                return None
            taken = {"state": Delivery.State.SENDING, "claimed_at": now, "attempts": delivery.attempts + 1}
            if due.filter(pk=delivery.pk).update(**taken):
                return Delivery.objects.select_related("notice__recipient").get(pk=delivery.pk)


def _send(delivery, mailer, *, now):
    """Send one claimed delivery and record the result; returns whether it was sent."""
    try:
        message = _message(delivery.notice)
        mailer.open()
        message.connection = mailer
        message.send()
    except Exception as error:  # whatever a mail server can think of must end as a row that people see
        mailer.close()
        _record_failure(delivery, error, now=now)
        return False
    _record(delivery, state=Delivery.State.SENT, sent_at=now, last_error="")
    return True


def _message(notice):
    """Title and link only: e-mail leaves the house, so nothing in it may say more than that something waits."""
    reader = notice.recipient
    if not (reader.is_active and reader.email):
        raise LookupError("The recipient has no e-mail address (any more).")
    with translation.override(reader.language or settings.LANGUAGE_CODE):
        title = notice.title
    link = f"{settings.PORTAL_URL}{notice.get_absolute_url()}"
    return EmailMessage(" ".join(title.split()), f"{title}\n\n{link}\n", to=[reader.email])


def _record_failure(delivery, error, *, now):
    reason = f"{type(error).__name__}: {ADDRESS.sub('…', str(error))[:200]}"
    log.warning("Delivery %s, attempt %s: %s", delivery.pk, delivery.attempts, reason)
    if delivery.attempts > len(PAUSES):
        _record(delivery, state=Delivery.State.FAILED, last_error=reason)
    else:
        again_at = now + PAUSES[delivery.attempts - 1]
        _record(delivery, state=Delivery.State.PENDING, next_try_at=again_at, last_error=reason)


def _record(delivery, **result):
    # Also over "unconfirmed": the result came late, but now it is known. Not over a newer attempt.
    ours = Delivery.objects.filter(pk=delivery.pk, attempts=delivery.attempts)
    ours.filter(state__in=[Delivery.State.SENDING, Delivery.State.UNCONFIRMED]).update(**result)


def retry(delivery, by):
    """A person sends again what failed or was not confirmed; returns False when it is neither (any more)."""
    return delivery.retry(by=by)
