"""交接: a sheet of everything that is open with one person, which a successor reads and confirms."""

from django.conf import settings
from django.db import models, transaction
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from communities.access import CHANGE, READ, ScopedQuerySet
from communities.open_items import hand_on_all, open_items
from foundation.facts import Fact, create_once
from foundation.fields import PathField
from foundation.journal.moves import Conflict, Move, NotAllowed, move, record
from foundation.notices.tell import tell


class Status(models.TextChoices):
    PREPARED = "prepared", _("waits for the successor")
    RETURNED = "returned", _("sent back")
    CONFIRMED = "confirmed", pgettext_lazy("of a hand-over", "confirmed")
    CANCELLED = "cancelled", pgettext_lazy("of a hand-over", "cancelled")


class Reason(models.TextChoices):
    POST = "post", _("change of post")
    LEAVE = "leave", _("leave")
    OTHER = "other", _("other")


MOVES = {
    "confirm": Move(before=(Status.PREPARED,), after=Status.CONFIRMED, label=_("Confirm the hand-over")),
    "send_back": Move(before=(Status.PREPARED,), after=Status.RETURNED, label=_("Send back")),
    "prepare_again": Move(before=(Status.RETURNED, Status.PREPARED), after=Status.PREPARED, label=_("Prepare anew")),
    "cancel": Move(before=(Status.PREPARED, Status.RETURNED), after=Status.CANCELLED, label=_("Cancel")),
}


class HandoverQuerySet(ScopedQuerySet):
    def visible_to(self, user):
        return self.filter(self.scope(user, READ) | Q(giver=user.pk) | Q(taker=user.pk))

    def changeable_by(self, user):
        return self.filter(self.scope(user, CHANGE) | Q(giver=user.pk) | Q(taker=user.pk))

    def open(self):
        return self.filter(status__in=(Status.PREPARED, Status.RETURNED))

    def for_list(self):
        return self.select_related("giver", "taker", "created_by").order_by("-created_at", "-pk")


class HandoverManager(models.Manager.from_queryset(HandoverQuerySet)):
    def prepare(self, *, by, client_uuid, giver, taker, reason, remark=""):
        """Write down what is open with `giver`, for `taker` to confirm, who is told."""

        def make():
            row = self.create(
                client_uuid=client_uuid,
                created_by=by,
                giver=giver,
                taker=taker,
                reason=reason,
                remark=remark,
                sheet=sheet_of(giver),
                area_path=giver.assignments.home_path(),
            )
            record(row, "prepare", by=by, after=row.status, data={"items": len(row.sheet)})
            tell([taker], "handover_prepared", about=row, once=f"prepared:{row.pk}", params={"n": len(row.sheet)})
            return row

        return create_once(self.model, client_uuid=client_uuid, by=by, make=make)[0]


def sheet_of(person):
    """The open items of a person as they are written down: kind, label of the row and its state; never a text."""
    return [item.as_line() for item in open_items(person)]


