"""A place moves while people go on working in it, on PostgreSQL: nothing is lost under the old path, nobody does it twice."""

from threading import Event
from uuid import uuid4

import pytest
from django.db import connection
from django.utils import timezone

from communities import reorganising
from communities.models import Compound, Division, Household, Reorganisation, Resident
from communities.upkeep import keep_registers
from foundation.journal.models import Conflict, Entry
from foundation.journal.moves import NotAllowed
from issues.models import Issue
from tests.town import build_town, new_issue
from tests.visits.test_visit_race import at_once
from visits.models import Visit

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]
TODAY = timezone.localdate()


@pytest.fixture
def town():
    return build_town()


@pytest.fixture
def change(town):
    """Confirmed for today, but left to the clock."""
    row = Reorganisation.objects.draw_up(
        by=town.admin_of_district,
        client_uuid=uuid4(),
        kind="merge",
        sources=[town.community, town.next_community],
        on=TODAY,
        target_code=town.next_community.code,
        target_name=town.next_community.full_name,
    )
    Reorganisation.objects.filter(pk=row.pk).update(status="planned")
    return row


def carrying_out(change):
    return lambda: Reorganisation.objects.get(pk=change.pk).carry_out()


def test_eight_workers_do_it_once(town, change):
    answers = at_once(*[carrying_out(change) for _n in range(8)])
    errors = [answer for answer in answers if isinstance(answer, Exception)]
    assert len(errors) == 7 and all(isinstance(error, Conflict | NotAllowed) for error in errors), errors
    assert Division.objects.filter(code="411702007001001").count() == 1
    assert Entry.objects.filter(verb="reorganise").count() == 2
    assert Reorganisation.objects.get(pk=change.pk).status == "done"


def test_what_is_written_meanwhile_is_not_lost_under_the_old_path(town, change, monkeypatch):
    """Writers hold rows they read before the move and commit after it: the sweep of the next tick finds them."""
    stale = Household.objects.select_related("compound").get(pk=town.household.pk)
    compound = Compound.objects.get(pk=town.compound.pk)
    moved, written = Event(), Event()
    close = reorganising.close

    def slow_close(*args, **kwargs):
        moved.set()
        assert written.wait(20)
        close(*args, **kwargs)

    monkeypatch.setattr(reorganising, "close", slow_close)

    def write():
        assert moved.wait(20)
        try:
            for number in range(20):
                Resident.objects.add(by=town.cadre, client_uuid=uuid4(), household=stale, name=f"迟到{number}")
            Visit.objects.log(by=town.cadre, client_uuid=uuid4(), household=stale, outcome="nobody_home")
            new_issue(town, compound=compound, household=stale)
        finally:
            written.set()

    answers = at_once(carrying_out(change), write)
    assert [answer for answer in answers if isinstance(answer, Exception)] == []
    assert Resident.objects.filter(area_path="411702007002001").count() == 20
    keep_registers(now=timezone.now())
    for model in (Household, Resident, Visit, Issue):
        assert {row.area_path for row in model.objects.all() if row.area_path.startswith("4117")} == {"411702007001001"}
    assert Resident.objects.filter(area_path="411702007001001").count() == 21
    assert set(Issue.objects.values_list("community__code", flat=True)) == {town.next_community.code}


def test_who_has_the_old_facts_on_the_screen_is_told(town, change):
    compound = Compound.objects.get(pk=town.compound.pk)
    carrying_out(change)()
    with pytest.raises(Conflict):
        compound.correct(by=town.secretary, address="橡林路1号", grid=town.grid_area)
    assert Compound.objects.get(pk=town.compound.pk).area_path == "411702007001001"


def test_another_connection_sees_all_or_nothing(town, change, monkeypatch):
    seen = []
    close = reorganising.close

    def look(*args, **kwargs):
        answers = at_once(lambda: seen.append(Household.objects.get(pk=town.household.pk).area_path))
        assert answers == [None]
        close(*args, **kwargs)

    monkeypatch.setattr(reorganising, "close", look)
    carrying_out(change)()
    connection.close()
    assert seen == [town.grid_area.code]
    assert Household.objects.get(pk=town.household.pk).area_path == "411702007001001"
