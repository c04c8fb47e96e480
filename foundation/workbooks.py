"""Workbooks that come from outside: opened without trusting them, and changed without breaking their form.

A file may be a bomb (a small archive of endless cells, a merged range over a whole sheet, a document type with entities). `check`
looks through it in pieces before a library reads it. `insert_rows` and `copy_sheet` do what Excel does and openpyxl leaves out:
formulas, merged cells, drop-down lists, conditional formats, heights and the print area move along.
"""

import re
from copy import copy
from dataclasses import dataclass
from io import BytesIO
from zipfile import BadZipFile, ZipFile

from django.utils.translation import gettext_lazy as _
from openpyxl import load_workbook
from openpyxl.formula import Tokenizer
from openpyxl.utils import column_index_from_string, get_column_letter, range_boundaries
from openpyxl.worksheet.cell_range import CellRange, MultiCellRange

MEGABYTE = 1024 * 1024
OLD_EXCEL = b"\xd0\xcf\x11\xe0"  # .xls, and every .xlsx that is protected by a password
PIECE = MEGABYTE
ROW_LIMIT, COLUMN_LIMIT = 1_048_576, 16_384

REFUSALS = {
    "empty": _("The file is empty."),
    "large": _("The file is larger than %(most)s MB."),
    "old": _(
        "This is an old .xls file or one with a password. Open it, save it as .xlsx without a password, and send that."
    ),
    "macros": _("The file holds macros. Please save it as .xlsx without macros and send that."),
    "unreadable": _("This is no .xlsx file that can be read. Please open it, save it as .xlsx, and send that."),
    "bomb": _("The file is small, but unpacks to far more than a form holds. It was not opened."),
    "cells": _("The sheets have too many cells. Please delete unused rows and columns, save, and send the file again."),
}


@dataclass(frozen=True)
class Limits:
    """How much a workbook may hold. `cells` is None where cells are read as a stream and never all at once."""

    size: int = 5 * MEGABYTE
    unpacked: int = 60 * MEGABYTE
    members: int = 1000
    cells: int | None = 200_000


FORM = Limits()


