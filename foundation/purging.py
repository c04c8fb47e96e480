"""Clearing what is stored about a person: each room says what it holds and how that is wiped.

A room registers its purgers in `AppConfig.ready()` by importing its `purging` module. Each is called with a `Person` inside one
transaction, changes or blanks its own rows, and returns how many. Rows stay where counts and histories need them; words go.
tests/portal/test_purging_covers.py fails when a model holds texts and no purger names it.
"""

import io
import re
import zipfile
from dataclasses import dataclass, field

from django.db import models, transaction

from foundation.fields import TO_HALF_WIDTH, EncryptedBytesField, EncryptedTextField

# What stands where something was cleared. Data like a name, so it is the same in both languages.
PURGED = "已清除"
TAGS = re.compile(r"<[^>]*>")
GAPS = re.compile(r"[\s\-‐‑‒–—―−()·.,，、]+")
# A name of one character would be found in every text.
SHORTEST_WORD = 2

_purgers = []
_exempt = {}
_words = {}


@dataclass(frozen=True)
class Person:
    """Whose data go: the rows that are the person, and the words by which texts may name the person.

    `rows` are rows of one model (a person entered twice has two); `words` are names and numbers; `sure` those of them that nobody
    else bears (phone, ID number), so that they are looked for in a wider circle. `near` are sets of numbers by which the rooms find
    what lies near the person, such as {"homes": …, "own_homes": …} (communities/purging.py); `area_path` is where.
    """

    rows: list
    words: tuple = ()
    sure: tuple = ()
    near: dict = field(default_factory=dict)
    area_path: str = ""

    @property
    def pks(self):
        return [row.pk for row in self.rows]

    def is_named_in(self, *texts):
        """Whether one of these texts names the person, however digits are grouped or written."""
        plain = [squeezed(text) for text in texts if text]
        return any(word in text for word in self._squeezed for text in plain)

    @property
    def _squeezed(self):
        return [squeezed(word) for word in self.words if len(squeezed(word)) >= SHORTEST_WORD]


def squeezed(text):
    """The text in half width without gaps and dashes: "１３０ 0000-0123" -> "13000000123"."""
    return GAPS.sub("", str(text).translate(TO_HALF_WIDTH)).lower()


def purges(name, word, *labels):
    """Decorator: `purger(person)` wipes what the models `labels` ("visits.Visit") hold about a person and returns how many rows.

    `name` is the key of the count that is kept, `word` (lazy) what a page calls it.
    """

    def register(purger):
        _purgers.append((name, frozenset(label.lower() for label in labels), purger))
        _words[name] = word
        return purger

    return register


def word_of(name):
    """What a page calls a part that was cleared."""
    return str(_words.get(name, name))


def holds_nothing(label, why):
    """Say of a model with texts that they are never about a resident, and why."""
    _exempt[label.lower()] = why


def purge(person):
    """Call every purger, the highest room first; returns {name: rows cleared}. Inside the caller's transaction."""
    cleared = {}
    for name, _labels, purger in reversed(_purgers):
        cleared[name] = cleared.get(name, 0) + (purger(person) or 0)
    return {name: number for name, number in cleared.items() if number}


def preview(person):
    """What `purge` would do, as {name: rows}; nothing is changed."""
    with transaction.atomic():
        cleared = purge(person)
        transaction.set_rollback(True)
    return cleared


def covered():
    """The labels of all models that a purger names."""
    return frozenset().union(*(labels for _name, labels, _purger in _purgers))


def exempt():
    """{label: why} of the models whose texts are never about a resident."""
    return dict(_exempt)


def free_fields(model):
    """The fields of a model that hold what somebody typed: texts, encrypted texts, JSON, files; not codes, paths and hashes."""
    return [
        field
        for field in model._meta.local_concrete_fields
        if isinstance(field, (models.TextField, models.JSONField, models.BinaryField, models.FileField))
        or (
            isinstance(field, models.CharField)
            and not field.choices
            and not field.name.endswith(("_hash", "_path", "path", "_path_then"))
            and (field.max_length or 0) >= SHORTEST_FREE_TEXT
        )
    ]


# Shorter columns are codes and numbers.
SHORTEST_FREE_TEXT = 50


def blank(rows, *names):
    """Write "cleared" over these text fields of the rows, wherever they are not empty; returns how many rows had something.

    Search tokens follow, and the version counts on, so that what somebody is just typing over it meets a conflict.
    """
    fields = [rows.model._meta.get_field(name) for name in names]
    cleared = 0
    for row in rows.model._base_manager.filter(pk__in=rows.values("pk")).iterator(chunk_size=200):
        changed = {}
        for each in fields:
            value = cleared_value(each)
            if getattr(row, each.name) not in (value, each.get_default(), "", None, b"", [], {}):
                changed[each.name] = value
        if changed:
            write(row, **changed)
            cleared += 1
    return cleared


def write(row, **values):
    """Set these fields and what follows from them, past the verbs: there is no way back and no former value."""
    for name, value in values.items():
        setattr(row, name, value)
    derived = row.derive() if hasattr(row, "derive") else ()
    values |= {name: getattr(row, name) for name in derived}
    if "version" in {field.name for field in row._meta.concrete_fields}:
        values["version"] = models.F("version") + 1
    type(row)._base_manager.filter(pk=row.pk).update(**values)


def cleared_value(each):
    """What stands in a cleared field: nothing in a secret, a file or a structure, a word where a text was."""
    if isinstance(each, models.JSONField):
        return each.get_default()
    if isinstance(each, EncryptedBytesField | models.BinaryField):
        return b""
    return "" if isinstance(each, EncryptedTextField) else PURGED


def blank_where_named(person, rows, *names):
    """As `blank`, for those of the fields of these rows that name the person."""
    cleared = 0
    for row in rows.iterator(chunk_size=200):
        named = [name for name in names if person.is_named_in(getattr(row, name))]
        cleared += blank(rows.model._base_manager.filter(pk=row.pk), *named) if named else 0
    return cleared


def blank_where_sure(person, rows, *names):
    """As `blank`, for those of many rows in which a number of the person stands as it is; the database looks for it."""
    found = models.Q(pk__in=[])
    for name in names:
        for word in person.sure:
            found |= models.Q(**{f"{name}__icontains": word})
    return blank(rows.filter(found), *names) if person.sure else 0


def stands_in_file(person, data):
    """Whether a table that somebody brought or took away names the person. What cannot be read counts as naming everybody."""
    if not data:
        return False
    if not data.startswith(b"PK"):
        texts = (data.decode(code, errors="ignore") for code in ("utf-8", "gb18030", "utf-16-le"))
        return person.is_named_in(*texts) or person.is_named_in(data[1:].decode("utf-16-le", errors="ignore"))
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as book:
            return any(
                person.is_named_in(TAGS.sub("", part)) or person.is_named_in(part)
                for part in (book.read(name).decode("utf-8", errors="ignore") for name in book.namelist())
            )
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError):
        return True
