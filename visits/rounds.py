"""Households as a visitor needs them: in walking order, with the last visit and whether the next one is due."""

from dataclasses import dataclass
from datetime import timedelta

from django.db.models import F, Max, OuterRef, Prefetch, Q, Subquery
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from communities.models import CareStandard, Household, Resident
from communities.models.care import CareLevel
from foundation.columns import narrowed
from foundation.templatetags.portal import day
from visits.models.visit import MET, RECENT_DAYS, Mode, Situation, Visit

# After so many days without a meeting a household shows up under "not met for long", on the care register or not.
LONG_DAYS = 180
WEEK = 7
# Somebody on priority care who comes home from hospital is called on within so many days.
HOME_AGAIN_DAYS = 1
# Days past are counted in words as long as the number says something; "1,398 days past" is a reproach to nobody in particular.
COUNTED_DAYS = 30
# Lines for opinions on a paper sheet.
LINES_ON_PAPER = 4
# So many visits within a few days, and the page says so before the next one (product.md, burden rule 6).
VISITS_BEFORE_HINT = 2


def households_for(user, *, now):
    """Households in the user's reach with `care_level` (1–3 or None), `awaits_visits` and `came_home_on` of those who can be called
    on there, `last_met_at`, and `last_seen_at`: the last meeting that was no telephone call (None: never).
    """
    met = Visit.objects.standing().met().filter(household=OuterRef("pk"), visited_at__lte=now)
    return (
        Household.objects.visible_to(user)
        .standing()
        .with_visit_level()
        .annotate(last_met_at=last_of(met), last_seen_at=last_of(met.exclude(mode=Mode.PHONE)))
    )


def last_of(visits):
    return Subquery(visits.order_by().values("household").annotate(last=Max("visited_at")).values("last")[:1])


def due(households, *, now):
    """Those whose interval for their care level has run out, and those on the care register who were never met."""
    before = {"met": "last_met_at__lt", "seen": "last_seen_at__lt"}
    never = {"met": Q(last_met_at__isnull=True), "seen": Q(last_seen_at__isnull=True)}

    def is_before(kind, day):
        # Whole days count: what is due today is due from the morning on.
        return Q(**{before[kind]: midnight(now) - (timezone.localdate(now) - day - timedelta(days=1))}) | never[kind]

    reach = Q(pk__in=[])
    for level in (*CareLevel.values, None):
        late = CareStandard.objects.current().late(level, today=timezone.localdate(now), is_before=is_before)
        # Whoever is not on the care register and was never met is met as it happens.
        reach |= Q(care_level=level) & late if level else Q(care_level__isnull=True) & ~never["met"] & late
    home_again = Q(care_level=CareLevel.PRIORITY, last_met_at__date__lt=F("came_home_on"))
    return households.filter(reach | home_again, awaits_visits=True)


def not_met_for_long(households, *, now):
    long_ago = Q(last_met_at__isnull=True) | Q(last_met_at__lt=now - timedelta(days=LONG_DAYS))
    return households.filter(long_ago, awaits_visits=True)


def priority(households):
    return households.filter(care_level=CareLevel.PRIORITY)


def visited_today(households, *, now):
    return households.filter(pk__in=Visit.objects.standing().filter(visited_at__gte=midnight(now)).values("household"))


def midnight(now):
    return timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)


def find(households, words):
    """By door ("3-1-201", "3 201"), address, name or phone; an empty text changes nothing."""
    return households.found_by(words)


def with_people(households):
    """Brings along place and community, and `people_here`: who lives there, the head of the household first."""
    people = Prefetch("residents", Resident.objects.here().order_by("-is_head", "pk"), to_attr="people_here")
    return households.select_related("building", "compound__community").prefetch_related(people)


def person_to_meet(household):
    """Who stands for a household in a list: the first who can be called on, else the first who lives there; None if nobody does."""
    people = household.people_here
    return next((person for person in people if person.is_visitable), people[0] if people else None)


def to_visit(households):
    """The same with as little as the form of a visit asks; saving one reads this, too."""
    people = Resident.objects.here().only("name", "household", "is_head", "purged_at").order_by("-is_head", "pk")
    rows = households.select_related("building", "compound").prefetch_related(
        Prefetch("residents", people, to_attr="people_here")
    )
    return narrowed(rows, building="name", compound="name community area_path")


def with_next(households, user):
    """Adds `next_id`, `next_stair` and `next_door` of the next household of the same building in walking order."""
    following = (
        Household.objects.visible_to(user)
        .standing()
        .filter(building=OuterRef("building"), walk_order__gt=OuterRef("walk_order"))
        .order_by("walk_order", "pk")
    )
    return households.annotate(
        next_id=Subquery(following.values("pk")[:1]),
        next_stair=Subquery(following.values("stair")[:1]),
        next_door=Subquery(following.values("door")[:1]),
    )


