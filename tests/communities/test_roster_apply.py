"""Rosters entered, entered again, taken back; killed in the middle, cancelled, overtaken by others."""

import threading
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection, connections
from django.utils import timezone

from accounts.models import User
from communities.models import (
    Assignment,
    Building,
    CareCategory,
    CareEntry,
    Compound,
    Household,
    Resident,
    Roster,
    RosterLine,
    RosterSlip,
    Unit,
)
from communities.rosters import running
from communities.rosters.planner import Planner
from communities.rosters.residents import Residents
from foundation.jobs.models import DEAD_AFTER, Job
from foundation.jobs.running import run, run_waiting
from foundation.journal.models import Entry
from tests.communities.ledgers import (
    HEADINGS,
    applied,
    at_work,
    checked,
    counts,
    faults,
    id_of,
    ledger,
    resident,
    reverted,
    row_of,
    upload,
)
from visits.models import Visit

pytestmark = pytest.mark.django_db
TABLES = (Compound, Building, Household, Resident, CareEntry, Unit, User, Assignment)


def everything():
    """All rows of the tables concerned, as the models read them: encrypted texts in clear."""
    return [list(table.objects.order_by("pk").values()) for table in TABLES]


def without_version(tables):
    return [[{name: value for name, value in row.items() if name != "version"} for row in rows] for rows in tables]


@pytest.fixture
def data():
    return ledger(
        "residents",
        resident("赵大海", 身份证号=id_of(serial=5), 联系电话="13000000456"),
        resident("钱小河", 出生日期="1980-05-06", 性别="女"),
        resident("孙强", door="102"),
    )


