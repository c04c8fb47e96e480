"""Working days and the deadlines counted in them, by the State Council's yearly notices.

The day of receipt is not counted; a limit of N working days ends at 18:00 of the N-th. What reaches into a year without
an official notice is answered by Monday to Friday and the days known so far, and says that it is provisional.
"""

import datetime as dt
from bisect import bisect_right
from dataclasses import dataclass
from itertools import accumulate
from typing import NamedTuple
from zoneinfo import ZoneInfo

from foundation.workdays import snapshot
from foundation.workdays.models import Workday, Year

ZONE = ZoneInfo("Asia/Shanghai")
CLOSING = dt.time(18)
OFFICE_HOURS = ((dt.time(9), dt.time(12)), (dt.time(13, 30), CLOSING))
ONE_DAY = dt.timedelta(days=1)


class Due(NamedTuple):
    date: dt.date
    provisional: bool


class DueAt(NamedTuple):
    at: dt.datetime
    provisional: bool


@dataclass(frozen=True)
class Calendar:
    """All exceptional days: `days` maps date -> worked?; `shifts` counts, up to each of `dates`, days won and lost."""

    days: dict
    official_years: frozenset
    dates: list
    shifts: list

    @classmethod
    def load(cls):
        days = dict(Workday.objects.order_by("date").values_list("date", "working"))
        official = frozenset(Year.objects.filter(official=True).values_list("year", flat=True))
        steps = [working - _is_weekday(date) for date, working in days.items()]
        return cls(days, official, list(days), [0, *accumulate(steps)])

    def is_working(self, date):
        working = self.days.get(date)
        return _is_weekday(date) if working is None else working

    def worked_until(self, date):
        """Working days from the beginning of time to `date` inclusive; meaningful as a difference only."""
        return _weekdays_until(date) + self.shifts[bisect_right(self.dates, date)]


def _is_weekday(date):
    return date.weekday() < 5


def _weekdays_until(date):
    weeks, rest = divmod(date.toordinal(), 7)  # ordinal 1 is a Monday
    return weeks * 5 + min(rest, 5)


def _calendar():
    return snapshot.current(Calendar.load)


def is_working(date):
    """Is `date` a working day?"""
    return _calendar().is_working(date)


def add_workdays(date, n):
    """The `n`-th working day after `date` (before it, if `n` is negative; `date` itself for 0) as Due."""
    calendar = _calendar()
    step = ONE_DAY if n > 0 else -ONE_DAY
    day, left = date, abs(n)
    provisional = day.year not in calendar.official_years
    while left:
        day += step
        left -= calendar.is_working(day)
        provisional = provisional or day.year not in calendar.official_years
    return Due(day, provisional)


def due_at(start, days):
    """The end of a limit of `days` working days that begins with receipt at `start` (aware datetime), as DueAt."""
    due = add_workdays(start.astimezone(ZONE).date(), days)
    return DueAt(dt.datetime.combine(due.date, CLOSING, ZONE), due.provisional)


def due_after_hours(start, hours, office_hours=OFFICE_HOURS):
    """`hours` working hours after `start` (aware datetime), as DueAt; `office_hours` are pairs of local times."""
    calendar = _calendar()
    left = dt.timedelta(hours=hours)
    moment = start.astimezone(ZONE)
    day, provisional = moment.date(), False
    while True:
        provisional = provisional or day.year not in calendar.official_years
        for opens, closes in office_hours if calendar.is_working(day) else ():
            begin = max(moment, dt.datetime.combine(day, opens, ZONE))
            open_for = dt.datetime.combine(day, closes, ZONE) - begin
            if open_for >= left and open_for > dt.timedelta():
                return DueAt(begin + left, provisional)
            left -= max(open_for, dt.timedelta())
        day += ONE_DAY


def workdays_between(since, until):
    """Working days after `since` up to and including `until`; negative if `until` is earlier. Both are dates."""
    calendar = _calendar()
    return calendar.worked_until(until) - calendar.worked_until(since)


def horizon():
    """The last day for which an official calendar is known; None if there is none at all."""
    years = _calendar().official_years
    return dt.date(max(years), 12, 31) if years else None


def is_near_horizon(today, days=60):
    """Do fewer than `days` days of official calendar lie ahead? Then somebody must enter the next notice."""
    last = horizon()
    return last is None or (last - today).days < days
