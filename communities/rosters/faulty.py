"""The faulty rows as a file of their own, as they stood in the ledger, with the reason in a last column: to be corrected and sent again."""

from collections import defaultdict

from django.utils.translation import gettext as _
from openpyxl.utils import get_column_letter

from communities.rosters.faults import FileFault, words_of
from communities.rosters.files import Mark, open_book
from foundation.sheets import sheet


def faulty_rows(roster, reader):
    """(the bytes of the .xlsx, how many rows). FileFault if the uploaded file is gone or cannot be read.

    Care categories of the file go back to who brought it only: others would read sensitive ones without a grant.
    """
    if not roster.has_file:
        raise FileFault("file_gone")
    reasons = defaultdict(list)
    for fault in roster.faults.filter(is_hint=False, row__gt=0).order_by("row", "position", "pk"):
        reasons[fault.row].append(reason_of(fault))
    with open_book(roster.content(), roster.file_name) as book:
        headings, rows = [], []
        for number, values in book.rows(roster.sheet):
            if number == roster.heading_row:
                headings = values
            elif number in reasons:
                rows.append((number, values))
            if number >= max(reasons, default=0) and headings:
                break
    if reader.pk != roster.created_by_id:
        rows = [(number, without_care(roster, values)) for number, values in rows]
    width = max([len(headings), *(len(values) for _number, values in rows)], default=0)
    table = (
        [*(plain(value) for value in values), *[None] * (width - len(values)), number, _("; ").join(reasons[number])]
        for number, values in rows
    )
    titles = [str(plain(value) or "") for value in headings] + [""] * (width - len(headings))
    return sheet(_("Faulty rows"), [*titles, _("Row in the file"), _("Why it was left out")], table), len(rows)


def without_care(roster, values):
    return [None if roster.columns.get(position) == "categories" else value for position, value in enumerate(values)]


def reason_of(fault):
    said = words_of(fault.code, fault.facts)
    return f"{get_column_letter(fault.position + 1)}{fault.row} {said}" if fault.position is not None else said


def plain(value):
    """What the cell held, as text: an ID number must not become a number again."""
    if value is None or isinstance(value, Mark):
        return None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return value.isoformat()[:10] if hasattr(value, "isoformat") else str(value)
