from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from communities.access import READ, demand, may_in, posts_for
from communities.breadcrumb import way_to
from communities.completeness import (
    GAPS,
    Cut,
    Figures,
    Row,
    below,
    checks_by_month,
    count,
    in_place,
    of_compounds,
    rows_behind,
)
from communities.models import Compound, Division
from communities.models.division import Level
from foundation.shortcuts import get_for, page_of
from foundation.templatetags.portal import named


@require_safe
def completeness_list(request):
    """Where one works: a single place opens at once; a team with single compounds sees those."""
    demand(request.user, "people")
    posts = posts_for(request.user, "people")
    codes = sorted({post.division.code for post in posts if post.division_id})
    compounds = {post.compound_id for post in posts if post.compound_id}
    if len(codes) == 1 and not compounds:
        return redirect("completeness_detail", code=codes[0])
    today = timezone.localdate()
    context = {
        "places": Division.objects.visible_to(request.user).filter(code__in=codes).order_by("code"),
        "rows": compound_rows(request.user, of_compounds(compounds), today) if compounds else [],
        "crumbs": [(_("Registers"), reverse("register_home")), (_("Completeness"), "")],
    }
    return render(request, "communities/completeness_list.html", context)


@require_safe
def completeness_detail(request, code):
    """One place: a line for each place or compound below it, the sum, and its own checks by month."""
    place = place_for(request.user, code)
    today = timezone.localdate()
    cut = below(code)
    rows = (
        place_rows(request.user, place, cut, today)
        if cut.digits
        else compound_rows(request.user, in_place(code), today)
    )
    total = Figures()
    for row in rows:
        total.add(row.figures)
    context = {
        "place": place,
        "rows": rows,
        "grids": grid_rows(place, rows) if place.level == Level.COMMUNITY else [],
        "total": Row(_("Together"), code, "", total),
        "checks": checks_by_month(code, today),
        "crumbs": way_to(request.user, place.line, (_("Completeness"), "")),
    }
    return render(request, "communities/completeness_detail.html", context)


def place_for(user, code):
    """The place, for somebody who sees people there: 403 for who sees the place only."""
    place = get_for(user, Division.objects.for_detail(), code=code)
    if not may_in(user, "people", READ, code):
        raise PermissionDenied
    return place


def place_rows(user, place, cut, today):
    """Standing places below, by code, also those of which nothing is recorded."""
    figures = count(user, in_place(place.code), cut, today)
    places = place.children.standing(today).order_by("code")
    return [
        Row(
            named(child),
            child.code,
            reverse("completeness_detail", args=[child.code]),
            figures.get(child.code, Figures()),
        )
        for child in places
    ]


def compound_rows(user, scope, today):
    """Compounds by the place in which they lie, then by name."""
    figures = count(user, scope, Cut(), today)
    compounds = Compound.objects.filter(pk__in=figures).order_by("area_path", "name", "pk")
    return [
        Row(compound.name, compound.area_path, compound.get_absolute_url(), figures[compound.pk], compound.pk)
        for compound in compounds
    ]


def grid_rows(place, rows):
    """The compounds' lines summed up by grid; what lies in no grid stands under the community itself."""
    sums = {}
    for row in rows:
        sums.setdefault(row.code, Figures()).add(row.figures)
    names = dict(place.children.values_list("code", "name"))
    return [
        Row(names.get(code, _("in no grid")), code, reverse("completeness_detail", args=[code]), figures)
        for code, figures in sorted(sums.items())
        if code != place.code
    ]


@require_safe
def gap_list(request, code, kind):
    """The rows behind one number of the page of completeness."""
    gap = GAPS.get(kind)
    if gap is None:
        raise Http404
    user = request.user
    place = place_for(user, code)
    scope, compound = in_place(code), compound_asked(request, code)
    rows = rows_behind(user, gap, of_compounds([compound.pk]) if compound else scope, timezone.localdate())
    back = (_("Completeness"), reverse("completeness_detail", args=[code]))
    context = {
        "page": page_of(request, rows),
        "gap": gap,
        "kind": gap.model._meta.model_name,
        "place": compound or place,
        "crumbs": way_to(user, place.line, back, (str(gap.label), "")),
    }
    return render(request, "communities/gap_list.html", context)


def compound_asked(request, code):
    """The compound to which the list is narrowed, if the reader sees it in this place."""
    pk = request.GET.get("compound", "")
    return Compound.objects.visible_to(request.user).under(code).filter(pk=pk).first() if pk.isdecimal() else None
