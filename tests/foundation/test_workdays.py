import datetime as dt
import io
import time

import chinese_calendar
import holidays
import pytest
from django.core.management import CommandError, call_command
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from foundation.journal.models import Entry
from foundation.workdays import snapshot
from foundation.workdays.calendar import (
    ONE_DAY,
    ZONE,
    Due,
    add_workdays,
    due_after_hours,
    due_at,
    horizon,
    is_near_horizon,
    is_working,
    workdays_between,
)
from foundation.workdays.models import Workday, Year

D = dt.date
KNOWN_DAYS = st.dates(D(2022, 1, 1), D(2026, 12, 31))
# the calendar is loaded before the first example; hypothesis only reads it
READS_ONLY = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200, deadline=None)


def load(*arguments):
    out = io.StringIO()
    call_command("load_workdays", *arguments, stdout=out)
    return out.getvalue().strip()


@pytest.fixture
def calendar(db):
    load()


def at(year, month, day, hour=0, minute=0):
    return dt.datetime(year, month, day, hour, minute, tzinfo=ZONE)


@pytest.fixture
def no_calendar(db):
    """An installation that nobody has given a calendar yet."""
    Workday.objects.all().delete()
    Year.objects.all().delete()


@pytest.mark.usefixtures("calendar")
class TestAgainstTheOracles:
    def test_day_by_day_2022_to_2026(self):
        china = holidays.country_holidays("CN")
        day, differing = D(2022, 1, 1), []
        while day.year < 2027:
            if not is_working(day) == chinese_calendar.is_workday(day) == china.is_working_day(day):
                differing.append(day)
            day += ONE_DAY
        assert differing == []

    def test_2027_knows_the_statutory_days_only(self):
        china = holidays.country_holidays("CN")
        days = [D(2027, 1, 1) + number * ONE_DAY for number in range(365)]
        assert [day for day in days if is_working(day) != china.is_working_day(day)] == []
        assert not any(is_working(day) for day in days if day.weekday() >= 5)

    def test_the_make_up_days_of_2026(self):
        worked = {D(2026, 1, 4), D(2026, 2, 14), D(2026, 2, 28), D(2026, 5, 9), D(2026, 9, 20), D(2026, 10, 10)}
        assert set(Workday.objects.filter(date__year=2026, working=True).values_list("date", flat=True)) == worked

    @READS_ONLY
    @given(KNOWN_DAYS, st.integers(-60, 60))
    def test_the_nth_working_day(self, date, number):
        due = add_workdays(date, number).date
        first, last = (date + ONE_DAY, due) if number > 0 else (due, date - ONE_DAY)
        assert number == 0 or is_working(due)
        assert workdays_between(first - ONE_DAY, last) == abs(number)

    @READS_ONLY
    @given(KNOWN_DAYS, KNOWN_DAYS)
    def test_days_between(self, since, until):
        low, high = sorted((since, until))
        days = sum(chinese_calendar.is_workday(low + (n + 1) * ONE_DAY) for n in range((high - low).days))
        assert workdays_between(since, until) == (days if since <= until else -days)


