"""Corrections of a visit as a reader wants them: what stood there before, and what after."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from foundation.templatetags.portal import moment
from visits.models.visit import Tag, VisitRevision


@dataclass(frozen=True)
class Correction:
    at: datetime
    by: object
    fields: list


def corrections(visit):
    """The corrections of a visit, oldest first, each with (label, before, after) for every field that differs."""
    revisions = list(visit.revisions.select_related("replaced_by"))
    states = [revision.facts for revision in revisions] + [{name: getattr(visit, name) for name in VisitRevision.KEPT}]
    return [
        Correction(revision.replaced_at, revision.replaced_by, list(differences(revision.facts, after)))
        for revision, after in zip(revisions, states[1:], strict=True)
    ]


def differences(before, after):
    for name in VisitRevision.KEPT:
        old, new = plain(name, before[name]), plain(name, after[name])
        if old != new:
            yield VisitRevision.label_of(name), old, new


def plain(name, value):
    """A value as people read it; moments come as text from the revision and as moments from the visit."""
    if value in ("", None, []):
        return "—"
    if name == "tags":
        return _(", ").join(str(Tag(code).label) for code in value if code in Tag.values)
    if name == "visited_at":
        return moment(parse_datetime(value) if isinstance(value, str) else value)
    return str(VisitRevision.choices_of(name).get(value, value))