class Refused(Exception):
    """A workbook that is not opened. `code` is a key of REFUSALS; the text says what to do."""

    def __init__(self, code, limits=FORM):
        self.code = code
        self.message = REFUSALS[code] % {"most": limits.size // MEGABYTE}
        super().__init__(code)

    def __str__(self):
        return str(self.message)


def open_workbook_safely(data, limits=FORM, **options):
    """The openpyxl workbook in these bytes, after `check`. Raises Refused. `options` as for `openpyxl.load_workbook`."""
    check(data, limits)
    try:
        return load_workbook(BytesIO(data), **{"keep_links": False, **options})
    except Exception as error:  # openpyxl raises whatever a broken part leads to
        raise Refused("unreadable", limits) from error


def check(data, limits=FORM):
    """Raises Refused unless these bytes are an .xlsx within the limits. Memory: one piece of a megabyte at a time."""
    if not data:
        raise Refused("empty", limits)
    if len(data) > limits.size:
        raise Refused("large", limits)
    if data.startswith(OLD_EXCEL):
        raise Refused("old", limits)
    try:
        with ZipFile(BytesIO(data)) as archive:
            check_archive(archive, limits)
    except Refused:
        raise
    except (BadZipFile, OSError, RuntimeError, NotImplementedError, EOFError, ValueError) as error:
        raise Refused("unreadable", limits) from error
    except Exception as error:  # zlib.error and its relatives
        raise Refused("unreadable", limits) from error


def check_archive(archive, limits):
    members = archive.infolist()
    names = {member.filename.lower() for member in members}
    if any(name.endswith("vbaproject.bin") for name in names):
        raise Refused("macros", limits)
    if "[content_types].xml" not in names or not any(name.startswith("xl/") for name in names):
        raise Refused("unreadable", limits)
    # What a header promises is what is unpacked at most: zipfile reads no byte more.
    if len(members) > limits.members or sum(member.file_size for member in members) > limits.unpacked:
        raise Refused("bomb", limits)
    cells = 0
    for member in members:
        if member.filename.lower().endswith((".xml", ".rels")):
            cells += cells_in(archive, member, limits)
            if limits.cells is not None and cells > limits.cells:
                raise Refused("cells", limits)


CELL = re.compile(rb"<(?:\w+:)?c[\s/>]")
# Ranges that a reader walks through cell by cell.
WALKED = re.compile(
    rb"<(?:\w+:)?(?:mergeCell|hyperlink)\s[^>]*?\bref\s*=\s*[\"']\$?([A-Z]+)\$?(\d+):\$?([A-Z]+)\$?(\d+)", re.IGNORECASE
)


def cells_in(archive, member, limits):
    """How many cells this part makes a reader keep; Refused if it brings entities or an encoding that hides them."""
    is_sheet = "worksheets/" in member.filename.lower()
    cells, rest = 0, b""
    with archive.open(member) as part:
        first = True
        while piece := part.read(PIECE):
            if first and piece[:2] in (b"\xff\xfe", b"\xfe\xff"):
                raise Refused("unreadable", limits)
            first = False
            text, close, rest = (rest + piece).rpartition(b">")
            if b"<!DOCTYPE" in text or b"<!ENTITY" in text:
                raise Refused("bomb", limits)
            if len(rest) > PIECE:  # one tag without an end; texts between tags are far shorter
                raise Refused("bomb", limits)
            if is_sheet:
                cells += count(text + close)
                if limits.cells is not None and cells > limits.cells:
                    raise Refused("cells", limits)
                if limits.cells is None and cells < 0:
                    raise Refused("bomb", limits)
    return max(cells, 0)


def count(xml):
    """Cells that are written in this piece, and cells inside of merged or linked ranges."""
    walked = 0
    for left, top, right, bottom in WALKED.findall(xml):
        width = column_index_from_string(right.decode().upper()) - column_index_from_string(left.decode().upper()) + 1
        walked += width * (int(bottom) - int(top) + 1)
    return len(CELL.findall(xml)) + walked


# --- Rows that come in between ---


def insert_rows(sheet, after, number):
    """Make room for `number` rows after row `after`; what stands below moves down as in Excel.

    Ranges that end in row `after` grow, so that the sum below a table counts the new rows, too.
    """
    if number <= 0:
        return
    shift = Shift(sheet.title, after, number)
    move_cells(sheet, after, number)
    move_heights(sheet, after, number)
    for merged in list(sheet.merged_cells.ranges):
        if merged.min_row > after:
            merged.shift(row_shift=number)
        elif merged.max_row > after:
            merged.expand(down=number)
    for rule in sheet.data_validations.dataValidation:
        rule.sqref = shift.ranges(rule.sqref)
    move_conditions(sheet, shift)
    move_print_area(sheet, shift)
    if sheet.auto_filter.ref:
        sheet.auto_filter.ref = shift.text(sheet.auto_filter.ref)
    for other in sheet.parent.worksheets:
        for row in other.iter_rows():
            for cell in row:
                if isinstance(cell.value, str) and cell.data_type == "f":
                    cell.value = shift.formula(cell.value, on=other.title)


def move_cells(sheet, after, number):
    below = sorted((place for place in sheet._cells if place[0] > after), reverse=True)
    for row, column in below:
        cell = sheet._cells.pop((row, column))
        cell.row = row + number
        sheet._cells[row + number, column] = cell
        if cell.hyperlink:
            cell.hyperlink.ref = cell.coordinate


def move_heights(sheet, after, number):
    for row in sorted((row for row in sheet.row_dimensions if row > after), reverse=True):
        dimension = sheet.row_dimensions.pop(row)
        dimension.index = row + number
        sheet.row_dimensions[row + number] = dimension


def move_conditions(sheet, shift):
    moved = type(sheet.conditional_formatting)()
    for condition in sheet.conditional_formatting:
        for rule in condition.rules:
            moved.add(str(shift.ranges(condition.sqref)), rule)
    sheet.conditional_formatting = moved


def move_print_area(sheet, shift):
    if sheet.print_area:
        areas = [area.rpartition("!")[2] for area in str(sheet.print_area).split(",")]
        sheet.print_area = ",".join(shift.text(area) for area in areas)


REFERENCE = re.compile(r"(\$?[A-Z]{1,3}\$?)(\d+)(?::(\$?[A-Z]{1,3}\$?)(\d+))?")


@dataclass(frozen=True)
class Shift:
    """What happens to references when `number` rows come in after row `after` of the sheet `title`."""

    title: str
    after: int
    number: int

    def rows(self, top, bottom):
        """The new first and last row of a range; one that ends exactly at `after` grows, a single cell there stays."""
        if top > self.after:
            return top + self.number, bottom + self.number
        return top, bottom + self.number if bottom >= self.after else bottom

    def text(self, reference):
        """ "D5:D14" or "$D$20" after the shift."""

        def moved(found):
            left, top, right, bottom = found.groups()
            if right is None:
                row = int(top) + (self.number if int(top) > self.after else 0)
                return f"{left}{row}"
            first, last = self.rows(int(top), int(bottom))
            return f"{left}{first}:{right}{last}"

        return REFERENCE.sub(moved, reference)

    def ranges(self, ranges):
        """The same for a set of ranges; a single cell in row `after` grows, too (a drop-down list belongs to the new rows)."""
        result = []
        for one in ranges.ranges:
            first, last = self.rows(one.min_row, one.max_row)
            result.append(
                CellRange(min_col=one.min_col, max_col=one.max_col, min_row=first, max_row=min(last, ROW_LIMIT))
            )
        return MultiCellRange(result)

    def formula(self, formula, *, on):
        """The formula as it reads after the shift; `on` is the title of the sheet in which it stands."""
        tokens = Tokenizer(formula)
        for token in tokens.items:
            if token.type == "OPERAND" and token.subtype == "RANGE":
                sheet, mark, cells = token.value.rpartition("!")
                if (sheet.strip("'").replace("''", "'") or on) == self.title:
                    token.value = f"{sheet}{mark}{self.text(cells)}"
        return "=" + "".join(token.value for token in tokens.items)


def copy_row_style(sheet, source, target, columns):
    """Row `target` looks like row `source`: styles, height, merged cells inside of the row."""
    height = sheet.row_dimensions[source].height
    if height:
        sheet.row_dimensions[target].height = height
    for column in columns:
        model = sheet.cell(source, column)
        if model.has_style:
            cell = sheet.cell(target, column)
            cell._style = copy(model._style)
    for merged in [one for one in sheet.merged_cells.ranges if one.min_row == one.max_row == source]:
        sheet.merge_cells(start_row=target, end_row=target, start_column=merged.min_col, end_column=merged.max_col)


def copy_sheet(sheet, title):
    """A copy of the sheet with everything that openpyxl's own copy leaves out. Raises ValueError for sheets with pictures."""
    book = sheet.parent
    made = book.copy_worksheet(sheet)
    made.title = title
    for rule in sheet.data_validations.dataValidation:
        made.add_data_validation(copy(rule))
    for condition in sheet.conditional_formatting:
        for rule in condition.rules:
            made.conditional_formatting.add(str(condition.sqref), copy(rule))
    if sheet.print_area:
        made.print_area = ",".join(area.rpartition("!")[2] for area in str(sheet.print_area).split(","))
    made.print_title_rows = sheet.print_title_rows
    made.print_title_cols = sheet.print_title_cols
    made.HeaderFooter = copy(sheet.HeaderFooter)
    made.freeze_panes = sheet.freeze_panes
    made.protection = copy(sheet.protection)
    return made


def bounds(reference):
    """(first column, first row, last column, last row) of "B2:D9"."""
    return range_boundaries(reference)


def coordinate(row, column):
    return f"{get_column_letter(column)}{row}"
