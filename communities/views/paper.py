"""Paper: address labels, slips for the door, lists of a building in walking order, a place at a glance. A4, from the browser."""

from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from communities import lists
from communities.access import READ, demand, may_on, may_reveal, posts_of
from communities.blanks.registers import head_of, own_place
from communities.forms.paper import BuildingPrintForm, LabelForm
from communities.models import Compound, Division, Household
from communities.models.care import CareLevel
from communities.responsible import contacts_of_compound, contacts_of_division, first_contacts
from foundation.journal.moves import accessed
from foundation.shortcuts import get_for, posted, words_of

LABELS_ON_A_PAGE = 24
SLIPS_ON_A_PAGE = 4
MOST_LABELS = 1_200
MOST_DOORS = 2_000


@never_cache
def label_print(request):
    """Address labels, 3 × 8 on A4, of the households that the list shows; with names only for a purpose that is logged."""
    _chosen, rows = lists.households(request.user, request.GET, words_of(request))
    number = rows.count()
    rows = list(rows.select_related("compound__community")[:MOST_LABELS])
    form = LabelForm(posted(request), initial={"q": words_of(request)})
    with_names = request.method == "POST" and "purpose" in request.POST and form.is_valid() and form.wants_names
    if with_names:
        accessed(Household, "export:labels", by=request.user, reason=form.cleaned_data["purpose"], rows=len(rows))
    labels = [label_of(row, request.user, with_names) for row in rows]
    context = {
        "form": form,
        "pages": parts_of(labels, LABELS_ON_A_PAGE),
        "number": number,
        "is_cut": number > MOST_LABELS,
        "most": MOST_LABELS,
    }
    return render(request, "communities/label_print.html", context)


def label_of(household, user, with_names):
    """Place, door and, if wanted, to whom: the head of household, or the household without a name."""
    head = head_of(household.living_here) if with_names and may_reveal(user, household) else None
    community = household.compound.community
    return {
        "place": f"{community.name} {household.compound.name}",
        "door": household.place,
        "name": head.name if head else "",
    }


def parts_of(rows, size):
    return [rows[start : start + size] for start in range(0, len(rows), size)]


@never_cache
def slip_print(request):
    """未遇留条: four slips on A4, who came and whom to call. Nothing on them says who lives there or why somebody came.

    With `household` the first slip carries the time of now; the others have lines to fill in by hand.
    """
    demand(request.user, "people")
    household = None
    if asked := request.GET.get("household", ""):
        if not asked.isdecimal():
            raise Http404
        household = get_for(request.user, Household.objects.select_related("compound__community"), pk=asked)
    place = household.compound.community if household else own_place(request.user)
    post = next(iter(posts_of(request.user)), None)
    context = {
        "household": household,
        "place": place,
        "role": post.get_role_display() if post else "",
        "phone": request.user.office_phone or (place.office_phone if place else ""),
        "now": timezone.now(),
        "slips": range(SLIPS_ON_A_PAGE),
    }
    return render(request, "communities/slip_print.html", context)


@never_cache
def building_print(request, pk):
    """The doors of a compound, or of one of its buildings, as one walks: who lives there, and room for ticks and remarks."""
    compound = get_for(request.user, Compound.objects.for_detail(), pk=pk)
    if not may_on(request.user, "people", READ, compound):
        raise Http404
    building = building_asked_for(request, compound)
    form = BuildingPrintForm(posted(request))
    in_full = request.method == "POST" and form.is_valid()
    if request.method == "POST" and not may_reveal(request.user, compound):
        raise PermissionDenied
    rows = doors_of(request.user, compound, building)
    if in_full:
        people = sum(len(row.living_here) for row in rows)
        accessed(
            compound, "export:building_lists", by=request.user, reason=form.cleaned_data["purpose"], rows=max(people, 1)
        )
    context = {
        "compound": compound,
        "building": building,
        "rows": [door_line(row, in_full) for row in rows],
        "form": form,
        "in_full": in_full,
        "may_reveal": may_reveal(request.user, compound),
        "contacts": contacts_of_compound(compound)[:2],
        "now": timezone.now(),
        "is_cut": len(rows) == MOST_DOORS,
        "purpose": form.cleaned_data["purpose"] if in_full else "",
    }
    return render(request, "communities/building_print.html", context)


def building_asked_for(request, compound):
    asked = request.GET.get("building", "")
    if not asked:
        return None
    found = compound.buildings.filter(pk=asked).first() if asked.isdecimal() else None
    if found is None:
        raise Http404
    return found


def doors_of(user, compound, building):
    rows = Household.objects.visible_to(user).standing().filter(compound=compound)
    if building:
        rows = rows.filter(building=building)
    return list(rows.for_list()[:MOST_DOORS])


def door_line(household, in_full):
    """What the paper says of one door. Care levels as words; who wishes no visits is named as such."""
    people = household.living_here
    return {
        "building": household.building,
        "stair": household.stair,
        "door": household.door,
        "people": [
            {
                "name": person.name if in_full else person.masked_name,
                "level": CareLevel(person.care_level).label if person.care_level else "",
                "declines": bool(person.declines_visits_on),
                "away": person.get_presence_display() if person.presence != "home" else "",
            }
            for person in people
        ],
        "occupancy": household.get_occupancy_display(),
    }


@never_cache
def division_print(request, code):
    """A community or grid at a glance: its compounds with what is recorded, and whom to look for."""
    division = get_for(request.user, Division.objects.for_detail(), code=code)
    compounds = list(Compound.objects.visible_to(request.user).standing().under(code).with_people().for_list()[:500])
    contacts = first_contacts(compounds)
    numbers = ("recorded_buildings", "recorded_households", "people", "cared_for")
    context = {
        "division": division,
        "contacts": contacts_of_division(division),
        "rows": [(compound, contacts[compound.pk]) for compound in compounds],
        "totals": {name: sum(getattr(compound, name) for compound in compounds) for name in numbers},
        "sees_people": may_on(request.user, "people", READ, division),
        "now": timezone.now(),
        "title": _("At a glance"),
    }
    return render(request, "communities/division_print.html", context)
