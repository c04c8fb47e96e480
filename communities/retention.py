"""The clock's part in retention: those who may propose hear once a month that data have been kept long enough."""

from django.utils import timezone

from communities.access import Role
from communities.models import Assignment, Resident
from communities.models.retention import people_due
from foundation.notices.tell import Message, tell_all

TOLD = (Role.SECRETARY, Role.COORDINATOR, Role.DISTRICT_ADMIN)


def remind_of_purges(*, now):
    """Tell whoever keeps a register in which data are due to be cleared, once a month; returns how many were told.

    The number that each is told counts the own area; who stands in for somebody is told, too.
    """
    today = timezone.localdate(now)
    due = list(people_due(Resident.objects.all(), today).order_by().values_list("area_path", flat=True))
    if not due:
        return 0
    posts = Assignment.objects.current(today).of_role(*TOLD).filter(user__is_active=True, division__isnull=False)
    messages = []
    for post in posts.select_related("user", "division"):
        number = sum(path.startswith(post.division.code) for path in due)
        if number:
            once = f"{today:%Y-%m}:{post.division.code}"
            messages.append(
                Message([post.user], "purge_due", post.division, once, {"people": number}, url="/communities/purges/")
            )
    return tell_all(messages)
