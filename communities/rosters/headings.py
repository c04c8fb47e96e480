"""Finding the heading row of a ledger, and guessing which column is what."""

import hashlib
import re
from functools import lru_cache

from communities.rosters.cells import folded
from communities.rosters.columns import COLUMNS

LOOKED_AT = 20  # rows from the top
FEWEST = 2  # recognised headings make a heading row
EXPLAINS = re.compile(
    r"\s*(?:※|说明|填写|填表|示例|样例|例[：:如]|必填|选填|Explanation|Example|e\.g\.)", re.IGNORECASE
)
MARK = "※"
IN_BRACKETS = re.compile(r"[（(\[【].*?[)）\]】]")
DECORATION = re.compile(r"[\s*＊:：、.。_\-/]+")


def bare(value):
    """A heading without stars, brackets and blanks: "*身份证号（必填）" → "身份证号"."""
    return folded(DECORATION.sub("", IN_BRACKETS.sub("", value))) if isinstance(value, str) else ""


@lru_cache(maxsize=8)
def synonyms(kind):
    """{bare heading: code of the column}, the columns' order deciding where two claim the same word."""
    known = {}
    for column in COLUMNS[kind]:
        for heading in column.headings():
            known.setdefault(bare(heading), column.code)
    return known


def column_of(kind, value):
    """The code of the column that this heading names, or that the longest part of it names; "" for none."""
    heading, known = bare(value), synonyms(kind)
    if not heading:
        return ""
    if heading in known:
        return known[heading]
    parts = [word for word in known if len(word) > 1 and word in heading]
    return known[max(parts, key=len)] if parts and len(heading) <= 12 else ""


def exactly(kind, value):
    """The same for whole headings only."""
    return synonyms(kind).get(bare(value), "")


def guess(kind, values):
    """{position of a column in the sheet: code}; each column once, whole headings before parts, the leftmost first."""
    found = {}
    for look in (exactly, column_of):
        for position, value in enumerate(values):
            code = "" if position in found else look(kind, value)
            if code and code not in found.values():
                found[position] = code
    return dict(sorted(found.items()))


def heading_row(kind, rows):
    """The number of the row with most recognised headings among the first ones, None if there is none. `rows`: [(number, values)]."""
    best = max(rows[:LOOKED_AT], key=lambda row: (len(guess(kind, row[1])), -row[0]), default=None)
    return best[0] if best and len(guess(kind, best[1])) >= FEWEST else None


def is_explanation(values):
    """Whether a row below the headings tells how to fill in instead of being filled in."""
    told = [value for value in values if isinstance(value, str) and value.strip()]
    return bool(told) and sum(bool(EXPLAINS.match(value)) for value in told) * 2 >= len(told)


def is_second_heading(kind, mapping, values):
    """Whether a row of data repeats the headings, or is the second line of them."""
    same = sum(exactly(kind, values[position]) == code for position, code in mapping.items() if position < len(values))
    return same >= FEWEST


def fingerprint(values):
    """What the same ledger is recognised by the next time: its headings, blanks aside."""
    words = [bare(value) for value in values]
    while words and not words[-1]:
        words.pop()
    return hashlib.sha256("\t".join(words).encode()).hexdigest()
