"""The four days of 27–30 July 2022 in Xianglin and Renminjie: some hundred of its visits, opinions and long closed issues.

The campaign as such (teams, symposiums, totals) belongs to the app of campaigns; here are the records that it left.
"""

from datetime import date, datetime, time, timedelta

from django.utils import timezone

from foundation.journal.models import Entry
from issues.models import Category
from portal.demo import stories
from portal.demo.cast import RENMINJIE, XIANGLIN
from portal.demo.places import new_uuid
from portal.demo.words import ANSWERS, OPINIONS
from visits.models import Opinion, Visit

DAYS = [date(2022, 7, day) for day in (27, 28, 29, 30)]
VISITS = 420
OPINIONS_SAID = 315
ON_SPOT = 25  # the published number of problems solved on the spot
ANSWERED = 150


def retell(cast):
    categories = {category.code: category for category in Category.objects.filter(area_path="")}
    pool = [row for row in cast.households if row.area_path.startswith((XIANGLIN, RENMINJIE))]
    chosen = cast.dice.sample(pool, VISITS)
    visits = [visit_of(cast, household, at=moment(cast)) for household in chosen]
    met = [visit for visit in visits if visit.was_met]
    Visit.objects.bulk_create(visits, batch_size=400)
    told, opinions = [], []
    for number, visit in enumerate((met + met)[:OPINIONS_SAID]):
        code, title, text, result = OPINIONS[number % len(OPINIONS)]
        handling = "on_spot" if number < ON_SPOT else "answered" if number < ON_SPOT + ANSWERED else "register"
        story = None
        if handling != "answered":
            story = closed_story(cast, visit, categories[code], title, text, result, on_spot=handling == "on_spot")
            told.append(story)
        opinions.append(
            (opinion_of(cast, visit, categories[code], text, handling, result if handling == "on_spot" else ""), story)
        )
    stories.write(told)
    write_opinions(opinions)
    write_log(visits)


def moment(cast):
    day = cast.pick(DAYS)
    return timezone.make_aware(datetime.combine(day, time(8, 30))) + timedelta(minutes=cast.dice.randrange(660))


def visit_of(cast, household, *, at, by=None, outcome="", situation="", summary="", tags=()):
    """A visit as it was entered half an hour later."""
    outcome = outcome or cast.pick(["met"] * 8 + ["proxy_met", "nobody_home"])
    met = outcome in ("met", "proxy_met")
    visit = Visit(
        client_uuid=new_uuid(cast),
        created_by=by or cast.users["cadre"],
        created_at=at + timedelta(minutes=30),
        household=household,
        compound=household.compound,
        area_path=household.area_path,
        area_path_then=household.area_path,
        outcome=outcome,
        situation=(situation or "normal") if met else "",
        visited_at=at,
        people_met=1 if met else 0,
        summary=summary or (cast.pick(ANSWERS) if met and cast.dice.random() < 0.3 else ""),
        tags=list(tags),
    )
    visit.derive()
    return visit


def opinion_of(cast, visit, category, text, handling, how):
    opinion = Opinion(
        client_uuid=new_uuid(cast),
        created_by=visit.created_by,
        created_at=visit.created_at,
        visit=visit,
        raised_by=visit.household.heads[0] if visit.household.heads else None,
        text=text,
        category=category,
        handling=handling,
        spot_action=how,
        area_path=visit.area_path,
        area_path_then=visit.area_path,
    )
    opinion.derive()
    return opinion


def closed_story(cast, visit, category, title, text, result, *, on_spot):
    """An issue of the campaign: solved at the door, or handled by the community or a unit and closed in August."""
    facts = {
        "household": visit.household,
        "category": category,
        "title": title,
        "text": text,
        "by": visit.created_by,
        "at": visit.visited_at,
    }
    if on_spot:
        return stories.begin(cast, verb="solve_on_spot", how=result, **facts)
    story = stories.begin(cast, **facts)
    code = visit.area_path[:12]
    secretary, coordinator = cast.secretaries[code], cast.coordinators[code[:9]]
    at = visit.created_at + timedelta(hours=cast.dice.randint(1, 20))
    story.register(secretary, at)
    handled = at + timedelta(days=cast.dice.randint(1, 9))
    story.take(secretary, at + timedelta(hours=1))
    story.report_done(secretary, handled, result)
    satisfaction = cast.pick(["satisfied"] * 7 + ["basically"] * 2 + [""])
    story.confirm(coordinator, handled + timedelta(days=1), satisfaction)
    return story


def write_opinions(opinions):
    """Insert (opinion, story) pairs; an opinion points to the issue it became."""
    rows = []
    for opinion, story in opinions:
        opinion.issue = story.issue if story else None
        rows.append(opinion)
    Opinion.objects.bulk_create(rows, batch_size=400)
    stories.write_entries(
        [(row, entry_of(row, "visits.opinion", "add", {"handling": row.handling}), "", False) for row in rows]
    )


def write_log(visits):
    stories.write_entries(
        [(row, entry_of(row, "visits.visit", "log", {"outcome": row.outcome}), "", False) for row in visits]
    )


def entry_of(row, subject_type, verb, data):
    return Entry(
        subject_type=subject_type,
        verb=verb,
        data=data,
        actor=row.created_by,
        area_path=row.area_path,
        at=row.created_at,
    )
