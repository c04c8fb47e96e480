"""visit_list and visit_export: filters by address, search by POST, exactly these rows."""

from datetime import datetime, timedelta
from io import BytesIO
from uuid import uuid4

import pytest
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook

from communities.models import Building, Compound, Household
from foundation.journal.models import Access
from tests.visits.conftest import add_door, line, log
from visits.filters import VisitFilter, filter_visits
from visits.models import Visit

pytestmark = pytest.mark.django_db


def shown(page):
    return list(page.context["page"].object_list)


def moment(*numbers):
    return datetime(*numbers, tzinfo=timezone.get_default_timezone())


@pytest.fixture
def next_household(town):
    """A household of the neighbouring community in the same street."""
    compound = Compound.objects.add(
        by=town.coordinator, client_uuid=uuid4(), community=town.next_community, name="文明小区"
    )
    building = Building.objects.add(by=town.coordinator, compound=compound, name="1号楼")
    return Household.objects.add(by=town.coordinator, client_uuid=uuid4(), building=building, door="101")


class TestVisitList:
    def test_in_my_area_and_mine(self, town, at_work, next_household):
        mine = log(town)
        theirs = log(town, by=town.secretary)
        elsewhere = log(town, household=next_household)
        assert set(shown(at_work(town.cadre).get(reverse("visit_list")))) == {mine, theirs, elsewhere}
        only_mine = at_work(town.secretary).get(reverse("visit_list"), {"visitor": town.secretary.pk})
        assert shown(only_mine) == [theirs] and only_mine.context["is_mine"]
        assert set(shown(at_work(town.secretary).get(reverse("visit_list")))) == {mine, theirs}
        assert shown(at_work(town.outsider).get(reverse("visit_list"))) == []

    def test_who_has_nothing_to_do_with_visits_is_refused(self, town, at_work):
        for who in (town.handler, town.system_admin, town.idle):
            assert at_work(who).get(reverse("visit_list")).status_code == 403

    def test_both_dates_and_the_totals_are_shown(self, town, at_work):
        log(town, visited_at=timezone.now() - timedelta(days=3), people_met=4)
        log(town, outcome="nobody_home", situation="")
        page = at_work(town.secretary).get(reverse("visit_list"))
        assert page.context["totals"] == {"visits": 2, "people_met": 4}

    def test_search_by_post(self, town, at_work):
        visit = log(town, summary="老人说楼道灯不亮")
        other = log(town, household=add_door(town, door="402", name="陈大爷"))
        browser = at_work(town.secretary)
        for words, expected in (("楼道灯", visit), ("王秀英", visit), ("3-1-402", other), ("陈大爷", other)):
            assert shown(browser.post(reverse("visit_list"), {"q": words})) == [expected], words
        assert len(shown(browser.get(reverse("visit_list"), {"q": "楼道灯"}))) == 2

    def test_pages(self, town, at_work):
        for _count in range(51):
            log(town)
        assert len(shown(at_work(town.secretary).get(reverse("visit_list"), {"page": 2}))) == 1

    @pytest.mark.parametrize("who", ["grid_worker", "secretary", "cadre", "admin_of_district"])
    def test_cost(self, town, at_work, add_doors, sql_count, who):
        browser = at_work(getattr(town, who))
        queries = [{}, {"area": town.community.code}, {"area": town.street.code, "outcome": "met", "opinions": "on"}]
        for query in queries:
            with sql_count(at_most=8):
                browser.get(reverse("visit_list"), query)
        for household in add_doors(town, 20):
            log(town, household=household, opinions=[line(town)])
        for query in queries:
            with sql_count(at_most=8):
                assert len(shown(browser.get(reverse("visit_list"), query))) == 20


