"""Which issues: those a user may see, those that wait for somebody, those of a period. Lists and desks chain these."""

from datetime import timedelta

from django.db import models
from django.db.models import Case, Exists, F, OuterRef, Q, Subquery, Value, When
from django.utils import timezone

from communities.access import CHANGE, Role, ScopedQuerySet, posts_for, posts_of
from communities.models import Assignment
from communities.models.unit import Kind, office_path
from foundation.bigrams import search
from foundation.columns import narrowed
from foundation.paths import within
from issues.models.category import Urgency
from issues.models.contact import Anonymity, Callback, Outcome
from issues.models.work_order import Hand, WorkOrder
from issues.workflow import OPEN, RUNNING, Reason, Status

# What lists show of an issue; with all that hangs on it, it has a hundred columns.
SHOWN = (
    *("number", "title", "status", "urgency", "channel", "anonymity", "address", "closure_reason", "round", "version"),
    *("category", "community", "compound", "household", "desk", "area_path", "created_by", "created_at"),
    *("submitted_at", "registered_at", "due_at", "due_provisional", "done_at", "closed_at", "voided_at"),
)
NAMES = ("name", "name_en")


class IssueQuerySet(ScopedQuerySet):
    def scope(self, user, level):
        """By area; for those who act for a unit also what its work orders name: open ones to change, done ones to read."""
        states = WorkOrder.OPEN if level == CHANGE else WorkOrder.NAMED
        units = [unit for post in posts_of(user) if (unit := unit_behind(post)) is not None]
        reach = super().scope(user, level)
        return reach | has_order(any_of(units), states) if units else reach

    def standing(self):
        return self.filter(voided_at__isnull=True)

    def open(self):
        return self.standing().filter(status__in=OPEN)

    # --- the handling clock ---

    def overdue(self, now):
        """The handling limit has passed and the clock runs on."""
        return self.due_between(None, now)

    def due_between(self, since, until):
        """The clock runs, and the handling limit lies in `since` ≤ limit < `until` (`since` None: however long ago)."""
        return self.standing().filter(is_due(since, until))

    def needed_first(self):
        """What needs somebody first: by the limit while the clock runs; before and after it by the next working step.

        A new issue should be registered within a day (an emergency at once), a call-back made within a day of the report.
        """
        return self.annotate(
            needed_at=Case(
                When(status__in=RUNNING, then=F("due_at")),
                When(status=Status.VERIFYING, then=F("done_at") + timedelta(days=1)),
                When(status=Status.SUBMITTED, urgency=Urgency.EMERGENCY, then=F("submitted_at")),
                When(status=Status.SUBMITTED, then=F("submitted_at") + timedelta(days=1)),
                default=None,
                output_field=models.DateTimeField(),
            )
        ).order_by(F("needed_at").asc(nulls_last=True), "-submitted_at", "-pk")

    # --- of a period, of an outcome ---

    def on_spot(self):
        return self.filter(closure_reason=Reason.ON_SPOT)

    def rated(self, *satisfaction):
        """Issues whose resident was satisfied to one of these degrees at the call-back that closed them."""
        calls = Callback.objects.filter(issue=OuterRef("pk"), round=OuterRef("round"), outcome=Outcome.CONFIRMED)
        return self.filter(Exists(calls.filter(satisfaction__in=satisfaction)))

    # --- whose words are whose business ---

    def found_by(self, user, words):
        """Full search; of a confidential issue whose words are not this user's business only the number is searched."""
        numbers = Q()
        for word in words.split():
            numbers &= Q(number__icontains=word)
        return search(self, words).filter(is_confided_to(user) | numbers)

    def for_reader(self, user):
        """Adds `is_confided`: whether this reader may see words and reporter (`Issue.shows_reporter_to`, for whole lists)."""
        return self.annotate(is_confided=Case(When(is_confided_to(user), then=Value(True)), default=Value(False)))

    # --- shapes ---

    def with_hands_of(self, user):
        """Adds `in_readers_hands`: what `Issue.shows_reporter_to` would have to ask of each row, for whole lists."""
        return self.annotate(in_readers_hands=Exists(in_named_hands_of(user)))

    def for_list(self):
        """What the list page shows, in one query: the row, its place, its desk and the unit that has it (`lead_name`).

        There is one open lead order at most, so the join adds no row.
        """
        is_lead = Q(work_orders__role="lead", work_orders__state__in=WorkOrder.OPEN)
        return (
            self.select_related("category", "community", "compound", "desk")
            .only(
                *SHOWN,
                *(f"{path}__{name}" for path in ("category", "community", "desk") for name in NAMES),
                "compound__name",
            )
            .annotate(lead=models.FilteredRelation("work_orders", condition=is_lead))
            .annotate(lead_name=F("lead__unit__name"), lead_name_en=F("lead__unit__name_en"))
        )

    def for_work(self):
        """What is needed to tell who may do what next: work orders and hands in one query each."""
        orders = WorkOrder.objects.select_related("unit", "handler").prefetch_related("hands").order_by("pk")
        return self.select_related("category", "community", "compound", "desk__division").prefetch_related(
            models.Prefetch("work_orders", orders)
        )

    def for_detail(self, today):
        """Everything the detail page shows of the issue itself; `secretary_name`, `secretary_phone`: whom to ask in the community."""
        posts = Assignment.objects.current(today).filter(
            division=OuterRef("community"), role=Role.SECRETARY, user__is_active=True
        )
        secretary = posts.order_by(F("stands_in_for").asc(nulls_first=True), "pk")
        rows = (
            self.for_work()
            .select_related("community__parent__parent", "created_by")
            .prefetch_related(models.Prefetch("callbacks", Callback.objects.select_related("by")))
            .annotate(
                secretary_name=Subquery(secretary.values("user__name")[:1]),
                secretary_phone=Subquery(secretary.values("user__office_phone")[:1]),
            )
        )
        place = "code level name name_en parent"
        return narrowed(
            rows,
            category="code name name_en duty urgency area_path",
            community=place,
            community__parent=place,
            community__parent__parent=place,
            compound="name community grid area_path",
            desk="path kind name name_en division area_path",
            desk__division=place,
            created_by="name username",
        )


