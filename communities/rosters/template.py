"""The file to fill in: headings, a row that explains them, drop-down lists, and columns that Excel must leave alone formatted as text."""

from io import BytesIO

from django.utils.translation import gettext as _
from openpyxl import Workbook
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation

from communities.models.roster import RosterKind
from communities.rosters.columns import COLUMNS
from communities.rosters.headings import MARK

ROWS = 100_002
LONGEST_LIST = 250  # characters that Excel takes in a list of its own
HEAD = PatternFill("solid", fgColor="E8EAF2")
LINE = Side(style="thin", color="C9CCD6")


def template(kind):
    """The bytes of the .xlsx in the active language."""
    book = Workbook()
    page = book.active
    page.title = str(RosterKind(kind).label)[:31]
    for number, column in enumerate(COLUMNS[kind], 1):
        letter = get_column_letter(number)
        page.column_dimensions[letter].width = column.width + 4
        if column.as_text or column.code == "born_on":
            page.column_dimensions[letter].number_format = "@"
        head(page.cell(1, number), column)
        explain(page.cell(2, number), column)
        offer(page, letter, column)
    page.row_dimensions[2].height = 62
    page.freeze_panes = "A3"
    written = BytesIO()
    book.save(written)
    return written.getvalue()


def head(cell, column):
    # The star is no part of the heading: it is found again without it.
    cell.value = f"{column.label}{' *' if column.required else ''}"
    cell.font, cell.fill, cell.border = Font(bold=True), HEAD, Border(bottom=LINE)


def explain(cell, column):
    parts = [_("Must be filled in.") if column.required else "", str(column.help)]
    if column.choices:
        parts.append(_("One of: %(words)s") % {"words": "、".join(map(str, column.choices))})
    said = " ".join(part for part in parts if part) or _("May stay empty.")
    cell.value = f"{MARK} {said}"
    cell.font = Font(italic=True, color="666666", size=9)
    cell.alignment = Alignment(wrap_text=True, vertical="top")


def offer(page, letter, column):
    words = ",".join(str(word).replace(",", " ") for word in column.choices)
    if not words or len(words) > LONGEST_LIST:
        return
    # Synonyms are read, too, so the list offers and does not refuse.
    rule = DataValidation(type="list", formula1=f'"{words}"', allow_blank=True, showErrorMessage=False)
    rule.add(f"{letter}3:{letter}{ROWS}")
    page.add_data_validation(rule)
