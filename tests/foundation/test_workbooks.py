"""Workbooks from outside are looked through before they are opened, and rows come in between as in Excel."""

from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
from openpyxl import Workbook, load_workbook
from openpyxl.formatting.rule import CellIsRule
from openpyxl.styles import Font
from openpyxl.worksheet.datavalidation import DataValidation

from foundation.workbooks import FORM, Limits, Refused, Shift, check, copy_sheet, insert_rows, open_workbook_safely


def bytes_of(book):
    written = BytesIO()
    book.save(written)
    return written.getvalue()


def changed(data, name, change):
    """The workbook with one part of its archive changed by `change(bytes)`."""
    written = BytesIO()
    with ZipFile(BytesIO(data)) as old, ZipFile(written, "w", ZIP_DEFLATED) as new:
        for member in old.infolist():
            text = old.read(member)
            new.writestr(member.filename, change(text) if member.filename == name else text)
    return written.getvalue()


@pytest.fixture
def plain():
    book = Workbook()
    book.active["A1"] = "姓名"
    return bytes_of(book)


SHEET = "xl/worksheets/sheet1.xml"


def refused(data, limits=FORM):
    with pytest.raises(Refused) as caught:
        check(data, limits)
    assert str(caught.value)
    return caught.value.code


class TestCheck:
    def test_an_ordinary_one_opens(self, plain):
        assert open_workbook_safely(plain).active["A1"].value == "姓名"

    def test_what_is_no_workbook(self, plain):
        assert refused(b"") == "empty"
        assert refused(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600) == "old"
        assert refused(b"PK\x03\x04" + b"\0" * 100) == "unreadable"
        assert refused(plain[: len(plain) // 2]) == "unreadable"
        other = BytesIO()
        with ZipFile(other, "w") as archive:
            archive.writestr("readme.txt", "x")
        assert refused(other.getvalue()) == "unreadable"

    def test_too_large(self, plain):
        assert refused(plain, Limits(size=100)) == "large"

    def test_macros(self, plain):
        with ZipFile(written := BytesIO(plain), "a") as archive:
            archive.writestr("xl/vbaProject.bin", b"x")
        assert refused(written.getvalue()) == "macros"

    def test_a_zip_bomb(self, plain):
        with ZipFile(written := BytesIO(plain), "a", ZIP_DEFLATED) as archive:
            archive.writestr("xl/media/image1.bin", b"\0" * (61 * 1024 * 1024))
        assert len(written.getvalue()) < FORM.size
        assert refused(written.getvalue()) == "bomb"

    def test_too_many_parts(self, plain):
        assert refused(plain, Limits(members=3)) == "bomb"

    def test_entities(self, plain):
        bomb = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa">]><worksheet/>'
        assert refused(changed(plain, SHEET, lambda _text: bomb)) == "bomb"
        assert refused(changed(plain, SHEET, lambda _text: bomb.decode().encode("utf-16"))) == "unreadable"

    def test_millions_of_empty_cells(self, plain):
        cells = b'<c r="A1"/>' * 200_001
        assert refused(changed(plain, SHEET, lambda text: text.replace(b"</row>", cells + b"</row>"))) == "cells"

    @pytest.mark.parametrize("tag", [b"mergeCell", b"hyperlink", b"x:mergeCell"])
    def test_a_range_over_the_whole_sheet_is_not_walked_through(self, plain, tag):
        ranged = b"<" + tag + b' foo="1" ref="A1:XFD1048576"/>'
        assert refused(changed(plain, SHEET, lambda text: text.replace(b"</worksheet>", ranged + b"</worksheet>"))) == (
            "cells"
        )

    def test_a_broken_part(self, plain):
        with pytest.raises(Refused):
            open_workbook_safely(changed(plain, "xl/workbook.xml", lambda _text: b"<workbook>"))


class TestInsertRows:
    @pytest.fixture
    def sheet(self):
        book = Workbook()
        sheet = book.active
        sheet.title = "表 1"
        for row in range(1, 6):
            sheet.cell(row, 1, row)
        sheet["A6"] = "=SUM(A1:A5)+A7"
        sheet["B6"] = "=SUM($A$2:$A$4)"
        sheet["C5"] = "=A5*2"
        sheet["A7"] = 100
        sheet["A6"].font = Font(bold=True)
        sheet.merge_cells("D6:E6")
        sheet.row_dimensions[6].height = 40
        choice = DataValidation(type="list", formula1='"a,b"')
        choice.add("B1:B5")
        sheet.add_data_validation(choice)
        sheet.conditional_formatting.add("A1:A5", CellIsRule(operator="lessThan", formula=["3"]))
        sheet.print_area = "A1:E7"
        other = book.create_sheet("other")
        other["A1"] = "='表 1'!A7+A7"
        return sheet

    def test_what_stands_below_moves_as_in_excel(self, sheet):
        insert_rows(sheet, 5, 3)
        book = load_workbook(BytesIO(bytes_of(sheet.parent)))
        moved = book["表 1"]
        assert moved["A9"].value == "=SUM(A1:A8)+A10" and moved["A9"].font.bold
        assert moved["B9"].value == "=SUM($A$2:$A$4)"
        assert moved["C5"].value == "=A5*2"
        assert (moved["A6"].value, moved["A10"].value) == (None, 100)
        assert [str(one) for one in moved.merged_cells.ranges] == ["D9:E9"]
        assert (moved.row_dimensions[9].height, moved.row_dimensions[6].height) == (40, None)
        assert str(moved.data_validations.dataValidation[0].sqref) == "B1:B8"
        assert [str(one.sqref) for one in moved.conditional_formatting] == ["A1:A8"]
        assert moved.print_area == "'表 1'!$A$1:$E$10"
        assert book["other"]["A1"].value == "='表 1'!A10+A7"

    def test_nothing_to_insert(self, sheet):
        insert_rows(sheet, 5, 0)
        assert sheet["A6"].value == "=SUM(A1:A5)+A7"

    @pytest.mark.parametrize(
        ("before", "after"),
        [
            ("=A5", "=A5"),
            ("=A6", "=A8"),
            ("=SUM(A5:A5)", "=SUM(A5:A7)"),
            ("=SUM(A:A)", "=SUM(A:A)"),
            ('=IF(A6="A6",LOG10(B6),"")', '=IF(A8="A6",LOG10(B8),"")'),
            ("=other!A6", "=other!A6"),
        ],
    )
    def test_references(self, before, after):
        assert Shift("s", 5, 2).formula(before, on="s") == after


def test_a_copied_sheet_keeps_what_openpyxl_forgets():
    book = Workbook()
    sheet = book.active
    choice = DataValidation(type="list", formula1='"a,b"')
    choice.add("B1")
    sheet.add_data_validation(choice)
    sheet.print_area, sheet.print_title_rows, sheet.freeze_panes = "A1:D9", "1:2", "A3"
    sheet.oddFooter.center.text = "第 &P 页"
    copied = load_workbook(BytesIO(bytes_of(copy_sheet(sheet, "Kopie").parent)))["Kopie"]
    assert str(copied.data_validations.dataValidation[0].sqref) == "B1"
    assert (copied.print_area, copied.print_title_rows, copied.freeze_panes) == ("'Kopie'!$A$1:$D$9", "$1:$2", "A3")
    assert copied.oddFooter.center.text == "第 &P 页"
