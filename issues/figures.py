"""The numbers about issues that dashboards show and the list of issues opens. Each is one condition (see foundation.figures)."""

from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from foundation.figures import Figure
from issues.models import Callback
from issues.models.issue import RUNNING
from issues.workflow import OPEN, Reason, Status

# Age of an open issue in days since the day it came in: from, to (None: and older).
AGES = {"age_0": (0, 3), "age_4": (4, 7), "age_8": (8, 15), "age_16": (16, None)}
AGE_TITLES = {
    "age_0": _("0–3 days"),
    "age_4": _("4–7 days"),
    "age_8": _("8–15 days"),
    "age_16": _("more than 15 days"),
}
VERIFIED = (Reason.RESOLVED, Reason.PARTLY)


def closed(span, *reasons):
    """Closed in these days after a call-back, for one of the reasons; what was solved on the spot is counted apart."""
    why = Q(closure_reason__in=reasons) if reasons else ~Q(closure_reason=Reason.ON_SPOT)
    return Q(status=Status.CLOSED) & why & span.holds("closed_at")


def answer(*satisfaction):
    """At the call-back that closed the issue the resident gave one of these answers."""
    return Exists(
        Callback.objects.filter(
            issue=OuterRef("pk"), round=OuterRef("round"), outcome="confirmed", satisfaction__in=satisfaction
        )
    )


def said_no(span):
    """A call-back in these days said "not solved". Few do, so they are looked up once and not for every issue."""
    return Q(pk__in=Callback.objects.filter(span.holds("at"), outcome="not_solved").values("issue"))


def sent_back(span):
    """A call-back in these days said "not solved", and the issue was not closed in them."""
    return ~closed(span) & said_no(span)


def alive(issues, span):
    """Those of the issues that any figure counts: each way to count has an index of its own, all together have none."""
    ways = [Q(status__in=OPEN), span.holds("submitted_at"), closed(span), said_no(span)]
    first, *others = (issues.filter(way).order_by().values("pk") for way in ways)
    return issues.filter(pk__in=first.union(*others))


def of_age(youngest, oldest):
    def condition(span):
        rows = Q(status__in=OPEN)
        if youngest:
            rows &= span.before_days_ago(youngest - 1, "submitted_at")
        if oldest is not None:
            rows &= span.back_to_days_ago(oldest, "submitted_at")
        return rows

    return condition


FIGURES = {
    "raised": Figure(
        _("Issues raised"),
        _("Issues that came in on these days, whatever became of them; those solved on the spot are among them."),
        lambda span: span.holds("submitted_at"),
    ),
    "on_spot": Figure(
        _("Solved on the spot"),
        _("Issues raised on these days and solved at the visit itself. Counted apart: they are in no rate."),
        lambda span: span.holds("submitted_at") & Q(closure_reason=Reason.ON_SPOT),
    ),
    "closed": Figure(
        _("Issues closed"),
        _("Issues closed on these days after a call-back, for whatever reason; without those solved on the spot."),
        closed,
    ),
    "solved": Figure(
        _("Solved"),
        _("Closed on these days because the resident confirmed at the call-back that it is solved."),
        lambda span: closed(span, Reason.RESOLVED),
    ),
    "partly": Figure(
        _("Partly solved"),
        _("Closed on these days as partly solved."),
        lambda span: closed(span, Reason.PARTLY),
    ),
    "explained": Figure(
        _("Answered and explained"),
        _("Closed on these days with an explanation; outside the solved rate."),
        lambda span: closed(span, Reason.EXPLAINED),
    ),
    "unreachable": Figure(
        _("Resident not reached"),
        _("Closed on these days after several attempts to reach the resident; outside both rates."),
        lambda span: closed(span, Reason.UNREACHABLE),
    ),
    "sent_back": Figure(
        _("Not solved, back to work"),
        _("At a call-back on these days the resident said it is not solved, and it was not closed on them."),
        sent_back,
    ),
    "verified": Figure(
        _("Verified with the resident"),
        _("Solved, partly solved, and not solved: the denominator of the solved rate."),
        lambda span: closed(span, *VERIFIED) | sent_back(span),
    ),
    "satisfied": Figure(
        _("Satisfied"),
        _("Closed on these days, and the resident was satisfied or basically satisfied."),
        lambda span: closed(span) & answer("satisfied", "basically"),
    ),
    "asked": Figure(
        _("Asked how satisfied they are"),
        _("Closed on these days, and the resident answered the question: the denominator of the satisfaction."),
        lambda span: closed(span) & answer("satisfied", "basically", "dissatisfied"),
    ),
    "unasked": Figure(
        _("Not asked"),
        _("Closed on these days without an answer how satisfied the resident is; outside the satisfaction."),
        lambda span: (
            closed(span) & ~Q(closure_reason=Reason.UNREACHABLE) & ~answer("satisfied", "basically", "dissatisfied")
        ),
    ),
    "open": Figure(
        _("Open issues"),
        _("Issues that are not closed now, whenever they came in."),
        lambda span: Q(status__in=OPEN),
        is_now=True,
    ),
    "overdue": Figure(
        _("Overdue"),
        _("Registered and not reported as done, and the handling limit has passed."),
        lambda span: Q(status__in=RUNNING, due_at__lt=span.now),
        is_now=True,
    ),
    **{
        str(status): Figure(
            status.label,
            _("Open issues in this state now."),
            lambda span, status=status: Q(status=status),
            is_now=True,
        )
        for status in OPEN
    },
    **{
        code: Figure(
            AGE_TITLES[code],
            _("Open issues by the days since they came in; the day itself is day 0."),
            of_age(*ends),
            is_now=True,
        )
        for code, ends in AGES.items()
    },
}
