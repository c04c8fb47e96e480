import re

from django.conf import settings
from django.db import IntegrityError, models, transaction
from django.db.models import OuterRef, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from communities.access import ScopedQuerySet
from communities.models.checking import verify_households
from communities.models.division import counted
from communities.models.mergeable import Mergeable
from communities.workflow import Management
from foundation.bigrams import BigramIndex, Searchable
from foundation.facts import Fact, create_once
from foundation.fields import PathField
from foundation.journal.moves import Conflict, record, revise
from foundation.paths import within


class Kind(models.TextChoices):
    COMPOUND = "compound", _("residential compound")
    COURTYARD = "courtyard", _("courtyard")
    BLOCK = "block", _("single block")


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

    def under(self, code):
        return self.filter(within(code))

    def communities(self):
        """(code, name) of the communities in which these compounds lie, by code."""
        return self.order_by("community__code").values_list("community__code", "community__name").distinct()

    def with_recorded(self):
        """Adds `recorded_households` and `recorded_buildings`: counts of rows, beside what the ledger states."""
        households = self.model.households.rel.related_model.objects.standing()
        return self.annotate(
            recorded_households=counted(households.filter(compound=OuterRef("pk")), by="compound"),
            recorded_buildings=counted(Building.objects.filter(compound=OuterRef("pk")), by="compound"),
        )

    def with_people(self):
        """Adds `people` and `cared_for`: how many live there, and how many of them are on the care register."""
        residents = self.model.households.rel.related_model.residents.rel.related_model.objects.here()
        here = residents.filter(household__compound=OuterRef("pk"))
        return self.annotate(
            people=counted(here, by="household__compound"),
            cared_for=counted(here.filter(care_level__isnull=False), by="household__compound"),
        )

    def for_list(self):
        return self.with_recorded().select_related("community", "responsible").order_by("community__code", "name", "pk")

    def for_detail(self):
        """With the places above up to the district, for the breadcrumb."""
        return self.with_recorded().select_related(
            "community__parent__parent", "grid", "property_unit", "responsible", "voided_by"
        )


class CompoundManager(models.Manager.from_queryset(CompoundQuerySet)):
    def add(self, *, by, client_uuid, community, name, grid=None, **facts):
        """Write a compound; the same `client_uuid` again returns the same compound. Conflict if the name is taken."""

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

        try:
            return create_once(self.model, client_uuid=client_uuid, by=by, make=make)[0]
        except IntegrityError:
            raise Conflict(self.standing().filter(community=community, name=name).first()) from None


class Compound(Mergeable, Searchable, Fact):
    """小区/楼院: a named estate inside a community; the fifth level of the linkage.

    `stated_buildings` and `stated_households` are what the ledger says, not counts of rows: the gap between the two is what is
    still to be found out (摸清底数).
    """

    TOPIC = "places"
    COMPOUND_FIELD = "pk"
    SEARCH_FIELDS = ("name", "address")
    PINYIN_FIELDS = ("name",)
    KEEP_FORMER = (
        "name",
        "kind",
        "community",
        "grid",
        "management",
        "property_unit",
        "developer_kind",
        "built_year",
        "stated_buildings",
        "stated_households",
        "address",
        "responsible",
        "remark",
    )

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
    remark = models.TextField(_("remark"), blank=True)
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

    @property
    def compound_id(self):
        """The rule of access asks every row for its compound; a compound is its own."""
        return self.pk

    @property
    def line(self):
        """The places from the district down to the grid; no query after `for_detail()`."""
        street = self.community.parent
        places = (street and street.parent, street, self.community, self.grid)
        return [place for place in places if place]

    @property
    def unrecorded_households(self):
        """How many of the stated households have no row yet; None where the ledger says nothing. Needs `with_recorded()`."""
        if self.stated_households is None:
            return None
        return max(self.stated_households - self.recorded_households, 0)

    def correct(self, *, by, key=None, **changes):
        """Correct the facts. Another grid or community takes along what lies in the compound; another name, its addresses.

        Conflict if the community has another compound of this name.
        """
        before = (self.name, self.area_path, self.community_id)
        if {"community", "grid"} & set(changes):
            changes["area_path"] = (changes.get("grid", self.grid) or changes.get("community", self.community)).code
        try:
            with transaction.atomic():
                entry = revise(self, "correct", by=by, key=key, **changes)
                self.take_along(*before)
        except IntegrityError:
            raise Conflict(self) from None
        return entry

    def add_household(self, *, by, building, **facts):
        """Write a household in the building of this name, and the building if it is new; `facts` as `Household.objects.add`."""
        with transaction.atomic():
            block = Building.objects.add(by=by, compound=self, name=building)
            return self.households.model.objects.add(by=by, building=block, **facts)

    def take_along(self, name, area_path, community_id):
        """After a change: new addresses for a new name, the new path for whatever belongs to the compound.

        `area_path_then` of facts stays, and what has a community of its own (an issue belongs to whoever received it first)
        moves with a new grid, but not to another community.
        """
        if self.area_path != area_path:
            self.households.model.residents.rel.related_model._base_manager.filter(household__compound=self).update(
                area_path=self.area_path
            )
            for relation in self._meta.related_objects:
                if relation.field.name == "compound" and may_follow(
                    relation.related_model, moved=self.community_id != community_id
                ):
                    relation.related_model._base_manager.filter(compound=self).update(area_path=self.area_path)
        if self.name != name:
            self.households.readdress()


def may_follow(model, *, moved):
    """Whether rows of this model take the path of their compound; `moved`: to another community."""
    names = {field.name for field in model._meta.concrete_fields}
    return "area_path" in names and not (moved and "community" in names)


class BuildingQuerySet(ScopedQuerySet):
    def with_households(self):
        """Adds `household_count`: how many households are recorded in the building."""
        households = self.model.households.rel.related_model.objects.standing().filter(building=OuterRef("pk"))
        return self.annotate(household_count=counted(households, by="building"))

    def for_detail(self):
        return self.select_related("compound__community__parent__parent", "compound__grid")


class BuildingManager(models.Manager.from_queryset(BuildingQuerySet)):
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

    TOPIC = "places"
    COMPOUND_FIELD = "compound"
    AREA_FIELD = "compound__area_path"

    compound = models.ForeignKey(Compound, on_delete=models.PROTECT, related_name="buildings")
    name = models.CharField(_("building"), max_length=40)
    floors = models.PositiveSmallIntegerField(_("floors"), null=True, blank=True)
    walk_order = models.PositiveSmallIntegerField(default=9999, editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = BuildingManager()

    class Meta:
        ordering = ["walk_order", "name"]
        constraints = [models.UniqueConstraint(fields=["compound", "name"], name="building_name_in_compound")]

    def __str__(self):
        return self.name

    def get_absolute_url(self):
        return reverse("compound_detail", args=[self.compound_id])

    @property
    def area_path(self):
        return self.compound.area_path

    def derive(self):
        self.walk_order = number_in(self.name)
        return ["walk_order"]

    def correct(self, *, by, key=None, **changes):
        """Correct name and floors; a new name gives the households new addresses. Conflict if the name is taken."""
        try:
            with transaction.atomic():
                entry = revise(self, "correct", by=by, key=key, **changes)
                if entry and "name" in entry.fields:
                    self.households.readdress()
        except IntegrityError:
            raise Conflict(self) from None
        return entry

    def verify_households(self, *, by, households, key=None):
        """These households were checked today, door by door; at another building's doors nothing happens."""
        verify_households(self, [row for row in households if row.building_id == self.pk], by=by, key=key)
