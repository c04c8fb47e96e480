"""What visits hold about a person: what was seen and said."""

from django.utils.translation import gettext_lazy as _

from foundation.journal.purging import forget_about, forget_naming
from foundation.purging import PURGED, blank, blank_where_named, purges, write
from visits.models import Opinion, Visit, VisitRevision

WORDS = ("summary", "late_reason", "voided_reason")


@purges("visits", _("visits: what was seen and said"), "visits.Visit", "visits.VisitRevision", "visits.Opinion")
def purge_visits(person):
    """Visits keep day, outcome and place. Of a home that was this person's alone all words go, of others those that name the person."""
    said = Opinion.objects.filter(raised_by__in=person.pks)
    done = blank(said, "text", "spot_action", "voided_reason")
    done += forget_about("visits.opinion", said.values_list("pk", flat=True))
    said.update(raised_by=None)
    alone = Visit.objects.filter(household__in=person.near["own_homes"])
    at_home = Visit.objects.filter(household__in=person.near["homes"])
    done += blank(alone, *WORDS) + blank(
        Opinion.objects.filter(visit__in=alone), "text", "spot_action", "voided_reason"
    )
    done += blank_where_named(person, at_home, *WORDS)
    opinions = Opinion.objects.filter(visit__in=at_home)
    done += blank_where_named(person, opinions, "text", "spot_action", "voided_reason")
    done += forget_about("visits.visit", alone.values_list("pk", flat=True))
    done += forget_naming(person, "visits.visit", at_home.values_list("pk", flat=True))
    done += forget_naming(person, "visits.opinion", opinions.values_list("pk", flat=True))
    own = set(alone.values_list("pk", flat=True))
    for revision in VisitRevision.objects.filter(visit__in=at_home):
        done += blank_revision(person, revision, always=revision.visit_id in own)
    return done


def blank_revision(person, revision, *, always):
    """What a visit said before it was corrected."""
    texts = {name: revision.facts.get(name) or "" for name in WORDS if name in revision.facts}
    if not any(texts.values()) or not (always or person.is_named_in(*texts.values())):
        return 0
    write(revision, facts=revision.facts | {name: PURGED for name, text in texts.items() if text})
    return 1
