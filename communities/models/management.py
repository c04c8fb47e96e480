from uuid import uuid4

from django.db import IntegrityError, models, transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from communities.access import ScopedQuerySet
from communities.workflow import MANAGEMENT_MOVES, STEP_TONES, TRANSITIONS, Management, Step
from foundation.facts import Fact
from foundation.fields import PathField
from foundation.journal.moves import Conflict, NotAllowed, move, revise
from foundation.notices.tell import tell


class ManagementChangeQuerySet(ScopedQuerySet):
    def planned(self):
        return self.filter(status=Step.PLANNED)

    def carried_out(self):
        return self.filter(status=Step.DONE)

    def due(self, today):
        """Planned ones whose day has come, in the order of their days."""
        return self.planned().filter(on__lte=today).order_by("on", "pk")

    def for_list(self):
        """The latest first."""
        return self.select_related("property_unit", "unit_before", "created_by").order_by("-on", "-pk")

    def for_detail(self):
        return self.select_related("compound__community__parent__parent", "compound__grid", "property_unit")


class ManagementChangeManager(models.Manager.from_queryset(ManagementChangeQuerySet)):
    @transaction.atomic
    def enter(self, *, by, after, on, reason, property_unit=None, key=None):
        """Asked of one compound (`compound.management_changes`): it is managed otherwise from this day on.

        A day that has come is carried out at once, a later one on its day by the clock. NotAllowed for a step that the table
        does not know, Conflict if the compound changed meanwhile or another change is planned.
        """
        compound = self.instance
        if not can_follow(compound, after, property_unit) or not self.comes_after_the_last(on):
            raise NotAllowed(compound, "manage")
        change = self.create(
            client_uuid=key or uuid4(),
            created_by=by,
            before=compound.management,
            unit_before=compound.property_unit,
            after=after,
            property_unit=property_unit,
            on=on,
            reason=reason,
            area_path=compound.area_path,
        )
        (change.plan if on > timezone.localdate() else change.carry_out)(by=by, key=key)
        return change

    def comes_after_the_last(self, on):
        """Whether nothing later has been carried out for this compound."""
        return not self.carried_out().filter(on__gt=on).exists()

    def last(self):
        """The last one that was carried out for this compound, or None."""
        return self.carried_out().select_related("property_unit").order_by("-on", "-pk").first()


def can_follow(compound, after, property_unit):
    """Whether the table of transitions leads from how the compound is managed to this; a company goes with "property" only."""
    if after not in TRANSITIONS[compound.management]:
        return False
    if (after == Management.PROPERTY) != (property_unit is not None):
        return False
    return (after, property_unit) != (compound.management, compound.property_unit)


class ManagementChange(Fact):
    """A compound is managed otherwise from a day on: by whom before and after, why, and who entered it.

    `before` and `unit_before` are what stood when it was entered; a planned change that no longer starts from there lapses.
    """

    TOPIC = "places"
    COMPOUND_FIELD = "compound"
    MOVES = MANAGEMENT_MOVES

    compound = models.ForeignKey(
        "communities.Compound", on_delete=models.PROTECT, related_name="management_changes", verbose_name=_("compound")
    )
    before = models.CharField(max_length=10, choices=Management.choices, editable=False)
    unit_before = models.ForeignKey(
        "communities.Unit", on_delete=models.PROTECT, null=True, related_name="+", editable=False
    )
    after = models.CharField(_("managed by"), max_length=10, choices=Management.choices)
    property_unit = models.ForeignKey(
        "communities.Unit",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("property company"),
    )
    on = models.DateField(_("from this day on"))
    reason = models.TextField(_("reason"), max_length=500)
    status = models.CharField(_("status"), max_length=10, choices=Step.choices, default=Step.DRAFT, editable=False)
    done_at = models.DateTimeField(null=True, editable=False)
    area_path = PathField(max_length=15, db_index=True, editable=False)

    objects = ManagementChangeManager()

    class Meta(Fact.Meta):
        ordering = ["-on", "-pk"]
        indexes = [models.Index(fields=["on"], condition=Q(status="planned"), name="management_planned")]
        constraints = [
            *Fact.Meta.constraints,
            models.UniqueConstraint(
                fields=["compound"], condition=Q(status="planned"), name="one_planned_management_change"
            ),
            models.CheckConstraint(
                condition=Q(after="property", property_unit__isnull=False)
                | (~Q(after="property") & Q(property_unit__isnull=True)),
                name="management_company_fits",
            ),
            models.CheckConstraint(
                condition=Q(status__in=("done", "undone"), done_at__isnull=False)
                | (~Q(status__in=("done", "undone")) & Q(done_at__isnull=True)),
                name="management_done_has_time",
            ),
        ]

    def __str__(self):
        return f"{self.compound} {self.on} {self.after}"

    def get_absolute_url(self):
        return reverse("compound_manage", args=[self.compound_id])

    @property
    def tone(self):
        return STEP_TONES[self.status]

    @property
    def may_be_undone(self):
        """On the day on which it was carried out, while it is the last one and the compound still stands so."""
        return (
            self.status == Step.DONE
            and timezone.localdate(self.done_at) == timezone.localdate()
            and self == self.compound.management_changes.last()
            and self.stands_in(self.compound)
        )

    def stands_in(self, compound):
        return (compound.management, compound.property_unit_id) == (self.after, self.property_unit_id)

    def starts_from(self, compound):
        return (compound.management, compound.property_unit_id) == (self.before, self.unit_before_id)

    def plan(self, *, by, key=None):
        """Leave it to its day. Conflict if another one is planned already."""
        try:
            with transaction.atomic():
                move(self, "plan", by=by, key=key)
        except IntegrityError:
            raise Conflict(self.compound) from None

    @transaction.atomic
    def carry_out(self, *, by=None, key=None):
        """The compound is managed so from now on. NotAllowed if it no longer stands as it did when this was entered."""
        compound = self.compound
        if not self.starts_from(compound):
            raise NotAllowed(self, "carry_out")
        move(self, "carry_out", by=by, done_at=timezone.now())
        data = {"change": self.pk, "on": self.on}
        revise(
            compound,
            "manage",
            by=by,
            key=key,
            data=data,
            management=self.after,
            property_unit=self.property_unit,
        )

    @transaction.atomic
    def undo(self, *, by, key=None):
        """Take back what was entered by a slip; the compound stands as before. NotAllowed on a later day."""
        if not self.may_be_undone:
            raise NotAllowed(self, "undo")
        compound = self.compound
        move(self, "undo", by=by, key=key)
        revise(
            compound,
            "manage_undone",
            by=by,
            data={"change": self.pk},
            management=self.before,
            property_unit=self.unit_before,
        )

    def cancel(self, *, by, key=None):
        """The plan is given up before its day."""
        return move(self, "cancel", by=by, key=key)

    @transaction.atomic
    def lapse(self):
        """Its day has come, but the compound is managed otherwise by now: nothing is changed, whoever planned it is told."""
        move(self, "lapse", by=None)
        tell([self.created_by], "management_lapsed", about=self, once="lapsed")
