"""Where a form waits for answers, whatever its author did with rows, merged cells and colons; and what the registers answer."""

import threading
from datetime import date
from io import BytesIO
from uuid import uuid4

import pytest
from django.db import connections
from django.utils import timezone
from openpyxl import Workbook
from openpyxl.styles import Border, Side

from communities.blanks.filling import answer_for, write
from communities.blanks.layout import NothingToFill, fingerprint_of, plain, read_layout
from communities.blanks.registers import (
    REGISTERS,
    About,
    contacts_for,
    known,
    likely_register,
    own_place,
    suggest_fixed,
)
from communities.models import BlankFill, BlankForm, CareCategory, CareEntry
from foundation.workbooks import open_workbook_safely
from tests.communities.forms_made import banded_form, bytes_of, card_form, simple_form

THIN = Border(*[Side(style="thin")] * 4)


def layout_of(*rows, merged=(), title="Sheet"):
    """The layout of a sheet with these rows of texts."""
    return read_layout(book_of(*rows, merged=merged, title=title), known)


def book_of(*rows, merged=(), title="Sheet"):
    book = Workbook()
    book.active.title = title
    for number, row in enumerate(rows, 1):
        for column, text in enumerate(row, 1):
            if text is not None:
                book.active.cell(number, column, text)
    for cells in merged:
        book.active.merge_cells(cells)
    return book


HEADINGS = ["序号", "姓名", "性别", "电话"]


class TestTables:
    def test_headings_in_the_first_row(self):
        (block,) = layout_of(HEADINGS)["blocks"]
        assert (block["first"], block["closed"], block["serial"]) == (2, False, 1)

    def test_stars_blanks_and_full_width_do_not_count(self):
        one = layout_of(["序号", " 姓 名*", "性别", "电话（手机）"])
        other = layout_of(["序号", "姓名", "性别 ", "电话(手机)"])
        assert fingerprint_of(one) == fingerprint_of(other) != fingerprint_of(layout_of(HEADINGS))

    def test_a_title_and_an_explanation_do_not_change_the_fingerprint(self):
        one = layout_of(["某某名单"], HEADINGS, [1, 2, 3, 4], ["例：", "张三", "男", "138"], merged=["A1:D1"])
        assert one["blocks"][0]["first"] == 5
        assert fingerprint_of(one) == fingerprint_of(layout_of(HEADINGS))

    def test_a_group_without_merged_rows_below_it(self):
        rows = ["序号", "姓名", "家庭住址", None, "电话"], [None, None, "小区", "门牌号", None]
        (block,) = layout_of(*rows, merged=["A1:A2", "B1:B2", "C1:D1", "E1:E2"])["blocks"]
        assert block["headings"] == ["序号", "姓名", "家庭住址/小区", "家庭住址/门牌号", "电话"]
        assert block["first"] == 3

    def test_the_same_heading_twice(self):
        (block,) = layout_of(["姓名", "电话", "姓名", "电话"])["blocks"]
        assert block["headings"] == ["姓名", "电话", "姓名#2", "电话#2"]

    def test_what_stands_in_rows_already_is_stepped_over(self):
        (block,) = layout_of(HEADINGS, [1, "张三", "男", "1"], [2], [3], ["合计"])["blocks"]
        assert (block["first"], block["last"], block["closed"]) == (3, 4, True)

    def test_sums_directly_below_the_headings(self):
        layout = layout_of(HEADINGS, ["合计"])
        (block,) = layout["blocks"]
        assert (block["first"], block["last"], block["closed"]) == (2, 1, True)

    def test_a_drawn_table_ends_where_its_lines_end(self):
        book = book_of(HEADINGS, [], [], [], ["审核人签字并加盖公章后报送"])
        for row in (1, 2, 3):
            for column in range(1, 5):
                book.active.cell(row, column).border = THIN
        (block,) = read_layout(book, known)["blocks"]
        assert (block["first"], block["last"], block["closed"]) == (2, 3, True)

    def test_two_sheets_and_a_hidden_one(self):
        book = book_of(HEADINGS, title="居民")
        places = book.create_sheet("小区")
        for column, heading in enumerate(["序号", "小区名称", "物业公司", "户数"], 1):
            places.cell(1, column, heading)
        hidden = book.create_sheet("字典")
        hidden.append(HEADINGS)
        hidden.sheet_state = "hidden"
        blocks = read_layout(book, known)["blocks"]
        assert [block["sheet"] for block in blocks] == ["居民", "小区"]
        assert [likely_register(block["headings"], list(REGISTERS)) for block in blocks] == ["residents", "compounds"]

    def test_the_order_of_sheets_does_not_matter(self):
        def form(order):
            book = Workbook()
            book.remove(book.active)
            for title, headings in order:
                book.create_sheet(title).append(headings)
            return fingerprint_of(read_layout(book, known))

        sheets = [("甲", HEADINGS), ("乙", ["小区名称", "户数", "楼栋数"])]
        assert form(sheets) == form([("乙二", sheets[1][1]), ("甲二", sheets[0][1])])

    @pytest.mark.parametrize("rows", [[], [["说明：请如实填写"]], [["2026年", "总结"]], [["甲", "乙", "丙"]]])
    def test_nothing_to_fill(self, rows):
        with pytest.raises(NothingToFill):
            layout_of(*rows)


