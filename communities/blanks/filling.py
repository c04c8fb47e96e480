"""Filling a form: answers are computed first (`answer`), then written into its cells (`write`), so that a page can show them before.

The form stays as its author made it: styles, merged cells, widths, drop-down lists, print settings. What cannot be kept (charts,
pictures in a card that is copied) is listed in `losses`.
"""

from dataclasses import dataclass, field
from datetime import date
from io import BytesIO
from itertools import islice

from django.db import transaction
from django.utils import timezone
from django.utils.translation import override
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE, MergedCell
from openpyxl.formula.translate import Translator
from openpyxl.styles.numbers import is_date_format

from communities.access import may_reveal
from communities.blanks.registers import DAY, FIXED, NUMBER, REGISTERS, SECRET, About, contacts_for, head_of, own_place
from communities.models import Resident
from foundation.journal.moves import label
from foundation.workbooks import (
    copy_row_style,
    copy_sheet,
    insert_rows,
    open_workbook_safely,
)

PLAIN_TEXT = "@"
MOST_CARDS = 300  # a sheet for each person
FORMS_LANGUAGE = "zh-hans"  # a form is handed in in Chinese, whatever language its maker reads
ONCE = "once:"  # before the label of a cell that is answered once for the sheet
FIXED_FIELDS = {one.code: one for one in FIXED}


@dataclass(frozen=True)
class Answer:
    """What belongs into one cell. `value` is text, number, day or None; `record` the label of the row it comes from."""

    value: object
    field: str
    kind: str
    record: str = ""
    is_gap: bool = False
    fix: object = None


@dataclass
class Answers:
    """For a block: the rows with one Answer for each heading (None: the cell stays as it is)."""

    block: dict
    register: object
    rows: list
    lines: list

    @property
    def gaps(self):
        return sum(answer.is_gap for line in self.lines for answer in line if answer)


@dataclass
class Filled:
    """The finished form and where each of its cells comes from (see BlankFill.trace)."""

    file: bytes
    trace: list = field(default_factory=list)
    rows: int = 0
    gaps: int = 0


# --- What belongs into the cells ---


def answer(fill, user, *, in_full=False, block=None, most=None):
    """The answers for each block of the draft, in Chinese; numbers of people in full only if they are revealed for it.

    `block`: only that one; `most`: only so many rows of each, for a preview.
    """
    about = About(user=user, today=timezone.localdate(), place=own_place(user))
    result = []
    with override(FORMS_LANGUAGE):
        for one in fill.blocks:
            if block in (None, one["key"]):
                result.append(answers_of(fill, one, about, user, in_full=in_full, most=most))
    return result


def answers_of(fill, block, about, user, *, in_full, most=None):
    mapped = fill.form.mapping[block["key"]]
    register = REGISTERS[mapped["register"]]
    rows = chosen_rows(fill, block, register, user)[:most]
    about.contacts = contacts_for(register, rows)
    fields = [mapped["fields"].get(heading, {}) for heading in block["headings"]]
    about.secrets = revealed(fill, register, rows, wanted(register, fields), user, about) if in_full else {}
    lines = []
    for number, row in enumerate(rows, 1):
        about.serial = number
        lines.append([answer_for(register, one, row, about) for one in fields])
    return Answers(block, register, rows, lines)


def chosen_rows(fill, block, register, user):
    """The rows chosen for a block that the user may still see, in the order of the register."""
    pks = fill.chosen(block["key"])
    return register.load(register.rows(user).filter(pk__in=pks), user) if pks else []


def answer_for(register, mapped, row, about):
    one = register.by_code.get(mapped.get("field", ""))
    if one is None:
        return None
    about.typed = mapped.get("text", "")
    value = one.value(row, about)
    is_gap = value in (None, "") and not one.optional
    computed = one.code in FIXED_FIELDS or one.code == "serial"
    return Answer(
        None if value == "" else value,
        one.code,
        one.kind,
        record="" if computed else label(row),
        is_gap=is_gap,
        fix=one.fix(row) if is_gap and one.fix else None,
    )


def wanted(register, fields):
    """Which secrets the columns ask for in full: phone, id_number."""
    needed = (register.by_code[one["field"]].needs for one in fields if one.get("field") in register.by_code)
    return sorted({need for need in needed if need})


