"""What looks current: visits of the last weeks and issues in every state, all counted back from today."""

from datetime import timedelta

from django.utils import timezone

from communities.models import CareStandard
from communities.models.unit import office_path
from foundation.notices.tell import tell
from issues.models import Category
from portal.demo import campaign2022, stories
from portal.demo.cast import HOME, RENMINJIE, XIANGLIN
from portal.demo.words import OPINIONS
from visits.models import Visit

SEEN = 0.8
ANSWERED, ON_SPOT = 46, 9
# How many open issues the home community has in each state, and how many days ago they were recorded.
HOME_ISSUES = [
    ("submitted", [0, 0, 0, 1, 1]),
    ("registered", [1, 2, 3, 4, 6]),
    ("sent_up", [1, 2, 5]),
    ("dispatched_bureau", [1, 2, 3, 9]),
    ("dispatched_property", [1, 2]),
    ("in_progress_bureau", [2, 4, 8, 14]),
    ("in_progress_property", [3, 5, 11]),
    ("in_progress_own", [2, 6]),
    ("verifying", [4, 6]),
    ("verifying_property", [5, 7, 9]),
    ("came_back", [6, 8]),
    ("closed", [9, 11, 12, 15, 16, 18, 20, 22, 24, 27, 30, 33, 36, 40]),
]


def play(cast):
    categories = {category.code: category for category in Category.objects.filter(area_path="")}
    told, opinions = said_and_settled(cast, recent_visits(cast), categories)
    stories.write(told)
    campaign2022.write_opinions(opinions)
    told, opinions = [], []
    texts = {}
    for code, title, text, result in OPINIONS:
        texts.setdefault(code, []).append((title, text, result))
    for state, ages in HOME_ISSUES:
        for age in ages:
            told.append(story(cast, HOME, state, age, categories, texts))
    for street in (XIANGLIN, RENMINJIE):
        for community in cast.places(street):
            if community.code != HOME:
                for state, age in (
                    ("submitted", 1),
                    ("registered", 3),
                    ("in_progress_own", 5),
                    ("verifying", 8),
                    ("closed", 12),
                    ("closed", 25),
                ):
                    told.append(story(cast, community.code, state, age + cast.dice.randrange(3), categories, texts))
    stories.write(told)
    said = [visit_behind(cast, tale.issue) for tale in told]
    Visit.objects.bulk_create(said, batch_size=400)
    campaign2022.write_log(said)
    for visit, tale in zip(said, told, strict=True):
        opinion = campaign2022.opinion_of(cast, visit, tale.issue.category, tale.issue.text, "register", "")
        opinions.append((opinion, tale))
    campaign2022.write_opinions(opinions)
    notices(cast, told)


def visit_behind(cast, issue):
    """The visit at which an issue was raised."""
    return campaign2022.visit_of(
        cast,
        issue.household,
        at=issue.submitted_at,
        by=issue.created_by,
        outcome="met",
        situation="attention",
        summary="当面听取意见，已登记。",
    )


def recent_visits(cast):
    """Most households were seen within the interval of their care level, the rest are due; none of it in the future."""
    today = timezone.localdate(cast.now)
    visitors = {f"{HOME}00{n}": cast.users[name] for n, name in ((1, "grid"), (2, "grid-2"), (3, "grid-3"))}
    visits = []
    for household in cast.households:
        if not household.area_path.startswith((XIANGLIN, RENMINJIE)):
            continue
        level = min((person.care_level for person in household.heads if person.care_level), default=None)
        days = cast.dice.randint(1, CareStandard.objects.current().days(level, household.area_path))
        if cast.dice.random() < SEEN:
            at = stories.office_hours(cast, today - timedelta(days=days))
            by = visitors.get(household.area_path) or cast.users["cadre"]
            visits.append(campaign2022.visit_of(cast, household, at=at, by=by))
    Visit.objects.bulk_create(visits, batch_size=400)
    campaign2022.write_log(visits)
    return visits


