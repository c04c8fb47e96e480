"""Rosters of households and residents: entered once, the same a second time, taken back exactly."""

import pytest

from communities.models import Building, CareEntry, Household, Resident
from foundation.journal.models import Entry
from tests.communities.ledgers import (
    applied,
    checked,
    counts,
    id_of,
    ledger,
    resident,
    reverted,
)

pytestmark = pytest.mark.django_db


class TestResidents:
    @pytest.fixture
    def data(self):
        return ledger(
            "residents",
            resident("赵大海", 身份证号=id_of(serial=5), 联系电话="13000000456"),
            resident("钱小河", 出生日期="1980-05-06", 性别="女"),
            resident("孙强", door="102"),
        )

    def test_the_dry_run_writes_nothing(self, town, data):
        roster = checked(town.secretary, "residents", town.community, data)
        assert (roster.status, counts(roster)) == ("checked", {"new": 3, "changed": 0, "same": 0, "faulty": 0})
        assert roster.counts["new_households"] == 2
        assert Resident.objects.count() == 1 and Household.objects.count() == 1

    def test_entered_with_households_hashes_and_entries(self, town, data):
        roster = applied(town.secretary, "residents", town.community, data)
        assert (roster.status, roster.job.state, roster.job.error) == ("applied", "done", "")
        person = Resident.objects.with_phone("13000000456").get()
        assert (person.name, person.sex, str(person.born_on)) == ("赵大海", "m", "1950-01-01")
        assert (person.household.address, person.area_path) == ("橡林小区 3号楼 1单元 101", town.grid_area.code)
        assert person.household.building == town.building and person.created_by == town.secretary
        entry = Entry.objects.get(subject_type="communities.resident", subject_id=person.pk)
        assert (entry.verb, entry.actor, entry.data) == ("add", town.secretary, {"roster": roster.pk})

    def test_a_second_time_nothing_changes(self, town, data):
        applied(town.secretary, "residents", town.community, data)
        before = list(Resident.objects.order_by("pk").values())
        again = applied(town.secretary, "residents", town.community, data)
        assert counts(again) == {"new": 0, "changed": 0, "same": 3, "faulty": 0}
        assert list(Resident.objects.order_by("pk").values()) == before

    def test_reverted_everything_is_as_before(self, town, data):
        tables = (Resident, Household, Building, CareEntry)
        before = [list(table.objects.order_by("pk").values()) for table in tables]
        roster = applied(town.secretary, "residents", town.community, data)
        roster = reverted(roster, town.secretary)
        assert (roster.status, roster.job.state) == ("reverted", "done")
        assert [list(table.objects.order_by("pk").values()) for table in tables] == before
