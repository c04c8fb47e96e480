"""The tables of a dashboard as a workbook (.xlsx), with the definitions and what it was taken for."""

from io import BytesIO

from django.utils import timezone
from django.utils.translation import gettext as _
from openpyxl import Workbook
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

from dashboards.counts import FIGURES, Week

CONTENT_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
# The columns of the table of places, as on the page.
COLUMNS = (
    "visits",
    "people",
    "covered",
    "in_scope",
    "opinions",
    "raised",
    "on_spot",
    "closed",
    "solved",
    "verified",
    "satisfied",
    "asked",
    "open",
    "overdue",
)
WIDEST = 60


def workbook(board, *, by, purpose):
    """The bytes of the workbook: places, all figures with their definitions, weeks."""
    book = Workbook()
    book.remove(book.active)
    head = heading(board, by=by, purpose=purpose)
    sheet(book, _("By place"), head, places(board))
    sheet(book, _("All numbers"), head, numbers(board))
    sheet(book, _("By week"), head, weeks(board))
    content = BytesIO()
    book.save(content)
    return content.getvalue()


def heading(board, *, by, purpose):
    span = board.span
    return [
        [_("Dashboard"), board.place.name],
        [_("Period"), _("%(since)s to %(until)s") % board.period.days],
        [_("As of"), f"{timezone.localtime(span.now):%Y-%m-%d %H:%M}"],
        [_("Exported by"), by.name],
        [_("What the export is for"), purpose],
    ]


def places(board):
    yield [_("Code"), _("Place"), *[str(FIGURES[name].title) for name in COLUMNS]]
    for line in [*board.lines, board.total]:
        yield [line.code, line.name, *[line[name].value for name in COLUMNS]]


def numbers(board):
    yield [_("Figure"), _("Number"), _("How it is counted")]
    for name, figure in FIGURES.items():
        yield [str(figure.title), board.total[name].value, str(figure.how)]


def weeks(board):
    yield [_("Monday"), _("Sunday"), *[str(FIGURES[name].title) for name in Week.WEEKLY]]
    for week in board.weeks:
        yield [week.monday.isoformat(), week.sunday.isoformat(), *[week[name].value for name in Week.WEEKLY]]


def sheet(book, title, head, table):
    page = book.create_sheet(title)
    rows = [*head, [], *table]
    for row in rows:
        page.append([plain(value) for value in row])
    for cell in page[len(head) + 2]:
        cell.font = Font(bold=True)
    page.freeze_panes = page.cell(len(head) + 3, 1)
    for column, cells in enumerate(page.columns, 1):
        longest = max((width_of(cell.value) for cell in cells), default=0)
        page.column_dimensions[get_column_letter(column)].width = min(longest + 2, WIDEST)


def plain(value):
    """A text that a spreadsheet would run as a formula is written with an apostrophe in front."""
    return f"'{value}" if isinstance(value, str) and value.startswith(("=", "+", "-", "@")) else value


def width_of(value):
    """Chinese characters are twice as wide."""
    return sum(2 if ord(letter) > 0x2E7F else 1 for letter in str(value if value is not None else ""))
