"""What the clock does for the registers: acts that were entered for a day are carried out on it."""

from django.db import DatabaseError, transaction
from django.utils import timezone

from communities import reorganising
from communities.models import ManagementChange, Reorganisation
from foundation.journal.moves import Conflict, NotAllowed


def keep_registers(*, now):
    """Carry out what is due and sweep up after places that moved. Twice or three days late: the same result."""
    today = timezone.localdate(now)
    for change in ManagementChange.objects.due(today).for_detail():
        carry_out(change)
    for change in Reorganisation.objects.due(today):
        carry_out(change)
    for change in Reorganisation.objects.carried_out_since(now - reorganising.SWEPT):
        reorganising.sweep(change)


def carry_out(change):
    """Carry one out, in a transaction of its own; what has become impossible lapses, and whoever entered it is told."""
    try:
        change.carry_out()
    except NotAllowed:
        lapse(change)
    except Conflict:
        pass  # somebody is changing the same row, or another worker was faster: the next tick looks again


def lapse(change):
    try:
        with transaction.atomic():
            fresh = type(change).objects.get(pk=change.pk)
            fresh.lapse()
    except (NotAllowed, Conflict, DatabaseError):
        pass  # carried out or cancelled meanwhile
