from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from communities import lists
from communities.access import CHANGE, may_on, posts_for
from communities.breadcrumb import way_to
from communities.forms.unit import UnitCreateForm, UnitForm
from communities.models import Division, Unit
from communities.models.unit import Kind
from foundation.acting import act
from foundation.shortcuts import get_for, page_of, posted, words_of


def unit_list(request):
    """Units in one's reach; area offices, one for every place, only when asked for."""
    words = words_of(request)
    chosen, units = lists.units(request.user, request.GET, words)
    kind = chosen.is_valid() and chosen.cleaned_data["kind"]
    context = {
        "page": page_of(request, units),
        "kinds": chosen.fields["kind"].choices,
        "kind": kind,
        "words": words,
        "crumbs": [(_("Places"), reverse("division_list")), (_("Units"), "")],
        # Where a unit can be added from here: one's own places.
        "places": [post.division for post in posts_for(request.user, "places", CHANGE) if post.division_id],
    }
    return render(request, "communities/unit_list.html", context)


def unit_detail(request, pk):
    """A unit: how to reach it, who works there, which compounds it serves, what belongs to it."""
    user = request.user
    unit = get_for(user, Unit.objects.for_detail(), pk=pk)
    context = {
        "unit": unit,
        "crumbs": way_to(user, unit.division.line, (unit.name, "")),
        "posts": unit.posts(),
        "compounds": unit.compounds.visible_to(user).standing().for_list(),
        "children": unit.children.visible_to(user).active().exclude(kind=Kind.OFFICE).order_by("kind", "name"),
        "may_change": may_on(user, "places", CHANGE, unit),
    }
    return render(request, "communities/unit_detail.html", context)


def unit_create(request, code):
    """A new unit in the place with this code."""
    division = get_for(request.user, Division.objects.for_detail(), code=code, change=True)
    form = UnitCreateForm(posted(request), division=division, user=request.user)
    if request.method == "POST" and form.is_valid():
        return redirect(Unit.objects.found(by=request.user, division=division, **form.cleaned_data))
    crumbs = way_to(request.user, division.line, (_("Add a unit"), ""))
    return render(request, "communities/unit_create.html", {"form": form, "division": division, "crumbs": crumbs})


def unit_edit(request, pk):
    """The facts of a unit; those of an area office are the facts of its place."""
    unit = get_for(request.user, Unit.objects.for_detail(), pk=pk, change=True)
    if unit.is_office:
        return redirect("division_edit", code=unit.division.code)
    form = UnitForm(posted(request), row=unit)
    tail = [(unit.name, unit.get_absolute_url()), (_("Correct"), "")]
    context = {"unit": unit, "crumbs": way_to(request.user, unit.division.line, *tail)}
    return act(request, form, unit.correct, template="communities/unit_edit.html", context=context)
