from django.db import models, transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from communities.access import ScopedQuerySet
from communities.models.division import DIGITS, Level, line_of
from foundation.bigrams import BigramIndex, Searchable
from foundation.fields import PathField
from foundation.journal.moves import record, revise
from foundation.paths import within


class Kind(models.TextChoices):
    OFFICE = "office", _("area office")
    BUREAU = "bureau", _("government department")
    UTILITY = "utility", _("utility")
    PROPERTY = "property", _("property company")
    TEAM = "team", _("service team")
    SUPPORT = "support", _("supporting unit")


# Kinds that a street or the district commands; the rest work inside one community (product.md, "Who may dispatch to whom").
DEPARTMENTS = {Kind.BUREAU, Kind.UTILITY}


def office_path(code):
    return f"A{code}"


class UnitQuerySet(ScopedQuerySet):
    def active(self):
        return self.filter(closed_on__isnull=True)

    def offices(self):
        return self.filter(kind=Kind.OFFICE)

    def departments(self):
        return self.filter(kind__in=DEPARTMENTS)

    def under(self, path):
        return self.filter(within(path, "path"))

    def of_area(self, division):
        """Units that belong to exactly this place, its office aside."""
        return self.filter(division=division).exclude(kind=Kind.OFFICE)

    def serving(self, division):
        """Units whose area holds this place or lies in it."""
        return self.filter(Q(division__code__in=line_of(division.code)) | within(division.code))

    def of_kind(self, *kinds):
        return self.filter(kind__in=kinds)

    def for_list(self):
        return self.select_related("division", "parent").order_by("division__code", "kind", "name", "pk")

    def for_detail(self):
        return self.select_related("division__parent__parent__parent__parent__parent", "parent")


class UnitManager(models.Manager.from_queryset(UnitQuerySet)):
    def found_office(self, division):
        """The area office of a division; its path is the division's code, so offices hang together as places do."""
        return self.create(
            kind=Kind.OFFICE,
            name=division.name,
            division=division,
            area_path=division.code,
            path=office_path(division.code),
        )

    @transaction.atomic
    def found(self, *, by, name, kind, division, parent=None, key=None, **facts):
        """Write a unit that is not an area office. Its path hangs under its parent, by default the area's office."""
        parent = parent or self.get(kind=Kind.OFFICE, division=division)
        unit = self.create(
            name=name, kind=kind, division=division, parent=parent, area_path=division.code, path="", **facts
        )
        unit.path = f"{parent.path}/{unit.pk:08d}"
        unit.save(update_fields=["path"])
        record(unit, "found", by=by, key=key)
        return unit


class Unit(Searchable):
    """Any organisation that can act: an area office, a bureau, a utility, a property company, a team. Work orders name units only.

    `path` is the unit's place in the tree of units: a handler of a unit also covers the units below it.
    `division` is the area that it serves, `area_path` the code of that area.
    """

    TOPIC = "places"
    SEARCH_FIELDS = ("name",)
    PINYIN_FIELDS = ("name",)
    KEEP_FORMER = ("name", "name_en", "kind", "parent", "phone", "address", "closed_on")

    name = models.CharField(_("name"), max_length=120)
    name_en = models.CharField(_("English name"), max_length=120, blank=True)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices)
    division = models.ForeignKey(
        "communities.Division", on_delete=models.PROTECT, related_name="units", verbose_name=_("area")
    )
    parent = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="children")
    area_path = PathField(max_length=15, db_index=True, editable=False)
    path = PathField(max_length=120, db_index=True, editable=False)
    phone = models.CharField(_("office phone"), max_length=30, blank=True)
    address = models.CharField(_("address"), max_length=200, blank=True)
    closed_on = models.DateField(_("closed on"), null=True, blank=True)
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = UnitManager()

    class Meta:
        ordering = ["path"]
        indexes = [BigramIndex(fields=["bigrams"], name="unit_bigrams")]
        constraints = [
            models.UniqueConstraint(fields=["division"], condition=Q(kind="office"), name="one_office_per_division"),
        ]

    def __str__(self):
        return self.name

    def get_absolute_url(self):
        return reverse("unit_detail", args=[self.pk])

    @property
    def telephone(self):
        """An area office is reached where its place says: a fact has one home."""
        return self.division.office_phone if self.is_office else self.phone

    @property
    def place(self):
        return self.division.office_address if self.is_office else self.address

    @property
    def is_office(self):
        return self.kind == Kind.OFFICE

    @property
    def is_department(self):
        return self.kind in DEPARTMENTS

    @property
    def can_send_up(self):
        """Whether an office stands above this one inside the district; beyond it only a person writes, outside the portal."""
        return self.is_office and len(self.area_path) > DIGITS[Level.DISTRICT]

    @property
    def parent_office(self):
        """The office of the place above, None at the district; one query."""
        return Unit.objects.offices().filter(division__children=self.division_id).first() if self.can_send_up else None

    def posts(self):
        """Who works here today: posts in the unit itself, or for an area office those in its place."""
        rows = self.division.assignments if self.is_office else self.assignments
        return rows.current(timezone.localdate()).filter(user__is_active=True).for_list()

    def correct(self, *, by, key=None, **changes):
        return revise(self, "correct", by=by, key=key, **changes)
