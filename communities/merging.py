"""Two records side by side: what differs, which value is likelier right, what hangs on each of them; and the words for a merge."""

from dataclasses import dataclass
from functools import cached_property

from django.apps import apps
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Max
from django.http import Http404
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from communities.duplicates import is_linked
from communities.models import Assignment, Household, NotTheSame, Resident
from communities.models.division import LEVEL_BY_DIGITS
from communities.models.duplicate import MODELS, Kind
from communities.models.merge import TOGETHER, taken_fields
from communities.words import thing_word
from foundation.acting import shown
from foundation.journal.models import Entry, kind_of
from foundation.journal.moves import record
from foundation.notices.tell import tell
from foundation.relations import columns_of, parts, relations_of
from foundation.templatetags.portal import day, named

FIRST, SECOND = "first", "second"
# Where neither the fuller nor the newer value is the likelier one.
RULES = {"care_level": min, "is_head": max, "verified_on": max, "built_year": min}
REFUSALS = {
    "undone": _("It was undone already."),
    "part": _("It was part of a larger merge and is undone together with that one."),
    "late": _("Thirty days have passed."),
    "purged": _("What stood before was cleared at the end of its retention."),
    "changed": _("The record was changed in another way since."),
    "further": _("The record that stayed was merged into another one since, or is no longer in use. Undo that first."),
}


def two_for(user, kind, first, second):
    """The two records, if the user may change both, or may propose: `Two`.

    404 where one is neither visible nor seems to be the same person as one's own, 403 for who only reads.
    """
    model = MODELS.get(kind)
    if model is None or first == second:
        raise Http404
    rows = {row.pk: row for row in model.objects.filter(pk__in=(first, second)).for_detail()}
    if len(rows) < 2:
        raise Http404
    seen = set(model.objects.visible_to(user).filter(pk__in=rows).values_list("pk", flat=True))
    mine = set(model.objects.changeable_by(user).filter(pk__in=rows).values_list("pk", flat=True))
    if len(seen) < 2 and not (mine and kind == Kind.RESIDENT and is_linked(*rows.values())):
        raise Http404
    if not mine:
        raise PermissionDenied
    return Two(user=user, kind=kind, first=rows[first], second=rows[second], seen=seen, mine=mine)


@dataclass
class Fact:
    """One line of the comparison; `likelier` is the side whose value is offered first."""

    name: str
    label: str
    first: str
    second: str
    differs: bool
    likelier: str = FIRST


@dataclass
class Two:
    """Two records as one user sees them: `seen` and `mine` are the numbers of those that may be read and changed."""

    user: object
    kind: str
    first: object
    second: object
    seen: set
    mine: set

    @property
    def rows(self):
        return (self.first, self.second)

    @property
    def may_merge(self):
        return len(self.mine) == 2

    @property
    def own(self):
        """The record of one's own area, where the other one lies outside it."""
        return next(row for row in self.rows if row.pk in self.mine)

    @property
    def merged(self):
        """One of the two that has been merged already, else None."""
        return next((row for row in self.rows if row.merged_into_id), None)

    @property
    def declined(self):
        """The statement that they are two, if there is one."""
        return NotTheSame.objects.of_pair(*self.rows)

    @cached_property
    def newer(self):
        """The side that was worked on last, by the journal."""
        entries = Entry.objects.filter(subject_type=kind_of(self.first), subject_id__in=[row.pk for row in self.rows])
        last = dict(entries.order_by().values("subject_id").annotate(last=Max("pk")).values_list("subject_id", "last"))
        return FIRST if last.get(self.first.pk, 0) > last.get(self.second.pk, 0) else SECOND

    @cached_property
    def facts(self):
        """A line for each fact that one of the two states."""
        lines = [self.fact(name) for name in taken_fields(type(self.first))]
        return [line for line in lines if (line.first, line.second) != ("—", "—")]

    def fact(self, name):
        field = self.first._meta.get_field(name)
        values = [getattr(row, field.attname) for row in self.rows]
        words = [words_of(row, name) for row in self.rows]
        columns = [column for column in TOGETHER.get(name, (name,)) if column in columns_of(type(self.first))]
        differs = any(getattr(self.first, column) != getattr(self.second, column) for column in columns)
        return Fact(name, field.verbose_name, *words, differs=differs, likelier=self.likelier(field, *values))

    def likelier(self, field, one, other):
        """The filled value before the empty one (what everybody gets by default says as little), then by rule, then the newer one."""
        nothing = (None, "", field.get_default())
        if (one in nothing) != (other in nothing):
            return SECOND if one in nothing else FIRST
        if field.name in RULES and one != other and None not in (one, other):
            return FIRST if RULES[field.name](one, other) == one else SECOND
        return self.newer

    @property
    def fuller(self):
        """The side that is offered to stay: with the longer history, then with more facts, then the older."""
        weight = [
            (sum(line[side] for line in self.history), sum(bool(fact_of(fact, side) != "—") for fact in self.facts))
            for side in (1, 2)
        ]
        return FIRST if weight[0] >= weight[1] else SECOND

    @cached_property
    def history(self):
        """(what, how many of the first, how many of the second), as far as the reader may know of them."""
        found = {}
        for relation in relations_of(type(self.first)):
            rows = None if relation.kind else known_to(self.user, relation.model)
            if rows is not None:
                counts = relation.counts(self.first.pk, self.second.pk, among=rows)
                add(found, thing_word(relation.label), [counts.get(row.pk, 0) for row in self.rows])
        if self.kind == Kind.RESIDENT:
            add(found, thing_word("issues.issue"), [row.issues_for(self.user).count() for row in self.rows])
            visits = [row.household.visits.visible_to(self.user).standing().count() for row in self.rows]
            add(found, _("Visits to the household"), visits)
        return [(label, *numbers) for label, numbers in found.items() if any(numbers)]

    @transaction.atomic
    def propose(self):
        """Ask those who answer for both areas to merge; returns the users who were told. Twice in a day is once."""
        first, second = sorted((self.first.pk, self.second.pk))
        people = leaders_above(*(row.area_path for row in self.rows))
        new = tell(
            people,
            "merge_proposed",
            about=self.own,
            once=f"{first}:{second}:{timezone.localdate()}",
            url=address_of("merge_compare", self.kind, first, second),
        )
        if new:
            record(self.own, "propose_merge", by=self.user)
        return people


