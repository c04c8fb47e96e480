"""One search over everything that a user may see; each group keeps the page's own rule of visibility."""

from django.utils.translation import gettext_lazy as _

from communities.access import may
from communities.models import Compound, Division, Household, Resident
from foundation.bigrams import search
from issues.models import Issue

MOST_PER_GROUP = 10
FEWEST_LETTERS = 2


def find(user, words):
    """Groups of hits: [(heading, [(title, detail, url)])], at most ten each; empty for fewer than two characters."""
    if len(words) < FEWEST_LETTERS:
        return []
    groups = [(_("Issues"), issues(user, words))]
    if may(user, "places"):
        groups += [(_("Places"), divisions(user, words)), (_("Compounds"), compounds(user, words))]
    if may(user, "people"):
        groups += [(_("Households"), households(user, words)), (_("Residents"), residents(user, words))]
    return [(heading, hits) for heading, hits in groups if hits]


def issues(user, words):
    found = (
        search(Issue.objects.visible_to(user).standing(), words).for_list().order_by("-submitted_at")[:MOST_PER_GROUP]
    )
    return [
        (row.title if row.shows_reporter_to(user) else row.category.name, row.number, row.get_absolute_url())
        for row in found
    ]


def divisions(user, words):
    found = search(Division.objects.visible_to(user), words).select_related("parent").order_by("code")[:MOST_PER_GROUP]
    return [(row.name, row.parent.name if row.parent else "", row.get_absolute_url()) for row in found]


def compounds(user, words):
    found = search(Compound.objects.visible_to(user).standing(), words).select_related("community")[:MOST_PER_GROUP]
    return [(row.name, row.community.name, row.get_absolute_url()) for row in found]


def households(user, words):
    found = search(Household.objects.visible_to(user).standing(), words).in_walking_order()[:MOST_PER_GROUP]
    return [(row.address, "", row.get_absolute_url()) for row in found]


def residents(user, words):
    found = search(Resident.objects.visible_to(user).here(), words).select_related("household")[:MOST_PER_GROUP]
    return [(row.masked_name, row.household.address, row.get_absolute_url()) for row in found]
