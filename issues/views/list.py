"""The list of issues, its search, and what can be taken away of it."""

from urllib.parse import urlencode

from django import forms
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from communities.access import posts_of
from foundation.journal.moves import accessed
from foundation.sheets import sheet_response
from foundation.shortcuts import bounded_page_of, page_of, words_of
from foundation.tables import Column, Table, below, joined, link, span
from foundation.templatetags.portal import chip, days, due_chip, named
from issues.filters import IssueFilter
from issues.forms.intake import may_record
from issues.models import Issue
from issues.models.finding import deciding_posts, unit_behind
from issues.queues import QUEUES
from issues.sight import Sight, sights
from issues.templatetags.issues import status_chip
from issues.workflow import OPEN, Status

MOST_EXPORTED = 5000


class ExportForm(forms.Form):
    purpose = forms.CharField(
        label=_("What do you need the table for?"),
        min_length=4,
        max_length=200,
        help_text=_("The purpose is stored in the access log together with your name. Names are masked."),
    )


class Question:
    """What the page was asked: the filters in the address and the words, which travel by POST only."""

    def __init__(self, request):
        self.user = request.user
        self.now = timezone.now()
        self.words = words_of(request)
        self.filter = IssueFilter(request.GET)
        # Nothing asked for: what is open. A search goes through everything.
        self.is_default = self.filter.is_plain and not self.words
        if self.is_default:
            asked = request.GET.copy()
            asked["status"] = "open"
            self.filter = IssueFilter(asked)

    @property
    def address(self):
        """The filters as a query string, without the page."""
        kept = {name: values for name, values in self.filter.data.lists() if name != "page"}
        return f"?{urlencode(kept, doseq=True)}" if kept else ""

    def rows(self):
        rows = Issue.objects.visible_to(self.user).standing()
        rows = self.filter.narrow(rows, now=self.now, user=self.user)
        return rows.found_by(self.user, self.words) if self.words else rows

    def shown(self):
        """The rows as the page and the export show them, in their order."""
        return self.with_facts(self.filter.sorted(self.rows()))

    def with_facts(self, rows):
        return rows.for_list().for_reader(self.user)

    def page(self, request):
        """Behind a number of a dashboard every row is counted, so that the two can be compared; else as far as anybody turns pages."""
        if self.filter.counted_as:
            return page_of(request, self.shown())
        rows = self.filter.sorted(self.rows())
        return bounded_page_of(request, rows, fetch=self.fetch)

    def fetch(self, pks):
        return Issue.objects.filter(pk__in=pks).for_list().with_hands_of(self.user)


def issue_list(request):
    """Filters stand in the address, words travel by POST; both narrow the same rows, and the export takes exactly them."""
    question = Question(request)
    page = question.page(request)
    question.filter.offer(request.user)
    rows = sights(page.object_list, request.user)
    context = {
        "page": page,
        "rows": rows,
        "table": table_of(rows),
        "question": question,
        "filter": question.filter,
        "chips": chips_for(request.user, question),
        "export_form": ExportForm(),
        "may_record": may_record(request.user),
    }
    return render(request, "issues/issue_list.html", context)


def table_of(rows):
    columns = [
        Column(gettext("Issue")),
        Column(gettext("Status and limit"), named=False),
        Column(gettext("With")),
        Column(gettext("Submitted"), css="nowrap"),
    ]
    write = days()
    return Table(
        columns,
        [
            (
                title_of(sight),
                span("actions", joined(status_chip(sight.issue), due_chip(sight.issue))),
                sight.holder if sight.issue.is_open else sight.issue.get_closure_reason_display(),
                write(sight.issue.submitted_at),
            )
            for sight in rows
        ],
    )


def title_of(sight):
    issue = sight.issue
    urgent = sight.urgency_tone and chip(sight.urgency_tone, "alert", issue.get_urgency_display())
    secret = sight.is_confidential and chip("calm", "lock", gettext("confidential"))
    about = f"{issue.number} · {named(issue.category)} · {sight.place}"
    return joined(link(sight.url, sight.title, "t"), " ", urgent, secret, below(about))


def chips_for(user, question):
    """The quick filters that make sense for this user: (label, query string, is it in force?)."""
    decides = bool(deciding_posts(user))
    works = any(unit_behind(post) is not None for post in posts_of(user))
    wanted = [
        (True, _("Open"), "status=open"),
        (decides or works, QUEUES["waiting"].title, "queue=waiting"),
        (True, _("Overdue"), "status=overdue"),
        (decides, _("On my desk"), "desk=on"),
        (works, _("With my unit"), "unit=on"),
        (True, Status.VERIFYING.label, f"status={Status.VERIFYING}"),
        (may_record(user), _("Recorded by me"), "mine=on"),
        (True, Status.CLOSED.label, f"status={Status.CLOSED}&sort=closed"),
        (True, _("All"), "sort=newest&status="),
    ]
    chosen = {name: str(value) for name, value in question.filter.chosen.items() if name != "sort"}
    return [(label, query, not question.words and is_exactly(query, chosen)) for shown, label, query in wanted if shown]


def is_exactly(query, chosen):
    pairs = dict(pair.split("=") for pair in query.split("&"))
    asked = {name: "True" if value == "on" else value for name, value in pairs.items() if name != "sort" and value}
    return asked == chosen


@require_POST
def issue_export(request):
    """The shown rows as a table, for a purpose that is logged. The address carries the filters, `q` the words of a search."""
    form = ExportForm(request.POST)
    question = Question(request)
    count = question.rows().count()
    if form.is_valid() and count > MOST_EXPORTED:
        form.add_error(None, _("These are more than %(most)s. Narrow the list first.") % {"most": MOST_EXPORTED})
    if not form.is_valid():
        context = {"export_form": form, "question": question, "count": count}
        return render(request, "issues/issue_export.html", context)
    rows = list(question.shown().prefetch_related("reporters__resident"))
    place = next((post.target for post in posts_of(request.user) if post.target), Issue)
    accessed(place, "export:issues", by=request.user, reason=form.cleaned_data["purpose"], rows=len(rows))
    return sheet_response("issues", _("Resident issues"), HEADINGS, [line_of(Sight(row, request.user)) for row in rows])


HEADINGS = (
    pgettext_lazy("issue", "Number"),
    _("Title"),
    _("Category"),
    _("Status"),
    _("Urgency"),
    _("Community"),
    _("Where"),
    _("With"),
    _("How it came in"),
    _("Reporter"),
    _("Submitted"),
    _("Limit"),
    _("Closed on"),
    _("Closed as"),
)


def line_of(sight):
    issue = sight.issue
    reporters = "、".join(reporter.name_for_lists for reporter in issue.reporters.all()) if sight.is_whole else ""
    return (
        issue.number,
        sight.title,
        named(issue.category),
        issue.get_status_display(),
        issue.get_urgency_display(),
        named(issue.community),
        sight.place,
        sight.holder if issue.status in OPEN else "",
        issue.get_channel_display(),
        reporters,
        issue.submitted_at,
        issue.due_at,
        issue.closed_at,
        issue.get_closure_reason_display(),
    )