class TestFilters:
    """The parameters that dashboards link with."""

    def found(self, **data):
        return set(filter_visits(Visit.objects.standing(), data))

    def test_days_are_inclusive_and_local(self, town):
        early = log(town, visited_at=moment(2026, 7, 1, 0, 0))
        late = log(town, visited_at=moment(2026, 7, 31, 23, 59))
        after = log(town, visited_at=moment(2026, 8, 1, 0, 0))
        assert self.found(since="2026-07-01", until="2026-07-31") == {early, late}
        assert self.found(since="2026-08-01") == {after}

    def test_area(self, town, next_household):
        here, there = log(town), log(town, household=next_household)
        assert self.found(area=town.street.code) == {here, there}
        assert self.found(area=town.community.code) == {here}
        assert self.found(area=town.other_street.code) == set()
        assert self.found(area=town.grid_area.code, direct="1") == {here}
        assert self.found(area=town.street.code, direct="1") == set()

    def test_outcome(self, town):
        met, family = log(town), log(town, outcome="proxy_met")
        away = log(town, outcome="nobody_home", situation="")
        assert self.found(outcome="met") == {met, family}
        assert self.found(outcome="proxy_met") == {family}
        assert self.found(outcome="not_met") == {away}

    def test_the_rest(self, town):
        visit = log(town, situation="attention", mode="phone", opinions=[line(town)])
        other = log(town, by=town.secretary, household=add_door(town, door="402"))
        assert self.found(situation="attention") == self.found(mode="phone") == self.found(opinions="on") == {visit}
        assert self.found(visitor=town.secretary.pk) == self.found(household=other.household_id) == {other}
        assert self.found(compound=town.compound.pk) == {visit, other}

    def test_the_last_visit_of_each_household_within_the_rest(self, town):
        first = log(town, visited_at=moment(2026, 7, 1, 10))
        log(town, outcome="nobody_home", situation="", visited_at=moment(2026, 7, 3, 10))
        second = log(town, visited_at=moment(2026, 7, 2, 10))
        assert self.found(outcome="met", latest="on") == {second}
        assert self.found(outcome="met", latest="on", until="2026-07-01") == {first}

    def test_figures(self, town):
        met = log(town)
        log(town, outcome="nobody_home", situation="")
        assert self.found(figure="met") == {met}
        assert self.found(figure="nonsense") == set()

    @pytest.mark.parametrize("data", [{"since": "soon"}, {"outcome": "asleep"}, {"area": "41x"}, {"visitor": "me"}])
    def test_nonsense_is_left_out_and_said(self, town, at_work, data):
        visit = log(town)
        assert self.found(**data) == {visit}
        page = at_work(town.secretary).get(reverse("visit_list"), data)
        assert shown(page) == [visit] and page.context["filter"].errors

    def test_what_is_not_on_the_page_is_carried_along(self, town, at_work):
        data = {"household": town.household.pk, "figure": "visits", "latest": "on"}
        page = at_work(town.secretary).get(reverse("visit_list"), data)
        assert {("household", str(town.household.pk)), ("figure", "visits")} <= set(page.context["filter"].kept)

    def test_choices_are_those_of_ones_own_area(self, town, at_work):
        page = at_work(town.secretary).get(reverse("visit_list"))
        fields = {
            bound.name: [value for value, _label in bound.field.widget.choices]
            for bound in page.context["filter"].shown
            if hasattr(bound.field.widget, "choices")
        }
        assert fields["compound"] == ["", town.compound.pk]
        assert set(fields["visitor"]) == {
            "",
            town.cadre.pk,
            town.secretary.pk,
            town.deputy.pk,
            town.grid_worker.pk,
            town.coordinator.pk,
        }
        assert "area" not in fields
        areas = VisitFilter({})
        areas.offer(town.admin_of_district)
        offered = [code for code, _name in areas.fields["area"].widget.choices]
        assert town.street.code in offered and town.far_community.code not in offered


class TestVisitExport:
    def export(self, browser, query="", **typed):
        return browser.post(reverse("visit_export") + query, {"purpose": "月度汇总"} | typed)

    def rows(self, answer):
        return list(load_workbook(BytesIO(answer.content)).active.values)

    def test_exactly_what_is_shown_with_masked_names(self, town, at_work):
        log(town, summary="=1+1", opinions=[line(town)])
        log(town, outcome="nobody_home", situation="")
        answer = self.export(at_work(town.secretary), "?outcome=met")
        headings, row = self.rows(answer)
        assert len(headings) == len(row) and "王**" in row and "王秀英" not in row
        assert (
            row[-2] == "=1+1" and load_workbook(BytesIO(answer.content)).active.cell(2, len(row) - 1).data_type == "s"
        )
        assert isinstance(row[0], datetime) and row[0].date() == timezone.localdate()

    def test_a_search_goes_along(self, town, at_work):
        log(town, summary="楼道灯不亮")
        log(town)
        assert len(self.rows(self.export(at_work(town.secretary), q="楼道灯"))) == 2

    def test_is_logged_with_its_purpose(self, town, at_work):
        log(town)
        self.export(at_work(town.secretary))
        access = Access.objects.get()
        assert (access.actor, access.what, access.reason, access.rows) == (
            town.secretary,
            "export:visits",
            "月度汇总",
            1,
        )

    def test_without_a_purpose_nothing_leaves(self, town, at_work):
        answer = self.export(at_work(town.secretary), "?outcome=met", purpose="")
        assert answer.url == reverse("visit_list") + "?outcome=met" and not Access.objects.exists()

    def test_nobody_exports_what_he_does_not_see(self, town, at_work):
        log(town)
        assert len(self.rows(self.export(at_work(town.outsider)))) == 1
        assert self.export(at_work(town.handler)).status_code == 403
        assert at_work(town.secretary).get(reverse("visit_export")).status_code == 405
