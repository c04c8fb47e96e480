"""The pages of the moves: who may, what they do, and what they refuse. Every verb of the table is walked."""

import uuid

import pytest
from django.urls import reverse
from django.utils import timezone

from communities.models import Assignment, Unit
from foundation.journal.models import Entry
from issues.models import Callback, Hand, Issue, WorkOrder
from issues.workflow import MOVES, Status
from tests.issues.conftest import address, filled
from tests.town import issue_at, new_issue, person

RESULT = "已更换曳引轮并试运行，恢复使用。"
DECIDERS = ("secretary", "deputy", "coordinator", "admin_of_district")
READERS = ("cadre", "grid_worker", "auditor")
STRANGERS = ("outsider", "idle", "system_admin", "property_handler")

# Who may do what, on the way cadre → secretary → street → bureau → secretary.
ALLOWED = {
    "submitted": {name: {"register", "comment"} for name in DECIDERS},
    "registered": {
        "secretary": {"take", "dispatch", "send_up", "comment"},
        "deputy": {"take", "dispatch", "send_up", "comment"},
        "coordinator": {"dispatch", "send_up", "comment"},
        "admin_of_district": {"dispatch", "send_up", "comment"},
    },
    "dispatched": {
        "secretary": {"comment"},
        "deputy": {"comment"},
        "coordinator": {"send_up", "reassign", "comment"},
        "admin_of_district": {"send_up", "reassign", "comment"},
        "handler": {"sign", "comment"},
    },
    "in_progress": {
        "secretary": {"comment"},
        "deputy": {"comment"},
        "coordinator": {"send_up", "reassign", "comment"},
        "admin_of_district": {"send_up", "reassign", "comment"},
        "handler": {"hand_on", "report_done", "comment"},
    },
    "verifying": {name: {"confirm", "confirm_not", "no_answer", "comment"} for name in DECIDERS} | {"handler": set()},
    "closed": {name: set() for name in (*DECIDERS, "handler")},
}


def entries_of(issue):
    return Entry.objects.filter(subject_type="issues.issue", subject_id=issue.pk)


@pytest.mark.parametrize("status", Status)
def test_roles_and_moves(town, at_work, status):
    """Who reads gets 403, who has no business 404; who works on it gets the page, or 403 (not his) or 409 (not now)."""
    issue = issue_at(str(status), town)
    before = entries_of(issue).count()
    for name in (*ALLOWED[status], *READERS, *STRANGERS):
        browser = at_work(getattr(town, name))
        for verb in MOVES:
            url = reverse(f"issue_{verb}", args=[issue.pk])
            allowed = verb in ALLOWED[status].get(name, ())
            answer = browser.get(url) if allowed else browser.post(url, {"note": "没有权限", "text": "没有权限"})
            if name in STRANGERS:
                expected = 404
            elif name in READERS:
                expected = 403
            elif allowed:
                expected = 200
            else:
                expected = 403 if status in MOVES[verb].before and verb != "close_unreachable" else 409
            assert answer.status_code == expected, (name, verb)
    assert entries_of(issue).count() == before
    assert Issue.objects.get(pk=issue.pk).version == issue.version


STEPS = [
    ("register", "submitted", "secretary", {}, "registered"),
    ("take", "registered", "secretary", {}, "in_progress"),
    ("send_up", "registered", "secretary", {"note": "需要住建部门协调"}, "registered"),
    ("reassign", "dispatched", "coordinator", {"note": "派错单位"}, "dispatched"),
    ("sign", "dispatched", "handler", {}, "in_progress"),
    ("report_done", "in_progress", "handler", {"result": RESULT}, "verifying"),
    ("confirm", "verifying", "secretary", {"reason": "resolved", "satisfaction": "satisfied"}, "closed"),
    ("confirm_not", "verifying", "secretary", {"note": "仍有异响"}, "in_progress"),
    ("no_answer", "verifying", "secretary", {"note": "十点半无人接听"}, "verifying"),
    ("comment", "in_progress", "secretary", {"text": "已张贴告示", "public": "on"}, "in_progress"),
]


@pytest.fixture
def second_bureau(town):
    return Unit.objects.found(by=None, name="驿城区城市管理局", kind="bureau", division=town.district)


