"""Entries about what happened in a life: made from the household, read by date, taken back."""

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from communities.access import CHANGE, demand, may_on
from communities.breadcrumb import way_to
from communities.forms.life import HeadForm, LifeFilter, LifeUndoForm, form_for
from communities.lives import lines_of
from communities.models import Household, LifeEvent
from communities.models.life import LifeKind, kinds_open_to
from communities.views.household import tail_of
from foundation.acting import act
from foundation.journal.moves import Conflict, NotAllowed
from foundation.shortcuts import get_for, page_of, posted

# The kinds as the page offers them: heading, (kind, what it is for).
CHOICES = [
    (
        gettext_lazy("Somebody is no longer here"),
        [LifeKind.DEATH, LifeKind.MOVE_OUT, LifeKind.TENANT_OUT, LifeKind.MOVE],
    ),
    (
        gettext_lazy("Somebody is not at home for a time"),
        [LifeKind.HOSPITAL_IN, LifeKind.HOSPITAL_OUT, LifeKind.AWAY, LifeKind.BACK],
    ),
    (gettext_lazy("Somebody has joined"), [LifeKind.BIRTH, LifeKind.MOVE_IN, LifeKind.TENANT_IN]),
    (gettext_lazy("Registration"), [LifeKind.RESIDENCY]),
]
TITLES = {
    LifeKind.BIRTH: gettext_lazy("A child was born"),
    LifeKind.MOVE_IN: gettext_lazy("Moved in"),
    LifeKind.TENANT_IN: gettext_lazy("Tenants moved in"),
    LifeKind.DEATH: gettext_lazy("Somebody has died"),
    LifeKind.MOVE_OUT: gettext_lazy("Moved away"),
    LifeKind.TENANT_OUT: gettext_lazy("Tenants moved out"),
    LifeKind.MOVE: gettext_lazy("Moved to another home here"),
    LifeKind.HOSPITAL_IN: gettext_lazy("Went to hospital"),
    LifeKind.HOSPITAL_OUT: gettext_lazy("Came home from hospital"),
    LifeKind.AWAY: gettext_lazy("Away for a time"),
    LifeKind.BACK: gettext_lazy("Came back"),
    LifeKind.RESIDENCY: gettext_lazy("Registered here, lives elsewhere …"),
}
# What follows, said before it is saved.
FOLLOWS = {
    LifeKind.DEATH: gettext_lazy(
        "From now on nobody is reminded to visit this person. Open issues stay; the family can be called. It can be taken back."
    ),
    LifeKind.MOVE_OUT: gettext_lazy("From now on nobody is reminded to visit them here. It can be taken back."),
    LifeKind.TENANT_OUT: gettext_lazy("From now on nobody is reminded to visit them here. It can be taken back."),
    LifeKind.MOVE: gettext_lazy("Care level, issues and history go along; visits become due at the new home."),
    LifeKind.HOSPITAL_IN: gettext_lazy(
        "Visits to this person rest until the return is entered. Others of the household are visited as before."
    ),
    LifeKind.HOSPITAL_OUT: gettext_lazy("Visits become due again; with priority care, by the day after the return."),
    LifeKind.AWAY: gettext_lazy("Visits rest until the return is entered."),
    LifeKind.BACK: gettext_lazy("Visits become due again."),
    LifeKind.BIRTH: gettext_lazy("The child is added to the household; the ID number can follow later."),
}
SAVED = {
    LifeKind.DEATH: gettext_lazy("Recorded. From now on nobody is reminded to visit this person."),
    LifeKind.HOSPITAL_OUT: gettext_lazy("Recorded. Visits become due again."),
    LifeKind.BACK: gettext_lazy("Recorded. Visits become due again."),
    LifeKind.HOSPITAL_IN: gettext_lazy("Recorded. Visits to this person rest until the return."),
    LifeKind.AWAY: gettext_lazy("Recorded. Visits rest until the return."),
}


