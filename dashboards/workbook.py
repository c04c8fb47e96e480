"""The tables of a dashboard as a workbook (.xlsx), with the definitions and what it was taken for."""

from io import BytesIO
from itertools import zip_longest

from django.utils import timezone
from django.utils.translation import gettext as _
from openpyxl import Workbook
from openpyxl.utils import get_column_letter

from dashboards.counts import FIGURES, Week
from foundation.sheets import BOLD, cell

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
    book = Workbook(write_only=True)
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
    page.freeze_panes = f"A{len(head) + 3}"
    for number, widest in enumerate(widths(rows), 1):
        page.column_dimensions[get_column_letter(number)].width = min(widest + 2, WIDEST)
    for number, row in enumerate(rows):
        page.append([cell(page, value, look=BOLD if number == len(head) + 1 else None) for value in row])


def widths(rows):
    return [max(map(width_of, column)) for column in zip_longest(*rows)]


def width_of(value):
    """Chinese characters are twice as wide."""
    return sum(2 if ord(letter) > 0x2E7F else 1 for letter in str(value if value is not None else ""))
