"""Who may suggest a correction of what: who sees a thing, who works in the same district (for places), and whom a room above lets
suggest something of it for his work."""

from django.apps import apps
from django.http import Http404

from communities.access import inside, roots_of
from communities.models.division import DIGITS, Level
from communities.models.suggestion import SUGGESTIBLE, TOPICS
from foundation.bigrams import search

MOST_FOUND = 20
REACHES = []


def reaches(function):
    """Register `function(user, kind, pk)` → (row, names of fields) or None, for people who do not see the thing itself."""
    REACHES.append(function)
    return function


def reachable(user, kind, pk):
    """(the thing, the fields of it) for which the user may suggest a correction; Http404 for none."""
    if kind not in SUGGESTIBLE:
        raise Http404
    model = apps.get_model("communities", kind)
    row = (
        model.objects.visible_to(user).filter(pk=pk).first() or in_own_district(user, model, kind).filter(pk=pk).first()
    )
    if row is not None:
        return row, SUGGESTIBLE[kind]
    for function in REACHES:
        if found := function(user, kind, pk):
            return found
    raise Http404


def in_own_district(user, model, kind):
    """Places, compounds and units of one's district: no personal data, and whoever passes by may see that a sign is wrong."""
    districts = {root[: DIGITS[Level.DISTRICT]] for root in roots_of(user, "places")}
    if TOPICS[kind] != "places" or not districts:
        return model.objects.none()
    return model.objects.filter(inside(districts, getattr(model, "AREA_FIELD", "area_path")))


def found_in_district(user, words):
    """[(kind, row)] of what the words find in one's district, a few of each kind."""
    rows = [
        (kind, row)
        for kind in ("division", "compound", "unit")
        for row in search(in_own_district(user, apps.get_model("communities", kind), kind), words).order_by("pk")[
            :MOST_FOUND
        ]
    ]
    return [(kind, row) for kind, row in rows if not getattr(row, "is_void", False)]


def may_change(user, row):
    """Whether the user may correct the thing himself and needs to suggest nothing."""
    return type(row).objects.changeable_by(user).filter(pk=row.pk).exists()
