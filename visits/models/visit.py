"""A household visit and what was said there. Outcome first; everything else is optional (burden rule: five required fields)."""

from datetime import timedelta
from uuid import uuid5

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import IntegrityError, models, transaction
from django.db.models import Count, F, OuterRef, Prefetch, Q, Subquery, Sum
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from communities.access import CHANGE, Role, ScopedQuerySet, may_on
from communities.models.shift import on_duty
from foundation.bigrams import BigramIndex, Searchable
from foundation.facts import Fact, create_once
from foundation.fields import PathField
from foundation.journal.moves import Conflict, NotAllowed, record, revise
from foundation.notices.tell import tell
from issues.models.issue import people_of
from visits.models.opinion import Opinion

CORRECTION_HOURS = 24
# What was saved by a slip of the thumb is taken back within so many minutes, without a reason.
UNDO_MINUTES = 10
# The reason that stands on a visit taken back; pages show it in the reader's language (`Visit.void_words`).
UNDONE = "undone"
# A visit entered later than this needs a word why; it is never refused.
BACK_DATING_DAYS = 7
# Before the third visit within so many days the page says who came already.
RECENT_DAYS = 7


class Outcome(models.TextChoices):
    MET = "met", _("met")
    PROXY_MET = "proxy_met", _("family member met")
    NOBODY_HOME = "nobody_home", _("nobody at home")
    DECLINED = "declined", _("visit declined")
    MOVED = "moved", _("household moved away")
    WRONG_ADDRESS = "wrong_address", _("address not right")


MET = (Outcome.MET, Outcome.PROXY_MET)


class Situation(models.TextChoices):
    NORMAL = "normal", _("all is well")
    ATTENTION = "attention", _("needs attention")
    URGENT = "urgent", _("urgent")


class Mode(models.TextChoices):
    IN_PERSON = "in_person", _("in person")
    PHONE = "phone", _("by telephone")
    VIDEO = "video", _("by video")


class Tag(models.TextChoices):
    HEALTH = "health", _("health")
    HARDSHIP = "hardship", _("hardship")
    HOUSING = "housing", _("housing")
    NEIGHBOURS = "neighbours", _("neighbours")
    SAFETY = "safety", _("safety hazard")
    OTHER = "other", _("other")


class VisitQuerySet(ScopedQuerySet):
    def standing(self):
        return self.filter(voided_at__isnull=True)

    def met(self):
        return self.filter(outcome__in=MET)

    def in_period(self, since, until):
        """`since` ≤ moment of the visit < `until`; the moment of entry plays no part (burden rule 4)."""
        return self.filter(visited_at__gte=since, visited_at__lt=until)

    def by_visitor(self, user):
        return self.filter(created_by=user)

    def with_opinions(self):
        """Visits at which something was said."""
        return self.filter(pk__in=Opinion.objects.values("visit"))

    def latest_of_each_household(self):
        """Of these visits the last one of every household: as many rows as households were visited."""
        last = self.filter(household=OuterRef("household")).order_by("-visited_at", "-pk").values("pk")
        return self.filter(pk=Subquery(last[:1]))

    def totals(self):
        """{"visits": how many, "people_met": how many people were met at them}, in one query."""
        return self.order_by().aggregate(visits=Count("pk"), people_met=Coalesce(Sum("people_met"), 0))

    def latest_first(self):
        return self.order_by("-visited_at", "-pk")

    def for_list(self):
        # A subquery, not a join: it is asked for the rows of one page only, not for all that are sorted.
        said = (
            Opinion.objects.filter(visit=OuterRef("pk")).order_by().values("visit").annotate(n=Count("pk")).values("n")
        )
        return (
            self.select_related("household__compound", "household__building", "created_by")
            .annotate(opinion_count=Coalesce(Subquery(said), 0))
            .latest_first()
        )

    def for_page(self):
        """As `for_list`, with as little as the page of the list shows."""
        own = ("outcome", "situation", "mode", "visited_at", "created_at", "people_met")
        return (
            self.for_list()
            .select_related(None)
            .select_related("household", "created_by")
            .only(*own, "household__address", "created_by__name")
        )

    def with_people(self):
        """Adds `household.people_here` for a table that names the household."""
        here = self.model.household.field.related_model.residents.rel.related_model.objects.here()
        return self.prefetch_related(
            Prefetch("household__residents", here.order_by("-is_head", "pk"), to_attr="people_here")
        )

    def for_detail(self):
        return self.select_related("household__compound", "household__building", "created_by", "voided_by")