@pytest.mark.parametrize(("verb", "at", "who", "typed", "after"), STEPS, ids=[step[0] for step in STEPS])
class TestStep:
    def test_works(self, town, act, second_bureau, verb, at, who, typed, after):
        issue = issue_at(at, town)
        if verb == "reassign":
            typed = typed | {"unit": second_bureau.pk}
        answer = act(getattr(town, who), issue, verb, **typed)
        assert answer.url == issue.get_absolute_url()
        fresh = Issue.objects.get(pk=issue.pk)
        assert (fresh.status, fresh.version) == (after, issue.version + 1)
        entry = entries_of(issue).latest("pk")
        assert (entry.verb, entry.before, entry.after, entry.actor) == (verb, at, after, getattr(town, who))
        assert entry.public == MOVES[verb].public

    def test_sent_twice_is_done_once(self, town, at_work, second_bureau, verb, at, who, typed, after):
        issue = issue_at(at, town)
        if verb == "reassign":
            typed = typed | {"unit": second_bureau.pk}
        browser = at_work(getattr(town, who))
        form = filled(browser.get(address(issue, verb))) | typed
        answers = [browser.post(address(issue, verb), form) for _n in range(2)]
        assert [answer.status_code for answer in answers] == [302, 302]
        assert entries_of(issue).filter(verb=verb, actor=getattr(town, who)).count() == 1
        assert Issue.objects.get(pk=issue.pk).version == issue.version + 1

    def test_invalid_changes_nothing(self, town, at_work, second_bureau, verb, at, who, typed, after):
        broken = {"report_done": "result", "comment": "text", "confirm": "reason", "register": "title"}
        field = broken.get(verb) or ("note" if "note" in typed and verb != "no_answer" else None)
        if field is None:
            return
        issue = issue_at(at, town)
        browser = at_work(getattr(town, who))
        form = filled(browser.get(address(issue, verb))) | typed
        form.pop(field, None)
        answer = browser.post(address(issue, verb), form)
        assert answer.status_code == 200
        assert answer.context["form"].errors.keys() >= {field}
        assert Issue.objects.get(pk=issue.pk).version == issue.version


class TestIssueDispatch:
    def test_the_catalogue_unit_is_preselected(self, town, act):
        issue = issue_at("registered", town, category=town.sanitation)
        act(town.secretary, issue, "dispatch", note="请今天去看")
        order = WorkOrder.objects.get(issue=issue)
        assert (order.unit, order.state) == (town.property_unit, "pending")
        assert town.property_handler.notices.filter(kind="order_arrived").count() == 1

    def test_a_community_commands_its_own_units_only(self, town):
        issue = issue_at("registered", town, category=town.sanitation)
        office = Unit.objects.get(path="A411702007002001")
        assert set(issue.targets_for(town.secretary)) == {town.property_unit, office}
        assert town.bureau in issue.targets_for(town.coordinator)

    def test_a_departments_duty_is_not_pushed_down(self, town):
        issue = issue_at("registered", town, category=town.lift)
        assert set(issue.targets_for(town.coordinator)) == {town.bureau}
        assert not issue.targets_for(town.secretary).filter(kind="office").exists()

    def test_another_units_number_in_the_form_is_refused(self, town, act):
        issue = issue_at("registered", town, category=town.sanitation)
        answer = act(town.secretary, issue, "dispatch", unit=town.far_bureau.pk)
        assert answer.status_code == 200
        assert "unit" in answer.context["form"].errors
        assert not WorkOrder.objects.exists()

    def test_without_any_unit_the_page_says_what_to_do(self, town, at_work):
        town.property_unit.correct(by=None, closed_on=timezone.localdate())
        issue = issue_at("registered", town)
        page = at_work(town.secretary).get(address(issue, "dispatch"))
        assert page.context["form"].has_targets is False

    def test_what_is_beyond_the_community_goes_up_first(self, town, at_work):
        page = at_work(town.secretary).get(issue_at("registered", town).get_absolute_url())
        assert page.context["first"].verb == "send_up"
        other = issue_at("registered", town, category=town.sanitation)
        assert at_work(town.secretary).get(other.get_absolute_url()).context["first"].verb == "dispatch"


