"""The inbox, and what leaves the house because of it."""

from collections import defaultdict

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from foundation.journal.models import record, subject
from foundation.notices.kinds import KINDS


class NoticeQuerySet(models.QuerySet):
    def visible_to(self, user):
        return self.filter(recipient_id=user.pk)

    changeable_by = visible_to

    def unread(self):
        return self.filter(read_at=None)

    def for_inbox(self, user):
        """What the inbox shows: unread first, then the newest."""
        return self.visible_to(user).order_by(models.F("read_at").desc(nulls_first=True), "-created_at", "-pk")

    def mark_read(self, *, now=None):
        """Mark these as read; returns how many were unread."""
        return self.unread().update(read_at=now or timezone.now())


class Notice(models.Model):
    """One thing that one person is told, once. Kind and parameters only: rendered in the reader's language."""

    recipient = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="notices", db_index=False, verbose_name=_("recipient")
    )
    kind = models.CharField(max_length=60)
    params = models.JSONField(default=dict, blank=True, encoder=DjangoJSONEncoder)
    subject_type = models.CharField(max_length=60, blank=True, default="")
    subject_id = models.BigIntegerField(null=True, blank=True)
    url = models.CharField(max_length=300, blank=True, default="")
    once = models.CharField(max_length=200)
    batch = models.UUIDField(
        editable=False, db_index=True
    )  # tells the new rows of one bulk insert from those that stood
    created_at = models.DateTimeField(default=timezone.now)
    read_at = models.DateTimeField(null=True, blank=True)

    objects = NoticeQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["once", "recipient"], name="notices_notice_once")]
        indexes = [models.Index(fields=["recipient", "read_at", "created_at"], name="notices_notice_inbox")]

    def __str__(self):
        return f"{self.kind} for {self.recipient_id}"

    def get_absolute_url(self):
        return self.url or "/inbox/"

    @property
    def title(self):
        """The sentence in the active language; a parameter that is missing shows as "…"."""
        known = KINDS.get(self.kind)
        if known is None:
            return self.kind
        return str(known.title) % defaultdict(lambda: "…", self.params)

    @property
    def group(self):
        return KINDS[self.kind].group if self.kind in KINDS else ""

    @property
    def subject(self):
        return subject(f"{self.subject_type}:{self.subject_id}")


class Delivery(models.Model):
    """One notice on one way out of the house. The row is the queue: see `delivery.py`."""

    class State(models.TextChoices):
        PENDING = "pending", _("waiting to be sent")
        SENDING = "sending", _("being sent")
        SENT = "sent", _("sent")
        FAILED = "failed", _("not sent")
        UNCONFIRMED = "unconfirmed", _("sending not confirmed")

    class Channel(models.TextChoices):
        EMAIL = "email", _("e-mail")

    notice = models.ForeignKey(Notice, models.CASCADE, related_name="deliveries", db_index=False)
    channel = models.CharField(max_length=20, choices=Channel, default=Channel.EMAIL)
    state = models.CharField(max_length=20, choices=State, default=State.PENDING)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField(default=timezone.now)
    claimed_at = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    last_error = models.CharField(max_length=300, blank=True, default="")

    class Meta:
        verbose_name_plural = "deliveries"
        constraints = [models.UniqueConstraint(fields=["notice", "channel"], name="notices_delivery_once")]
        indexes = [
            models.Index(fields=["next_try_at"], name="notices_delivery_due", condition=models.Q(state="pending")),
            models.Index(
                fields=["state", "claimed_at"],
                name="notices_delivery_open",
                condition=models.Q(state__in=["sending", "failed", "unconfirmed"]),
            ),
        ]

    def __str__(self):
        return f"{self.channel} of {self.notice_id}: {self.state}"

    @transaction.atomic
    def retry(self, *, by):
        """Send again what failed or was not confirmed. Returns False when it is neither (any more)."""
        before = self.state
        again = {"state": self.State.PENDING, "attempts": 0, "next_try_at": timezone.now()}
        if before not in (self.State.FAILED, self.State.UNCONFIRMED):
            return False
        if not Delivery.objects.filter(pk=self.pk, state=before).update(**again):
            return False
        for name, value in again.items():
            setattr(self, name, value)
        record(self, "retry", by=by, before=str(before), after=str(self.state))
        return True