class TestCards:
    def test_several_cards_on_one_sheet(self):
        card = [["姓名", None, "性别", None], ["身份证号", None, "联系电话", None]]
        book = book_of(*card, [], *card)
        for row in (1, 2, 4, 5):
            book.active.cell(row, 4).border = THIN
        (block,) = read_layout(book, known)["blocks"]
        assert block["headings"] == ["姓名", "性别", "身份证号", "联系电话"]
        assert [card[0] for card in block["cards"]] == [[1, 2], [4, 2]]

    def test_labels_with_a_colon(self):
        book = book_of(["姓名：", None], ["性别：", None], ["身份证号：", None], ["审核人：", None])
        for row in range(1, 5):
            book.active.cell(row, 2).border = THIN
        layout = read_layout(book, known)
        assert layout["blocks"][0]["headings"] == ["姓名", "性别", "身份证号"]
        assert [cell["label"] for cell in layout["fixed"]] == ["审核人"]
        assert layout["fixed"][0]["cell"] == [4, 2]


class TestOnce:
    @pytest.mark.parametrize(
        ("label", "field"),
        [
            ("填报单位", "unit_name"),
            ("填报日期", "today"),
            ("填表人", "my_name"),
            ("联系电话", "my_phone"),
            ("审核人", ""),
        ],
    )
    def test_suggested(self, label, field):
        assert suggest_fixed(label) == field

    def test_a_remark_below_is_no_question(self):
        layout = layout_of(HEADINGS, [], ["备注：1.本表一式两份。2.请于月底前报送。"])
        assert layout["fixed"] == []


@pytest.mark.parametrize("made", [simple_form, banded_form, card_form])
def test_an_empty_answer_gives_back_the_form_as_it_was(made):
    before = open_workbook_safely(made())
    layout = read_layout(before, known)
    after = open_workbook_safely(write(made(), layout, [], [None] * len(layout["fixed"])).file)
    for sheet in before.worksheets:
        cells = {cell.coordinate: (cell.value, repr(cell.font)) for row in sheet.iter_rows() for cell in row}
        again = {
            cell.coordinate: (cell.value, repr(cell.font)) for row in after[sheet.title].iter_rows() for cell in row
        }
        assert cells == again and sheet.merged_cells == after[sheet.title].merged_cells


@pytest.mark.django_db
class TestRegisters:
    @pytest.mark.parametrize("code", list(REGISTERS))
    def test_every_field_answers_for_a_row(self, town, code):
        category = CareCategory.objects.filter(sensitive="").first()
        CareEntry.objects.set_many([(town.resident, [category])], by=town.secretary)
        register = REGISTERS[code]
        rows = register.load(register.rows(town.secretary), town.secretary)
        assert rows and all(register.title(row) for row in rows)
        about = About(user=town.secretary, today=timezone.localdate(), place=own_place(town.secretary), serial=1)
        about.contacts = contacts_for(register, rows)
        for field in register.by_code.values():
            mapped = {"field": field.code, "text": "2026-12-31" if field.asks == "day" else "某文"}
            answer = answer_for(register, mapped, rows[0], about)
            assert isinstance(answer.value, str | int | date | None), field.code
            assert not answer.is_gap or answer.fix is None or answer.fix.pk

    @pytest.mark.parametrize("code", list(REGISTERS))
    def test_the_table_of_headings_names_fields_that_exist(self, code):
        register = REGISTERS[code]
        assert register.by_heading and set(register.by_heading.values()) <= set(register.by_code)

    def test_what_the_numbers_are(self, town):
        register = REGISTERS["compounds"]
        (row,) = register.load(register.rows(town.secretary), town.secretary)
        assert (row.people, row.aged_60, row.aged_80, row.minors, row.cared_for) == (1, 1, 1, 0, 1)

    def test_secrets_are_masked_unless_they_were_revealed(self, town):
        register = REGISTERS["households"]
        (row,) = register.load(register.rows(town.secretary), town.secretary)
        about = About(user=town.secretary, today=timezone.localdate())
        assert answer_for(register, {"field": "phone"}, row, about).value == "130****0123"
        about.secrets = {("phone", town.resident.pk): "13000000123"}
        assert answer_for(register, {"field": "phone"}, row, about).value == "13000000123"

    def test_a_name_is_never_a_formula(self, town):
        town.resident.correct(by=town.secretary, name="=HYPERLINK(1)")
        register, data = REGISTERS["residents"], bytes_of(book_of(["姓名", "性别"]))
        layout = read_layout(open_workbook_safely(data), known)
        rows = register.load(register.rows(town.secretary), town.secretary)
        about = About(user=town.secretary, today=timezone.localdate())
        lines = [[answer_for(register, {"field": code}, rows[0], about) for code in ("name", "sex")]]
        part = type("Part", (), {"block": layout["blocks"][0], "rows": rows, "lines": lines})
        cell = open_workbook_safely(write(data, layout, [part], []).file).active["A2"]
        assert (cell.value, cell.data_type) == ("=HYPERLINK(1)", "s")


def test_plain():
    assert plain(" 身份证号码（18位）＊： ") == "身份证号码(18位)"


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_two_colleagues_bring_the_same_form_at_once(town):
    data = simple_form()
    layout = read_layout(open_workbook_safely(data), known)
    facts = {"data": data, "layout": layout, "fingerprint": fingerprint_of(layout), "area_path": town.community.code}
    gate, fills, wrong = threading.Barrier(2), [], []

    def bring(user):
        try:
            gate.wait()
            fills.append(BlankFill.objects.begin(by=user, client_uuid=uuid4(), name="表", **facts))
        except Exception as error:
            wrong.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=bring, args=(user,)) for user in (town.secretary, town.deputy)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert (BlankForm.objects.count(), len({fill.form_id for fill in fills})) == (1, 1)
    assert BytesIO(fills[0].file).getvalue() == data
