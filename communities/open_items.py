"""What is open with one person: the rooms above contribute their part, and say how each item gets another owner.

An item is *personal* when somebody is named on its row (the handler of a work order, the responsible person of a compound, who is
on duty): it needs another name. Everything else belongs to the post and is there for whoever holds the post next.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from django.db import models

from foundation.journal.models import label

SOURCES = {}


@dataclass(frozen=True)
class Item:
    """One open thing. `title` and `state` are shown to people who may see the row; only `as_line()` is kept."""

    kind: str
    row: models.Model
    title: str
    state: str
    url: str
    personal: bool = False
    due: date | None = None

    @property
    def subject(self):
        return label(self.row)

    def as_line(self):
        return {"kind": self.kind, "subject": self.subject, "personal": self.personal}


@dataclass(frozen=True)
class Source:
    """Items of one kind: `find(person)` lists them; `hand_on(row, by, giver, taker)` gives a personal one another owner.

    `release(row, by)` takes the name off where nobody follows; without it the row stays with its unit, whose others see it.
    """

    kind: str
    label: str
    find: Callable
    hand_on: Callable | None = None
    release: Callable | None = None


def contribute(kind, label, find, hand_on=None, release=None):
    """Register a kind of open items; called when an app is ready."""
    SOURCES[kind] = Source(kind, label, find, hand_on, release)


def open_items(person):
    """Everything that is open with a person, by kind in the order of registration."""
    return [item for source in SOURCES.values() for item in source.find(person)]


def personal_items(person):
    return [item for item in open_items(person) if item.personal]


def hand_on_all(items, *, by, giver, taker):
    """Give these personal items to `taker`; returns {kind: how many}. One that cannot be given raises what its verb raises."""
    moved = {}
    for item in items:
        SOURCES[item.kind].hand_on(item.row, by=by, giver=giver, taker=taker)
        moved[item.kind] = moved.get(item.kind, 0) + 1
    return moved


def release_all(items, *, by):
    """Leave these personal items with the office: nobody's name stands on them, and whoever holds the posts sees them."""
    for item in items:
        if SOURCES[item.kind].release:
            SOURCES[item.kind].release(item.row, by=by)