def visits_of_today(households, *, now):
    """{household's pk: its last visit of today} for the rows of one page."""
    visits = Visit.objects.standing().filter(household__in=households, visited_at__gte=midnight(now))
    return {visit.household_id: visit for visit in visits.order_by("visited_at", "pk")}


def recent_meetings(visits, *, now):
    """Of these visits those of the last days at which somebody was met: shown before a third one is made."""
    since = now - timedelta(days=RECENT_DAYS)
    return [visit for visit in visits if visit.outcome in MET and visit.visited_at >= since]


@dataclass(frozen=True)
class Due:
    """How it stands with the next visit: a tone, an icon and a word. No reproach in the words."""

    tone: str
    icon: str
    word: str


def due_of(household, *, now):
    """`Due` of a household of `households_for`, None where nothing is due and nobody is on the care register."""
    level, met_at = household.care_level, household.last_met_at
    if not household.awaits_visits:
        return None
    if met_at is None:
        return Due("bad" if level == CareLevel.PRIORITY else "warn", "alert", _("not met yet")) if level else None
    left = days_left(household, now=now)
    if left > 0 and level is None:
        return None
    if is_home_again(household) and left >= 0:
        when = _("today") if left == 0 else coming(left, now=now)
        return Due("warn", "clock", _("home from hospital, %(when)s") % {"when": when})
    if left > 0:
        return Due("calm", "clock", coming(left, now=now))
    tone = "bad" if level == CareLevel.PRIORITY else "warn"
    if left == 0:
        return Due(tone, "clock", _("due today"))
    if left < -COUNTED_DAYS:
        return Due(tone, "alert", _("due now"))
    return Due(tone, "alert", ngettext("%(days)s day past", "%(days)s days past", -left) % {"days": -left})


def is_due(household, *, now):
    """Whether a visit is due today or past; the same rule as `due`, for one household of `households_for`."""
    if not household.awaits_visits:
        return False
    if household.last_met_at is None:
        return household.care_level is not None
    return is_home_again(household) or days_left(household, now=now) <= 0


def is_home_again(household):
    """Whether somebody on priority care came home from hospital after the last meeting: due by the next day (domain.md 3.6)."""
    home_on, met_at = household.came_home_on, household.last_met_at
    return home_on is not None and met_at is not None and timezone.localdate(met_at) < home_on


def days_left(household, *, now):
    """Days until the next visit of a household that was met before; nought: today, less: past."""
    seen = household.last_seen_at
    due_on = next_due_on(household, seen_on=timezone.localdate(seen) if seen else None)
    if is_home_again(household):
        soon = household.came_home_on + timedelta(days=HOME_AGAIN_DAYS)
        due_on = min(due_on or soon, soon)
    return (due_on - timezone.localdate(now)).days if due_on else 0


def next_due_on(household, *, seen_on):
    """The day by which the standard of the place wants the next visit."""
    return CareStandard.objects.current().due_on(
        household.care_level,
        household.area_path,
        met_on=timezone.localdate(household.last_met_at),
        seen_on=seen_on,
    )


def chip_of(household, *, now, visit=None):
    """The one chip of a household's row: what happened today, else its care level with how the next visit stands."""
    if visit is not None:
        time = f"{timezone.localtime(visit.visited_at):%H:%M}"
        if visit.was_met:
            tone, icon = ("bad", "alert") if visit.situation == Situation.URGENT else ("ok", "check")
            return Due(tone, icon, _("visited %(time)s") % {"time": time})
        return Due("calm", "clock", _("tried %(time)s") % {"time": time})
    stands, level = due_of(household, now=now), household.care_level
    if stands is None or level is None:
        return stands
    return Due(stands.tone, stands.icon, f"{CareLevel(level).label} · {stands.word}")


def door_of(stair, door):
    """ "1单元 201": the door as it is called inside its building."""
    return " ".join(part for part in (f"{stair}单元" if stair.isdigit() else stair, door) if part)


def coming(days, *, now):
    if days == 1:
        return _("by tomorrow")
    if days < WEEK:
        until = timezone.localtime(now).date() + timedelta(days=days)
        return _("by %(weekday)s") % {"weekday": date_format(until, "l")}
    return ngettext("in %(days)s day", "in %(days)s days", days) % {"days": days}


def last_met_words(household, *, now):
    """ "last time 23 days ago", counted in calendar days."""
    if household.last_met_at is None:
        return _("no visit on record")
    days = (timezone.localtime(now).date() - timezone.localtime(household.last_met_at).date()).days
    if days <= 0:
        return _("last time today")
    if days > LONG_DAYS:
        return _("last time %(day)s") % {"day": day(household.last_met_at)}
    return ngettext("last time %(days)s day ago", "last time %(days)s days ago", days) % {"days": days}
