"""A unit's part in an issue, and who had the work in hand."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from communities.access import Role
from communities.models import Assignment

# Who works in an area office: grid workers in a grid's, those who decide in the others.
OFFICE_ROLES = (Role.GRID_WORKER, Role.SECRETARY, Role.COORDINATOR, Role.DISTRICT_ADMIN)


class WorkOrder(models.Model):
    """A unit's part in an issue, in one round. There is at most one open lead order."""

    class LeadRole(models.TextChoices):
        LEAD = "lead", _("leading unit")

    class State(models.TextChoices):
        PENDING = "pending", _("not signed for")
        SIGNED = "signed", _("being handled")
        DONE = "done", _("done")
        WITHDRAWN = "withdrawn", _("withdrawn")

    OPEN = (State.PENDING, State.SIGNED)
    # States in which the unit may see the issue: a withdrawn order opens nothing.
    NAMED = (State.PENDING, State.SIGNED, State.DONE)

    issue = models.ForeignKey("issues.Issue", on_delete=models.PROTECT, related_name="work_orders")
    round = models.PositiveSmallIntegerField(default=1)
    unit = models.ForeignKey("communities.Unit", on_delete=models.PROTECT, related_name="work_orders")
    role = models.CharField(max_length=8, choices=LeadRole.choices, default=LeadRole.LEAD)
    state = models.CharField(max_length=10, choices=State.choices, default=State.PENDING)
    handler = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="work_orders"
    )
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    sign_due_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField(null=True)
    signed_at = models.DateTimeField(null=True)
    done_at = models.DateTimeField(null=True)
    result = models.TextField(blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["unit", "state"]),
            models.Index(fields=["sign_due_at"], condition=Q(state="pending"), name="order_pending_sign_due"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["issue"], condition=Q(role="lead", state__in=("pending", "signed")), name="one_open_lead_order"
            ),
            models.CheckConstraint(
                condition=~Q(state__in=("signed", "done")) | Q(handler__isnull=False), name="signed_order_has_handler"
            ),
        ]

    def __str__(self):
        return f"{self.unit_id}: {self.state}"

    @property
    def is_open(self):
        return self.state in self.OPEN

    def change(self, **facts):
        """Write these facts; the issue's own guarded move in the same transaction has already settled who may."""
        for name, value in facts.items():
            setattr(self, name, value)
        self.save(update_fields=list(facts))

    def colleagues(self):
        """Who else acts for the unit and could have the order in hand."""
        return [user for user in people_of_unit(self.unit) if user.pk != self.handler_id]

    def people(self):
        """Who is told about this order: its handler while he works there, else everybody who acts for the unit."""
        staff = people_of_unit(self.unit)
        return [user for user in staff if user.pk == self.handler_id] or staff


class HandQuerySet(models.QuerySet):
    def hold(self, order, *users):
        """Note that these people had the order in hand; who stands there already stays."""
        hands = [Hand(work_order=order, user=user) for user in users if user is not None]
        self.bulk_create(hands, ignore_conflicts=True)


class Hand(models.Model):
    """Somebody who had a work order in hand: signed for it, reported it done, or was stood in for then.

    None of them may verify the issue, unless the order was withdrawn. An order names one handler only, but colleagues take over
    from each other.
    """

    work_order = models.ForeignKey(WorkOrder, on_delete=models.CASCADE, related_name="hands")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False)

    objects = HandQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["work_order", "user"], name="one_hand_per_person")]

    def __str__(self):
        return f"{self.user_id} on {self.work_order_id}"


def people_of_unit(unit):
    """The users who act for a unit today."""
    today = timezone.localdate()
    posts = Assignment.objects.current(today).filter(user__is_active=True).select_related("user")
    if unit.is_office:
        posts = posts.filter(
            division_id=unit.division_id,
            role__in=OFFICE_ROLES,
        )
    else:
        posts = posts.filter(unit_id=unit.pk)
    return list({post.user_id: post.user for post in posts}.values())
