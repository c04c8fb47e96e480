"""The numbers about visits, opinions and visited households that dashboards show (see foundation.figures)."""

from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from foundation.figures import Figure
from visits.models import Visit
from visits.models.opinion import Handling
from visits.models.visit import MET


def met(span):
    return Q(outcome__in=MET) & span.holds("visited_at")


def of_handling(handling):
    return lambda span: span.holds("visit__visited_at") & Q(handling=handling)


def was_met(span):
    """Somebody of the household was met on these days, at whichever place it stood then."""
    return Exists(Visit.objects.standing().filter(met(span), household=OuterRef("pk")))


VISIT_FIGURES = {
    "visits": Figure(
        _("Visits made"),
        _("Visits made on these days, by the date of the visit and not of the entry; voided ones do not count."),
        lambda span: span.holds("visited_at"),
    ),
    "met": Figure(
        _("Visits with somebody met"),
        _("Visits on these days at which a resident or somebody of the family was met."),
        met,
    ),
    "people": Figure(
        _("People met"),
        _("The people met at these visits, added up: somebody met twice counts twice."),
        met,
    ),
}

OPINION_FIGURES = {
    "opinions": Figure(
        _("Opinions"),
        _("Lines of what residents said at visits on these days, each counted once, whatever became of it."),
        lambda span: span.holds("visit__visited_at"),
    ),
    "opinions_answered": Figure(
        _("Answered at once"),
        _("Opinions that were answered at the visit."),
        of_handling(Handling.ANSWERED),
    ),
    "opinions_on_spot": Figure(
        _("Solved on the spot"),
        _("Opinions that were solved at the visit."),
        of_handling(Handling.ON_SPOT),
    ),
    "opinions_registered": Figure(
        _("Registered as issues"),
        _("Opinions that were registered as issues."),
        of_handling(Handling.REGISTER),
    ),
}

HOUSEHOLD_FIGURES = {
    "in_scope": Figure(
        _("Households in scope"),
        _("Households that stand in the register here now."),
        lambda span: Q(),
        is_now=True,
    ),
    "covered": Figure(
        _("Households met"),
        _("Households that stand here now and of which somebody was met on these days; each counts once."),
        was_met,
    ),
    "not_covered": Figure(
        _("Households not met"),
        _("Households that stand here now and of which nobody was met on these days."),
        lambda span: ~was_met(span),
    ),
}
