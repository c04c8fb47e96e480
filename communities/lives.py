"""What the pages of people and households show of entries about a life (communities.models.life)."""

from communities.access import CHANGE, READ, may_on
from communities.forms.life import HeadForm
from communities.models import LifeEvent
from communities.models.life import LEAVING

MOST_LINES = 20


def lines_of(events, user, *, household=None):
    """The entries as a page shows them: with the other home, as far as the user may see it, and whether one may take it back."""
    for event in events:
        other = event.other_home(household or event.household)
        yield {
            "event": event,
            "other": other,
            "may_open": bool(other) and may_on(user, "people", READ, other),
            "may_undo": event.may_be_undone and may_on(user, "people", CHANGE, event),
        }


def questions_about(household, residents, lines):
    """What an entry left open: whether the home is vacant, who is head now. Nothing once it is answered, or if nobody left."""
    events = (line["event"] for line in lines)
    if not any(e.kind in LEAVING and e.household_from_id == household.pk and not e.is_void for e in events):
        return {}
    if not residents:
        return {"asks_vacant": household.occupancy != "vacant"}
    if not any(person.is_head for person in residents):
        return {"asks_head": HeadForm(household=household)}
    return {}


def life_of_household(household, user):
    """The latest entries of this home as lines, those taken back among them."""
    events = LifeEvent.objects.of_household(household).for_list().with_last()[:MOST_LINES]
    return list(lines_of(events, user, household=household))


def life_of_person(resident, user):
    """All entries of one person as lines, the latest first."""
    events = resident.life_events.for_list().with_last()[:MOST_LINES]
    return list(lines_of(events, user, household=resident.household))
