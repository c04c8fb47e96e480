"""摸清底数: what is recorded of a place beside what its ledgers state, what is missing, and how long ago somebody looked.

One set of grouped queries whatever the number of rows. Places stand in the order of their codes; nothing here ranks them.
"""

from dataclasses import dataclass, field, fields
from datetime import date, timedelta

from django.db.models import Count, Exists, F, Min, OuterRef, Q, Sum
from django.db.models.functions import Substr, TruncMonth
from django.utils.translation import gettext_lazy as _

from communities.access import Role
from communities.models import Assignment, Building, CareEntry, Compound, Household, Resident
from communities.models.division import LEVEL_BY_DIGITS
from foundation.journal.models import Entry
from foundation.paths import within

CHECKED_WITHIN = timedelta(days=365)
TREND = timedelta(days=365)


def lacks_responsible(today):
    """Of compounds: no active person is named, and no grid worker has a post in its grid."""
    posts = Assignment.objects.current(today).of_role(Role.GRID_WORKER)
    nobody = Q(responsible__isnull=True) | Q(responsible__is_active=False)
    return nobody & ~Q(Exists(posts.filter(division=OuterRef("grid"), user__is_active=True)))


def not_checked(today):
    return Q(verified_on__isnull=True) | Q(verified_on__lt=today - CHECKED_WITHIN)


@dataclass(frozen=True)
class Gap:
    """Something that is missing. `model` and `condition(today)` say which rows; the page of the gap lists them."""

    code: str
    label: str
    model: type
    condition: object


GAPS = {
    gap.code: gap
    for gap in (
        Gap("unchecked", _("not checked for a year"), Household, not_checked),
        Gap("no_birth", _("without date of birth"), Resident, lambda today: Q(born_on__isnull=True)),
        Gap("no_phone", _("without phone"), Resident, lambda today: Q(phone_hash="")),
        Gap("no_residency", _("residence not known"), Resident, lambda today: Q(residency="")),
        Gap("no_level", _("care without level"), Resident, lambda today: Q(care_level__isnull=True)),
        Gap("no_responsible", _("without responsible person"), Compound, lacks_responsible),
        Gap(
            "unrecorded",
            _("fewer households than stated"),
            Compound,
            lambda today: Q(stated_households__gt=F("recorded_households")),
        ),
    )
}


@dataclass
class Figures:
    """What is known of one place."""

    compounds: int = 0
    stated_households: int = 0
    households: int = 0
    stated_buildings: int = 0
    buildings: int = 0
    unchecked: int = 0
    oldest: date | None = None
    never: int = 0
    people: int = 0
    no_birth: int = 0
    no_phone: int = 0
    no_residency: int = 0
    no_level: int = 0
    no_responsible: int = 0

    @property
    def checked(self):
        return self.households - self.unchecked

    def add(self, other):
        """Sum, and the older of two days."""
        for each in fields(self):
            if each.name == "oldest":
                days = [day for day in (self.oldest, other.oldest) if day]
                self.oldest = min(days, default=None)
            else:
                setattr(self, each.name, getattr(self, each.name) + getattr(other, each.name))


@dataclass(frozen=True)
class Cut:
    """By what the rows are grouped: the first `digits` of their path, or (None) their compound."""

    digits: int | None = None

    def key(self, to_path, to_compound):
        return Substr(to_path, 1, self.digits) if self.digits else F(to_compound)


def below(code):
    """How places below this code are grouped: by the next level; communities and grids by compound."""
    digits = next((n for n in LEVEL_BY_DIGITS if n > len(code)), None)
    return Cut(digits) if digits and digits <= 12 else Cut()


def count(user, scope, cut, today):
    """{key: Figures} of what the user may see within `scope` (a condition on area_path or on the compound, by model)."""
    found = {}
    for rows in (compounds, buildings, households, residents, care):
        for row in rows(user, scope, cut, today):
            figures = found.setdefault(row.pop("key"), Figures())
            for name, value in row.items():
                setattr(figures, name, value or (None if name == "oldest" else 0))
    return found