class TestWhoseOrder:
    def test_a_withdrawn_order_hides_the_issue_from_the_unit(self, town, act, at_work, second_bureau):
        issue = issue_at("in_progress", town)
        browser = at_work(town.handler)
        assert browser.get(issue.get_absolute_url()).status_code == 200
        act(town.coordinator, issue, "reassign", unit=second_bureau.pk, note="改由城管办理")
        assert browser.get(issue.get_absolute_url()).status_code == 404
        assert browser.get(address(issue, "report_done")).status_code == 404
        assert issue.number not in browser.get(reverse("issue_list")).content.decode()

    def test_a_done_order_is_read_only_for_the_unit(self, town, at_work):
        issue = issue_at("verifying", town)
        browser = at_work(town.handler)
        page = browser.get(issue.get_absolute_url())
        assert (page.status_code, page.context["first"], page.context["others"]) == (200, None, [])
        assert not Issue.objects.changeable_by(town.handler).filter(pk=issue.pk).exists()
        assert browser.post(address(issue, "comment"), {"text": "补充"}).status_code == 403

    def test_the_unit_that_has_it_is_no_target_again(self, town):
        issue = issue_at("in_progress", town)
        assert town.bureau not in issue.targets_for(town.coordinator)

    def test_taking_is_for_the_desks_own_office(self, town, act):
        issue = issue_at("registered", town, category=town.sanitation)
        issue.take(by=town.secretary)
        assert WorkOrder.objects.get().handler == town.secretary
        assert act(town.secretary, issue, "report_done", result=RESULT).status_code == 302


class TestVerifier:
    def handled(self, town, by, reported_by=None):
        issue = issue_at("registered", town, category=town.sanitation)
        issue.take(by=by)
        issue.report_done(by=reported_by or by, result=RESULT)
        return Issue.objects.get(pk=issue.pk)

    def test_the_handler_does_not_verify(self, town, at_work):
        issue = self.handled(town, town.secretary)
        form = {"reason": "resolved", "seen": issue.version}
        assert at_work(town.secretary).post(address(issue, "confirm"), form).status_code == 403

    def test_who_stands_in_for_the_handler_does_not_either(self, town, at_work):
        issue = self.handled(town, town.secretary)
        assert at_work(town.deputy).get(address(issue, "confirm")).status_code == 403

    def test_nor_the_person_who_was_stood_in_for(self, town, at_work):
        issue = self.handled(town, town.deputy)
        assert set(Hand.objects.filter(work_order__issue=issue).values_list("user", flat=True)) == {
            town.deputy.pk,
            town.secretary.pk,
        }
        assert at_work(town.secretary).get(address(issue, "confirm")).status_code == 403

    def test_nor_who_had_it_before_a_colleague_reported_it_done(self, town, at_work):
        colleague = person("secretary2", "沈红", "secretary", place=town.community.code)
        issue = self.handled(town, town.secretary, reported_by=colleague)
        assert at_work(town.secretary).get(address(issue, "confirm")).status_code == 403

    def test_an_independent_colleague_of_the_community_does(self, town, at_work):
        colleague = person("secretary2", "沈红", "secretary", place=town.community.code)
        issue = self.handled(town, town.secretary)
        assert at_work(colleague).get(address(issue, "confirm")).status_code == 200
        assert issue.verifiers() == [colleague]

    def test_where_nobody_is_left_the_street_verifies(self, town, act):
        issue = self.handled(town, town.secretary)
        assert issue.verifiers() == [town.coordinator]
        assert town.coordinator.notices.filter(kind="issue_to_verify").count() == 1
        act(town.coordinator, issue, "confirm", reason="resolved")
        assert Issue.objects.get().status == "closed"

    def test_a_colleague_in_the_handling_unit_does_not(self, town, at_work):
        both = person("both", "韩雪", "secretary", place=town.community.code)
        Assignment.objects.assign(by=None, user=both, role="handler", since=timezone.localdate(), unit=town.bureau)
        issue = issue_at("verifying", town)
        assert at_work(both).get(address(issue, "confirm")).status_code == 403

    def test_satisfaction_may_stay_open(self, town, act):
        issue = issue_at("verifying", town)
        act(town.secretary, issue, "confirm", reason="explained")
        assert Callback.objects.get(issue=issue).satisfaction == ""
        assert Issue.objects.get().closure_reason == "explained"

    @pytest.mark.parametrize("reason", ["resolved_on_spot", "unreachable", "", "nonsense"])
    def test_a_reason_that_no_call_back_gives_is_refused(self, town, at_work, reason):
        issue = issue_at("verifying", town)
        browser = at_work(town.secretary)
        form = filled(browser.get(address(issue, "confirm"))) | {"reason": reason}
        assert browser.post(address(issue, "confirm"), form).status_code == 200
        assert Issue.objects.get().status == "verifying"


