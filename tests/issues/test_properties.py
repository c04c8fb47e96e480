"""Whatever people do to an issue, in whichever order, legal or not: these things hold."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from communities.models import Unit
from foundation.journal.models import Entry
from foundation.journal.moves import NotAllowed
from issues.models import Hand, Issue, WorkOrder
from issues.parties import moves_for
from issues.workflow import MOVES, Status
from tests.town import new_issue, person

START = datetime(2026, 9, 28, 9, 0, tzinfo=ZoneInfo("Asia/Shanghai"))  # the long holiday lies ahead
PEOPLE = (
    "secretary",
    "deputy",
    "colleague",
    "coordinator",
    "admin_of_district",
    "handler",
    "property_handler",
    "grid_worker",
    "cadre",
    "auditor",
    "outsider",
)
# Which person, which verb (of those open to him, or of all), how many hours later.
STEP = st.tuples(st.sampled_from(PEOPLE), st.integers(0, 50), st.booleans(), st.integers(0, 40))


def arguments(issue, verb, user, number):
    """Something sensible for each argument of a verb."""
    if verb in ("dispatch", "reassign"):
        targets = list(issue.targets_for(user)) or list(Unit.objects.all())
        return {"unit": targets[number % len(targets)], "note": "请办理"}
    return {
        "register": {"urgency": ("general", "urgent", "emergency")[number % 3]},
        "send_up": {"note": "需要上级协调"},
        "hand_on": {"handler": user},
        "report_done": {"result": "已经处理完毕，恢复正常。"},
        "confirm": {"reason": ("resolved", "partly_resolved", "explained")[number % 3], "satisfaction": "satisfied"},
        "confirm_not": {"note": "没有解决"},
        "no_answer": {"note": "无人接听"},
        "comment": {"text": "记一笔", "public": bool(number % 2)},
    }.get(verb, {})


def entries_of(issue):
    return list(Entry.objects.filter(subject_type="issues.issue", subject_id=issue.pk).order_by("pk"))


def check(issue):
    """What is true of every issue at every moment."""
    orders = list(WorkOrder.objects.filter(issue=issue))
    is_open = [order for order in orders if order.is_open]
    # exactly one open lead order, or it sits on a desk or with the verifier
    expected = {Status.DISPATCHED: ["pending"], Status.IN_PROGRESS: ["signed"]}.get(issue.status, [])
    assert [order.state for order in is_open] == expected
    assert (issue.status == Status.CLOSED) == (issue.closed_at is not None) == bool(issue.closure_reason)
    assert (issue.status == Status.SUBMITTED) == (issue.due_at is None)
    # the journal replays to the stored state, one entry for each version
    state = ""
    entries = entries_of(issue)
    for entry in entries:
        assert entry.before == state
        state = entry.after
    assert state == issue.status
    assert len(entries) == issue.version
    # nobody who had it in hand has verified
    for order in orders:
        hands = set(Hand.objects.filter(work_order=order).values_list("user", flat=True))
        assert order.handler_id is None or order.handler_id in hands
        if order.state == "done":
            assert not hands & set(issue.callbacks.filter(round=order.round).values_list("by", flat=True))
        if issue.is_for_departments and order.created_by.username in ("street", "district"):
            assert order.unit.is_department or order.unit.is_office
    # whoever may verify is no handler and stands in for none
    assert issue.round == 1 + sum(entry.verb == "confirm_not" for entry in entries)


def take_step(issue, user, number, legal):
    """One move by this person; returns whether it was carried out. An illegal one leaves no trace."""
    issue = Issue.objects.get(pk=issue.pk)
    possible = moves_for(user, issue)
    verbs = possible if legal and possible else list(MOVES)
    verb = verbs[number % len(verbs)]
    before, due = len(entries_of(issue)), issue.due_at
    try:
        getattr(issue, verb)(by=user, **arguments(issue, verb, user, number))
    except NotAllowed:
        assert verb not in possible or verb in ("dispatch", "reassign")
        assert len(entries_of(issue)) == before
        done = False
    else:
        assert verb in possible
        assert [entry.verb for entry in entries_of(issue)[before:]] == [verb]
        assert entries_of(issue)[-1].actor == user
        done = True
    stored = Issue.objects.get(pk=issue.pk)
    assert due is None or stored.due_at >= due
    assert (stored.status, stored.version) == (issue.status, issue.version)
    check(stored)
    return done


@pytest.mark.django_db
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps=st.lists(STEP, min_size=5, max_size=25), category=st.sampled_from(["lift", "sanitation"]))
def test_any_moves_by_anybody(town, time_machine, steps, category):
    with transaction.atomic():
        time_machine.move_to(START, tick=False)
        town.colleague = getattr(town, "colleague", None) or person("colleague", "沈红")
        post = town.colleague.assignments.create(
            role="secretary", division=town.community, since=START.date(), area_path=town.community.code
        )
        town.colleague.__dict__.pop("_posts", None)
        issue = new_issue(town, category=getattr(town, category))
        check(issue)
        for who, number, legal, hours in steps:
            time_machine.shift(timedelta(hours=hours))
            take_step(issue, getattr(town, who), number, legal)
        post.delete()
        del town.colleague
        transaction.set_rollback(True)


@pytest.mark.django_db
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(choices=st.lists(st.integers(0, 50), min_size=40, max_size=40))
def test_legal_moves_alone_lead_to_the_end(town, time_machine, choices):
    """Nobody can be caught in a state: as long as it is open, somebody of the town has a move that leads on."""
    with transaction.atomic():
        time_machine.move_to(START, tick=False)
        issue = new_issue(town)
        for number in choices:
            time_machine.shift(timedelta(hours=9))
            issue = Issue.objects.get(pk=issue.pk)
            if not issue.is_open:
                break
            leading_on = [
                (getattr(town, who), verb)
                for who in PEOPLE
                if who != "colleague"
                for verb in moves_for(getattr(town, who), issue)
                if MOVES[verb].after not in (None, issue.status)
                and (verb not in ("dispatch", "reassign") or issue.targets_for(getattr(town, who)).exists())
            ]
            assert leading_on, issue.status
            user, verb = leading_on[number % len(leading_on)]
            getattr(issue, verb)(by=user, **arguments(issue, verb, user, number))
            check(Issue.objects.get(pk=issue.pk))
        assert timezone.now() > START
        transaction.set_rollback(True)
