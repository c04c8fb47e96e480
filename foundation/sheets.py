"""Tables to take away: an .xlsx of plain cells, in which no text is ever a formula."""

from datetime import date, datetime
from io import BytesIO

from django.http import HttpResponse
from django.utils import timezone
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Font

TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
BOLD, MARK = Font(bold=True), Font(italic=True, color="666666")
PLAIN = (int, float, date, type(None))


def sheet(title, headings, rows, *, mark=""):
    """The bytes of a workbook with one sheet, written as a stream. Cells are texts, numbers, dates or moments (in local time).

    `mark` says who took the table away, when and what for: below the table, and on every page that is printed.
    """
    book = Workbook(write_only=True)
    page = book.create_sheet(str(title)[:31])
    page.freeze_panes = "A2"
    page.append([cell(page, str(heading), look=BOLD) for heading in headings])
    for row in rows:
        page.append([cell(page, value) for value in row])
    if mark:
        page.append([])
        page.append([cell(page, mark, look=MARK)])
        page.oddFooter.left.text = mark.replace("&", "&&")
        page.oddFooter.left.size = 8
    written = BytesIO()
    book.save(written)
    return written.getvalue()


def cell(page, value, *, look=None):
    if isinstance(value, datetime):
        value = timezone.localtime(value).replace(tzinfo=None, microsecond=0)
    if not isinstance(value, PLAIN):
        value = ILLEGAL_CHARACTERS_RE.sub("", str(value))
    made = WriteOnlyCell(page, value)
    if isinstance(value, str):
        # A resident's words that begin with "=" are words.
        made.data_type = "s"
    if look:
        made.font = look
    return made


def sheet_response(name, title, headings, rows, *, mark=""):
    """The workbook as a download called `name`.xlsx (ASCII), never kept by a cache."""
    return file_response(name, sheet(title, headings, rows, mark=mark))


def file_response(name, data):
    """These bytes of a workbook as a download."""
    response = HttpResponse(data, content_type=TYPE)
    response["Content-Disposition"] = f'attachment; filename="{name}.xlsx"'
    response["Cache-Control"] = "no-store"
    return response
