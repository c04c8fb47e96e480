"""The list: filters with their borders, search, what can be taken away, and how many queries it costs."""

from datetime import timedelta
from io import BytesIO
from uuid import uuid4

import pytest
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook

from foundation.journal.models import Access
from issues.filters import filter_issues
from issues.models import Issue
from tests.town import issue_at, new_issue

NOON = "2026-11-18T12:00:00+08:00"  # a Wednesday
URL = "/issues/"


@pytest.fixture
def wednesday(time_machine):
    """Everything is written at noon unless a test moves the clock."""
    time_machine.move_to(NOON, tick=False)
    return time_machine


def shown(browser, query="", **post):
    answer = browser.post(f"{URL}{query}", post) if post else browser.get(f"{URL}{query}")
    assert answer.status_code == 200
    return [row.issue for row in answer.context["rows"]]


@pytest.fixture
def rows(wednesday, town):
    """One issue in each state, by state."""
    return {
        status: issue_at(status, town) for status in ("submitted", "registered", "dispatched", "verifying", "closed")
    }


class TestFilters:
    def test_without_a_question_it_shows_what_is_open(self, rows, town, at_work):
        assert set(shown(at_work(town.secretary))) == set(rows.values()) - {rows["closed"]}

    def test_an_empty_status_shows_everything(self, rows, town, at_work):
        assert set(shown(at_work(town.secretary), "?status=")) == set(rows.values())

    @pytest.mark.parametrize("status", ["submitted", "registered", "dispatched", "verifying", "closed"])
    def test_each_status(self, rows, town, at_work, status):
        assert shown(at_work(town.secretary), f"?status={status}") == [rows[status]]

    def test_overdue_is_what_has_passed_its_limit_and_still_runs(self, rows, town, at_work, wednesday):
        browser = at_work(town.secretary)
        assert shown(browser, "?status=overdue") == []
        wednesday.move_to(rows["registered"].due_at, tick=False)
        assert shown(at_work(town.secretary), "?status=overdue") == []  # the limit itself is still in time
        wednesday.shift(timedelta(seconds=1))
        assert set(shown(at_work(town.secretary), "?status=overdue")) == {rows["registered"], rows["dispatched"]}

    def test_days_are_inclusive_and_local(self, town, wednesday):
        times = [
            "2026-11-16T23:59:59+08:00",
            "2026-11-17T00:00:00+08:00",
            "2026-11-18T23:59:59+08:00",
            "2026-11-19T00:00:00+08:00",
        ]
        issues = []
        for moment in times:
            wednesday.move_to(moment, tick=False)
            issues.append(new_issue(town))
        asked = {"since": "2026-11-17", "until": "2026-11-18"}
        found = filter_issues(Issue.objects.all(), asked, now=timezone.now())
        assert set(found) == set(issues[1:3])

    def test_days_of_closing(self, town, wednesday):
        closed = issue_at("closed", town)
        for since, until, hit in (("18", "18", True), ("19", "30", False), ("01", "17", False)):
            asked = {"closed_since": f"2026-11-{since}", "closed_until": f"2026-11-{until}"}
            assert filter_issues(Issue.objects.all(), asked, now=timezone.now()).filter(pk=closed.pk).exists() == hit

    def test_dates_the_wrong_way_round_are_none(self, rows, town):
        asked = {"since": "2026-11-19", "until": "2026-11-17"}
        assert not filter_issues(Issue.objects.all(), asked, now=timezone.now()).exists()

    def test_category_urgency_channel(self, town, wednesday, at_work):
        lift = new_issue(town)
        other = new_issue(town, category=town.sanitation, urgency="general", channel="counter")
        browser = at_work(town.secretary)
        assert shown(browser, "?category=lift") == [lift]
        assert shown(browser, "?urgency=general") == [other]
        assert shown(browser, "?channel=counter") == [other]
        assert shown(browser, "?category=lift&channel=counter") == []

    def test_area_is_a_subtree(self, town, wednesday, at_work):
        here = new_issue(town)
        next_door = new_issue(town, community=town.next_community, compound=None, household=None, resident=None)
        browser = at_work(town.coordinator)
        assert set(shown(browser, "?area=411702007")) == {here, next_door}
        assert shown(browser, "?area=411702007001") == [next_door]
        assert shown(browser, "?area=411702007002001") == [here]
        assert shown(browser, "?area=411702007002&direct=on") == []
        assert shown(browser, "?area=210202") == []

    def test_reason_and_satisfaction(self, town, wednesday, at_work):
        closed = issue_at("closed", town)
        browser = at_work(town.secretary)
        assert shown(browser, "?reason=resolved") == [closed]
        assert shown(browser, "?reason=unreachable") == []
        assert shown(browser, "?satisfaction=satisfied") == [closed]
        assert shown(browser, "?satisfaction=dissatisfied") == []

    def test_whose(self, rows, town, at_work):
        assert set(shown(at_work(town.cadre), "?mine=on")) == set(rows.values())
        assert shown(at_work(town.secretary), "?mine=on") == []
        assert set(shown(at_work(town.secretary), "?desk=on")) == {rows["submitted"], rows["registered"]}
        assert set(shown(at_work(town.coordinator), "?desk=on")) == {rows["dispatched"], rows["verifying"]}
        units = {rows["dispatched"], rows["verifying"], rows["closed"]}
        assert set(shown(at_work(town.handler), "?unit=on")) == units

    def test_nonsense_is_reported_and_left_out(self, rows, town, at_work):
        browser = at_work(town.secretary)
        answer = browser.get(f"{URL}?since=gestern&status=submitted&area=%27&category=%00&page=zz")
        assert [row.issue for row in answer.context["rows"]] == [rows["submitted"]]
        assert set(answer.context["filter"].errors) >= {"since", "area"}
        assert shown(browser, "?queue=nonsense") == []
        assert shown(browser, "?figure=nonsense") == []

    def test_an_unknown_user_has_nothing_of_his_own(self, rows):
        assert not filter_issues(Issue.objects.all(), {"mine": "on"}, now=timezone.now()).exists()

    def test_a_figure_of_the_dashboard_opens_its_rows(self, rows, town, at_work):
        browser = at_work(town.secretary)
        asked = "&since=2026-11-18&until=2026-11-18&area=411702007002"
        assert shown(browser, f"?figure=closed{asked}") == [rows["closed"]]
        assert set(shown(browser, f"?figure=raised{asked}")) == set(rows.values())

    def test_voided_ones_are_in_no_list(self, rows, town, at_work):
        rows["submitted"].void(by=town.secretary, reason="重复登记")
        assert rows["submitted"] not in shown(at_work(town.secretary), "?status=")


