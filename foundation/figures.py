"""Figures: numbers that a page shows and that lead to their rows.

A figure is one condition with a name. The dashboard counts by it and the list filters by it, so that a number and the list
behind it cannot differ. The apps keep theirs in `<app>/figures.py`; what each one counts stands in docs/counting.md.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db.models import Q
from django.utils import timezone
from django.utils.dateparse import parse_date

from foundation.paths import within


def start_of(day):
    """The first moment of a day in local time."""
    return timezone.make_aware(datetime.combine(day, time.min))


@dataclass(frozen=True)
class Span:
    """Days from `since` to `until`, both included, either of them open; `now` is the moment the page was asked for."""

    now: datetime
    since: date | None = None
    until: date | None = None

    @property
    def today(self):
        return timezone.localdate(self.now)

    def holds(self, field):
        """The condition "the moment `field` lies in these days"."""
        condition = Q()
        if self.since:
            condition &= Q(**{f"{field}__gte": start_of(self.since)})
        if self.until:
            condition &= Q(**{f"{field}__lt": start_of(self.until + timedelta(days=1))})
        return condition

    def back_to_days_ago(self, days, field):
        """The condition "`field` lies on the day so many days ago or later"."""
        return Q(**{f"{field}__gte": start_of(self.today - timedelta(days=days))})

    def before_days_ago(self, days, field):
        """The condition "`field` lies before the day so many days ago"."""
        return Q(**{f"{field}__lt": start_of(self.today - timedelta(days=days))})


def span_of(params, *, now):
    """The span that a query string names with `since` and `until`; a date that is none leaves its end open."""
    return Span(now, day_in(params, "since"), day_in(params, "until"))


def day_in(params, name):
    try:
        day = parse_date(params.get(name, ""))
    except ValueError:
        return None
    return day if day and 1900 < day.year < 9000 else None


@dataclass(frozen=True)
class Figure:
    """`condition(span)` gives the rows that count; `how` says it in words. `is_now`: as things stand, whatever the days."""

    title: str
    how: str
    condition: Callable[[Span], Q]
    is_now: bool = False


def counted(queryset, params, figures, *, now, field="area_path_then"):
    """The rows behind the number that a query string names: `figure`, `since`, `until`, `area`, `direct`.

    Places are those where a thing happened (`area_path_then`), so that a community that has moved keeps its history;
    `direct` leaves out the places below. An unknown figure has no rows.
    """
    figure = figures.get(params.get("figure", ""))
    if figure is None:
        return queryset.none()
    here = place(params.get("area", ""), direct=bool(params.get("direct")), field=field)
    return queryset.filter(figure.condition(span_of(params, now=now)), here)


def place(code, *, direct=False, field="area_path_then"):
    """The condition "it happened in this place", with `direct` in none of the places below."""
    return Q(**{field: code}) if direct else within(code, field)
