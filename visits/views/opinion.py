"""What residents said, over all visits in reach."""

from django.core.exceptions import PermissionDenied
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from communities.access import may
from foundation.shortcuts import page_of, words_of
from foundation.templatetags.portal import named
from visits.filters import OpinionFilter
from visits.forms.visit import ExportForm
from visits.models import Opinion
from visits.searching import find_opinions
from visits.views.export import take_away
from visits.views.visit import periods


def opinions_asked_for(request):
    """(the filter form, the words searched for, the opinions) of the list that the request names."""
    if not may(request.user, "visits"):
        raise PermissionDenied
    form = OpinionFilter(request.GET)
    words = words_of(request)
    opinions = form.narrow(Opinion.objects.visible_to(request.user).standing())
    return form, words, find_opinions(opinions, request.user, words)


@require_http_methods(["GET", "HEAD", "POST"])
def opinion_list(request):
    """Opinions of all visits in the reader's area, the latest first, with what became of each."""
    form, words, opinions = opinions_asked_for(request)
    page = page_of(request, opinions.with_words_for(request.user).for_list())
    form.offer(request.user)
    context = {
        "filter": form,
        "words": words,
        "page": page,
        "export": ExportForm(initial={"q": words}),
        "periods": periods(timezone.localdate()),
    }
    return render(request, "visits/opinion_list.html", context)


@require_POST
def opinion_export(request):
    """The list as a table: exactly these rows; confidential words stay where they are."""
    opinions = opinions_asked_for(request)[-1]
    return take_away(request, opinions, name="opinions", title=_("Opinions"), back="opinion_list", table=table)


def table(opinions):
    """(headings, rows) of the exported list."""
    headings = [
        _("Date of the visit"),
        _("Compound"),
        _("Door"),
        _("Category"),
        _("What was said"),
        _("What became of it"),
        _("How it was solved"),
        _("Issue"),
        _("State of the issue"),
        _("Visitor"),
    ]
    rows = (
        [
            opinion.visit.visited_at,
            opinion.visit.household.compound.name,
            "" if opinion.confidential else opinion.visit.household.place,
            named(opinion.category),
            _("confidential") if opinion.confidential else opinion.text,
            opinion.get_handling_display(),
            "" if opinion.confidential else opinion.spot_action,
            opinion.issue.number if opinion.issue else "",
            opinion.issue.get_status_display() if opinion.issue else "",
            opinion.created_by.name,
        ]
        for opinion in opinions.for_list()
    )
    return headings, rows