def compounds(user, scope, cut, today):
    rows = Compound.objects.visible_to(user).standing().filter(scope("area_path", "pk"))
    return (
        rows.annotate(key=cut.key("area_path", "pk"))
        .order_by()
        .values("key")
        .annotate(
            compounds=Count("pk"),
            stated_households=Sum("stated_households"),
            stated_buildings=Sum("stated_buildings"),
            no_responsible=Count("pk", filter=lacks_responsible(today)),
        )
    )


def buildings(user, scope, cut, today):
    rows = Building.objects.visible_to(user).filter(scope("compound__area_path", "compound"))
    rows = rows.filter(compound__voided_at__isnull=True, compound__merged_into__isnull=True)
    return (
        rows.annotate(key=cut.key("compound__area_path", "compound"))
        .order_by()
        .values("key")
        .annotate(buildings=Count("pk"))
    )


def households(user, scope, cut, today):
    rows = Household.objects.visible_to(user).standing().filter(scope("area_path", "compound"))
    return (
        rows.annotate(key=cut.key("area_path", "compound"))
        .order_by()
        .values("key")
        .annotate(
            households=Count("pk"),
            unchecked=Count("pk", filter=not_checked(today)),
            never=Count("pk", filter=Q(verified_on__isnull=True)),
            oldest=Min("verified_on"),
        )
    )


def residents(user, scope, cut, today):
    rows = Resident.objects.visible_to(user).here().filter(scope("area_path", "household__compound"))
    missing = {
        code: Count("pk", filter=GAPS[code].condition(today)) for code in ("no_birth", "no_phone", "no_residency")
    }
    return (
        rows.annotate(key=cut.key("area_path", "household__compound"))
        .order_by()
        .values("key")
        .annotate(people=Count("pk"), **missing)
    )


def care(user, scope, cut, today):
    """People under a care category that the reader may see, but without a level."""
    rows = CareEntry.objects.visible_to(user).current().filter(resident__care_level__isnull=True)
    rows = rows.filter(scope("resident__area_path", "resident__household__compound"))
    return (
        rows.annotate(key=cut.key("resident__area_path", "resident__household__compound"))
        .order_by()
        .values("key")
        .annotate(no_level=Count("resident", distinct=True))
    )


def in_place(code):
    """The scope "in this place"."""
    return lambda path, compound: within(code, path)


def of_compounds(pks):
    """The scope "in these compounds"."""
    return lambda path, compound: Q(**{f"{compound}__in": pks})


def rows_behind(user, gap, scope, today):
    """The rows of a gap, as the page lists them."""
    if gap.model is Compound:
        rows = Compound.objects.visible_to(user).standing().filter(scope("area_path", "pk"))
        return rows.for_list().filter(gap.condition(today))
    if gap.model is Household:
        rows = Household.objects.visible_to(user).standing().filter(scope("area_path", "compound"))
        return (
            rows.filter(gap.condition(today)).for_list().order_by(F("verified_on").asc(nulls_first=True), "walk_order")
        )
    rows = Resident.objects.visible_to(user).here().filter(scope("area_path", "household__compound"))
    if gap.code == "no_level":
        entries = CareEntry.objects.visible_to(user).current()
        rows = rows.filter(pk__in=entries.values("resident"))
    return rows.filter(gap.condition(today)).for_list()


def checks_by_month(code, today):
    """How many checks were made here in each of the last months, as [(first day of the month, number)]; one query."""
    entries = Entry.objects.filter(within(code), subject_type="communities.household", verb="verify")
    entries = entries.filter(at__date__gt=today - TREND)
    months = entries.annotate(month=TruncMonth("at")).order_by("month").values_list("month").annotate(n=Count("pk"))
    return [(month.date(), number) for month, number in months]


@dataclass(frozen=True)
class Row:
    """One line of the page."""

    name: str
    code: str
    url: str
    figures: Figures = field(default_factory=Figures)
    compound: int | None = None
