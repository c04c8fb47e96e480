"""visit_detail and the sheets on paper: visit_print, visit_sheet, visit_blank."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from foundation.templatetags.portal import moment
from tests.visits.conftest import line, log

pytestmark = pytest.mark.django_db


class TestVisitDetail:
    def test_both_dates_and_what_became_of_each_line(self, town, at_work):
        visit = log(
            town,
            visited_at=timezone.now() - timedelta(days=2),
            opinions=[line(town), line(town, text="问医保", handling="answered")],
        )
        page = at_work(town.secretary).get(visit.get_absolute_url()).content.decode()
        assert moment(visit.visited_at) in page and moment(visit.created_at) in page
        opinion = visit.opinions.get(handling="register")
        assert opinion.issue.number in page and reverse("issue_detail", args=[opinion.issue_id]) in page

    def test_a_confidential_line_is_counted_and_not_read(self, town, at_work):
        visit = log(town, opinions=[line(town, text="邻居占道", confidential=True, handling="answered")])
        for who, reads in (
            (town.cadre, True),
            (town.secretary, True),
            (town.grid_worker, False),
            (town.auditor, False),
        ):
            page = at_work(who).get(visit.get_absolute_url())
            assert ("邻居占道" in page.content.decode()) is reads
            assert len(page.context["opinions"]) == 1

    def test_the_handler_reads_a_confidential_line(self, town):
        visit = log(town, opinions=[line(town, text="电梯里有人吸烟", category=town.lift, confidential=True)])
        issue = visit.opinions.get().issue
        issue.register(by=town.secretary)
        issue.take(by=town.deputy)
        opinions = visit.opinions.all()
        assert opinions.readable_by(town.deputy).exists()
        assert not opinions.readable_by(town.coordinator).exists()

    @pytest.mark.parametrize(("who", "status"), [("auditor", 200), ("outsider", 404), ("handler", 404)])
    def test_who_sees_it(self, town, at_work, who, status):
        assert at_work(getattr(town, who)).get(log(town).get_absolute_url()).status_code == status

    def test_buttons_are_those_one_may_press(self, town, at_work):
        visit = log(town)
        addresses = {verb: reverse(f"visit_{verb}", args=[visit.pk]) for verb in ("edit", "void")}
        for who, expected in ((town.cadre, {"edit", "void"}), (town.secretary, {"void"}), (town.auditor, set())):
            page = at_work(who).get(visit.get_absolute_url()).content.decode()
            assert {verb for verb, url in addresses.items() if f'href="{url}"' in page} == expected

    def test_cost(self, town, at_work, sql_count):
        browser = at_work(town.secretary)
        for number in (1, 20):
            visit = log(town, opinions=[line(town, text=f"第{count}条") for count in range(number)])
            for count in range(number):
                visit.correct(by=town.cadre, now=timezone.now(), summary=f"第{count}次")
            with sql_count(at_most=10):
                browser.get(visit.get_absolute_url())


class TestPaper:
    def test_visit_print_is_filled(self, town, at_work):
        visit = log(town, summary="腿疼", opinions=[line(town), line(town, text="保密的话", confidential=True)])
        page = at_work(town.cadre).get(reverse("visit_print", args=[visit.pk])).content.decode()
        assert "腿疼" in page and "楼道灯坏了半个月" in page and "☑" in page
        assert "保密的话" not in page

    def test_visit_sheet_is_empty_for_a_household(self, town, at_work):
        page = at_work(town.cadre).get(reverse("visit_sheet", args=[town.household.pk])).content.decode()
        assert town.household.address in page and "☑" not in page and page.count("☐") > 15

    def test_visit_blank_is_for_any_household(self, town, at_work):
        assert town.household.address not in at_work(town.cadre).get(reverse("visit_blank")).content.decode()
        assert at_work(town.handler).get(reverse("visit_blank")).status_code == 403

    def test_outsiders(self, town, at_work):
        browser = at_work(town.outsider)
        assert browser.get(reverse("visit_print", args=[log(town).pk])).status_code == 404
        assert browser.get(reverse("visit_sheet", args=[town.household.pk])).status_code == 404
