"""What of the issues is open with one person (see communities.open_items)."""

from django.utils import timezone
from django.utils.translation import gettext_lazy

from communities.access import forget_posts
from communities.open_items import Item, contribute
from foundation.templatetags.portal import named
from issues.models import Issue, WorkOrder
from issues.queues import QUEUES


def orders_in_hand(person):
    """Issues of which this person is the named handler."""
    rows = Issue.objects.filter(
        voided_at=None, work_orders__handler=person, work_orders__state=WorkOrder.State.SIGNED
    ).distinct()
    return [
        item_of("order", issue, personal=True) for issue in rows.select_related("category").order_by("due_at", "pk")
    ]


def at_the_desk(person):
    """Issues that wait for whoever holds the posts of this person: to decide, or to call back."""
    forget_posts(person)
    now = timezone.now()
    waits = QUEUES["to_decide"].rows(person, now) | QUEUES["to_verify"].rows(person, now)
    rows = Issue.objects.visible_to(person).open().filter(waits)
    return [item_of("desk", issue) for issue in rows.select_related("category").order_by("due_at", "pk")]


def item_of(kind, issue, *, personal=False):
    """Number and category only: the sheet is printed and read by others."""
    due = issue.due_at and timezone.localdate(issue.due_at)
    title = f"{issue.number} {named(issue.category)}"
    return Item(kind, issue, title, issue.get_status_display(), issue.get_absolute_url(), personal=personal, due=due)


def give_order(issue, *, by, giver, taker):
    issue.hand_on(by=by, handler=taker)


contribute("order", gettext_lazy("Issues in hand"), orders_in_hand, give_order)
contribute("desk", gettext_lazy("Issues that wait at the desk"), at_the_desk)
