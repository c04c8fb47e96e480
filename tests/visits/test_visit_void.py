"""visit_void: out of lists and counts with a reason; the issues that came of it stay."""

import pytest
from django.urls import reverse

from issues.models import Issue
from tests.visits.conftest import line, log
from visits.models import Opinion, Visit

pytestmark = pytest.mark.django_db


def send(browser, visit, **typed):
    url = reverse("visit_void", args=[visit.pk])
    form = browser.get(url).context["form"]
    return browser.post(url, {"seen": visit.version, "key": form["key"].value(), "reason": "重复录入"} | typed)


class TestVisitVoid:
    @pytest.mark.parametrize("who", ["cadre", "secretary", "coordinator"])
    def test_leaves_lists_and_counts(self, town, at_work, who):
        visit = log(town, opinions=[line(town), line(town, handling="answered")])
        browser = at_work(getattr(town, who))
        assert send(browser, visit).url == visit.get_absolute_url()
        assert browser.get(reverse("visit_list")).context["totals"] == {"visits": 0, "people_met": 0}
        assert browser.get(reverse("opinion_list")).context["page"].paginator.count == 0
        assert not Opinion.objects.standing().exists()

    def test_its_issues_stay_and_are_named(self, town, at_work):
        visit = log(town, opinions=[line(town)])
        issue = Issue.objects.get()
        browser = at_work(town.cadre)
        assert issue.number in browser.get(reverse("visit_void", args=[visit.pk])).content.decode()
        send(browser, visit)
        page = browser.get(visit.get_absolute_url()).content.decode()
        assert issue.number in page and "重复录入" in page and town.cadre.name in page
        issue.refresh_from_db()
        assert issue.voided_at is None and issue.status == "submitted"

    def test_needs_a_reason(self, town, at_work):
        visit = log(town)
        page = send(at_work(town.cadre), visit, reason="")
        assert "reason" in page.context["form"].errors and Visit.objects.standing().exists()

    @pytest.mark.parametrize(("who", "status"), [("auditor", 403), ("admin_of_district", 403), ("outsider", 404)])
    def test_refused(self, town, at_work, who, status):
        visit = log(town)
        url = reverse("visit_void", args=[visit.pk])
        assert at_work(getattr(town, who)).post(url, {"reason": "重复录入"}).status_code == status
        assert Visit.objects.standing().exists()

    def test_twice_keeps_the_first_reason(self, town, at_work):
        visit, browser = log(town), at_work(town.cadre)
        send(browser, visit)
        url = reverse("visit_void", args=[visit.pk])
        assert browser.post(url, {"reason": "另一个理由"}).status_code == 302
        assert Visit.objects.get().voided_reason == "重复录入"
