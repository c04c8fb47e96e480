"""The dry run: every error on real .xlsx files, by row and cell, and nothing written by any of them."""

import zipfile
from datetime import date, datetime
from io import BytesIO

import pytest

from communities.models import CareCategory, CareGrant, Compound, Resident
from communities.rosters.faults import FileFault, words_of
from communities.rosters.files import open_book
from communities.rosters.mapping import outline_of
from tests.communities.ledgers import (
    HEADINGS,
    at_work,
    checked,
    counts,
    faults,
    hints,
    id_of,
    ledger,
    resident,
    row_of,
    workbook,
)

pytestmark = pytest.mark.django_db
GOOD, OTHER = id_of(serial=4), id_of(serial=6)
WRONG = GOOD[:17] + ("0" if GOOD[17] != "0" else "1")


def check(town, *rows, kind="residents", by=None, place=None, headings=None, change=None):
    data = ledger(kind, *rows, headings=headings, change=change)
    return checked(by or town.secretary, kind, place or town.community, data)


class TestCells:
    """One row with one wrong cell each: the code stands at its row and column, and a good row beside it goes in."""

    @pytest.mark.parametrize(
        ("heading", "value", "column", "code"),
        [
            ("身份证号", WRONG, "id_number", "id_checksum"),
            ("身份证号", "12345", "id_number", "id_length"),
            ("身份证号", "420199500101004", "id_number", "id_old"),
            ("身份证号", 420199195001010041, "id_number", "precision_lost"),
            ("身份证号", 4.20199195001010e17, "id_number", "precision_lost"),
            ("身份证号", "4.20199E+17", "id_number", "precision_lost"),
            ("联系电话", "12345", "phone", "bad_phone"),
            ("联系电话", 23000000456, "phone", "bad_phone"),
            ("联系电话", True, "phone", "wrong_type"),
            ("姓名", None, "name", "missing"),
            ("姓名", "  ", "name", "missing"),
            ("姓名", "赵" * 61, "name", "too_long"),
            ("姓名", "=A1&B1", "name", "formula"),
            ("姓名", datetime.fromisoformat("2026-01-03"), "name", "became_date"),
            ("门牌号", date(2026, 3, 1), "door", "became_date"),
            ("门牌号", None, "door", "missing"),
            ("小区", "没有的小区", "compound", "unknown_compound"),
            ("小区", "海景小区", "compound", "outside"),
            ("性别", "不男不女", "sex", "unknown_choice"),
            ("出生日期", "昨天", "born_on", "bad_date"),
            ("出生日期", "1950-13-01", "born_on", "bad_date"),
            ("出生日期", "1950.1", "born_on", "incomplete_date"),
            ("出生日期", 1950.1, "born_on", "incomplete_date"),
            ("出生日期", 1950, "born_on", "incomplete_date"),
            ("出生日期", "1950年1月", "born_on", "incomplete_date"),
            ("出生日期", "2199-01-01", "born_on", "future_date"),
            ("出生日期", True, "born_on", "wrong_type"),
            ("出生日期", 17, "born_on", "bad_date"),
        ],
    )
    def test_the_code_stands_at_its_cell(self, town, heading, value, column, code):
        roster = check(town, resident("赵大海", 身份证号=None), resident("钱小河", **{heading: value}))
        assert faults(roster) == {(3, column, code)}
        assert counts(roster) == {"new": 1, "changed": 0, "same": 0, "faulty": 1}
        fault = roster.faults.get(is_hint=False)
        assert fault.position == HEADINGS["residents"].index(heading)
        assert words_of(code, fault.facts) != code and "%(" not in words_of(code, fault.facts)

    def test_an_excel_error_is_no_value(self, town):
        def broken(book, sheet):
            sheet["E2"].value, sheet["E2"].data_type = "#N/A", "e"

        assert faults(check(town, resident(), change=broken)) == {(2, "name", "wrong_type")}

    def test_merged_cells_are_named_in_every_row(self, town):
        def merge(book, sheet):
            sheet.merge_cells("D2:D3")

        roster = check(town, resident("赵大海"), resident("钱小河"), resident("孙强"), change=merge)
        assert faults(roster) == {(2, "door", "merged"), (3, "door", "merged")}
        assert roster.counts["new"] == 1

    def test_a_merged_title_above_the_headings_does_no_harm(self, town):
        def title(book, sheet):
            sheet.merge_cells("A1:I1")

        data = workbook([["橡林社区居民台账"], [], HEADINGS["residents"], resident()], change=title)
        roster = checked(town.secretary, "residents", town.community, data)
        assert (roster.heading_row, counts(roster)["new"], faults(roster)) == (3, 1, set())

    @pytest.mark.parametrize(
        "written",
        [
            "1950-1-3",
            "1950/01/03",
            "1950.1.3",
            "1950年1月3日",
            "19500103",
            19500103,
            date(1950, 1, 3),
            datetime.fromisoformat("1950-01-03"),
            "１９５０－１－３",
            "1950-01-03 00:00:00",
        ],
    )
    def test_days_as_people_write_them(self, town, written):
        roster = check(town, resident(出生日期=written))
        assert faults(roster) == set()
        roster.start_apply(by=town.secretary)
        at_work(roster)
        assert Resident.objects.get(name="赵大海").born_on == date(1950, 1, 3)

    @pytest.mark.parametrize("serial", [18266, 18266.0, "18266"])
    def test_a_bare_number_is_excels_number_of_a_day_and_told(self, town, serial):
        roster = check(town, resident(出生日期=serial))
        assert (faults(roster), hints(roster)) == (set(), {(2, "born_on", "date_serial")})
        roster.start_apply(by=town.secretary)
        at_work(roster)
        assert Resident.objects.get(name="赵大海").born_on == date(1950, 1, 3)

    def test_an_incomplete_date_is_completed_by_the_id_number(self, town):
        roster = check(
            town,
            resident(身份证号=GOOD, 出生日期="1950.1"),
            resident("钱小河", 身份证号=OTHER, 出生日期="1951.1"),
        )
        assert hints(roster) == {(2, "born_on", "date_from_id")}
        assert faults(roster) == {(3, "born_on", "incomplete_date")}

    def test_what_differs_from_the_id_number_is_told_and_stands(self, town):
        roster = check(town, resident(身份证号=GOOD, 出生日期="1950-02-02", 性别="男"))
        assert hints(roster) == {(2, "born_on", "birth_differs"), (2, "sex", "sex_differs")}
        assert faults(roster) == set()

    def test_full_width_digits_are_read_and_told(self, town):
        wide = "".join(chr(ord(letter) + 0xFEE0) for letter in GOOD)
        roster = check(town, resident(门牌号="２０１", 身份证号=wide, 联系电话="１３００００００４５６"))
        assert faults(roster) == set()
        assert hints(roster) == {(2, column, "full_width") for column in ("door", "id_number", "phone")}
        roster.start_apply(by=town.secretary)
        at_work(roster)
        person = Resident.objects.get(name="赵大海")
        assert (person.household, person.id_number, person.phone) == (town.household, GOOD, "13000000456")

    def test_numbers_in_text_columns_are_texts(self, town):
        roster = check(town, resident(楼栋=3, 单元=1.0, 门牌号=201, 联系电话=13000000456.0))
        assert faults(roster) == set() and roster.counts["new_households"] == 0


