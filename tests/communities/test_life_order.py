"""Whatever is entered in whatever order: only what the table allows happens, and undone from the last backward all is as before."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from communities.models import Household, LifeEvent, Resident
from communities.models.life import MOVES, PRESENT, LifeKind, State, kinds_open_to, state_of
from foundation.journal.moves import NotAllowed
from tests.communities.test_life import facts_of, fresh
from tests.town import life

pytestmark = pytest.mark.django_db
OF_PEOPLE = [kind for kind in MOVES if kind not in (LifeKind.BIRTH, LifeKind.TENANT_IN)]
STEPS = st.lists(st.tuples(st.sampled_from(OF_PEOPLE), st.integers(-1, 2)), max_size=8)


class TakenBack(Exception):
    """Ends an example; the transaction goes with it."""


def arguments(kind, here, there):
    facts = {}
    if kind in (LifeKind.MOVE, LifeKind.MOVE_IN):
        facts["household_to"] = there if here.pk != there.pk else None
    if kind == LifeKind.RESIDENCY:
        facts["residency"] = "absent"
    return facts


@given(steps=STEPS)
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
def test_any_order(town, steps):
    with pytest.raises(TakenBack), transaction.atomic():
        walk(town, steps)
        raise TakenBack


def walk(town, steps):
    other = Household.objects.add(by=town.secretary, client_uuid=uuid4(), building=town.building, stair="1", door="301")
    homes = {town.household.pk: other, other.pk: town.household}
    start, day = facts_of(fresh(town.resident)), timezone.localdate() - timedelta(days=60)
    done, before = [], [start]
    for kind, days in steps:
        person = Resident.objects.select_related("household").get(pk=town.resident.pk)
        state, on = state_of(person), day + timedelta(days=days)
        facts = arguments(kind, person.household, homes[person.household_id])
        changes_nothing = kind == LifeKind.RESIDENCY and person.residency == "absent"
        allowed = kind in kinds_open_to(person) and (not done or on >= done[-1].on) and not changes_nothing
        try:
            with transaction.atomic():
                event = life(town, kind, person, on=on, **facts)
        except NotAllowed:
            assert not allowed, (state, kind)
            assert facts_of(fresh(person)) == before[-1]
            continue
        assert allowed, (state, kind)
        assert state_of(fresh(person)) == (MOVES[kind].after or state)
        done.append(event)
        before.append(facts_of(fresh(person)))
        day = on
        check(fresh(person))
    for event in done[:-1]:
        with pytest.raises(NotAllowed):
            event.undo(by=town.secretary, reason="不是最后一条")
    while done:
        assert facts_of(fresh(town.resident)) == before.pop()
        LifeEvent.objects.get(pk=done.pop().pk).undo(by=town.secretary, reason="退回")
    assert facts_of(fresh(town.resident)) == start


def check(person):
    """What must hold of everybody at any time."""
    visitable = Resident.objects.visitable().filter(pk=person.pk).exists()
    assert visitable == person.is_visitable == (state_of(person) == State.HOME)
    assert Resident.objects.here().filter(pk=person.pk).exists() == (state_of(person) in PRESENT)
    assert person.area_path == person.household.area_path


def test_from_every_state_exactly_what_the_table_says(town):
    ways = {
        State.HOME: [],
        State.HOSPITAL: ["hospital_in"],
        State.AWAY: ["away"],
        State.GONE: ["move_out"],
        State.DEAD: ["death"],
    }
    for state, way in ways.items():
        with pytest.raises(TakenBack), transaction.atomic():
            for kind in way:
                life(town, kind, fresh(town.resident))
            person = fresh(town.resident)
            assert state_of(person) == state
            assert kinds_open_to(person) == [kind for kind, step in MOVES.items() if state in step.before]
            raise TakenBack
