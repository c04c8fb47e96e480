from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from communities import lists
from communities.access import CHANGE, READ, may_on
from communities.breadcrumb import way_to
from communities.forms.compound import BuildingForm, CompoundCreateForm, CompoundForm
from communities.models import Building, Compound, Division, Household
from communities.models.division import Level
from communities.responsible import contacts_of_compound, first_contacts
from foundation.acting import act
from foundation.shortcuts import get_for, page_of, posted, words_of

# A larger compound shows one building at a time.
MOST_ON_ONE_PAGE = 60
MOST_ISSUES = 10
MOST_CHANGES = 5


def compound_list(request):
    """Compounds in one's reach, with what the ledger states, what is recorded, and whom to look for."""
    words = words_of(request)
    chosen, compounds = lists.compounds(request.user, request.GET, words)
    page = page_of(request, compounds)
    contacts = first_contacts(page.object_list)
    context = {
        "page": page,
        "rows": [(compound, contacts[compound.pk]) for compound in page.object_list],
        "filter": chosen,
        "words": words,
        "crumbs": [(_("Places"), reverse("division_list")), (_("Compounds"), "")],
    }
    return render(request, "communities/compound_list.html", context)


def compound_detail(request, pk):
    """A compound: facts, whom to look for, buildings and households in walking order, open issues."""
    user = request.user
    compound = get_for(user, Compound.objects.for_detail(), pk=pk)
    buildings = list(compound.buildings.with_households())
    shown = building_shown(request, compound, buildings)
    context = {
        "compound": compound,
        "crumbs": way_to(user, compound.line, (compound.name, "")),
        "contacts": contacts_of_compound(compound),
        "buildings": buildings,
        "shown": shown,
        "households": households_of(user, compound, shown),
        "issues": compound.issues.visible_to(user).open().for_reader(user).for_list().needed_first()[:MOST_ISSUES],
        "may_change": may_on(user, "places", CHANGE, compound),
        "changes": compound.management_changes.for_list()[:MOST_CHANGES],
        "may_show_all": compound.recorded_households <= MOST_ON_ONE_PAGE,
        "may_open_units": compound.property_unit and may_on(user, "places", READ, compound.property_unit),
        "sees_issues": may_on(user, "issues", READ, compound),
        "sees_people": may_on(user, "people", READ, compound),
        "may_add": may_on(user, "people", CHANGE, compound),
    }
    return render(request, "communities/compound_detail.html", context)


def building_shown(request, compound, buildings):
    """The one building whose households the page shows, or None for all of a compound that is small enough."""
    asked = request.GET.get("building")
    first = buildings[0] if buildings and compound.recorded_households > MOST_ON_ONE_PAGE else None
    return next((building for building in buildings if str(building.pk) == asked), first)


def households_of(user, compound, building):
    households = Household.objects.visible_to(user).standing().filter(compound=compound)
    if building:
        households = households.filter(building=building)
    return households.with_care_level().with_people().select_related("building").order_by("walk_order", "pk")


def compound_create(request, code):
    """A new compound of the community with this code."""
    community = get_for(request.user, Division.objects.for_detail(), code=code, change=True)
    if community.level != Level.COMMUNITY:
        raise Http404
    form = CompoundCreateForm(posted(request), community=community)
    if request.method == "POST" and form.is_valid():
        return redirect(Compound.objects.add(by=request.user, community=community, **form.cleaned_data))
    crumbs = way_to(request.user, community.line, (_("Add a compound"), ""))
    context = {"form": form, "community": community, "crumbs": crumbs}
    return render(request, "communities/compound_create.html", context)


def compound_edit(request, pk):
    compound = get_for(request.user, Compound.objects.for_detail(), pk=pk, change=True)
    form = CompoundForm(posted(request), row=compound, user=request.user)
    tail = [(compound.name, compound.get_absolute_url()), (_("Correct"), "")]
    context = {"compound": compound, "crumbs": way_to(request.user, compound.line, *tail)}
    return act(request, form, compound.correct, template="communities/compound_edit.html", context=context)


def building_edit(request, pk):
    building = get_for(request.user, Building.objects.for_detail(), pk=pk, change=True)
    form = BuildingForm(posted(request), row=building)
    compound = building.compound
    tail = [(compound.name, compound.get_absolute_url()), (building.name, "")]
    context = {"building": building, "crumbs": way_to(request.user, compound.line, *tail)}
    return act(request, form, building.correct, template="communities/building_edit.html", context=context)
