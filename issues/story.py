"""The course of an issue in plain sentences, from its journal. The journal holds verbs and names; the sentences stand in workflow.py."""

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from foundation.journal.models import Entry
from issues.models.reminder import Clock, Told
from issues.workflow import BIRTH_SENTENCES, MOVES, Reason


@dataclass(frozen=True)
class Line:
    """One step as a page shows it; `is_public` is about the note: may residents read it?"""

    entry: Entry
    sentence: str
    detail: str
    note: str
    is_public: bool

    @property
    def is_clock(self):
        """Whether a limit made itself heard, not a person."""
        return self.entry.verb == "reminded"


def story_of(entries):
    """The lines for these journal entries (see `foundation.journal.moves.timeline`)."""
    return [
        Line(entry, sentence_of(entry), detail_of(entry), entry.note_text, bool(entry.note_text and entry.note.public))
        for entry in entries
    ]


def who(entry):
    """The actor; a substitute together with the person stood in for: "冯雪（代周建平）"."""
    if entry.actor is None:
        return _("The portal")
    if entry.on_behalf_of is None:
        return entry.actor.name
    return _("%(actor)s (for %(principal)s)") % {"actor": entry.actor.name, "principal": entry.on_behalf_of.name}


def sentence_of(entry):
    facts = {"who": who(entry)} | {name: entry.data.get(name, "") for name in ("unit", "round", "handler")}
    if entry.verb in MOVES:
        return str(MOVES[entry.verb].sentence) % facts
    if entry.verb in BIRTH_SENTENCES:
        return str(BIRTH_SENTENCES[entry.verb]) % facts
    if entry.verb == "reminded":
        return reminder_of(entry.data)
    if entry.verb == "void":
        return _("%(who)s withdrew the record.") % facts
    return _("%(who)s changed the record.") % facts


def reminder_of(data):
    told = dict(Told.choices).get(data.get("told"), "")
    if data.get("clock") == Clock.SIGN:
        return _("The work order was not signed for in time; reminded: %(told)s.") % {"told": told}
    if data.get("offset", 0) < 0:
        return _("The limit comes near; reminded: %(told)s.") % {"told": told}
    return _("The limit has passed; reminded: %(told)s.") % {"told": told}


def detail_of(entry):
    """What else the step settled: the limit it set, the reason it gave."""
    if days := entry.data.get("workdays"):
        return ngettext("limit %(days)d working day", "limit %(days)d working days", days) % {"days": days}
    if reason := entry.data.get("reason"):
        return str(dict(Reason.choices).get(reason, ""))
    return ""
