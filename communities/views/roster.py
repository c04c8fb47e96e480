from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from communities.access import CHANGE, READ
from communities.forms.roster import (
    RosterCreateForm,
    RosterMapForm,
    RosterRevertForm,
    RosterSheetForm,
    RosterStepForm,
)
from communities.models import Roster
from communities.models.roster import RosterKind, RosterStatus, kinds_open_to
from communities.rosters.faults import FileFault
from communities.rosters.faulty import faulty_rows
from communities.rosters.mapping import propose
from communities.rosters.shown import fault_lines, obstacle_lines
from communities.rosters.template import template
from foundation.acting import act
from foundation.journal.moves import accessed
from foundation.sheets import file_response
from foundation.shortcuts import get_for, page_of, posted

FAULTS_A_PAGE = 50


@require_safe
def roster_list(request):
    """The imports of one's own places, the latest first."""
    if not kinds_open_to(request.user, READ):
        raise PermissionDenied
    context = {
        "page": page_of(request, Roster.objects.visible_to(request.user).for_list()),
        "kinds": kinds_open_to(request.user, CHANGE),
    }
    return render(request, "communities/roster_list.html", context)


@require_safe
def roster_template(request):
    """The empty file for the kind of roster that `kind` names, in the reader's language."""
    kinds = [kind.value for kind in kinds_open_to(request.user, CHANGE)]
    kind = request.GET.get("kind") or next(iter(kinds), None)
    if kind not in kinds:
        raise PermissionDenied
    return file_response(f"roster-{kind}", template(kind))


def roster_create(request):
    """Upload a ledger. One whose headings are known goes straight on to the check."""
    if not kinds_open_to(request.user, CHANGE):
        raise PermissionDenied
    form = RosterCreateForm(
        posted(request),
        request.FILES or None,
        user=request.user,
        initial={"kind": request.GET.get("kind", "")},
    )
    if request.method == "POST" and form.is_valid():
        roster = Roster.objects.receive(by=request.user, **form.cleaned_data)
        return redirect(check_if_known(request, roster))
    context = {"form": form, "kinds": kinds_open_to(request.user, CHANGE)}
    return render(request, "communities/roster_create.html", context)


def check_if_known(request, roster):
    """Start the check of a ledger that needs no mapping; returns where to go."""
    proposal = propose(roster.kind, roster.area_path, roster.outline)
    if roster.status != RosterStatus.UPLOADED or not proposal.is_known:
        return roster if roster.status != RosterStatus.UPLOADED else roster_map_address(roster)
    roster.map_and_check(
        by=request.user,
        sheet=proposal.sheet,
        heading_row=proposal.heading_row,
        mapping=proposal.mapping,
        fingerprint=proposal.fingerprint,
    )
    messages.info(request, _("The columns were recognised; the check has begun."))
    return roster


def roster_map_address(roster):
    return reverse("roster_map", args=[roster.pk])


@require_safe
def roster_detail(request, pk):
    """What was found, what can be done next, and how far the work is."""
    roster = get_for(request.user, Roster.objects.for_detail(), pk=pk)
    hints = request.GET.get("show") == "hints"
    faults = page_of(request, roster.faults.filter(is_hint=hints), FAULTS_A_PAGE)
    may_change = Roster.objects.changeable_by(request.user).filter(pk=pk).exists()
    context = {
        "roster": roster,
        "may_change": may_change,
        "step": RosterStepForm(row=roster) if may_change else None,
        "is_my_job": roster.job is not None and roster.job.owner_id == request.user.pk,
        "faults": faults,
        "lines": fault_lines(roster, faults.object_list),
        "show_hints": hints,
        "unlisted": max(roster.counts.get("hints" if hints else "faults", 0) - faults.paginator.count, 0),
        "obstacles": obstacle_lines(roster.counts.get("obstacles") or roster.counts.get("left") or []),
        "slips": may_change and roster.kind == RosterKind.STAFF and roster.slips.count(),
    }
    return render(request, "communities/roster_detail.html", context)


