"""Reading a blank form: where are its headings, where do the rows begin, which cells wait for an answer.

`read_layout(book)` gives plain data: {"blocks": [...], "fixed": [...]}.

A block of kind "list" is a table under headings (one row or several, merged or not): `columns` are the columns of its headings,
`first` and `last` the rows that wait, `closed` whether something stands below them (then further rows push it down). A block of
kind "card" is a set of labels with an empty cell to the right of each: `cards` are the cells of each copy of it on the sheet.
A fixed cell ("填报单位：____") is answered once for the whole sheet.

The headings, and nothing else, make the fingerprint: title, file name, order of sheets and prefilled serial numbers do not.
"""

import hashlib
import itertools
import json
import re
import unicodedata
from dataclasses import dataclass

from openpyxl.cell.cell import MergedCell

MOST_ROWS, MOST_COLUMNS = 3000, 150
MOST_SKIPPED = 400  # explanations and prefilled rows between the headings and the first empty row
LONGEST_HEADING = 60
FEWEST_LABELS = 3

NUMBERISH = re.compile(r"[\d.,%\-/第()（）一二三四五六七八九十甲乙丙丁戊己庚辛A-Z]{1,4}")
LINE = r"_＿\s\u3000"
# "填报单位：____" or "填报日期：  年  月  日": a label whose answer belongs behind the colon.
WAITING = re.compile(
    rf"(?P<label>[^{LINE}:：]{{2,14}})[:：](?P<gap>[{LINE}]*(?:年[{LINE}]*月[{LINE}]*日)?[{LINE}]*)(?=$|[^{LINE}:：]{{2,14}}[:：])"
)
TOTALS = ("合计", "总计", "小计", "共计", "汇总", "total")
EXPLAINS = re.compile(r"^(例|示例|样例|填写说明|填表说明|说明|如[:：]|e\.?g\.?|备注[:：]|注[:：])", re.IGNORECASE)
SERIALS = ("序号", "编号", "序", "次序", "no", "no.", "行号")


class NothingToFill(Exception):
    """No table with headings and no labels with empty cells were found."""


def read_layout(book, known=lambda heading: False):
    """Where this workbook (openpyxl) waits for answers. `known(heading)` says which headings the registers have an answer to.

    Raises NothingToFill.
    """
    blocks, fixed = [], []
    for sheet in book.worksheets:
        if sheet.sheet_state != "visible":
            continue
        grid = Grid(sheet)
        block = block_of(grid, known)
        if block:
            block["key"] = key_of(block, [other["key"] for other in blocks])
            blocks.append(block)
        fixed += fixed_cells(grid, block)
    if not blocks:
        raise NothingToFill
    return {"blocks": blocks, "fixed": fixed}


def fingerprint_of(layout):
    """64 hex digits that depend on the headings alone."""
    keys = sorted(block["key"] for block in layout["blocks"])
    return hashlib.sha256(json.dumps(keys).encode()).hexdigest()


def key_of(block, taken):
    """A short name of the block that follows from its headings; a second sheet with the same ones counts up."""
    text = json.dumps([block["kind"], block["headings"]], ensure_ascii=False)
    key = hashlib.sha256(text.encode()).hexdigest()[:16]
    same = sum(1 for other in taken if other.partition("-")[0] == key)
    return f"{key}-{same + 1}" if same else key


def plain(text):
    """A heading as it is compared: half width, without blanks, stars and a colon at the end."""
    text = unicodedata.normalize("NFKC", str(text or "")).lower()
    return re.sub(r"[\s*＊_]+", "", text).rstrip(":")


class Grid:
    """The texts of a sheet with its merged cells, as far as anything is written or drawn."""

    def __init__(self, sheet):
        self.sheet = sheet
        places = [place for place in sheet._cells if place[0] <= MOST_ROWS and place[1] <= MOST_COLUMNS]
        self.bottom = max((row for row, _column in places), default=0)
        self.right = max((column for _row, column in places), default=0)
        self.anchors, self.ends = {}, {}
        for merged in sheet.merged_cells.ranges:
            top, left = merged.min_row, merged.min_col
            self.ends[top, left] = (merged.max_row, merged.max_col)
            for row in range(top, min(merged.max_row, MOST_ROWS) + 1):
                for column in range(left, min(merged.max_col, MOST_COLUMNS) + 1):
                    self.anchors[row, column] = (top, left)

    def anchor(self, row, column):
        return self.anchors.get((row, column), (row, column))

    def end(self, row, column):
        """The last row and column of the cell that begins here."""
        return self.ends.get((row, column), (row, column))

    def value(self, row, column):
        cell = self.sheet._cells.get(self.anchor(row, column))
        return None if cell is None or isinstance(cell, MergedCell) else cell.value

    def text(self, row, column):
        value = self.value(row, column)
        return "" if value is None else str(value).strip()

    def is_blank(self, row, column):
        return not self.text(row, column).strip("_＿ \u3000\n")

    def is_formula(self, row, column):
        return self.text(row, column).startswith("=")

    def begins(self, row):
        """(column, text) of the cells that begin in this row and say something, from left to right."""
        for column in range(1, self.right + 1):
            if self.anchor(row, column) == (row, column) and not self.is_blank(row, column):
                yield column, self.text(row, column)

    def bordered(self, row, columns):
        """Whether the table is drawn in this row."""
        for column in columns:
            cell = self.sheet._cells.get((row, column))
            if cell is not None and cell.has_style:
                border = cell.border
                if any(
                    side is not None and side.style for side in (border.left, border.right, border.top, border.bottom)
                ):
                    return True
        return False


