from django.db import models, transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from communities import reorganising
from communities.access import CHANGE, READ, Role, ScopedQuerySet, inside, posts_for, roots_of
from communities.models.division import Division, ancestors, line_of
from communities.workflow import STEP_TONES, TERRITORY_MOVES, Step
from foundation.facts import Fact, create_once
from foundation.fields import PathField
from foundation.journal.moves import NotAllowed, move, record
from foundation.notices.tell import tell

# More rows than this are left to the clock: nobody waits for them in front of a page.
MOST_AT_ONCE = 20_000


class Kind(models.TextChoices):
    MERGE = "merge", _("merge into another place")
    SPLIT = "split", _("split off a new place")
    MOVE = "move", _("move to another place above")
    RENAME = "rename", _("rename")


class ReorganisationQuerySet(ScopedQuerySet):
    def scope(self, user, level):
        """What is changed within one's reach; to read also what changes one's own place or a place above it."""
        reach = super().scope(user, level)
        if level != READ:
            return reach
        roots = roots_of(user, "territory")
        concerned = inside(roots, "division__code") | Q(division__code__in=[c for root in roots for c in line_of(root)])
        sources = self.model.sources.through.objects.filter(concerned)
        return reach | Q(pk__in=sources.values("reorganisation"))

    def under_way(self):
        return self.filter(status__in=(Step.DRAFT, Step.PLANNED))

    def planned(self):
        return self.filter(status=Step.PLANNED)

    def due(self, today):
        """Confirmed ones whose day has come, in the order of their days."""
        return self.planned().filter(on__lte=today).order_by("on", "pk")

    def carried_out_since(self, moment):
        return self.filter(status=Step.DONE, done_at__gte=moment)

    def of_place(self, division):
        """Planned ones that change this place."""
        return self.planned().filter(sources=division)

    def for_list(self):
        """What is still to happen first, then the latest."""
        under_way = Q(status__in=(Step.DRAFT, Step.PLANNED))
        return (
            self.select_related("created_by")
            .prefetch_related("sources")
            .annotate(is_ahead=models.Case(models.When(under_way, then=1), default=0))
            .order_by("-is_ahead", "-on", "-pk")
        )


class ReorganisationManager(models.Manager.from_queryset(ReorganisationQuerySet)):
    def draw_up(self, *, by, client_uuid, kind, sources, on, reason="", children=(), compounds=(), **target):
        """Write a draft. `target`: target_code and target_name; the place is looked at, nothing moves before it is confirmed."""

        def make():
            row = self.create(
                client_uuid=client_uuid,
                created_by=by,
                kind=kind,
                on=on,
                reason=reason,
                area_path=common_place([*(place.code for place in sources), target["target_code"] or sources[0].code]),
                **target,
            )
            row.sources.set(sources)
            row.children.set(children)
            row.compounds.set(compounds)
            record(row, "draw_up", by=by, data={"kind": kind, "on": on, "target": target["target_code"]})
            return row

        return create_once(self.model, client_uuid=client_uuid, by=by, make=make)[0]


def common_place(codes):
    """The code of the nearest place that holds all of these and is none of them; "" above the provinces."""
    lines = [set(ancestors(code)) for code in codes]
    return max(set.intersection(*lines), key=len, default="")


def may_reorganise(user, *codes):
    """Whether the user may change these places themselves: a post strictly above them, or the system admin's."""
    posts = posts_for(user, "territory", CHANGE)
    return all(any(post.role == Role.ADMIN or is_above(post.path, code) for post in posts) for code in codes)


def is_above(path, code):
    return path is not None and code.startswith(path) and code != path


