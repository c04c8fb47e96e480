"""The first page of those who decide and those who handle: what waits, what is due, what to do first."""

from dataclasses import dataclass
from types import SimpleNamespace

from django.db.models import Count, F, Min, Q
from django.urls import reverse
from django.utils.timesince import timesince
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from communities.access import posts_of
from foundation.journal.moves import timeline
from foundation.templatetags.portal import named
from issues.models import Issue
from issues.models.finding import deciding_posts, is_due
from issues.queues import QUEUES
from issues.sight import Sight
from issues.steps import Step, steps_for
from issues.story import story_of
from issues.workflow import MOVES

FIRST = 8
LAST_STEPS = 5
# The verbs among which the one next step is looked for.
NEXT = {verb: step for verb, step in MOVES.items() if step.primary or verb == "send_up"}
COMMUNITY_DIGITS = 12


@dataclass(frozen=True)
class Tile:
    """A number with its name, leading to its rows; `more` are smaller numbers below it, as (words, address)."""

    title: str
    count: int
    url: str
    hint: str = ""
    more: tuple = ()


@dataclass(frozen=True)
class Task:
    """One row of "first of all": the issue as the reader sees it, and the one thing to do about it (None: look)."""

    sight: Sight
    step: Step | None


@dataclass(frozen=True)
class Place:
    """A community with the numbers of its open issues; `url` is the list to which a question is added."""

    name: str
    url: str
    open: int
    late: int
    sent_up: int


def rows_of(queue):
    return f"{reverse('issue_list')}?queue={queue}"


class Desk:
    """Everything on the desk of one user at one moment; a person with several posts gets the union."""

    def __init__(self, user, now):
        self.user, self.now = user, now
        self.decides = bool(deciding_posts(user))
        self.handles = any(post.unit_id for post in posts_of(user))
        self.issues = Issue.objects.visible_to(user).open()
        self.counts = self.count()

    def count(self):
        """All numbers of the page in one query."""
        rows = {name: queue.rows(self.user, self.now) for name, queue in QUEUES.items() if name != "sent_up"}
        counted = {name: Count("pk", filter=condition) for name, condition in rows.items()}
        return self.issues.aggregate(**counted, oldest=Min("submitted_at", filter=rows["to_decide"]))

    @property
    def waiting(self):
        return self.counts["waiting"]

    def tiles(self):
        """The tiles of those who decide in a place, then those of the units."""
        tiles = []
        if self.decides:
            tiles += [
                self.tile("to_decide", hint=self.since_when()),
                self.tile("due_today", more=(self.soon(), self.late())),
                self.tile("to_verify", hint=_("by somebody who did not handle it")),
                self.tile("away", hint=_("with others; yours to follow")),
            ]
        if self.handles:
            tiles += [self.tile(queue) for queue in ("to_sign", "to_handle", "unit_due", "unit_late")]
        return tiles

    def tile(self, queue, hint="", more=()):
        return Tile(QUEUES[queue].title, self.counts[queue], rows_of(queue), hint, more)

    def soon(self):
        count = self.counts["due_soon"]
        words = ngettext("%(n)d more within 2 working days", "%(n)d more within 2 working days", count)
        return words % {"n": count}, rows_of("due_soon")

    def late(self):
        return _("%(n)d overdue") % {"n": self.counts["late"]}, rows_of("late")

    def since_when(self):
        """How long the oldest has waited at the desk."""
        oldest = self.counts["oldest"]
        return _("the oldest came in %(ago)s ago") % {"ago": timesince(oldest, self.now, depth=1)} if oldest else ""

    def tasks(self):
        """What to do first, the most pressing on top."""
        rows = self.issues.filter(QUEUES["waiting"].rows(self.user, self.now)).needed_first().for_work()
        return [Task(Sight(issue, self.user), steps_for(self.user, issue, among=NEXT)[0]) for issue in rows[:FIRST]]

    def places(self):
        """For those above the communities: which has how much, which have sent something up. By code, never by rank."""
        if not any(len(post.path) < COMMUNITY_DIGITS for post in deciding_posts(self.user)):
            return []
        names = ("community__code", "community__name", "community__name_en")
        counted = (
            self.issues.order_by()
            .values_list(*names)
            .annotate(
                open=Count("pk"),
                late=Count("pk", filter=is_due(None, self.now)),
                sent_up=Count("pk", filter=~Q(desk__division=F("community"))),
            )
        )
        base = reverse("issue_list")
        return [
            Place(named(SimpleNamespace(name=name, name_en=english)), f"{base}?area={code}", *numbers)
            for code, name, english, *numbers in counted.order_by("community__code")
        ]


def last_steps(task):
    """The end of the story of the first task, for the card beside the list."""
    return story_of(timeline(task.sight.issue)[-LAST_STEPS:])
