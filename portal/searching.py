"""One search over everything that a user may see; each group keeps the rule of visibility of its own pages.

At most one query for each group. Names of residents are shown masked; an issue in confidence is found by its number only.
"""

import re
from dataclasses import dataclass, field

from django.db.models.functions import Greatest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from communities.access import may
from communities.models import Compound, Division, Household, Resident, Staff, Unit
from foundation.bigrams import search
from foundation.fields import TO_HALF_WIDTH
from foundation.templatetags.portal import named
from issues.models import Issue
from issues.sight import Sight

MOST_PER_GROUP = 10
FEWEST_LETTERS = 2


@dataclass(frozen=True)
class Hit:
    """One row that was found: what leads to it, what stands beside it, and for an issue how it stands."""

    title: str
    url: str
    details: list = field(default_factory=list)
    sight: Sight | None = None


@dataclass(frozen=True)
class Group:
    """Hits of one kind, ten at most; `list_url` is the list that takes the same words by POST, "" if these are all."""

    heading: str
    hits: list
    list_url: str = ""


def find(user, words):
    """Groups of what holds all `words`, empty ones left out; nothing for fewer than two characters."""
    words = words.translate(TO_HALF_WIDTH).strip()
    if len(words) < FEWEST_LETTERS:
        return []
    groups = [group(_("Issues"), issues(user, words), "issue_list")]
    if may(user, "places"):
        groups += [
            group(_("Divisions"), divisions(user, words), "division_list"),
            group(_("Compounds"), compounds(user, words), "compound_list"),
            group(_("Units"), units(user, words), "unit_list"),
        ]
    if may(user, "people"):
        groups += [
            group(_("Households"), households(user, words), "household_list"),
            group(_("Residents"), residents(user, words), "resident_list"),
        ]
    if may(user, "staff"):
        groups += [group(_("Staff"), staff(user, words), "staff_list")]
    return [found for found in groups if found.hits]


def group(heading, hits, list_name):
    more = len(hits) > MOST_PER_GROUP
    return Group(heading, hits[:MOST_PER_GROUP], reverse(list_name) if more else "")


def first(rows, *order):
    """The first rows in this order, one more than is shown: that tells that there are more, without counting them.

    Which they are is settled on the narrow table, before anything is joined, and by what was searched for: `settled` keeps the
    database from walking through a whole district in the order of an index, looking at every row on the way.
    """
    pks = rows.order_by(*map(settled, order)).values("pk")[: MOST_PER_GROUP + 1]
    return rows.model.objects.filter(pk__in=pks).order_by(*order)


def settled(name):
    """An order that means the same and that no index has."""
    column = Greatest(name.removeprefix("-"), name.removeprefix("-"))
    return column.desc() if name.startswith("-") else column.asc()


def issues(user, words):
    rows = Issue.objects.visible_to(user).standing().found_by(user, words)
    rows = first(rows, "-submitted_at", "-pk").for_reader(user).for_list()
    return [hit_of(Sight(row, user)) for row in rows]


def hit_of(sight):
    issue = sight.issue
    return Hit(sight.title, issue.get_absolute_url(), [issue.number, sight.place, sight.holder], sight)


def divisions(user, words):
    rows = Division.objects.visible_to(user).standing(timezone.localdate())
    rows = rows.filter(code__startswith=words) if is_code(words) else search(rows, words)
    return [
        Hit(named(row), row.get_absolute_url(), [named(row.parent) if row.parent else "", row.code])
        for row in first(rows, "code").select_related("parent")
    ]


def is_code(words):
    """Whether the words are the beginning of a division's code rather than a name."""
    return re.fullmatch(r"\d{4,15}", words, re.ASCII) is not None


def compounds(user, words):
    rows = search(Compound.objects.visible_to(user).standing(), words)
    return [
        Hit(row.name, row.get_absolute_url(), [named(row.community), row.address])
        for row in first(rows, "area_path", "name", "pk").select_related("community")
    ]


def units(user, words):
    rows = search(Unit.objects.visible_to(user).active().exclude(kind="office"), words)
    return [
        Hit(named(row), reverse("unit_detail", args=[row.pk]), [row.get_kind_display(), named(row.division)])
        for row in first(rows, "area_path", "name", "pk").select_related("division")
    ]


def households(user, words):
    """By address, or by building, staircase and door as typed on a keypad: "3-1-201"."""
    rows = Household.objects.visible_to(user).standing().at_address(words)
    return [
        Hit(row.address, row.get_absolute_url())
        for row in first(rows, "area_path", "compound_id", "walk_order", "pk").only("address")
    ]


def residents(user, words):
    """By name or its pinyin, by the whole phone number or by its last four digits."""
    rows = Resident.objects.visible_to(user).here().found_by(words)
    return [
        Hit(row.masked_name, row.get_absolute_url(), [row.household.address])
        for row in first(rows, "area_path", "household_id", "pk")
        .select_related("household")
        .only("name", "purged_at", "household__address")
    ]


def staff(user, words):
    """Accounts of whoever administers or audits them; for everybody else colleagues stand on the pages of places."""
    rows = Staff.objects.visible_to(user).named_like(words)
    return [Hit(row.name, row.get_absolute_url(), [row.username]) for row in first(rows, "name", "pk")]
