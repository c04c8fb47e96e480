"""Where a page stands in the territory."""

from communities.access import READ, may_in
from foundation.templatetags.portal import named


def way_to(user, line, *tail):
    """The breadcrumb of a page: the places of `line` that the user may open, then `tail`, as [(name, address)].

    The last one is the page itself and needs no address.
    """
    places = [
        (named(place), place.get_absolute_url()) for place in line if may_in(user, "places", READ, place.area_path)
    ]
    steps = [*places, *tail]
    return [*steps[:-1], *((name, "") for name, _address in steps[-1:])]
