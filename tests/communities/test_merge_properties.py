"""Whatever hangs on whom: a merge loses and doubles nothing, and undone in the order in which it was done all is as before."""

from uuid import uuid4

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from communities.models import CareCategory, CareEntry, Household, LifeEvent, Merge, NotTheSame, Resident
from foundation.journal.models import Conflict
from foundation.notices.tell import tell
from issues.models.contact import Reporter
from tests.communities.twice import again, fingerprint, household, sizes, visit
from tests.town import build_town, new_issue
from visits.models import Opinion, Visit

pytestmark = pytest.mark.django_db
PEOPLE, HOMES = 4, 3
CATEGORIES = ("living_alone", "dementia", "low_income")

who, where = st.integers(0, PEOPLE - 1), st.integers(0, HOMES - 1)
things = st.lists(
    st.one_of(
        st.tuples(st.just("visit"), where, who),
        st.tuples(st.just("issue"), where, who),
        st.tuples(st.just("care"), who, st.sampled_from(CATEGORIES)),
        st.tuples(st.just("away"), who, st.just(0)),
        st.tuples(st.just("notice"), where, st.just(0)),
    ),
    max_size=10,
)
merges = st.lists(
    st.one_of(
        st.tuples(st.just("resident"), who, who, st.sets(st.sampled_from(["phone", "name", "remark", "presence"]))),
        st.tuples(st.just("household"), where, where, st.sets(st.sampled_from(["remark", "occupancy"]))),
    ),
    min_size=1,
    max_size=5,
)


class World:
    """A few people and homes, with what the example says hanging on them."""

    def __init__(self, town, homes_of, hang):
        self.town = town
        self.homes = [household(town, f"{n}01") for n in range(4, 4 + HOMES)]
        self.people = [
            Resident.objects.add(
                by=town.secretary,
                client_uuid=uuid4(),
                household=self.homes[home],
                name=f"王{n}",
                phone=f"1300000010{n}",
                remark="甲" * n,
            )
            for n, home in enumerate(homes_of)
        ]
        for kind, *facts in hang:
            getattr(self, kind)(*facts)

    def visit(self, home, person):
        visit(self.town, self.homes[home], raised_by=self.people[person], handling="register")

    def issue(self, home, person):
        new_issue(self.town, household=self.homes[home], resident=self.people[person])

    def care(self, person, code):
        category = CareCategory.objects.filter(code=code).first() or CareCategory.objects.first()
        CareEntry.objects.set_many([(self.people[person], [category])], by=self.town.secretary)

    def away(self, person, _unused):
        resident = again(self.people[person])
        if resident.presence == "home":
            day = resident.created_at.date()
            LifeEvent.objects.enter(by=self.town.secretary, resident=resident, kind="away", on=day, client_uuid=uuid4())

    def notice(self, home, _unused):
        tell([self.town.secretary], "issue_reported", about=self.homes[home], once=uuid4())

    def merge(self, kind, one, other, take):
        rows = self.people if kind == "resident" else self.homes
        if one == other:
            return None
        try:
            return Merge.objects.merge(
                by=self.town.secretary,
                client_uuid=uuid4(),
                kept=again(rows[one]),
                gone=again(rows[other]),
                take=take,
            )
        except Conflict:
            return None


def dangling(model, field, targets):
    """Rows of `model` that point to a merged row, except those that would have been there twice."""
    stayed = {
        pk
        for merge in Merge.objects.open()
        for label, _column, pks in merge.stayed
        if label == model._meta.label_lower
        for pk in pks
    }
    gone = [row.pk for row in targets if again(row).merged_into_id]
    return model.objects.filter(**{f"{field}__in": gone}).exclude(pk__in=stayed).count()


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(homes_of=st.lists(where, min_size=PEOPLE, max_size=PEOPLE), hang=things, wanted=merges)
def test_any_graph_merged_and_undone(db, homes_of, hang, wanted):
    with transaction.atomic():
        world = World(build_town(), homes_of, hang)
        before, number = fingerprint(), sizes()
        done = [merge for merge in (world.merge(*want) for want in wanted) if merge]
        assert sizes() == number
        for row in (*world.people, *world.homes):
            assert again(row).survivor().merged_into_id is None
        assert dangling(Opinion, "raised_by", world.people) == dangling(Reporter, "resident", world.people) == 0
        assert dangling(CareEntry, "resident", world.people) == dangling(LifeEvent, "resident", world.people) == 0
        assert dangling(Visit, "household", world.homes) == dangling(Resident, "household", world.homes) == 0
        for resident in Resident.objects.filter(merged_into=None):
            open_entries = CareEntry.objects.open().filter(resident=resident)
            assert open_entries.count() == open_entries.values("category").distinct().count()
        for made in Visit.objects.select_related("household"):
            assert (made.area_path, made.compound_id) == (made.household.area_path, made.household.compound_id)
        for merge in reversed(done):
            again(merge).undo(by=world.town.secretary)
        assert fingerprint() == before
        assert not any(again(merge).left for merge in done)
        assert not Household.objects.exclude(merged_into=None).exists() and not NotTheSame.objects.exists()
        transaction.set_rollback(True)
