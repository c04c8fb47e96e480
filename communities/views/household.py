from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from communities import lists
from communities.access import CHANGE, READ, may_on, may_reveal
from communities.breadcrumb import way_to
from communities.forms.household import HouseholdCreateForm, HouseholdForm
from communities.lives import life_of_household, questions_about
from communities.models import Compound, Household
from foundation.acting import act
from foundation.shortcuts import get_for, page_of, posted, words_of

MOST_VISITS = 5
MOST_ISSUES = 10


def household_list(request):
    """Households in one's reach in walking order, names masked; searched by address, name or phone number."""
    words = words_of(request)
    chosen, households = lists.households(request.user, request.GET, words)
    context = {"page": page_of(request, households), "filter": chosen, "words": words}
    return render(request, "communities/household_list.html", context)


def household_detail(request, pk):
    """A household: who lives here, the last visits, what is still open, and the next steps."""
    user = request.user
    household = get_for(user, Household.objects.for_detail(), pk=pk)
    residents = list(household.residents.of_record().with_categories(user, household.area_path))
    issues = household.issues.visible_to(user).open().for_reader(user).filter(is_confided=True)
    here = [resident for resident in residents if resident.is_here]
    former = [resident for resident in residents if not resident.is_here]
    lines = life_of_household(household, user)
    context = {
        "household": household,
        "crumbs": way_to(user, household.compound.line, *tail_of(household)),
        "residents": here,
        "former": former,
        "lines": lines,
        **questions_about(household, here, lines),
        "visits": household.visits.visible_to(user).standing().for_list()[:MOST_VISITS],
        # An issue in confidence would say here who reported it, so it shows to those only who may know.
        "issues": issues.for_list().needed_first()[:MOST_ISSUES],
        "may_change": may_on(user, "people", CHANGE, household),
        "check": household.check_of(user),
        "may_reveal": may_reveal(user, household),
        "may_visit": may_on(user, "visits", CHANGE, household),
        "may_report": may_on(user, "visits", CHANGE, household) or may_on(user, "issues", CHANGE, household),
    }
    return render(request, "communities/household_detail.html", context)


def tail_of(household, *tail):
    """The end of the breadcrumb: compound and household, then `tail`."""
    compound = household.compound
    return [(compound.name, compound.get_absolute_url()), (household.place, household.get_absolute_url()), *tail]


def household_create(request, pk):
    """A new household of the compound `pk`. With the button "again" the next form opens at the same building."""
    compound = compound_for_people(request.user, pk)
    start = {"building": request.GET.get("building", "")[:40], "stair": request.GET.get("stair", "")[:20]}
    form = HouseholdCreateForm(posted(request), compound=compound, initial=start)
    if request.method == "POST" and form.is_valid():
        household = compound.add_household(by=request.user, **form.cleaned_data)
        if "again" in request.POST:
            again = reverse(
                "household_create", args=[pk], query={"building": household.building.name, "stair": household.stair}
            )
            return redirect(again)
        return redirect(household)
    crumbs = way_to(
        request.user, compound.line, (compound.name, compound.get_absolute_url()), (_("Add a household"), "")
    )
    return render(request, "communities/household_create.html", {"form": form, "compound": compound, "crumbs": crumbs})


def compound_for_people(user, pk):
    """The compound, if the user may write down people there: 404 for who sees no people, 403 for who only reads."""
    compound = get_for(user, Compound.objects.for_detail(), pk=pk)
    if not may_on(user, "people", READ, compound):
        raise Http404
    if not may_on(user, "people", CHANGE, compound):
        raise PermissionDenied
    return compound


def household_edit(request, pk):
    household = get_for(request.user, Household.objects.for_detail(), pk=pk, change=True)
    form = HouseholdForm(posted(request), row=household)
    crumbs = way_to(request.user, household.compound.line, *tail_of(household, (_("Correct"), "")))
    context = {"household": household, "crumbs": crumbs}
    return act(request, form, household.correct, template="communities/household_edit.html", context=context)
