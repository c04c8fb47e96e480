"""Free-text search in the lists: by what was written, by address or door, by a resident's name."""

from django.db.models import Q

from communities.models import Household
from foundation.bigrams import search
from visits import rounds
from visits.models import Opinion, Visit


def find_visits(visits, user, words):
    """Those of `visits` with these words in the summary, at this door or of this resident; an empty text changes nothing."""
    if not words.strip():
        return visits
    written = search(Visit.objects.all(), words).values("pk")
    return visits.filter(Q(pk__in=written) | Q(household__in=doors(words)))


def find_opinions(opinions, user, words):
    """The same for opinions; confidential words find nothing for those who may not read them."""
    if not words.strip():
        return opinions
    written = search(Opinion.objects.readable_by(user), words).values("pk")
    at_door = Q(confidential=False, visit__household__in=doors(words))
    return opinions.filter(Q(pk__in=written) | at_door)


def doors(words):
    # Without a scope of its own: the visits and opinions it narrows have theirs.
    return rounds.find(Household.objects.all(), words).values("pk")
