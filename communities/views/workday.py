import calendar
import datetime as dt
from dataclasses import dataclass

from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext as _
from django.utils.translation import pgettext_lazy
from django.views.decorators.http import require_POST, require_safe

from communities.access import CHANGE, demand, may
from communities.forms.workday import WorkdayForm, YearForm
from foundation.shortcuts import posted
from foundation.workdays.models import Workday, Year

FIRST_YEAR = 2022
YEARS_AHEAD = 1
SATURDAY = 5
SHORT_WEEKDAYS = [
    pgettext_lazy("weekday", "Mo"),
    pgettext_lazy("weekday", "Tu"),
    pgettext_lazy("weekday", "We"),
    pgettext_lazy("weekday", "Th"),
    pgettext_lazy("weekday", "Fr"),
    pgettext_lazy("weekday", "Sa"),
    pgettext_lazy("weekday", "Su"),
]


@dataclass(frozen=True)
class Day:
    """A day of the calendar page: `mark` is "off" or "work" where it differs from what its weekday says."""

    date: dt.date
    row: Workday | None

    @property
    def is_weekend(self):
        return self.date.weekday() >= SATURDAY

    @property
    def working(self):
        return not self.is_weekend if self.row is None else self.row.working

    @property
    def mark(self):
        if self.working == (not self.is_weekend):
            return ""
        return "work" if self.working else "off"


@require_safe
def workday_list(request):
    """The working days of a year at a glance; whoever may, opens a day and decides it."""
    demand(request.user, "calendar")
    return year_page(request, asked_year(request), YearForm())


def asked_year(request):
    asked = request.GET.get("year")
    return next((year for year in years_offered() if str(year) == asked), timezone.localdate().year)


def years_offered():
    return range(FIRST_YEAR, timezone.localdate().year + YEARS_AHEAD + 1)


def year_page(request, year, form):
    rows = {row.date: row for row in Workday.objects.filter(date__year=year)}
    context = {
        "year": year,
        "years": years_offered(),
        "notice": Year.objects.filter(year=year).first(),
        "rows": list(rows.values()),
        "months": months_of(year, rows),
        "weekdays": [(short, WEEKDAYS[number]) for number, short in enumerate(SHORT_WEEKDAYS)],
        "may_change": may(request.user, "calendar", CHANGE),
        "sees_deliveries": may(request.user, "delivery"),
        "form": form,
    }
    return render(request, "communities/workday_list.html", context)


def months_of(year, rows):
    """[(first day, weeks)] of the twelve months; a week is seven `Day`s from Monday, None outside the month."""
    monday_first = calendar.Calendar(calendar.MONDAY)
    return [
        (
            dt.date(year, month, 1),
            [days_of(week, year, month, rows) for week in monday_first.monthdayscalendar(year, month)],
        )
        for month in range(1, 13)
    ]


def days_of(week, year, month, rows):
    dates = [dt.date(year, month, number) if number else None for number in week]
    return [date and Day(date, rows.get(date)) for date in dates]


def workday_decide(request, day):
    """Decide that a day is worked or not. Limits that have been set stay; new ones count by it."""
    demand(request.user, "calendar", CHANGE)
    if day.year not in years_offered():
        raise Http404
    row = Workday.objects.filter(date=day).first()
    now = Day(day, row)
    form = WorkdayForm(posted(request), initial=facts_of(now))
    if request.method == "POST" and form.is_valid():
        Workday.objects.decide(day, by=request.user, **form.cleaned_data)
        messages.success(request, _("The calendar is changed."))
        return redirect(address_of(day.year))
    return render(request, "communities/workday_decide.html", {"day": now, "form": form})


def facts_of(day):
    named = {name: getattr(day.row, name) for name in ("name", "name_en", "source")} if day.row else {}
    return {"working": "yes" if day.working else "no", **named}


@require_POST
def year_confirm(request, year):
    """The notice of the State Council stands in the calendar: the year's days are official from now on."""
    demand(request.user, "calendar", CHANGE)
    if year not in years_offered():
        raise Http404
    form = YearForm(request.POST)
    if not form.is_valid():
        return year_page(request, year, form)
    Year.objects.confirm(year, by=request.user, **form.cleaned_data)
    messages.success(request, _("The year is official now; new limits are no longer marked as provisional."))
    return redirect(address_of(year))


def address_of(year):
    return f"{reverse('workday_list')}?year={year}"
