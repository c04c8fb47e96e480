"""Absence from the office, and the substitute (AB角) whose posts count for exactly these days."""

from datetime import timedelta

from django.conf import settings
from django.db import models, transaction
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import User
from communities.access import CHANGE, READ, ScopedQuerySet, may_in
from communities.models.assignment import Assignment
from foundation.facts import Fact, create_once
from foundation.fields import PathField
from foundation.journal.moves import Move, NotAllowed, move, record
from foundation.notices.tell import tell


class Status(models.TextChoices):
    REQUESTED = "requested", _("to be confirmed")
    CONFIRMED = "confirmed", pgettext_lazy("of a leave", "confirmed")
    DECLINED = "declined", pgettext_lazy("of a leave", "declined")
    ENDED = "ended", _("ended early")


class Kind(models.TextChoices):
    """No more than the office needs to know: never why somebody is ill."""

    LEAVE = "leave", _("on leave")
    TRIP = "trip", _("on official business")
    TRAINING = "training", _("in training")


MOVES = {
    "confirm": Move(before=(Status.REQUESTED,), after=Status.CONFIRMED, label=_("Confirm")),
    "decline": Move(before=(Status.REQUESTED,), after=Status.DECLINED, label=_("Decline")),
    "withdraw": Move(before=(Status.REQUESTED, Status.CONFIRMED), after=Status.DECLINED, label=_("Withdraw")),
    "return_early": Move(before=(Status.CONFIRMED,), after=Status.ENDED, label=_("Back earlier")),
}


class LeaveQuerySet(ScopedQuerySet):
    def visible_to(self, user):
        """The own leaves, those in which one is the substitute, and those of the area one leads."""
        return self.filter(self.scope(user, READ) | Q(user=user.pk) | Q(substitute=user.pk))

    def changeable_by(self, user):
        """Nobody confirms the own leave; what one may do with it oneself is asked by `Leave.is_own`."""
        return super().changeable_by(user).exclude(user=user.pk)

    def confirmed(self):
        return self.filter(status__in=(Status.CONFIRMED, Status.ENDED))

    def on(self, day):
        """Leaves that count on this day."""
        return self.confirmed().filter(since__lte=day, until__gte=day)

    def requested(self):
        return self.filter(status=Status.REQUESTED)

    def not_over(self, day):
        return self.filter(until__gte=day)

    def overlapping(self, since, until):
        return self.filter(since__lte=until, until__gte=since)

    def for_list(self):
        return self.select_related("user", "substitute", "created_by").order_by("-since", "-pk")


class LeaveManager(models.Manager.from_queryset(LeaveQuerySet)):
    def take(self, *, by, client_uuid, user, since, until, kind, substitute=None):
        """Record a leave; confirmed at once where `by` leads the area, or the substitute works at the same posts already.

        Otherwise it waits for somebody who leads there, who is told. The same `client_uuid` again returns the same leave.
        """

        def make():
            leave = self.create(
                client_uuid=client_uuid,
                created_by=by,
                user=user,
                since=since,
                until=until,
                kind=kind,
                substitute=substitute,
                area_path=Assignment.objects.filter(user=user).own_home_path(),
            )
            record(leave, "request_leave", by=by, after=leave.status)
            if leave.needs_no_confirmation(by):
                leave.confirm(by=by)
            else:
                tell(leave.leaders(), "leave_requested", about=leave, once=f"requested:{leave.pk}", params=leave.gist)
            return leave

        return create_once(self.model, client_uuid=client_uuid, by=by, make=make)[0]


