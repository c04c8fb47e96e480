"""The way of a ledger through the pages: upload, columns, check, entry, faulty rows, back; who may, and what a repeat does."""

from io import BytesIO
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from openpyxl import load_workbook

from communities.models import Household, Resident, Roster, RosterMapping
from communities.models.roster import RosterKind
from communities.rosters.columns import COLUMNS
from communities.rosters.mapping import propose
from foundation.jobs.models import Job
from foundation.journal.models import Access, Entry
from tests.communities.conftest import filled
from tests.communities.ledgers import (
    HEADINGS,
    applied,
    at_work,
    checked,
    counts,
    id_of,
    ledger,
    resident,
    row_of,
    upload,
    workbook,
)

pytestmark = pytest.mark.django_db
LIST, CREATE = "/communities/rosters/", "/communities/rosters/add/"
# Headings that nobody has heard of, so that the page must ask.
STRANGE = ["院子", "栋", "单元", "房", "人", "性别"]


def file_of(data, name="台账.xlsx"):
    return SimpleUploadedFile(name, data)


def send(client, town, data, name="台账.xlsx", kind="residents", division=None, **more):
    typed = {"kind": kind, "division": (division or town.community).pk, "client_uuid": str(uuid4())} | more
    return client.post(CREATE, typed | {"file": file_of(data, name)})


class TestCreate:
    def test_a_known_ledger_goes_straight_to_the_check(self, town, sign_in):
        answer = send(sign_in(town.secretary), town, ledger("residents", resident()))
        roster = Roster.objects.get()
        assert answer.url == roster.get_absolute_url() and roster.status == "checking"
        assert at_work(roster).counts["new"] == 1

    def test_a_strange_one_asks_once_and_never_again(self, town, sign_in):
        client, data = sign_in(town.secretary), workbook([STRANGE, ["橡林小区", "3号楼", "1", "101", "赵大海", "男"]])
        answer = send(client, town, data)
        assert answer.url == reverse("roster_map", args=[Roster.objects.get().pk])
        page = client.get(answer.url)
        form = filled(page.context["form"])
        assert form["column_1"] == "building" and "column_0" not in form
        typed = form | {"column_0": "compound", "column_3": "door", "column_4": "name"}
        assert client.post(answer.url, typed).status_code == 302
        roster = at_work(Roster.objects.get())
        assert counts(roster) == {"new": 1, "changed": 0, "same": 0, "faulty": 0}
        again = send(client, town, data)
        assert again.url == Roster.objects.latest("pk").get_absolute_url()
        assert RosterMapping.objects.count() == 1

    def test_what_another_place_said_of_its_ledger_is_not_taken_over(self, town, sign_in):
        upload(
            town.secretary, "residents", town.community, ledger("residents", resident(), headings=HEADINGS["residents"])
        )
        strange = [["甲", "乙"], ["1", "2"]]
        outline = [{"name": "s", "hidden": False, "rows": [[1, strange[0]], [2, strange[1]]]}]
        found = propose("residents", town.community.code, outline)
        RosterMapping.objects.create(
            kind="residents", fingerprint=found.fingerprint, area_path=town.other_community.code, mapping={"0": "name"}
        )
        assert propose("residents", town.community.code, outline).mapping == {}
        assert propose("residents", town.other_community.code, outline).mapping == {0: "name"}

    def test_sent_twice_is_one_import(self, town, sign_in):
        client, key = sign_in(town.secretary), str(uuid4())
        answers = [send(client, town, ledger("residents", resident()), client_uuid=key) for _n in range(2)]
        assert answers[0].url == answers[1].url and Roster.objects.count() == Job.objects.count() == 1

    @pytest.mark.parametrize(
        ("data", "name", "word"),
        [
            (b"", "台账.xlsx", "file"),
            (b"PK\x03\x04nonsense", "台账.xlsx", "file"),
            (b"a,b\n1,2\n", "台账.pdf", "file"),
        ],
    )
    def test_a_bad_file_is_refused_and_the_rest_of_the_form_stays(self, town, sign_in, data, name, word):
        answer = send(sign_in(town.secretary), town, data, name)
        form = answer.context["form"]
        assert answer.status_code == 200 and set(form.errors) == {word}
        assert form["kind"].value() == "residents" and form["division"].value() == str(town.community.pk)
        assert not Roster.objects.exists()

    def test_only_places_and_kinds_within_reach(self, town, sign_in):
        client = sign_in(town.grid_worker)
        assert set(send(client, town, ledger("residents", resident())).context["form"].errors) == {"division"}
        answer = send(client, town, ledger("compounds"), kind="compounds", division=town.grid_area)
        assert set(answer.context["form"].errors) == {"kind"}
        assert send(client, town, ledger("residents", resident()), division=town.grid_area).status_code == 302
        assert set(send(sign_in(town.secretary), town, ledger("staff"), kind="staff").context["form"].errors) == {
            "kind"
        }
        assert set(send(client, town, ledger("residents"), division=town.far_community).context["form"].errors) == {
            "division"
        }

    def test_readers_and_handlers_are_refused(self, town, sign_in):
        for who in (town.auditor, town.handler, town.idle):
            assert sign_in(who).get(CREATE).status_code == 403
            assert send(sign_in(who), town, ledger("residents", resident())).status_code == 403
        assert not Roster.objects.exists()


