"""Columns with a meaning of their own: paths, encrypted text, and the forms of phone and ID numbers."""

import hashlib
import hmac
import re
from datetime import date
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.core.exceptions import FieldError, ImproperlyConfigured
from django.db import models
from django.db.models.lookups import Exact, IsNull


class PathField(models.CharField):
    """A materialised path. Compared by code point everywhere, because `paths.after` counts on it."""

    def __init__(self, *args, **kwargs):
        kwargs.setdefault("max_length", 64)
        super().__init__(*args, **kwargs)

    def db_parameters(self, connection):
        parameters = super().db_parameters(connection)
        if connection.vendor == "postgresql":
            parameters["collation"] = "C"
        return parameters


@lru_cache(maxsize=8)
def _fernet(keys):
    if not keys:
        raise ImproperlyConfigured("ENCRYPTION_KEYS is empty: personal data cannot be stored.")
    return MultiFernet([Fernet(key) for key in keys])


def cipher():
    """The MultiFernet of the settings: the first key encrypts, all of them decrypt."""
    return _fernet(tuple(settings.ENCRYPTION_KEYS))


def encrypt(text):
    """Text as a Fernet token (str); "" stays ""."""
    return cipher().encrypt(text.encode()).decode() if text else ""


def decrypt(token):
    """The text of a token made by `encrypt`. Raises ImproperlyConfigured when no key opens it."""
    if not token:
        return ""
    try:
        return cipher().decrypt(token.encode()).decode()
    except InvalidToken as error:
        raise ImproperlyConfigured("No key of ENCRYPTION_KEYS opens a stored value.") from error


class EncryptedTextField(models.TextField):
    """Text that stands encrypted in the database. To look a value up, store its `keyed_hash` beside it."""

    def get_prep_value(self, value):
        value = super().get_prep_value(value)
        return value if value is None else encrypt(value)

    def from_db_value(self, value, expression, connection):
        return value if value is None else decrypt(value)

    def get_lookup(self, lookup_name):
        allowed = {"exact": EqualsNothing, "isnull": IsNull}
        if lookup_name not in allowed:
            raise FieldError(f"{self.name} is encrypted and cannot be searched by '{lookup_name}'; use its hash.")
        return allowed[lookup_name]


class EncryptedBytesField(EncryptedTextField):
    """A file of a few megabytes, encrypted in the database; b"" is no file. Leave it out of lists (`defer`)."""

    # How many of them a change of keys holds in memory at once.
    AT_ONCE = 4

    def get_prep_value(self, value):
        return cipher().encrypt(bytes(value)).decode() if value else ""

    def from_db_value(self, value, expression, connection):
        if not value:
            return b""
        try:
            return cipher().decrypt(value.encode())
        except InvalidToken as error:
            raise ImproperlyConfigured("No key of ENCRYPTION_KEYS opens a stored file.") from error

    def to_python(self, value):
        return value

    def value_to_string(self, obj):
        return self.get_prep_value(self.value_from_object(obj))


class EqualsNothing(Exact):
    """The one comparison that makes sense: is there a value at all? Two encryptions of one text differ."""

    def get_prep_lookup(self):
        if self.rhs != "":
            raise FieldError("An encrypted field can only be compared with the empty text; use its hash.")
        return super().get_prep_lookup()


def keyed_hash(text):
    """HMAC-SHA256 of the text under HASH_KEY, as 64 hex digits, to look encrypted values up; "" stays ""."""
    if not text:
        return ""
    return hmac.new(settings.HASH_KEY.encode(), text.encode(), hashlib.sha256).hexdigest()


# Full-width forms (Chinese input methods) to ASCII, one character for one.
TO_HALF_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20}
NOISE = re.compile(r"[\s\-‐‑‒–—―−()·.]+")
MOBILE = re.compile(r"1[3-9]\d{9}", re.ASCII)
# Three-digit area codes are 010 and 02x, the others have four digits.
LANDLINE = re.compile(r"0(?:10|2\d)[1-9]\d{7}|0[3-9]\d{2}[1-9]\d{6,7}", re.ASCII)
ID_NUMBER = re.compile(r"\d{17}[\dX]", re.ASCII)
ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
ID_CHECK_DIGITS = "10X98765432"


def normalise_phone(text):
    """Digits in half width without spaces, dashes and the country code of China."""
    digits = NOISE.sub("", (text or "").translate(TO_HALF_WIDTH))
    return re.sub(r"^(?:\+|00)86", "", digits)


def normalise_id_number(text):
    """Half width, no spaces or dashes, final x as X."""
    return NOISE.sub("", (text or "").translate(TO_HALF_WIDTH)).upper()


def is_phone(text):
    """A mobile number, or a landline with its area code."""
    number = normalise_phone(text)
    return bool(MOBILE.fullmatch(number) or LANDLINE.fullmatch(number))


def is_id_number(text):
    """Citizen's ID number by GB 11643-1999: 18 characters, a real date, check digit by ISO 7064 MOD 11-2.

    The area code is not looked at: codes of abolished counties stay valid for life.
    """
    number = normalise_id_number(text)
    if not ID_NUMBER.fullmatch(number) or not _is_date(number[6:14]):
        return False
    return number[17] == ID_CHECK_DIGITS[sum(w * int(d) for w, d in zip(ID_WEIGHTS, number, strict=False)) % 11]


def _is_date(yyyymmdd):
    try:
        date(int(yyyymmdd[:4]), int(yyyymmdd[4:6]), int(yyyymmdd[6:]))
    except ValueError:
        return False
    return True


COMPOUND_SURNAME = re.compile(
    "欧阳|司马|上官|诸葛|夏侯|东方|皇甫|尉迟|公孙|慕容|司徒|令狐|长孙|宇文|轩辕|端木|"
    "南宫|西门|独孤|司空|呼延|闻人|澹台|公冶|宗政|濮阳|淳于|单于|太叔|申屠|仲孙|钟离|"
    "鲜于|闾丘|亓官|赫连|第五|百里|东郭|拓跋|万俟|公羊|左丘|梁丘"
)


def mask_name(name):
    """The surname and a star for each further character: 张三丰 -> 张**, 欧阳娜娜 -> 欧阳**."""
    name = name or ""
    shown = 2 if len(name) > 2 and COMPOUND_SURNAME.match(name) else 1
    return name[:shown] + "*" * (len(name) - shown)


def mask_given_name(name):
    """Enough for colleagues to know each other, not for a stranger: 李秀兰 -> 李*兰, 王海 -> 王*."""
    name = name or ""
    return name[:1] + "*" * (len(name) - 2) + name[-1] if len(name) > 2 else mask_name(name)


def mask_ip(address):
    """The network without the machine: 10.1.2.3 -> 10.1.*.*, 2001:db8:1::5 -> 2001:db8:*."""
    if ":" in address:
        return ":".join(address.split(":")[:2]) + ":*"
    return ".".join([*address.split(".")[:2], "*", "*"])


def _mask_middle(text, head, tail):
    text = text or ""
    if len(text) <= head + tail:
        return "*" * len(text)
    return text[:head] + "*" * (len(text) - head - tail) + text[-tail:]


def mask_phone(phone):
    """13812348000 -> 138****8000; what is too short to be a phone is all stars."""
    return _mask_middle(phone, 3, 4)


def mask_id_number(number):
    """420111198001010014 -> 420111********0014."""
    return _mask_middle(number, 6, 4)
