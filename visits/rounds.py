"""Households as a visitor needs them: in walking order, with the last visit and whether the next one is due."""

from datetime import timedelta

from django.db.models import Max, OuterRef, Q, Subquery

from communities.models import Household
from visits.models.visit import INTERVALS, Visit


def households_for(user, *, now):
    """Households in the user's reach with `care_level` (1–3 or None) and `last_met_at` (None: never)."""
    last_met = (
        Visit.objects.standing()
        .met()
        .filter(household=OuterRef("pk"), visited_at__lte=now)
        .order_by()
        .values("household")
        .annotate(last=Max("visited_at"))
        .values("last")
    )
    return Household.objects.visible_to(user).standing().with_care_level().annotate(last_met_at=Subquery(last_met[:1]))


def due(households, *, now):
    """Those whose interval for their care level has run out, and those on the care register who were never met."""
    reach = Q(pk__in=[])
    for level, days in INTERVALS.items():
        is_level = Q(care_level=level) if level else Q(care_level__isnull=True)
        late = Q(last_met_at__lt=now - timedelta(days=days))
        reach |= is_level & (late | Q(last_met_at__isnull=True) if level else late)
    return households.filter(reach)
