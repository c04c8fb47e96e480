"""Field pages: the round of a visitor with a phone in a stairwell."""

from urllib.parse import urlencode
from uuid import uuid4

from django.core.exceptions import BadRequest, PermissionDenied
from django.db.models import Prefetch
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from communities.access import may
from communities.models import CareEntry, Household, Resident
from foundation.journal.moves import label
from foundation.shortcuts import get_for, page_of, words_of
from issues.models import Issue
from visits import rounds
from visits.forms.round import FIRST_TAPS, MET_TAPS, MISSED_TAPS, MetForm, MissedForm
from visits.models import Visit
from visits.models.visit import may_visit

# ?show= -> (word on the chip, which households)
CHIPS = {
    "due": (gettext_lazy("To visit now"), rounds.due),
    "long": (gettext_lazy("Not met for long"), rounds.not_met_for_long),
    "priority": (gettext_lazy("Priority care"), lambda households, now: rounds.priority(households)),
    "today": (gettext_lazy("Visited today"), rounds.visited_today),
    "all": (gettext_lazy("All households"), lambda households, now: households),
}
VISITS_SHOWN = 2
ISSUES_SHOWN = 10
VISITS_READ = 8


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def round_list(request):
    """Whom to visit: households in walking order. A search for a door or a name travels by POST."""
    if not may(request.user, "visits"):
        raise PermissionDenied
    now, words = timezone.now(), words_of(request)
    show = request.GET.get("show") if request.GET.get("show") in CHIPS else "due"
    households = rounds.households_for(request.user, now=now)
    if words:
        households = rounds.find(households, words)
    else:
        households = CHIPS[show][1](households, now=now)
    page = page_of(request, rounds.with_people(households).in_walking_order())
    return render(
        request,
        "visits/round_list.html",
        {
            "page": page,
            "rows": list(rows_of(page, tail_of(request), now=now)),
            "words": words,
            "show": "" if words else show,
            "chips": [(name, word) for name, (word, _rows) in CHIPS.items()],
        },
    )


def rows_of(page, tail, *, now):
    """The households of a page with everything that a row says of them; `tail` leads back to this page from their sheets."""
    today = rounds.visits_of_today([household.pk for household in page], now=now)
    for household in page:
        yield {
            "household": household,
            "person": rounds.person_to_meet(household),
            "door": rounds.door_of(household.stair, household.door),
            "chip": rounds.chip_of(household, now=now, visit=today.get(household.pk)),
            "last": rounds.last_met_words(household, now=now),
            "today": today.get(household.pk),
            "url": reverse("round_household", args=[household.pk]) + tail,
        }


@never_cache
@require_safe
def round_household(request, pk):
    """The sheet of a household: who lives here, what is open, who came last, and the big button."""
    user, now = request.user, timezone.now()
    household = get_for(user, rounds.with_next(sheet_of(user, now=now), user), pk=pk)
    visits = list(Visit.objects.visible_to(user).standing().filter(household=household).for_list()[:VISITS_READ])
    saved = next((visit for visit in visits if str(visit.pk) == request.GET.get("saved")), None)
    recent = rounds.recent_meetings(visits, now=now)
    return render(
        request,
        "visits/round_household.html",
        {
            "household": household,
            "chip": rounds.chip_of(household, now=now),
            "issues": open_issues(user, household),
            "visits": visits[:VISITS_SHOWN],
            "recent": recent if len(recent) >= rounds.VISITS_BEFORE_HINT else [],
            "saved": saved,
            "undone": "undone" in request.GET,
            "undoable": next((v for v in visits if not v.opinion_count and v.may_be_undone_by(user, now=now)), None),
            "may_visit": may_visit(user, household),
            "check": household.check_of(user),
            "may_call": may_visit(user, household) and rounds.is_due(household, now=now),
            # Each button has a number of its own: the same one twice is one visit, another one is another.
            "uuids": {name: uuid4() for name in FIRST_TAPS},
            "others": other_taps(),
            "door": rounds.door_of(household.stair, household.door),
            "next_door": rounds.door_of(household.next_stair or "", household.next_door or ""),
            "tail": tail_of(request),
        },
    )


def other_taps():
    """The buttons behind "more", each with the view that takes it and a number of its own."""
    for view, taps in (("round_met", MET_TAPS), ("round_missed", MISSED_TAPS)):
        for name, (word, _facts) in taps.items():
            if name not in FIRST_TAPS:
                yield {"view": view, "name": name, "label": word, "uuid": uuid4()}


def sheet_of(user, *, now):
    """What the sheet reads of households; categories of a sensitive group stay off the phone."""
    entries = CareEntry.objects.open().filter(category__sensitive="").select_related("category")
    harmless = Prefetch("care_entries", entries, to_attr="harmless_entries")
    people = Prefetch(
        "residents",
        Resident.objects.here().order_by("-is_head", "pk").prefetch_related(harmless),
        to_attr="people_here",
    )
    return (
        rounds.households_for(user, now=now).select_related("compound__community", "building").prefetch_related(people)
    )


def open_issues(user, household):
    """Open issues of the household; a confidential one would name its reporter here, so only its own readers see it."""
    issues = Issue.objects.visible_to(user).open().filter(household=household)
    return issues.for_reader(user).filter(is_confided=True).for_list().needed_first()[:ISSUES_SHOWN]


@require_POST
def round_met(request, pk):
    """One tap: somebody was met and all is well."""
    return log_tap(request, pk, MetForm(request.POST))


@require_POST
def round_missed(request, pk):
    """One tap: nobody was met, and why."""
    return log_tap(request, pk, MissedForm(request.POST))


def log_tap(request, pk, form):
    household = get_for(request.user, Household.objects.standing(), pk=pk)
    if not may_visit(request.user, household):
        raise PermissionDenied
    if not form.is_valid():
        raise BadRequest
    visit = Visit.objects.log(by=request.user, household=household, **form.facts)
    return redirect(sheet_url(request, visit))


@never_cache
@require_POST
def round_call(request, pk):
    """One tap: the phone number of somebody whose visit is due. The due visit is the reason and is named in the access log."""
    user, now = request.user, timezone.now()
    resident = get_for(user, Resident.objects.visitable(), pk=pk)
    household = get_for(user, sheet_of(user, now=now), pk=resident.household_id)
    if not (resident.phone and may_visit(user, household) and rounds.is_due(household, now=now)):
        raise PermissionDenied
    number = resident.reveal(by=user, what="phone", reason=str(_("Visit due")), context=label(household))
    context = {"resident": resident, "household": household, "number": number, "tail": tail_of(request)}
    return render(request, "visits/round_call.html", context)


@require_POST
def round_undo(request, pk):
    """Take back one's own entry of the last minutes."""
    visit = get_for(request.user, Visit.objects.select_related("household"), pk=pk)
    if not visit.was_taken_back_by(request.user):
        visit.undo(by=request.user, now=timezone.now())
    return redirect(sheet_url(request, visit, undone=1))


def tail_of(request):
    """The part of the query string that leads back to the list one came from, with its question mark; "" if there is none."""
    query = {name: request.GET[name] for name in ("show", "page") if name in request.GET}
    return f"?{urlencode(query)}" if query else ""


def sheet_url(request, visit, **done):
    """The sheet of the visit's household, which says what has just been done: by default that the visit is saved."""
    tail = tail_of(request)
    url = reverse("round_household", args=[visit.household_id])
    return f"{url}{tail}{'&' if tail else '?'}{urlencode(done or {'saved': visit.pk})}"