@pytest.mark.usefixtures("calendar")
class TestVectors:
    @pytest.mark.parametrize(
        ("start", "number", "expected"),
        [
            (D(2026, 9, 30), 5, D(2026, 10, 13)),  # over the National Day
            (D(2026, 1, 3), 1, D(2026, 1, 4)),  # a make-up Sunday
            (D(2026, 2, 13), 1, D(2026, 2, 14)),
            (D(2026, 2, 14), 1, D(2026, 2, 24)),
            (D(2026, 10, 13), -5, D(2026, 9, 30)),
            (D(2026, 10, 1), 0, D(2026, 10, 1)),
        ],
    )
    def test_official(self, start, number, expected):
        assert add_workdays(start, number) == Due(expected, provisional=False)

    @pytest.mark.parametrize(
        ("start", "number", "expected"),
        [
            (D(2026, 12, 28), 5, D(2027, 1, 5)),
            (D(2027, 2, 4), 1, D(2027, 2, 11)),
            (D(2030, 9, 30), 1, D(2030, 10, 1)),  # nothing is known: Monday to Friday
            (D(2021, 12, 30), 1, D(2021, 12, 31)),
        ],
    )
    def test_provisional_never_crashes(self, start, number, expected):
        assert add_workdays(start, number) == Due(expected, provisional=True)

    def test_the_last_official_day_is_not_provisional(self):
        assert add_workdays(D(2026, 12, 28), 3) == Due(D(2026, 12, 31), provisional=False)

    def test_due_at_closing_time_not_counting_the_day_of_receipt(self):
        assert due_at(at(2026, 9, 30, 0, 1), 5) == due_at(at(2026, 9, 30, 23, 59), 5) == (at(2026, 10, 13, 18), False)

    def test_the_day_of_receipt_is_the_day_in_shanghai(self):
        received = dt.datetime(2026, 11, 22, 16, 30, tzinfo=dt.UTC)  # half past midnight of Monday the 23rd
        assert due_at(received, 1).at == at(2026, 11, 24, 18)

    def test_due_at_beyond_the_horizon(self):
        assert due_at(at(2026, 12, 28, 9), 5) == (at(2027, 1, 5, 18), True)

    @pytest.mark.parametrize(
        ("start", "hours", "expected"),
        [
            (at(2026, 11, 23, 9), 4, at(2026, 11, 23, 14, 30)),
            (at(2026, 11, 23, 8), 3, at(2026, 11, 23, 12)),
            (at(2026, 11, 23, 12, 30), 1, at(2026, 11, 23, 14, 30)),
            (at(2026, 11, 20, 17), 2, at(2026, 11, 23, 10)),  # over a weekend
            (at(2026, 9, 30, 17), 4, at(2026, 10, 8, 12)),  # over the National Day
            (at(2026, 11, 21, 10), 0.5, at(2026, 11, 23, 9, 30)),
        ],
    )
    def test_working_hours(self, start, hours, expected):
        assert due_after_hours(start, hours) == (expected, False)

    def test_working_hours_of_a_unit(self):
        around_the_clock = ((dt.time(0), dt.time(12)), (dt.time(12), dt.time(23, 59)))
        assert due_after_hours(at(2026, 11, 23, 8), 10, around_the_clock).at == at(2026, 11, 23, 18)


class TestHorizon:
    def test_known(self, calendar):
        assert horizon() == D(2026, 12, 31)
        assert not is_near_horizon(D(2026, 11, 1))
        assert is_near_horizon(D(2026, 11, 2))

    @pytest.mark.usefixtures("no_calendar")
    def test_without_any_calendar_monday_to_friday_is_provisional(self):
        assert horizon() is None
        assert is_near_horizon(D(2026, 11, 1))
        assert add_workdays(D(2026, 9, 30), 1) == Due(D(2026, 10, 1), provisional=True)


