"""Faults and obstacles as the page shows them."""

from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _
from openpyxl.utils import get_column_letter

from communities.models import Resident
from communities.rosters.columns import BY_CODE
from communities.rosters.faults import words_of
from communities.words import THINGS, thing_word


@dataclass(frozen=True)
class Line:
    row: int
    cell: str
    column: str
    words: str


def fault_lines(roster, faults):
    """Faults of one page with cell ("F12"), name of the column and words in the reader's language."""
    columns = BY_CODE[roster.kind]
    return [
        Line(
            fault.row,
            f"{get_column_letter(fault.position + 1)}{fault.row}" if fault.position is not None else "",
            str(columns[fault.column].label) if fault.column in columns else "",
            words_of(fault.code, fault.facts),
        )
        for fault in faults
    ]


def obstacle_lines(obstacles):
    """[(what it is, its page, why it stands in the way)]."""
    return [
        (f"{thing_word(label_of(one['model']))} {one['id']}", page_of(one), why_words(one["why"])) for one in obstacles
    ]


def label_of(name):
    return "accounts.user" if name == "user" else f"communities.{name}"


def page_of(one):
    if one["model"] == "resident":
        return Resident(pk=one["id"], household_id=0).get_absolute_url()
    page = THINGS.get(label_of(one["model"]), ("", ""))[1]
    return reverse(page, args=[one["id"]]) if page else ""


def why_words(why):
    """`why` is "corrected", "gone", or the label of what points to the row by now ("visits.visit")."""
    if why == "corrected":
        return _("changed since the import")
    if why == "gone":
        return _("no longer there")
    return _("has by now: %(thing)s") % {"thing": thing_word(why)}
