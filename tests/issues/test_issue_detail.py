"""One issue: next step, facts, its course in sentences, the telephone, the sheet of paper; and looking changes nothing."""

import pytest
from django.urls import reverse
from django.utils import timezone

from foundation.journal.models import Access, Entry
from issues.models import Issue
from issues.reminders import remind_issues
from issues.workflow import MOVES, Status
from tests.issues.conftest import address, filled
from tests.town import issue_at, new_issue

PHONE = "13000000123"
MASKED = "130****0123"


class TestIssueDetail:
    @pytest.mark.parametrize("status", Status)
    def test_it_costs_ten_queries_at_most(self, town, at_work, sql_count, status):
        issue = issue_at(str(status), town)
        for who in ("secretary", "coordinator", "handler", "auditor"):
            user = getattr(town, who)
            if Issue.objects.visible_to(user).filter(pk=issue.pk).exists():
                browser = at_work(user)
                with sql_count(at_most=10):
                    browser.get(issue.get_absolute_url())

    def test_a_long_life_costs_no_more(self, town, at_work, sql_count):
        issue = issue_at("verifying", town)
        for number in range(9):
            issue.no_answer(by=town.secretary, note=f"第{number}次")
            issue.comment(by=town.coordinator, text="请再试")
        issue.confirm_not(by=town.secretary, note="仍有异响")
        issue.report_done(by=town.handler, result="已再次更换并试运行正常。")
        browser = at_work(town.secretary)
        with sql_count(at_most=10):
            page = browser.get(issue.get_absolute_url())
        assert len(page.context["callbacks"]) == 10
        assert len(page.context["lines"]) == 1 + 6 + 18 + 2 - 1

    def test_the_one_next_step_is_primary(self, town, at_work):
        issue = issue_at("verifying", town)
        page = at_work(town.secretary).get(issue.get_absolute_url())
        assert page.context["first"].verb == "confirm"
        assert [step.verb for step in page.context["others"]] == ["confirm_not", "no_answer", "comment"]
        assert page.content.decode().count('class="btn primary" href') == 1

    def test_whom_to_ask_in_the_community(self, town, at_work):
        town.secretary.prefer(office_phone="0396-1234567")
        page = at_work(town.coordinator).get(new_issue(town).get_absolute_url()).content.decode()
        assert "周建平" in page and "0396-1234567" in page

    def test_outsider_and_stranger(self, town, at_work, client):
        issue = issue_at("dispatched", town)
        for name in ("issue_detail", "issue_print", "issue_reveal"):
            url = reverse(name, args=[issue.pk])
            for user in (town.outsider, town.property_handler, town.idle, town.system_admin):
                assert at_work(user).get(url).status_code == 404
            assert client.get(url).url.startswith(reverse("account_login"))


class TestCourse:
    def test_plain_sentences_in_order(self, town, at_work):
        issue = issue_at("closed", town)
        page = at_work(town.auditor).get(issue.get_absolute_url(), headers={"accept-language": "en"})
        said = [line.sentence for line in page.context["lines"]]
        assert said == [
            "李秀兰 recorded the issue.",
            "周建平 registered the issue.",
            "周建平 sent it up to 橡林街道.",
            "何立 dispatched it to 驿城区住房和城乡建设局.",
            "孙强 signed for it at 驿城区住房和城乡建设局.",
            "孙强 reported it as done.",
            "周建平 asked the resident and closed the issue.",
        ]
        assert page.context["lines"][1].detail == "limit 3 working days"

    def test_internal_and_public_notes_are_unmistakable(self, town, at_work):
        issue = issue_at("in_progress", town)
        issue.comment(by=town.handler, text="配件周五到货", public=False)
        issue.comment(by=town.handler, text="电梯暂停使用，请走楼梯", public=True)
        page = at_work(town.secretary).get(issue.get_absolute_url(), headers={"accept-language": "en"}).content.decode()
        inside = page.split("配件周五到货")[0].rsplit('<div class="', 1)[1]
        outside = page.split("电梯暂停使用，请走楼梯")[0].rsplit('<div class="', 1)[1]
        assert inside.startswith('in"') and "residents do not see this" in inside
        assert outside.startswith('out"') and "residents may read this" in outside

    def test_reminders_stand_in_it(self, town, at_work, time_machine):
        issue = issue_at("in_progress", town)
        time_machine.move_to(issue.due_at + timezone.timedelta(minutes=1), tick=False)
        remind_issues(now=timezone.now())
        page = at_work(town.secretary).get(issue.get_absolute_url(), headers={"accept-language": "en"})
        last = page.context["lines"][-1]
        assert last.sentence == "The limit has passed; reminded: handler."
        assert last.is_clock

    def test_what_a_text_contains_is_text(self, town, at_work):
        issue = new_issue(town, text="<script>alert(1)</script>{{ settings.SECRET_KEY }}", title="<b>粗</b>")
        page = at_work(town.secretary).get(issue.get_absolute_url()).content.decode()
        assert "<script>alert" not in page and "{{ settings.SECRET_KEY }}" in page and "<b>粗" not in page