class TestRows:
    def test_the_same_person_twice_in_the_file(self, town):
        roster = check(
            town,
            resident("赵大海", 身份证号=GOOD),
            resident("钱小河", 身份证号=GOOD),
            resident("孙强", 出生日期="1980-01-01"),
            resident("孙强", 出生日期="1980-01-01"),
            resident("孙强", 出生日期="1981-01-01"),
            resident("孙强", door="102", 出生日期="1980-01-01"),
        )
        assert faults(roster) == {(3, "id_number", "duplicate"), (5, "name", "duplicate")}
        assert roster.faults.get(row=3).facts == {"row": 2}

    def test_there_already_as_somebody_else(self, town):
        town.resident.correct(by=None, id_number=GOOD)
        roster = check(town, resident("李四", door="201", 身份证号=GOOD))
        assert faults(roster) == {(2, "id_number", "somebody_else")}

    def test_at_another_door_nobody_is_moved(self, town):
        town.resident.correct(by=None, id_number=GOOD)
        roster = check(town, resident("王秀英", door="999", 身份证号=GOOD))
        assert faults(roster) == {(2, "id_number", "other_door")}

    def test_the_same_name_and_birth_with_another_id_number(self, town):
        roster = check(town, resident("王秀英", door="201", 身份证号=id_of("19420506", 8)))
        assert faults(roster) == {(2, "id_number", "other_id")}

    def test_nobody_comes_back_by_an_import(self, town):
        town.resident.correct(by=None, id_number=GOOD, ended_on=date(2026, 1, 1), ended_reason="died")
        roster = check(
            town,
            resident("王秀英", door="201", 身份证号=GOOD),
            resident("王秀英", door="201", 出生日期="1942-05-06"),
        )
        assert {code for _row, _column, code in faults(roster)} == {"left"} and roster.counts["new"] == 0

    def test_two_of_a_name_need_more(self, town):
        for _n in range(2):
            Resident.objects.create(household=town.household, area_path=town.household.area_path, name="张伟")
        roster = check(town, resident("张伟", door="201"))
        assert faults(roster) == {(2, "name", "several_people")}

    def test_one_household_is_lived_in_one_way(self, town):
        headings = [*HEADINGS["residents"], "居住状况"]
        roster = check(
            town, [*resident("甲"), "出租"], [*resident("乙"), "空置"], [*resident("丙"), None], headings=headings
        )
        assert faults(roster) == {(3, "occupancy", "disagrees")}

    def test_a_second_heading_row(self, town):
        roster = check(town, resident("赵大海"), HEADINGS["residents"], resident("钱小河"))
        assert faults(roster) == {(3, "", "second_heading")} and roster.counts["new"] == 2

    def test_the_explanation_row_is_passed_over_and_empty_rows_are(self, town):
        told = ["※ 必填", "※ 例：3号楼", None, "例：201", "说明：与身份证一致"]
        roster = check(town, told, resident("赵大海"), [None, "  "], resident("钱小河"))
        assert faults(roster) == set() and counts(roster)["new"] == 2

    def test_care_categories_by_grant(self, town):
        headings = [*HEADINGS["residents"], "关爱类别"]
        sensitive = CareCategory.objects.exclude(sensitive="").first()
        row = [*resident(), f"独居老人、{sensitive.name}"]
        plain = CareCategory.objects.filter(sensitive="").first()
        assert faults(check(town, [*resident(), f"{plain.name}，没有的类别"], headings=headings)) == {
            (2, "categories", "unknown_choice")
        }
        row = [*resident(), f"{plain.name}、{sensitive.name}"]
        assert faults(check(town, row, headings=headings)) == {(2, "categories", "not_granted")}
        CareGrant.objects.create(
            user=town.secretary, group=sensitive.sensitive, area_path=town.community.code, since=date(2020, 1, 1)
        )
        assert faults(check(town, row, headings=headings)) == set()

    def test_a_child_needs_a_guardian_first(self, town):
        plain = CareCategory.objects.filter(sensitive="").first()
        headings = [*HEADINGS["residents"], "关爱类别"]
        roster = check(town, [*resident(出生日期="2020-05-05"), plain.name], headings=headings)
        assert hints(roster) == {(2, "categories", "guardian")} and counts(roster)["new"] == 1