def wants_secrets(fill):
    """Whether some column of the form asks for phone or ID number in full."""
    for block in fill.blocks:
        mapped = fill.form.mapping.get(block["key"], {})
        if mapped and wanted(REGISTERS[mapped["register"]], list(mapped["fields"].values())):
            return True
    return False


def person_of(register, row):
    """Whose phone and ID number a row asks for; None if nobody's."""
    if isinstance(row, Resident):
        return row
    if register.code == "care":
        return row.resident
    return head_of(row.living_here) if register.code == "households" else None


def revealed(fill, register, rows, needs, user, about):
    """{(what, pk): in full} for those whom the user may reveal; each leaves an access row with the purpose of the form."""
    people = {}
    for row in rows if needs else ():
        person = person_of(register, row)
        if person is not None and may_reveal(user, row):
            people[person.pk] = person
    found = {}
    for what in needs:
        shown = Resident.objects.reveal_all(
            people.values(), by=user, what=what, reason=fill.purpose, context=label(fill)
        )
        found |= {(what, pk): value for pk, value in shown.items()}
    return found


# --- Into the cells ---


@transaction.atomic
def carry_out(fill, *, by, purpose, in_full=False, key=None):
    """Fill the draft and keep it; every phone and ID number in full leaves an access row in the same transaction."""
    fill.purpose = purpose
    answers = answer(fill, by, in_full=in_full)
    fixed = fixed_answers(fill, by)
    filled = write(fill.file, fill.layout, answers, fixed)
    return fill.finish(
        by=by,
        purpose=purpose,
        in_full=in_full,
        result=filled.file,
        trace=filled.trace,
        rows=filled.rows,
        gaps=filled.gaps,
        key=key,
    )


def fixed_answers(fill, user):
    """One Answer (or None) for each fixed cell of the layout."""
    about = About(user=user, today=timezone.localdate(), place=own_place(user))
    mapped = fill.form.mapping.get("fixed", {})
    result = []
    for cell in fill.layout["fixed"]:
        one = mapped.get(cell["label"], {})
        known = FIXED_FIELDS.get(one.get("field", ""))
        about.typed = one.get("text", "")
        value = known.value(None, about) if known else None
        result.append(Answer(value, known.code, known.kind) if value not in (None, "") else None)
    return result


def write(data, layout, answers, fixed):
    """The bytes of the form with these answers in it, and the trace."""
    book = open_workbook_safely(data)
    filled = Filled(b"")
    for cell, one in reversed(list(zip(layout["fixed"], fixed, strict=True))):
        if one:
            write_fixed(book, cell, one, filled)
    for part in answers:
        sheet = book[part.block["sheet"]]
        if part.block["kind"] == "list":
            write_list(sheet, part, filled)
        else:
            write_cards(sheet, part, filled)
        filled.rows += len(part.rows)
    book.calculation.fullCalcOnLoad = True
    filled.gaps = sum(line[6] for line in filled.trace)
    filled.trace.sort(key=lambda line: (line[1], line[2], line[3]))
    filled.file = bytes_of(book)
    return filled


def bytes_of(book):
    written = BytesIO()
    book.save(written)
    return written.getvalue()


def write_fixed(book, cell, one, filled):
    sheet = book[cell["sheet"]]
    row, column = cell["cell"]
    target = sheet.cell(row, column)
    text = as_text(one.value, in_words=True)
    if cell["span"] is None:
        put(target, one)
    else:
        start, end = cell["span"]
        before, gap, after = str(target.value)[:start], str(target.value)[start:end], str(target.value)[end:]
        # What stands behind stays apart from the answer.
        target.value = before + text + ("  " if after and gap else "") + after
        target.data_type = "s"
    filled.trace.append([f"{ONCE}{cell['label']}", sheet.title, row, column, "", one.field, 0])


