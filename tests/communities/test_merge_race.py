"""Merges at once with merges, undoing and visits, on PostgreSQL: one wins, nothing is lost, there is no circle."""

from threading import Event
from uuid import uuid4

import pytest
from django.db import connection, transaction

from communities.models import CareEntry, Household, Merge, Resident
from foundation.journal.models import Conflict, Entry
from issues.models.contact import Reporter
from tests.communities.twice import again, fingerprint, household, merge, resident, twins, visit
from tests.town import build_town
from tests.visits.test_visit_race import at_once
from visits.models import Opinion, Visit

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def world():
    town = build_town()
    return town, *twins(town)


def refusals(answers):
    errors = [answer for answer in answers if isinstance(answer, Exception)]
    assert all(isinstance(error, Conflict) for error in errors), errors
    return len(errors)


def merging(town, kept, gone, **facts):
    """The merge as another person's request would do it, with rows of its own."""
    facts = {"by": town.secretary, "client_uuid": uuid4(), "kept": again(kept), "gone": again(gone)} | facts
    return lambda: Merge.objects.merge(**facts)


def test_eight_merge_the_same_two_and_one_does(world):
    town, kept, gone = world
    assert refusals(at_once(*[merging(town, kept, gone) for _n in range(8)])) == 7
    assert Merge.objects.count() == Entry.objects.filter(verb="merge").count() == 1
    assert Reporter.objects.filter(resident=kept).count() == 6


def test_one_form_sent_eight_times_is_one_merge(world):
    town, kept, gone = world
    answers = at_once(*[merging(town, kept, gone, client_uuid=uuid4())] * 8)
    assert refusals(answers) == 0 and len(set(answers)) == 1
    assert Merge.objects.count() == 1


def test_in_opposite_directions_there_is_no_circle(world):
    town, kept, gone = world
    acts = [merging(town, *pair) for _n in range(4) for pair in ((kept, gone), (gone, kept))]
    assert refusals(at_once(*acts)) == 7
    kept, gone = again(kept), again(gone)
    assert [kept.merged_into, gone.merged_into].count(None) == 1
    assert kept.survivor() == gone.survivor()


def test_in_a_ring_there_is_no_circle(world):
    town, kept, gone = world
    third = resident(town, "王秀英")
    answers = at_once(merging(town, kept, gone), merging(town, gone, third), merging(town, third, kept))
    assert refusals(answers) >= 1
    survivors = {again(row).survivor().pk for row in (kept, gone, third)}
    standing = Resident.objects.filter(pk__in=[kept.pk, gone.pk, third.pk], merged_into=None)
    assert survivors == {row.pk for row in standing} and survivors
    # whoever stands carries everything of those that lead to it
    assert Opinion.objects.filter(raised_by__in=survivors).count() == 4


def test_two_into_one(world):
    town, kept, gone = world
    third = resident(town, "王秀英")
    visit(town, town.household, raised_by=third)
    assert refusals(at_once(merging(town, kept, gone), merging(town, kept, third))) == 0
    assert Opinion.objects.filter(raised_by=kept).count() == 5
    assert again(gone).merged_into == again(third).merged_into == kept
    assert CareEntry.objects.open().filter(resident=kept, category__code="living_alone").count() == 1


def test_visits_logged_at_the_same_time_arrive(world):
    town, _kept, gone = world
    one, other = town.household, gone.household
    before = Visit.objects.count()
    log = [lambda: visit(town, Household.objects.get(pk=other.pk), handling="register") for _n in range(6)]
    answers = at_once(merging(town, one, other), *log)
    assert refusals(answers) == 0
    Merge.objects.adopt_late_comers()
    assert Visit.objects.filter(household=one).count() == before + 6
    assert not Visit.objects.filter(household=other).exists()
    assert {row.issue.household_id for row in Opinion.objects.exclude(issue=None)} == {one.pk}


def test_a_visit_that_was_being_written_is_brought_along_by_the_clock(world):
    """Its transaction began before the merge and ended after it."""
    town, _kept, gone = world
    one, other = town.household, gone.household
    written = Event()

    def slow_visit():
        with transaction.atomic():
            made = visit(town, other)
            written.set()
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_sleep(0.5)")
            return made

    def merge_meanwhile():
        written.wait(5)
        return Merge.objects.merge(by=town.secretary, client_uuid=uuid4(), kept=again(one), gone=again(other))

    made, done = at_once(slow_visit, merge_meanwhile)
    assert again(made).household == other
    answers = at_once(*[Merge.objects.adopt_late_comers] * 4)
    assert refusals(answers) == 0 and sum(answers) >= 1
    assert again(made).household == one and Merge.objects.adopt_late_comers() == 0
    again(done).undo(by=town.secretary)
    assert again(made).household == other


def test_eight_undo_and_one_does(world):
    town, kept, gone = world
    before = fingerprint()
    done = merge(town, kept, gone, take=["phone"])
    copies = [again(done) for _n in range(8)]
    assert refusals(at_once(*[lambda copy=copy: copy.undo(by=town.secretary) for copy in copies])) == 7
    assert fingerprint() == before
    assert Entry.objects.filter(verb="undo").count() == 1


def test_undone_and_merged_on_at_once(world):
    """Undoing A→B while B→C is merged: either order is one that could have happened one after the other."""
    town, kept, gone = world
    third = resident(town, "王秀英")
    done = merge(town, kept, gone)
    copy = again(done)
    undo, further = at_once(lambda: copy.undo(by=town.secretary), merging(town, third, kept))
    if isinstance(undo, Exception):
        assert again(gone).survivor() == third and Opinion.objects.filter(raised_by=third).count() == 4
    else:
        assert again(gone).merged_into is None and Opinion.objects.filter(raised_by=gone).count() == 2
    if isinstance(further, Exception):
        assert isinstance(further, Conflict) and not isinstance(undo, Exception)


def test_households_and_compounds_at_once(world):
    town, _kept, gone = world
    from communities.models import Building, Compound

    twin = Compound.objects.add(by=town.secretary, client_uuid=uuid4(), community=town.community, name="橡林住宅小区")
    building = Building.objects.add(by=town.secretary, compound=twin, name="3号楼")
    same_door = household(town, "201", building=building)
    visit(town, same_door)
    at_once(merging(town, town.compound, twin), merging(town, town.household, gone.household))
    if not again(twin).merged_into_id:
        merging(town, town.compound, twin)()
    if not again(gone.household).merged_into_id:
        merging(town, town.household, gone.household)()
    assert again(same_door).survivor() == again(gone.household).survivor() == town.household
    assert Visit.objects.filter(household=town.household).count() == 5
