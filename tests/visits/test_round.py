"""The round on the phone: round_list, round_household, round_met, round_missed, round_call, round_undo."""

from datetime import datetime, timedelta
from uuid import uuid4

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone, translation

from communities.models import CareCategory, CareEntry
from foundation.journal.models import Access
from foundation.journal.moves import label
from tests.town import new_issue
from tests.visits.conftest import add_door, line, log
from visits import rounds
from visits.models import Visit

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 11, 18, 12, tzinfo=timezone.get_default_timezone())


def doors(page):
    return [row["household"].door for row in page.context["rows"]]


class TestRoundList:
    def test_due_comes_by_care_level(self, town):
        watch = add_door(town, door="402", care_level=2)
        ordinary = add_door(town, door="501", care_level=None)
        for household, days in ((town.household, 7), (watch, 29), (ordinary, 200)):
            log(town, household=household, visited_at=NOON - timedelta(days=days))
        households = rounds.households_for(town.cadre, now=NOON)
        assert set(rounds.due(households, now=NOON)) == {town.household, ordinary}
        assert set(rounds.due(households, now=NOON + timedelta(days=1))) == {town.household, watch, ordinary}

    def test_what_is_due_today_is_due_from_the_morning_on(self, town):
        log(town, visited_at=NOON - timedelta(days=7) + timedelta(hours=5))
        assert rounds.due(rounds.households_for(town.cadre, now=NOON), now=NOON).exists()

    def test_never_met_is_due_only_on_the_care_register(self, town):
        add_door(town, door="501", care_level=None)
        assert list(rounds.due(rounds.households_for(town.cadre, now=NOON), now=NOON)) == [town.household]

    def test_attempts_and_voided_visits_do_not_count_as_met(self, town):
        log(town, outcome="nobody_home", situation="")
        log(town).void(by=town.cadre, reason="录错了")
        assert rounds.households_for(town.cadre, now=timezone.now()).get(pk=town.household.pk).last_met_at is None

    def test_in_walking_order_with_masked_names(self, town, at_work):
        for door in ("402", "101", "1201"):
            add_door(town, door=door, name="陈大爷")
        page = at_work(town.grid_worker).get(reverse("round_list") + "?show=all")
        assert doors(page) == ["101", "201", "402", "1201"]
        assert "王**" in page.content.decode() and "王秀英" not in page.content.decode()

    @pytest.mark.parametrize(
        ("show", "expected"),
        [("due", ["201", "402"]), ("long", ["201", "402", "501"]), ("priority", ["201"]), ("today", ["101"])],
    )
    def test_chips(self, town, at_work, show, expected):
        add_door(town, door="402")
        add_door(town, door="501", care_level=None)
        log(town, household=add_door(town, door="101"))
        assert doors(at_work(town.cadre).get(reverse("round_list") + f"?show={show}")) == expected

    def test_visited_today_is_said_in_the_row(self, town, at_work):
        visit = log(town)
        page = at_work(town.cadre).get(reverse("round_list") + "?show=today").content.decode()
        assert f"{timezone.localtime(visit.visited_at):%H:%M}" in page

    @pytest.mark.parametrize("words", ["201", "3-1-201", "3号楼 201", "王秀", "橡林小区"])
    def test_found_by_door_or_name(self, town, at_work, words):
        add_door(town, door="402")
        page = at_work(town.cadre).post(reverse("round_list"), {"q": words})
        assert "201" in doors(page)

    def test_a_search_looks_beyond_the_chip(self, town, at_work):
        log(town)
        assert doors(at_work(town.cadre).post(reverse("round_list"), {"q": "王秀英"})) == ["201"]

    def test_others_see_nothing_of_it(self, town, at_work):
        assert doors(at_work(town.outsider).get(reverse("round_list") + "?show=all")) == []
        assert at_work(town.handler).get(reverse("round_list")).status_code == 403

    def test_pages_of_fifty_also_for_a_search(self, town, at_work):
        for number in range(51):
            add_door(town, door=str(1001 + number))
        browser = at_work(town.cadre)
        assert len(doors(browser.get(reverse("round_list") + "?show=all&page=2"))) == 2
        found = browser.post(reverse("round_list"), {"q": "陈大", "page": "2"})
        assert len(doors(found)) == 1 and 'name="page"' in found.content.decode()

    def test_cost(self, town, at_work, add_doors, sql_count):
        browser, url = at_work(town.cadre), reverse("round_list") + "?show=all"
        with sql_count(at_most=8):
            browser.get(url)
        for household in add_doors(town, 20):
            log(town, household=household)
        with sql_count(at_most=8):
            assert len(doors(browser.get(url))) == 21


