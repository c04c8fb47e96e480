"""The numbers of one place and its parts, by figure (foundation.figures), in five queries whatever the number of parts.

Facts count where they happened (`area_path_then`), households where they stand now. Everything starts from `visible_to`, so a
number never says more than the list behind it shows to the same reader.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from urllib.parse import urlencode

from django.db.models import Count, DateField, Sum, Value
from django.db.models.functions import Coalesce, Substr, TruncWeek
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _

from communities.models import Household
from communities.models.division import DIGITS, LEVEL_BY_DIGITS
from foundation.figures import Figure, Span
from foundation.paths import within
from foundation.templatetags.portal import named
from issues.figures import FIGURES as ISSUE_FIGURES
from issues.figures import alive
from issues.models import Issue
from issues.workflow import OPEN
from visits.figures import HOUSEHOLD_FIGURES, OPINION_FIGURES, VISIT_FIGURES
from visits.models import Opinion, Visit

FIGURES = {**VISIT_FIGURES, **OPINION_FIGURES, **HOUSEHOLD_FIGURES, **ISSUE_FIGURES}
FEWEST_WEEKS, MOST_WEEKS = 8, 53
# Below this denominator a percentage would say more than the numbers do.
FEWEST_FOR_PERCENT = 10


@dataclass(frozen=True)
class Number:
    """A figure's value in a place with the address of its rows; a template writes it as a link."""

    figure: Figure
    value: int
    url: str

    def __str__(self):
        return format_html(
            '<a class="number{}" href="{}" aria-label="{}: {}">{}</a>',
            "" if self.value else " zero",
            self.url,
            self.figure.title,
            self.value,
            self.value,
        )


@dataclass(frozen=True)
class Share:
    """A part of a whole. `percent` is None where the whole is too small for one."""

    part: Number
    whole: Number

    @property
    def percent(self):
        if self.whole.value < FEWEST_FOR_PERCENT:
            return None
        return round(100 * self.part.value / self.whole.value)


class Line:
    """The numbers of one place; `line["visits"]`, in a template `line.visits`, is a `Number`.

    `division` is None for what happened in the place itself and in none of its parts (`direct`), and where a code has no row.
    """

    SHARES = {
        "coverage": ("covered", "in_scope"),
        "solution": ("solved", "verified"),
        "satisfaction": ("satisfied", "asked"),
    }

    def __init__(self, code, values, period, *, division=None, direct=False):
        self.code, self.values, self.period = code, values, period
        self.division, self.direct = division, direct

    def __getitem__(self, name):
        if name in self.SHARES:
            part, whole = self.SHARES[name]
            return Share(self[part], self[whole])
        return Number(
            FIGURES[name], self.values.get(name, 0), address(name, self.code, self.period.days, direct=self.direct)
        )

    @property
    def name(self):
        """What the line is called: the place; its code, if no row is there any more; what lies in none of the parts."""
        if self.direct:
            return _("in none of these")
        return named(self.division) if self.division else self.code

    @property
    def is_empty(self):
        return not any(self.values.values())


def address(name, code, days, *, direct=False):
    """Where the rows behind a figure are listed; `days` are the parameters `since` and `until`."""
    query = {"figure": name} if FIGURES[name].is_now else {"figure": name, **days}
    if direct:
        query["direct"] = "on"
    if name in HOUSEHOLD_FIGURES:
        return f"{reverse('dashboard_households', args=[code])}?{urlencode(query)}"
    page = "visit_list" if name in VISIT_FIGURES else "opinion_list" if name in OPINION_FIGURES else "issue_list"
    return f"{reverse(page)}?{urlencode({'area': code, **query})}"


@dataclass(frozen=True)
class Week:
    """Monday to Sunday, with the visits of the week and the issues that came in and were closed."""

    monday: date
    code: str
    values: dict

    WEEKLY = ("visits", "raised", "closed")

    @property
    def sunday(self):
        return self.monday + timedelta(days=6)

    def __getitem__(self, name):
        if name not in self.WEEKLY:
            raise KeyError(name)
        days = {"since": self.monday.isoformat(), "until": self.sunday.isoformat()}
        return Number(FIGURES[name], self.values.get(name, 0), address(name, self.code, days))


