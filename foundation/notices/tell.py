"""Telling people: rows in the transaction of the event, nothing is sent from here."""

from dataclasses import dataclass, field
from hashlib import sha256
from uuid import uuid4

from django.db import models, transaction

from foundation.journal.models import label
from foundation.notices.kinds import KINDS
from foundation.notices.models import Delivery, Notice


@dataclass(frozen=True)
class Message:
    """One thing to tell: to whom, of what kind, about which row; `once` makes it the same thing if it comes again."""

    recipients: list
    kind: str
    about: models.Model
    once: str
    params: dict = field(default_factory=dict)
    url: str = ""

    def notices(self, batch):
        if self.kind not in KINDS:
            raise ValueError(f"Unknown kind of notice {self.kind!r}: register it in <app>/notices.py.")
        return [
            Notice(
                recipient=user,
                kind=self.kind,
                params=self.params,
                subject_type=self.about._meta.label_lower,
                subject_id=self.about.pk,
                url=self.url or _url(self.about),
                once=_fingerprint(self.kind, self.about, self.once),
                batch=batch,
            )
            for user in {user.pk: user for user in self.recipients if user is not None and user.is_active}.values()
        ]


def tell(recipients, kind, *, about, once, params=None, url=""):
    """Put a notice into the inbox of each of `recipients` (users), queue its e-mail; returns how many are new.

    Nobody is told twice of the same `kind`, `about` (a row) and `once` (a round, a date, a rung …), however often and
    from however many workers this is called. `params` are numbers, codes and dates, never personal data: they leave
    the house by e-mail. `url` is the page to open, by default that of `about`. Three queries, plus one if
    `recipients` is a query.
    """
    return tell_all([Message(list(recipients), kind, about, str(once), params or {}, url)])


@transaction.atomic
def tell_all(messages):
    """`tell` for many messages at once, in the same three queries; returns how many notices are new."""
    batch = uuid4()
    notices = [notice for message in messages for notice in message.notices(batch)]
    if not notices:
        return 0
    # In one order, so that two workers telling the same people do not deadlock.
    notices.sort(key=lambda notice: (notice.once, notice.recipient_id))
    Notice.objects.bulk_create(notices, ignore_conflicts=True)
    told = Notice.objects.filter(batch=batch)
    new = list(told.values_list("pk", "recipient__email"))
    Delivery.objects.bulk_create([Delivery(notice_id=pk, channel=Delivery.Channel.EMAIL) for pk, email in new if email])
    return len(new)


def _fingerprint(kind, about, once):
    text = f"{kind}|{label(about)}|{once}"
    return text if len(text) <= 200 else sha256(text.encode()).hexdigest()


def _url(about):
    return about.get_absolute_url() if hasattr(about, "get_absolute_url") else ""