class TestResidents:
    def test_the_dry_run_writes_nothing(self, town, data):
        before = everything()
        roster = checked(town.secretary, "residents", town.community, data)
        assert (roster.status, counts(roster)) == ("checked", {"new": 3, "changed": 0, "same": 0, "faulty": 0})
        assert roster.counts["new_households"] == 2
        assert everything() == before

    def test_entered_with_households_hashes_and_entries(self, town, data):
        roster = applied(town.secretary, "residents", town.community, data)
        assert (roster.status, roster.job.state, roster.job.error) == ("applied", "done", "")
        person = Resident.objects.with_phone("13000000456").get()
        assert (person.name, person.sex, str(person.born_on)) == ("赵大海", "m", "1950-01-01")
        assert (person.household.address, person.area_path) == ("橡林小区 3号楼 1单元 101", town.grid_area.code)
        assert person.household.building == town.building and person.created_by == town.secretary
        assert person in Resident.objects.found_by("大海")
        entry = Entry.objects.get(subject_type="communities.resident", subject_id=person.pk)
        assert (entry.verb, entry.actor, entry.data) == ("add", town.secretary, {"roster": roster.pk})

    def test_a_second_time_nothing_changes(self, town, data):
        applied(town.secretary, "residents", town.community, data)
        before = everything()
        again = applied(town.secretary, "residents", town.community, data)
        assert counts(again) == {"new": 0, "changed": 0, "same": 3, "faulty": 0}
        assert everything() == before and not RosterLine.objects.filter(roster=again).exists()

    def test_reverted_everything_is_as_before(self, town, data):
        before = everything()
        roster = reverted(applied(town.secretary, "residents", town.community, data), town.secretary)
        assert (roster.status, roster.job.state) == ("reverted", "done")
        assert everything() == before
        verbs = Entry.objects.filter(subject_type="communities.resident").values_list("verb", flat=True)
        assert sorted(verbs) == ["add"] * 4 + ["take_back"] * 3  # what happened stays said
        assert Entry.objects.get(verb="begin_revert").note_text == "传错了台账"

    def test_only_what_is_filled_in_changes_somebody(self, town):
        number = id_of("19420506", 6)
        data = ledger("residents", resident("王秀英", door="201", 身份证号=number, 联系电话="13000000999"))
        town.resident.correct(by=None, id_number="", remark="喜欢下棋")
        roster = applied(town.secretary, "residents", town.community, data)
        assert counts(roster) == {"new": 0, "changed": 1, "same": 0, "faulty": 0}
        person = Resident.objects.get(pk=town.resident.pk)
        assert (person.id_number, person.phone, person.remark, person.care_level) == (
            number,
            "13000000999",
            "喜欢下棋",
            1,
        )
        assert list(Resident.objects.with_phone("13000000999")) == [person]
        entry = Entry.objects.filter(subject_type="communities.resident", verb="correct").latest("pk")
        assert entry.fields == ["id_number", "phone"] and entry.former.as_dict()["phone"] == "13000000123"

    def test_a_changed_person_gets_every_value_back_and_a_new_version(self, town):
        before = everything()
        data = ledger("residents", resident("王秀英", door="201", 出生日期="1942-05-06", 联系电话="13000000999"))
        roster = reverted(applied(town.secretary, "residents", town.community, data), town.secretary)
        assert roster.status == "reverted" and without_version(everything()) == without_version(before)
        person = Resident.objects.get(pk=town.resident.pk)
        assert (person.phone, person.version) == ("13000000123", town.resident.version + 2)
        assert list(Resident.objects.with_phone("13000000123")) == [person]

    def test_one_occupancy_for_a_household_new_or_known(self, town):
        headings = [*HEADINGS["residents"], "居住状况"]
        rows = [[*resident("甲"), None], [*resident("乙"), "出租"], [*resident("丙", door="201"), "空置"]]
        before = everything()
        roster = applied(town.secretary, "residents", town.community, ledger("residents", *rows, headings=headings))
        assert Household.objects.get(door="101").occupancy == "tenant"
        assert Household.objects.get(door="201").occupancy == "vacant"
        assert without_version(everything()) != without_version(before)
        reverted(roster, town.secretary)
        assert without_version(everything()) == without_version(before)

    def test_care_categories_are_added_and_go_again(self, town):
        category = CareCategory.objects.filter(sensitive="").first()
        headings = [*HEADINGS["residents"], "关爱类别", "关爱等级"]
        rows = [[*resident("甲"), category.name, "重点"], [*resident("王秀英", door="201"), category.name, None]]
        before = everything()
        roster = applied(town.secretary, "residents", town.community, ledger("residents", *rows, headings=headings))
        assert counts(roster) == {"new": 1, "changed": 1, "same": 0, "faulty": 0}
        assert CareEntry.objects.filter(category=category).count() == 2
        assert Resident.objects.get(name="甲").care_level == 1
        again = applied(town.secretary, "residents", town.community, ledger("residents", *rows, headings=headings))
        assert counts(again)["same"] == 2
        reverted(roster, town.secretary)
        assert without_version(everything()) == without_version(before)

    def test_one_building_however_it_is_spelt(self, town):
        rows = [resident(f"人{n}", 楼栋=name) for n, name in enumerate(["5", "5栋", "5号楼", 5.0, "３号楼", "3"])]
        applied(town.secretary, "residents", town.community, ledger("residents", *rows))
        assert sorted(Building.objects.filter(compound=town.compound).values_list("name", flat=True)) == [
            "3号楼",
            "5号楼",
        ]
        again = checked(town.secretary, "residents", town.community, ledger("residents", *rows))
        assert counts(again)["same"] == 6

    def test_the_substitute_is_named_beside_the_principal(self, town, data):
        applied(town.deputy, "residents", town.community, data)
        entry = Entry.objects.filter(subject_type="communities.resident", actor=town.deputy).first()
        assert entry.on_behalf_of == town.secretary


