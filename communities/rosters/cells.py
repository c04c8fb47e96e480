"""From a cell to a clean value. Each reader takes what stood in the cell and a list for hints; it returns the value or raises CellFault."""

import re
from datetime import date, datetime, timedelta
from functools import lru_cache

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils import timezone

from communities.rosters.faults import CellFault
from communities.rosters.files import Mark
from foundation.fields import TO_HALF_WIDTH, is_id_number, is_phone, normalise_id_number, normalise_phone

FULL_WIDTH = re.compile("[０-９Ａ-Ｚａ-ｚ]")
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
OFFICE_PHONE = re.compile(r"[0-9+()\- ]{5,30}", re.ASCII)
# 4.20199E+17: what Excel makes of an ID number, also when it is saved as text.
SCIENTIFIC = re.compile(r"\d(?:\.\d+)?E\+?1[4-9]", re.IGNORECASE)
EXACT_DIGITS = 15  # more than these Excel does not keep
EPOCH = date(1899, 12, 30)
FIRST_SERIAL, LAST_SERIAL = 3_000, 73_050  # March 1908 to the end of 2099
EARLIEST = date(1890, 1, 1)
DAY = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?(?:[ T]0?0:00(?::00)?)?", re.ASCII)
MONTH = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*月?", re.ASCII)
YEAR = re.compile(r"(\d{4})\s*年?", re.ASCII)


def is_empty(value):
    return value is None or (isinstance(value, str) and not value.strip())


def plain(value, hints):
    """The text of a cell in half width; numbers as they were typed. Dates, yes/no and marks are no text."""
    if isinstance(value, str):
        if CONTROL.search(value):
            raise CellFault("control")
        if FULL_WIDTH.search(value):
            hints.append("full_width")
        return " ".join(value.translate(TO_HALF_WIDTH).split())
    if isinstance(value, Mark):
        raise CellFault(value.code)
    if isinstance(value, bool):
        raise CellFault("wrong_type")
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, int | float):
        return str(value)
    raise CellFault("became_date" if isinstance(value, date) else "wrong_type")


def text(most):
    """A name, a door, a short word."""

    def read(value, hints):
        found = plain(value, hints)
        if len(found) > most:
            raise CellFault("too_long", most=most)
        return found

    return read


def name(most):
    """The name of a person, a place or an organisation: a bare number is a shifted column."""
    plain_text = text(most)

    def read(value, hints):
        found = plain_text(value, hints)
        if not any(letter.isalpha() for letter in found):
            raise CellFault("wrong_type")
        return found

    return read


def prose(most):
    """A remark or an address: Chinese punctuation and line breaks stay."""

    def read(value, hints):
        found = value.strip() if isinstance(value, str) and not CONTROL.search(value) else plain(value, hints)
        if len(found) > most:
            raise CellFault("too_long", most=most)
        return found

    return read


def id_number(value, hints):
    if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) >= 10**EXACT_DIGITS:
        raise CellFault("precision_lost")
    typed = plain(value, hints)
    if SCIENTIFIC.fullmatch(typed):
        raise CellFault("precision_lost")
    number = normalise_id_number(typed)
    if is_id_number(number):
        return number
    if re.fullmatch(r"\d{15}", number):
        raise CellFault("id_old")
    raise CellFault("id_checksum" if len(number) == 18 else "id_length")


def phone(value, hints):
    number = normalise_phone(plain(value, hints))
    if not is_phone(number):
        raise CellFault("bad_phone")
    return number


def office_phone(value, hints):
    number = plain(value, hints)
    if not OFFICE_PHONE.fullmatch(number):
        raise CellFault("bad_office_phone")
    return number


def email(value, hints):
    address = plain(value, hints)
    try:
        validate_email(address)
    except ValidationError:
        raise CellFault("bad_email") from None
    return address


class Incomplete(CellFault):
    """A year, or a year and a month. An ID number in the same row may say the rest: `agrees` compares."""

    def __init__(self, year, month=None):
        super().__init__("incomplete_date")
        self.year, self.month = year, month

    def agrees(self, day):
        # 1950.1 may be October: a number drops the zero.
        return self.year == day.year and self.month in (None, day.month, day.month // 10)


def day(value, hints):
    """A day as a date cell, as text in the usual spellings, as yyyymmdd, or as Excel's bare number of a day."""
    found = read_day(value, hints)
    if found < EARLIEST:
        raise CellFault("bad_date")
    return found


def past_day(value, hints):
    found = day(value, hints)
    if found > timezone.localdate():
        raise CellFault("future_date")
    return found


def read_day(value, hints):
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    if isinstance(value, Mark | bool):
        raise CellFault(value.code if isinstance(value, Mark) else "wrong_type")
    if isinstance(value, float) and not value.is_integer() and 1890 <= value < 2100:
        value = repr(value)  # 1950.1
    if isinstance(value, int | float):
        return day_of_number(value, hints)
    return day_of_text(plain(value, hints), hints)


def day_of_number(value, hints):
    number = int(value)
    if number == value and 18900101 <= number <= 21001231:
        return exact(number // 10000, number // 100 % 100, number % 100)
    if number == value and 1890 <= number <= 2100:
        raise Incomplete(number)
    if number == value and 189001 <= number <= 210012:
        raise Incomplete(number // 100, number % 100)
    if FIRST_SERIAL <= number <= LAST_SERIAL:
        hints.append("date_serial")
        return EPOCH + timedelta(days=number)
    raise CellFault("bad_date")


def day_of_text(typed, hints):
    if found := DAY.fullmatch(typed):
        return exact(*map(int, found.groups()))
    if typed.isascii() and typed.isdigit():
        return day_of_number(int(typed[:12]), hints)
    if found := MONTH.fullmatch(typed):
        raise Incomplete(*map(int, found.groups()))
    if found := YEAR.fullmatch(typed):
        raise Incomplete(int(found.group(1)))
    raise CellFault("bad_date")


def exact(year, month, day):
    try:
        return date(year, month, day)
    except ValueError:
        raise CellFault("bad_date") from None


def number(least, most):
    def read(value, hints):
        typed = plain(value, hints).removesuffix("年")
        if not (typed.isascii() and typed.isdigit()) or not least <= int(typed[:12]) <= most:
            raise CellFault("bad_number", least=least, most=most)
        return int(typed)

    return read


def choice(words):
    """One of the values of `words`, {word as written: value}; capitals and blanks do not matter."""
    known = {folded(word): value for word, value in words.items()}

    def read(value, hints):
        typed = {True: "是", False: "否"}[value] if isinstance(value, bool) else plain(value, hints)
        found = known.get(folded(typed), MISSING)
        if found is MISSING:
            raise CellFault("unknown_choice")
        return found

    return read


MISSING = object()


@lru_cache(maxsize=4096)
def folded(word):
    return re.sub(r"\s+", "", word.translate(TO_HALF_WIDTH)).lower()


SEPARATORS = re.compile(r"[、,，;；/|\n]+")


def several(value, hints):
    """Words of a list, in the order of the cell."""
    if isinstance(value, str):
        value = SEPARATORS.sub("、", value)
    return [word.strip() for word in plain(value, hints).split("、") if word.strip()]
