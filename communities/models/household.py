from django.db import models
from django.db.models import Min, OuterRef, Q, Subquery
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from communities.access import ScopedQuerySet
from communities.models.compound import number_in
from foundation.bigrams import BigramIndex, Searchable
from foundation.facts import Fact, create_once
from foundation.fields import PathField
from foundation.journal.moves import record, revise


def walk_order(building, stair, door):
    """A text that sorts as one walks: building, staircase, door, each as a padded number, then the door as written."""
    return f"{building.walk_order:04d}{number_in(stair):04d}{number_in(door):04d}{door}"[:40]


class HouseholdQuerySet(ScopedQuerySet):
    def standing(self):
        return self.filter(voided_at__isnull=True, merged_into__isnull=True)

    def with_care_level(self):
        """Adds `care_level`: the most urgent level of those who live here, None if nobody is on the care register."""
        residents = (
            self.model.residents.rel.related_model._base_manager.filter(
                household=OuterRef("pk"), ended_on__isnull=True, voided_at__isnull=True
            )
            .order_by()
            .values("household")
        )
        return self.annotate(care_level=Subquery(residents.annotate(level=Min("care_level")).values("level")[:1]))

    def in_walking_order(self):
        return self.order_by("compound__name", "compound_id", "walk_order", "pk")

    def for_list(self):
        return (
            self.with_care_level()
            .select_related("compound", "building")
            .prefetch_related("residents")
            .in_walking_order()
        )


class HouseholdManager(models.Manager.from_queryset(HouseholdQuerySet)):
    def add(self, *, by, client_uuid, building, door, stair="", **facts):
        """Write a household; the same `client_uuid` again returns the same household."""

        def make():
            compound = building.compound
            row = self.create(
                client_uuid=client_uuid,
                created_by=by,
                compound=compound,
                building=building,
                stair=stair,
                door=door,
                area_path=compound.area_path,
                **facts,
            )
            record(row, "add", by=by)
            return row

        return create_once(self.model, client_uuid=client_uuid, by=by, make=make)[0]


class Household(Searchable, Fact):
    """户: a dwelling and who lives in it; the unit of a visit. `area_path` is the compound's (grid or community)."""

    TOPIC = "people"
    COMPOUND_FIELD = "compound"
    SEARCH_FIELDS = ("address",)

    compound = models.ForeignKey("communities.Compound", on_delete=models.PROTECT, related_name="households")
    building = models.ForeignKey(
        "communities.Building", on_delete=models.PROTECT, related_name="households", verbose_name=_("building")
    )
    stair = models.CharField(_("staircase"), max_length=20, blank=True, help_text=_("For example 1; may stay empty."))
    door = models.CharField(_("door"), max_length=20, help_text=_("For example 201."))
    occupancy = models.CharField(
        _("occupancy"),
        max_length=10,
        default="owner",
        choices=[("owner", _("owner")), ("tenant", _("tenants")), ("vacant", _("vacant")), ("unknown", _("not known"))],
    )
    address = models.CharField(max_length=160, editable=False)
    walk_order = models.CharField(max_length=40, editable=False)
    area_path = PathField(max_length=15, editable=False)
    note = models.TextField(_("note"), blank=True)
    verified_on = models.DateField(_("last checked on"), null=True, blank=True)
    merged_into = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="+", editable=False
    )

    objects = HouseholdManager()

    class Meta(Fact.Meta):
        ordering = ["compound_id", "walk_order", "pk"]
        indexes = [
            BigramIndex(fields=["bigrams"], name="household_bigrams"),
            models.Index(fields=["area_path", "compound", "walk_order"]),
        ]
        constraints = [
            *Fact.Meta.constraints,
            models.UniqueConstraint(
                fields=["building", "stair", "door"],
                condition=Q(voided_at__isnull=True, merged_into__isnull=True),
                name="household_door_in_building",
            ),
        ]

    def __str__(self):
        return self.address

    def derive(self):
        self.address = f"{self.compound.name} {self.place}"
        self.walk_order = walk_order(self.building, self.stair, self.door)
        return ["address", "walk_order", *super().derive()]

    def get_absolute_url(self):
        return reverse("household_detail", args=[self.pk])

    @property
    def place(self):
        """Building, staircase and door as people say it: "3号楼 1单元 201"."""
        stair = f"{self.stair}单元" if self.stair.isdigit() else self.stair
        return " ".join(part for part in (self.building.name, stair, self.door) if part)

    @property
    def living_here(self):
        """Residents who live here now, head of household first; uses what was prefetched."""
        return sorted((r for r in self.residents.all() if r.is_here), key=lambda r: (not r.is_head, r.pk))

    def correct(self, *, by, key=None, **changes):
        return revise(self, "correct", by=by, key=key, **changes)