class TestMap:
    @pytest.fixture
    def roster(self, town):
        return upload(town.secretary, "residents", town.community, ledger("residents", resident(身份证号=id_of())))

    @pytest.fixture
    def url(self, roster):
        return reverse("roster_map", args=[roster.pk])

    def test_samples_give_nobody_away(self, town, url, sign_in):
        body = sign_in(town.secretary).get(url).content.decode()
        assert "赵**" in body and "赵大海" not in body and id_of() not in body

    def test_what_was_chosen_stays_when_it_is_refused(self, town, roster, url, sign_in):
        client = sign_in(town.secretary)
        typed = filled(client.get(url).context["form"]) | {"column_4": "", "column_8": "remark"}
        answer = client.post(url, typed)
        assert answer.status_code == 200 and answer.context["form"].non_field_errors()
        assert answer.context["form"]["column_8"].value() == "remark"
        twice = client.post(url, typed | {"column_4": "name", "column_8": "name"})
        assert set(twice.context["form"].errors) == {"column_4", "column_8"}
        roster.refresh_from_db()
        assert roster.status == "uploaded" and roster.columns[4] == "name"

    def test_another_heading_row_or_sheet_can_be_chosen(self, town, sign_in):
        def second(book, sheet):
            book.create_sheet("别的").append(["a", "b"])

        data = workbook([["台账", "二〇二六"], HEADINGS["residents"], resident()], change=second)
        roster = upload(town.secretary, "residents", town.community, data)
        client, url = sign_in(town.secretary), reverse("roster_map", args=[roster.pk])
        assert client.get(url).context["form"].proposal.heading_row == 2
        assert client.get(url, {"sheet": 0, "was": 0, "row": 1}).context["form"].proposal.headings[0] == "台账"
        assert client.get(url, {"sheet": 1, "was": 0, "row": 2}).context["form"].proposal.sheet == "别的"
        for nonsense in ({"sheet": 99}, {"sheet": "x"}, {"sheet": 0, "was": 0, "row": 9999}):
            assert client.get(url, nonsense).status_code == 200

    def test_twice_is_one_check(self, town, roster, url, sign_in):
        client = sign_in(town.secretary)
        typed = filled(client.get(url).context["form"])
        assert [client.post(url, typed).status_code for _n in range(2)] == [302, 302]
        assert Job.objects.count() == 1


