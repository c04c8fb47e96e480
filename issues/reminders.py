"""The reminder ladder of issues: who is told when a limit comes near or has passed. Safe to run twice, late, or killed anywhere."""

from datetime import datetime, time, timedelta

from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from communities.access import Role
from communities.models import Assignment
from foundation.journal.moves import record_all
from foundation.notices.tell import Message, tell_all
from foundation.paths import within
from foundation.workdays.calendar import add_workdays, is_working
from issues.models.issue import Issue
from issues.models.reminder import Clock, Reminded, Rung, Told
from issues.models.work_order import OFFICE_ROLES, WorkOrder

BATCH = 500


def remind_issues(*, now):
    """Fire every rung that is due at `now` and has not fired; returns how many issues and orders were reminded of.

    Each batch is one transaction that inserts the unique `Reminded` rows, the notices and the journal entries together: killed
    anywhere, it is rolled back and done again by the next tick.
    """
    fired = 0
    for rung in Rung.objects.filter(active=True):
        while batch := fire_batch(rung, now=now):
            fired += batch
    return fired


@transaction.atomic
def fire_batch(rung, *, now):
    """Fire one rung for up to `BATCH` issues or work orders that wait for it; returns how many.

    On PostgreSQL the rung's own row is locked first: which issues wait is judged on what the task before has committed.
    """
    if connection.features.has_select_for_update:
        Rung.objects.select_for_update().get(pk=rung.pk)
    rows = list(waiting_for(rung, now=now)[:BATCH])
    if not rows:
        return 0
    orders = {row.issue_id: row for row in rows} if rung.clock == Clock.SIGN else lead_orders(rows)
    issues = [row.issue for row in rows] if rung.clock == Clock.SIGN else rows
    Reminded.objects.bulk_create(
        Reminded(
            issue=issue,
            work_order=orders[issue.pk] if rung.clock == Clock.SIGN else None,
            rung=rung,
            round=issue.round,
            at=now,
        )
        for issue in issues
    )
    people = People(rung, issues, orders, today=timezone.localdate(now))
    tell_all([message(rung, issue, orders.get(issue.pk), people, now=now) for issue in issues])
    record_all(issues, "reminded", by=None, data={"clock": rung.clock, "offset": rung.offset, "told": rung.told})
    return len(rows)


def waiting_for(rung, *, now):
    """Issues (or, for the signing clock, work orders) whose limit this rung has reached and that it has not fired for."""
    limit = reached(rung.offset, now=now)
    if rung.clock == Clock.SIGN:
        orders = WorkOrder.objects.filter(
            within(rung.area_path, "issue__area_path"),
            state=WorkOrder.State.PENDING,
            sign_due_at__lte=limit,
            issue__voided_at=None,
        )
        if rung.offset < 0:
            orders = orders.filter(sign_due_at__gt=now)
        fired = Reminded.objects.filter(rung=rung, work_order=OuterRef("pk"))
        return (
            orders.exclude(Exists(fired))
            .select_related("issue__category", "issue__desk", "unit", "handler")
            .order_by("pk")
        )
    issues = Issue.objects.overdue(limit + timedelta(microseconds=1)).filter(within(rung.area_path))
    if rung.offset < 0:
        # What has run out while the clock stood still is overdue, not "due soon".
        issues = issues.filter(due_at__gt=now)
    fired = Reminded.objects.filter(rung=rung, issue=OuterRef("pk"), round=OuterRef("round"), work_order=None)
    return issues.exclude(Exists(fired)).select_related("category", "desk").order_by("pk")


def reached(offset, *, now):
    """The latest limit that a rung of this offset has reached: limits up to this moment fire.

    The offset counts working days and keeps the limit's time of day; before a limit (negative) the whole day counts.
    """
    if offset == 0:
        return now
    today = timezone.localdate(now)
    if offset < 0:
        return timezone.make_aware(datetime.combine(add_workdays(today, -offset).date, time.max))
    # A limit on the last working day before a weekend counts its working days from there; on a day off nothing new is reached.
    day = add_workdays(today, -offset).date
    clock = timezone.localtime(now).time() if is_working(today) else time.min
    return timezone.make_aware(datetime.combine(day, clock))


def lead_orders(issues):
    """The open lead order of each of these issues, by issue."""
    orders = WorkOrder.objects.filter(issue__in=issues, state__in=WorkOrder.OPEN, role=WorkOrder.LeadRole.LEAD)
    return {order.issue_id: order for order in orders.select_related("unit", "handler")}


class People:
    """Whom a rung tells, for a whole batch in one query: posts by place and by unit."""

    # From the community upward: who is told there, and how many digits of the issue's path name the place.
    LADDER = {
        Told.SECRETARY: (Role.SECRETARY, 12),
        Told.STREET: (Role.COORDINATOR, 9),
        Told.DISTRICT: (Role.DISTRICT_ADMIN, 6),
    }

    def __init__(self, rung, issues, orders, *, today):
        self.told = rung.told
        codes = {issue.area_path[:digits] for issue in issues for _role, digits in self.LADDER.values()}
        units = [order.unit for order in orders.values()]
        offices = {unit.area_path for unit in units if unit.is_office}
        posts = Assignment.objects.current(today).filter(user__is_active=True)
        reach = Q(division__code__in=codes | offices) | Q(unit__in=[unit.pk for unit in units if not unit.is_office])
        self.at_place, self.at_unit = {}, {}
        for post in posts.filter(reach).select_related("user", "division").order_by("pk"):
            if post.unit_id:
                self.at_unit.setdefault(post.unit_id, []).append(post.user)
            else:
                self.at_place.setdefault((post.role, post.division.code), []).append(post.user)

    def to_tell(self, issue, order):
        """The users for one issue. Where nobody is at a level, the next one up is told: an unread reminder helps nobody."""
        if self.told == Told.HANDLER and order is not None and (workers := self.at_work_on(order)):
            return workers
        for role, digits in list(self.LADDER.values())[self.first_step(issue) :]:
            if people := self.at_place.get((role, issue.area_path[:digits])):
                return people
        return []

    def at_work_on(self, order):
        """The handler while he still works there, else everybody who could take over."""
        unit = order.unit
        if unit.is_office:
            staff = [user for role in OFFICE_ROLES for user in self.at_place.get((role, unit.area_path), ())]
        else:
            staff = self.at_unit.get(unit.pk, [])
        return [user for user in staff if user.pk == order.handler_id] or staff

    def first_step(self, issue):
        """Where the ladder begins: at the party of the rung; for the handler's rung at the desk that decides about the issue."""
        if self.told in self.LADDER:
            return list(self.LADDER).index(self.told)
        return [digits for _role, digits in self.LADDER.values()].index(len(issue.desk.area_path))


def message(rung, issue, order, people, *, now):
    """The notice for one issue; number, category and date only."""
    sign = rung.clock == Clock.SIGN
    due = order.sign_due_at if sign else issue.due_at
    kind = "order_unsigned" if sign else "issue_due_soon" if due > now else "issue_overdue"
    once = f"rung:{rung.pk}:order:{order.pk}" if sign else f"rung:{rung.pk}:round:{issue.round}"
    params = issue.gist | {"due": f"{timezone.localtime(due):%Y-%m-%d}"}
    return Message(people.to_tell(issue, order), kind, issue, once, params)