class TestOrder:
    def test_what_needs_me_first(self, town, wednesday, at_work):
        later = new_issue(town, urgency="general")
        later.register(by=town.secretary)
        sooner = new_issue(town, urgency="emergency")
        sooner.register(by=town.secretary)
        fresh = new_issue(town, urgency="emergency")
        ordinary = new_issue(town, urgency="general")
        assert shown(at_work(town.secretary)) == [fresh, ordinary, sooner, later]
        wednesday.shift(timedelta(days=3))
        assert shown(at_work(town.secretary))[:2] == [fresh, ordinary]

    def test_by_date(self, town, wednesday, at_work):
        first = new_issue(town)
        wednesday.shift(timedelta(minutes=1))
        second = new_issue(town)
        browser = at_work(town.secretary)
        assert shown(browser, "?sort=newest") == [second, first]
        assert shown(browser, "?sort=oldest") == [first, second]


class TestSearch:
    def test_by_number_and_by_two_characters(self, town, wednesday, at_work):
        issue = new_issue(town)
        new_issue(town, title="路灯不亮", text="晚上看不见路")
        browser = at_work(town.secretary)
        for words in (issue.number, issue.number[-5:], "电梯", "异响 老人"):
            assert shown(browser, q=words) == [issue]
        assert shown(browser, q="不存在的词") == []

    def test_words_travel_by_post_only(self, town, wednesday, at_work):
        new_issue(town)
        assert len(shown(at_work(town.secretary), "?q=不存在的词")) == 1
        assert "?q=" not in at_work(town.secretary).post(URL, {"q": "电梯"}).content.decode()

    def test_it_goes_through_closed_ones_too_and_respects_filters(self, town, wednesday, at_work):
        closed = issue_at("closed", town)
        browser = at_work(town.secretary)
        assert shown(browser, q="电梯") == [closed]
        assert shown(browser, "?status=open", q="电梯") == []

    def test_nobody_finds_beyond_the_own_area(self, town, wednesday, at_work):
        issue = new_issue(town)
        for stranger in (town.outsider, town.handler, town.system_admin):
            assert shown(at_work(stranger), q=issue.number) == []


