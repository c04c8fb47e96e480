"""A resident's issue (居民诉求). Every change is one verb: one transaction, one guarded update, one journal entry."""

import secrets

from django.db import IntegrityError, models, transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from communities.access import CHANGE, Role, holds, may_in, may_reveal, posts_of
from communities.models import Assignment, Unit
from communities.models.shift import on_duty
from communities.models.unit import DEPARTMENTS, Kind, office_path
from foundation.bigrams import BigramIndex, Searchable
from foundation.facts import Fact, create_once
from foundation.fields import PathField
from foundation.journal.moves import NotAllowed, accessed, label, move, record
from foundation.notices.tell import tell
from foundation.paths import within
from foundation.workdays.calendar import due_at
from issues.models.category import DispatchRule, Duty, Phase, TimeLimit, Urgency
from issues.models.contact import Anonymity, Callback, Outcome, Reporter
from issues.models.finding import IssueQuerySet
from issues.models.work_order import Hand, WorkOrder
from issues.parties import acts_for_unit, may_verify, parties_of
from issues.workflow import MOVES, OPEN, RUNNING, UNREACHABLE_ATTEMPTS, UNREACHABLE_DAYS, Reason, Status

# Letters and digits that are not mistaken for each other when read out on the telephone.
NUMBER_LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
# What a call-back may find; the other reasons close an issue without one.
CONFIRMED = (Reason.RESOLVED, Reason.PARTLY, Reason.EXPLAINED)
# Who decides at the office of each level of the territory, from the owner upward.
DECIDERS = {"community": Role.SECRETARY, "street": Role.COORDINATOR, "district": Role.DISTRICT_ADMIN}


class Channel(models.TextChoices):
    VISIT = "visit", _("household visit")
    COUNTER = "counter", _("at the counter")
    TELEPHONE = "telephone", _("telephone")
    MESSAGE = "message", _("message")


class IssueManager(models.Manager.from_queryset(IssueQuerySet)):
    def report(self, *, by, client_uuid, community, text, category, **facts):
        """Record what a resident said; it awaits registration by the community.

        `facts`: title, channel, urgency, anonymity, address, compound, building, household, area_path, occurred_at, source_key,
        and of the reporter resident, reporter_name, reporter_phone. The same `client_uuid` or `source_key` again returns the
        issue that exists. Raises Conflict if somebody else made it.
        """
        return self._bear(
            "report", by=by, client_uuid=client_uuid, community=community, text=text, category=category, **facts
        )

    def solve_on_spot(self, *, by, client_uuid, community, text, category, how, at, **facts):
        """Record an issue that was solved at the visit: born closed, counted apart, open to a sampled call-back."""
        return self._bear(
            "solve_on_spot",
            by=by,
            client_uuid=client_uuid,
            community=community,
            text=text,
            category=category,
            how=how,
            at=at,
            **facts,
        )

    def _bear(self, verb, *, by, client_uuid, source_key=None, **facts):
        if source_key:
            found = self.filter(source_key=source_key).first()
            if found:
                return found
        for last_try in (False, False, True):
            try:
                return create_once(
                    self.model,
                    client_uuid=client_uuid,
                    by=by,
                    make=lambda: self._make(verb, by=by, client_uuid=client_uuid, source_key=source_key, **facts),
                )[0]
            except IntegrityError:
                # Two random numbers of one day met, or the source key came in twice at once.
                found = self.filter(source_key=source_key).first() if source_key else None
                if found or last_try:
                    if found:
                        return found
                    raise

    def _make(
        self,
        verb,
        *,
        by,
        community,
        text,
        category,
        how="",
        at=None,
        resident=None,
        reporter_name="",
        reporter_phone="",
        **facts,
    ):
        now = timezone.now()
        solved = verb == "solve_on_spot"
        place = facts.get("household") or facts.get("compound")
        facts.setdefault("area_path", place.area_path if place else community.code)
        facts["title"] = facts.get("title") or text.strip().splitlines()[0][:60]
        facts["urgency"] = facts.get("urgency") or category.urgency
        issue = self.create(
            created_by=by,
            number=new_number(now),
            community=community,
            desk=Unit.objects.get(path=office_path(community.code)),
            area_path_then=facts["area_path"],
            text=text,
            category=category,
            status=Status.CLOSED if solved else Status.SUBMITTED,
            closure_reason=Reason.ON_SPOT if solved else "",
            submitted_at=at or now,
            closed_at=(at or now) if solved else None,
            result=how,
            **facts,
        )
        if resident or reporter_name or reporter_phone:
            Reporter.objects.create(
                issue=issue,
                resident=resident,
                name=reporter_name or (resident.name if resident else ""),
                phone=reporter_phone,
            )
        record(issue, verb, by=by, after=issue.status, note=how, public=True, public_note=True)
        if not solved and issue.urgency != Urgency.GENERAL:
            told = [person for person in on_duty(issue.area_path, now) if person != by]
            tell(told, "issue_urgent", about=issue, once=f"duty:{issue.pk}", params=issue.gist)
        if not solved:
            tell(
                [person for person in people_of(community, Role.SECRETARY) if person != by],
                "issue_reported",
                about=issue,
                once=f"reported:{issue.pk}",
                params=issue.gist,
            )
        return issue


