"""Visits: logging, lists, one visit, its correction and voiding, paper in and out."""

from datetime import timedelta
from functools import cache, partial

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from communities.access import CHANGE, may
from communities.models import Household
from foundation.acting import act
from foundation.fields import mask_name
from foundation.journal.moves import timeline
from foundation.shortcuts import bounded_page_of, get_for, page_of, posted, words_of
from foundation.tables import Column, Table, joined, link, mute, small
from foundation.templatetags.portal import chip, moments
from visits import rounds
from visits.filters import VisitFilter
from visits.forms.opinion import opinion_rows, typed_so_far
from visits.forms.visit import CorrectForm, ExportForm, VisitForm, VoidForm
from visits.models import Visit
from visits.models.visit import CORRECTION_HOURS, MET, Mode, Outcome, Situation, Tag, may_visit
from visits.revisions import corrections
from visits.searching import find_visits
from visits.views.export import take_away
from visits.views.round import sheet_url, tail_of

# What a link may fill in beforehand: choices, never text.
PRESET = ("outcome", "situation", "mode")


@require_http_methods(["GET", "HEAD", "POST"])
def visit_create(request, pk):
    """Log a visit: what came of it, and line by line what was said."""
    user = request.user
    household = get_for(user, rounds.to_visit(Household.objects.standing()), pk=pk)
    if not may_visit(user, household):
        raise PermissionDenied
    data = posted(request)
    form = VisitForm(data, initial={name: request.GET[name] for name in PRESET if name in request.GET})
    rows = opinion_rows(data, household)
    if "more" in request.POST:
        form, rows = typed_so_far(form), opinion_rows(None, household, typed=rows)
    elif request.method == "POST" and form.is_valid() and rows.is_valid():
        visit, is_new = Visit.objects.log_once(by=user, household=household, opinions=rows.lines, **form.cleaned_data)
        return redirect(after_logging(request, visit, is_new=is_new))
    on_phone = request.GET.get("from") == "round"
    context = {
        "base": "base_phone.html" if on_phone else "base.html",
        "on_phone": on_phone,
        "household": household,
        "form": form,
        "rows": rows,
        "tail": tail_of(request),
    }
    return render(request, "visits/visit_create.html", context)


def after_logging(request, visit, *, is_new):
    """Where one goes from here: from the round back to the sheet, else to the visit itself."""
    if not is_new:
        messages.info(
            request, _("This form had been saved before. What was saved then is shown here; nothing was added.")
        )
    if request.GET.get("from") == "round":
        return sheet_url(request, visit)
    if is_new:
        messages.success(request, _("The visit is saved."))
    return visit.get_absolute_url()


def visits_asked_for(request):
    """(the filter form, the words searched for, the visits) of the list that the request names."""
    if not may(request.user, "visits"):
        raise PermissionDenied
    form = VisitFilter(request.GET)
    words = words_of(request)
    visits = form.narrow(Visit.objects.visible_to(request.user).standing())
    return form, words, find_visits(visits, request.user, words)


@require_http_methods(["GET", "HEAD", "POST"])
def visit_list(request):
    """Visits in the reader's area, the latest first; "mine" is the filter for one's own."""
    form, words, visits = visits_asked_for(request)
    form.offer(request.user)
    totals, page = page_with_totals(request, visits, is_figure=form.counted_as is not None)
    context = {
        "filter": form,
        "words": words,
        "totals": totals,
        "page": page,
        "table": table_of(page.object_list, request.GET),
        "is_mine": form.chosen.get("visitor") == str(request.user.pk),
        "may_log": may(request.user, "visits", CHANGE),
        "export": ExportForm(initial={"q": words}),
        "periods": periods(timezone.localdate()),
    }
    return render(request, "visits/visit_list.html", context)


def page_with_totals(request, visits, *, is_figure):
    """(how many visits and people met, the page): all of them behind a number of a dashboard, else as far as anybody turns pages."""
    if is_figure:
        totals = visits.totals()
        return totals, page_of(request, visits.for_list(), count=totals["visits"])
    page = bounded_page_of(
        request,
        visits.latest_first(),
        fetch=lambda pks: Visit.objects.filter(pk__in=pks).for_page(),
        sums=("people_met",),
    )
    # Where there are more the page names no sums.
    return {"visits": page.paginator.count, **page.paginator.sums}, page


def table_of(visits, query):
    """The rows of the list; a visitor's name narrows it to his visits."""
    columns = [
        Column(_("Household")),
        Column(_("Outcome"), named=False),
        Column(_("Date of the visit")),
        Column(_("Date of entry")),
        Column(_("Visitor")),
        Column(_("Opinions"), css="num"),
    ]
    base, write = reverse("visit_list"), moments()
    kept = urlencode(
        [(name, value) for name, values in query.lists() if name not in ("visitor", "page") for value in values]
    )
    outcome = cache(outcome_chip)
    rows = [
        (
            link(f"{base}{visit.pk}/", visit.household.address, "t"),
            outcome(visit.outcome, visit.situation, visit.mode),
            write(visit.visited_at),
            mute(write(visit.created_at)),
            link(f"?{kept}{'&' * bool(kept)}visitor={visit.created_by_id}", visit.created_by.name),
            visit.opinion_count or "—",
        )
        for visit in visits
    ]
    return Table(columns, rows)


