"""The lists of the registers as data: which rows a filter and words ask for, and the table that a list shows of them.

A list page, its table to take away and the choice of rows for a form all ask here, so they always mean the same rows.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice

from django.db.models import Model
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from communities.access import demand
from communities.forms.care import CareFilter
from communities.forms.compound import CompoundFilter
from communities.forms.division import DivisionFilter
from communities.forms.household import HouseholdFilter
from communities.forms.resident_filter import ResidentFilter
from communities.forms.staff import StaffFilter
from communities.forms.unit import UnitFilter
from communities.models import CareEntry, Compound, Division, Household, Resident, Staff, Unit
from communities.models.unit import Kind
from communities.responsible import first_contacts, first_contacts_at
from foundation.bigrams import search
from foundation.templatetags.portal import named

AT_ONCE = 500
MOST_ROWS = 200_000
# What a resident's row lacks, as the list says it.
GAPS = {
    "born_on": gettext_lazy("date of birth"),
    "phone_hash": gettext_lazy("phone number"),
    "id_number_hash": gettext_lazy("ID number"),
}


@dataclass(frozen=True)
class List:
    """`ask(user, query, words)` gives (filter form, rows) and raises PermissionDenied; `lines(rows)` the table row by row."""

    code: str
    title: str
    page: str  # name of the page that shows the list
    model: type[Model]
    ask: Callable
    headings: Callable
    lines: Callable


# --- Which rows ---


def households(user, query, words):
    demand(user, "people")
    chosen = HouseholdFilter(query, user=user)
    rows = Household.objects.visible_to(user).standing().found_by(words).for_list()
    return chosen, chosen.narrow(rows)


def residents(user, query, words):
    demand(user, "people")
    chosen = ResidentFilter(query, user=user)
    rows = Resident.objects.visible_to(user).here().found_by(words)
    return chosen, chosen.narrow(rows, today=timezone.localdate()).for_list()


def compounds(user, query, words):
    demand(user, "places")
    chosen = CompoundFilter(query, user=user)
    rows = search(Compound.objects.visible_to(user).standing(), words)
    return chosen, chosen.narrow(rows).for_list()


def units(user, query, words):
    """Area offices, one for every place, only when asked for."""
    demand(user, "places")
    chosen = UnitFilter(query)
    kind = chosen.is_valid() and chosen.cleaned_data["kind"]
    rows = search(Unit.objects.visible_to(user).active(), words)
    return chosen, (rows.of_kind(kind) if kind else rows.exclude(kind=Kind.OFFICE)).for_list()


def divisions(user, query, words):
    demand(user, "places")
    chosen = DivisionFilter(query)
    level = chosen.is_valid() and chosen.cleaned_data["level"]
    rows = search(Division.objects.visible_to(user).standing(timezone.localdate()), words)
    return chosen, (rows.of_level(level) if level else rows).for_list()


def staff(user, query, words):
    demand(user, "staff")
    today = timezone.localdate()
    chosen = StaffFilter(query, user=user)
    rows = chosen.narrow(Staff.objects.visible_to(user).named_like(words), today)
    return chosen, rows.for_list(today)


def care_entries(user, query, words):
    """Of the sensitive categories only what the reader is granted."""
    demand(user, "people")
    chosen = CareFilter(query, user=user)
    rows = chosen.narrow(CareEntry.objects.visible_to(user), timezone.localdate())
    if words:
        rows = rows.filter(resident__in=Resident.objects.found_by(words).values("pk"))
    return chosen, rows.for_list()


# --- The table ---


def in_parts(rows):
    """The rows in lists of `AT_ONCE`, without keeping them all."""
    stream = rows.iterator(chunk_size=AT_ONCE)
    return iter(lambda: list(islice(stream, AT_ONCE)), [])


def mark_of(user, purpose, number):
    """Who took the table away, when, what for: it goes with every copy (domain.md 3.7)."""
    return _("Taken away by %(name)s on %(moment)s · %(number)s rows · purpose: %(purpose)s") % {
        "name": f"{user.name} ({user.username})",
        "moment": f"{timezone.localtime():%Y-%m-%d %H:%M}",
        "number": number,
        "purpose": purpose,
    }


def household_headings():
    return [_("Address"), _("Who lives here"), _("Care level"), _("Occupancy")]


def household_lines(rows):
    for part in in_parts(rows):
        for row in part:
            people = "、".join(person.masked_name for person in row.living_here)
            yield [row.address, people, level_word(row.care_level), row.get_occupancy_display()]


def level_word(level):
    return dict(Resident._meta.get_field("care_level").choices).get(level, "")


def resident_headings():
    return [
        pgettext("of a person", "Name"),
        _("Address"),
        _("Age"),
        _("Care level"),
        _("Presence"),
        _("Residence and registration"),
        _("Still missing"),
    ]


def resident_lines(rows):
    for part in in_parts(rows):
        for row in part:
            yield [
                row.masked_name,
                row.household.address,
                row.age,
                level_word(row.care_level),
                row.get_presence_display(),
                row.get_residency_display() if row.residency else "",
                "、".join(str(word) for field, word in GAPS.items() if not getattr(row, field)),
            ]


def care_headings():
    return [
        _("Person"),
        _("Address"),
        _("Care category"),
        _("Care level"),
        _("Ground"),
        _("Since"),
        _("Ended on"),
    ]


def care_lines(rows):
    for part in in_parts(rows):
        for row in part:
            yield [
                row.resident.masked_name,
                row.resident.household.address,
                named(row.category),
                level_word(row.resident.care_level),
                row.get_basis_display(),
                row.since,
                row.ended_on,
            ]


def compound_headings():
    return [
        _("Compound"),
        _("Community"),
        _("Management"),
        _("Built"),
        _("Built by"),
        _("Households stated"),
        _("Households recorded"),
        _("Whom to look for"),
        _("Office phone"),
    ]


def compound_lines(rows):
    for part in in_parts(rows):
        contacts = first_contacts(part)
        for row in part:
            contact = contacts[row.pk]
            yield [
                row.name,
                named(row.community),
                row.get_management_display(),
                row.built_year,
                row.get_developer_kind_display(),
                row.stated_households,
                row.recorded_households,
                contact.name if contact else "",
                contact.phone if contact else "",
            ]


def unit_headings():
    return [_("Unit"), _("Kind"), _("Area"), _("Office phone")]


def unit_lines(rows):
    for part in in_parts(rows):
        for row in part:
            yield [named(row), row.get_kind_display(), named(row.division), row.telephone]


def division_headings():
    return [_("Place"), _("Part of"), _("Level"), _("Whom to look for"), _("Office phone"), _("Code")]


def division_lines(rows):
    for part in in_parts(rows):
        contacts = first_contacts_at(part)
        for row in part:
            contact = contacts.get(row.code)
            yield [
                named(row),
                named(row.parent) if row.parent else "",
                row.get_level_display(),
                contact.name if contact else "",
                row.office_phone,
                row.code,
            ]


def staff_headings():
    return [
        pgettext("of a person", "Name"),
        _("User name"),
        _("Posts"),
        _("Last sign-in"),
        _("Account"),
        _("Second factor"),
    ]


def staff_lines(rows):
    for part in in_parts(rows):
        for row in part:
            yield [
                row.name,
                row.username,
                "、".join(post_words(post) for post in row.posts),
                row.last_login,
                _("may sign in") if row.is_active else _("disabled"),
                _("yes") if row.has_second_factor else _("no"),
            ]


def post_words(post):
    return f"{post.target or ''} {post.get_role_display()}".strip()


LISTS = {
    one.code: one
    for one in (
        List("households", gettext_lazy("Households"), "household_list", Household, households, household_headings, household_lines),
        List("residents", gettext_lazy("Residents"), "resident_list", Resident, residents, resident_headings, resident_lines),
        List("care", gettext_lazy("Care register"), "care_list", CareEntry, care_entries, care_headings, care_lines),
        List("compounds", gettext_lazy("Compounds"), "compound_list", Compound, compounds, compound_headings, compound_lines),
        List("units", gettext_lazy("Units"), "unit_list", Unit, units, unit_headings, unit_lines),
        List("divisions", gettext_lazy("Places"), "division_list", Division, divisions, division_headings, division_lines),
        List("staff", gettext_lazy("Staff"), "staff_list", Staff, staff, staff_headings, staff_lines),
    )
}  # fmt: skip
