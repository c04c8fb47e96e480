"""One search over everything that a user may see; each group keeps the rule of visibility of its own pages.

At most one query for each group. Names are shown masked; an issue in confidence is found by its number only.
"""

import re
from dataclasses import dataclass, field

from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from communities.access import may
from communities.models import Compound, Division, Household, Resident, Unit
from foundation.bigrams import search
from foundation.fields import TO_HALF_WIDTH, is_phone
from foundation.templatetags.portal import named
from issues.models import Issue
from issues.sight import Sight
from visits.rounds import at_door

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
            group(_("Residents"), residents(user, words), "household_list"),
        ]
    return [found for found in groups if found.hits]


def group(heading, hits, list_name):
    more = len(hits) > MOST_PER_GROUP
    return Group(heading, hits[:MOST_PER_GROUP], reverse(list_name) if more else "")


def first(rows):
    """One more than is shown tells that there are more, without counting them."""
    return rows[: MOST_PER_GROUP + 1]


def issues(user, words):
    rows = Issue.objects.visible_to(user).standing().found_by(user, words).for_reader(user).for_list()
    return [hit_of(Sight(row, user)) for row in first(rows.order_by("-submitted_at", "-pk"))]


def hit_of(sight):
    issue = sight.issue
    return Hit(sight.title, issue.get_absolute_url(), [issue.number, sight.place, sight.holder], sight)


def divisions(user, words):
    rows = Division.objects.visible_to(user).standing(timezone.localdate())
    rows = rows.filter(code__startswith=words) if is_code(words) else search(rows, words)
    return [
        Hit(named(row), row.get_absolute_url(), [named(row.parent) if row.parent else "", row.code])
        for row in first(rows.select_related("parent").order_by("code"))
    ]


def is_code(words):
    """Whether the words are the beginning of a division's code rather than a name."""
    return re.fullmatch(r"\d{4,15}", words, re.ASCII) is not None


def compounds(user, words):
    rows = search(Compound.objects.visible_to(user).standing(), words).select_related("community")
    return [
        Hit(row.name, row.get_absolute_url(), [named(row.community), row.address])
        for row in first(rows.order_by("area_path", "name", "pk"))
    ]


def units(user, words):
    rows = search(Unit.objects.visible_to(user).active().exclude(kind="office"), words).select_related("division")
    return [
        Hit(named(row), reverse("unit_detail", args=[row.pk]), [row.get_kind_display(), named(row.division)])
        for row in first(rows.order_by("area_path", "name", "pk"))
    ]


def households(user, words):
    """By address, or by building, staircase and door as typed on a keypad: "3-1-201"."""
    written = search(Household.objects.all(), words).values("pk")
    rows = Household.objects.visible_to(user).standing().filter(Q(pk__in=written) | at_door(words))
    return [Hit(row.address, row.get_absolute_url()) for row in first(rows.in_walking_order())]


def residents(user, words):
    """By name, by the whole phone number or by its last four digits."""
    rows = Resident.objects.visible_to(user).here()
    if is_phone(words):
        rows = rows.with_phone(words)
    elif re.fullmatch(r"\d{4}", words, re.ASCII):
        rows = rows.with_last_four(words)
    else:
        rows = search(rows, words)
    return [
        Hit(row.masked_name, row.get_absolute_url(), [row.household.address])
        for row in first(rows.select_related("household").order_by("area_path", "household__walk_order", "pk"))
    ]