def write_list(sheet, part, filled):
    """One row for each record: into the rows that wait, and where these do not suffice into new ones that look alike."""
    block, number = part.block, len(part.lines)
    if not number:
        return
    first, last = block["first"], block["last"]
    waiting = last - first + 1
    model = first
    if block["closed"] and number > waiting:
        insert_rows(sheet, last, number - waiting)
        moved_down(filled, sheet, last, number - waiting)
        if not waiting:
            model = first + number  # no row waits: the new ones look like the one that stood here
    columns = range(min(block["columns"]), max(block["columns"]) + 1)
    for row in range(max(last + 1, first), first + number):
        if row != model:
            prepare(sheet, model, row, columns, with_formulas=bool(waiting))
    for offset, line in enumerate(part.lines):
        row = first + offset
        for column, heading_answer in zip(block["columns"], line, strict=True):
            write_cell(sheet, row, column, heading_answer, block["key"], filled)


def moved_down(filled, sheet, after, number):
    """What was written below the table before has gone down with its row."""
    for line in filled.trace:
        if line[1] == sheet.title and line[2] > after:
            line[2] += number


def prepare(sheet, model, row, columns, *, with_formulas):
    """A further row like the first one: its look, and its formulas moved along."""
    copy_row_style(sheet, model, row, columns)
    for column in columns:
        cell = sheet.cell(model, column)
        if with_formulas and isinstance(cell.value, str) and cell.data_type == "f":
            target = sheet.cell(row, column)
            target.value = Translator(cell.value, origin=cell.coordinate).translate_formula(target.coordinate)


def write_cards(sheet, part, filled):
    """Fill the cards of the sheet; further people get copies of the sheet as it was."""
    cards = part.block["cards"]
    lines = iter(part.lines)
    book = sheet.parent
    groups = list(iter(lambda: list(islice(lines, len(cards))), []))
    for number in range(2, len(groups) + 1):
        copy_sheet(sheet, free_title(book, sheet.title, number))
    titles = [sheet.title, *(copied_title(book, sheet.title, number) for number in range(2, len(groups) + 1))]
    for title, group in zip(titles, groups, strict=False):
        for card, line in zip(cards, group, strict=False):
            for (row, column), one in zip(card, line, strict=True):
                write_cell(book[title], row, column, one, part.block["key"], filled)


def free_title(book, title, number):
    made = copied_title(book, title, number)
    return made if made not in book.sheetnames else f"{made[:27]}-{len(book.sheetnames)}"


def copied_title(book, title, number):
    return f"{title[: 30 - len(str(number))]}{number}"


def write_cell(sheet, row, column, one, block, filled):
    """Write one answer and note it in the trace; a cell that holds a formula or a running number of the form's own stays."""
    cell = sheet.cell(row, column)
    if one is None or isinstance(cell, MergedCell) or cell.data_type == "f":
        return
    if one.field == "serial" and isinstance(cell.value, int):
        return
    if one.value is not None:
        put(cell, one)
    filled.trace.append([block, sheet.title, row, column, one.record, one.field, int(one.is_gap)])


def put(cell, one):
    """The value in the form that the cell has: numbers and days as such where it takes them, ID numbers and phones always as text."""
    look = cell.number_format
    if one.kind == DAY and isinstance(one.value, date) and look != PLAIN_TEXT:
        cell.value = one.value
        cell.number_format = look if is_date_format(look) else "yyyy-mm-dd"
    elif one.kind == NUMBER and look != PLAIN_TEXT:
        cell.value = one.value
    else:
        text = ILLEGAL_CHARACTERS_RE.sub("", as_text(one.value))
        cell.value = listed(cell, text)
        # A resident's words that begin with "=" are words.
        cell.data_type = "s"
        if one.kind == SECRET:
            cell.number_format = PLAIN_TEXT


def as_text(value, *, in_words=False):
    if isinstance(value, date):
        return f"{value.year}年{value.month}月{value.day}日" if in_words else value.isoformat()
    return "" if value is None else str(value)


def listed(cell, text):
    """The entry of the cell's drop-down list that means this text ("1-男" for "男"); the text itself if none does."""
    for rule in cell.parent.data_validations.dataValidation:
        if rule.type == "list" and cell.coordinate in rule.sqref and str(rule.formula1 or "").startswith('"'):
            options = [option.strip() for option in rule.formula1.strip('"').split(",")]
            close = [option for option in options if text and (text in option or option in text)]
            return text if text in options or len(close) != 1 else close[0]
    return text
