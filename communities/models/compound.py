import re

from django.conf import settings
from django.db import models, transaction
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from communities.access import ScopedQuerySet
from foundation.bigrams import BigramIndex, Searchable
from foundation.facts import Fact, create_once
from foundation.fields import PathField
from foundation.journal.moves import record, revise


class Kind(models.TextChoices):
    COMPOUND = "compound", _("residential compound")
    COURTYARD = "courtyard", _("courtyard")
    BLOCK = "block", _("single block")


class Management(models.TextChoices):
    PROPERTY = "property", _("property company")
    SELF = "self", _("self-managed")
    INTERIM = "interim", _("managed by the community for the time being")
    NONE = "none", _("unmanaged")


class Developer(models.TextChoices):
    """建设主体: who built it; unmanaged compounds are classified by it (domain.md A13)."""

    EMPLOYER = "employer", _("built by an employer")
    REFORM = "reform", _("housing-reform flats")
    DEVELOPER = "developer", _("developer")
    RESETTLEMENT = "resettlement", _("resettlement")
    SELF_BUILT = "self_built", _("self-built")
    UNKNOWN = "unknown", _("not known")


class CompoundQuerySet(ScopedQuerySet):
    def standing(self):
        return self.filter(voided_at__isnull=True, merged_into__isnull=True)

    def unmanaged(self):
        return self.filter(management=Management.NONE)

    def for_list(self):
        return self.select_related("community", "responsible").order_by("area_path", "name", "pk")


class CompoundManager(models.Manager.from_queryset(CompoundQuerySet)):
    def add(self, *, by, client_uuid, community, name, grid=None, **facts):
        """Write a compound; the same `client_uuid` again returns the same compound."""

        def make():
            path = (grid or community).code
            row = self.create(
                client_uuid=client_uuid,
                created_by=by,
                community=community,
                grid=grid,
                name=name,
                area_path=path,
                **facts,
            )
            record(row, "add", by=by)
            return row

        return create_once(self.model, client_uuid=client_uuid, by=by, make=make)[0]


class Compound(Searchable, Fact):
    """小区/楼院: a named estate inside a community; the fifth level of the linkage.

    `stated_buildings` and `stated_households` are what the ledger says, not counts of rows: the gap between the two is what is
    still to be found out (摸清底数).
    """

    TOPIC = "places"
    COMPOUND_FIELD = "pk"
    SEARCH_FIELDS = ("name", "address")

    name = models.CharField(_("name"), max_length=80)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices, default=Kind.COMPOUND)
    community = models.ForeignKey(
        "communities.Division", on_delete=models.PROTECT, related_name="compounds", verbose_name=_("community")
    )
    grid = models.ForeignKey(
        "communities.Division",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("grid"),
    )
    area_path = PathField(max_length=15, db_index=True, editable=False)
    management = models.CharField(_("management"), max_length=10, choices=Management.choices, default=Management.NONE)
    property_unit = models.ForeignKey(
        "communities.Unit",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="compounds",
        verbose_name=_("property company"),
    )
    developer_kind = models.CharField(
        _("built by"), max_length=12, choices=Developer.choices, default=Developer.UNKNOWN
    )
    built_year = models.PositiveSmallIntegerField(_("year built"), null=True, blank=True)
    stated_buildings = models.PositiveSmallIntegerField(_("buildings"), null=True, blank=True)
    stated_households = models.PositiveIntegerField(_("households"), null=True, blank=True)
    address = models.CharField(_("address"), max_length=200, blank=True)
    responsible = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("responsible person"),
        help_text=_("Whom residents look for. Left empty, it is the grid worker or the community secretary."),
    )
    note = models.TextField(_("note"), blank=True)
    merged_into = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="+", editable=False
    )

    objects = CompoundManager()

    class Meta(Fact.Meta):
        ordering = ["area_path", "name", "pk"]
        indexes = [BigramIndex(fields=["bigrams"], name="compound_bigrams")]
        constraints = [
            *Fact.Meta.constraints,
            models.UniqueConstraint(
                fields=["community", "name"],
                condition=Q(voided_at__isnull=True, merged_into__isnull=True),
                name="compound_name_in_community",
            ),
        ]

    def __str__(self):
        return self.name

    def get_absolute_url(self):
        return reverse("compound_detail", args=[self.pk])

    def correct(self, *, by, key=None, **changes):
        """Correct the facts. A changed grid or community takes households along; what happened before keeps its old path."""
        place = {"community", "grid"} & set(changes)
        with transaction.atomic():
            if place:
                grid = changes.get("grid", self.grid)
                changes["area_path"] = (grid or changes.get("community", self.community)).code
            entry = revise(self, "correct", by=by, key=key, **changes)
            if place and entry:
                self.households.update(area_path=self.area_path)
                for household in self.households.all():
                    household.residents.update(area_path=self.area_path)
            return entry


class BuildingManager(models.Manager):
    def add(self, *, by, compound, name, **facts):
        """The building of this name in the compound, written if it is not there yet."""
        row, new = self.get_or_create(compound=compound, name=name, defaults={"walk_order": number_in(name), **facts})
        if new:
            record(row, "add", by=by)
        return row


def number_in(text):
    """The first number in a name, for walking order: "3号楼" → 3; 9999 if there is none."""
    found = re.search(r"\d+", text)
    return min(int(found.group()), 9999) if found else 9999


class Building(models.Model):
    """One block of a compound."""

    compound = models.ForeignKey(Compound, on_delete=models.PROTECT, related_name="buildings")
    name = models.CharField(_("building"), max_length=40)
    floors = models.PositiveSmallIntegerField(_("floors"), null=True, blank=True)
    walk_order = models.PositiveSmallIntegerField(default=9999, editable=False)

    objects = BuildingManager()

    class Meta:
        ordering = ["walk_order", "name"]
        constraints = [models.UniqueConstraint(fields=["compound", "name"], name="building_name_in_compound")]

    def __str__(self):
        return self.name

    @property
    def area_path(self):
        return self.compound.area_path
