"""The working-day calendar: at a glance, decided day by day, official once the notice stands in it."""

from datetime import date

import pytest
from django.urls import reverse
from django.utils import timezone

from foundation.journal.models import Entry
from foundation.workdays.calendar import is_working
from foundation.workdays.models import Workday, Year
from tests.communities.conftest import filled

pytestmark = pytest.mark.django_db
LIST = "/workdays/"
MONDAY = date(2026, 6, 15)
SATURDAY = date(2026, 6, 20)


@pytest.fixture
def calendar(town):
    """The town brings its calendar along (2022 to 2026 official, 2027 provisional)."""
    assert Year.objects.get(year=2026).official
    assert not Year.objects.get(year=2027).official


def url(day):
    return reverse("workday_decide", args=[day])


def days(page):
    return {
        day.date: day for _first, weeks in page.context["months"] for week in weeks for day in week if day is not None
    }


class TestYear:
    def test_every_day_of_the_year_once(self, town, calendar, sign_in):
        client = sign_in(town.admin_of_district)
        assert [len(days(client.get(LIST, {"year": year}))) for year in (2024, 2026)] == [366, 365]

    def test_days_off_and_worked_weekends_are_marked(self, town, calendar, sign_in):
        shown = days(sign_in(town.secretary).get(LIST, {"year": 2026}))
        assert shown[date(2026, 10, 1)].mark == "off"
        assert shown[date(2026, 10, 10)].mark == "work"
        assert shown[MONDAY].mark == shown[SATURDAY].mark == ""

    def test_official_or_provisional(self, town, calendar, sign_in):
        client = sign_in(town.admin_of_district)
        assert client.get(LIST, {"year": 2026}).context["notice"].official
        assert not client.get(LIST, {"year": 2027}).context["notice"].official

    def test_nonsense_shows_this_year(self, town, calendar, sign_in):
        client = sign_in(town.admin_of_district)
        for year in ("", "x", "1999", "9999", "-5", "²"):
            assert client.get(LIST, {"year": year}).context["year"] == timezone.localdate().year

    def test_who_reads_who_decides(self, town, calendar, sign_in):
        reads = {"admin_of_district", "system_admin", "auditor", "secretary", "deputy", "coordinator", "outsider"}
        for who in reads | {"cadre", "grid_worker", "handler", "idle"}:
            client = sign_in(getattr(town, who))
            decides = who in {"admin_of_district", "system_admin"}
            assert client.get(LIST).status_code == (200 if who in reads else 403)
            assert client.get(url(MONDAY)).status_code == (200 if decides else 403)
            assert client.post(reverse("year_confirm", args=[2027]), {"source": ""}).status_code == (
                200 if decides else 403
            )
        assert not Year.objects.get(year=2027).official

    def test_queries(self, town, calendar, sign_in, sql_count):
        client = sign_in(town.admin_of_district)
        with sql_count(at_most=8):
            client.get(LIST, {"year": 2026})


class TestDecide:
    def decide(self, client, day, **typed):
        return client.post(url(day), filled(client.get(url(day)).context["form"]) | typed)

    def test_a_day_off_and_back(self, town, calendar, sign_in):
        client = sign_in(town.admin_of_district)
        answer = self.decide(client, MONDAY, working="no", name="停电", source="区政府通知")
        assert answer["Location"] == f"{LIST}?year=2026"
        assert not is_working(MONDAY)
        entry = Entry.objects.get(verb="decide")
        assert (entry.actor, entry.after, entry.data) == (town.admin_of_district, "off", {"date": "2026-06-15"})
        self.decide(client, MONDAY, working="yes", name="照常")
        assert is_working(MONDAY)

    def test_a_worked_saturday(self, town, calendar, sign_in):
        self.decide(sign_in(town.system_admin), SATURDAY, working="yes", name="调休上班")
        assert is_working(SATURDAY)
        assert Workday.objects.get(date=SATURDAY).decided_by == town.system_admin

    def test_the_form_begins_with_how_it_stands(self, town, calendar, sign_in):
        client = sign_in(town.admin_of_district)
        form = client.get(url(date(2026, 10, 1))).context["form"]
        assert (form["working"].value(), form["name"].value()) == ("no", "国庆节")
        assert client.get(url(MONDAY)).context["form"]["working"].value() == "yes"

    def test_twice_is_once(self, town, calendar, sign_in):
        client = sign_in(town.admin_of_district)
        for _time in range(2):
            self.decide(client, MONDAY, working="no", name="停电")
        assert Entry.objects.filter(verb="decide").count() == 1

    def test_invalid_changes_nothing(self, town, calendar, sign_in):
        client = sign_in(town.admin_of_district)
        for wrong in ({"name": ""}, {"working": "perhaps", "name": "停电"}, {"name": "长" * 61}):
            assert self.decide(client, MONDAY, **{"working": "no"} | wrong).context["form"].errors
        assert is_working(MONDAY)
        assert not Entry.objects.filter(verb="decide").exists()

    def test_days_that_are_none_or_too_far_away(self, town, calendar, sign_in):
        client = sign_in(town.admin_of_district)
        for address in ("2026-02-30", "2021-12-31", "2040-01-01", "26-1-1"):
            assert client.get(f"{LIST}{address}/").status_code == 404


class TestConfirm:
    def test_the_year_becomes_official_once(self, town, calendar, sign_in):
        client = sign_in(town.admin_of_district)
        for _time in range(2):
            answer = client.post(reverse("year_confirm", args=[2027]), {"source": "国办发明电〔2026〕9号"})
            assert answer["Location"] == f"{LIST}?year=2027"
        assert Year.objects.get(year=2027).official
        assert Entry.objects.filter(verb="confirm").count() == 1

    def test_it_needs_the_notice(self, town, calendar, sign_in):
        page = sign_in(town.admin_of_district).post(reverse("year_confirm", args=[2027]), {"source": " "})
        assert page.context["form"].errors
        assert not Year.objects.get(year=2027).official

    def test_only_years_of_the_calendar(self, town, calendar, sign_in):
        assert sign_in(town.admin_of_district).post(reverse("year_confirm", args=[1999])).status_code == 404
        assert sign_in(town.admin_of_district).get(reverse("year_confirm", args=[2027])).status_code == 405
