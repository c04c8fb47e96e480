from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from communities.access import READ, may_in, posts_for
from communities.models import Division
from communities.models.division import DIGITS, Level
from dashboards.charts import bars
from dashboards.counts import Board
from dashboards.forms import ExportForm
from dashboards.periods import Period
from dashboards.workbook import workbook
from foundation.figures import place as in_place
from foundation.figures import span_of
from foundation.journal.models import accessed
from foundation.sheets import TYPE
from foundation.shortcuts import page_of, posted
from visits.figures import HOUSEHOLD_FIGURES
from visits.rounds import households_for


@require_safe
def dashboard(request):
    """The numbers of one's own place."""
    places = [post.division for post in posts_for(request.user, "dashboard") if post.division_id]
    if not places:
        raise PermissionDenied
    return board_page(request, places[0].code)


@require_safe
def dashboard_division(request, code):
    """The numbers of a place in one's reach."""
    return board_page(request, code)


def board_page(request, code):
    place, parts = reach(request.user, code)
    period = Period(request.GET, now=timezone.now())
    board = Board(request.user, place, parts, period)
    context = {"place": place, "board": board, "period": period, "way": way_to(place, request.user), **charts(board)}
    return render(request, "dashboards/dashboard.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def dashboard_export(request, code):
    """The tables of the dashboard as a workbook, for a purpose that is logged."""
    place, parts = reach(request.user, code)
    period = Period(request.POST if request.method == "POST" else request.GET, now=timezone.now())
    form = ExportForm(posted(request))
    if request.method == "POST" and form.is_valid():
        board = Board(request.user, place, parts, period)
        purpose = form.cleaned_data["purpose"]
        accessed(place, "export:dashboard", by=request.user, reason=purpose, rows=board.rows)
        return download(workbook(board, by=request.user, purpose=purpose), place, period)
    context = {"place": place, "period": period, "form": form, "way": way_to(place, request.user)}
    return render(request, "dashboards/dashboard_export.html", context)


@require_safe
def dashboard_households(request, code):
    """The households behind the coverage: all in scope, those met in the period, or those not met."""
    place, _parts = reach(request.user, code)
    now = timezone.now()
    name = request.GET.get("figure", "in_scope")
    if name not in HOUSEHOLD_FIGURES:
        raise Http404
    span = span_of(request.GET, now=now)
    here = in_place(code, direct=bool(request.GET.get("direct")), field="area_path")
    rows = households_for(request.user, now=now).filter(here, HOUSEHOLD_FIGURES[name].condition(span))
    page = page_of(request, rows.select_related("compound", "building").in_walking_order())
    context = {
        "place": place,
        "page": page,
        "figure": HOUSEHOLD_FIGURES[name],
        "chips": [(figure.title, code, code == name) for code, figure in HOUSEHOLD_FIGURES.items()],
        "span": span,
        "way": [*way_to(place, request.user, leads_on=True), (_("Households"), "")],
    }
    return render(request, "dashboards/dashboard_households.html", context)


def reach(user, code):
    """The place of this code and the places directly below it, in one query.

    Http404 for a place that the user cannot see, PermissionDenied for one whose dashboard he may not read.
    """
    rows = Division.objects.visible_to(user).filter(Q(code=code) | Q(parent__code=code))
    found = {row.code: row for row in rows.select_related("parent__parent__parent").order_by("code")}
    place = found.pop(code, None)
    if place is None:
        raise Http404
    if not may_in(user, "dashboard", READ, code):
        raise PermissionDenied
    return place, list(found.values())


def way_to(place, user, *, leads_on=False):
    """The breadcrumb from the district down: [(name, address or "")]; only places with a dashboard for this user are links."""
    way, step = [], place
    while step is not None and len(step.code) >= DIGITS[Level.DISTRICT]:
        is_link = (step is not place or leads_on) and may_in(user, "dashboard", READ, step.code)
        way.append((step.name, reverse("dashboard_division", args=[step.code]) if is_link else ""))
        step = step.parent
    return way[::-1]


def charts(board):
    """The two pictures of the trend."""
    labels = [f"{week.monday:%m-%d}" for week in board.weeks]
    visits = [[week["visits"].value] for week in board.weeks]
    issues = [[week["raised"].value, week["closed"].value] for week in board.weeks]
    return {
        "visit_chart": bars(["visits"], visits, labels),
        "issue_chart": bars(["raised", "closed"], issues, labels),
        "last_week": board.weeks[-1],
    }


def download(content, place, period):
    name = f"{place.name}-{period.span.since:%Y%m%d}-{period.span.until:%Y%m%d}.xlsx"
    return HttpResponse(
        content,
        content_type=TYPE,
        headers={"Content-Disposition": content_disposition_header(True, name), "Cache-Control": "no-store"},
    )
