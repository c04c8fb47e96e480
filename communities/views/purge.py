"""Clearing what has been kept long enough, or what somebody asks to have cleared: one proposes, another confirms."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from communities.access import CHANGE, demand, may, may_on
from communities.forms.purge import CarePurgeForm, ProposeAllForm, PurgeConfirmForm, PurgeProposeForm, PurgeWithdrawForm
from communities.models import CareEntry, Purge, Resident
from communities.models.retention import care_due, obstacles, people_due
from communities.views.resident import crumbs_of
from communities.words import lines
from foundation.acting import act
from foundation.journal.moves import Conflict, timeline
from foundation.purging import word_of
from foundation.shortcuts import get_for, page_of, posted

MOST_ENTRIES = 100


@never_cache
def purge_list(request):
    """What is due to be cleared, and what has been proposed: to confirm, confirmed, kept after all."""
    user, today = request.user, timezone.localdate()
    demand(user, "retention")
    open_ones = Purge.objects.open()
    people = people_due(Resident.objects.visible_to(user), today).exclude(
        pk__in=open_ones.filter(resident__isnull=False).values("resident")
    )
    entries = care_due(CareEntry.objects.visible_to(user), today).exclude(
        pk__in=open_ones.filter(care_entry__isnull=False).values("care_entry")
    )
    context = {
        "people": page_of(request, people.select_related("household").order_by("ended_on", "pk")),
        "entries": entries.for_list()[:MOST_ENTRIES],
        "proposals": Purge.objects.visible_to(user).for_list()[:MOST_ENTRIES],
        "may_propose": may(user, "retention", CHANGE),
        "form": ProposeAllForm(),
    }
    return render(request, "communities/purge_list.html", context)


@require_POST
def purge_propose_all(request):
    """Propose what was ticked on the list."""
    demand(request.user, "retention", CHANGE)
    form = ProposeAllForm(request.POST)
    if not form.is_valid():
        messages.warning(request, _("Nothing was ticked."))
        return redirect("purge_list")
    done = Purge.objects.propose_due(by=request.user, **form.cleaned_data)
    messages.success(request, ngettext("%(n)d proposal made.", "%(n)d proposals made.", done) % {"n": done})
    return redirect("purge_list")


def purge_propose(request, pk):
    """Somebody asks to have his or her data cleared."""
    resident = get_for(request.user, Resident.objects.for_detail(), pk=pk)
    allow(request.user, resident)
    ground = Purge.Ground.REQUEST
    return propose(
        request, {"resident": resident}, ground, "communities/purge_propose.html", PurgeProposeForm, resident
    )


def care_purge(request, pk):
    """Somebody asks to have an ended care entry cleared."""
    entry = get_for(request.user, CareEntry.objects.for_detail(), pk=pk)
    allow(request.user, entry)
    ground = Purge.Ground.REQUEST
    return propose(request, {"care_entry": entry}, ground, "communities/care_purge.html", CarePurgeForm, entry.resident)


def allow(user, row):
    if not may_on(user, "retention", CHANGE, row):
        raise PermissionDenied


def propose(request, subject, ground, template, form_class, resident):
    form = form_class(posted(request))
    hindered = obstacles(subject.get("resident"), subject.get("care_entry"), ground, today=timezone.localdate())
    if request.method == "POST" and form.is_valid() and not hindered:
        try:
            return redirect(Purge.objects.propose(by=request.user, ground=ground, **subject, **form.cleaned_data))
        except Conflict as standing:
            return redirect(standing.obj)
    context = {
        "form": form,
        "resident": resident,
        "entry": subject.get("care_entry"),
        "obstacles": hindered,
        "crumbs": crumbs_of(request.user, resident.household, _("Clear the data")),
    }
    return render(request, template, context)


@never_cache
def purge_detail(request, pk):
    """One proposal: whose data, why, what would be cleared, and by whom it may be decided."""
    row = get_for(request.user, Purge.objects.for_list(), pk=pk)
    context = {
        "purge": row,
        "parts": parts_of(row),
        "obstacles": hindrances(row),
        "entries": lines(timeline(row)),
        "may_confirm": row.may_be_confirmed_by(request.user),
        "may_withdraw": row.is_open and may(request.user, "retention", CHANGE),
    }
    return render(request, "communities/purge_detail.html", context)


def parts_of(row):
    """[(what, how many rows)] that were cleared, or would be."""
    counts = row.preview() if row.is_open else row.counts
    return [(word_of(name), number) for name, number in counts.items()]


def hindrances(row):
    return obstacles(row.resident, row.care_entry, row.ground, today=timezone.localdate()) if row.is_open else []


@never_cache
def purge_confirm(request, pk):
    """The second pair of eyes: clear the data, for good."""
    row = get_for(request.user, Purge.objects.for_list(), pk=pk, change=True)
    if not row.may_be_confirmed_by(request.user):
        if request.method == "GET" and not row.is_open:
            return redirect(row)
        raise PermissionDenied
    form = PurgeConfirmForm(posted(request), row=row)
    context = {"purge": row, "parts": parts_of(row), "obstacles": hindrances(row)}
    return act(request, form, row.confirm, template="communities/purge_confirm.html", context=context)


def purge_withdraw(request, pk):
    """The data are kept after all."""
    row = get_for(request.user, Purge.objects.for_list(), pk=pk, change=True)
    if request.method == "GET" and not row.is_open:
        return redirect(row)
    form = PurgeWithdrawForm(posted(request), row=row)
    return act(request, form, row.withdraw, template="communities/purge_withdraw.html", context={"purge": row})
