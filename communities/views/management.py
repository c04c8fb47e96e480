from uuid import UUID

from django.shortcuts import redirect
from django.utils.translation import gettext as _

from communities.breadcrumb import way_to
from communities.forms.management import ManagementForm, ManagementStepForm
from communities.models import Compound, ManagementChange
from foundation.acting import act
from foundation.journal.moves import done_already
from foundation.shortcuts import get_for, posted


def compound_manage(request, pk):
    """A compound is managed otherwise from a day on; what was before stands below."""
    compound = get_for(request.user, Compound.objects.for_detail(), pk=pk, change=True)
    changes = list(compound.management_changes.for_list())
    planned = next((change for change in changes if change.status == "planned"), None)
    form = ManagementForm(posted(request), row=compound)
    if sent_before(request):
        return redirect(compound)
    tail = [(compound.name, compound.get_absolute_url()), (_("Change the management"), "")]
    context = {
        "compound": compound,
        "changes": changes,
        "planned": planned,
        "undoable": next((change for change in changes if change.may_be_undone), None),
        "crumbs": way_to(request.user, compound.line, *tail),
    }
    verb = compound.management_changes.enter
    return act(request, form, verb, template="communities/compound_manage.html", context=context)


def sent_before(request):
    """Whether this very form was carried out: after the first time its own choice is no longer offered."""
    try:
        key = UUID(request.POST.get("key", ""))
    except ValueError:
        return False
    return bool(done_already(key, request.user))


def management_undo(request, pk):
    """The entry of today was a slip."""
    return step(request, pk, "undo")


def management_cancel(request, pk):
    """The plan is given up."""
    return step(request, pk, "cancel")


def step(request, pk, verb):
    change = get_for(request.user, ManagementChange.objects.for_detail(), pk=pk, change=True)
    if request.method != "POST":
        return redirect(change)
    form = ManagementStepForm(request.POST, row=change)
    if not form.is_valid():
        return redirect(change)
    return act(
        request, form, getattr(change, verb), template="communities/management_step.html", context={"change": change}
    )
