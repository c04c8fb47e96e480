"""Ledgers from outside: opened without trusting them, read as a stream of rows.

A `Book` gives its sheets and, for one of them, `rows()`: (number of the row as Excel counts it, [values]). Values are str, int, float,
bool, date, datetime, None, or one of the marks FORMULA, BROKEN, MERGED.
"""

import codecs
import csv
import re
import struct
import zlib
from dataclasses import dataclass
from io import BytesIO, TextIOWrapper
from xml.parsers.expat import ExpatError
from zipfile import BadZipFile

from django.conf import settings
from openpyxl.utils import range_boundaries
from python_calamine import CalamineError, CalamineWorkbook, PasswordError, SheetVisibleEnum

from communities.rosters.faults import FileFault
from communities.rosters.xls import formulas
from communities.rosters.xlsx import Package
from foundation.workbooks import MEGABYTE, OLD_EXCEL, Limits, Refused, check

# UTF-16 names of streams in an OLE container: of an encrypted .xlsx, and of a real .xls.
ENCRYPTED_PACKAGE = "EncryptedPackage".encode("utf-16-le")
XLS_STREAMS = ("Workbook".encode("utf-16-le"), "Book".encode("utf-16-le"))
REFUSALS = {"empty": "empty", "large": "too_large", "bomb": "bomb", "cells": "bomb", "macros": "macros"}
PIECE = MEGABYTE
MERGED_RANGE = re.compile(rb"<(?:\w+:)?mergeCell\s[^>]*?\bref\s*=\s*[\"']([A-Z0-9:$]+)[\"']")
DIMENSION = re.compile(rb"<(?:\w+:)?dimension\s[^>]*?ref=[\"'][^\"']*?(\d+)[\"']")
MOST_MERGED = 200_000
# Wider than any ledger; the rest of a row is not looked at.
MOST_COLUMNS = 120
csv.field_size_limit(100_000)


class Mark:
    """What stands in place of a value that cannot be used."""

    def __init__(self, code):
        self.code = code

    def __repr__(self):
        return f"<{self.code}>"


FORMULA, BROKEN, MERGED = Mark("formula"), Mark("wrong_type"), Mark("merged")


@dataclass(frozen=True)
class Sheet:
    name: str
    hidden: bool = False