class Leave(Fact):
    """Somebody is not in the office from `since` to `until`, both days included; `substitute` holds the posts for these days."""

    TOPIC = "team"
    MOVES = MOVES

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="leaves")
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices, default=Kind.LEAVE)
    since = models.DateField(_("from (first day)"))
    until = models.DateField(_("until (last day)"))
    substitute = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="leaves_stood_in_for",
        verbose_name=_("substitute"),
    )
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.REQUESTED, editable=False)
    area_path = PathField(max_length=15, blank=True, default="", db_index=True, editable=False)

    objects = LeaveManager()

    class Meta(Fact.Meta):
        indexes = [models.Index(fields=["user", "until"])]
        constraints = [
            *Fact.Meta.constraints,
            models.CheckConstraint(condition=Q(until__gte=F("since")), name="leave_ends_after_start"),
            models.CheckConstraint(
                condition=Q(substitute=None) | ~Q(substitute=F("user")), name="leave_not_own_substitute"
            ),
        ]

    def __str__(self):
        return f"{self.user} {self.since}–{self.until}"

    def get_absolute_url(self):
        return reverse("leave_detail", args=[self.pk])

    @property
    def gist(self):
        """What a notice may say: the days."""
        return {"since": self.since.isoformat(), "until": self.until.isoformat()}

    @property
    def is_running(self):
        return self.status == Status.CONFIRMED and self.since <= timezone.localdate() <= self.until

    def posts(self):
        """The own posts that the person holds on some of these days."""
        own = self.user.assignments.filter(stands_in_for=None, since__lte=self.until)
        return list(own.not_over(self.since).for_access())

    def needs_no_confirmation(self, by):
        """Who leads the area decides at once; and a colleague who holds each of the posts anyway gains nothing by it."""
        if self.substitute and not all(self.is_held(post) or self.may_be_given(post, by) for post in self.posts()):
            return False
        if by.pk != self.user_id and may_in(by, "team", CHANGE, self.area_path):
            return True
        return self.substitute is not None and all(self.is_held(post) for post in self.posts())

    def may_be_given(self, post, by):
        """Whether `by` leads where the person holds this post; nobody takes a post for himself, not for a day either."""
        return by.pk not in (self.user_id, self.substitute_id) and may_in(by, "team", CHANGE, post.area_path)

    def leaders(self):
        """Who leads the area of this person: those who may confirm, nearest first; without those who leave or stand in."""
        today = timezone.localdate()
        return User.objects.filter(
            is_active=True,
            pk__in=Assignment.objects.current(today)
            .leading(self.area_path)
            .exclude(user__in=[self.user_id, self.substitute_id or 0])
            .values("user"),
        )

    @transaction.atomic
    def confirm(self, *, by, key=None):
        """The leave counts; the substitute gets the posts for these days, and both are told.

        NotAllowed if one of the posts is not `by`'s to give: one may lead where a person works, and not all that he answers for.
        """
        move(self, "confirm", by=by, key=key)
        for post in self.posts():
            self.hand_over_post(post, by=by)
        if self.substitute is None:
            tell(self.leaders(), "leave_unattended", about=self, once=f"unattended:{self.pk}", params=self.gist)
        told = [person for person in (self.user, self.substitute) if person is not None and person != by]
        tell(told, "leave_confirmed", about=self, once=f"confirmed:{self.pk}", params=self.gist)

    def hand_over_post(self, post, *, by):
        """The substitute holds `post` for the days of the leave, unless an own post gives the same."""
        if self.substitute is None or self.is_held(post):
            return
        if not self.may_be_given(post, by):
            raise NotAllowed(self, "confirm")
        since, until = self.days_of(post)
        Assignment.objects.assign(
            by=by,
            user=self.substitute,
            role=post.role,
            since=since,
            until=until,
            division=post.division,
            unit=post.unit,
            compound=post.compound,
            stands_in_for=self.user,
            leave=self,
        )

    def days_of(self, post):
        """The days of the leave on which the person holds this post: the first and the last."""
        return max(self.since, post.since), min(self.until, post.until or self.until)

    def is_held(self, post):
        """Whether the substitute holds the same post on all these days anyway."""
        since, until = self.days_of(post)
        held = self.substitute.assignments.not_over(since).filter(
            role=post.role,
            division=post.division,
            unit=post.unit,
            compound=post.compound,
            since__lte=since,
        )
        return held.filter(Q(until=None) | Q(until__gte=until)).exists()

    @transaction.atomic
    def decline(self, *, by, reason, key=None):
        move(self, "decline", by=by, key=key, note=reason)
        tell([self.user], "leave_declined", about=self, once=f"declined:{self.pk}", params=self.gist)

    @transaction.atomic
    def withdraw(self, *, by, key=None):
        """It does not happen after all. NotAllowed once it has begun: then one comes back earlier."""
        if self.status == Status.CONFIRMED and self.since <= timezone.localdate():
            raise NotAllowed(self, "withdraw")
        move(self, "withdraw", by=by, key=key)
        self.end_posts(by=by, on=None)

    @transaction.atomic
    def return_early(self, *, by, key=None):
        """Back from today on: yesterday was the last day away, and the substitute's posts end at once."""
        today = timezone.localdate()
        move(self, "return_early", by=by, key=key, until=max(self.since, min(self.until, today - timedelta(days=1))))
        self.end_posts(by=by, on=None)
        if self.substitute and self.substitute != by:
            tell([self.substitute], "leave_ended", about=self, once=f"ended:{self.pk}", params=self.gist)

    def end_posts(self, *, by, on):
        for post in self.assignments.not_over(timezone.localdate()):
            post.end(by=by, on=on)
