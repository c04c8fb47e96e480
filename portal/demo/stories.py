"""Lives of issues written down after the fact: the rows that the verbs would have left, with the times of a story.

The verbs themselves act now; a story happened weeks or years ago, so its rows are made here and inserted together.
"""

from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from uuid import UUID

from django.utils import timezone

from communities.models.unit import office_path
from foundation.journal.models import Entry, Note
from foundation.workdays.calendar import due_at
from issues.models import Callback, Issue, Reporter, WorkOrder
from issues.models.issue import NUMBER_LETTERS

WORKDAYS = {"general": 7, "urgent": 3, "emergency": 1}
REWORK_DAYS = 3
MOVES = Issue.MOVES


@dataclass
class Story:
    """One issue with everything that hangs on it, not yet in the database."""

    issue: Issue
    entries: list = field(default_factory=list)
    orders: list = field(default_factory=list)
    callbacks: list = field(default_factory=list)
    reporters: list = field(default_factory=list)

    def tell(self, verb, by, at, *, note="", data=None, public_note=False, **changes):
        """Let one move of the workflow have happened."""
        step = MOVES.get(verb)
        before = self.issue.status if self.entries else ""
        after = step.after or before if step else self.issue.status
        self.issue.status = after
        for name, value in changes.items():
            setattr(self.issue, name, value)
        self.issue.version = len(self.entries) + 1
        entry = Entry(
            subject_type="issues.issue",
            verb=verb,
            before=before,
            after=after,
            fields=sorted(changes),
            data=data or {},
            actor=by,
            area_path=self.issue.area_path,
            at=at,
            public=step.public if step else True,
        )
        self.entries.append((entry, note, public_note))

    def register(self, by, at):
        limit = WORKDAYS[self.issue.urgency]
        due = due_at(at, limit)
        self.tell("register", by, at, data={"workdays": limit}, registered_at=at, due_at=due[0], due_provisional=due[1])

    def order(self, unit, by, at, **facts):
        self.orders.append(
            WorkOrder(
                unit=unit,
                created_by=by,
                created_at=at,
                round=self.issue.round,
                due_at=self.issue.due_at,
                sign_due_at=due_at(at, 1)[0],
                **facts,
            )
        )

    def take(self, by, at):
        self.tell("take", by, at, data={"unit": self.issue.desk.name})
        self.order(self.issue.desk, by, at, state="signed", handler=by, signed_at=at)

    def dispatch(self, by, at, unit):
        self.tell("dispatch", by, at, data={"unit": unit.name})
        self.order(unit, by, at)

    def send_up(self, by, at, desk, note):
        self.tell("send_up", by, at, data={"unit": desk.name}, note=note, desk=desk)

    def sign(self, by, at):
        order = self.orders[-1]
        self.tell("sign", by, at, data={"unit": order.unit.name})
        order.state, order.handler, order.signed_at = "signed", by, at

    def report_done(self, by, at, result):
        order = self.orders[-1]
        self.tell("report_done", by, at, note=result, public_note=True, done_at=at, result=result)
        order.state, order.handler, order.done_at, order.result = "done", by, at, result
        order.signed_at = order.signed_at or at

    def confirm(self, by, at, satisfaction, reason="resolved"):
        self.tell("confirm", by, at, data={"reason": reason}, closure_reason=reason, closed_at=at)
        self.callbacks.append(
            Callback(round=self.issue.round, by=by, at=at, outcome="confirmed", satisfaction=satisfaction)
        )

    def confirm_not(self, by, at, note):
        """The resident says it is not solved: the same unit begins another round."""
        last = self.orders[-1]
        self.callbacks.append(
            Callback(round=self.issue.round, by=by, at=at, outcome="not_solved", satisfaction="dissatisfied", note=note)
        )
        due = max(due_at(at, REWORK_DAYS)[0], self.issue.due_at)
        next_round = self.issue.round + 1
        data = {"round": next_round, "workdays": REWORK_DAYS}
        self.tell("confirm_not", by, at, note=note, data=data, round=next_round, done_at=None, due_at=due)
        self.order(last.unit, by, at, state="signed", handler=last.handler, signed_at=at)

    def comment(self, by, at, text, *, public=False):
        self.tell("comment", by, at, note=text, public_note=public)


def begin(cast, *, household, category, title, text, by, at, channel="visit", verb="report", uuid=None, **facts):
    """A new story: the issue as it was recorded."""
    community = household.compound.community
    letters = "".join(cast.dice.choice(NUMBER_LETTERS) for _n in range(5))
    solved = verb == "solve_on_spot"
    how = facts.pop("how", "")
    issue = Issue(
        client_uuid=uuid or UUID(int=cast.dice.getrandbits(128), version=4),
        created_by=by,
        created_at=at,
        number=f"SQ{timezone.localtime(at):%Y%m%d}-{letters}",
        title=title,
        text=text,
        category=category,
        urgency=category.urgency,
        channel=channel,
        community=community,
        compound=household.compound,
        building=household.building,
        household=household,
        address=household.place,
        area_path=household.area_path,
        area_path_then=household.area_path,
        desk=cast.units[office_path(community.code)],
        status="closed" if solved else "submitted",
        closure_reason="resolved_on_spot" if solved else "",
        closed_at=at if solved else None,
        result=how,
        submitted_at=at,
        occurred_at=at,
        **facts,
    )
    story = Story(issue)
    story.tell(verb, by, at, note=how, public_note=True)
    if household.heads:
        reporter = Reporter(resident=household.heads[0], name=household.heads[0].name)
        story.reporters.append(reporter)
    return story


def write(stories):
    """Insert the stories, parents first; the issues get their keys."""
    issues = [story.issue for story in stories]
    for issue in issues:
        issue.derive()
    Issue.objects.bulk_create(issues, batch_size=300)
    for story in stories:
        for row in (*story.orders, *story.callbacks, *story.reporters):
            row.issue = story.issue
    for model, name in ((WorkOrder, "orders"), (Callback, "callbacks"), (Reporter, "reporters")):
        model.objects.bulk_create([row for story in stories for row in getattr(story, name)], batch_size=400)
    write_entries([(story.issue, *line) for story in stories for line in story.entries])


def write_entries(lines):
    """Insert journal entries given as (row, entry, note, public note?), in the order of time."""
    lines = sorted(lines, key=lambda line: line[1].at)
    for row, entry, _note, _public in lines:
        entry.subject_id = row.pk
    entries = Entry.objects.bulk_create([line[1] for line in lines], batch_size=400)
    notes = [
        Note(entry=entry, text=note, public=public)
        for entry, (_row, _entry, note, public) in zip(entries, lines, strict=True)
        if note
    ]
    Note.objects.bulk_create(notes, batch_size=400)


def office_hours(cast, day):
    """A moment of a day on which people work: between 08:40 and 17:40."""
    return timezone.make_aware(datetime.combine(day, time(8, 40))) + timedelta(minutes=cast.dice.randrange(540))
