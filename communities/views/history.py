from django.http import Http404
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from communities.breadcrumb import way_to
from communities.former import changes_of
from communities.models import Compound, Division, Household, Resident, Unit
from communities.views.household import tail_of
from foundation.shortcuts import get_for


def answer(request, row, title, line, *tail):
    context = {
        "row": row,
        "title": title,
        "changes": changes_of(row),
        "crumbs": way_to(request.user, line, *tail, (_("History"), "")),
    }
    return render(request, "communities/register_history.html", context)


@require_safe
def resident_history(request, pk):
    """What was recorded of a person before, and who changed it."""
    resident = get_for(request.user, Resident.objects.for_detail(), pk=pk)
    if resident.purged_at:
        raise Http404
    household = resident.household
    tail = [*tail_of(household), (resident.name, resident.get_absolute_url())]
    return answer(request, resident, resident.name, household.compound.line, *tail)


@require_safe
def household_history(request, pk):
    household = get_for(request.user, Household.objects.for_detail(), pk=pk)
    return answer(request, household, household.address, household.compound.line, *tail_of(household))


@require_safe
def compound_history(request, pk):
    compound = get_for(request.user, Compound.objects.for_detail(), pk=pk)
    return answer(request, compound, compound.name, compound.line, (compound.name, compound.get_absolute_url()))


@require_safe
def unit_history(request, pk):
    unit = get_for(request.user, Unit.objects.for_detail(), pk=pk)
    return answer(request, unit, unit.name, unit.division.line, (unit.name, unit.get_absolute_url()))


@require_safe
def division_history(request, code):
    division = get_for(request.user, Division.objects.for_detail(), code=code)
    return answer(request, division, division.name, division.line)
