"""Two records become one and, within thirty days, two again: nothing lost, nothing doubled, rights follow."""

from datetime import date, timedelta
from uuid import uuid4

import pytest
import time_machine
from django.utils import timezone

from communities.models import Building, CareEntry, Compound, Household, LifeEvent, Merge, Resident
from foundation.journal.models import Conflict, Entry, history, timeline
from foundation.journal.moves import NotAllowed
from issues.models import Issue
from issues.models.contact import Reporter
from tests.communities.twice import again, fingerprint, household, merge, resident, sizes, twins, visit
from visits.models import Opinion, Visit

pytestmark = pytest.mark.django_db


class TestResidents:
    def test_everything_goes_along_and_nothing_twice(self, town):
        kept, gone = twins(town)
        before = sizes()
        done = merge(town, kept, gone, take=["phone", "remark"])
        assert sizes() == before
        kept, gone = again(kept), again(gone)
        assert (gone.merged_into, kept.merged_into, gone.survivor()) == (kept, None, kept)
        assert (kept.name, kept.phone, kept.remark) == ("王秀英", "13000000456", "听力不好")
        assert not Reporter.objects.filter(resident=gone).exists()
        assert Reporter.objects.filter(resident=kept).count() == 6
        assert Opinion.objects.filter(raised_by=kept).count() == 4
        # of the category that both were registered under, one entry stays behind
        open_entries = CareEntry.objects.open().filter(resident=kept)
        assert sorted(entry.category.code for entry in open_entries) == ["dementia", "living_alone"]
        left_behind = CareEntry.objects.get(resident=gone)
        assert ["communities.careentry", "resident_id", [left_behind.pk]] in done.stayed
        assert Resident.objects.here().filter(name__in=["王秀英", "王秀瑛"]).count() == 1

    def test_undone_every_row_of_every_table_is_what_it_was(self, town):
        kept, gone = twins(town)
        before = fingerprint()
        done = merge(town, kept, gone, take=["name", "phone", "remark"])
        assert fingerprint() != before
        done.undo(by=town.secretary)
        assert fingerprint() == before
        assert again(done).left == [] and again(done).undone_by == town.secretary

    def test_the_journal_tells_both_stories_as_one(self, town):
        kept, gone = twins(town)
        gone.correct(by=town.cadre, name="王秀英（母）")
        merge(town, kept, again(gone), take=["phone"])
        kept = again(kept)
        verbs = [(entry.subject_id, entry.verb) for entry in timeline(kept)]
        assert (gone.pk, "add") in verbs and (gone.pk, "merge_into") in verbs and (kept.pk, "merge") in verbs
        former = [values for _entry, values in history(kept)]
        assert {"phone": "13000000123"} in former and {"name": "王秀瑛"} in former
        entry = Entry.objects.get(verb="merge")
        assert entry.fields == ["phone"] and "13000000" not in str(entry.data)

    def test_what_stands_in_the_merge_is_encrypted(self, town):
        kept, gone = twins(town)
        done = merge(town, kept, gone, take=["phone"])
        from django.db import connection

        with connection.cursor() as cursor:
            cursor.execute("SELECT former, moved FROM communities_merge WHERE id = %s", [done.pk])
            assert "13000000" not in "".join(map(str, cursor.fetchone()))

    def test_who_is_dead_in_one_record_takes_day_and_reason_together(self, town):
        kept, gone = twins(town)
        LifeEvent.objects.enter(
            by=town.secretary, resident=gone, kind="death", on=date(2026, 1, 5), client_uuid=uuid4()
        )
        merge(town, kept, again(gone), take=["ended_on"])
        assert (again(kept).ended_on, again(kept).ended_reason) == (date(2026, 1, 5), "died")
        assert not Resident.objects.here().exists()


class TestUndo:
    def test_what_was_written_after_the_merge_stays_with_the_kept_one(self, town):
        kept, gone = twins(town)
        done = merge(town, kept, gone)
        later = visit(town, town.household, raised_by=again(kept))
        done.undo(by=town.secretary)
        assert later.opinions.get().raised_by == kept

    def test_a_row_that_somebody_moved_on_is_left_and_told(self, town):
        kept, gone = twins(town)
        third = resident(town, "李四")
        mine = list(Opinion.objects.filter(raised_by=gone))
        done = merge(town, kept, gone)
        Opinion.objects.filter(pk=mine[0].pk).update(raised_by=third)
        done.undo(by=town.secretary)
        assert [again(row).raised_by for row in mine] == [third, gone]
        assert again(done).left == [["visits.opinion", [mine[0].pk]]]

    def test_a_fact_that_was_corrected_since_stands(self, town):
        kept, gone = twins(town)
        done = merge(town, kept, gone, take=["phone", "remark"])
        again(kept).correct(by=town.cadre, phone="13000000999")
        done.undo(by=town.secretary)
        assert (again(kept).phone, again(kept).remark) == ("13000000999", "")

    def test_after_thirty_days_it_is_refused(self, town):
        kept, gone = twins(town)
        done = merge(town, kept, gone)
        with time_machine.travel(timezone.now() + timedelta(days=30), tick=False):
            before = fingerprint()
            with pytest.raises(NotAllowed):
                again(done).undo(by=town.secretary)
            assert fingerprint() == before
        with time_machine.travel(timezone.now() + timedelta(days=29, hours=23), tick=False):
            again(done).undo(by=town.secretary)

    def test_twice_is_once(self, town):
        kept, gone = twins(town)
        done = merge(town, kept, gone)
        again(done).undo(by=town.secretary)
        with pytest.raises(Conflict):
            again(done).undo(by=town.secretary)
        assert Entry.objects.filter(verb="undo").count() == 1

    def test_undone_they_can_be_merged_the_other_way_round(self, town):
        kept, gone = twins(town)
        merge(town, kept, gone).undo(by=town.secretary)
        merge(town, again(gone), again(kept))
        assert again(kept).merged_into == gone


