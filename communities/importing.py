"""Reading divisions from a CSV file: every row is checked before any is written."""

import csv
import re
from dataclasses import dataclass, field

from django.db import transaction

from communities.models import Division, Unit
from communities.models.division import DIGITS, LEVEL_BY_DIGITS, Level, short_name
from communities.models.unit import Kind, office_path
from foundation.journal.moves import record_all

COLUMNS = {"code12", "name", "level", "parent_code12"}
LONGEST_NAME = Division._meta.get_field("name").max_length
# A village is a community of that kind (architecture.md).
KINDS = {"community": "urban", "village": "village"}


@dataclass
class Report:
    """What an import did or, as a dry run, would do; `errors` holds (line, message)."""

    new: int = 0
    renamed: int = 0
    same: int = 0
    errors: list = field(default_factory=list)


@dataclass(frozen=True)
class Row:
    line: int
    code: str
    full_name: str
    kind: str
    parent_code: str


def read_rows(file, report):
    """Yield the good rows of the file and note the bad ones in `report`."""
    reader = csv.DictReader(file)
    missing = COLUMNS - set(reader.fieldnames or ())
    if missing:
        report.errors.append((1, f"columns missing: {', '.join(sorted(missing))}"))
        return
    seen = set()
    for line, cells in enumerate(reader, start=2):
        try:
            row = parse(line, cells)
        except ValueError as error:
            report.errors.append((line, str(error)))
            continue
        if row.code in seen:
            report.errors.append((line, f"{row.code}: twice in the file"))
            continue
        seen.add(row.code)
        yield row


def parse(line, cells):
    """One row of the file; ValueError says what is wrong with it."""
    padded = (cells["code12"] or "").strip()
    word = (cells["level"] or "").strip()
    level = Level.COMMUNITY if word == "village" else word
    if level not in DIGITS or level == Level.GRID:
        raise ValueError(f"unknown level {word!r}")
    digits = DIGITS[level]
    if not re.fullmatch(r"\d{12}", padded, re.ASCII):
        raise ValueError(f"{padded!r} is not a code of 12 digits")
    if padded[digits:].strip("0"):
        raise ValueError(f"{padded} has digits behind those of a {word}")
    name = (cells["name"] or "").strip()
    if not name:
        raise ValueError(f"{padded} has no name")
    if len(name) > LONGEST_NAME:
        raise ValueError(f"{padded}: the name is longer than {LONGEST_NAME} characters")
    above = [n for n in LEVEL_BY_DIGITS if n < digits]
    parent_code = padded[: above[-1]] if above else ""
    stated = (cells["parent_code12"] or "").strip()
    if stated and stated != parent_code.ljust(12, "0"):
        raise ValueError(f"{padded} cannot be below {stated}")
    return Row(line, padded[:digits], name, KINDS.get(word, ""), parent_code)


@transaction.atomic
def import_divisions(file, *, since, source, dry_run=False):
    """Write the divisions of a CSV file with their area offices; returns a `Report`.

    Nothing is written if a row is bad or on a dry run. Running it twice changes nothing: a division that exists is renamed, from
    the day `since` on, if the file names it otherwise, and is never removed, because a file may hold one district only.
    """
    report = Report()
    rows = list(read_rows(file, report))
    standing = Division.objects.in_bulk(
        [row.code for row in rows] + [row.parent_code for row in rows], field_name="code"
    )
    named = {row.code for row in rows} | set(standing)
    report.errors += [
        (row.line, f"{row.code}: the division above, {row.parent_code}, is not known")
        for row in rows
        if row.parent_code and row.parent_code not in named
    ]
    fresh = [row for row in rows if row.code not in standing]
    renamed = [row for row in rows if row.code in standing and standing[row.code].full_name != row.full_name]
    report.new, report.renamed = len(fresh), len(renamed)
    report.same = len(rows) - len(fresh) - len(renamed)
    if report.errors or dry_run:
        return report
    for level in Level.values:
        write_level(level, [row for row in fresh if LEVEL_BY_DIGITS[len(row.code)] == level], standing, since, source)
    for row in renamed:
        standing[row.code].rename(by=None, full_name=row.full_name, on=since)
    return report


def write_level(level, rows, standing, since, source):
    """Insert the divisions of one level and their offices, parents first, and add them to `standing`."""
    divisions = [
        Division(
            code=row.code,
            level=level,
            kind=row.kind,
            name=short_name(row.full_name),
            full_name=row.full_name,
            parent=standing.get(row.parent_code),
            since=since,
            source=source,
        )
        for row in rows
    ]
    for division in divisions:
        division.derive()
    Division.objects.bulk_create(divisions, batch_size=500)
    record_all(divisions, "establish")
    standing.update({division.code: division for division in divisions})
    offices = [
        Unit(
            kind=Kind.OFFICE,
            name=division.name,
            division=division,
            area_path=division.code,
            path=office_path(division.code),
        )
        for division in divisions
    ]
    for office in offices:
        office.derive()
    Unit.objects.bulk_create(offices, batch_size=500)