def fact_of(fact, side):
    return fact.first if side == 1 else fact.second


def add(found, label, numbers):
    known = found.setdefault(label, [0, 0])
    for side, number in enumerate(numbers):
        known[side] += number


def address_of(name, kind, first, second):
    return reverse(name, args=[kind, first, second])


def words_of(row, name):
    """A fact as a person reads it; phone and ID number masked, what belongs together in one line."""
    columns = [column for column in TOGETHER.get(name, (name,)) if column in columns_of(type(row))]
    # Of what only goes with the first, a plain "no" says nothing.
    columns = [column for number, column in enumerate(columns) if not number or getattr(row, column)]
    words = [words_of_column(row, column) for column in columns]
    return " · ".join(word for word in words if word != "—") or "—"


def words_of_column(row, column):
    value = getattr(row, column)
    if value in (None, ""):
        return "—"
    if hasattr(value, "isoformat"):
        return day(value)
    return named(value) if hasattr(value, "name") else shown(row, column, value)


def place_of(row):
    """Where the record is; follows the one that stays."""
    if isinstance(row, Resident):
        return row.household.address
    return row.address if isinstance(row, Household) else named(row.community)


def names_in(row):
    """Who lives in a household, in one line; "" for other records."""
    return "、".join(resident.name for resident in row.living_here) if isinstance(row, Household) else ""


def known_to(user, model):
    """Rows of this model of which the user may know whom they belong to; None for a model that nobody sees by area.

    Who raised something in confidence does not show by a count.
    """
    rows = getattr(model, "objects", None)
    if not hasattr(rows, "visible_to"):
        return None
    rows = rows.visible_to(user)
    if hasattr(rows, "readable_by"):
        rows = rows.readable_by(user)
    return rows.for_reader(user).filter(is_confided=True) if hasattr(rows, "for_reader") else rows


def counts_of(user, changes):
    """[(what, how many)] of lists [table, …, [numbers]], as far as the user may know of the rows."""
    numbers = {}
    for table, *_columns, pks in changes:
        numbers.setdefault(table, set()).update(pks)
    found = []
    for table, pks in numbers.items():
        rows = known_to(user, apps.get_model(table))
        if rows is not None and (n := sum(rows.filter(pk__in=part).count() for part in parts(pks))):
            found.append((thing_word(table), n))
    return found


def leaders_above(*area_paths):
    """Who leads the nearest place that contains all these: users with a post there, or further up where nobody has one."""
    shared = common_place(*area_paths)
    posts = Assignment.objects.current(timezone.localdate()).leading(shared) if shared else Assignment.objects.none()
    posts = list(posts.filter(user__is_active=True).select_related("user", "division"))
    nearest = max((len(post.division.code) for post in posts), default=0)
    return [post.user for post in posts if len(post.division.code) == nearest]


def common_place(*area_paths):
    """The code of the smallest place that contains all these: ("411702007001", "411702007002001") → "411702007"."""
    shared = [digits for digits in LEVEL_BY_DIGITS if len({path[:digits] for path in area_paths}) == 1]
    return min((path[: max(shared)] for path in area_paths), key=len) if shared else ""