class TestPlaces:
    def test_several_communities_need_to_be_named(self, town):
        for community in (town.next_community,):
            Compound.objects.add(
                by=None, client_uuid="11111111-1111-4111-8111-111111111111", community=community, name="橡林小区"
            )
        headings = ["社区", *HEADINGS["residents"]]
        roster = check(
            town,
            [None, *resident("甲")],
            ["橡林社区", *resident("乙")],
            ["411702007001", *resident("丙")],
            ["中兴社区", *resident("丁")],
            ["蓬莱社区", *resident("戊")],
            by=town.coordinator,
            place=town.street,
            headings=headings,
        )
        assert faults(roster) == {
            (2, "compound", "ambiguous_compound"),
            (5, "compound", "outside"),
            (6, "compound", "unknown_place"),
        }
        assert counts(roster)["new"] == 2

    def test_a_grid_worker_reaches_the_own_grid_only(self, town):
        Compound.objects.add(
            by=None, client_uuid="11111111-1111-4111-8111-111111111112", community=town.community, name="北院"
        )
        roster = check(
            town, resident("甲"), [*["北院"], *resident("乙")[1:]], by=town.grid_worker, place=town.grid_area
        )
        assert faults(roster) == {(3, "compound", "outside")} and counts(roster)["new"] == 1

    def test_compounds_with_grids_companies_and_numbers(self, town):
        rows = [
            row_of(
                "compounds",
                小区名称="甲院",
                网格="橡林社区第一网格",
                类型="家属院",
                管理方式="三无",
                户数=48,
                地址="解放路1号",
            ),
            row_of("compounds", 小区名称="乙院", 网格="没有的网格"),
            row_of("compounds", 小区名称="丙院", 物业公司="没有的公司"),
            row_of("compounds", 小区名称="丁院", 户数="很多"),
            row_of("compounds", 小区名称="甲院"),
            row_of("compounds", 小区名称="橡林小区", 管理方式="自管", 物业公司="安居物业公司"),
        ]
        roster = check(town, *rows, kind="compounds")
        assert faults(roster) == {
            (3, "grid", "unknown_place"),
            (4, "property_unit", "unknown_unit"),
            (5, "stated_households", "bad_number"),
            (6, "name", "duplicate"),
        }
        assert hints(roster) == {(7, "management", "management_kept")}
        assert counts(roster) == {"new": 1, "changed": 0, "same": 1, "faulty": 4}

    def test_units(self, town):
        rows = [
            row_of("units", 单位名称="志愿服务一队", 单位类型="服务队", 办公电话="0396-1234567"),
            row_of("units", 单位名称="居委会", 单位类型="居委会"),
            row_of("units", 单位名称="二队", 单位类型="服务队", 办公电话="电话"),
            row_of("units", 单位名称="三队"),
            row_of("units", 单位名称="安居物业公司", 单位类型="物业公司"),
        ]
        roster = check(town, *rows, kind="units")
        assert faults(roster) == {
            (3, "kind", "office_unit"),
            (4, "phone", "bad_office_phone"),
            (5, "kind", "missing"),
        }
        assert counts(roster) == {"new": 1, "changed": 0, "same": 1, "faulty": 3}