class TestDetail:
    @pytest.fixture
    def roster(self, town):
        rows = [resident("赵大海"), resident("钱小河", 身份证号="12345"), resident(None)]
        return checked(town.secretary, "residents", town.community, ledger("residents", *rows))

    def test_faults_by_cell_in_the_readers_language(self, town, roster, sign_in):
        client = sign_in(town.secretary)
        body = client.get(roster.get_absolute_url()).content.decode()
        assert "G3" in body and "E4" in body and "12345" not in body
        town.secretary.prefer(language="en")
        assert "An ID number has 18 characters." in client.get(roster.get_absolute_url()).content.decode()

    def test_at_work_the_owner_sees_progress_and_others_a_word(self, town, roster, sign_in):
        roster.start_apply(by=town.secretary)
        assert "hx-trigger" in sign_in(town.secretary).get(roster.get_absolute_url()).content.decode()
        body = sign_in(town.coordinator).get(roster.get_absolute_url()).content.decode()
        assert "hx-trigger" not in body and "周建平" in body

    def test_fixed_number_of_queries(self, town, sign_in, sql_count):
        client, numbers = sign_in(town.secretary), []
        for bad in (1, 20):
            rows = [resident(f"人{n}", 身份证号="1") for n in range(bad)]
            roster = checked(town.secretary, "residents", town.community, ledger("residents", *rows))
            client.get(roster.get_absolute_url())
            with sql_count(at_most=16) as queries:
                assert client.get(roster.get_absolute_url()).status_code == 200
            numbers.append(len(queries))
        assert numbers[0] == numbers[1]

    def test_roster_list_shows_the_own_area_in_a_fixed_number_of_queries(self, town, sign_in, sql_count):
        numbers = []
        for more in (1, 19):
            for _n in range(more):
                upload(town.secretary, "residents", town.community, ledger("residents", resident()))
            client = sign_in(town.coordinator)
            client.get(LIST)
            with sql_count(at_most=12) as queries:
                assert client.get(LIST).status_code == 200
            numbers.append(len(queries))
        assert numbers[0] == numbers[1]
        assert client.get(LIST).context["page"].paginator.count == 20
        assert sign_in(town.outsider).get(LIST).context["page"].paginator.count == 0
        upload(town.admin_of_district, "staff", town.community, ledger("staff", row_of("staff", 姓名="新人")))
        assert sign_in(town.secretary).get(LIST).context["page"].paginator.count == 20

    def test_the_faulty_rows_as_a_file_with_reasons_and_a_log_entry(self, town, roster, sign_in):
        answer = sign_in(town.secretary).post(reverse("roster_faults", args=[roster.pk]))
        assert "no-store" in answer["Cache-Control"]
        rows = list(load_workbook(BytesIO(answer.content)).active.iter_rows(values_only=True))
        assert rows[0][:5] == tuple(HEADINGS["residents"][:5]) and len(rows) == 3
        assert rows[1][6] == "12345" and rows[1][-2] == 3 and rows[1][-1].startswith("G3 ")
        assert (Access.objects.get().what, Access.objects.get().rows) == ("export:roster_faults", 2)
        # Corrected there it comes in; the two new columns at its end are in nobody's way.
        again = upload(town.secretary, "residents", town.community, answer.content)
        assert set(again.columns.values()) >= {"compound", "building", "door", "name"}

    def test_care_categories_of_the_file_go_back_to_who_brought_it_only(self, town, sign_in):
        row, headings = [*resident(身份证号="1"), "困境儿童"], [*HEADINGS["residents"], "关爱类别"]
        roster = checked(town.secretary, "residents", town.community, ledger("residents", row, headings=headings))
        for user, words in ((town.secretary, True), (town.coordinator, False)):
            answer = sign_in(user).post(reverse("roster_faults", args=[roster.pk]))
            cells = [cell for row in load_workbook(BytesIO(answer.content)).active.values for cell in row]
            assert ("困境儿童" in cells) == words, user
            assert "1" in cells


class TestSteps:
    @pytest.fixture
    def roster(self, town):
        return checked(town.secretary, "residents", town.community, ledger("residents", resident()))

    def press(self, client, roster, name, **typed):
        form = client.get(reverse(name, args=[roster.pk])).context["form"]
        return client.post(reverse(name, args=[roster.pk]), filled(form) | typed)

    def test_roster_check_roster_apply_roster_revert(self, town, roster, sign_in):
        client = sign_in(town.secretary)
        assert self.press(client, roster, "roster_check").url == roster.get_absolute_url()
        assert at_work(roster).status == "checked"
        assert self.press(client, roster, "roster_apply").url == roster.get_absolute_url()
        assert at_work(roster).status == "applied" and Resident.objects.filter(name="赵大海").exists()
        answer = self.press(client, roster, "roster_revert")
        assert set(answer.context["form"].errors) == {"reason"}
        assert self.press(client, roster, "roster_revert", reason="传错了").status_code == 302
        assert at_work(roster).status == "reverted" and not Resident.objects.filter(name="赵大海").exists()

    def test_pressed_twice_is_done_once(self, town, roster, sign_in):
        client, url = sign_in(town.secretary), reverse("roster_apply", args=[roster.pk])
        typed = filled(client.get(url).context["form"])
        assert [client.post(url, typed).status_code for _n in range(2)] == [302, 302]
        assert Job.objects.filter(kind="roster_apply").count() == 1

    def test_of_two_people_one_enters(self, town, roster, sign_in):
        url = reverse("roster_apply", args=[roster.pk])
        client = sign_in(town.secretary)
        mine = filled(client.get(url).context["form"])
        roster.start_apply(by=town.coordinator)
        assert client.post(url, mine).status_code == 409
        assert Job.objects.filter(kind="roster_apply").count() == 1

    def test_steps_that_do_not_follow_are_refused(self, town, roster, sign_in):
        client = sign_in(town.secretary)
        assert self.press(client, roster, "roster_revert", reason="传错了").status_code == 403
        Roster.objects.filter(pk=roster.pk).update(status="applied")
        for name in ("roster_check", "roster_apply"):
            assert self.press(client, roster, name).status_code == 403
        assert client.get(reverse("roster_map", args=[roster.pk])).status_code == 302

    def test_readers_are_refused_outsiders_see_nothing(self, town, roster, sign_in):
        for name in ("roster_map", "roster_check", "roster_apply", "roster_revert", "roster_faults", "roster_slips"):
            url = reverse(name, args=[roster.pk])
            assert sign_in(town.auditor).post(url, {"reason": "xx"}).status_code == 403
            for who in (town.outsider, town.system_admin, town.handler, town.grid_worker):
                assert sign_in(who).post(url, {"reason": "xx"}).status_code == 404
        roster.refresh_from_db()
        assert roster.status == "checked" and not Access.objects.exists()