class TestIssueCloseUnreachable:
    def test_after_three_attempts_on_two_days(self, town, at_work, time_machine):
        now = timezone.now().replace(hour=2)
        time_machine.move_to(now, tick=False)
        issue = issue_at("verifying", town)
        url = address(issue, "close_unreachable")
        for number in range(3):
            assert at_work(town.secretary).get(url).status_code == 409
            if number == 2:
                time_machine.move_to(now + timezone.timedelta(days=1), tick=False)
            issue.no_answer(by=town.secretary, note=f"第{number + 1}次")
        browser = at_work(town.secretary)
        assert browser.post(url, filled(browser.get(url))).status_code == 302
        issue = Issue.objects.get()
        assert (issue.status, issue.closure_reason) == ("closed", "unreachable")
        assert issue.callbacks.count() == 3

    def test_three_on_one_day_do_not_suffice(self, town, at_work, time_machine):
        time_machine.move_to(timezone.now().replace(hour=2), tick=False)
        issue = issue_at("verifying", town)
        for _n in range(3):
            issue.no_answer(by=town.secretary)
        assert at_work(town.secretary).get(address(issue, "close_unreachable")).status_code == 409


class TestIssueConfirmNot:
    def test_the_next_round_goes_to_the_same_handler(self, town, act):
        issue = issue_at("verifying", town)
        due = issue.due_at
        act(town.secretary, issue, "confirm_not", note="仍有异响", satisfaction="dissatisfied")
        issue = Issue.objects.get()
        assert (issue.round, issue.status, issue.done_at) == (2, "in_progress", None)
        assert (issue.lead.unit, issue.lead.handler, issue.lead.round) == (town.bureau, town.handler, 2)
        assert issue.due_at >= due
        assert town.handler.notices.filter(kind="issue_came_back").count() == 1
        call = Callback.objects.get()
        assert (call.outcome, call.satisfaction) == ("not_solved", "dissatisfied")

    def test_a_promise_is_not_shortened(self, town, time_machine):
        time_machine.move_to(timezone.now(), tick=False)
        issue = issue_at("verifying", town, category=town.lift, urgency="general")
        promised = issue.due_at
        issue.confirm_not(by=town.secretary, note="仍有异响")
        assert issue.due_at == promised  # three working days from now would be earlier than the seven promised


class TestRegistering:
    def test_category_and_urgency_set_the_limit(self, town, act, time_machine):
        time_machine.move_to("2026-09-30T10:00:00+08:00", tick=False)
        issue = new_issue(town)
        act(town.secretary, issue, "register", category=town.sanitation.pk, urgency="emergency", title="垃圾外溢")
        issue = Issue.objects.get()
        assert (issue.category, issue.urgency, issue.title) == (town.sanitation, "emergency", "垃圾外溢")
        # one working day after 30 September is 8 October: the National Day holiday lies between
        assert f"{timezone.localtime(issue.due_at):%m-%d %H:%M}" == "10-08 18:00"
        assert not issue.due_provisional

    def test_a_limit_in_a_year_without_a_calendar_is_provisional(self, town, act, at_work, time_machine):
        time_machine.move_to("2026-12-28T10:00:00+08:00", tick=False)
        issue = new_issue(town)
        act(town.secretary, issue, "register", urgency="general")
        issue = Issue.objects.get()
        assert (issue.due_at.year, issue.due_provisional) == (2027, True)
        assert (
            "(provisional)"
            in at_work(town.secretary).get(issue.get_absolute_url(), headers={"accept-language": "en"}).content.decode()
        )


class TestSubstitute:
    def test_the_timeline_names_both(self, town, act, at_work):
        issue = new_issue(town)
        act(town.deputy, issue, "register")
        entry = entries_of(issue).latest("pk")
        assert (entry.actor, entry.on_behalf_of) == (town.deputy, town.secretary)
        assert "冯雪" in (page := at_work(town.cadre).get(issue.get_absolute_url()).content.decode())
        assert page.index("冯雪") < page.index("周建平", page.index("冯雪"))


def test_a_key_of_somebody_else_is_a_conflict(town, at_work):
    issue = issue_at("verifying", town)
    key = str(uuid.uuid4())
    assert at_work(town.secretary).post(address(issue, "no_answer"), {"key": key}).status_code == 302
    assert at_work(town.deputy).post(address(issue, "no_answer"), {"key": key}).status_code == 409


def test_the_reader_is_told_whose_move_it_is(town, at_work):
    issue = issue_at("dispatched", town)
    page = at_work(town.secretary).get(address(issue, "sign"), headers={"accept-language": "en"})
    assert page.status_code == 403
    assert "the unit that has the work order" in page.content.decode()
