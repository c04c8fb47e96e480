"""Whoever has an issue in hand calls the person who raised it, and may say that the number is wrong (see communities.suggesting)."""

from communities.suggesting import reaches
from issues.models import Issue


@reaches
def phone_of_reporter(user, kind, pk):
    """The phone of a resident whose issue is in this person's hands and whose number he may see there."""
    if kind != "resident":
        return None
    issues = Issue.objects.visible_to(user).open().filter(reporters__resident=pk).distinct()
    for issue in issues:
        if issue.is_in_work_of(user) and issue.reveals_phone_to(user):
            return issue.reporters.select_related("resident__household").get(resident=pk).resident, ("phone",)
    return None
