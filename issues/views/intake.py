"""Recording an issue that did not come in at a visit."""

from django.core.exceptions import PermissionDenied
from django.shortcuts import redirect, render

from communities.models import Compound, Household
from foundation.shortcuts import posted
from issues.forms.intake import STEPS, IntakeForm, may_record
from issues.models import Issue


def issue_create(request):
    """Intake by a clerk or cadre. `?community=`, `?compound=`, `?household=` (numbers) bring the place along.

    The button "choose" sends everything typed to fill the next step of the place; it checks and saves nothing.
    """
    if not may_record(request.user):
        raise PermissionDenied
    if request.method == "POST" and "choose" in request.POST:
        form = IntakeForm(user=request.user, initial=request.POST.dict())
    else:
        form = IntakeForm(posted(request), user=request.user, initial=place_in(request.user, request.GET))
        if request.method == "POST" and form.is_valid():
            return redirect(Issue.objects.report(by=request.user, **form.cleaned_data))
    form.offer()
    return render(request, "issues/issue_create.html", {"form": form})


def place_in(user, query):
    """The steps that the address names; a household or compound brings along what lies above it."""
    asked = {step: int(query[step]) for step in STEPS if query.get(step, "").isdigit()}
    if "household" in asked:
        row = Household.objects.changeable_by(user).filter(pk=asked["household"]).select_related("compound").first()
        return asked | {"compound": row.compound_id, "community": row.compound.community_id} if row else {}
    if "compound" in asked:
        row = Compound.objects.visible_to(user).filter(pk=asked["compound"]).first()
        return asked | {"community": row.community_id} if row else {}
    return asked