def is_heading(text):
    """Whether a text may be a heading: short, with a letter in it, no formula, nothing that waits behind a colon."""
    return (
        0 < len(text) <= LONGEST_HEADING
        and not text.startswith("=")
        and not NUMBERISH.fullmatch(plain(text).upper())
        and not WAITING.search(text)
        and any(letter.isalpha() for letter in text)
    )


def block_of(grid, known):
    """The table or card of a sheet, None if there is neither. Labels that stand above a small table make a card."""
    table = best_table(grid, known)
    labels = labels_of(grid, known)
    above = [label for label in labels if table is None or label.row < table.top]
    if sum(label.is_known for label in above) >= FEWEST_LABELS:
        return card_block(grid, above)
    return table and list_block(grid, table)


# --- Tables ---


@dataclass(frozen=True)
class Table:
    """The band of heading rows, and under each heading its column: [(column, heading)]."""

    top: int
    bottom: int
    columns: tuple
    score: int


def best_table(grid, known):
    """The most convincing row of headings; of equal ones the first."""
    best = None
    for row in range(1, min(grid.bottom, 200) + 1):
        table = table_at(grid, row, known)
        if table and (best is None or table.score > best.score):
            best = table
    return best


def table_at(grid, row, known):
    """The table whose headings end in this row; None if it does not look like one."""
    top = top_of_band(grid, row)
    columns = headings_of(grid, top, row)
    named = [(column, heading) for column, heading in columns if is_heading(heading.rpartition("/")[2])]
    if len(named) < 2 or len(named) < len(columns) * 0.6:
        return None
    is_known = [known(heading) for _column, heading in named]
    pairs = sum(1 for (one, _a), (two, _b) in itertools.pairwise(named) if two - width_end(grid, row, one) == 1)
    if pairs < (len(named) - 1) * 0.6 or (len(named) == 2 and not all(is_known)):
        return None
    if not waits_below(grid, row, [column for column, _heading in named]):
        return None
    score = sum(3 if found else 1 for found in is_known)
    return Table(top, row, tuple(columns), score)


def width_end(grid, row, column):
    return grid.end(*grid.anchor(row, column))[1]


def top_of_band(grid, row):
    """The first row of the headings that end in `row`: as far up as cells reach down into it or group its columns."""
    top = row
    while top > 1:
        reaching = [grid.anchor(top, column)[0] for column in range(1, grid.right + 1)]
        upper = min(reaching, default=top)
        if upper < top:
            top = upper
        elif groups(grid, top - 1):
            top -= 1
        else:
            return top
    return top


def groups(grid, row):
    """Whether the cells of this row group columns below: several headings, one of them at least two columns wide."""
    cells = [(column, text) for column, text in grid.begins(row) if is_heading(text)]
    wide = [column for column, _text in cells if grid.end(row, column)[1] > column]
    whole = any(grid.end(row, column)[1] - column + 1 >= grid.right * 0.9 for column in wide)
    return (
        bool(wide) and not whole and (len(cells) > 1 or any(grid.end(row, column)[1] < grid.right for column in wide))
    )


def headings_of(grid, top, bottom):
    """(column, heading) of the band; a heading in a group is "group/heading". The second of the same name is counted."""
    columns, seen = [], {}
    for column in range(1, grid.right + 1):
        leaf = grid.anchor(bottom, column)
        if leaf[1] < column:
            continue
        path = []
        for row in range(top, bottom + 1):
            text = plain(grid.text(row, column))
            if text and text not in path[-1:]:
                path.append(text)
        if not path or grid.is_blank(*leaf):
            continue
        heading = "/".join(path)
        seen[heading] = seen.get(heading, 0) + 1
        columns.append((column, heading if seen[heading] == 1 else f"{heading}#{seen[heading]}"))
    return columns


def waits_below(grid, row, columns):
    """Whether some row below is empty under most of these headings before another table begins."""
    for below in range(row + 1, min(row + 6, grid.bottom + 2)):
        empty = sum(grid.is_blank(below, column) or grid.is_formula(below, column) for column in columns)
        if empty >= len(columns) * 0.6:
            return True
    return False


