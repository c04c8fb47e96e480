"""Accounts that nobody uses (domain.md 3.8): warned in time, then closed by the clock. Safe to run twice, late, or killed anywhere."""

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from communities.access import Role
from communities.left_work import release_of
from communities.models import Assignment
from foundation.notices.tell import Message, tell_all

BATCH = 500


def disable_idle(*, now):
    """Close accounts that nobody has used for `IDLE_ACCOUNT_DAYS`, and warn those that will be closed in two weeks.

    The days count from the last sign-in, or from when the account was opened or opened again. The last active system
    administrator is never closed. Returns how many were closed.
    """
    days = settings.IDLE_ACCOUNT_DAYS
    limit = now - timedelta(days=days)
    idle = User.objects.unused_since(limit).order_by("last_use", "pk").values_list("pk", flat=True)
    closed = sum(lapse(pk, limit=limit, days=days, now=now) for pk in list(idle))
    warn_idle(limit=limit, days=days, now=now)
    return closed


@transaction.atomic
def lapse(pk, *, limit, days, now):
    """Close one account if it is still unused when its row is held; True if it was closed."""
    admins = active_admins(now)
    user = User.objects.select_for_update().filter(pk=pk, is_active=True).first()
    if user is None or admins == {pk} or not User.objects.unused_since(limit).filter(pk=pk).exists():
        return False
    user.lapse(now=now, days=days)
    # What bears the name goes back to the office, and those who lead there are told: nobody waits for somebody who is away.
    release_of(user, timezone.localdate(now))
    return True


def active_admins(now):
    """The numbers of the system administrators who may sign in. Their rows are held: of two, two workers close one at most."""
    posts = Assignment.objects.current(timezone.localdate(now)).of_role(Role.ADMIN)
    admins = User.objects.filter(is_active=True, pk__in=posts.values("user")).order_by("pk")
    return set(admins.select_for_update().values_list("pk", flat=True))


def warn_idle(*, limit, days, now):
    """Tell each account that will be closed within two weeks, once for each time that it fell asleep."""
    soon = limit + timedelta(days=settings.IDLE_WARNING_DAYS)
    sleepy = User.objects.unused_since(soon).filter(last_use__gte=limit).order_by("pk")
    messages = [
        Message(
            [user],
            "account_lapses_soon",
            user,
            f"unused since {user.last_use:%Y-%m-%dT%H:%M:%S}",
            {"on": f"{timezone.localdate(user.last_use + timedelta(days=days)):%Y-%m-%d}"},
            reverse("account_overview"),
        )
        for user in sleepy
    ]
    for start in range(0, len(messages), BATCH):
        tell_all(messages[start : start + BATCH])