def open_book(data, name):
    """The book in these bytes, by its content and the extension of its name. Raises FileFault."""
    extension = name.rpartition(".")[2].lower() if "." in name else ""
    if extension not in OPENERS:
        raise FileFault("extension")
    if not data:
        raise FileFault("empty")
    if len(data) > settings.ROSTER_MOST_BYTES:
        raise FileFault("too_large", most=settings.ROSTER_MOST_BYTES // MEGABYTE)
    if data.startswith(OLD_EXCEL) and ENCRYPTED_PACKAGE in data:
        raise FileFault("encrypted")
    return OPENERS[extension](data)


class Book:
    """One opened file."""

    @property
    def visible(self):
        return [sheet for sheet in self.sheets if not sheet.hidden]

    def height(self, name):
        """About how many rows the sheet has; 0 if that cannot be said without reading it."""
        return 0

    def close(self):
        """Let go of what the library holds."""

    def __enter__(self):
        return self

    def __exit__(self, *_error):
        self.close()
        return False


class Xlsx(Book):
    def __init__(self, data):
        if data.startswith(OLD_EXCEL) or not data.startswith(b"PK"):
            raise FileFault("other_content")
        try:
            check(data, Limits(size=settings.ROSTER_MOST_BYTES, unpacked=settings.ROSTER_MOST_UNPACKED, cells=None))
        except Refused as refused:
            raise FileFault(
                REFUSALS.get(refused.code, "corrupt"), most=settings.ROSTER_MOST_BYTES // MEGABYTE
            ) from None
        self.data = data
        try:
            self.package = Package(BytesIO(data))
        except Exception:  # openpyxl raises whatever a broken part leads to
            raise FileFault("corrupt") from None
        self.sheets = [Sheet(name, state != "visible") for name, state, _path in self.package.sheets]

    def close(self):
        self.package.close()

    def path_of(self, name):
        return next(path for title, _state, path in self.package.sheets if title == name)

    def height(self, name):
        """What the file says; often wrong, and good enough to show progress by."""
        with self.package.archive.open(self.path_of(name)) as part:
            found = DIMENSION.search(part.read(4096))
        return int(found[1]) if found else 0

    def rows(self, name):
        path = self.path_of(name)
        merged = Merged(self.merged_ranges(path))
        try:
            for number, values in self.package.rows(path, FORMULA, BROKEN):
                yield number, merged.mark(number, values[:MOST_COLUMNS])
        except (ExpatError, BadZipFile, zlib.error, ValueError, KeyError, IndexError, OSError, EOFError):
            raise FileFault("corrupt") from None

    def merged_ranges(self, path):
        """The merged ranges of a sheet. They stand behind its cells, where a stream does not see them in time."""
        ranges, rest = [], b""
        with self.package.archive.open(path) as part:
            while piece := part.read(PIECE):
                text, close, rest = (rest + piece).rpartition(b">")
                ranges += MERGED_RANGE.findall(text + close)
                if len(ranges) > MOST_MERGED:
                    raise FileFault("bomb")
        try:
            return [range_boundaries(found.decode()) for found in ranges]
        except ValueError:
            raise FileFault("corrupt") from None


class Merged:
    """Marks the cells of merged ranges that span several rows or columns of data."""

    def __init__(self, ranges):
        self.by_row = {}
        for left, top, right, bottom in ranges:
            if None in (left, top, right, bottom) or (bottom - top + 1) * (right - left + 1) > MOST_MERGED:
                continue  # a whole column or sheet: a decoration, every cell of it but one is empty
            for row in range(top, bottom + 1):
                self.by_row.setdefault(row, []).append((left - 1, right))

    def mark(self, number, values):
        for left, right in self.by_row.get(number, ()):
            values.extend([None] * (right - len(values)))
            values[left:right] = [MERGED] * (right - left)
        return values


class Xls(Book):
    def __init__(self, data):
        if not data.startswith(OLD_EXCEL) or not any(name in data for name in XLS_STREAMS):
            raise FileFault("other_content")
        try:
            self.book = CalamineWorkbook.from_filelike(BytesIO(data))
        except PasswordError:
            raise FileFault("encrypted") from None
        except (CalamineError, OSError, ValueError):
            raise FileFault("corrupt") from None
        self.sheets = [
            Sheet(sheet.name, sheet.visible != SheetVisibleEnum.Visible) for sheet in self.book.sheets_metadata
        ]
        try:
            marked = formulas(data)
        except (ValueError, struct.error, IndexError):
            raise FileFault("corrupt") from None
        self.formulas = dict(zip((sheet.name for sheet in self.sheets), marked, strict=False))

    def height(self, name):
        return self.book.get_sheet_by_name(name).height

    def rows(self, name):
        try:
            page = self.book.get_sheet_by_name(name)
        except (CalamineError, OSError, ValueError):
            raise FileFault("corrupt") from None
        ranges = page.merged_cell_ranges or []
        merged = Merged([(left + 1, top + 1, right + 1, bottom + 1) for (top, left), (bottom, right) in ranges])
        marked = {}
        for row, column in self.formulas.get(name, ()):
            marked.setdefault(row + 1, []).append(column)
        for number, cells in enumerate(page.to_python(skip_empty_area=False), 1):
            values = [None if value == "" else value for value in cells[:MOST_COLUMNS]]
            for column in marked.get(number, ()):
                if column < len(values):
                    values[column] = FORMULA
            yield number, merged.mark(number, values)


class Csv(Book):
    def __init__(self, data):
        if data.startswith((OLD_EXCEL, b"PK\x03\x04")) or b"\0" in data[:PIECE]:
            raise FileFault("other_content")
        self.data, self.encoding = data, encoding_of(data)
        self.sheets = [Sheet("csv")]

    def height(self, name):
        return self.data.count(b"\n")

    def rows(self, name):
        with TextIOWrapper(BytesIO(self.data), encoding=self.encoding, newline="") as text:
            head = text.read(4096)
            text.seek(0)
            separator = max(",;\t", key=head.partition("\n")[0].count)
            try:
                for number, cells in enumerate(csv.reader(text, delimiter=separator), 1):
                    yield number, [value or None for value in cells[:MOST_COLUMNS]]
            except (csv.Error, UnicodeDecodeError):
                raise FileFault("corrupt") from None


def encoding_of(data):
    """UTF-8 with or without its mark, else GB18030, which Excel writes in China."""
    if data.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    for encoding in ("utf-8", "gb18030"):
        decoder = codecs.getincrementaldecoder(encoding)()
        try:
            for start in range(0, len(data), PIECE):
                decoder.decode(data[start : start + PIECE], final=start + PIECE >= len(data))
        except UnicodeDecodeError:
            continue
        return encoding
    raise FileFault("encoding")


OPENERS = {"xlsx": Xlsx, "xls": Xls, "csv": Csv}
EXTENSIONS = tuple(f".{extension}" for extension in OPENERS)