class TestPages:
    def test_fifty_on_a_page_and_the_count_of_all(self, town, wednesday, at_work):
        for _n in range(51):
            new_issue(town)
        browser = at_work(town.secretary)
        assert len(shown(browser)) == 50
        assert len(shown(browser, "?page=2")) == 1
        answer = browser.post(URL, {"q": "电梯", "page": "2"})
        assert (len(answer.context["rows"]), answer.context["page"].paginator.count) == (1, 51)

    @pytest.mark.parametrize("who", ["secretary", "coordinator", "handler", "admin_of_district", "cadre"])
    def test_queries_do_not_grow_with_the_rows(self, town, at_work, sql_count, who):
        browser = at_work(getattr(town, who))
        issue_at("in_progress", town, anonymity="confidential")
        with sql_count(at_most=8) as one:
            browser.get(URL)
        for _n in range(19):
            issue_at("in_progress", town, anonymity="confidential")
        with sql_count(at_most=8) as twenty:
            page = browser.get(URL)
        assert len(page.context["rows"]) == 20
        assert len(twenty) == len(one)
        with sql_count(at_most=8):
            browser.post(f"{URL}?status=open", {"q": "SQ"})

    def test_an_empty_list_says_why(self, town, at_work):
        browser = at_work(town.secretary)
        pages = [browser.get(URL), browser.get(f"{URL}?status=closed"), browser.post(URL, {"q": "电梯"})]
        texts = {page.content.decode().split('class="empty"')[1][:80] for page in pages}
        assert len(texts) == 3


class TestIssueExport:
    def table(self, browser, query="", **post):
        answer = browser.post(f"{reverse('issue_export')}{query}", {"purpose": "周例会汇总"} | post)
        assert answer.status_code == 200
        return [list(row) for row in load_workbook(BytesIO(answer.content)).active.iter_rows(values_only=True)]

    def test_exactly_what_is_shown(self, rows, town, at_work):
        browser = at_work(town.secretary)
        for query, post in (
            ("", {}),
            ("?status=closed", {}),
            ("?status=", {"q": "电梯"}),
            ("?status=verifying", {"q": "电梯"}),
        ):
            numbers = [issue.number for issue in shown(browser, query, **post)]
            assert [line[0] for line in self.table(browser, query, **post)[1:]] == numbers

    def test_names_are_masked_and_the_access_is_logged(self, town, at_work):
        new_issue(town)
        table = self.table(at_work(town.secretary))
        assert "王**" in table[1] and not any("王秀英" in str(cell) for cell in table[1])
        access = Access.objects.get()
        assert (access.actor, access.what, access.reason, access.rows) == (
            town.secretary,
            "export:issues",
            "周例会汇总",
            1,
        )
        assert access.area_path == town.community.code

    def test_no_text_is_a_formula(self, town, at_work):
        new_issue(town, title="=1+1")
        assert self.table(at_work(town.secretary))[1][1] == "=1+1"

    def test_without_a_purpose_nothing_leaves_the_house(self, town, at_work):
        new_issue(town)
        browser = at_work(town.secretary)
        answer = browser.post(reverse("issue_export"), {"purpose": " "})
        assert answer.status_code == 200 and "purpose" in answer.context["export_form"].errors
        assert not Access.objects.exists()
        assert browser.get(reverse("issue_export")).status_code == 405

    def test_more_than_a_table_holds_is_refused_aloud(self, town, at_work, monkeypatch):
        monkeypatch.setattr("issues.views.list.MOST_EXPORTED", 1)
        for _n in range(2):
            new_issue(town)
        answer = at_work(town.secretary).post(reverse("issue_export"), {"purpose": "周例会汇总"})
        assert answer.context["export_form"].non_field_errors()
        assert not Access.objects.exists()

    def test_others_issues_are_not_in_it(self, town, at_work):
        new_issue(town)
        assert len(self.table(at_work(town.outsider))) == 1


def test_a_household_and_a_compound_lead_to_their_issues(town, at_work):
    issue = new_issue(town)
    elsewhere = new_issue(town, compound=None, household=None, resident=None, client_uuid=uuid4())
    browser = at_work(town.secretary)
    assert shown(browser, f"?household={town.household.pk}") == [issue]
    assert shown(browser, f"?compound={town.compound.pk}") == [issue]
    assert set(shown(browser)) == {issue, elsewhere}
