"""Several people on one issue: one wins, the others are told what happened and lose nothing they typed."""

import uuid

import pytest
from django.test import Client

from accounts.models import User
from communities.models import Unit
from foundation.journal.models import Entry
from foundation.journal.moves import AlreadyDone, Conflict, NotAllowed
from issues.models import Callback, Issue, WorkOrder
from tests.issues.conftest import address, filled, in_threads
from tests.town import issue_at, person

RESULT = "已更换曳引轮并试运行，恢复使用。"
WORDS = "我已写好的长长说明，不能丢。"


class TestTwoOnOnePage:
    """Through the pages: both opened the form, one sends first."""

    def test_the_second_sees_both_versions_and_keeps_what_was_typed(self, town, at_work):
        issue = issue_at("submitted", town)
        first, second = at_work(town.secretary), at_work(town.coordinator)
        url = address(issue, "register")
        mine, theirs = filled(first.get(url)), filled(second.get(url))
        assert first.post(url, mine | {"title": "三号楼电梯", "urgency": "emergency"}).status_code == 302
        answer = second.post(url, theirs | {"title": WORDS, "urgency": "general"})
        assert answer.status_code == 409
        page = answer.content.decode()
        assert "三号楼电梯" in page and WORDS in page and "周建平" in page
        assert not answer.context["is_open"]()  # it is registered now: the page offers no button that would fail
        assert Issue.objects.get().title == "三号楼电梯"
        assert Entry.objects.filter(verb="register").count() == 1

    def test_if_the_step_is_still_possible_the_second_sends_again(self, town, at_work):
        issue = issue_at("in_progress", town)
        first, second = at_work(town.secretary), at_work(town.handler)
        url = address(issue, "report_done")
        mine = filled(second.get(url)) | {"result": RESULT}
        comment = address(issue, "comment")
        first.post(comment, filled(first.get(comment)) | {"text": "请先停梯"})
        answer = second.post(url, mine)
        assert answer.status_code == 409
        assert "请先停梯" in answer.content.decode() and RESULT in answer.content.decode()
        assert second.post(url, filled(answer)).status_code == 302
        assert Issue.objects.get().result == RESULT

    def test_a_colleague_of_the_unit_was_faster(self, town, at_work):
        """His order is done by then and only readable; still he is told instead of turned away."""
        colleague = person("handler2", "李明", "handler", unit=town.bureau)
        issue = issue_at("in_progress", town)
        first, second = at_work(town.handler), at_work(colleague)
        url = address(issue, "report_done")
        mine, theirs = filled(first.get(url)), filled(second.get(url))
        assert first.post(url, mine | {"result": RESULT}).status_code == 302
        answer = second.post(url, theirs | {"result": WORDS})
        assert answer.status_code == 409
        assert WORDS in answer.content.decode() and RESULT in answer.content.decode()

    def test_two_dispatch_to_the_same_unit(self, town, at_work):
        issue = issue_at("registered", town)
        issue.send_up(by=town.secretary, note="需要住建部门协调")
        first, second = at_work(town.coordinator), at_work(town.admin_of_district)
        url = address(issue, "dispatch")
        mine, theirs = filled(first.get(url)), filled(second.get(url))
        assert first.post(url, mine | {"unit": town.bureau.pk}).status_code == 302
        assert second.post(url, theirs | {"unit": town.bureau.pk}).status_code == 409
        assert WorkOrder.objects.count() == 1

    def test_two_verifiers(self, town, at_work):
        issue = issue_at("verifying", town)
        first, second = at_work(town.secretary), at_work(town.coordinator)
        url = address(issue, "confirm")
        mine, theirs = filled(first.get(url)), filled(second.get(url))
        assert first.post(url, mine | {"reason": "resolved", "satisfaction": "satisfied"}).status_code == 302
        answer = second.post(url, theirs | {"reason": "partly_resolved", "note": WORDS})
        assert answer.status_code == 409
        assert WORDS in answer.content.decode()
        assert Callback.objects.count() == 1
        # Sent once more from the page of the conflict it is refused with a word why, not carried out.
        assert second.post(url, filled(answer)).status_code == 409


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
class TestEightThreads:
    def test_eight_close_the_same_issue(self, town):
        issue = issue_at("verifying", town)
        copies = [Issue.objects.get(pk=issue.pk) for _n in range(8)]
        users = [User.objects.get(pk=(town.secretary, town.coordinator)[n % 2].pk) for n in range(8)]

        def close(n):
            return copies[n].confirm(by=users[n], reason="resolved", satisfaction="satisfied", key=uuid.uuid4())

        results = in_threads(8, close)
        refusals = [result for result in results if isinstance(result, (Conflict, NotAllowed))]
        assert (results.count(None), len(refusals)) == (1, 7), results
        assert Entry.objects.filter(subject_id=issue.pk, verb="confirm").count() == 1
        assert Callback.objects.filter(issue=issue).count() == 1
        assert Issue.objects.get().version == issue.version + 1

    def test_one_form_sent_eight_times_acts_once(self, town):
        issue = issue_at("verifying", town)
        key = uuid.uuid4()
        copies = [Issue.objects.get(pk=issue.pk) for _n in range(8)]
        results = in_threads(8, lambda n: copies[n].no_answer(by=User.objects.get(pk=town.secretary.pk), key=key))
        assert results.count(None) == 1
        assert all(result is None or isinstance(result, AlreadyDone) for result in results), results
        assert Callback.objects.count() == 1

    def test_eight_dispatch_to_two_units(self, town):
        other = Unit.objects.found(by=None, name="驿城区城市管理局", kind="bureau", division=town.district)
        issue = issue_at("registered", town)
        issue.send_up(by=town.secretary, note="需要住建部门协调")
        copies = [Issue.objects.get(pk=issue.pk) for _n in range(8)]
        units = (town.bureau, other)
        results = in_threads(
            8, lambda n: copies[n].dispatch(by=User.objects.get(pk=town.coordinator.pk), unit=units[n % 2])
        )
        assert results.count(None) == 1
        assert WorkOrder.objects.filter(issue=issue).count() == 1

    def test_eight_pages_at_once(self, town, at_work):
        """The same through the pages: one goes on, seven see the page of the conflict."""
        issue = issue_at("verifying", town)
        url = address(issue, "confirm")
        browsers = [at_work((town.secretary, town.coordinator)[n % 2]) for n in range(8)]
        forms = [filled(browser.get(url)) | {"reason": "resolved"} for browser in browsers]
        answers = in_threads(8, lambda n: browsers[n].post(url, forms[n]).status_code)
        assert sorted(answers) == [302] + [409] * 7
        assert Entry.objects.filter(subject_id=issue.pk, verb="confirm").count() == 1

    def test_eight_intakes_with_one_uuid_make_one_issue(self, town):
        uid = uuid.uuid4()
        facts = {"community": town.community, "category": town.lift, "text": "电梯坏了", "client_uuid": uid}
        results = in_threads(8, lambda n: Issue.objects.report(by=User.objects.get(pk=town.cadre.pk), **facts))
        assert {getattr(result, "pk", result) for result in results} == {Issue.objects.get().pk}


def test_the_browser_of_a_stranger_learns_nothing_from_a_race(town, at_work):
    issue = issue_at("verifying", town)
    for user, status in ((town.auditor, 403), (town.outsider, 404)):
        answer = at_work(user).post(address(issue, "confirm"), {"seen": 1, "reason": "resolved"})
        assert answer.status_code == status
    assert Client().post(address(issue, "confirm"), {"seen": 1}).status_code == 302  # to the sign-in page