class Reorganisation(Fact):
    """Places are merged, split, moved or renamed from a day on.

    `sources` are the places that change. Of a split `children` (places below) and `compounds` go to the new place; of the other
    kinds everything goes. `target_code` is the place that takes it: a standing one, or one that is established on the day.
    """

    TOPIC = "territory"
    MOVES = TERRITORY_MOVES

    kind = models.CharField(_("what is done"), max_length=8, choices=Kind.choices)
    on = models.DateField(_("from this day on"))
    sources = models.ManyToManyField("communities.Division", related_name="reorganisations", verbose_name=_("places"))
    children = models.ManyToManyField(
        "communities.Division", related_name="+", blank=True, verbose_name=_("places below that go along")
    )
    compounds = models.ManyToManyField(
        "communities.Compound", related_name="+", blank=True, verbose_name=_("compounds that go along")
    )
    target_code = PathField(_("code"), max_length=15, blank=True)
    target_name = models.CharField(_("full name"), max_length=120)
    reason = models.CharField(_("decision or document"), max_length=200, blank=True)
    status = models.CharField(_("status"), max_length=10, choices=Step.choices, default=Step.DRAFT, editable=False)
    done_at = models.DateTimeField(null=True, editable=False)
    moved_rows = models.PositiveIntegerField(default=0, editable=False)
    area_path = PathField(max_length=15, db_index=True, editable=False)

    objects = ReorganisationManager()

    class Meta(Fact.Meta):
        ordering = ["-on", "-pk"]
        indexes = [models.Index(fields=["on"], condition=Q(status="planned"), name="reorganisation_planned")]
        constraints = [
            *Fact.Meta.constraints,
            models.CheckConstraint(
                condition=Q(kind="rename", target_code="") | (~Q(kind="rename") & ~Q(target_code="")),
                name="reorganisation_has_target",
            ),
            models.CheckConstraint(
                condition=Q(status="done", done_at__isnull=False) | (~Q(status="done") & Q(done_at__isnull=True)),
                name="reorganisation_done_has_time",
            ),
        ]

    def __str__(self):
        return f"{self.kind} {self.target_code} {self.on}"

    def get_absolute_url(self):
        return reverse("reorganisation_detail", args=[self.pk])

    @property
    def tone(self):
        return STEP_TONES[self.status]

    def may_be_changed_by(self, user):
        codes = [place.code for place in self.sources.all()]
        return may_reorganise(user, *codes, *([self.target_code] if self.target_code else []))

    def plan(self):
        """What would happen, as a `reorganising.Plan`."""
        return reorganising.plan_of(self)

    @transaction.atomic
    def confirm(self, *, by, key=None):
        """Decide it. On its day everything moves; if that has come, at once, or within the minute by the clock if it is much.

        NotAllowed while something stands against it.
        """
        plan = self.plan()
        if plan.obstacles:
            raise NotAllowed(self, "confirm")
        move(self, "confirm", by=by, key=key)
        if self.on <= timezone.localdate() and reorganising.size(plan) <= MOST_AT_ONCE:
            self.carry_out(by=by)

    @transaction.atomic
    def carry_out(self, *, by=None):
        """Do it, in one transaction: established, closed, re-pointed, rewritten, handed over, told. By itself idempotent:

        whoever comes second finds it done (Conflict or NotAllowed). NotAllowed also if something has come to stand against it.
        """
        plan = reorganising.plan_of(self, lock=True)
        if plan.obstacles:
            raise NotAllowed(self, "carry_out")
        move(self, "carry_out", by=by, done_at=timezone.now())
        done = reorganising.carry_out(plan, by=by)
        Reorganisation.objects.filter(pk=self.pk).update(moved_rows=done.rows)
        self.moved_rows = done.rows
        people = {user.pk: user for user in [*done.people, self.created_by] if user is not None}
        tell(
            people.values(),
            "reorganised",
            about=self,
            once="done",
            params={"name": self.target_name, "on": self.on.isoformat()},
        )

    def cancel(self, *, by, key=None):
        """Give it up before its day. What has been carried out is not taken back by a button (docs/decisions/0015)."""
        return move(self, "cancel", by=by, key=key)

    @transaction.atomic
    def lapse(self):
        """Its day has come, but it cannot be done: nothing is changed, whoever drew it up is told."""
        move(self, "lapse", by=None)
        tell([self.created_by], "reorganisation_lapsed", about=self, once="lapsed")


class SuccessionQuerySet(models.QuerySet):
    def for_page(self):
        return self.select_related("reorganisation", "old", "new")


class Succession(models.Model):
    """Which place took over from which, when something was reorganised: the way from an old code to the new one."""

    reorganisation = models.ForeignKey(Reorganisation, on_delete=models.PROTECT, related_name="successions")
    old = models.ForeignKey(Division, on_delete=models.PROTECT, related_name="successors")
    new = models.ForeignKey(Division, on_delete=models.PROTECT, related_name="predecessors")

    objects = SuccessionQuerySet.as_manager()

    class Meta:
        ordering = ["reorganisation", "old"]
        constraints = [
            models.UniqueConstraint(fields=["reorganisation", "old"], name="one_successor"),
            models.CheckConstraint(condition=~Q(old=models.F("new")), name="successor_is_another_place"),
        ]

    def __str__(self):
        return f"{self.old_id} → {self.new_id}"