class TestOtherKinds:
    def test_households(self, town):
        rows = [
            row_of(
                "households", 小区="橡林小区", 楼栋="3号楼", 单元="1单元", 门牌号="201室", 居住状况="出租", 备注="二楼"
            ),
            row_of("households", 小区="橡林小区", 楼栋="4", 门牌号="101"),
        ]
        before = everything()
        roster = applied(town.secretary, "households", town.community, ledger("households", *rows))
        assert counts(roster) == {"new": 1, "changed": 1, "same": 0, "faulty": 0}
        town.household.refresh_from_db()
        assert (town.household.occupancy, town.household.remark) == ("tenant", "二楼")
        assert Household.objects.get(door="101").building.name == "4号楼"
        again = applied(town.secretary, "households", town.community, ledger("households", *rows))
        assert counts(again)["same"] == 2
        reverted(roster, town.secretary)
        assert without_version(everything()) == without_version(before)

    def test_compounds_take_their_people_along_and_back(self, town):
        Compound.objects.filter(pk=town.compound.pk).update(grid=None, area_path=town.community.code)
        Compound.objects.get(pk=town.compound.pk).take_along("橡林小区", "", town.community.pk)
        rows = [
            row_of("compounds", 小区名称="橡林小区", 网格="橡林社区第一网格", 地址="解放路1号"),
            row_of("compounds", 小区名称="甲院", 类型="家属院", 管理方式="三无", 户数="48"),
        ]
        before = everything()
        roster = applied(town.secretary, "compounds", town.community, ledger("compounds", *rows))
        assert counts(roster) == {"new": 1, "changed": 1, "same": 0, "faulty": 0}
        made = Compound.objects.get(name="甲院")
        assert (made.kind, made.management, made.stated_households) == ("courtyard", "none", 48)
        assert Resident.objects.get(pk=town.resident.pk).area_path == town.grid_area.code
        assert counts(applied(town.secretary, "compounds", town.community, ledger("compounds", *rows)))["same"] == 2
        reverted(roster, town.secretary)
        assert without_version(everything()) == without_version(before)

    def test_units(self, town):
        rows = [
            row_of("units", 单位名称="志愿服务一队", 单位类型="服务队", 办公电话="0396-1234567"),
            row_of("units", 单位名称="安居物业公司", 单位类型="物业公司", 地址="解放路2号"),
        ]
        before = everything()
        roster = applied(town.secretary, "units", town.community, ledger("units", *rows))
        assert counts(roster) == {"new": 1, "changed": 1, "same": 0, "faulty": 0}
        made = Unit.objects.get(name="志愿服务一队")
        assert (made.kind, made.phone, made.division) == ("team", "0396-1234567", town.community)
        assert made.path.startswith(f"A{town.community.code}/")
        assert counts(applied(town.secretary, "units", town.community, ledger("units", *rows)))["same"] == 2
        reverted(roster, town.secretary)
        assert without_version(everything()) == without_version(before)


