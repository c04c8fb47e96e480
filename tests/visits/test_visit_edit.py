"""visit_edit: the visitor corrects within 24 hours; what stood before is kept."""

from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone

from foundation.journal.models import Entry
from foundation.notices.models import Notice
from tests.visits.conftest import log
from visits.models import Visit

pytestmark = pytest.mark.django_db


def page_of(visit):
    return reverse("visit_edit", args=[visit.pk])


def send(browser, visit, **typed):
    """The form as it stands on the page, with these fields typed over."""
    form = browser.get(page_of(visit)).context["form"]
    sent = {bound.name: bound.value() for bound in form if bound.value() not in (None, "", False)}
    sent["visited_at"] = f"{timezone.localtime(visit.visited_at):%Y-%m-%dT%H:%M}"
    return browser.post(page_of(visit), sent | typed)


class TestVisitEdit:
    def test_the_visitor_corrects_and_both_versions_stay(self, town, at_work):
        visit = log(town, summary="一切都好")
        browser = at_work(town.cadre)
        answer = send(browser, visit, situation="attention", summary="楼道灯不亮", tags=["safety"])
        assert answer.url == visit.get_absolute_url()
        visit.refresh_from_db()
        assert (visit.situation, visit.summary, visit.version) == ("attention", "楼道灯不亮", 2)
        kept = visit.revisions.get()
        assert (kept.facts["situation"], kept.facts["summary"], kept.replaced_by) == ("normal", "一切都好", town.cadre)
        page = browser.get(visit.get_absolute_url())
        fields = page.context["corrections"][0].fields
        assert [(before, after) for _label, before, after in fields if "灯" in after] == [("一切都好", "楼道灯不亮")]
        assert Entry.objects.filter(subject_type="visits.visit", verb="correct").get().fields == [
            "situation",
            "summary",
            "tags",
        ]

    def test_several_corrections_read_one_after_the_other(self, town, at_work):
        visit = log(town, summary="一")
        browser = at_work(town.cadre)
        send(browser, visit, summary="二")
        send(browser, visit, summary="三")
        page = browser.get(visit.get_absolute_url())
        steps = [correction.fields[0][1:] for correction in page.context["corrections"]]
        assert steps == [("一", "二"), ("二", "三")]

    def test_what_was_not_touched_is_no_correction(self, town, at_work):
        visit = log(town)
        send(at_work(town.cadre), visit)
        assert not visit.revisions.exists()

    def test_met_becomes_nobody_home(self, town, at_work):
        visit = log(town)
        send(at_work(town.cadre), visit, outcome="nobody_home")
        visit.refresh_from_db()
        assert (visit.outcome, visit.situation, visit.people_met) == ("nobody_home", "", 0)

    def test_corrected_to_urgent_the_secretary_is_told_once(self, town, at_work):
        visit, browser = log(town), at_work(town.cadre)
        send(browser, visit, situation="urgent")
        send(browser, visit, summary="已叫救护车")
        assert Notice.objects.filter(kind="visit_urgent", recipient=town.secretary).count() == 1

    def test_the_visit_cannot_move_behind_its_entry(self, town, at_work):
        visit = log(town)
        page = send(
            at_work(town.cadre), visit, visited_at=f"{timezone.localtime() + timedelta(hours=1):%Y-%m-%dT%H:%M}"
        )
        assert "visited_at" in page.context["form"].errors

    @pytest.mark.parametrize(("hours", "status"), [(23.9, 200), (24.1, 403)])
    def test_the_window_is_24_hours_from_the_entry(self, town, at_work, hours, status):
        visit = log(town, visited_at=timezone.now() - timedelta(days=6))
        with time_machine.travel(timezone.now() + timedelta(hours=hours)):
            browser = at_work(town.cadre)
            assert browser.get(page_of(visit)).status_code == status
            assert browser.post(page_of(visit), {"outcome": "declined"}).status_code in (302, status)
        visit.refresh_from_db()
        assert (visit.outcome == "met") == (status == 403)

    def test_after_the_window_the_page_says_what_can_be_done(self, town, at_work):
        visit = log(town)
        with time_machine.travel(timezone.now() + timedelta(days=2)):
            page = at_work(town.cadre).get(page_of(visit))
        assert reverse("visit_void", args=[visit.pk]) in page.content.decode()

    @pytest.mark.parametrize(("who", "status"), [("secretary", 403), ("auditor", 403), ("outsider", 404)])
    def test_nobody_else(self, town, at_work, who, status):
        visit, browser = log(town), at_work(getattr(town, who))
        assert browser.get(page_of(visit)).status_code == status
        assert browser.post(page_of(visit), {"outcome": "declined"}).status_code == status
        visit.refresh_from_db()
        assert visit.outcome == "met"

    def test_invalid_changes_nothing(self, town, at_work):
        visit = log(town)
        page = send(at_work(town.cadre), visit, outcome="asleep", summary="写了很多")
        assert page.status_code == 200 and "写了很多" in page.content.decode()
        visit.refresh_from_db()
        assert visit.version == 1

    def test_twice_is_once(self, town, at_work):
        visit, browser = log(town), at_work(town.cadre)
        form = browser.get(page_of(visit)).context["form"]
        sent = {"outcome": "met", "situation": "attention", "seen": 1, "key": form["key"].value()}
        browser.post(page_of(visit), sent)
        assert browser.post(page_of(visit), sent).status_code == 302
        assert Visit.objects.get().version == 2

    def test_two_tabs_the_second_sees_both_versions(self, town, at_work):
        visit, browser = log(town), at_work(town.cadre)
        send(browser, visit, summary="第一页")
        page = browser.post(page_of(visit), {"outcome": "met", "situation": "normal", "summary": "第二页", "seen": 1})
        assert page.status_code == 409
        assert "第一页" in page.content.decode() and "第二页" in page.content.decode()
