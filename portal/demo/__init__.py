"""Demonstration data: real places, invented people and records. Deterministic, safe to repeat, never in production.

`load(today)` writes everything in one transaction. Times of the live set count from `today`; the campaign of July 2022 keeps its dates.
"""

from django.db import connection, transaction

from portal.demo import accounts, campaign2022, care, forms, life, live, merging, people, places, posts, rosters, upkeep
from portal.demo.cast import Cast

# In this order: each chapter builds on those before it.
CHAPTERS = (
    places.divisions_and_units,
    people.accounts,
    places.compounds,
    campaign2022.retell,
    live.play,
    life.happen,
    merging.enter_twice,
    posts.serve,
    forms.fill,
    accounts.keep,
    upkeep.keep,
    rosters.bring_in,
    care.keep,
)


@transaction.atomic
def load(*, now, say=lambda text: None):
    """Write the demonstration data; returns False if they are there already."""
    if Cast.is_there():
        return False
    cast = Cast(now=now)
    for chapter in CHAPTERS:
        chapter(cast)
        say(f"{chapter.__module__.rsplit('.', 1)[-1]}.{chapter.__name__}")
    if connection.vendor == "postgresql":
        # The planner still takes the tables for empty; the server's own look at them comes a minute later.
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
    return True