def outcome_chip(outcome, situation, mode):
    """What came of a visit: how it stands where that matters, else the outcome; and how, if not in person."""
    if situation == Situation.URGENT:
        said = chip("bad", "alert", Situation(situation).label)
    elif situation == Situation.ATTENTION:
        said = chip("warn", "eye", Situation(situation).label)
    else:
        said = chip(*(("ok", "check") if outcome in MET else ("calm", "clock")), Outcome(outcome).label)
    return joined(said, mode != Mode.IN_PERSON and small(Mode(mode).label))


@require_POST
def visit_export(request):
    """The list as a table: exactly these rows, names masked."""
    visits = visits_asked_for(request)[-1]
    return take_away(request, visits, name="visits", title=_("Visits"), back="visit_list", table=table)


def table(visits):
    """(headings, rows) of the exported list."""
    headings = [
        _("Date of the visit"),
        _("Date of entry"),
        _("Compound"),
        _("Door"),
        _("Household"),
        _("Outcome"),
        _("Situation"),
        _("How"),
        _("People met"),
        _("Opinions"),
        _("Visitor"),
        _("What was seen and said"),
        _("Source"),
    ]
    rows = (
        [
            visit.visited_at,
            visit.created_at,
            visit.household.compound.name,
            visit.household.place,
            "、".join(mask_name(person.name) for person in visit.household.people_here),
            visit.get_outcome_display(),
            visit.get_situation_display(),
            visit.get_mode_display(),
            visit.people_met,
            visit.opinion_count,
            visit.created_by.name,
            visit.summary,
            visit.get_source_display(),
        ]
        for visit in visits.for_list().with_people()
    )
    return headings, rows


def periods(today):
    """The periods people ask for most, as (word, since, until)."""
    return [
        (_("Today"), today, today),
        (_("Last 7 days"), today - timedelta(days=6), today),
        (_("Last 30 days"), today - timedelta(days=29), today),
        (_("This year"), today.replace(month=1, day=1), today),
    ]


@require_safe
def visit_detail(request, pk):
    """One visit: both its dates, what was said and became of it, and what was corrected."""
    user = request.user
    visit = get_for(user, Visit.objects.for_detail(), pk=pk)
    opinions = list(visit.opinions.with_words_for(user).for_detail())
    context = {
        "visit": visit,
        "opinions": opinions,
        "became": [opinion.issue for opinion in opinions if opinion.issue],
        "on_behalf_of": next((entry.on_behalf_of for entry in timeline(visit)), None),
        "corrections": corrections(visit),
        "may_correct": visit.may_be_corrected_by(user, now=timezone.now()),
        "may_void": visit.may_be_voided_by(user),
        "may_visit": may_visit(user, visit.household),
    }
    return render(request, "visits/visit_detail.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def visit_edit(request, pk):
    """The visitor corrects an entry of the last 24 hours; afterwards the page says what can be done instead."""
    now = timezone.now()
    visit = get_for(request.user, Visit.objects.for_detail(), pk=pk, change=True)
    context = {"visit": visit, "hours": CORRECTION_HOURS}
    if not visit.may_be_corrected_by(request.user, now=now):
        return render(request, "visits/visit_edit_refused.html", context, status=403)
    form = CorrectForm(posted(request), row=visit)
    return act(request, form, partial(visit.correct, now=now), template="visits/visit_edit.html", context=context)


@require_http_methods(["GET", "HEAD", "POST"])
def visit_void(request, pk):
    """Take a visit out of lists and counts, for a reason."""
    visit = get_for(request.user, Visit.objects.for_detail(), pk=pk, change=True)
    if visit.is_void:
        return redirect(visit)
    context = {"visit": visit, "issues": [opinion.issue for opinion in visit.opinions.became_issues()]}
    return act(
        request, VoidForm(posted(request), row=visit), visit.void, template="visits/visit_void.html", context=context
    )


@require_safe
def visit_print(request, pk):
    """The filled visit sheet for A4."""
    visit = get_for(request.user, Visit.objects.for_detail(), pk=pk)
    opinions = visit.opinions.with_words_for(request.user).for_detail()
    return print_sheet(request, household=visit.household, visit=visit, opinions=opinions)


@require_safe
def visit_sheet(request, pk):
    """An empty sheet for a household, to be filled by hand and entered later."""
    household = get_for(request.user, rounds.with_people(Household.objects.all()), pk=pk)
    return print_sheet(request, household=household)


@require_safe
def visit_blank(request):
    """An empty sheet for any household."""
    if not may(request.user, "visits"):
        raise PermissionDenied
    return print_sheet(request)


def print_sheet(request, **context):
    """The sheet, with what is known printed and what is not left as a box or a line."""
    choices = {
        "outcomes": Outcome.choices,
        "situations": Situation.choices,
        "modes": Mode.choices,
        "tags": Tag.choices,
        "empty_lines": range(rounds.LINES_ON_PAPER),
    }
    return render(request, "visits/visit_print.html", choices | context)
