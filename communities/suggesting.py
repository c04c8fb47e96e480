"""Who may suggest a correction of what: who sees a thing, and whom a room above lets suggest something of it for his work."""

from django.apps import apps
from django.http import Http404

from communities.models.suggestion import SUGGESTIBLE

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
    row = model.objects.visible_to(user).filter(pk=pk).first()
    if row is not None:
        return row, SUGGESTIBLE[kind]
    for function in REACHES:
        if found := function(user, kind, pk):
            return found
    raise Http404


def may_change(user, row):
    """Whether the user may correct the thing himself and needs to suggest nothing."""
    return type(row).objects.changeable_by(user).filter(pk=row.pk).exists()
