"""Telling people: rows in the transaction of the event, nothing is sent from here."""

from hashlib import sha256
from uuid import uuid4

from django.db import transaction

from foundation.journal.models import label
from foundation.notices.kinds import KINDS
from foundation.notices.models import Delivery, Notice


@transaction.atomic
def tell(recipients, kind, *, about, once, params=None, url=""):
    """Put a notice into the inbox of each of `recipients` (users), queue its e-mail; returns how many are new.

    Nobody is told twice of the same `kind`, `about` (a row) and `once` (a round, a date, a rung …), however often and
    from however many workers this is called. `params` are numbers, codes and dates, never personal data: they leave
    the house by e-mail. `url` is the page to open, by default that of `about`. Three queries, plus one if
    `recipients` is a query.
    """
    if kind not in KINDS:
        raise ValueError(f"Unknown kind of notice {kind!r}: register it in <app>/notices.py.")
    people = {user.pk: user for user in recipients if user is not None and user.is_active}
    if not people:
        return 0
    batch = uuid4()
    fingerprint = _fingerprint(kind, about, once)
    Notice.objects.bulk_create(
        [
            Notice(
                recipient_id=pk,
                kind=kind,
                params=params or {},
                subject_type=about._meta.label_lower,
                subject_id=about.pk,
                url=url or _url(about),
                once=fingerprint,
                batch=batch,
            )
            for pk in sorted(people)  # in one order, so that two workers telling the same people do not deadlock
        ],
        ignore_conflicts=True,
    )
    told = list(Notice.objects.filter(once=fingerprint, batch=batch).values_list("pk", "recipient_id"))
    Delivery.objects.bulk_create(
        [Delivery(notice_id=pk, channel=Delivery.Channel.EMAIL) for pk, recipient in told if people[recipient].email]
    )
    return len(told)


def _fingerprint(kind, about, once):
    text = f"{kind}|{label(about)}|{once}"
    return text if len(text) <= 200 else sha256(text.encode()).hexdigest()


def _url(about):
    return about.get_absolute_url() if hasattr(about, "get_absolute_url") else ""