class VisitManager(models.Manager.from_queryset(VisitQuerySet)):
    def log(self, **facts):
        """Record a visit with what was said, in one transaction, and return it; see `log_once`."""
        return self.log_once(**facts)[0]

    def log_once(self, *, by, client_uuid, household, outcome, opinions=(), visited_at=None, **facts):
        """(the visit, whether it is new): the same `client_uuid` again returns the visit that was made then.

        `facts`: situation (needed if somebody was met), mode, people_met, tags, summary, late_reason, source.
        `opinions`: dicts for `Opinion.objects.add` (text, category, handling, spot_action, client_uuid …), in order; one without
        a `client_uuid` gets one that follows from the visit's. Raises NotAllowed where `by` may not visit, and Conflict if a visit
        or an opinion of somebody else, or of another visit, has the UUID.
        """
        household = household.survivor()
        if not may_visit(by, household):
            raise NotAllowed(household, "log")
        opinions = [
            opinion | {"client_uuid": opinion.get("client_uuid") or uuid5(client_uuid, f"opinion:{position}")}
            for position, opinion in enumerate(opinions)
        ]

        def make():
            met = outcome in MET
            facts.setdefault("people_met", 1 if met else 0)
            visit = self.create(
                client_uuid=client_uuid,
                created_by=by,
                household=household,
                compound_id=household.compound_id,
                outcome=outcome,
                visited_at=visited_at or timezone.now(),
                area_path=household.area_path,
                area_path_then=household.area_path,
                **facts,
            )
            record(visit, "log", by=by, data={"outcome": outcome})
            for position, opinion in enumerate(opinions):
                Opinion.objects.add(by=by, visit=visit, position=position, **opinion)
            visit.alarm()
            return visit

        try:
            return create_once(self.model, client_uuid=client_uuid, by=by, make=make)
        except IntegrityError:
            taken = Opinion.objects.filter(client_uuid__in=[opinion["client_uuid"] for opinion in opinions]).first()
            if taken is None:
                raise
            raise Conflict(taken) from None


def may_visit(user, household):
    """Whether the user may log visits at this household."""
    return may_on(user, "visits", CHANGE, household)


