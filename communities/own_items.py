"""What of places and of the duty roster is open with one person (see communities.open_items)."""

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from communities.models import Compound, Leave, Shift
from communities.models.leave import Status
from communities.models.shift import RELEASED
from communities.open_items import Item, contribute
from foundation.templatetags.portal import day, named


def responsible_compounds(person):
    """Compounds that name this person as the one to look for."""
    rows = Compound.objects.standing().filter(responsible=person).for_list()
    return [
        Item("compound", row, row.name, named(row.community), row.get_absolute_url(), personal=True) for row in rows
    ]


def give_compound(compound, *, by, giver, taker):
    compound.correct(by=by, responsible=taker)


def nameless_compound(compound, *, by):
    """Without a name of its own the compound is answered for by its grid worker or secretary."""
    compound.correct(by=by, responsible=None)


def shifts_ahead(person):
    """Days on which this person is on duty, the one that runs now among them."""
    rows = Shift.objects.standing().of(person).ahead(timezone.now()).for_list()
    return [
        Item(
            "shift",
            row,
            f"{day(row.on)} {row.get_part_display()}",
            named(row.division),
            row.get_absolute_url(),
            personal=True,
            due=row.on,
        )
        for row in rows
    ]


def give_shift(shift, *, by, giver, taker):
    shift.give_to(taker, by=by)


def empty_shift(shift, *, by):
    shift.void(by=by, reason=RELEASED)


def leaves_to_know(person):
    """Leaves for which this person stands in, and those that wait for an answer from those who lead there."""
    today = timezone.localdate()
    rows = Leave.objects.not_over(today).filter(substitute=person).exclude(status=Status.DECLINED).for_list()
    return [
        Item(
            "leave",
            row,
            _("stands in for %(name)s") % {"name": row.user.name},
            row.get_status_display(),
            row.get_absolute_url(),
            due=row.until,
        )
        for row in rows
    ]


contribute(
    "compound",
    gettext_lazy("Compounds whose responsible person one is"),
    responsible_compounds,
    give_compound,
    nameless_compound,
)
contribute("shift", gettext_lazy("Shifts on the duty roster"), shifts_ahead, give_shift, empty_shift)
contribute("leave", gettext_lazy("Standing in for others"), leaves_to_know)
