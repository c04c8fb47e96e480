"""visit_create: outcome first, line by line what was said, sent twice and still one visit."""

from datetime import timedelta
from uuid import uuid4

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone

from foundation.journal.models import Entry
from foundation.notices.models import Notice
from issues.models import Issue
from tests.visits.conftest import form_of, log
from visits.models import Opinion, Visit

pytestmark = pytest.mark.django_db


@pytest.fixture
def url(town):
    return reverse("visit_create", args=[town.household.pk])


def row(town, **facts):
    return {"text": "楼道灯坏了半个月", "category": town.sanitation.pk, "handling": "register"} | facts


def local(moment):
    return f"{timezone.localtime(moment):%Y-%m-%dT%H:%M}"


class TestLogging:
    def test_only_two_fields_are_needed(self, town, at_work, url):
        answer = at_work(town.cadre).post(url, {"client_uuid": uuid4(), "outcome": "met", "situation": "normal"})
        visit = Visit.objects.get()
        assert answer.url == visit.get_absolute_url()
        assert (visit.created_by, visit.household, visit.people_met, visit.mode) == (
            town.cadre,
            town.household,
            1,
            "in_person",
        )
        assert visit.area_path == visit.area_path_then == town.household.area_path
        assert Entry.objects.get(subject_type="visits.visit").verb == "log"

    def test_everything_else_is_kept_too(self, town, at_work, url):
        at = timezone.now() - timedelta(hours=3)
        at_work(town.cadre).post(
            url,
            form_of(
                situation="attention",
                mode="phone",
                visited_at=local(at),
                people_met=3,
                tags=["health", "safety"],
                summary="腿疼，不便下楼",
                source="on",
            ),
        )
        visit = Visit.objects.get()
        assert (visit.situation, visit.mode, visit.people_met, visit.source) == ("attention", "phone", 3, "paper")
        assert (visit.tags, visit.summary, local(visit.visited_at)) == (
            ["health", "safety"],
            "腿疼，不便下楼",
            local(at),
        )

    @pytest.mark.parametrize("outcome", ["nobody_home", "declined", "moved", "wrong_address"])
    def test_where_nobody_was_met_there_is_no_situation(self, town, at_work, url, outcome):
        at_work(town.cadre).post(url, form_of(outcome=outcome, situation="urgent", people_met=4))
        visit = Visit.objects.get()
        assert (visit.outcome, visit.situation, visit.people_met) == (outcome, "", 0)
        assert not Notice.objects.filter(kind="visit_urgent").exists()

    def test_from_the_round_one_comes_back_to_the_sheet(self, town, at_work, url):
        answer = at_work(town.cadre).post(f"{url}?from=round&show=all", form_of())
        sheet = reverse("round_household", args=[town.household.pk])
        assert answer.url == f"{sheet}?show=all&saved={Visit.objects.get().pk}"

    def test_a_link_may_choose_beforehand(self, town, at_work, url):
        form = at_work(town.cadre).get(f"{url}?outcome=met&situation=attention").context["form"]
        assert (form["outcome"].value(), form["situation"].value()) == ("met", "attention")

    def test_the_visit_needs_two_fields_and_a_line_three_or_four(self, town, at_work, url):
        page = at_work(town.cadre).get(url)
        needed = [name for name, field in page.context["form"].fields.items() if field.required]
        needed += [name for name, field in page.context["rows"][0].fields.items() if field.required]
        # the last one only if it was solved on the spot, the second only if somebody was met
        assert needed == ["outcome", "situation", "text", "category", "handling", "spot_action"]


