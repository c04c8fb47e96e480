from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from communities.access import CHANGE, READ, may_on
from communities.breadcrumb import way_to
from communities.forms.checking import BuildingVerifyForm
from communities.models import Building, Household
from foundation.acting import act
from foundation.shortcuts import get_for, posted


@require_POST
def household_verify(request, pk):
    """核对无误 in one tap; the page it was pressed on says so and offers to take it back."""
    household = get_for(request.user, Household, pk=pk, change=True)
    household.verify(by=request.user)
    messages.success(request, _("Checked today: everything recorded here is right."))
    return redirect(back_to(request, household))


@require_POST
def household_unverify(request, pk):
    """The tap was a slip."""
    household = get_for(request.user, Household, pk=pk, change=True)
    household.undo_verify(by=request.user)
    messages.success(request, _("Taken back."))
    return redirect(back_to(request, household))


def back_to(request, household):
    """The page of ours that the button stood on, else that of the household."""
    page = request.POST.get("next", "")
    return page if url_has_allowed_host_and_scheme(page, allowed_hosts=None) else household.get_absolute_url()


def building_verify(request, pk):
    """A whole building or one staircase, door by door in walking order."""
    building = get_for(request.user, Building.objects.for_detail(), pk=pk)
    if not may_on(request.user, "people", READ, building):
        raise Http404
    if not may_on(request.user, "people", CHANGE, building):
        raise PermissionDenied
    doors = building.households.standing()
    stairs = list(doors.order_by("stair").values_list("stair", flat=True).distinct())
    stair = request.GET.get("stair")
    if stair in stairs:
        doors = doors.filter(stair=stair)
    doors = doors.prefetch_related("residents").order_by("walk_order", "pk")
    data = posted(request)
    if data and "all" in data:
        data = data.copy()
        data.setlist("households", [str(door.pk) for door in doors])
    form = BuildingVerifyForm(data, row=building, households=doors)
    compound = building.compound
    context = {
        "building": building,
        "stairs": stairs if len(stairs) > 1 else [],
        "stair": stair if stair in stairs else None,
        "doors": [(door, door.verified_on == timezone.localdate()) for door in doors],
        "crumbs": way_to(
            request.user, compound.line, (compound.name, compound.get_absolute_url()), (building.name, "")
        ),
    }
    return act(request, form, building.verify_households, template="communities/building_verify.html", context=context)
