"""What follows when a place is merged, split or moved: open work goes to the office that takes over (see communities.reorganising)."""

from communities.reorganising import hands_over
from foundation.paths import within
from issues.models import DispatchRule, Issue, WorkOrder


@hands_over
def open_work(old, new, area_path):
    """Issues on the desk of the old office, its open work orders and the rules that propose it."""
    issues = Issue.objects.open().filter(within(area_path))
    WorkOrder.objects.filter(unit=old, state__in=WorkOrder.OPEN, issue__in=issues).update(unit=new)
    issues.filter(desk=old).update(desk=new)
    if not area_path:
        DispatchRule.objects.filter(unit=old).update(unit=new)
