"""Open work of people who have no post any more: the office gets it back, once, and those who lead there are told."""

from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from communities.models import Assignment, Compound, Shift
from communities.open_items import personal_items, release_all
from foundation.journal.moves import record
from foundation.notices.tell import tell


def release_left_work(*, now):
    """Take the names of people without a post off compounds and shifts; returns how many people it concerned.

    Safe to repeat: what has been released bears no name any more.
    """
    today = timezone.localdate(now)
    named = Q(Exists(Compound.objects.standing().filter(responsible=OuterRef("pk"))))
    named |= Q(Exists(Shift.objects.standing().ahead(now).filter(user=OuterRef("pk"))))
    posts = Assignment.objects.not_over(today).filter(user=OuterRef("pk"))
    gone = User.objects.filter(named).exclude(Exists(posts))
    return sum(release_of(person, today) for person in gone)


@transaction.atomic
def release_of(person, today):
    items = personal_items(person)
    if not items:
        return 0
    release_all(items, by=None)
    record(person, "release_work", by=None, data={"items": len(items)})
    last = person.assignments.filter(stands_in_for=None).order_by("-until", "-pk").first()
    area_path = last.area_path if last else ""
    leaders = User.objects.filter(
        is_active=True, pk__in=Assignment.objects.current(today).leading(area_path).values("user")
    )
    tell(
        leaders,
        "work_released",
        about=person,
        once=f"released:{today}",
        params={"n": len(items)},
        url=reverse("handover_list"),
    )
    return 1