class TestOpinions:
    def test_answered_makes_no_issue(self, town, at_work, url):
        at_work(town.cadre).post(url, form_of(row(town, handling="answered", text="问医保怎么报")))
        opinion = Opinion.objects.get()
        assert (opinion.handling, opinion.issue, Issue.objects.count()) == ("answered", None, 0)

    def test_registered_awaits_the_secretary(self, town, at_work, url):
        at_work(town.cadre).post(url, form_of(row(town, raised_by=town.resident.pk)))
        opinion = Opinion.objects.get()
        assert (opinion.issue.status, opinion.issue.channel, opinion.issue.household) == (
            "submitted",
            "visit",
            town.household,
        )
        assert opinion.issue.reporters.get().resident == opinion.raised_by == town.resident
        assert Notice.objects.filter(recipient=town.secretary, kind="issue_reported").count() == 1

    def test_solved_on_the_spot_is_born_closed(self, town, at_work, url):
        at = timezone.now() - timedelta(days=1)
        at_work(town.cadre).post(
            url, form_of(row(town, handling="on_spot", spot_action="当场换了灯泡"), visited_at=local(at))
        )
        issue = Opinion.objects.get().issue
        assert (issue.status, issue.closure_reason, issue.result) == ("closed", "resolved_on_spot", "当场换了灯泡")
        assert local(issue.submitted_at) == local(issue.closed_at) == local(at)

    def test_rows_keep_their_order_and_empty_ones_are_nothing(self, town, at_work, url):
        at_work(town.cadre).post(url, form_of(row(town, text="一"), {}, row(town, text="二", handling="answered")))
        assert list(Opinion.objects.order_by("position").values_list("text", flat=True)) == ["一", "二"]

    def test_a_row_copied_with_its_number_becomes_a_line_of_its_own(self, town, at_work, url):
        same = uuid4()
        at_work(town.cadre).post(
            url, form_of(row(town, text="一", client_uuid=same), row(town, text="二", client_uuid=same))
        )
        assert Opinion.objects.count() == Issue.objects.count() == 2

    def test_confidential_hides_the_door_as_well(self, town, at_work, url):
        at_work(town.cadre).post(url, form_of(row(town, confidential="on")))
        issue = Issue.objects.get()
        assert (issue.anonymity, issue.address) == ("confidential", "")

    def test_one_more_row_without_a_script(self, town, at_work, url):
        typed = form_of(row(town), summary="说到一半", tags=["health"], more="1")
        page = at_work(town.cadre).post(url, typed)
        assert page.status_code == 200 and not Visit.objects.exists()
        assert len(page.context["rows"].forms) == 3
        assert page.context["rows"][0]["text"].value() == "楼道灯坏了半个月"
        assert (page.context["form"]["summary"].value(), page.context["form"]["tags"].value()) == (
            "说到一半",
            ["health"],
        )
        assert page.context["form"]["client_uuid"].value() == str(typed["client_uuid"])
        assert not page.context["form"].errors

    def test_categories_and_residents_are_those_of_the_place(self, town, at_work, url):
        other = log(town).household  # a second household's people must not be offered
        answer = at_work(town.cadre).post(url, form_of(row(town, raised_by=999999)))
        assert answer.status_code == 200 and other.visits.count() == 1


class TestUrgent:
    def test_the_secretary_is_told_at_once(self, town, at_work, url):
        at_work(town.cadre).post(url, form_of(situation="urgent"))
        told = Notice.objects.filter(kind="visit_urgent").values_list("recipient", flat=True)
        assert set(told) == {town.secretary.pk, town.deputy.pk}

    def test_the_page_says_whom_to_call(self, town, at_work, url):
        town.community.correct(by=town.secretary, office_phone="0396-2600000")
        assert "tel:0396-2600000" in at_work(town.cadre).get(url).content.decode()


class TestBackDating:
    def test_the_future_is_refused(self, town, at_work, url):
        page = at_work(town.cadre).post(url, form_of(visited_at=local(timezone.now() + timedelta(hours=1))))
        assert "visited_at" in page.context["form"].errors and not Visit.objects.exists()

    def test_a_fast_clock_is_forgiven(self, town, at_work, url):
        at_work(town.cadre).post(url, form_of(visited_at=local(timezone.now() + timedelta(minutes=5))))
        visit = Visit.objects.get()
        assert visit.visited_at <= visit.created_at

    def test_within_a_week_nothing_is_asked(self, town, at_work, url):
        at_work(town.cadre).post(url, form_of(visited_at=local(timezone.now() - timedelta(days=6, hours=23))))
        assert Visit.objects.get().late_reason == ""

    def test_later_needs_a_word_why(self, town, at_work, url):
        old = local(timezone.now() - timedelta(days=8))
        page = at_work(town.cadre).post(url, form_of(visited_at=old))
        assert list(page.context["form"].errors) == ["late_reason"] and not Visit.objects.exists()
        at_work(town.cadre).post(url, form_of(visited_at=old, late_reason="下乡没有信号"))
        visit = Visit.objects.get()
        assert (local(visit.visited_at), visit.late_reason) == (old, "下乡没有信号")
        assert timezone.now() - visit.created_at < timedelta(minutes=1)