class TestIssueReveal:
    def url(self, issue):
        return reverse("issue_reveal", args=[issue.pk])

    def test_the_phone_is_masked(self, town, at_work):
        page = at_work(town.secretary).get(new_issue(town).get_absolute_url()).content.decode()
        assert MASKED in page and PHONE not in page
        assert "王**" in page and "王秀英" not in page

    @pytest.mark.parametrize("who", ["secretary", "handler"])
    def test_one_tap_for_whom_it_is_work(self, town, at_work, who):
        issue = issue_at("in_progress", town)
        user = getattr(town, who)
        answer = at_work(user).post(self.url(issue))
        assert f"tel:{PHONE}" in answer.content.decode()
        access = Access.objects.get()
        assert (access.actor, access.what, access.context) == (user, "phone", f"issues.issue:{issue.pk}")
        assert "no-store" in answer["Cache-Control"]

    def test_others_are_asked_for_a_reason(self, town, at_work):
        issue = issue_at("in_progress", town)
        browser = at_work(town.coordinator)
        assert PHONE not in browser.post(self.url(issue), {"reason": " "}).content.decode()
        assert not Access.objects.exists()
        answer = browser.post(self.url(issue), {"reason": "核实上报情况"})
        assert PHONE in answer.content.decode()
        access = Access.objects.get()
        assert (access.reason, access.context) == ("核实上报情况", "")

    def test_after_closing_the_secretary_gives_a_reason_too(self, town, at_work):
        issue = issue_at("closed", town)
        assert PHONE not in at_work(town.secretary).post(self.url(issue)).content.decode()

    def test_the_verifier_calls_with_one_tap(self, town, at_work):
        issue = issue_at("verifying", town)
        assert PHONE in at_work(town.coordinator).post(self.url(issue)).content.decode()

    def test_a_colleague_of_the_handler_gives_a_reason(self, town, at_work):
        issue = issue_at("dispatched", town)
        assert PHONE not in at_work(town.handler).post(self.url(issue)).content.decode()
        assert PHONE in at_work(town.handler).post(self.url(issue), {"reason": "约上门时间"}).content.decode()

    def test_auditors_and_former_handlers_do_not_see_it(self, town, at_work):
        issue = issue_at("verifying", town)
        for user in (town.auditor, town.handler):
            browser = at_work(user)
            assert browser.post(self.url(issue), {"reason": "想看看"}).status_code == 403
            assert (
                reverse("issue_reveal", args=[issue.pk]) not in browser.get(issue.get_absolute_url()).content.decode()
            )
        assert not Access.objects.exists()

    def test_the_model_refuses_too(self, town):
        issue = new_issue(town)
        with pytest.raises(ValueError, match="reason"):
            issue.reveal_phone(by=town.coordinator, reason="  ")
        assert not Access.objects.exists()


class TestIssuePrint:
    def test_the_sheet_has_what_the_page_has(self, town, at_work):
        issue = issue_at("closed", town)
        sheet = at_work(town.secretary).get(reverse("issue_print", args=[issue.pk])).content.decode()
        for text in (issue.number, issue.title, issue.text, issue.result, "王**", "周建平"):
            assert text in sheet
        assert PHONE not in sheet and "王秀英" not in sheet

    def test_internal_notes_are_on_paper_only_if_asked_for(self, town, at_work):
        issue = issue_at("in_progress", town)
        issue.comment(by=town.secretary, text="金丝雀内部留言")
        issue.comment(by=town.secretary, text="金丝雀公开留言", public=True)
        browser = at_work(town.secretary)
        url = reverse("issue_print", args=[issue.pk])
        sheet = browser.get(url).content.decode()
        assert "金丝雀内部留言" not in sheet and "金丝雀公开留言" in sheet
        assert "金丝雀内部留言" in browser.get(f"{url}?notes=on").content.decode()


def test_looking_changes_nothing(town, at_work):
    """Every address of an issue, opened twice: no entry, no access, no new version; a scanner of links does no harm."""
    issues = [issue_at(str(status), town) for status in Status]
    before = Entry.objects.count()
    versions = {issue.pk: Issue.objects.get(pk=issue.pk).version for issue in issues}
    for who in ("secretary", "handler"):
        browser = at_work(getattr(town, who))
        for url in ("issue_desk", "issue_list", "issue_create"):
            browser.get(reverse(url))
        for issue in issues:
            for name in ("issue_detail", "issue_print", "issue_reveal", *(f"issue_{verb}" for verb in MOVES)):
                for _n in range(2):
                    browser.get(reverse(name, args=[issue.pk]))
    assert Entry.objects.count() == before
    assert not Access.objects.exists()
    assert {issue.pk: issue.version for issue in Issue.objects.all()} == versions


def test_a_kept_form_fills_the_page_and_saves_nothing(town, at_work):
    """What was typed into an expired session stands in the form again after signing in (foundation.drafts); GET never acts."""
    issue = issue_at("in_progress", town)
    browser = at_work(town.handler)
    url = address(issue, "report_done")
    form = filled(browser.get(url)) | {"result": "写了很久的办理情况，不能丢。"}
    session = browser.session
    session["seen"] = 0
    session.save()
    assert reverse("account_login") in browser.post(url, form).url
    browser.force_login(town.handler)
    page = browser.get(url)
    assert "写了很久的办理情况，不能丢。" in page.content.decode()
    assert Issue.objects.get().status == "in_progress"
    assert browser.post(url, filled(page)).status_code == 302
    assert Issue.objects.get().result == "写了很久的办理情况，不能丢。"