class TestWords:
    def household(self, town, **facts):
        return rounds.households_for(town.cadre, now=NOON).get(pk=town.household.pk)

    @pytest.mark.parametrize(
        ("days", "chip", "last"),
        [
            (2, "by Monday", "last time 2 days ago"),
            (6, "by tomorrow", "last time 6 days ago"),
            (7, "due today", "last time 7 days ago"),
            (8, "1 day past", "last time 8 days ago"),
            (60, "due now", "last time 60 days ago"),
            (400, "due now", "last time 14 Oct 2025"),
        ],
    )
    def test_how_the_next_visit_stands(self, town, days, chip, last):
        log(town, visited_at=NOON - timedelta(days=days))
        with translation.override("en"), time_machine.travel(NOON, tick=False):
            household = self.household(town)
            assert rounds.chip_of(household, now=NOON).word == f"priority · {chip}"
            assert rounds.last_met_words(household, now=NOON) == last


class TestRoundHousehold:
    def sheet(self, browser, town, query=""):
        return browser.get(reverse("round_household", args=[town.household.pk]) + query)

    def test_says_who_lives_here_and_who_came_last(self, town, at_work):
        for days in (9, 5, 3):
            log(town, visited_at=timezone.now() - timedelta(days=days))
        page = self.sheet(at_work(town.grid_worker), town)
        assert "王秀英" in page.content.decode() and "13000000123" not in page.content.decode()
        assert len(page.context["visits"]) == 2

    def test_shows_open_issues_but_none_in_confidence(self, town, at_work):
        issue = new_issue(town)
        secret = new_issue(town, title="邻居占道", anonymity="confidential", by=town.secretary)
        assert list(self.sheet(at_work(town.grid_worker), town).context["issues"]) == [issue]
        assert set(self.sheet(at_work(town.secretary), town).context["issues"]) == {issue, secret}

    def test_before_a_third_visit_it_says_who_came(self, town, at_work):
        log(town, visited_at=timezone.now() - timedelta(days=6))
        assert self.sheet(at_work(town.grid_worker), town).context["recent"] == []
        log(town, by=town.secretary)
        log(town, outcome="nobody_home", situation="")
        recent = self.sheet(at_work(town.grid_worker), town).context["recent"]
        assert [visit.created_by for visit in recent] == [town.secretary, town.cadre]

    def test_leads_to_the_next_door_of_the_building(self, town, at_work):
        add_door(town, door="402")
        following = add_door(town, door="301")
        assert self.sheet(at_work(town.cadre), town).context["household"].next_id == following.pk

    def test_sensitive_categories_stay_off_the_phone(self, town, at_work):
        sensitive = CareCategory.objects.exclude(sensitive="").first()
        CareEntry.objects.register(by=town.secretary, resident=town.resident, category=sensitive)
        assert sensitive.name not in self.sheet(at_work(town.secretary), town).content.decode()

    def test_readers_have_no_buttons_and_outsiders_no_page(self, town, at_work):
        page = self.sheet(at_work(town.auditor), town)
        assert reverse("round_met", args=[town.household.pk]) not in page.content.decode()
        assert self.sheet(at_work(town.outsider), town).status_code == 404

    def test_cost(self, town, at_work, add_doors, sql_count):
        browser = at_work(town.cadre)
        log(town)
        with sql_count(at_most=10):
            self.sheet(browser, town)
        add_doors(town, 20)
        for _count in range(20):
            log(town)
            new_issue(town)
        with sql_count(at_most=10):
            self.sheet(browser, town)


class TestRoundMet:
    @pytest.mark.parametrize(
        ("tap", "outcome", "mode"),
        [("in_person", "met", "in_person"), ("phone", "met", "phone"), ("family", "proxy_met", "in_person")],
    )
    def test_one_tap_saves(self, town, at_work, tap, outcome, mode):
        url = reverse("round_met", args=[town.household.pk])
        answer = at_work(town.grid_worker).post(url + "?show=due&page=2", {"client_uuid": uuid4(), "tap": tap})
        visit = Visit.objects.get()
        assert (visit.outcome, visit.situation, visit.mode, visit.people_met) == (outcome, "normal", mode, 1)
        sheet = reverse("round_household", args=[town.household.pk])
        assert answer.url == f"{sheet}?show=due&page=2&saved={visit.pk}"

    def test_two_taps_from_the_list_and_nothing_typed(self, town, at_work):
        browser = at_work(town.grid_worker)
        sheet = browser.get(browser.get(reverse("round_list")).context["rows"][0]["url"])
        browser.post(
            reverse("round_met", args=[town.household.pk]),
            {"client_uuid": sheet.context["uuids"]["in_person"], "tap": "in_person"},
        )
        assert Visit.objects.get().created_by == town.grid_worker

    @pytest.mark.parametrize("outcome", ["nobody_home", "declined", "moved", "wrong_address"])
    def test_round_missed(self, town, at_work, outcome):
        url = reverse("round_missed", args=[town.household.pk])
        at_work(town.grid_worker).post(url, {"client_uuid": uuid4(), "tap": outcome})
        visit = Visit.objects.get()
        assert (visit.outcome, visit.situation, visit.people_met) == (outcome, "", 0)

    def test_a_double_tap_is_one_visit(self, town, at_work):
        url, sent = reverse("round_met", args=[town.household.pk]), {"client_uuid": uuid4(), "tap": "in_person"}
        browser = at_work(town.grid_worker)
        assert browser.post(url, sent).url == browser.post(url, sent).url
        assert Visit.objects.count() == 1

    def test_anothers_number_is_refused(self, town, at_work):
        url, sent = reverse("round_met", args=[town.household.pk]), {"client_uuid": uuid4(), "tap": "in_person"}
        at_work(town.grid_worker).post(url, sent)
        assert at_work(town.cadre).post(url, sent).status_code == 409

    def test_another_button_is_another_visit(self, town, at_work):
        page = at_work(town.grid_worker).get(reverse("round_household", args=[town.household.pk]))
        uuids = list(page.context["uuids"].values())
        assert len(set(uuids)) == len(uuids) == 2

    def test_refused(self, town, at_work):
        url, sent = reverse("round_met", args=[town.household.pk]), {"client_uuid": uuid4(), "tap": "in_person"}
        assert at_work(town.auditor).post(url, sent).status_code == 403
        assert at_work(town.outsider).post(url, sent).status_code == 404
        assert at_work(town.cadre).post(url, sent | {"tap": "nobody_home"}).status_code == 400
        assert at_work(town.cadre).get(url).status_code == 405
        assert not Visit.objects.exists()

    def test_cost(self, town, at_work, sql_count):
        browser = at_work(town.cadre)
        with sql_count(at_most=14):
            browser.post(reverse("round_met", args=[town.household.pk]), {"client_uuid": uuid4(), "tap": "in_person"})


