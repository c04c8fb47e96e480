"""Which visits are due with one person (see communities.open_items)."""

from django.utils import timezone
from django.utils.translation import gettext_lazy

from communities.access import CHANGE, forget_posts, posts_for
from communities.models.division import DIGITS, Level
from communities.open_items import Item, contribute
from visits import rounds


def visits_due(person):
    """Households that whoever holds the posts of this person must visit now; only posts that work on the spot."""
    forget_posts(person)
    posts = posts_for(person, "visits", CHANGE)
    if not any(post.compound_id or len(post.path or "") >= DIGITS[Level.COMMUNITY] for post in posts):
        return []
    now = timezone.now()
    rows = rounds.due(rounds.households_for(person, now=now), now=now).in_walking_order()
    return [
        Item("visit", row, row.address, rounds.last_met_words(row, now=now), row.get_absolute_url()) for row in rows
    ]


contribute("visit", gettext_lazy("Households to visit"), visits_due)
