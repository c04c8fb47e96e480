"""What waits for somebody, each as one condition: the desk counts by it and the list opens it, so that they cannot differ."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, time

from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from foundation.workdays.calendar import add_workdays
from issues.models.finding import (
    day_after,
    is_at_desk_of,
    is_due,
    is_in_places_of,
    is_left_to,
    is_sent_up_from,
    is_with_unit_of,
)
from issues.models.work_order import WorkOrder
from issues.workflow import OPEN, Status

SOON_WORKDAYS = 2


@dataclass(frozen=True)
class Queue:
    """`condition(user, now)` gives the open issues that wait; `title` heads their list."""

    title: str
    condition: Callable

    def rows(self, user, now):
        return Q(status__in=OPEN, voided_at__isnull=True) & self.condition(user, now)


def end_of_soon(now):
    """The first moment after the second working day from today."""
    last = add_workdays(timezone.localdate(now), SOON_WORKDAYS).date
    return timezone.make_aware(datetime.combine(last, time.max))


def is_to_decide(user, now):
    return is_at_desk_of(user) & Q(status__in=(Status.SUBMITTED, Status.REGISTERED))


def is_waiting(user, now):
    """Everything that needs the user now: decisions, work, call-backs, and what is due or late in his places."""
    return (
        is_to_decide(user, now)
        | is_with_unit_of(user)
        | is_left_to(user, timezone.localdate(now))
        | (is_due(None, day_after(now)) & is_in_places_of(user))
    )


def is_away(user, now):
    """Of the user's places, but with somebody else: on a desk above, or with a unit that has not signed."""
    return is_sent_up_from(user) | (is_in_places_of(user) & Q(status=Status.DISPATCHED))


QUEUES = {
    "waiting": Queue(_("What waits for me"), is_waiting),
    "to_decide": Queue(_("To register or dispatch"), is_to_decide),
    "to_verify": Queue(_("To call back"), lambda user, now: is_left_to(user, timezone.localdate(now))),
    "due_today": Queue(_("Due today"), lambda user, now: is_in_places_of(user) & is_due(now, day_after(now))),
    "due_soon": Queue(
        _("Due within 2 working days"),
        lambda user, now: is_in_places_of(user) & is_due(day_after(now), end_of_soon(now)),
    ),
    "late": Queue(_("Overdue"), lambda user, now: is_in_places_of(user) & is_due(None, now)),
    "away": Queue(_("Sent up or not signed for"), is_away),
    "sent_up": Queue(_("Sent up by the community"), lambda user, now: ~Q(desk__division=F("community"))),
    "to_sign": Queue(_("To sign for"), lambda user, now: is_with_unit_of(user, WorkOrder.State.PENDING)),
    "to_handle": Queue(_("To handle"), lambda user, now: is_with_unit_of(user, WorkOrder.State.SIGNED)),
    "unit_due": Queue(
        _("Due within 2 working days"), lambda user, now: is_with_unit_of(user) & is_due(now, end_of_soon(now))
    ),
    "unit_late": Queue(_("Overdue"), lambda user, now: is_with_unit_of(user) & is_due(None, now)),
}