class TestSlips:
    def test_roster_slips_are_shown_once_to_who_administers(self, town, sign_in):
        row = row_of("staff", 姓名="新书记", 用户名="new-secretary", 角色="社区书记", 工作地点="文明社区")
        roster = applied(town.admin_of_district, "staff", town.district, ledger("staff", row))
        client, url = sign_in(town.admin_of_district), reverse("roster_slips", args=[roster.pk])
        answer = client.post(url)
        assert "no-store" in answer["Cache-Control"] and "new-secretary" in answer.content.decode()
        person, password = answer.context["slips"][0]
        assert person.check_password(password)
        assert client.post(url).url == roster.get_absolute_url()
        assert Entry.objects.get(verb="show_slips").data == {"n": 1}


class TestTemplate:
    @pytest.mark.parametrize("kind", RosterKind.values)
    @pytest.mark.parametrize("language", ["zh-hans", "en"])
    def test_roster_template_is_recognised_without_asking(self, town, sign_in, kind, language):
        who = town.admin_of_district
        who.prefer(language=language)
        client = sign_in(who)
        answer = client.get(reverse("roster_template"), {"kind": kind})
        book = load_workbook(BytesIO(answer.content))
        sheet = book.active
        assert sheet.max_row == 2 and sheet.max_column == len(COLUMNS[kind])
        values = {"compound": "橡林小区", "building": "3号楼", "door": "101", "name": "赵大海", "kind": None}
        values |= {"username": "zhao"}
        for number, column in enumerate(COLUMNS[kind], 1):
            value = str(column.choices[0]) if column.required and column.choices else values.get(column.code)
            sheet.cell(3, number, value)
        written = BytesIO()
        book.save(written)
        division = town.district if kind in ("units", "staff") else town.community
        roster = upload(who, kind, division, written.getvalue())
        found = propose(kind, division.code, roster.outline)
        assert found.is_known and list(found.mapping.values()) == [column.code for column in COLUMNS[kind]]
        roster.start_check(by=who)
        roster = at_work(roster)
        assert roster.counts["rows"] == 1 and "explanation" not in str(roster.counts)

    def test_only_kinds_that_one_may_import(self, town, sign_in):
        assert sign_in(town.grid_worker).get(reverse("roster_template"), {"kind": "staff"}).status_code == 403
        assert sign_in(town.secretary).get(reverse("roster_template"), {"kind": "nonsense"}).status_code == 403


def test_nothing_typed_into_a_cell_is_kept_in_clear(town):
    """Faults hold codes, the outline and former values are encrypted, the journal names fields only."""
    canary, number = "甘雨秋", id_of(serial=8)
    rows = [resident(canary, 身份证号=number, 联系电话="13000000777"), resident(canary, 身份证号=number[:-1] + "z")]
    roster = checked(town.secretary, "residents", town.community, ledger("residents", *rows))
    told = [str(list(roster.faults.values())), str(roster.counts), str(list(Job.objects.values()))]
    told += [str(list(Entry.objects.filter(subject_type="communities.roster").values()))]
    assert not any(word in text for word in (canary, number[:17], "13000000777") for text in told)
    assert not Household.objects.filter(door="101").exists()


def test_of_very_many_faults_the_first_are_listed_and_all_are_counted(town, sign_in, monkeypatch):
    monkeypatch.setattr("communities.rosters.running.MOST_FAULTS", 3)
    rows = [resident(f"人{n}", 身份证号="1") for n in range(5)]
    roster = checked(town.secretary, "residents", town.community, ledger("residents", *rows))
    assert (roster.counts["faulty"], roster.faults.count()) == (5, 3)
    assert sign_in(town.secretary).get(roster.get_absolute_url()).context["unlisted"] == 2