def life_create(request, pk):
    """Something happened in the household `pk`: choose what (`?kind=`), then who and when. `?resident=` names the person."""
    user = request.user
    household = get_for(user, Household.objects.for_detail(), pk=pk, change=True)
    person = person_named(request, household)
    kind = request.GET.get("kind", "")
    context = {"household": household, "person": person, "crumbs": crumbs_of(user, household, _("Changes"))}
    if kind not in LifeKind.values:
        return render(request, "communities/life_create.html", context | {"groups": groups_for(household, person)})
    form = form_for(kind, person=person)(posted(request), household=household, kind=kind, user=user, person=person)
    if request.method == "POST" and (was_entered(request) or (form.is_valid() and entered(request, form))):
        messages.success(request, SAVED.get(kind, _("Recorded.")))
        return redirect(household)
    context |= {"form": form, "kind": kind, "title": TITLES[kind], "follows": FOLLOWS.get(kind, "")}
    if form.overtaken is not None:
        form.look_again()
    status = 200 if form.overtaken is None else 409
    return render(request, "communities/life_create.html", context, status=status)


def person_named(request, household):
    """The person of this household whom the address names, None if it names none."""
    number = request.GET.get("resident", "")
    return (
        household.residents.of_record().filter(pk=number).first() if number.isdecimal() and len(number) < 19 else None
    )


def groups_for(household, person):
    """[(heading, [(title, address)])] of the entries that make sense for the person, or for anybody who lives or lived here."""
    people = [person] if person else [*household.residents.of_record(), None]
    possible = {kind for one in people for kind in kinds_open_to(one)}
    # A person of record joins again only by moving in; birth and tenancy are of new people.
    if person:
        possible -= {LifeKind.BIRTH, LifeKind.TENANT_IN}
    tail = f"&resident={person.pk}" if person else ""
    for heading, kinds in CHOICES:
        offered = [(TITLES[kind], f"?kind={kind}{tail}") for kind in kinds if kind in possible]
        if offered:
            yield heading, offered


def was_entered(request):
    """Whether this very form has been carried out before: sending it twice is one act."""
    try:
        number = UUID(request.POST.get("client_uuid", ""))
    except ValueError:
        return False
    return LifeEvent.objects.entered_with(number, by=request.user).exists()


def entered(request, form):
    """Whether the entry was made; if somebody was faster, the form says so."""
    verb = LifeEvent.objects.enter_newcomers if form.joins else LifeEvent.objects.enter_all
    try:
        verb(by=request.user, kind=form.kind, **form.arguments)
    except (Conflict, NotAllowed):
        form.say_overtaken(getattr(form, "people", ()))
        return False
    return True


def crumbs_of(user, household, page):
    return way_to(user, household.compound.line, *tail_of(household, (page, "")))


@require_safe
def life_list(request):
    """What happened in one's area, the latest first; names masked."""
    demand(request.user, "people")
    chosen = LifeFilter(request.GET)
    events = chosen.narrow(LifeEvent.objects.visible_to(request.user)).for_list().with_last()
    page = page_of(request, events)
    context = {"page": page, "lines": lines_of(page, request.user), "filter": chosen}
    return render(request, "communities/life_list.html", context)


def life_undo(request, pk):
    """Take an entry back; everything is again what it was. A later entry of the same person comes first."""
    user = request.user
    event = get_for(user, LifeEvent.objects.for_detail(), pk=pk)
    if not may_on(user, "people", CHANGE, event):
        raise PermissionDenied
    if event.is_void and request.method == "GET":
        return redirect(event)
    context = {
        "event": event,
        "crumbs": crumbs_of(user, event.household, _("Take back")),
        "later": event.later().for_list().first(),
    }
    form = LifeUndoForm(posted(request), row=event)
    return act(request, form, event.undo, template="communities/life_undo.html", context=context, to=event.household)


@require_POST
def household_vacate(request, pk):
    """Nobody lives here any more: the home stands vacant."""
    household = get_for(request.user, Household.objects.standing(), pk=pk, change=True)
    if household.residents.here().exists():
        messages.error(request, _("Somebody is recorded here, so the home is not vacant."))
    else:
        settle(request, household, household, occupancy="vacant")
    return redirect(household)


@require_POST
def household_head(request, pk):
    """Who is the head of the household now."""
    household = get_for(request.user, Household.objects.standing(), pk=pk, change=True)
    form = HeadForm(request.POST, household=household)
    if form.is_valid():
        settle(request, household, form.cleaned_data["head"], is_head=True)
    else:
        messages.error(request, _("Please choose who is the head of the household now."))
    return redirect(household)


def settle(request, household, row, **changes):
    try:
        LifeEvent.objects.settle(household, row, by=request.user, **changes)
        messages.success(request, _("Recorded."))
    except Conflict:
        messages.error(request, _("Somebody else was faster. Please look at the page again."))
