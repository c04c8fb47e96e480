"""The life of an issue as plain data: states, moves, who may make them. Buttons, verbs, bulk and tests all read this table.

The meaning of every state and move stands in docs/issues.md. `who` names parties; `issues.parties` says who they are for one issue.
"""

from dataclasses import dataclass

from django.db import models
from django.utils.translation import gettext_lazy as _

from foundation.journal.moves import Move as JournalMove


class Status(models.TextChoices):
    SUBMITTED = "submitted", _("awaiting registration")
    REGISTERED = "registered", _("registered")
    DISPATCHED = "dispatched", _("dispatched, not signed for")
    IN_PROGRESS = "in_progress", _("in progress")
    VERIFYING = "verifying", _("awaiting call-back")
    CLOSED = "closed", _("closed")


OPEN = (Status.SUBMITTED, Status.REGISTERED, Status.DISPATCHED, Status.IN_PROGRESS, Status.VERIFYING)
# States in which the handling clock runs.
RUNNING = (Status.REGISTERED, Status.DISPATCHED, Status.IN_PROGRESS)
TONES = {
    Status.SUBMITTED: "warn",
    Status.REGISTERED: "calm",
    Status.DISPATCHED: "calm",
    Status.IN_PROGRESS: "calm",
    Status.VERIFYING: "warn",
    Status.CLOSED: "ok",
}


class Reason(models.TextChoices):
    """Why an issue is closed; there is no bare "closed"."""

    ON_SPOT = "resolved_on_spot", _("solved on the spot")
    RESOLVED = "resolved", _("solved")
    PARTLY = "partly_resolved", _("partly solved")
    EXPLAINED = "explained", _("answered and explained")
    UNREACHABLE = "unreachable", _("resident could not be reached")


class Party(models.TextChoices):
    """Who may make a move."""

    DESK = "desk", _("the office that has the issue now, and the offices above it")
    OFFICE = "office", _("the office that has the issue now")
    UNIT = "unit", _("the unit that has the work order")
    VERIFIER = "verifier", _("somebody of the owning community or above who did not handle it")
    READER = "reader", _("anybody who works on the issue")


@dataclass(frozen=True)
class Move(JournalMove):
    """One verb: from which states (`before`) to which (`after`, None: it stays), by whom, and how it is called."""

    who: Party = Party.DESK
    label: str = ""
    sentence: str = ""
    icon: str = "check"
    primary: bool = False


MOVES = {
    "register": Move(
        before=(Status.SUBMITTED,),
        after=Status.REGISTERED,
        who=Party.DESK,
        label=_("Register"),
        sentence=_("%(who)s registered the issue."),
        primary=True,
        public=True,
    ),
    "take": Move(
        before=(Status.REGISTERED,),
        after=Status.IN_PROGRESS,
        who=Party.OFFICE,
        label=_("Handle it ourselves"),
        sentence=_("%(who)s took the issue on for %(unit)s."),
        icon="user",
        public=True,
    ),
    "dispatch": Move(
        before=(Status.REGISTERED,),
        after=Status.DISPATCHED,
        who=Party.DESK,
        label=_("Dispatch"),
        sentence=_("%(who)s dispatched it to %(unit)s."),
        icon="dispatch",
        primary=True,
        public=True,
    ),
    "send_up": Move(
        before=(Status.REGISTERED, Status.DISPATCHED, Status.IN_PROGRESS),
        after=Status.REGISTERED,
        who=Party.DESK,
        label=_("Send up"),
        sentence=_("%(who)s sent it up to %(unit)s."),
        icon="up",
        public=True,
    ),
    "reassign": Move(
        before=(Status.DISPATCHED, Status.IN_PROGRESS),
        after=Status.DISPATCHED,
        who=Party.DESK,
        label=_("Dispatch to another unit"),
        sentence=_("%(who)s dispatched it anew, to %(unit)s."),
        icon="dispatch",
        public=True,
    ),
    "sign": Move(
        before=(Status.DISPATCHED,),
        after=Status.IN_PROGRESS,
        who=Party.UNIT,
        label=_("Sign for it"),
        sentence=_("%(who)s signed for it at %(unit)s."),
        primary=True,
        public=True,
    ),
    "hand_on": Move(
        before=(Status.IN_PROGRESS,),
        after=None,
        who=Party.UNIT,
        label=_("Hand on to a colleague"),
        sentence=_("%(who)s handed it on to %(handler)s."),
        icon="user",
    ),
    "report_done": Move(
        before=(Status.IN_PROGRESS,),
        after=Status.VERIFYING,
        who=Party.UNIT,
        label=_("Report as done"),
        sentence=_("%(who)s reported it as done."),
        primary=True,
        public=True,
    ),
    "confirm": Move(
        before=(Status.VERIFYING,),
        after=Status.CLOSED,
        who=Party.VERIFIER,
        label=_("Close: the resident confirms"),
        sentence=_("%(who)s asked the resident and closed the issue."),
        primary=True,
        public=True,
    ),
    "confirm_not": Move(
        before=(Status.VERIFYING,),
        after=Status.IN_PROGRESS,
        who=Party.VERIFIER,
        label=_("Not solved: back to work"),
        sentence=_("%(who)s asked the resident: not solved. Round %(round)s begins."),
        icon="alert",
        public=True,
    ),
    "no_answer": Move(
        before=(Status.VERIFYING,),
        after=None,
        who=Party.VERIFIER,
        label=_("Nobody reached"),
        sentence=_("%(who)s could not reach the resident."),
        icon="phone",
    ),
    "close_unreachable": Move(
        before=(Status.VERIFYING,),
        after=Status.CLOSED,
        who=Party.VERIFIER,
        label=_("Close: not reachable"),
        sentence=_("%(who)s closed the issue after several attempts to reach the resident."),
        icon="phone",
        public=True,
    ),
    "comment": Move(
        before=OPEN,
        after=None,
        who=Party.READER,
        label=_("Write a note"),
        sentence=_("%(who)s wrote:"),
        icon="note",
    ),
}

# How a life begins: submitted, or solved at the visit and born closed.
BIRTHS = {"report": Status.SUBMITTED, "solve_on_spot": Status.CLOSED}
BIRTH_SENTENCES = {
    "report": _("%(who)s recorded the issue."),
    "solve_on_spot": _("%(who)s recorded it and solved it on the spot."),
}

# A call-back counts as unreachable after this many attempts on this many different days (issues.md 2.1).
UNREACHABLE_ATTEMPTS = 3
UNREACHABLE_DAYS = 2
