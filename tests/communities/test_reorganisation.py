"""Places merge, split, move and are renamed: what moves, what stays, who is told, and that nothing is lost on the way."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from communities.models import Assignment, Compound, Division, Household, Reorganisation, Unit
from communities.upkeep import keep_registers
from foundation.journal.models import Entry
from foundation.notices.models import Notice
from tests.town import issue_at
from visits.models import Visit

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate()


def draft(town, kind, sources, *, by=None, on=None, code="", name="", **more):
    return Reorganisation.objects.draw_up(
        by=by or town.admin_of_district,
        client_uuid=uuid4(),
        kind=kind,
        sources=sources,
        on=on or TODAY,
        target_code=code,
        target_name=name,
        **more,
    )


def done(change):
    change.confirm(by=change.created_by)
    assert change.status == "done"
    return change


@pytest.fixture
def lived_in(town):
    """The town with a visit, an opinion that became an issue, and open work in the community's own office."""
    town.issue = issue_at("registered", town)
    town.handled = issue_at("in_progress", town)
    town.visit = Visit.objects.log(
        by=town.cadre,
        client_uuid=uuid4(),
        household=town.household,
        outcome="met",
        situation="normal",
        opinions=[{"text": "楼道灯不亮", "category": town.sanitation, "handling": "answered"}],
    )
    town.loose = Compound.objects.add(by=None, client_uuid=uuid4(), community=town.community, name="铁路西院")
    town.loose_home = town.loose.add_household(by=None, client_uuid=uuid4(), building="1号楼", door="101")
    return town


def fresh(row):
    return type(row)._base_manager.get(pk=row.pk)


class TestMerge:
    @pytest.fixture
    def change(self, lived_in):
        town = lived_in
        return draft(
            town, "merge", [town.community, town.next_community], code=town.next_community.code, name="文明社区"
        )

    def test_everything_of_the_old_place_lies_in_the_new_one(self, lived_in, change):
        town = lived_in
        done(change)
        grid = Division.objects.get(code="411702007001001")
        assert (grid.name, grid.parent, grid.since) == ("橡林社区第一网格", town.next_community, TODAY)
        for row in (town.compound, town.household, town.resident, town.issue, town.visit):
            assert fresh(row).area_path == grid.code
        assert fresh(town.loose_home).area_path == town.next_community.code
        compound = fresh(town.compound)
        assert (compound.community, compound.grid) == (town.next_community, grid)
        assert fresh(town.issue).community == town.next_community
        assert town.visit.opinions.get().area_path == grid.code

    def test_statistics_keep_the_place_of_then(self, lived_in, change):
        town = lived_in
        done(change)
        assert fresh(town.issue).area_path_then == fresh(town.visit).area_path_then == town.grid_area.code
        assert Entry.objects.filter(area_path=town.grid_area.code).exists()

    def test_the_old_place_ends_and_says_where_it_went(self, lived_in, change, sign_in):
        town = lived_in
        done(change)
        assert fresh(town.community).until == fresh(town.grid_area).until == TODAY
        assert town.community.units.offices().get().closed_on == TODAY
        body = sign_in(town.admin_of_district).get(town.community.get_absolute_url()).content.decode()
        assert town.next_community.get_absolute_url() in body

    def test_open_work_goes_to_the_office_that_takes_over(self, lived_in, change):
        town = lived_in
        town.issue.take(by=town.secretary)
        done(change)
        office = town.next_community.units.offices().get()
        assert fresh(town.issue).desk == office
        assert town.issue.work_orders.get(state="signed").unit == office
        assert town.handled.work_orders.get(state="signed").unit == town.bureau
        assert fresh(town.handled).is_open

    def test_units_hang_under_the_new_office(self, lived_in, change):
        town = lived_in
        done(change)
        office = town.next_community.units.offices().get()
        unit = fresh(town.property_unit)
        assert (unit.division, unit.parent, unit.area_path) == (town.next_community, office, town.next_community.code)
        assert unit.path == f"{office.path}/{unit.pk:08d}"
        assert list(Unit.objects.under(office.path).exclude(kind="office")) == [unit]

    def test_posts_end_and_go_on_in_the_new_place(self, lived_in, change):
        town = lived_in
        done(change)
        tomorrow = TODAY + timedelta(days=1)
        old = town.secretary.assignments.get(division=town.community)
        new = town.secretary.assignments.get(division=town.next_community)
        assert (old.until, new.since, new.until) == (TODAY - timedelta(days=1), TODAY, None)
        assert town.deputy.assignments.get(division=town.next_community).stands_in_for == town.secretary
        assert Household.objects.visible_to(fresh(town.secretary)).filter(pk=town.household.pk).exists()
        assert not Assignment.objects.current(tomorrow).filter(division=town.community).exists()

    def test_the_people_concerned_are_told_once(self, lived_in, change):
        town = lived_in
        done(change)
        told = Notice.objects.filter(kind="reorganised")
        assert {n.recipient for n in told} >= {town.secretary, town.deputy, town.grid_worker, town.admin_of_district}
        keep_registers(now=timezone.now())
        assert told.count() == len({n.recipient_id for n in told})

    def test_into_a_new_place_of_its_own_code(self, lived_in):
        town = lived_in
        change = draft(town, "merge", [town.community, town.next_community], code="411702007009", name="新橡社区居委会")
        done(change)
        place = Division.objects.get(code="411702007009")
        assert (place.name, place.parent, place.since) == ("新橡社区", town.street, TODAY)
        assert fresh(town.household).area_path == "411702007009001"
        assert fresh(town.next_community).until == TODAY

    def test_twice_is_once(self, lived_in, change):
        done(change)
        before = Division.objects.count(), Entry.objects.count()
        again = fresh(change)
        with pytest.raises(Exception, match="carry_out"):
            again.carry_out(by=None)
        keep_registers(now=timezone.now())
        assert (Division.objects.count(), Entry.objects.count()) == before