class Visit(Searchable, Fact):
    """走访 of a household: who went, when, whom he met, how it stands. Corrected within 24 hours, then only voided.

    `visited_at` is when it happened, `created_at` when it was entered; both are shown, neither counts more.
    """

    TOPIC = "visits"
    COMPOUND_FIELD = "compound"
    AREA_FROM = ("household", "compound")
    SEARCH_FIELDS = ("summary",)

    household = models.ForeignKey("communities.Household", on_delete=models.PROTECT, related_name="visits")
    compound = models.ForeignKey("communities.Compound", on_delete=models.PROTECT, related_name="visits")
    area_path = PathField(max_length=15, editable=False)
    area_path_then = PathField(max_length=15, editable=False)
    outcome = models.CharField(_("outcome"), max_length=14, choices=Outcome.choices)
    situation = models.CharField(_("situation"), max_length=10, choices=Situation.choices, blank=True)
    mode = models.CharField(_("how"), max_length=10, choices=Mode.choices, default=Mode.IN_PERSON)
    visited_at = models.DateTimeField(_("time of the visit"))
    people_met = models.PositiveSmallIntegerField(_("people met"), default=0)
    tags = models.JSONField(_("about"), default=list, blank=True)
    summary = models.TextField(_("what was seen and said"), blank=True, max_length=2000)
    late_reason = models.CharField(_("why entered late"), max_length=200, blank=True)
    source = models.CharField(
        max_length=8, default="web", choices=[("web", _("in the portal")), ("paper", _("paper sheet"))]
    )

    objects = VisitManager()

    class Meta(Fact.Meta):
        ordering = ["-visited_at", "-pk"]
        indexes = [
            BigramIndex(fields=["bigrams"], name="visit_bigrams"),
            models.Index(fields=["area_path", "visited_at"]),
            # Statistics ask where it was then; lists where it belongs now.
            models.Index(fields=["area_path_then", "visited_at"]),
            # The list begins at the latest and stops after some pages, however large the area.
            models.Index(
                fields=["visited_at", "id", "area_path"], condition=Q(voided_at__isnull=True), name="visit_latest"
            ),
            # A dashboard adds up the visits of some weeks, all of whose facts stand in the index.
            models.Index(
                fields=["visited_at", "area_path_then"],
                include=["area_path", "outcome", "people_met", "household", "id"],
                condition=Q(voided_at__isnull=True),
                name="visit_counted",
            ),
            models.Index(fields=["household", "visited_at"]),
            models.Index(fields=["created_by", "visited_at"]),
        ]
        constraints = [
            *Fact.Meta.constraints,
            models.CheckConstraint(
                condition=(Q(outcome__in=MET) & ~Q(situation="")) | (~Q(outcome__in=MET) & Q(situation="")),
                name="visit_met_has_situation",
            ),
            models.CheckConstraint(
                condition=Q(created_at__gte=F("visited_at")), name="visit_entered_after_it_happened"
            ),
        ]

    def __str__(self):
        return f"{self.household} {timezone.localtime(self.visited_at):%Y-%m-%d}"

    def get_absolute_url(self):
        return reverse("visit_detail", args=[self.pk])

    @property
    def was_met(self):
        return self.outcome in MET

    @property
    def void_words(self):
        """Why it was voided, as a person reads it."""
        return _("taken back at once by the visitor") if self.voided_reason == UNDONE else self.voided_reason

    @cached_property
    def tag_names(self):
        return [Tag(code).label for code in self.tags if code in Tag.values]

    def may_be_corrected_by(self, user, *, now):
        """The visitor himself, within 24 hours of the entry; after that it is voided and entered anew."""
        return (
            self.created_by_id == user.pk
            and not self.is_void
            and now - self.created_at <= timedelta(hours=CORRECTION_HOURS)
        )

    def may_be_undone_by(self, user, *, now):
        """The visitor himself, at once, as long as nothing that was said hangs on it (asked by the view and by `undo`)."""
        return (
            self.created_by_id == user.pk
            and not self.is_void
            and now - self.created_at <= timedelta(minutes=UNDO_MINUTES)
        )

    def was_taken_back_by(self, user):
        """Whether this user has undone it already: a second tap on the button is no second act."""
        return self.voided_by_id == user.pk and self.voided_reason == UNDONE

    def may_be_voided_by(self, user):
        """Whoever may change visits here, the visitor among them."""
        return not self.is_void and may_on(user, "visits", CHANGE, self)

    @transaction.atomic
    def correct(self, *, by, now, key=None, seen=None, **changes):
        """Correct one's own entry within 24 hours; what stood before is kept as a revision. None if nothing changed."""
        if not self.may_be_corrected_by(by, now=now):
            raise NotAllowed(self, "correct")
        before = {field: getattr(self, field) for field in VisitRevision.KEPT}
        version = self.version
        entry = revise(self, "correct", by=by, key=key, seen=seen, **changes)
        if entry:
            VisitRevision.objects.create(visit=self, version=version, facts=before, replaced_by=by)
            self.alarm()
        return entry

    def void(self, *, by, reason, key=None):
        """Take the visit and what was said out of lists and counts. Issues that came of it stay: they are about the resident's trouble."""
        if not self.may_be_voided_by(by):
            raise NotAllowed(self, "void")
        return super().void(by=by, reason=reason, key=key)

    def undo(self, *, by, now):
        """Take back what was saved by mistake; a visit at which something was said is voided with a reason instead."""
        if not self.may_be_undone_by(by, now=now) or self.opinions.exists():
            raise NotAllowed(self, "undo")
        return super().void(by=by, reason=UNDONE)

    def alarm(self):
        """Tell the secretary of the community, and who is on duty there, at once when somebody is in urgent need."""
        if self.situation == Situation.URGENT:
            people = people_of(self.compound.community, Role.SECRETARY) + on_duty(self.area_path, timezone.now())
            tell(people, "visit_urgent", about=self, once=f"urgent:{self.pk}", params={})


class VisitRevision(models.Model):
    """What a visit said before it was corrected."""

    KEPT = ("outcome", "situation", "mode", "visited_at", "people_met", "tags", "summary", "late_reason")

    visit = models.ForeignKey(Visit, on_delete=models.PROTECT, related_name="revisions")
    version = models.PositiveIntegerField()
    facts = models.JSONField(encoder=DjangoJSONEncoder)
    replaced_at = models.DateTimeField(default=timezone.now)
    replaced_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["version"]
        constraints = [models.UniqueConstraint(fields=["visit", "version"], name="one_revision_per_version")]

    @classmethod
    def label_of(cls, name):
        return Visit._meta.get_field(name).verbose_name

    @classmethod
    def choices_of(cls, name):
        return dict(Visit._meta.get_field(name).flatchoices)
