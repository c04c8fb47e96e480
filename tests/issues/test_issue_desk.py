"""The desk: its numbers are the rows behind them, and what needs somebody first stands on top."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from communities.models import Assignment
from issues.models import Issue
from issues.models.finding import is_verifiable_by
from issues.parties import may_verify, moves_for
from issues.queues import QUEUES
from issues.workflow import OPEN
from tests.town import issue_at, new_issue, person

URL = "/issues/desk/"
RESULT = "已更换曳引轮并试运行，恢复使用。"


@pytest.fixture
def busy(town, time_machine):
    """Issues in every state and at every distance from their limit."""
    time_machine.move_to("2026-11-11T09:00:00+08:00", tick=False)
    late = issue_at("in_progress", town)  # three working days: due on the 16th
    time_machine.move_to("2026-11-13T09:00:00+08:00", tick=False)
    today = issue_at("dispatched", town)  # due on the 18th
    time_machine.move_to("2026-11-16T09:00:00+08:00", tick=False)
    soon = issue_at("in_progress", town)  # due on the 19th
    time_machine.move_to("2026-11-18T09:30:00+08:00", tick=False)
    return {
        "late": late,
        "today": today,
        "soon": soon,
        "verifying": issue_at("verifying", town),
        "registered": issue_at("registered", town, category=town.sanitation),
        "submitted": issue_at("submitted", town),
        "closed": issue_at("closed", town),
    }


def numbers(page):
    return {tile.url.split("=")[-1]: tile.count for tile in page.context["tiles"]}


class TestTiles:
    def test_of_the_secretary(self, busy, town, at_work):
        page = at_work(town.secretary).get(URL)
        assert numbers(page) == {"to_decide": 2, "due_today": 1, "to_verify": 1, "away": 4}
        assert page.context["desk"].counts["due_soon"] == 1
        assert page.context["desk"].counts["late"] == 1

    def test_of_the_coordinator(self, busy, town, at_work):
        """The community can verify itself, so no call-back waits at the street."""
        page = at_work(town.coordinator).get(URL)
        assert numbers(page) == {"to_decide": 0, "due_today": 1, "to_verify": 0, "away": 1}
        (place,) = page.context["places"]
        assert (place.open, place.late, place.sent_up) == (6, 1, 4)

    def test_of_the_handler(self, busy, town, at_work):
        page = at_work(town.handler).get(URL)
        assert numbers(page) == {"to_sign": 1, "to_handle": 2, "unit_due": 2, "unit_late": 1}

    def test_several_posts_give_the_union(self, busy, town, at_work):
        Assignment.objects.assign(
            by=None, user=town.secretary, role="handler", since=timezone.localdate(), unit=town.bureau
        )
        page = at_work(town.secretary).get(URL)
        assert len(page.context["tiles"]) == 8
        assert numbers(page)["to_sign"] == 1

    @pytest.mark.parametrize("who", ["secretary", "deputy", "coordinator", "admin_of_district", "handler"])
    def test_every_number_opens_exactly_its_rows(self, busy, town, at_work, who):
        browser = at_work(getattr(town, who))
        page = browser.get(URL)
        links = re.findall(r'href="(/issues/\?[^"]+)"[^>]*>(?:[^<\d]*)(\d+)', page.content.decode())
        assert len(links) >= 4
        for url, number in links:
            rows = browser.get(url.replace("&amp;", "&")).context["page"].paginator.count
            assert rows == int(number), url


class TestTasks:
    def test_the_most_pressing_on_top_with_the_one_next_step(self, busy, town, at_work):
        tasks = at_work(town.secretary).get(URL).context["tasks"]
        assert [(task.sight.issue, task.step and task.step.verb) for task in tasks] == [
            (busy["late"], None),
            (busy["today"], None),
            (busy["submitted"], "register"),
            (busy["verifying"], "confirm"),
            (busy["registered"], "dispatch"),
        ]

    def test_of_the_handler(self, busy, town, at_work):
        tasks = at_work(town.handler).get(URL).context["tasks"]
        assert [(task.sight.issue, task.step.verb) for task in tasks] == [
            (busy["late"], "report_done"),
            (busy["today"], "sign"),
            (busy["soon"], "report_done"),
        ]

    def test_an_emergency_that_nobody_registered_comes_before_ordinary_ones(self, busy, town, at_work):
        emergency = new_issue(town, urgency="emergency")
        order = [task.sight.issue for task in at_work(town.secretary).get(URL).context["tasks"]]
        assert order.index(emergency) < order.index(busy["submitted"])

    def test_the_greeting_counts_what_waits(self, busy, town, at_work):
        page = at_work(town.secretary).get(URL, headers={"accept-language": "en"})
        assert page.context["greeting"] == "Good morning, 5 things wait for you"

    def test_an_empty_desk_says_so(self, town, at_work):
        page = at_work(town.secretary).get(URL, headers={"accept-language": "en"})
        assert "nothing is waiting for you" in page.context["greeting"]
        assert "Nothing waits for you now" in page.content.decode()

    def test_who_has_no_desk_is_led_to_the_list(self, town, at_work):
        page = at_work(town.cadre).get(URL)
        assert page.context["tiles"] == []
        assert reverse("issue_list") in page.content.decode()

    @pytest.mark.parametrize("who", ["secretary", "coordinator", "handler"])
    def test_queries_do_not_grow(self, town, at_work, sql_count, who):
        browser = at_work(getattr(town, who))
        for _n in range(2):
            issue_at("in_progress", town)
        with sql_count(at_most=10) as few:
            browser.get(URL)
        for _n in range(20):
            issue_at("in_progress", town)
        with sql_count(at_most=10) as many:
            browser.get(URL)
        assert len(many) == len(few)


class TestQueuesAndPartiesAgree:
    """The conditions for lists and the rules for one issue say the same."""

    @pytest.fixture
    def handled(self, town):
        """Issues to verify that were in many different hands."""
        colleague = person("secretary2", "沈红", "secretary", place=town.community.code)
        both = person("both", "韩雪", "secretary", place=town.community.code)
        Assignment.objects.assign(by=None, user=both, role="handler", since=timezone.localdate(), unit=town.bureau)
        for by in (town.secretary, town.deputy, colleague):
            issue = issue_at("registered", town, category=town.sanitation)
            issue.take(by=by)
            issue.report_done(by=by, result=RESULT)
        tried = issue_at("registered", town, category=town.sanitation)
        tried.take(by=town.secretary)
        tried.send_up(by=town.secretary, note="社区无力解决")
        tried.take(by=town.coordinator)
        tried.report_done(by=town.coordinator, result=RESULT)
        issue_at("verifying", town)
        people = [town.secretary, town.deputy, colleague, both, town.coordinator, town.admin_of_district]
        return [*people, town.handler, town.grid_worker, town.outsider]

    def test_who_may_verify(self, handled):
        issues = Issue.objects.filter(status="verifying")
        assert issues.count() == 5
        for user in handled:
            by_rule = {issue for issue in issues if may_verify(user, issue)}
            assert set(issues.filter(is_verifiable_by(user))) == by_rule, user

    def test_every_call_back_waits_at_somebodys_desk(self, handled):
        now = timezone.now()
        waiting = set()
        for user in handled:
            rows = set(Issue.objects.filter(QUEUES["to_verify"].rows(user, now)))
            assert all("confirm" in moves_for(user, issue) for issue in rows)
            waiting |= rows
        assert waiting == set(Issue.objects.filter(status="verifying"))

    def test_who_tried_in_vain_may_ask_whether_others_solved_it(self, town, handled):
        tried = Issue.objects.get(work_orders__unit__path=f"A{town.street.code}")
        assert may_verify(town.secretary, tried)
        assert not may_verify(town.coordinator, tried)

    def test_a_unit_may_act_on_what_its_queues_show(self, busy, town):
        now = timezone.now()
        for user in (town.handler, town.secretary, town.coordinator, town.property_handler):
            for queue, verb in (("to_sign", "sign"), ("to_handle", "report_done")):
                shown = set(Issue.objects.filter(QUEUES[queue].rows(user, now)))
                assert shown == {issue for issue in Issue.objects.all() if verb in moves_for(user, issue)}

    def test_nothing_open_is_forgotten_by_everybody(self, busy, town):
        now = timezone.now() + timedelta(days=60)
        everybody = (town.secretary, town.coordinator, town.admin_of_district, town.handler, town.property_handler)
        waiting = {issue for user in everybody for issue in Issue.objects.filter(QUEUES["waiting"].rows(user, now))}
        assert waiting == set(Issue.objects.filter(status__in=OPEN))