class Board:
    """All numbers of a place for a period, as `user` may see them.

    `parts` are the divisions directly below; those that stand no more are shown while something happened in them.
    """

    def __init__(self, user, place, parts, period):
        self.user, self.place, self.period = user, place, period
        self.span = period.span
        values = self.count()
        self.total = Line(place.code, added_up(values.values()), period, division=place)
        self.lines = self.lines_of(parts, values)
        self.weeks = self.count_weeks()

    @property
    def rows(self):
        """How many rows of numbers there are: places, their sum, weeks."""
        return len(self.lines) + 1 + len(self.weeks)

    @property
    def open_by_state(self):
        return [self.total[state] for state in OPEN]

    @property
    def open_by_age(self):
        return [self.total[name] for name in ISSUE_FIGURES if name.startswith("age_")]

    def lines_of(self, parts, values):
        """One line for each part in order of its code, and one for what happened in none of them."""
        if not parts:
            return []
        own = values.pop(self.place.code, {})
        names = {part.code: part for part in parts}
        lines = [
            Line(code, values.get(code, {}), self.period, division=names.get(code))
            for code in sorted({*names, *values})
        ]
        direct = Line(self.place.code, own, self.period, direct=True)
        # A part that stands no more is shown while something counts in it: its history is not lost.
        return [line for line in [*lines, direct] if not line.is_empty or stands(line.division, self.span.today)]

    def count(self):
        """{code of a part: {figure: value}}"""
        values = {}
        for rows, field, figures in self.sources():
            counts = {f"n_{name}": Count("pk", filter=figure.condition(self.span)) for name, figure in figures.items()}
            if "people" in figures:
                counts["n_people"] = Coalesce(Sum("people_met", filter=figures["people"].condition(self.span)), 0)
            grouped = rows.order_by().values(part=Substr(field, 1, self.width)).annotate(**counts)
            for row in grouped:
                part = values.setdefault(row.pop("part"), {})
                part.update({name.removeprefix("n_"): value for name, value in row.items()})
        for part, name, number in self.households():
            values.setdefault(part, {})[name] = number
        for part in values.values():
            part["not_covered"] = part.get("in_scope", 0) - part.get("covered", 0)
        return values

    def households(self):
        """(code of a part, "in_scope" or "covered", how many); what is not covered is the rest.

        A query for each, joined to one: whether somebody was met is asked of the visits of the period, not of every household.
        """
        scoped = self.here(Household, "area_path")
        in_scope, covered = (
            scoped.filter(FIGURES[name].condition(self.span))
            .order_by()
            .values(part=Substr("area_path", 1, self.width), figure=Value(name))
            .annotate(n=Count("pk"))
            .values_list("part", "figure", "n")
            for name in ("in_scope", "covered")
        )
        return in_scope.union(covered, all=True)

    def sources(self):
        """What is counted in one go: rows, the field of their place, their figures. Rows that no figure counts are left out early."""
        span = self.span
        return [
            (self.here(Visit).filter(span.holds("visited_at")), "area_path_then", VISIT_FIGURES),
            (self.here(Opinion).filter(span.holds("visit__visited_at")), "area_path_then", OPINION_FIGURES),
            (alive(self.here(Issue), span), "area_path_then", ISSUE_FIGURES),
        ]

    def here(self, model, field="area_path_then"):
        return model.objects.visible_to(self.user).standing().filter(within(self.place.code, field))

    @property
    def width(self):
        """How many digits tell the parts of the place apart."""
        longer = [digits for digits in LEVEL_BY_DIGITS if digits > len(self.place.code)]
        return min(longer, default=max(DIGITS.values()))

    def count_weeks(self):
        mondays = weeks_of(self.span)
        span = Span(self.span.now, mondays[0], mondays[-1] + timedelta(days=6))
        visits, raised, closed_ones = (
            self.here(model)
            .filter(FIGURES[name].condition(span))
            .order_by()
            .values(figure=Value(name), week=TruncWeek(field, output_field=DateField()))
            .annotate(n=Count("pk"))
            .values_list("figure", "week", "n")
            for name, model, field in (
                ("visits", Visit, "visited_at"),
                ("raised", Issue, "submitted_at"),
                ("closed", Issue, "closed_at"),
            )
        )
        found = {(week, name): n for name, week, n in visits.union(raised, closed_ones, all=True)}
        first = min((monday for monday, _name in found), default=mondays[-1])
        return [
            Week(monday, self.place.code, {name: found.get((monday, name), 0) for name in Week.WEEKLY})
            for monday in mondays
            if monday >= min(first, mondays[-FEWEST_WEEKS])
        ]


def added_up(lines):
    total = {}
    for line in lines:
        for name, value in line.items():
            total[name] = total.get(name, 0) + value
    return total


def stands(division, today):
    if division is None:
        return False
    return (division.since is None or division.since <= today) and (division.until is None or division.until > today)


def weeks_of(span):
    """The Mondays of the whole weeks that the trend shows: those of the span, at least eight, at most the last fifty-three."""
    last = span.until - timedelta(days=span.until.weekday())
    first = span.since - timedelta(days=span.since.weekday())
    count = min(max((last - first).days // 7 + 1, FEWEST_WEEKS), MOST_WEEKS)
    return [last - timedelta(weeks=back) for back in range(count - 1, -1, -1)]