# --- conditions; those about a user say in SQL what issues/parties.py says of one issue ---


def any_of(conditions):
    """Any of these conditions; none of them: nothing."""
    reach = Q(pk__in=[])
    for condition in conditions:
        reach |= condition
    return reach


def is_due(since, until):
    limit = Q(due_at__lt=until) & (Q(due_at__gte=since) if since else Q())
    return Q(status__in=RUNNING) & limit


def day_after(now):
    """The first moment of the next local day."""
    start = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    return start + timedelta(days=1)


def deciding_posts(user):
    """The user's posts for a place in which they decide over issues."""
    return [post for post in posts_for(user, "issues", CHANGE) if post.division_id]


def is_in_places_of(user):
    return any_of(within(post.path) for post in deciding_posts(user))


def is_at_desk_of(user):
    return Q(desk__path__in=[office_path(post.path) for post in deciding_posts(user)])


def unit_behind(post):
    """A condition on work orders: they name the unit, or the grid's office, for which this post works; None if it has none."""
    if post.unit_id:
        return within(post.unit.path, "unit__path")
    if post.division_id and post.role == Role.GRID_WORKER:
        return is_office_of(post)
    return None


def is_office_of(post):
    return Q(unit__path=office_path(post.path), unit__kind=Kind.OFFICE)


def is_sent_up_from(user):
    """Of the user's places, but on the desk of an office above them."""
    below = any_of(within(office_path(post.path), "desk__path") for post in deciding_posts(user))
    return is_in_places_of(user) & ~below


def is_with_unit_of(user, *states):
    """The same rule as `issues.parties.acts_for_unit`."""
    units = [unit for post in posts_of(user) if (unit := unit_behind(post)) is not None]
    units += [is_office_of(post) for post in deciding_posts(user)]
    return has_order(any_of(units), states or WorkOrder.OPEN) if units else Q(pk__in=[])


def has_order(condition, states):
    return Q(Exists(WorkOrder.objects.filter(condition, issue=OuterRef("pk"), state__in=states)))


def is_verifiable_by(user):
    """The same rule as `issues.parties.may_verify`."""
    independent = any_of(within(post.path) & ~was_in_hands_of(post) for post in deciding_posts(user))
    own_units = [within(post.unit.path, "unit__path") for post in posts_of(user) if post.unit_id]
    colleagues = has_order(any_of(own_units), ("signed", "done")) if own_units else Q(pk__in=[])
    return Q(status=Status.VERIFYING) & independent & ~colleagues


def is_left_to(user, today):
    """Verifiable by the user, and nobody nearer to the resident could do it: the street steps in where the community cannot."""
    return is_verifiable_by(user) & any_of(
        within(post.path) & ~is_free_below(post.division.level, today) for post in deciding_posts(user)
    )


def is_free_below(level, today):
    """Somebody independent decides on a level below this one."""
    nearer = {
        "street": [(Role.SECRETARY, "community")],
        "district": [(Role.SECRETARY, "community"), (Role.COORDINATOR, "community__parent")],
    }
    return any_of(Q(Exists(free_deciders(role, place, today))) for role, place in nearer.get(level, ()))


def free_deciders(role, place, today):
    posts = Assignment.objects.current(today).filter(role=role, division=OuterRef(place), user__is_active=True)
    for person in ("user", "stands_in_for"):
        posts = posts.exclude(had_in_hand(OuterRef(OuterRef("pk")), OuterRef(person)))
    return posts


def was_in_hands_of(post):
    """The holder of the post, or the person for whom he stands in, had the issue in hand."""
    people = [pk for pk in (post.user_id, post.stands_in_for_id) if pk]
    return any_of(had_in_hand(OuterRef("pk"), person) for person in people)


def had_in_hand(issue, person):
    """A work order of the issue that stands was in this person's hands, or (imported rows) names him as its handler."""
    orders = WorkOrder.objects.filter(issue=issue, state__in=WorkOrder.NAMED)
    hands = Hand.objects.filter(work_order__issue=issue, work_order__state__in=WorkOrder.NAMED, user=person)
    return Q(Exists(hands)) | Q(Exists(orders.filter(handler=person)))


def is_confided_to(user):
    """Words and reporter are this user's business: the same rule as `Issue.shows_reporter_to`."""
    own = any_of(within(post.path) for post in posts_of(user) if post.division_id and post.role == Role.SECRETARY)
    return ~Q(anonymity=Anonymity.CONFIDENTIAL) | own | Q(created_by=user.pk) | Q(Exists(in_named_hands_of(user)))


def in_named_hands_of(user):
    """Work orders of the outer issue that stand and name this user as their handler."""
    return WorkOrder.objects.filter(issue=OuterRef("pk"), handler=user.pk, state__in=WorkOrder.NAMED)
