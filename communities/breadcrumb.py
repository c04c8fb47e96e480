"""Where a page stands in the territory."""

from communities.access import READ, may_in
from communities.models.division import DIGITS, Level
from foundation.templatetags.portal import named


def way_to(user, line, *tail):
    """The breadcrumb of a page: the places of `line`, then `tail`, as [(name, address)].

    A place that the user may not open has no address, nor has the last step, which is the page itself. What lies above the
    district is left out for those who do not work there.
    """
    steps = [*(step for step in (step_to(user, place) for place in line) if step), *tail]
    return [*steps[:-1], *((name, "") for name, _address in steps[-1:])]


def step_to(user, place):
    if may_in(user, "places", READ, place.area_path):
        return named(place), place.get_absolute_url()
    return (named(place), "") if len(place.area_path) >= DIGITS[Level.DISTRICT] else None
