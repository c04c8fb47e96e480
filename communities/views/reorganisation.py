from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from communities.access import demand
from communities.breadcrumb import way_to
from communities.forms.reorganisation import FORMS, ReorganisationCancelForm, ReorganisationConfirmForm
from communities.models import Division, Reorganisation
from communities.models.reorganisation import Kind, may_reorganise
from communities.reorganising import figures
from communities.words import thing_word
from communities.workflow import Step
from foundation.acting import act
from foundation.shortcuts import get_for, page_of, posted

MOST_STEPS = 60


@require_safe
def reorganisation_list(request):
    """Changes of the territory in one's reach: what is to come first."""
    demand(request.user, "territory")
    page = page_of(request, Reorganisation.objects.visible_to(request.user).for_list())
    context = {
        "page": page,
        "crumbs": [(_("Registers"), reverse("register_home")), (_("Changes of the territory"), "")],
    }
    return render(request, "communities/reorganisation_list.html", context)


def reorganisation_create(request, code):
    """Draw up a change of the place with this code; `kind` says which, nothing moves yet."""
    place = get_for(request.user, Division.objects.for_detail(), code=code)
    if not may_reorganise(request.user, place.code):
        raise PermissionDenied
    kind = request.GET.get("kind", Kind.MERGE)
    if kind not in FORMS:
        raise Http404
    form = FORMS[kind](posted(request), place=place, user=request.user)
    if request.method == "POST" and form.is_valid():
        return redirect(Reorganisation.objects.draw_up(by=request.user, **form.cleaned_data))
    context = {
        "form": form,
        "place": place,
        "kind": kind,
        "kinds": Kind.choices,
        "crumbs": way_to(request.user, place.line, (_("Change this place"), "")),
    }
    return render(request, "communities/reorganisation_create.html", context)


@require_safe
def reorganisation_detail(request, pk):
    """The preview of a change, or what became of it."""
    change = get_for(request.user, Reorganisation, pk=pk)
    return render(request, "communities/reorganisation_detail.html", preview(request, change))


def preview(request, change):
    """What the page shows: the plan with its figures while it is ahead, else who took over from whom."""
    context = {
        "change": change,
        "sources": change.sources.order_by("code"),
        "may_change": change.status in (Step.DRAFT, Step.PLANNED) and change.may_be_changed_by(request.user),
        "crumbs": [
            (_("Registers"), reverse("register_home")),
            (_("Changes of the territory"), reverse("reorganisation_list")),
            (change.get_kind_display(), ""),
        ],
    }
    if change.status not in (Step.DRAFT, Step.PLANNED):
        return context | {"successions": change.successions.for_page().order_by("old__code")[:MOST_STEPS]}
    plan = change.plan()
    moving, staying, entries = figures(plan)
    return context | {
        "plan": plan,
        "steps": plan.steps[:MOST_STEPS],
        "more_steps": max(len(plan.steps) - MOST_STEPS, 0),
        "moving": [(thing_word(kind), number) for kind, number in moving],
        "total": sum(number for _kind, number in moving),
        "staying": staying,
        "entries": entries,
        "form": ReorganisationConfirmForm(row=change),
    }


def reorganisation_confirm(request, pk):
    """Decide what the preview shows."""
    change = changeable(request.user, pk)
    if request.method != "POST":
        return redirect(change)
    form = ReorganisationConfirmForm(request.POST, row=change)
    context = preview(request, change)
    return act(request, form, change.confirm, template="communities/reorganisation_detail.html", context=context)


def reorganisation_cancel(request, pk):
    """Give it up before its day."""
    change = changeable(request.user, pk)
    form = ReorganisationCancelForm(posted(request), row=change)
    context = {"change": change, "sources": change.sources.order_by("code")}
    return act(request, form, change.cancel, template="communities/reorganisation_cancel.html", context=context)


def changeable(user, pk):
    """The change, for somebody who may change every place that it names."""
    change = get_for(user, Reorganisation, pk=pk, change=True)
    if not change.may_be_changed_by(user):
        raise PermissionDenied
    return change