class TestChains:
    def test_a_chain_leads_to_its_end_and_comes_apart_from_its_end(self, town):
        kept, gone = twins(town)
        last = resident(town, "王秀英", phone="13000000777")
        before = fingerprint()
        first = merge(town, kept, gone)
        second = merge(town, last, again(kept))
        assert again(gone).survivor() == last and again(gone).merged_into == kept
        assert set(last.absorbed()) == {kept.pk, gone.pk}
        assert Opinion.objects.filter(raised_by=last).count() == 4
        with pytest.raises(NotAllowed):
            again(first).undo(by=town.secretary)
        again(second).undo(by=town.secretary)
        again(first).undo(by=town.secretary)
        assert fingerprint() == before

    def test_no_circle(self, town):
        kept, gone = twins(town)
        merge(town, kept, gone)
        for pair in ((again(gone), again(kept)), (again(kept), again(gone)), (again(gone), resident(town, "李四"))):
            with pytest.raises(Conflict):
                merge(town, *pair)
        with pytest.raises(NotAllowed):
            merge(town, again(kept), again(kept))
        assert again(kept).survivor() == kept

    def test_voided_and_unequal_rows_are_refused(self, town):
        kept, gone = twins(town)
        with pytest.raises(NotAllowed):
            merge(town, kept, town.household)
        gone.void(by=town.secretary, reason="误录")
        with pytest.raises(Conflict):
            merge(town, kept, again(gone))

    def test_what_was_not_on_the_screen_is_not_merged(self, town):
        kept, gone = twins(town)
        gone.correct(by=town.cadre, remark="新情况")
        with pytest.raises(Conflict):
            merge(town, kept, gone, seen=(kept.version, gone.version - 1))
        assert not Merge.objects.exists()

    def test_the_same_form_twice_is_one_merge(self, town):
        kept, gone = twins(town)
        facts = {"by": town.secretary, "client_uuid": uuid4(), "kept": kept, "gone": gone, "seen": (1, 1)}
        facts["seen"] = (kept.version, gone.version)
        assert Merge.objects.merge(**facts) == Merge.objects.merge(**facts)
        assert Merge.objects.count() == 1
        with pytest.raises(Conflict):
            Merge.objects.merge(**facts | {"by": town.cadre})


class TestHouseholds:
    def test_people_visits_issues_go_along_and_the_address_stays(self, town):
        kept, gone = twins(town)
        one, other = town.household, gone.household
        before = fingerprint()
        done = merge(town, again(one), other)
        assert again(one).address == one.address
        assert {row.pk for row in again(one).living_here} == {kept.pk, gone.pk}
        assert Visit.objects.filter(household=one).count() == 4
        assert Issue.objects.filter(household=other).count() == 0
        assert Issue.objects.filter(household=one).count() == 6
        done.undo(by=town.secretary)
        assert fingerprint() == before

    def test_into_another_compound_of_another_grid_they_lie_where_it_lies(self, town):
        """Rights follow: what was moved is in the reach of whoever answers for the new place."""
        _kept, gone = twins(town)
        elsewhere = Compound.objects.add(
            by=town.secretary, client_uuid=uuid4(), community=town.community, name="梅园小区"
        )
        building = Building.objects.add(by=town.secretary, compound=elsewhere, name="1号楼")
        target = household(town, "101", building=building)
        other = gone.household
        before = fingerprint()
        done = merge(town, target, again(other))
        assert again(gone).area_path == town.community.code == target.area_path
        for row in Visit.objects.filter(household=target):
            assert (row.compound, row.area_path, row.area_path_then) == (elsewhere, target.area_path, other.area_path)
            assert {line.area_path for line in row.opinions.all()} == {target.area_path}
        for row in Issue.objects.filter(household=target):
            assert (row.compound, row.area_path) == (elsewhere, target.area_path)
        assert not Visit.objects.visible_to(town.grid_worker).filter(household=target).exists()
        done.undo(by=town.secretary)
        assert fingerprint() == before

    def test_an_issue_stays_with_the_community_that_received_it(self, town):
        _kept, gone = twins(town)
        elsewhere = Compound.objects.add(
            by=town.coordinator, client_uuid=uuid4(), community=town.next_community, name="文明小区"
        )
        building = Building.objects.add(by=town.coordinator, compound=elsewhere, name="1号楼")
        target = household(town, "101", building=building)
        merge(town, target, again(gone.household))
        for row in Issue.objects.filter(household=target):
            assert (row.area_path, row.compound) == (town.grid_area.code, town.compound)
        assert {row.area_path for row in Visit.objects.filter(household=target)} == {town.next_community.code}

    def test_one_head_is_left(self, town):
        _kept, gone = twins(town)
        gone.correct(by=town.cadre, is_head=True)
        done = merge(town, town.household, again(gone.household))
        assert [row.is_head for row in Resident.objects.filter(household=town.household)].count(True) == 1
        done.undo(by=town.secretary)
        assert again(gone).is_head and again(gone).household == gone.household

    def test_a_door_that_was_taken_meanwhile_cannot_be_given_back(self, town):
        other = household(town, "202")
        done = merge(town, town.household, other)
        household(town, "202")
        with pytest.raises(Conflict):
            done.undo(by=town.secretary)
        assert again(other).merged_into == town.household and not again(done).is_undone


