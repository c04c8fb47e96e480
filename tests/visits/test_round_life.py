"""What a life does to the round: who is in hospital, away or dead makes no visit due; who comes home from hospital soon does."""

from datetime import datetime, timedelta

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone

from communities.models import LifeEvent, Resident
from tests.communities.test_life import add, door, fresh
from tests.town import life
from tests.visits.conftest import log
from visits import rounds

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 11, 18, 12, tzinfo=timezone.get_default_timezone())
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def at_noon():
    with time_machine.travel(NOON, tick=False):
        yield


def due(town, now=NOON):
    return list(rounds.due(rounds.households_for(town.cadre, now=now), now=now))


def one(town, household, now=NOON):
    return rounds.households_for(town.cadre, now=now).get(pk=household.pk)


def agree(town, household, now=NOON):
    """Whether the household is due, which the list and the sheet must say alike."""
    in_list = household in due(town, now)
    assert rounds.is_due(one(town, household, now), now=now) == in_list
    return in_list


@pytest.mark.parametrize("kind", ["death", "move_out", "hospital_in", "away"])
def test_alone_in_the_home_nothing_is_due_any_more(town, kind, at_work):
    log(town, visited_at=NOON - 400 * DAY)
    assert agree(town, town.household)
    life(town, kind, on=(NOON - DAY).date())
    for days in (0, 40, 700):
        assert not agree(town, town.household, NOON + days * DAY)
    assert rounds.due_of(one(town, town.household), now=NOON) is None
    assert not rounds.not_met_for_long(rounds.households_for(town.cadre, now=NOON), now=NOON).exists()
    assert not rounds.priority(rounds.households_for(town.cadre, now=NOON)).exists()
    LifeEvent.objects.get().undo(by=town.secretary, reason="登错人")
    assert agree(town, town.household)


def test_the_home_stays_due_for_somebody_else_on_the_register(town, at_work):
    husband = add(town, "赵大海", care_level=2)
    life(town, "hospital_in")
    assert one(town, town.household).care_level == 2 and agree(town, town.household)
    page = at_work(town.grid_worker).get(reverse("round_list"))
    assert [row["person"] for row in page.context["rows"]] == [husband]
    assert "王**" not in page.content.decode()


def test_who_lives_with_somebody_in_hospital_is_visited_as_an_ordinary_household(town):
    add(town, "赵大海")
    log(town, visited_at=NOON - 8 * DAY)
    assert agree(town, town.household)
    life(town, "hospital_in")
    assert not agree(town, town.household)
    assert agree(town, town.household, NOON + 200 * DAY)


def test_a_vacant_home_is_not_due_and_an_unknown_one_as_before(town):
    empty = door(town, 301)
    log(town, household=empty, visited_at=NOON - 300 * DAY)
    assert agree(town, empty)
    empty.correct(by=town.secretary, occupancy="vacant")
    assert not agree(town, empty)


class TestHomeAgain:
    @pytest.fixture
    def home_again(self, town):
        log(town, visited_at=NOON - 2 * DAY)
        life(town, "hospital_in", on=(NOON - DAY).date())
        life(town, "hospital_out", fresh(town.resident), on=NOON.date())

    def test_on_priority_care_due_by_the_next_day(self, town, home_again):
        assert agree(town, town.household)
        chip = rounds.due_of(one(town, town.household), now=NOON)
        assert chip.tone == "warn" and rounds.days_left(one(town, town.household), now=NOON) == 1
        assert rounds.days_left(one(town, town.household, NOON + DAY), now=NOON + DAY) == 0
        later = NOON + 3 * DAY
        assert rounds.due_of(one(town, town.household, later), now=later).tone == "bad"

    def test_one_visit_and_the_usual_interval_runs(self, town, home_again):
        log(town, visited_at=NOON)
        assert not agree(town, town.household) and not agree(town, town.household, NOON + 6 * DAY)
        assert agree(town, town.household, NOON + 7 * DAY)

    def test_other_levels_come_up_in_their_own_time(self, town, home_again):
        fresh(town.resident).correct(by=town.secretary, care_level=2)
        assert not agree(town, town.household)

    def test_a_level_added_or_changed_is_due_by_itself(self, town):
        log(town, visited_at=NOON - 40 * DAY)
        fresh(town.resident).correct(by=town.secretary, care_level=3)
        assert not agree(town, town.household)
        fresh(town.resident).correct(by=town.secretary, care_level=2)
        assert agree(town, town.household)

    def test_the_sheet_says_it(self, town, home_again, at_work):
        url = reverse("round_household", args=[town.household.pk])
        assert "出院" in at_work(town.grid_worker).get(url).content.decode()


class TestOnTheSheet:
    def test_who_is_in_hospital_is_not_called_for_a_visit(self, town, at_work):
        add(town, "赵大海", care_level=1)
        life(town, "hospital_in")
        browser = at_work(town.grid_worker)
        body = browser.get(reverse("round_household", args=[town.household.pk])).content.decode()
        call = reverse("round_call", args=[town.resident.pk])
        assert "王秀英" in body and "住院" in body and call not in body
        assert browser.post(call).status_code == 404

    def test_the_dead_are_not_there(self, town, at_work):
        life(town, "death")
        browser = at_work(town.grid_worker)
        assert "王秀英" not in browser.get(reverse("round_household", args=[town.household.pk])).content.decode()
        assert browser.post(reverse("round_call", args=[town.resident.pk])).status_code == 404
        assert not Resident.objects.here().exists()
