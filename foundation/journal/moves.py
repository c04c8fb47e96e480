"""Changing a row that people work on: one guarded UPDATE and one entry, so that of two people one wins."""

from copy import copy
from dataclasses import dataclass

from django.core.exceptions import PermissionDenied
from django.db import models, transaction

from foundation.journal.models import (
    AlreadyDone,
    AppendOnly,
    Conflict,
    accessed,
    accessed_all,
    done_already,
    history,
    keep_former,
    label,
    record,
    record_all,
    refuse_repeat,
    subject,
    timeline,
)

__all__ = [
    "AlreadyDone",
    "AppendOnly",
    "Conflict",
    "Move",
    "NotAllowed",
    "accessed",
    "accessed_all",
    "done_already",
    "history",
    "label",
    "move",
    "record",
    "record_all",
    "revise",
    "subject",
    "timeline",
    "verbs_open_to",
]


class NotAllowed(PermissionDenied):
    """The step is not part of the life of `obj` as it stands now."""

    def __init__(self, obj=None, verb=""):
        super().__init__(f"{verb}: {obj}")
        self.obj = obj
        self.verb = verb


@dataclass(frozen=True)
class Move:
    """One row of a workflow table: from which states, to which (None: stays), and whether residents see the step.

    `label` is the word on the button (lazy), `ability` the right that it needs; both are read by pages, not here.
    """

    before: tuple
    after: str | None = None
    public: bool = False
    label: str = ""
    ability: str = ""


def verbs_open_to(obj):
    """The verbs of MOVES that lead on from the present state, in the order of the table."""
    return [verb for verb, step in obj.MOVES.items() if obj.status in step.before]


@transaction.atomic
def move(obj, verb, *, by, note="", public_note=False, data=None, key=None, on_behalf_of=None, seen=None, **changes):
    """Take `obj` one step further along its MOVES, set `changes`, and write the entry.

    The row must still have the status and version that `obj` has in memory; `seen` is the version that the person had
    on the screen, if the form carried it. Raises NotAllowed when the verb does not start from this status, Conflict
    when the row has changed meanwhile, AlreadyDone when the same person sent the form `key` before. `obj` is brought
    up to date in memory.
    """
    step = obj.MOVES[verb]
    before = str(obj.status)
    if obj.status not in step.before:
        refuse_repeat(key, obj, verb, by=by)
        raise NotAllowed(obj, verb)
    after = before if step.after is None else str(step.after)
    _refuse_outdated(obj, verb, seen, key=key, by=by)
    _update(obj, verb, {"status": after, **changes}, {"status": before}, key=key, by=by)
    return record(
        obj,
        verb,
        by=by,
        fields=changes,
        before=before,
        after=after,
        data=data,
        note=note,
        public=step.public,
        public_note=public_note,
        key=key,
        on_behalf_of=on_behalf_of,
    )


@transaction.atomic
def revise(obj, verb, *, by, note="", data=None, key=None, on_behalf_of=None, seen=None, public=False, **changes):
    """Change fields of `obj` without a step of its workflow, guarded by the version; `seen` as in `move`.

    Compared with what is stored, so `obj` may already carry the new values (a ModelForm does that). Returns None and
    writes nothing if nothing differs. Raises Conflict and AlreadyDone as `move` does.
    """
    _refuse_outdated(obj, verb, seen, key=key, by=by)
    stored = _rows(obj).filter(version=obj.version).first()
    if stored is None:
        refuse_repeat(key, obj, verb, by=by)
        raise Conflict(obj)
    changed = {name: value for name, value in changes.items() if getattr(stored, name) != value}
    if not changed:
        return None
    _update(obj, verb, changed, {}, key=key, by=by)
    status = str(getattr(obj, "status", ""))
    entry = record(
        obj,
        verb,
        by=by,
        fields=changed,
        before=status,
        after=status,
        data=data,
        note=note,
        public=public,
        key=key,
        on_behalf_of=on_behalf_of,
    )
    keep_former(entry, stored, changed)
    return entry


def _rows(obj):
    return type(obj)._base_manager.using(obj._state.db).filter(pk=obj.pk)


def _refuse_outdated(obj, verb, seen, *, key, by):
    if seen is not None and int(seen) != obj.version:
        refuse_repeat(key, obj, verb, by=by)
        raise Conflict(obj)


def _update(obj, verb, changes, guard, *, key, by):
    """Write `changes`, what follows from them and the next version, unless somebody was faster (`obj` stays then)."""
    changed = copy(obj)
    _set(changed, changes)
    values = {**changes, **_derived(obj, changed), "version": obj.version + 1}
    if not _rows(obj).filter(version=obj.version, **guard).update(**values):
        refuse_repeat(key, obj, verb, by=by)
        raise Conflict(obj)
    _set(obj, values)


def _set(obj, values):
    for name, value in values.items():
        setattr(obj, name, value)


def _derived(obj, changed):
    """What `save()` would have set along: moments of the last change, and what the model derives (tokens, hashes)."""
    moments = {
        field.attname: field.pre_save(changed, add=False)
        for field in obj._meta.concrete_fields
        if isinstance(field, models.DateField) and field.auto_now
    }
    names = changed.derive() if hasattr(changed, "derive") else ()
    return moments | {name: getattr(changed, name) for name in names if getattr(changed, name) != getattr(obj, name)}
