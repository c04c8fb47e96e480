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
PLAIN = (int, float, date, type(None))


def sheet(title, headings, rows):
    """The bytes of a workbook with one sheet. Cells are texts, numbers, dates or moments (written in local time)."""
    book = Workbook(write_only=True)
    page = book.create_sheet(str(title)[:31])
    page.freeze_panes = "A2"
    page.append([cell(page, str(heading), bold=True) for heading in headings])
    for row in rows:
        page.append([cell(page, value) for value in row])
    written = BytesIO()
    book.save(written)
    return written.getvalue()


def cell(page, value, *, bold=False):
    if isinstance(value, datetime):
        value = timezone.localtime(value).replace(tzinfo=None, microsecond=0)
    if not isinstance(value, PLAIN):
        value = ILLEGAL_CHARACTERS_RE.sub("", str(value))
    made = WriteOnlyCell(page, value)
    if isinstance(value, str):
        # A resident's words that begin with "=" are words.
        made.data_type = "s"
    if bold:
        made.font = Font(bold=True)
    return made


def sheet_response(name, title, headings, rows):
    """The workbook as a download called `name`.xlsx (ASCII), never kept by a cache."""
    response = HttpResponse(sheet(title, headings, rows), content_type=TYPE)
    response["Content-Disposition"] = f'attachment; filename="{name}.xlsx"'
    response["Cache-Control"] = "no-store"
    return response