def new_number(now):
    """A number to show and read out: SQ, the day, five random letters; it says nothing about how many there are."""
    letters = "".join(secrets.choice(NUMBER_LETTERS) for _n in range(5))
    return f"SQ{timezone.localtime(now):%Y%m%d}-{letters}"


def people_of(division, role):
    """The users who hold this role in exactly this place today; substitutes among them."""
    posts = Assignment.objects.current(timezone.localdate()).filter(
        division_id=division.pk if hasattr(division, "pk") else division, role=role, user__is_active=True
    )
    return [post.user for post in posts.select_related("user")]


class Issue(Searchable, Fact):
    """One issue of a resident.

    `community` is the first receiver and stays the owner (首接负责); `desk` is the area office that decides now. `round` counts
    from 1 and grows when a call-back says "not solved". `due_at` is the end of the handling limit, None before registration.
    """

    TOPIC = "issues"
    COMPOUND_FIELD = "compound"
    AREA_FROM = ("household", "compound")
    SEARCH_FIELDS = ("number", "title", "text", "address")
    MOVES = MOVES

    number = models.CharField(_("number"), max_length=20, unique=True, editable=False)
    # null, because many rows without a source must not collide
    source_key = models.CharField(max_length=80, unique=True, null=True, editable=False)  # noqa: DJ001
    title = models.CharField(_("title"), max_length=80)
    text = models.TextField(_("what the resident said"))
    category = models.ForeignKey(
        "issues.Category", on_delete=models.PROTECT, related_name="issues", verbose_name=_("category")
    )
    urgency = models.CharField(_("urgency"), max_length=10, choices=Urgency.choices, default=Urgency.GENERAL)
    channel = models.CharField(_("channel"), max_length=10, choices=Channel.choices, default=Channel.COUNTER)
    anonymity = models.CharField(_("reporter"), max_length=12, choices=Anonymity.choices, default=Anonymity.NAMED)
    community = models.ForeignKey(
        "communities.Division", on_delete=models.PROTECT, related_name="issues", verbose_name=_("community")
    )
    compound = models.ForeignKey(
        "communities.Compound",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="issues",
        verbose_name=_("compound"),
    )
    building = models.ForeignKey(
        "communities.Building", on_delete=models.PROTECT, null=True, blank=True, related_name="issues"
    )
    household = models.ForeignKey(
        "communities.Household", on_delete=models.PROTECT, null=True, blank=True, related_name="issues"
    )
    address = models.CharField(_("where exactly"), max_length=160, blank=True)
    area_path = PathField(max_length=15, editable=False)
    area_path_then = PathField(max_length=15, editable=False)
    desk = models.ForeignKey("communities.Unit", on_delete=models.PROTECT, related_name="desk_issues", editable=False)
    status = models.CharField(
        _("status"), max_length=12, choices=Status.choices, default=Status.SUBMITTED, editable=False
    )
    closure_reason = models.CharField(max_length=20, choices=Reason.choices, blank=True, editable=False)
    round = models.PositiveSmallIntegerField(default=1, editable=False)
    occurred_at = models.DateTimeField(null=True, blank=True)
    submitted_at = models.DateTimeField(default=timezone.now, editable=False)
    registered_at = models.DateTimeField(null=True, editable=False)
    due_at = models.DateTimeField(null=True, editable=False)
    due_provisional = models.BooleanField(default=False, editable=False)
    done_at = models.DateTimeField(null=True, editable=False)
    closed_at = models.DateTimeField(null=True, editable=False)
    result = models.TextField(_("result"), blank=True, editable=False)

    objects = IssueManager()

    class Meta(Fact.Meta):
        ordering = ["-submitted_at", "-pk"]
        indexes = [
            BigramIndex(fields=["bigrams"], name="issue_bigrams"),
            models.Index(fields=["area_path", "status", "due_at"]),
            models.Index(fields=["area_path", "submitted_at"]),
            # Statistics ask where it was then; lists where it belongs now.
            models.Index(fields=["area_path_then", "submitted_at"]),
            models.Index(fields=["area_path_then", "closed_at"]),
            models.Index(fields=["desk", "status"]),
            # The list of what is open is sorted by what needs somebody first: everything that this takes stands in the index.
            models.Index(
                fields=["area_path"],
                include=["id", "status", "urgency", "submitted_at", "done_at", "due_at"],
                condition=Q(status__in=OPEN, voided_at__isnull=True),
                name="issue_open",
            ),
            models.Index(fields=["due_at"], condition=Q(status__in=RUNNING), name="issue_running_due"),
        ]
        constraints = [
            *Fact.Meta.constraints,
            models.CheckConstraint(
                condition=Q(status="closed", closed_at__isnull=False)
                | (~Q(status="closed") & Q(closed_at__isnull=True)),
                name="issue_closed_has_time",
            ),
            models.CheckConstraint(
                condition=(Q(status="closed") & ~Q(closure_reason="")) | (~Q(status="closed") & Q(closure_reason="")),
                name="issue_closed_has_reason",
            ),
        ]

    def __str__(self):
        return self.number

    def get_absolute_url(self):
        return reverse("issue_detail", args=[self.pk])

    # --- what pages ask ---

    @property
    def gist(self):
        """What a notice may say of the issue: number and category, nothing personal."""
        return {"number": self.number, "category": self.category.name}

    @property
    def is_open(self):
        return self.status in OPEN

    @property
    def clock_runs(self):
        return self.status in RUNNING and self.due_at is not None

    @property
    def is_at_owner(self):
        """Whether the community that received it still decides."""
        return self.desk.division_id == self.community_id

    @property
    def is_for_departments(self):
        return self.category.duty == Duty.DEPARTMENT

    @cached_property
    def orders(self):
        return list(self.work_orders.all())

    @property
    def lead(self):
        """The open lead work order, or None while the issue lies on a desk."""
        return next((o for o in self.orders if o.role == WorkOrder.LeadRole.LEAD and o.state in WorkOrder.OPEN), None)

    @property
    def last_order(self):
        return next((o for o in reversed(self.orders) if o.state != WorkOrder.State.WITHDRAWN), None)

    def is_with_unit_of(self, post):
        """Whether the unit of this post has or had a work order of the issue that was not withdrawn."""
        return any(post.covers_unit(order.unit) for order in self.orders if order.state in WorkOrder.NAMED)

    @property
    def handler_ids(self):
        """Everybody who had the work in hand in any round, and whom they stood in for: none of them may verify it."""
        orders = [order for order in self.orders if order.state in WorkOrder.NAMED]
        return self.named_handler_ids | {hand.user_id for order in orders for hand in order.hands.all()}

    @property
    def named_handler_ids(self):
        """Handlers whose work order stands; a withdrawn one names nobody any more."""
        return {order.handler_id for order in self.orders if order.handler_id and order.state in WorkOrder.NAMED}

    def move_makes_sense(self, verb):
        """What the state alone cannot tell.

        Nothing lies above the district to send an issue up to; and the district handles nothing itself, so that somebody
        independent is always left to verify. Giving up needs enough attempts.
        """
        if verb in ("send_up", "take"):
            return self.desk.can_send_up
        if verb == "close_unreachable":
            return self.was_tried_enough
        return True

    @cached_property
    def was_tried_enough(self):
        days = [
            timezone.localtime(c.at).date()
            for c in self.callbacks.all()
            if c.round == self.round and c.outcome == Outcome.NO_ANSWER
        ]
        return len(days) >= UNREACHABLE_ATTEMPTS and len(set(days)) >= UNREACHABLE_DAYS

    def shows_reporter_to(self, user):
        """Who raised it and in which words: of a confidential issue only for owner secretary, recorder and named handler.

        The row itself stays in every list and count.
        """
        return (
            self.anonymity != Anonymity.CONFIDENTIAL
            or self.created_by_id == user.pk
            or holds(user, Role.SECRETARY, self.area_path)
            or self.is_in_named_hands_of(user)
        )

    def is_in_named_hands_of(self, user):
        """Whether an order that stands names the user; a list of this reader's has asked already (`with_hands_of`)."""
        known = self.__dict__.get("in_readers_hands")
        return user.pk in self.named_handler_ids if known is None else known

    def is_in_work_of(self, user):
        """Whether the user works on it right now as handler, owner secretary or verifier: then a call needs no reason."""
        if not self.is_open:
            return False
        if self.lead is not None and self.lead.handler_id == user.pk:
            return True
        if self.status == Status.VERIFYING and may_verify(user, self):
            return True
        return holds(user, Role.SECRETARY, self.area_path)

    def reveals_phone_to(self, user):
        """Whether the user may see the reporter's phone at all, with a reason where it is not his own work."""
        if not self.shows_reporter_to(user):
            return False
        if self.lead is not None and acts_for_unit(user, self.lead.unit):
            return True
        return may_reveal(user, self)

    # --- verbs ---

    def allow(self, verb, by):
        """Raise NotAllowed unless `by` is of the party that may make this move on this issue."""
        if MOVES[verb].who not in parties_of(by, self):
            raise NotAllowed(self, verb)
        if not self.move_makes_sense(verb):
            raise NotAllowed(self, verb)

    @transaction.atomic
    def register(self, *, by, category=None, urgency="", title="", key=None):
        """Accept the issue, confirm category, urgency and title, and start the handling clock."""
        self.allow("register", by)
        now = timezone.now()
        category, urgency = category or self.category, urgency or self.urgency
        limit = TimeLimit.workdays_for(Phase.HANDLE, path=self.area_path, category=category, urgency=urgency)
        due, provisional = due_at(now, limit)
        move(
            self,
            "register",
            by=by,
            key=key,
            data={"workdays": limit},
            category=category,
            urgency=urgency,
            title=title or self.title,
            registered_at=now,
            due_at=due,
            due_provisional=provisional,
        )

    @transaction.atomic
    def take(self, *, by, key=None):
        """The office that has the issue handles it itself (自办)."""
        self.allow("take", by)
        move(self, "take", by=by, key=key, data={"unit": self.desk.name})
        order = self._order(self.desk, by=by, state=WorkOrder.State.SIGNED, handler=by, signed_at=timezone.now())
        self._hold(order, by)

    @transaction.atomic
    def dispatch(self, *, by, unit, note="", key=None):
        """Give the issue to a unit; NotAllowed if the office may not command that unit (see `targets_for`)."""
        self._send_to(unit, "dispatch", by=by, note=note, key=key)

    @transaction.atomic
    def reassign(self, *, by, unit, note, key=None):
        """Take the work order back and give it to another unit; the issue's own limit stays as promised."""
        self._send_to(unit, "reassign", by=by, note=note, key=key)

    def _send_to(self, unit, verb, *, by, note, key):
        self.allow(verb, by)
        if not self.targets_for(by).filter(pk=unit.pk).exists():
            raise NotAllowed(self, verb)
        move(self, verb, by=by, note=note, key=key, data={"unit": unit.name})
        self._withdraw_orders()
        order = self._order(unit, by=by)
        tell(order.people(), "order_arrived", about=self, once=f"order:{order.pk}", params=self.gist)

    @transaction.atomic
    def send_up(self, *, by, note, key=None):
        """Hand the decision to the next office above, with the reason; the community stays the owner (上报)."""
        self.allow("send_up", by)
        above = self.desk.parent_office
        if above is None:
            raise NotAllowed(self, "send_up")
        move(self, "send_up", by=by, note=note, key=key, data={"unit": above.name}, desk=above)
        self._withdraw_orders()
        tell(
            people_of(above.division, DECIDERS[above.division.level]),
            "issue_sent_up",
            about=self,
            once=f"sent_up:{self.pk}:{self.version}",
            params=self.gist,
        )

    @transaction.atomic
    def sign(self, *, by, key=None):
        """The unit accepts the work order (签收)."""
        self.allow("sign", by)
        order = self.lead
        move(self, "sign", by=by, key=key, data={"unit": order.unit.name})
        order.change(state=WorkOrder.State.SIGNED, handler=by, signed_at=timezone.now())
        self._hold(order, by)

    @transaction.atomic
    def hand_on(self, *, by, handler, key=None):
        """A colleague of the unit becomes the handler; whoever leads the people there may decide it, too.

        NotAllowed if `handler` does not act for the unit. Both had it in hand, so neither may verify it.
        """
        order = self.lead
        if order is None or not may_in(by, "team", CHANGE, order.unit.area_path):
            self.allow("hand_on", by)
        if not acts_for_unit(handler, order.unit):
            raise NotAllowed(self, "hand_on")
        move(self, "hand_on", by=by, key=key, data={"unit": order.unit.name, "handler": handler.name})
        order.change(handler=handler)
        self._hold(order, handler)
        if handler != by:
            tell([handler], "order_handed_on", about=self, once=f"hand_on:{self.version}", params=self.gist)

    @transaction.atomic
    def report_done(self, *, by, result, key=None):
        """The unit says what was done; now somebody else asks the resident."""
        self.allow("report_done", by)
        order = self.lead
        now = timezone.now()
        move(self, "report_done", by=by, key=key, note=result, public_note=True, done_at=now, result=result)
        order.change(state=WorkOrder.State.DONE, handler=by, done_at=now, result=result)
        self._hold(order, by)
        tell(self.verifiers(), "issue_to_verify", about=self, once=f"verify:{self.pk}:{self.round}", params=self.gist)

    @transaction.atomic
    def confirm(self, *, by, reason, satisfaction, note="", key=None):
        """Close after the resident was asked. `by` is nobody who handled it; `satisfaction` is the resident's word, not ours.

        ValueError for a reason that no call-back can give.
        """
        self.allow("confirm", by)
        if reason not in CONFIRMED:
            raise ValueError(reason)
        now = timezone.now()
        move(self, "confirm", by=by, key=key, note=note, data={"reason": reason}, closure_reason=reason, closed_at=now)
        self._called(by, Outcome.CONFIRMED, at=now, satisfaction=satisfaction, note=note)

    @transaction.atomic
    def confirm_not(self, *, by, note, satisfaction="", key=None):
        """The resident says it is not solved: the same unit gets the next round with the limit for rework."""
        self.allow("confirm_not", by)
        now = timezone.now()
        last = self.last_order
        limit = TimeLimit.workdays_for(Phase.REWORK, path=self.area_path, category=self.category, urgency=self.urgency)
        due, provisional = due_at(now, limit)
        self._called(by, Outcome.NOT_SOLVED, at=now, satisfaction=satisfaction, note=note)
        if self.due_at and self.due_at >= due:
            # A promise already given is never shortened.
            due, provisional = self.due_at, self.due_provisional
        move(
            self,
            "confirm_not",
            by=by,
            key=key,
            note=note,
            data={"round": self.round + 1, "workdays": limit},
            round=self.round + 1,
            done_at=None,
            due_at=due,
            due_provisional=provisional,
        )
        order = self._order(last.unit, by=by, state=WorkOrder.State.SIGNED, handler=last.handler, signed_at=now)
        Hand.objects.hold(order, last.handler)
        tell(order.people(), "issue_came_back", about=self, once=f"back:{self.pk}:{self.round}", params=self.gist)

    @transaction.atomic
    def no_answer(self, *, by, note="", key=None):
        """Log an attempt to reach the resident; the issue stays where it is."""
        self.allow("no_answer", by)
        move(self, "no_answer", by=by, key=key, note=note)
        self._called(by, Outcome.NO_ANSWER, at=timezone.now(), note=note)

    @transaction.atomic
    def close_unreachable(self, *, by, key=None):
        """Close after at least three attempts on two days; such an issue is in no satisfaction figure."""
        self.allow("close_unreachable", by)
        move(self, "close_unreachable", by=by, key=key, closure_reason=Reason.UNREACHABLE, closed_at=timezone.now())

    @transaction.atomic
    def comment(self, *, by, text, public=False, key=None):
        """Write a note: internal, or public, which the resident may read."""
        self.allow("comment", by)
        move(self, "comment", by=by, key=key, note=text, public_note=public)

    @transaction.atomic
    def reveal_phone(self, *, by, reason=""):
        """Names and phones of the reporters in full, as pairs; logged first, with the issue as context or else with the reason.

        NotAllowed for those to whom it is not shown, ValueError without a reason where one is needed.
        """
        if not self.reveals_phone_to(by):
            raise NotAllowed(self, "reveal_phone")
        context = label(self) if self.is_in_work_of(by) else ""
        if not context and not reason.strip():
            raise ValueError("reason")
        accessed(self, "phone", by=by, reason=reason.strip(), context=context)
        reporters = self.reporters.select_related("resident")
        return [(r.name_for_lists if r.has_died else r.name, r.contact_phone) for r in reporters]

    # --- parts of verbs ---

    def targets_for(self, user):
        """The units to which this user may dispatch this issue, as a queryset.

        A community gives work to units of its own area; street and district command departments and utilities as well. What is
        a department's duty is not pushed down: by the street not into the community, by the community not onto its grids
        (product.md; 国办函〔2025〕66号). Neither the desk itself nor the unit that has it now is a target.
        """
        here = [self.desk_id] + ([self.lead.unit_id] if self.lead else [])
        return self.commanded_by(user).exclude(pk__in=here)

    def commanded_by(self, user):
        """All units that the user may command for this issue, wherever it is now."""
        reach = Q(pk__in=[])
        for post in posts_of(user):
            if post.division_id and post.covers(self.area_path):
                reach |= self._commanded_by(post)
        return Unit.objects.active().filter(reach).select_related("division")

    def _commanded_by(self, post):
        """The units that a post for a place above or around the issue commands, as a condition."""
        in_community = within(self.community.code)
        units = in_community & ~Q(kind=Kind.OFFICE)
        grids = in_community & Q(kind=Kind.OFFICE, division__level="grid")
        if post.role == Role.SECRETARY:
            return units if self.is_for_departments else units | grids
        if post.role not in (Role.COORDINATOR, Role.DISTRICT_ADMIN):
            return Q(pk__in=[])
        above = [self.area_path[:6], self.area_path[:9]]
        departments = Q(kind__in=DEPARTMENTS, area_path__in=above)
        if self.is_for_departments:
            return departments
        # Only the issue's own community: a street does not load one community with another's work.
        own = Q(area_path__in=above) & within(post.path) & ~Q(kind=Kind.OFFICE)
        return departments | own | units | grids

    def suggested_unit(self, user):
        """The unit that the dispatch catalogue names for this category here, if the user may dispatch to it."""
        rule = DispatchRule.objects.filter(category=self.category).select_related("unit").nearest(self.area_path)
        return rule.unit if rule and self.targets_for(user).filter(pk=rule.unit_id).exists() else None

    def verifiers(self):
        """Who is asked to call back: the independent secretaries; where there is none, the street; above it the district."""
        place = self.community
        while place is not None and place.level in DECIDERS:
            people = [user for user in people_of(place, DECIDERS[place.level]) if may_verify(user, self)]
            if people:
                return people
            place = place.parent
        return []

    def _hold(self, order, by):
        Hand.objects.hold(order, by, by.acting_for(self))
        self._forget()

    def _order(self, unit, *, by, **facts):
        sign_limit = TimeLimit.workdays_for(
            Phase.SIGN, path=self.area_path, category=self.category, urgency=self.urgency
        )
        sign_due, _provisional = due_at(timezone.now(), sign_limit)
        order = WorkOrder.objects.create(
            issue=self, unit=unit, round=self.round, created_by=by, due_at=self.due_at, sign_due_at=sign_due, **facts
        )
        self._forget()
        return order

    def _withdraw_orders(self):
        for order in self.orders:
            if order.state in WorkOrder.OPEN:
                order.change(state=WorkOrder.State.WITHDRAWN)
        self._forget()

    def _forget(self):
        """Work orders have changed: read them again at the next question."""
        self.__dict__.pop("orders", None)
        getattr(self, "_prefetched_objects_cache", {}).pop("work_orders", None)

    def _called(self, by, outcome, *, at, satisfaction="", note=""):
        Callback.objects.create(
            issue=self, round=self.round, by=by, at=at, outcome=outcome, satisfaction=satisfaction, note=note
        )
        self.__dict__.pop("was_tried_enough", None)
        getattr(self, "_prefetched_objects_cache", {}).pop("callbacks", None)