class TestCompounds:
    def test_buildings_of_one_name_become_one_and_double_doors_one_household(self, town):
        kept, _gone = twins(town)
        twin = Compound.objects.add(
            by=town.secretary, client_uuid=uuid4(), community=town.community, grid=town.grid_area, name="橡林住宅小区"
        )
        third = Building.objects.add(by=town.secretary, compound=twin, name="3号楼")
        fourth = Building.objects.add(by=town.secretary, compound=twin, name="4号楼")
        same_door, new_door, far_door = (
            household(town, "201", building=third),
            household(town, "203", building=third),
            household(town, "101", building=fourth),
        )
        person = resident(town, household=same_door)
        visit(town, same_door, raised_by=person, handling="register")
        visit(town, far_door)
        before = fingerprint()
        done = merge(town, town.compound, twin)
        assert again(same_door).merged_into == town.household and again(person).household == town.household
        assert again(new_door).building == town.building and again(new_door).address == "橡林小区 3号楼 1单元 203"
        assert again(far_door).building == fourth and again(fourth).compound == town.compound
        assert not Visit.objects.filter(compound=twin).exists() and not Issue.objects.filter(compound=twin).exists()
        assert not Household.objects.standing().filter(compound=twin).exists()
        assert kept.household == town.household
        done.undo(by=town.secretary)
        assert fingerprint() == before
        assert again(done.parts.get()).is_undone

    def test_the_team_of_the_compound_goes_along(self, town):
        from communities.access import forget_posts
        from communities.models import Assignment
        from tests.town import person

        twin = Compound.objects.add(by=town.secretary, client_uuid=uuid4(), community=town.community, name="橡林小区二")
        helper = person("helper", "郝帮")
        Assignment.objects.assign(by=None, user=helper, role="grid_worker", since=date(2020, 1, 1), compound=twin)
        assert not Household.objects.visible_to(helper).exists()
        done = merge(town, town.compound, twin)
        forget_posts(helper)
        assert list(Household.objects.visible_to(helper)) == [town.household]
        done.undo(by=town.secretary)
        forget_posts(helper)
        assert not Household.objects.visible_to(helper).exists()


class TestSplit:
    def test_some_get_a_household_of_their_own_and_come_back_by_undo(self, town):
        son = resident(town, "王小明")
        visit(town, town.household, raised_by=son)
        before = fingerprint()
        done = Merge.objects.split(
            by=town.secretary,
            client_uuid=uuid4(),
            household=town.household,
            residents=[son],
            building="3号楼",
            stair="1",
            door="201（2）",
            occupancy="tenant",
        )
        new = again(son).household
        assert (new.door, new.occupancy, new.compound) == ("201（2）", "tenant", town.compound)
        assert Visit.objects.get().household == town.household
        done.undo(by=town.secretary)
        assert again(son).household == town.household and again(new).is_void
        after = fingerprint()
        assert {table for table in before if before[table] != after[table]} == {"communities.household"}

    def test_a_new_household_in_which_something_happened_stands(self, town):
        son = resident(town, "王小明")
        done = Merge.objects.split(
            by=town.secretary,
            client_uuid=uuid4(),
            household=town.household,
            residents=[son],
            building="3号楼",
            stair="1",
            door="202",
            occupancy="owner",
        )
        new = again(son).household
        visit(town, new)
        done.undo(by=town.secretary)
        assert again(son).household == town.household and not again(new).is_void


def test_late_comers_are_brought_along(town):
    kept, gone = twins(town)
    done = merge(town, kept, gone)
    late = visit(town, town.household, raised_by=gone).opinions.get()
    assert Merge.objects.adopt_late_comers() == 1
    assert Merge.objects.adopt_late_comers() == 0
    assert again(late).raised_by == kept
    # what stayed behind because it would have been there twice stays there
    assert CareEntry.objects.filter(resident=gone).count() == 1
    again(done).undo(by=town.secretary)
    assert again(late).raised_by == gone