class TestRefusals:
    @pytest.mark.parametrize("who", ["auditor", "admin_of_district"])
    def test_who_only_reads_gets_403(self, town, at_work, url, who):
        browser = at_work(getattr(town, who))
        assert [browser.get(url).status_code, browser.post(url, form_of()).status_code] == [403, 403]
        assert not Visit.objects.exists()

    @pytest.mark.parametrize("who", ["outsider", "handler", "system_admin", "idle"])
    def test_outsiders_get_404(self, town, at_work, url, who):
        browser = at_work(getattr(town, who))
        assert [browser.get(url).status_code, browser.post(url, form_of()).status_code] == [404, 404]
        assert not Visit.objects.exists()

    @pytest.mark.parametrize(
        ("wrong", "where"),
        [
            ({"outcome": ""}, "outcome"),
            ({"outcome": "asleep"}, "outcome"),
            ({"situation": ""}, "situation"),
            ({"people_met": "-1"}, "people_met"),
            ({"visited_at": "yesterday"}, "visited_at"),
        ],
    )
    def test_invalid_changes_nothing_and_keeps_what_was_typed(self, town, at_work, url, wrong, where):
        page = at_work(town.cadre).post(url, form_of(row(town), summary="老人独居") | wrong)
        assert page.status_code == 200 and where in page.context["form"].errors
        assert "老人独居" in page.content.decode() and "楼道灯坏了半个月" in page.content.decode()
        assert not Visit.objects.exists() and not Issue.objects.exists()

    @pytest.mark.parametrize(
        ("wrong", "where"),
        [
            ({"text": ""}, "text"),
            ({"category": ""}, "category"),
            ({"handling": ""}, "handling"),
            ({"handling": "on_spot"}, "spot_action"),
        ],
    )
    def test_a_half_filled_row_is_refused_at_its_field(self, town, at_work, url, wrong, where):
        page = at_work(town.cadre).post(url, form_of(row(town, confidential="on") | wrong))
        assert list(page.context["rows"][0].errors) == [where]
        assert f'href="#id_opinions-0-{where}"' in page.content.decode()
        assert not Visit.objects.exists()


class TestNothingIsLost:
    def test_a_form_sent_too_late_comes_back_filled(self, town, at_work, url):
        browser, sent = at_work(town.cadre), form_of(row(town), summary="说了很久")
        with time_machine.travel(timezone.now() + timedelta(minutes=31)):
            assert "login" in browser.post(url, sent).url
            browser.force_login(town.cadre)
            browser.get(reverse("inbox_list"))
            page = browser.get(url)
            assert not Visit.objects.exists()
            assert (page.context["form"]["summary"].value(), page.context["form"]["client_uuid"].value()) == (
                "说了很久",
                str(sent["client_uuid"]),
            )
            assert page.context["rows"][0]["text"].value() == "楼道灯坏了半个月"

    def test_a_voided_household_is_visited_no_more(self, town, at_work, url):
        town.household.void(by=town.secretary, reason="登记重复")
        browser = at_work(town.cadre)
        assert browser.get(url).status_code == 404
        tap = reverse("round_met", args=[town.household.pk])
        assert browser.post(tap, {"client_uuid": uuid4(), "tap": "in_person"}).status_code == 404


class TestTwice:
    def test_the_same_form_twice_is_one_visit(self, town, at_work, url):
        sent = form_of(row(town), row(town, handling="on_spot", spot_action="已清理"))
        first = at_work(town.cadre).post(url, sent)
        second = at_work(town.cadre).post(url, sent, follow=True)
        assert first.url == second.redirect_chain[0][0]
        assert (Visit.objects.count(), Opinion.objects.count(), Issue.objects.count()) == (1, 2, 2)

    def test_anothers_number_is_refused(self, town, at_work, url):
        sent = form_of(row(town))
        at_work(town.cadre).post(url, sent)
        assert at_work(town.secretary).post(url, sent).status_code == 409
        assert Visit.objects.count() == Issue.objects.count() == 1

    def test_the_number_of_a_line_at_another_visit_is_refused(self, town, at_work, url):
        sent = form_of(row(town))
        at_work(town.cadre).post(url, sent)
        assert at_work(town.cadre).post(url, sent | {"client_uuid": uuid4()}).status_code == 409
        assert Visit.objects.count() == Issue.objects.count() == 1


class TestCost:
    def test_at_most_fourteen_queries_without_opinions(self, town, at_work, url, sql_count):
        browser = at_work(town.cadre)
        with sql_count(at_most=14):
            browser.post(url, form_of())
        assert Visit.objects.count() == 1

    def test_the_empty_form(self, town, at_work, url, sql_count):
        browser = at_work(town.cadre)
        with sql_count(at_most=8):
            browser.get(url)


def test_a_substitute_is_named_with_the_person_he_stands_in_for(town, at_work, url):
    at_work(town.deputy).post(url, form_of())
    entry = Entry.objects.get(subject_type="visits.visit")
    assert (entry.actor, entry.on_behalf_of) == (town.deputy, town.secretary)
    page = at_work(town.secretary).get(Visit.objects.get().get_absolute_url()).content.decode()
    assert town.deputy.name in page and town.secretary.name in page