@pytest.mark.usefixtures("no_calendar")
class TestLoadWorkdays:
    def test_twice_changes_nothing(self):
        assert load() == "Done: 138 new, 0 changed, 0 removed, 0 kept."
        assert load() == "Done: 0 new, 0 changed, 0 removed, 0 kept."
        assert list(Year.objects.filter(official=True).values_list("year", flat=True)) == [2022, 2023, 2024, 2025, 2026]
        assert not Year.objects.get(year=2027).official

    def test_dry_run_writes_nothing(self):
        assert load("--dry-run").startswith("Would be: 138 new")
        assert not Workday.objects.exists()
        assert not Year.objects.exists()

    def test_the_notice_of_a_new_year_replaces_its_provisional_days(self, calendar, tmp_path):
        file = tmp_path / "2027.csv"
        file.write_text(
            "date,working,name,name_en,source,official\n"
            "2027-01-01,no,元旦,New Year's Day,国办发明电〔2026〕1号,yes\n"
            "2027-02-20,yes,春节调休上班,Make-up day,国办发明电〔2026〕1号,yes\n",
            encoding="utf-8",
        )
        assert load(str(file)) == "Done: 1 new, 1 changed, 12 removed, 0 kept."
        assert horizon() == D(2027, 12, 31)
        assert is_working(D(2027, 2, 20))
        assert is_working(D(2027, 10, 1))
        assert not is_working(D(2026, 10, 1))

    def test_what_a_person_decided_stays(self, calendar, anna):
        Workday.objects.decide(D(2026, 10, 1), True, "防汛", anna)
        assert load() == "Done: 0 new, 0 changed, 0 removed, 1 kept."
        assert is_working(D(2026, 10, 1))

    @pytest.mark.parametrize(
        "line",
        [
            "2026-13-01,no,x,x,x,yes",
            "2026-01-01,maybe,x,x,x,yes",
            "2026-01-01,no",
            "2026-01-05,no,x,x,x,yes\n2026-01-05,yes,x,x,x,yes",
        ],
    )
    def test_one_bad_line_refuses_the_file(self, tmp_path, line):
        file = tmp_path / "bad.csv"
        file.write_text(
            f"date,working,name,name_en,source,official\n2026-01-01,no,x,x,x,yes\n{line}\n", encoding="utf-8"
        )
        with pytest.raises(CommandError, match=r"line [34]"):
            load(str(file))
        assert not Workday.objects.exists()

    def test_an_empty_file_is_refused(self, tmp_path):
        (tmp_path / "empty.csv").write_text("", encoding="utf-8")
        with pytest.raises(CommandError, match="no days"):
            load(str(tmp_path / "empty.csv"))

    def test_a_missing_file_is_said(self, tmp_path):
        with pytest.raises(CommandError, match="missing"):
            load(str(tmp_path / "missing.csv"))


@pytest.mark.usefixtures("calendar")
class TestDecide:
    def test_a_local_closure_counts_at_once(self, anna):
        assert is_working(D(2026, 11, 24))
        day = Workday.objects.decide(D(2026, 11, 24), False, "停电", anna, name_en="Power cut")
        assert not is_working(D(2026, 11, 24))
        assert add_workdays(D(2026, 11, 23), 1).date == D(2026, 11, 25)
        entry = Entry.objects.get()
        assert (entry.subject_label, entry.verb, entry.actor) == (f"workdays.workday:{day.pk}", "decide", anna)
        assert (entry.before, entry.after, entry.data) == ("", "off", {"date": "2026-11-24"})

    def test_a_decision_can_be_taken_back(self, anna):
        Workday.objects.decide(D(2026, 10, 1), True, "防汛", anna)
        Workday.objects.decide(D(2026, 10, 1), False, "国庆节", anna)
        assert not is_working(D(2026, 10, 1))
        assert list(Entry.objects.order_by("pk").values_list("before", "after")) == [
            ("off", "working"),
            ("working", "off"),
        ]

    def test_confirming_a_year_moves_the_horizon(self, anna):
        Year.objects.confirm(2027, "国办发明电〔2026〕1号", anna)
        assert horizon() == D(2027, 12, 31)
        assert not add_workdays(D(2026, 12, 28), 5).provisional
        assert Entry.objects.get().verb == "confirm"

    def test_other_processes_see_it_within_a_minute(self, django_assert_num_queries):
        assert is_working(D(2026, 11, 24))
        Workday.objects.create(date=D(2026, 11, 24), working=False, name="停电")  # as another process would
        with django_assert_num_queries(0):
            assert is_working(D(2026, 11, 24))
        snapshot._kept = (time.monotonic() - 61, snapshot._kept[1])
        assert not is_working(D(2026, 11, 24))

    def test_fifty_rows_cost_two_queries(self, django_assert_num_queries):
        with django_assert_num_queries(2):
            for number in range(50):
                workdays_between(D(2026, 11, 23), D(2026, 11, 24) + number * ONE_DAY)