def roster_map(request, pk):
    """Which column is what. Sheet and heading row are chosen first; what was typed in a refused form stays."""
    roster = get_for(request.user, Roster.objects.for_detail(), pk=pk, change=True)
    outline = roster.outline
    if not outline or roster.status not in (RosterStatus.UPLOADED, RosterStatus.CHECKED):
        return redirect(roster)
    proposal = chosen_proposal(request, roster, outline)
    form = RosterMapForm(posted(request), row=roster, proposal=proposal)
    context = {
        "roster": roster,
        "places": RosterSheetForm(outline=outline, proposal=proposal),
        "hidden": sum(page["hidden"] for page in outline),
    }
    return act(request, form, roster.map_and_check, template="communities/roster_map.html", context=context)


def chosen_proposal(request, roster, outline):
    """For the sheet and heading row that the form carries, or that were chosen before it; else the best guess, or what stood before."""
    pages = [page for page in outline if not page["hidden"] and page["rows"]]
    if request.method == "POST":
        name, row = request.POST.get("sheet"), number(request.POST.get("heading_row"))
    elif "sheet" in request.GET:
        at = number(request.GET.get("sheet"))
        name = pages[at]["name"] if at is not None and at < len(pages) else None
        # Another sheet has other rows; its own heading row is looked for.
        row = number(request.GET.get("row")) if request.GET.get("sheet") == request.GET.get("was") else None
    else:
        name, row = roster.sheet or None, roster.heading_row
    proposal = propose(roster.kind, roster.area_path, outline, name, row)
    if roster.mapping and (proposal.sheet, proposal.heading_row) == (roster.sheet, roster.heading_row):
        proposal.mapping = roster.columns
    return proposal


def number(text):
    return int(text) if text and text.isdecimal() and len(text) < 8 else None


def roster_check(request, pk):
    """Begin the dry run, or do it again."""
    roster = get_for(request.user, Roster.objects.for_detail(), pk=pk, change=True)
    if not roster.mapping:
        return redirect(roster_map_address(roster))
    return step(request, roster, RosterStepForm, roster.start_check, "communities/roster_check.html")


def roster_apply(request, pk):
    """Begin to enter the good rows."""
    roster = get_for(request.user, Roster.objects.for_detail(), pk=pk, change=True)
    return step(request, roster, RosterStepForm, roster.start_apply, "communities/roster_apply.html")


def roster_revert(request, pk):
    """Begin to take an import back as a whole."""
    roster = get_for(request.user, Roster.objects.for_detail(), pk=pk, change=True)
    return step(request, roster, RosterRevertForm, roster.start_revert, "communities/roster_revert.html")


def step(request, roster, form, verb, template):
    form = form(posted(request), row=roster)
    return act(request, form, verb, template=template, context={"roster": roster})


@never_cache
@require_POST
def roster_faults(request, pk):
    """The faulty rows as a file, with reasons; logged, because names and numbers of people stand in it."""
    roster = get_for(request.user, Roster.objects.for_detail(), pk=pk, change=True)
    try:
        data, rows = faulty_rows(roster, request.user)
    except FileFault as fault:
        messages.error(request, str(fault))
        return redirect(roster)
    accessed(roster, "export:roster_faults", by=request.user, context=roster.label, rows=rows)
    return file_response(f"roster-{roster.pk}-faulty", data)


@never_cache
@require_POST
def roster_slips(request, pk):
    """First passwords of the accounts that this import opened, one slip each, to print. Shown once: they are deleted with this answer."""
    roster = get_for(request.user, Roster.objects.for_detail(), pk=pk, change=True)
    slips = roster.show_slips(by=request.user)
    if not slips:
        messages.warning(request, _("A password is shown only once. If it was not noted, issue a new one."))
        return redirect(roster)
    response = render(request, "communities/roster_slips.html", {"roster": roster, "slips": slips})
    response["Cache-Control"] = "no-store"
    return response