class TestRoundUndo:
    def undo(self, browser, visit):
        return browser.post(reverse("round_undo", args=[visit.pk]))

    def test_takes_ones_own_visit_back(self, town, at_work):
        visit, browser = log(town), at_work(town.cadre)
        assert self.undo(browser, visit).status_code == 302
        assert not Visit.objects.standing().exists()
        visit.refresh_from_db()
        assert (visit.voided_by, visit.voided_reason) == (town.cadre, "undone")
        assert browser.get(visit.get_absolute_url()).status_code == 200

    def test_twice_is_once(self, town, at_work):
        visit, browser = log(town), at_work(town.cadre)
        assert self.undo(browser, visit).url == self.undo(browser, visit).url

    def test_the_sheet_offers_it_without_a_script(self, town, at_work):
        visit = log(town)
        sheet = at_work(town.cadre).get(reverse("round_household", args=[town.household.pk])).content.decode()
        assert reverse("round_undo", args=[visit.pk]) in sheet

    def test_only_the_visitor(self, town, at_work):
        visit = log(town)
        assert self.undo(at_work(town.secretary), visit).status_code == 403
        assert self.undo(at_work(town.outsider), visit).status_code == 404
        assert Visit.objects.standing().exists()

    def test_only_for_ten_minutes(self, town, at_work):
        visit = log(town)
        with time_machine.travel(timezone.now() + timedelta(minutes=11)):
            assert self.undo(at_work(town.cadre), visit).status_code == 403

    def test_not_when_something_was_said(self, town, at_work):
        visit = log(town, opinions=[line(town)])
        assert self.undo(at_work(town.cadre), visit).status_code == 403
        sheet = at_work(town.cadre).get(reverse("round_household", args=[town.household.pk]))
        assert sheet.context["undoable"] is None


class TestRoundCall:
    """One tap calls a person whose visit is due; the due visit is named in the access log."""

    def url(self, town):
        return reverse("round_call", args=[town.resident.pk])

    def test_a_due_visit_is_reason_enough(self, town, at_work):
        browser = at_work(town.grid_worker)
        assert self.url(town) in browser.get(reverse("round_household", args=[town.household.pk])).content.decode()
        answer = browser.post(self.url(town))
        assert "13000000123" in answer.content.decode()
        assert "no-store" in answer["Cache-Control"]
        access = Access.objects.get()
        assert (access.actor, access.what, access.subject_label) == (town.grid_worker, "phone", label(town.resident))
        assert access.context == label(town.household)

    def test_without_a_due_visit_a_reason_is_asked(self, town, at_work):
        log(town)
        browser = at_work(town.grid_worker)
        sheet = browser.get(reverse("round_household", args=[town.household.pk])).content.decode()
        assert self.url(town) not in sheet
        assert reverse("resident_reveal", args=[town.resident.pk]) in sheet
        assert browser.post(self.url(town)).status_code == 403
        assert not Access.objects.exists()

    @pytest.mark.parametrize(
        ("who", "status"), [("outsider", 404), ("handler", 404), ("auditor", 403), ("admin_of_district", 403)]
    )
    def test_nobody_else(self, town, at_work, who, status):
        assert at_work(getattr(town, who)).post(self.url(town)).status_code == status
        assert not Access.objects.exists()

    def test_due_for_one_is_due_in_the_list(self, town):
        for days in (None, 1, 6, 7, 8, 40):
            if days:
                log(town, visited_at=NOON - timedelta(days=days))
            household = rounds.households_for(town.cadre, now=NOON).get(pk=town.household.pk)
            listed = rounds.due(rounds.households_for(town.cadre, now=NOON), now=NOON).exists()
            assert rounds.is_due(household, now=NOON) == listed
            for visit in Visit.objects.standing():
                visit.void(by=town.cadre, reason="录错了")
