from django.db import models, transaction
from django.db.models import Count, Exists, F, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce, Left
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from communities.access import ScopedQuerySet, inside, roots_of
from communities.practice import PROVINCE
from foundation.bigrams import BigramIndex, Searchable
from foundation.fields import PathField
from foundation.journal.moves import record, revise
from foundation.paths import within


class Level(models.TextChoices):
    PROVINCE = "province", _("province")
    CITY = "city", _("city")
    DISTRICT = "district", _("district")
    STREET = "street", _("street")
    COMMUNITY = "community", _("community")
    GRID = "grid", _("grid")


# How many digits of the twelve-digit statistical code (plus three for a grid) a level has (domain.md 3.1).
DIGITS = {
    Level.PROVINCE: 2,
    Level.CITY: 4,
    Level.DISTRICT: 6,
    Level.STREET: 9,
    Level.COMMUNITY: 12,
    Level.GRID: 15,
}
LEVEL_BY_DIGITS = {digits: level for level, digits in DIGITS.items()}
COMMITTEE_ENDINGS = ("居民委员会", "村民委员会", "居委会", "村委会")


def short_name(full_name):
    """ "橡林社区居委会" → "橡林社区"; "火西村委会" → "火西村"; a name without such an ending stays."""
    for ending in COMMITTEE_ENDINGS:
        if full_name.endswith(ending):
            stem = full_name.removesuffix(ending)
            if ending.startswith("村") and not stem.endswith("村"):
                return stem + "村"
            return stem or full_name
    return full_name


def ancestors(code):
    """The codes of all levels above this one, from the province down: "411702007" → ["41", "4117", "411702"]."""
    return [code[:digits] for digits in LEVEL_BY_DIGITS if digits < len(code)]


def line_of(code):
    """The codes from the province down to this place itself."""
    return [*ancestors(code), code]


def counted(rows, *, by):
    """How many of `rows`, which refer to the outer row by the field `by`, as a subquery; 0 if there are none."""
    return Coalesce(Subquery(rows.order_by().values(by).annotate(n=Count("pk")).values("n")), 0)


class DivisionQuerySet(ScopedQuerySet):
    def standing(self, today):
        """Divisions that exist on this day."""
        return self.filter(Q(since__isnull=True) | Q(since__lte=today), Q(until__isnull=True) | Q(until__gt=today))

    def become(self, places):
        """Former ones of which one of these places has taken over."""
        heirs = self.model.successors.rel.related_model.objects.filter(old=OuterRef("pk"), new__in=places)
        return self.filter(Exists(heirs), until__isnull=False)

    def of_level(self, level):
        return self.filter(level=level)

    def under(self, code):
        return self.filter(within(code, "code"))

    def for_list(self):
        return self.select_related("parent__parent").order_by("code")

    def with_staff_of(self, user):
        """Real districts whose accounts the user sees and in which somebody has a post."""
        posts = self.model.assignments.rel.related_model.objects.annotate(district=Left("area_path", 6))
        rows = self.of_level(Level.DISTRICT).filter(inside(roots_of(user, "staff"), "code"))
        return rows.exclude(within(PROVINCE, "code")).filter(code__in=posts.values("district")).order_by("code")

    def for_detail(self):
        """With every place above, for the breadcrumb."""
        return self.select_related("parent__parent__parent__parent__parent")

    def with_compounds(self):
        """Adds `compound_count` and, of those, `unmanaged_count` of communities; a grid's compounds count for its community."""
        compounds = self.model.compounds.rel.related_model.objects.standing().filter(community=OuterRef("pk"))
        return self.annotate(
            compound_count=counted(compounds, by="community"),
            unmanaged_count=counted(compounds.unmanaged(), by="community"),
        )


class DivisionManager(models.Manager.from_queryset(DivisionQuerySet)):
    @transaction.atomic
    def establish(self, *, by, code, name, parent=None, since=None, kind="", key=None):
        """Write a division with its area office. ValueError if the code does not fit its level or its parent."""
        level = LEVEL_BY_DIGITS.get(len(code))
        if level is None or not code.isdigit():
            raise ValueError(f"{code}: not a division code")
        if parent is not None and not code.startswith(parent.code):
            raise ValueError(f"{code}: not below {parent.code}")
        division = self.create(
            code=code, level=level, name=short_name(name), full_name=name, parent=parent, since=since, kind=kind
        )
        record(division, "establish", by=by, key=key)
        # Every place that does work acts through an office of its own (architecture.md).
        division.units.found_office(division)
        return division


class Division(Searchable):
    """A node of the territory. Its code is its path: the subtree of a division is one indexed range of codes.

    `code` is cut to its level (2, 4, 6, 9, 12, 15 digits). `since` and `until` date its existence; `until` is the first day
    on which it no longer exists.
    """

    TOPIC = "places"
    AREA_FIELD = "code"
    SEARCH_FIELDS = ("name", "full_name")
    PINYIN_FIELDS = ("name",)
    KEEP_FORMER = ("name", "full_name", "name_en", "kind", "office_address", "office_phone", "until")

    code = PathField(_("code"), max_length=15, unique=True)
    level = models.CharField(_("level"), max_length=10, choices=Level.choices)
    kind = models.CharField(
        _("kind"), max_length=10, blank=True, choices=[("urban", _("residents' committee")), ("village", _("village"))]
    )
    name = models.CharField(_("name"), max_length=80)
    name_en = models.CharField(_("English name"), max_length=80, blank=True)
    full_name = models.CharField(_("full name"), max_length=120)
    parent = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="children")
    office_address = models.CharField(_("office address"), max_length=200, blank=True)
    office_phone = models.CharField(_("office phone"), max_length=30, blank=True)
    since = models.DateField(_("since"), null=True, blank=True)
    until = models.DateField(_("until"), null=True, blank=True)
    source = models.CharField(_("source"), max_length=120, blank=True)
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = DivisionManager()

    class Meta:
        ordering = ["code"]
        indexes = [BigramIndex(fields=["bigrams"], name="division_bigrams"), models.Index(fields=["level", "code"])]
        constraints = [
            models.CheckConstraint(
                condition=Q(until__isnull=True) | Q(since__isnull=True) | Q(until__gt=F("since")),
                name="division_until_after_since",
            )
        ]

    def __str__(self):
        return self.name

    def get_absolute_url(self):
        return reverse("division_detail", args=[self.code])

    @property
    def area_path(self):
        return self.code

    @property
    def line(self):
        """The places from the province down to this one; no query after `for_detail()`."""
        above = self.parent.line if self.parent else []
        return [*above, self]

    def namesakes(self, name):
        """Other places under the same parent that have this name."""
        return type(self).objects.filter(parent=self.parent_id, name=name).exclude(pk=self.pk)

    @transaction.atomic
    def correct(self, *, by, key=None, **changes):
        """Correct the facts of the place; its office carries its name. The code never changes here: moving a place is a dated act."""
        return self.renamed(revise(self, "correct", by=by, key=key, **changes), by=by)

    @transaction.atomic
    def rename(self, *, by, full_name, on, key=None):
        """The place has another name from this day (None: not known) on; the journal keeps day and former name."""
        data = {"on": on, "was": self.full_name}
        names = {"full_name": full_name, "name": short_name(full_name)}
        return self.renamed(revise(self, "rename", by=by, key=key, data=data, **names), by=by)

    def renamed(self, entry, *, by):
        if entry and "name" in entry.fields:
            for office in self.units.offices():
                office.correct(by=by, name=self.name)
        return entry
