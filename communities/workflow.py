"""Lives of what keeps the registers true, as plain data: suggestions, management of compounds, changes of the territory.

Buttons, verbs, the clock and the tests read these tables.
"""

from django.db import models
from django.utils.translation import gettext_lazy as _

from foundation.journal.moves import Move


class Advice(models.TextChoices):
    """How a suggested correction stands."""

    OPEN = "open", _("waiting for a decision")
    ACCEPTED = "accepted", _("accepted")
    DECLINED = "declined", _("declined")
    WITHDRAWN = "withdrawn", _("withdrawn")


ADVICE_TONES = {
    Advice.OPEN: ("warn", "clock"),
    Advice.ACCEPTED: ("ok", "check"),
    Advice.DECLINED: ("calm", "close"),
    Advice.WITHDRAWN: ("calm", "undo"),
}
ADVICE_MOVES = {
    "accept": Move(before=(Advice.OPEN,), after=Advice.ACCEPTED, label=_("Accept")),
    "decline": Move(before=(Advice.OPEN,), after=Advice.DECLINED, label=_("Decline")),
    "withdraw": Move(before=(Advice.OPEN,), after=Advice.WITHDRAWN, label=_("Withdraw")),
}


class Step(models.TextChoices):
    """How an act stands that is entered for a day: a change of management, a change of the territory."""

    DRAFT = "draft", _("drawn up, not decided")
    PLANNED = "planned", _("planned")
    DONE = "done", _("carried out")
    UNDONE = "undone", _("taken back")
    CANCELLED = "cancelled", _("cancelled")
    LAPSED = "lapsed", _("not carried out")


STEP_TONES = {
    Step.DRAFT: ("calm", "edit"),
    Step.PLANNED: ("warn", "clock"),
    Step.DONE: ("ok", "check"),
    Step.UNDONE: ("calm", "undo"),
    Step.CANCELLED: ("calm", "close"),
    Step.LAPSED: ("bad", "alert"),
}
# A change of management is planned or, if its day has come, carried out in the breath in which it is entered.
MANAGEMENT_MOVES = {
    "plan": Move(before=(Step.DRAFT,), after=Step.PLANNED, label=_("Plan")),
    "carry_out": Move(before=(Step.DRAFT, Step.PLANNED), after=Step.DONE, label=_("Carry out")),
    "undo": Move(before=(Step.DONE,), after=Step.UNDONE, label=_("Take back")),
    "cancel": Move(before=(Step.PLANNED,), after=Step.CANCELLED, label=_("Cancel the plan")),
    "lapse": Move(before=(Step.PLANNED,), after=Step.LAPSED, label=_("Found to be out of date")),
}
# A change of the territory is drawn up, looked at in its preview, and only then planned.
TERRITORY_MOVES = {
    "confirm": Move(before=(Step.DRAFT,), after=Step.PLANNED, label=_("Confirm")),
    "carry_out": Move(before=(Step.PLANNED,), after=Step.DONE, label=_("Carry out")),
    "cancel": Move(before=(Step.DRAFT, Step.PLANNED), after=Step.CANCELLED, label=_("Cancel")),
    "lapse": Move(before=(Step.PLANNED,), after=Step.LAPSED, label=_("Found to be impossible")),
}


class Management(models.TextChoices):
    PROPERTY = "property", _("property company")
    SELF = "self", _("self-managed")
    INTERIM = "interim", _("managed by the community")
    NONE = "none", _("unmanaged")


# How a compound can go on (domain.md A13): unmanaged → interim → self-managed or property company; and back, with a reason.
# A property company may be followed by another one.
TRANSITIONS = {
    Management.NONE: (Management.INTERIM,),
    Management.INTERIM: (Management.SELF, Management.PROPERTY, Management.NONE),
    Management.SELF: (Management.PROPERTY, Management.INTERIM, Management.NONE),
    Management.PROPERTY: (Management.PROPERTY, Management.SELF, Management.INTERIM, Management.NONE),
}
