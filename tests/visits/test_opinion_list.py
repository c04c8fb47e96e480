"""opinion_list and opinion_export: every line that was said in reach, whatever became of it."""

from io import BytesIO

import pytest
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook

from foundation.journal.models import Access
from tests.visits.conftest import add_door, line, log
from visits.filters import filter_opinions
from visits.models import Opinion

pytestmark = pytest.mark.django_db


def texts(page):
    return [opinion.text for opinion in page.context["page"].object_list]


class TestOpinionList:
    def test_in_reach_only(self, town, at_work):
        log(town, opinions=[line(town)])
        assert len(texts(at_work(town.secretary).get(reverse("opinion_list")))) == 1
        assert texts(at_work(town.outsider).get(reverse("opinion_list"))) == []
        assert at_work(town.handler).get(reverse("opinion_list")).status_code == 403

    def test_filters(self, town):
        visit = log(
            town,
            opinions=[
                line(town, text="一"),
                line(town, text="二", handling="answered"),
                line(town, text="三", handling="on_spot", spot_action="已清理", category=town.lift),
            ],
        )

        def found(**data):
            return [opinion.text for opinion in filter_opinions(Opinion.objects.standing(), data).order_by("position")]

        assert found(handling="answered") == ["二"]
        assert found(category="lift") == ["三"]
        assert found(state="open") == ["一"] and found(state="closed") == ["三"]
        assert found(area=town.community.code) == found(compound=town.compound.pk) == ["一", "二", "三"]
        assert found(area=town.other_street.code) == []
        day = f"{timezone.localtime(visit.visited_at):%Y-%m-%d}"
        assert found(since=day, until=day) == ["一", "二", "三"] and found(until="2020-01-01") == []
        assert found(figure="opinions_answered") == ["二"]

    def test_search_does_not_find_confidential_words_for_others(self, town, at_work):
        log(town, opinions=[line(town, text="邻居占道堆物", confidential=True, handling="answered")])
        found = {
            who: len(texts(at_work(getattr(town, who)).post(reverse("opinion_list"), {"q": words})))
            for who, words in (
                ("secretary", "占道"),
                ("cadre", "占道"),
                ("coordinator", "占道"),
                ("grid_worker", "王秀英"),
            )
        }
        assert found == {"secretary": 1, "cadre": 1, "coordinator": 0, "grid_worker": 0}

    def test_a_confidential_line_stays_in_the_count_without_its_door(self, town, at_work):
        log(town, opinions=[line(town, text="邻居占道堆物", confidential=True, handling="answered")])
        page = at_work(town.coordinator).get(reverse("opinion_list"))
        assert page.context["page"].paginator.count == 1
        assert "邻居占道" not in page.content.decode() and town.household.address not in page.content.decode()

    @pytest.mark.parametrize("who", ["grid_worker", "secretary", "cadre", "admin_of_district"])
    def test_cost(self, town, at_work, add_doors, sql_count, who):
        browser = at_work(getattr(town, who))
        queries = [{}, {"area": town.community.code, "handling": "register", "state": "open"}]
        for query in queries:
            with sql_count(at_most=8):
                browser.get(reverse("opinion_list"), query)
        for household in add_doors(town, 20):
            log(town, household=household, opinions=[line(town, confidential=True)])
        for query in queries:
            with sql_count(at_most=8):
                assert len(texts(browser.get(reverse("opinion_list"), query))) == 20


class TestOpinionExport:
    def test_exactly_these_rows_and_no_confidential_words(self, town, at_work):
        log(town, opinions=[line(town), line(town, text="二", handling="answered")])
        log(town, household=add_door(town, door="402"), opinions=[line(town, text="保密的话", confidential=True)])
        answer = at_work(town.secretary).post(reverse("opinion_export") + "?handling=register", {"purpose": "问题清单"})
        headings, *rows = load_workbook(BytesIO(answer.content)).active.values
        assert len(rows) == 2 and all(len(row) == len(headings) for row in rows)
        assert "保密的话" not in str(rows) and "402" not in str(rows)
        assert Access.objects.get().what == "export:opinions"

    def test_without_a_purpose_nothing_leaves(self, town, at_work):
        assert at_work(town.secretary).post(reverse("opinion_export"), {}).status_code == 302
        assert not Access.objects.exists()
