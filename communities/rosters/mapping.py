"""From an uploaded file to a mapping: what the page shows of it, what is guessed, what is remembered."""

from dataclasses import dataclass, field
from datetime import date, datetime

from communities.models.roster import RosterMapping
from communities.rosters import cells
from communities.rosters.columns import COLUMNS
from communities.rosters.faults import FileFault
from communities.rosters.files import Mark
from communities.rosters.headings import exactly, fingerprint, guess, heading_row, is_explanation

MOST_SHEETS = 12
ROWS_SHOWN = 24
LETTERS_SHOWN = 40


def outline_of(book):
    """[{"name": sheet, "hidden": bool, "rows": [[number, [texts]]]}] of the first rows. FileFault if nothing can be seen in any sheet."""
    outline = []
    for sheet in book.sheets[:MOST_SHEETS]:
        rows = [] if sheet.hidden else first_rows(book, sheet.name)
        outline.append({"name": sheet.name, "hidden": sheet.hidden, "rows": rows})
    if not any(sheet["rows"] for sheet in outline):
        raise FileFault("no_sheet" if any(sheet["hidden"] for sheet in outline) else "empty")
    return outline


def first_rows(book, name):
    """Up to `ROWS_SHOWN` rows that are not empty, as [number, [texts]]."""
    found = []
    for number, values in book.rows(name):
        texts = [shown(value) for value in values]
        if any(texts):
            found.append([number, texts])
        if len(found) == ROWS_SHOWN or number > 1000:
            break
    return found


def shown(value):
    if value is None or isinstance(value, Mark):
        return ""
    if isinstance(value, date):
        return (value.date() if isinstance(value, datetime) else value).isoformat()
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return " ".join(str(value).split())[:LETTERS_SHOWN]


@dataclass
class Proposal:
    """What would be read: which sheet, which heading row, which column is what. `is_known`: nobody needs to look at it."""

    sheet: str = ""
    heading_row: int | None = None
    headings: list = field(default_factory=list)
    samples: list = field(default_factory=list)
    mapping: dict = field(default_factory=dict)
    is_known: bool = False

    @property
    def fingerprint(self):
        return fingerprint(self.headings)


def propose(kind, area_path, outline, sheet=None, row=None):
    """The best proposal for this file; for the `sheet` (name) and heading `row` that somebody chose, if any."""
    pages = [page for page in outline if not page["hidden"] and page["rows"]]
    chosen = next((page for page in pages if page["name"] == sheet), None)
    if chosen is None:
        chosen = max(pages, key=lambda page: most_recognised(kind, page["rows"]), default=None)
    if chosen is None:
        return Proposal()
    rows = chosen["rows"]
    if row is None or row not in [number for number, _texts in rows]:
        row = heading_row(kind, rows) or rows[0][0]
    headings = next(texts for number, texts in rows if number == row)
    below = [texts for number, texts in rows if number > row]
    if below and is_explanation(below[0]):
        below = below[1:]
    proposal = Proposal(chosen["name"], row, headings, below[:2])
    remembered = RosterMapping.objects.filter(kind=kind, fingerprint=proposal.fingerprint, area_path=area_path).first()
    proposal.mapping = (
        {int(position): code for position, code in remembered.mapping.items()} if remembered else guess(kind, headings)
    )
    proposal.is_known = not missing(kind, proposal.mapping) and (remembered is not None or is_certain(kind, proposal))
    return proposal


def most_recognised(kind, rows):
    return max((len(guess(kind, texts)) for _number, texts in rows), default=0)


def is_certain(kind, proposal):
    """Whether every heading is one of ours word for word, as in the template."""
    named = [(at, heading) for at, heading in enumerate(proposal.headings) if not cells.is_empty(heading)]
    return bool(named) and all(exactly(kind, text) == proposal.mapping.get(at) for at, text in named)


def missing(kind, mapping):
    """Required columns that no column of the file stands for."""
    return [column for column in COLUMNS[kind] if column.required and column.code not in mapping.values()]