class TestStaff:
    ROWS = (
        row_of(
            "staff", 姓名="新书记", 用户名="new-secretary", 手机号="13000000701", 角色="社区书记", 工作地点="文明社区"
        ),
        row_of(
            "staff",
            姓名="新经办",
            用户名="new-handler",
            电子邮箱="a@example.org",
            角色="部门经办",
            工作地点="驿城区住房和城乡建设局",
        ),
        row_of("staff", 姓名="李秀兰", 用户名="cadre", 办公电话="0396-7654321", 角色="街道干部", 工作地点="411702007"),
    )

    def test_accounts_with_posts_and_slips(self, town):
        before = everything()
        by = town.admin_of_district
        roster = applied(by, "staff", town.district, ledger("staff", *self.ROWS))
        assert (faults(roster), counts(roster)) == (set(), {"new": 2, "changed": 1, "same": 0, "faulty": 0})
        person = User.objects.get(username="new-secretary")
        post = person.assignments.get()
        assert (post.role, post.division, post.since) == ("secretary", town.next_community, timezone.localdate())
        assert person.must_change_password and person.phone == "13000000701"
        assert User.objects.get(username="new-handler").assignments.get().unit == town.bureau
        slips = dict(roster.show_slips(by=by))
        assert person.check_password(slips[person]) and len(slips) == 2
        assert roster.show_slips(by=by) == [] and not RosterSlip.objects.exists()
        assert counts(applied(by, "staff", town.district, ledger("staff", *self.ROWS)))["same"] == 3
        assert reverted(roster, by).status == "reverted"
        assert without_version(everything()) == without_version(before)

    def test_who_has_signed_in_is_not_taken_back(self, town):
        roster = applied(town.admin_of_district, "staff", town.district, ledger("staff", *self.ROWS))
        User.objects.filter(username="new-handler").update(last_login=timezone.now())
        roster = reverted(roster, town.admin_of_district)
        assert (roster.status, roster.job.error) == ("applied", "built_upon")
        assert User.objects.filter(username="new-secretary").exists()

    @pytest.mark.parametrize(
        ("facts", "fault"),
        [
            ({"角色": "系统管理员"}, ("role", "unknown_role")),
            ({"角色": "市长"}, ("role", "unknown_choice")),
            ({"角色": "社区书记", "工作地点": "橡林街道"}, ("place", "role_place")),
            ({"工作地点": "中兴社区"}, ("place", "outside")),
            ({"工作地点": "没有的地方"}, ("place", "unknown_place")),
            ({"角色": "部门经办", "工作地点": "没有的单位"}, ("place", "unknown_unit")),
            ({"用户名": "secretary"}, ("username", "username_taken")),
            ({"用户名": "王 五"}, ("username", "bad_username")),
            ({"用户名": "OUTSIDER", "姓名": "王海"}, ("username", "not_yours")),
            ({"手机号": "13000000702"}, ("phone", "phone_taken")),
            ({"电子邮箱": "secretary@example.org"}, ("email", "email_taken")),
            ({"电子邮箱": "无"}, ("email", "bad_email")),
        ],
    )
    def test_faults(self, town, facts, fault):
        User.objects.create_user("phoned", name="有号", phone="13000000702")
        row = row_of(
            "staff", **{"姓名": "新人", "用户名": "newcomer", "角色": "社区书记", "工作地点": "橡林社区"} | facts
        )
        roster = checked(town.admin_of_district, "staff", town.district, ledger("staff", row))
        assert faults(roster) == {(2, *fault)}

    def test_nobody_gives_himself_a_post(self, town):
        row = row_of("staff", 姓名="郑敏", 用户名="district", 角色="社区书记", 工作地点="橡林社区")
        roster = checked(town.admin_of_district, "staff", town.district, ledger("staff", row))
        assert faults(roster) == {(2, "username", "not_yours")}


class TestRefusedToTakeBack:
    def test_a_visit_on_one_row_keeps_all(self, town, data):
        roster = applied(town.secretary, "residents", town.community, data)
        household = Household.objects.get(door="102")
        Visit.objects.log(by=town.cadre, client_uuid=uuid4(), household=household, outcome="nobody_home")
        before = everything()
        roster = reverted(roster, town.secretary)
        assert (roster.status, roster.job.state, roster.job.error) == ("applied", "failed", "built_upon")
        assert roster.counts["obstacles"] == [{"model": "household", "id": household.pk, "why": "visits.visit"}]
        assert everything() == before

    def test_a_later_correction_keeps_all(self, town, data):
        roster = applied(town.secretary, "residents", town.community, data)
        person = Resident.objects.get(name="孙强")
        person.correct(by=town.grid_worker, remark="腿脚不便")
        roster = reverted(roster, town.secretary)
        assert roster.counts["obstacles"] == [{"model": "resident", "id": person.pk, "why": "corrected"}]
        assert Resident.objects.filter(name="赵大海").exists()

    def test_rows_of_a_later_import_keep_the_earlier_one_until_that_is_taken_back(self, town, data):
        first = applied(town.secretary, "residents", town.community, data)
        second = applied(town.secretary, "residents", town.community, ledger("residents", resident("李新", door="102")))
        assert reverted(first, town.secretary).status == "applied"
        assert reverted(second, town.secretary).status == "reverted"
        first.refresh_from_db()
        assert reverted(first, town.secretary).status == "reverted"


