"""The working copy of a filled form: gaps coloured, and a second sheet that says of every cell which record it comes from."""

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import override
from openpyxl.styles import Font, PatternFill
from openpyxl.utils import quote_sheetname

from communities.blanks.filling import FIXED_FIELDS, FORMS_LANGUAGE, ONCE, bytes_of
from communities.blanks.registers import REGISTERS, fix_page
from foundation.workbooks import coordinate, open_workbook_safely

__all__ = ["Line", "fix_page", "lines", "working_copy"]

SHEET = "填报来源"
GAP = PatternFill("solid", fgColor="FFF2CC")
BOLD = Font(bold=True)
WIDTHS = (16, 10, 26, 24, 34, 10, 44)


def working_copy(fill):
    """The filled form with its sources as bytes. Names in the sheet of sources are masked; the links ask for rights again."""
    book = open_workbook_safely(fill.result)
    for line in fill.trace:
        _block, title, row, column, _record, _field, is_gap = line
        if is_gap:
            book[title].cell(row, column).fill = GAP
    with override(FORMS_LANGUAGE):
        add_sources(book, fill)
    return bytes_of(book)


def add_sources(book, fill):
    sheet = book.create_sheet(free_name(book, SHEET))
    headings = [_("Sheet"), _("Cell"), _("Heading"), _("Field"), _("Record"), _("State"), _("Link")]
    sheet.append(headings)
    for cell in sheet[1]:
        cell.font = BOLD
    for letter, width in zip("ABCDEFG", WIDTHS, strict=True):
        sheet.column_dimensions[letter].width = width
    sheet.freeze_panes = "A2"
    for line in lines(fill):
        sheet.append([line.sheet, line.cell, line.heading, line.field, line.title, state_word(line), ""])
        for cell in sheet[sheet.max_row]:
            if isinstance(cell.value, str):
                cell.data_type = "s"
        place = sheet.cell(sheet.max_row, 2)
        place.hyperlink = f"#{quote_sheetname(line.sheet)}!{line.cell}"
        if line.url:
            link = sheet.cell(sheet.max_row, 7)
            link.value = link.hyperlink = settings.PORTAL_URL + line.url


def state_word(line):
    return _("missing") if line.is_gap else _("filled in")


def free_name(book, name):
    return name if name not in book.sheetnames else f"{name}{len(book.sheetnames)}"


class Line:
    """A cell of the filled form in words."""

    def __init__(self, fill, traced, headings, rows):
        block, self.sheet, row, column, self.record, field, self.is_gap = traced
        self.cell = coordinate(row, column)
        register, by_place = headings.get(block, (None, {}))
        self.heading = block.removeprefix(ONCE) if register is None else by_place.get((row, column)) or by_place[column]
        self.is_serial = field == "serial"
        self.asked = register.by_code.get(field) if register else FIXED_FIELDS.get(field)
        self.field = str(self.asked.label) if self.asked else ""
        self.row = rows.get(self.record)
        self.title = register.title(self.row) if self.row is not None else ""
        self.url = self.row.get_absolute_url() if self.row is not None else ""

    @property
    def fix(self):
        """The row at which a gap is mended, None if there is nothing to be entered."""
        return self.asked.fix(self.row) if self.is_gap and self.asked and self.asked.fix and self.row else None


def lines(fill, rows=None):
    """The trace of a fill as `Line`s; a few queries for all records that occur."""
    headings = {block["key"]: (register_of(fill, block), headings_at(block)) for block in fill.blocks}
    rows = records(fill) if rows is None else rows
    return [Line(fill, traced, headings, rows) for traced in fill.trace]


def register_of(fill, block):
    return REGISTERS[fill.form.mapping[block["key"]]["register"]]


def headings_at(block):
    """{column: heading} of a table, {(row, column): heading} of cards."""
    if block["kind"] == "list":
        return dict(zip(block["columns"], block["headings"], strict=True))
    return {
        tuple(cell): heading for card in block["cards"] for cell, heading in zip(card, block["headings"], strict=True)
    }


def records(fill):
    """{label: row} of the records in the form that its maker may still see; a fixed number of queries for each block."""
    found = {}
    for block in fill.blocks:
        register = register_of(fill, block)
        pks = {int(line[4].rpartition(":")[2]) for line in fill.trace if line[0] == block["key"] and line[4]}
        for row in register.load(register.rows(fill.created_by).filter(pk__in=pks), fill.created_by) if pks else ():
            found[f"{row._meta.label_lower}:{row.pk}"] = row
    return found