def list_block(grid, table):
    serial = serial_of(grid, table)
    data = [column for column, _heading in table.columns if column != serial]
    first = first_row(grid, table, data)
    last, closed = last_row(grid, first, data, serial)
    formulas = [column for column in data if grid.is_formula(first, column)]
    return {
        "kind": "list",
        "sheet": grid.sheet.title,
        "headings": [heading for _column, heading in table.columns],
        "columns": [column for column, _heading in table.columns],
        "top": table.top,
        "bottom": table.bottom,
        "first": first,
        "last": last,
        "closed": closed,
        "serial": serial,
        "formulas": formulas,
    }


def serial_of(grid, table):
    """The column of running numbers, None if there is none."""
    return next((column for column, heading in table.columns if heading.rpartition("/")[2] in SERIALS), None)


def first_row(grid, table, data):
    """The first row that waits: explanations, numbered columns and rows that hold something already are stepped over."""
    for row in range(table.bottom + 1, min(grid.bottom, table.bottom + MOST_SKIPPED) + 1):
        if is_total(grid, row):
            return row
        if is_empty_row(grid, row, data) and not is_footer(grid, row, None):
            return row
    return max(grid.bottom, table.bottom) + 1


def last_row(grid, first, data, serial):
    """(the last row that waits, whether something stands below it); the row before the first if none waits at all."""
    drawn = grid.bordered(first, data)
    for row in range(first, grid.bottom + 1):
        if not is_empty_row(grid, row, data) or is_total(grid, row) or is_footer(grid, row, serial):
            return row - 1, True
        if drawn and not grid.bordered(row, data):
            return row - 1, any(True for below in range(row, grid.bottom + 1) for _cell in grid.begins(below))
    return max(first, grid.bottom), False


def is_empty_row(grid, row, data):
    return all(grid.is_blank(row, column) or grid.is_formula(row, column) for column in data)


def is_total(grid, row):
    return any(plain(text).startswith(TOTALS) for _column, text in list(grid.begins(row))[:3])


def is_footer(grid, row, serial):
    """A row that says something beside a running number: who filled the form in, remarks, an explanation."""
    texts = [text for column, text in grid.begins(row) if column != serial or not text.isdecimal()]
    return any(
        EXPLAINS.match(text) or WAITING.search(text) or len(text) > 4 for text in texts if not text.startswith("=")
    )


# --- Cards ---


@dataclass(frozen=True)
class Label:
    row: int
    heading: str
    cell: tuple
    is_known: bool


def labels_of(grid, known):
    """Labels with an empty cell to the right, row by row."""
    labels = []
    for row in range(1, min(grid.bottom, 300) + 1):
        for column, text in grid.begins(row):
            label = text.rstrip(":： ")
            right = grid.end(row, column)[1] + 1
            is_known = known(plain(label))
            # "审核人：" waits for one answer on the sheet (fixed_cells); "姓名：" is a label of the card.
            if not is_heading(label) or right > grid.right or (label != text and not is_known):
                continue
            if grid.is_blank(row, right) and grid.anchor(row, right)[0] >= row:
                labels.append(Label(row, plain(label), grid.anchor(row, right), is_known))
    return labels


def card_block(grid, labels):
    """One card, or several copies of it below or beside each other: then every label occurs equally often."""
    order = {}
    for label in labels:
        order.setdefault(label.heading, []).append(label)
    copies = {len(found) for found in order.values()}
    if copies != {1} and len(copies) == 1:
        cards = [[list(found[number].cell) for found in order.values()] for number in range(copies.pop())]
        headings = list(order)
    else:
        headings, cells = [], []
        for heading, found in order.items():
            for number, label in enumerate(found, 1):
                headings.append(heading if number == 1 else f"{heading}#{number}")
                cells.append(list(label.cell))
        cards = [cells]
    return {"kind": "card", "sheet": grid.sheet.title, "headings": headings, "cards": cards}


# --- Cells that are answered once ---


def fixed_cells(grid, block):
    """Labels with a colon outside of the table whose answer is missing."""
    cells = []
    inside = range(block["top"], block["last"] + 1) if block and block["kind"] == "list" else range(0)
    labels = block["headings"] if block and block["kind"] == "card" else ()
    for row in range(1, min(grid.bottom, MOST_ROWS) + 1):
        if row in inside:
            continue
        for column, text in grid.begins(row):
            for found in WAITING.finditer(text):
                label = plain(found["label"])
                if label not in labels:
                    target = answer_cell(grid, row, column, text, found)
                    cells.append({"sheet": grid.sheet.title, "label": label, **target})
    return cells


def answer_cell(grid, row, column, text, found):
    """Where the answer goes: behind the colon, or into the cell to the right if that is drawn for it."""
    right = grid.end(row, column)[1] + 1
    ends_open = found.end() == len(text) and not found["gap"]
    if ends_open and right <= grid.right and grid.is_blank(row, right) and grid.bordered(row, [right]):
        return {"cell": list(grid.anchor(row, right)), "span": None}
    return {"cell": [row, column], "span": [found.start("gap"), found.end("gap")]}