class TestFiles:
    """What is wrong with a file as a whole is said when it is uploaded; nothing is kept of it."""

    def refused(self, data, name="台账.xlsx"):
        with pytest.raises(FileFault) as fault, open_book(data, name) as book:
            outline_of(book)
            for sheet in book.visible:
                list(book.rows(sheet.name))
        assert str(fault.value) != fault.value.code and "%(" not in str(fault.value)
        return fault.value.code

    def test_empty(self):
        assert self.refused(b"") == "empty"
        assert self.refused(workbook([])) == "empty"
        assert self.refused(workbook([[None, " "]])) == "empty"

    def test_wrong_extension(self):
        assert self.refused(ledger("residents"), "台账.docx") == "extension"
        assert self.refused(ledger("residents"), "台账") == "extension"
        assert self.refused(ledger("residents"), "台账.xls") == "other_content"
        assert self.refused(ledger("residents"), "台账.csv") == "other_content"
        assert self.refused(b"<html><table><tr><td>1</td></tr></table></html>", "台账.xls") == "other_content"

    def test_encrypted(self):
        container = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600 + "EncryptedPackage".encode("utf-16-le")
        assert self.refused(container + b"\0" * 600) == "encrypted"

    def test_corrupt(self):
        good = ledger("residents", resident())
        assert self.refused(good[: len(good) // 2]) == "corrupt"
        assert self.refused(b"PK\x03\x04" + b"x" * 500) == "corrupt"
        assert self.refused(b"\xd0\xcf\x11\xe0" + "Workbook".encode("utf-16-le") + b"x" * 900, "a.xls") == "corrupt"

    def test_too_large(self, settings):
        settings.ROSTER_MOST_BYTES = 1000
        assert self.refused(ledger("residents", resident())) == "too_large"

    def test_a_bomb_of_zeros(self, settings):
        settings.ROSTER_MOST_UNPACKED = 3_000_000
        assert (
            self.refused(with_part(ledger("residents"), "xl/media/bomb.xml", b"<a>" + b"0" * 4_000_000 + b"</a>"))
            == "bomb"
        )

    def test_a_bomb_of_entities(self):
        laughs = b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "ha"><!ENTITY c "&b;&b;&b;">]><a>&c;</a>'
        assert self.refused(with_part(ledger("residents"), "xl/sharedStrings.xml", laughs)) == "bomb"

    def test_hidden_sheets_are_not_read_and_told(self, town):
        def hide(book, sheet):
            book.create_sheet("旧台账").append(HEADINGS["residents"])
            book["旧台账"].append(resident("别人"))
            book["旧台账"].sheet_state = "hidden"

        roster = check(town, resident(), change=hide)
        assert hints(roster) == {(0, "", "hidden_sheets")} and counts(roster)["new"] == 1

        def hide_all(book, sheet):
            hide(book, sheet)
            sheet.delete_rows(1, 5)

        assert self.refused(ledger("residents", change=hide_all)) == "no_sheet"

    def test_more_rows_than_a_roster_has(self, town, settings):
        settings.ROSTER_MOST_ROWS = 2
        roster = check(town, resident("甲"), resident("乙"), resident("丙"))
        assert (roster.status, roster.job.error, roster.job.error_facts) == ("uploaded", "too_many_rows", {"most": 2})

    def test_letters_of_a_csv_that_cannot_be_read(self):
        assert self.refused(b"\xff\xfe\xfd,1\n", "台账.csv") == "encoding"

    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
    @pytest.mark.parametrize("separator", [",", ";", "\t"])
    def test_csv_in_the_usual_encodings(self, town, encoding, separator):
        rows = [HEADINGS["residents"], resident("赵大海", 身份证号=GOOD, 出生日期="1950-1-1")]
        text = "\r\n".join(separator.join(str(value or "") for value in row) for row in rows)
        roster = checked(town.secretary, "residents", town.community, text.encode(encoding), "台账.csv")
        assert (counts(roster)["new"], faults(roster)) == (1, set())

    def test_what_a_file_says_about_its_own_size_is_not_believed(self, town):
        data = ledger("residents", resident())
        cells = zipfile.ZipFile(BytesIO(data)).read("xl/worksheets/sheet1.xml")
        lying = with_part(data, "xl/worksheets/sheet1.xml", cells.replace(b'ref="A1:I2"', b'ref="A1:B1"'))
        assert lying != data
        roster = checked(town.secretary, "residents", town.community, lying)
        assert counts(roster)["new"] == 1


def with_part(data, name, content):
    """The workbook with one part of its archive replaced or added."""
    written = BytesIO()
    with zipfile.ZipFile(BytesIO(data)) as before, zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as after:
        for member in before.namelist():
            if member != name:
                after.writestr(member, before.read(member))
        after.writestr(name, content)
    return written.getvalue()