class TestRights:
    def test_who_has_lost_the_right_meanwhile_enters_nothing(self, town, data):
        roster = checked(town.secretary, "residents", town.community, data)
        roster.start_apply(by=town.secretary)
        town.secretary.assignments.get().end(by=None, on=None)
        before = everything()
        roster = at_work(roster)
        assert (roster.job.error, everything()) == ("no_right", before)

    def test_the_file_stands_encrypted_and_goes_after_its_time(self, town, data):
        roster = upload(town.secretary, "residents", town.community, data)
        with connection.cursor() as cursor:
            cursor.execute("SELECT content FROM communities_rosterpiece")
            assert b"PK\x03\x04" not in cursor.fetchone()[0].encode()
            cursor.execute("SELECT outline_text FROM communities_roster")
            assert "赵大海" not in cursor.fetchone()[0]
        assert roster.content() == data
        assert running.look_after(now=timezone.now() + timedelta(days=29)) == 0
        assert running.look_after(now=timezone.now() + timedelta(days=31)) == 1
        roster.refresh_from_db()
        assert (roster.content(), roster.outline, roster.has_file) == (b"", [], False)
        roster.start_check(by=town.secretary)
        assert at_work(roster).job.error == "file_gone"


class Killed(BaseException):
    """What SIGKILL leaves of a worker: no clean-up of ours runs."""


def kill_at(monkeypatch, batch, method="write"):
    """Let the planner's `method` die at this batch, once."""
    real, calls = getattr(Residents, method), []

    def dying(self, items):
        calls.append(1)
        if len(calls) == batch:
            raise Killed
        return real(self, items)

    monkeypatch.setattr(Residents, method, dying)
    monkeypatch.setattr(Planner, "BATCH", 2)


def killed_run():
    """What a worker that is killed leaves: the job stays at work with an old beat."""
    job = Job.objects.claim(timezone.now())
    with pytest.raises(Killed):
        run(job)
    Job.objects.filter(pk=job.pk).update(beat_at=timezone.now() - 2 * DEAD_AFTER)


