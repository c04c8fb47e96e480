from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from communities.access import CHANGE, may_on, may_reveal
from communities.breadcrumb import way_to
from communities.forms.resident import (
    ResidentCreateForm,
    ResidentForm,
    ResidentRevealForm,
)
from communities.lives import life_of_person
from communities.models import Household, Resident
from communities.models.resident import SECRETS
from communities.views.household import tail_of
from foundation.acting import act
from foundation.shortcuts import get_for, posted

MOST_VISITS = 5
MOST_ISSUES = 10


def resident_detail(request, pk):
    """One person: the facts with masked numbers, where he or she is these days, what is open, who came last."""
    user = request.user
    resident = get_for(user, Resident.objects.for_detail(), pk=pk)
    household = resident.household
    context = {
        "resident": resident,
        "household": household,
        "care_entries": resident.care_entries.visible_to(user).open().select_related("category"),
        "today": timezone.localdate(),
        "may_propose": may_on(user, "retention", CHANGE, resident),
        "crumbs": crumbs_of(user, household, resident.name),
        "issues": resident.issues_for(user).order_by("-submitted_at", "-pk")[:MOST_ISSUES],
        "visits": household.visits.visible_to(user).standing().for_list()[:MOST_VISITS],
        "lines": life_of_person(resident, user),
        "may_change": may_on(user, "people", CHANGE, resident),
        "may_reveal": may_reveal(user, resident),
        "may_visit": may_on(user, "visits", CHANGE, household),
    }
    return render(request, "communities/resident_detail.html", context)


def resident_create(request, pk):
    """Somebody who lives in the household `pk`. With the button "again" the next form opens."""
    household = get_for(request.user, Household.objects.for_detail(), pk=pk, change=True)
    form = ResidentCreateForm(posted(request), household=household, user=request.user)
    if request.method == "POST" and form.is_valid():
        resident = Resident.objects.add(by=request.user, household=household, **form.cleaned_data)
        form.keep_apart(resident, by=request.user)
        return redirect(reverse("resident_create", args=[pk]) if "again" in request.POST else household)
    context = {"form": form, "household": household, "crumbs": crumbs_of(request.user, household, _("Add a resident"))}
    return render(request, "communities/resident_create.html", context)


def crumbs_of(user, household, page):
    return way_to(user, household.compound.line, *tail_of(household, (page, "")))


def resident_edit(request, pk):
    resident = get_for(request.user, Resident.objects.for_detail(), pk=pk, change=True)
    form = ResidentForm(posted(request), row=resident, user=request.user)

    def correct(*, by, **facts):
        entry = resident.correct(by=by, **facts)
        form.keep_apart(resident, by=by)
        return entry

    return answer(request, resident, form, correct, "communities/resident_edit.html", _("Correct"))


def answer(request, resident, form, verb, template, title):
    crumbs = crumbs_of(request.user, resident.household, title)
    return act(request, form, verb, template=template, context={"resident": resident, "crumbs": crumbs})


@never_cache
def resident_reveal(request, pk):
    """Phone or ID number in full, after a reason that is logged; shown in the answer to this one POST and kept nowhere."""
    resident = get_for(request.user, Resident.objects.for_detail(), pk=pk)
    if not may_reveal(request.user, resident):
        raise PermissionDenied
    if not any(getattr(resident, secret) for secret in SECRETS):
        raise Http404
    form = ResidentRevealForm(posted(request), row=resident, initial={"what": request.GET.get("what", "phone")})
    context = {"resident": resident, "form": form}
    if request.method == "POST" and form.is_valid():
        what = form.cleaned_data["what"]
        context["shown"] = resident.reveal(by=request.user, **form.cleaned_data)
        context["shown_label"] = resident._meta.get_field(what).verbose_name
    context["crumbs"] = crumbs_of(request.user, resident.household, _("Show in full"))
    return render(request, "communities/resident_reveal.html", context)