class Handover(Fact):
    """What `giver` hands over to `taker`. `sheet` is what stood open when it was last prepared: [{kind, subject, state, personal}].

    The sheet names rows, it does not copy them: each is shown as it is now, to whoever may see it.
    """

    TOPIC = "team"
    MOVES = MOVES

    giver = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="handovers_given")
    taker = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="handovers_taken")
    reason = models.CharField(_("reason"), max_length=10, choices=Reason.choices, default=Reason.POST)
    remark = models.TextField(_("what the successor should know"), blank=True)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.PREPARED, editable=False)
    sheet = models.JSONField(default=list, editable=False)
    moved = models.JSONField(default=dict, editable=False)
    prepared_at = models.DateTimeField(default=timezone.now, editable=False)
    confirmed_at = models.DateTimeField(null=True, editable=False)
    area_path = PathField(max_length=15, blank=True, default="", db_index=True, editable=False)

    objects = HandoverManager()

    class Meta(Fact.Meta):
        constraints = [
            *Fact.Meta.constraints,
            models.CheckConstraint(condition=~Q(giver=F("taker")), name="handover_between_two"),
            models.CheckConstraint(
                condition=Q(status="confirmed", confirmed_at__isnull=False)
                | (~Q(status="confirmed") & Q(confirmed_at__isnull=True)),
                name="handover_confirmed_has_time",
            ),
        ]

    def __str__(self):
        return f"{self.giver} → {self.taker}"

    def get_absolute_url(self):
        return reverse("handover_detail", args=[self.pk])

    def items(self):
        """What is open with the giver now, as `open_items` gives it."""
        return open_items(self.giver)

    def arisen(self, items):
        """Those of the present items that are not on the sheet: they arose since it was prepared."""
        written = {line["subject"] for line in self.sheet}
        return [item for item in items if item.subject not in written]

    def gone(self, items):
        """How many lines of the sheet are no longer open."""
        return len({line["subject"] for line in self.sheet} - {item.subject for item in items})

    @transaction.atomic
    def confirm(self, *, by, seen_subjects, key=None):
        """The successor takes everything over: what is personal gets the successor as its new owner, in one transaction.

        `seen_subjects` are the labels of the personal items on the page. Conflict if others have arisen since, NotAllowed for
        anybody but the successor. Returns {kind: how many were moved}.
        """
        if by.pk != self.taker_id:
            raise NotAllowed(self, "confirm")
        move(self, "confirm", by=by, key=key, confirmed_at=timezone.now())
        items = [item for item in self.items() if item.personal]
        if {item.subject for item in items} - set(seen_subjects):
            raise Conflict(self)
        self.moved = hand_on_all(items, by=by, giver=self.giver, taker=self.taker)
        self.save(update_fields=["moved"])
        tell([self.giver], "handover_confirmed", about=self, once=f"confirmed:{self.pk}")
        return self.moved

    @transaction.atomic
    def send_back(self, *, by, reason, key=None):
        if by.pk != self.taker_id:
            raise NotAllowed(self, "send_back")
        move(self, "send_back", by=by, key=key, note=reason)
        tell([self.giver, self.created_by], "handover_returned", about=self, once=f"returned:{self.pk}:{self.version}")

    @transaction.atomic
    def prepare_again(self, *, by, remark="", key=None):
        """Write the sheet anew, with what has changed since."""
        if by.pk == self.taker_id:
            raise NotAllowed(self, "prepare_again")
        sheet = sheet_of(self.giver)
        move(self, "prepare_again", by=by, key=key, sheet=sheet, remark=remark, prepared_at=timezone.now())
        told = {"n": len(sheet)}
        tell([self.taker], "handover_prepared", about=self, once=f"prepared:{self.pk}:{self.version}", params=told)

    def cancel(self, *, by, key=None):
        if by.pk == self.taker_id:
            raise NotAllowed(self, "cancel")
        return move(self, "cancel", by=by, key=key)


class ReassignmentQuerySet(ScopedQuerySet):
    def for_list(self):
        return self.select_related("giver", "taker", "created_by").order_by("-created_at", "-pk")


class ReassignmentManager(models.Manager.from_queryset(ReassignmentQuerySet)):
    def carry_out(self, *, by, client_uuid, giver, taker, subjects):
        """Give the named personal items of `giver` to `taker` at once. Items that are no longer the giver's are left alone.

        Doing it again with the same `client_uuid` changes nothing. What could not be moved stands in `left` with its reason.
        """

        def make():
            items = [item for item in open_items(giver) if item.personal and item.subject in set(subjects)]
            row = self.create(
                client_uuid=client_uuid,
                created_by=by,
                giver=giver,
                taker=taker,
                area_path=giver.assignments.home_path(),
            )
            row.moved = hand_on_all(items, by=by, giver=giver, taker=taker)
            row.save(update_fields=["moved"])
            record(row, "carry_out", by=by, data=row.moved)
            tell([giver, taker], "items_reassigned", about=row, once=f"reassigned:{row.pk}")
            return row

        return create_once(self.model, client_uuid=client_uuid, by=by, make=make)[0]


class Reassignment(Fact):
    """Somebody who leads there gave personal items of one person to another. `moved`: {kind: how many}."""

    TOPIC = "team"

    giver = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    taker = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    moved = models.JSONField(default=dict, editable=False)
    area_path = PathField(max_length=15, blank=True, default="", db_index=True, editable=False)

    objects = ReassignmentManager()

    class Meta(Fact.Meta):
        constraints = [
            *Fact.Meta.constraints,
            models.CheckConstraint(condition=~Q(giver=F("taker")), name="reassignment_between_two"),
        ]

    def __str__(self):
        return f"{self.giver} → {self.taker}"

    def get_absolute_url(self):
        return reverse("reassignment_detail", args=[self.pk])