def said_and_settled(cast, visits, categories):
    """Opinions of the last weeks that needed no work order: answered at once, or solved on the spot."""
    since = cast.now - timedelta(days=28)
    met = [visit for visit in visits if visit.was_met and visit.visited_at >= since]
    told, opinions = [], []
    for number, visit in enumerate(met[: ANSWERED + ON_SPOT]):
        code, title, text, result = OPINIONS[number % len(OPINIONS)]
        tale = None
        if number < ON_SPOT:
            tale = campaign2022.closed_story(cast, visit, categories[code], title, text, result, on_spot=True)
            told.append(tale)
        handling = "on_spot" if tale else "answered"
        opinion = campaign2022.opinion_of(cast, visit, categories[code], text, handling, result if tale else "")
        opinions.append((opinion, tale))
    return told, opinions


def story(cast, code, state, age, categories, texts):
    """One issue that was recorded `age` days ago and has come as far as `state`."""
    to_bureau = state.endswith("bureau") or state == "sent_up"
    kinds = (
        ["lift", "lift", "lift", "lighting", "power_water"]
        if to_bureau
        else ["property", "sanitation", "parking", "pipes", "neighbours", "safety"]
    )
    category = categories[cast.pick(kinds)]
    title, text, result = cast.pick(texts[category.code])
    household = cast.pick(cast.of_community(code))
    now = cast.now
    at = min(stories.office_hours(cast, timezone.localdate(now) - timedelta(days=age)), now - timedelta(minutes=90))
    recorder = cast.users["grid"] if code == HOME and cast.dice.random() < 0.5 else cast.users["cadre"]
    tale = stories.begin(cast, household=household, category=category, title=title, text=text, by=recorder, at=at)
    secretary, coordinator = cast.secretaries[code], cast.coordinators[code[:9]]
    if state == "submitted":
        return tale

    def later(hours):
        """So many hours after the record, at an hour at which people work, after the step before, never after now."""
        then = timezone.localtime(at + timedelta(hours=hours))
        if not 8 <= then.hour < 18:
            then = (then + timedelta(hours=8)).replace(hour=9)
        then = max(then, tale.entries[-1][0].at)
        return min(then, now - timedelta(minutes=5))

    tale.register(secretary, later(1))
    if to_bureau:
        tale.send_up(secretary, later(2), cast.units[office_path(code[:9])], "需专业部门处理，社区已先行设置警示。")
        if state == "sent_up":
            return tale
        bureau = cast.units[
            {"lift": "驿城区住房和城乡建设局", "lighting": "驿城区城市管理局"}.get(category.code, "驿城区供水公司")
        ]
        handler = cast.users["handler"] if bureau.name.endswith("建设局") else cast.users[f"handler-{bureau.pk}"]
        tale.dispatch(coordinator, later(5), bureau)
        if state.startswith("in_progress"):
            tale.sign(handler, later(9))
            tale.comment(handler, later(20), "配件周五到货，已先在楼道张贴告示，请住户留意。")
        return tale
    if state.endswith("property"):
        tale.dispatch(secretary, later(3), cast.units["安居物业服务有限公司"])
        if not state.startswith("dispatched"):
            tale.sign(cast.users["property"], later(6))
        if state.startswith("verifying"):
            tale.report_done(cast.users["property"], later(48), result)
        return tale
    tale.take(secretary, later(3))
    if state in ("verifying", "closed", "came_back"):
        tale.report_done(secretary, later(48), result)
    if state == "came_back":
        tale.confirm_not(coordinator, later(72), "居民反映只修了一半，雨后又出现同样问题。")
    if state == "closed":
        tale.confirm(
            coordinator, later(80), cast.pick(["satisfied"] * 6 + ["basically", "basically", "dissatisfied", ""])
        )
    return tale


def notices(cast, told):
    """The inboxes as they would look: what the last two days brought."""
    since = cast.now - timedelta(days=2)
    kinds = {
        "report": ("issue_reported", lambda issue: [cast.secretaries[issue.area_path[:12]]]),
        "send_up": ("issue_sent_up", lambda issue: [cast.coordinators[issue.area_path[:9]]]),
        "report_done": ("issue_to_verify", lambda issue: [cast.coordinators[issue.area_path[:9]]]),
    }
    for tale in told:
        last = tale.entries[-1][0]
        if last.verb in kinds and last.at >= since and tale.issue.area_path.startswith(HOME):
            kind, people = kinds[last.verb]
            tell(people(tale.issue), kind, about=tale.issue, once="demo", params=tale.issue.gist)