@pytest.fixture
def people():
    return [resident(f"人{n}", door=str(100 + n // 3), 身份证号=id_of(serial=n)) for n in range(9)]


class TestKilled:
    def test_in_the_middle_of_entering_the_next_worker_goes_on(self, town, people, monkeypatch):
        roster = checked(town.secretary, "residents", town.community, ledger("residents", *people))
        kill_at(monkeypatch, 3)
        roster.start_apply(by=town.secretary)
        killed_run()
        roster.refresh_from_db()
        assert (roster.status, roster.applied_row) == ("applying", 5)
        roster = at_work(roster)
        assert (roster.status, counts(roster)) == ("applied", {"new": 9, "changed": 0, "same": 0, "faulty": 0})
        assert Resident.objects.filter(name__startswith="人").count() == 9
        assert Entry.objects.filter(subject_type="communities.resident", data__roster=roster.pk).count() == 9
        again = checked(town.secretary, "residents", town.community, ledger("residents", *people))
        assert counts(again)["same"] == 9
        before = Resident.objects.count()
        assert reverted(roster, town.secretary).status == "reverted"
        assert Resident.objects.count() == before - 9

    def test_in_the_middle_of_taking_back_the_next_worker_goes_on(self, town, people, monkeypatch):
        before = everything()
        roster = applied(town.secretary, "residents", town.community, ledger("residents", *people))
        monkeypatch.setattr(running, "LINES", 4)
        real, calls = running.take_back_batch, []

        def dying(*args):
            calls.append(1)
            if len(calls) == 2:
                raise Killed
            return real(*args)

        monkeypatch.setattr(running, "take_back_batch", dying)
        roster.start_revert(by=town.secretary, reason="传错了台账")
        killed_run()
        assert Resident.objects.filter(name__startswith="人").exists()
        roster = at_work(roster)
        assert roster.status == "reverted" and everything() == before

    def test_in_the_middle_of_the_check_it_begins_again(self, town, people, monkeypatch):
        roster = upload(
            town.secretary, "residents", town.community, ledger("residents", *people, resident("无门", door=None))
        )
        kill_at(monkeypatch, 3, "pretend")
        roster.start_check(by=town.secretary)
        killed_run()
        roster = at_work(roster)
        assert counts(roster) == {"new": 9, "changed": 0, "same": 0, "faulty": 1} and len(faults(roster)) == 1

    def test_cancelled_in_the_middle_nothing_stays(self, town, people, monkeypatch):
        before = everything()
        roster = checked(town.secretary, "residents", town.community, ledger("residents", *people))
        real = Residents.write

        def cancelling(self, items):
            real(self, items)
            Job.objects.filter(pk=roster.job.pk).update(cancel_asked_at=timezone.now())
            Job.objects.filter(pk=roster.job.pk).update(beat_at=timezone.now())

        monkeypatch.setattr(Planner, "BATCH", 2)
        roster.start_apply(by=town.secretary)
        roster.refresh_from_db()
        monkeypatch.setattr(Residents, "write", cancelling)
        monkeypatch.setattr("foundation.jobs.models.WRITE_EVERY", timedelta(0))
        roster = at_work(roster)
        assert (roster.status, roster.job.state) == ("checked", "cancelled")
        assert everything() == before and not roster.lines.exists()
        monkeypatch.setattr(Residents, "write", real)
        roster.start_apply(by=town.secretary)
        assert counts(at_work(roster))["new"] == 9

    def test_given_up_for_good_it_is_cleared_away(self, town, people, monkeypatch):
        before = everything()
        roster = checked(town.secretary, "residents", town.community, ledger("residents", *people))
        kill_at(monkeypatch, 3)
        roster.start_apply(by=town.secretary)
        killed_run()
        Job.objects.filter(pk=roster.job.pk).update(attempts=99)
        assert run_waiting() == 0
        running.look_after(now=timezone.now())
        roster = at_work(roster)
        assert roster.status == "checked" and everything() == before


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
class TestRace:
    def test_two_imports_of_one_ledger_at_once_make_everybody_once(self, town, people):
        rosters = [
            checked(town.secretary, "residents", town.community, ledger("residents", *people)) for _n in range(2)
        ]
        for roster in rosters:
            roster.start_apply(by=town.secretary)
        gate = threading.Barrier(2)

        def worker():
            job = Job.objects.claim(timezone.now())
            gate.wait()
            try:
                run(job)
            finally:
                connections.close_all()

        threads = [threading.Thread(target=worker) for _n in range(2)]
        [thread.start() for thread in threads]
        [thread.join() for thread in threads]
        assert [Roster.objects.get(pk=roster.pk).status for roster in rosters] == ["applied", "applied"]
        assert Household.objects.filter(door__in=["100", "101", "102"]).count() == 3

    def test_a_household_entered_by_hand_at_the_same_moment(self, town, people, monkeypatch):
        roster = checked(town.secretary, "residents", town.community, ledger("residents", *people))
        real, calls = Residents.compare, []

        def overtaken(self, items, lock=False):
            real(self, items, lock)
            if not calls:
                calls.append(1)
                other = threading.Thread(target=self_entered)
                other.start()
                other.join()

        def self_entered():
            Household.objects.add(
                by=town.grid_worker, client_uuid=uuid4(), building=town.building, stair="1", door="100"
            )
            connection.close()

        monkeypatch.setattr(Residents, "compare", overtaken)
        roster.start_apply(by=town.secretary)
        roster = at_work(roster)
        assert (roster.status, counts(roster)["new"]) == ("applied", 9)
        assert Household.objects.filter(door="100").count() == 1
        assert Household.objects.get(door="100").residents.count() == 3
