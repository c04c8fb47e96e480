"""The same form from many phones at once, on PostgreSQL: one visit, one set of issues, everybody gets the same answer."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from uuid import uuid4

import pytest
from django.db import connection

from foundation.journal.models import Conflict, Entry
from foundation.notices.models import Notice
from issues.models import Issue
from tests.town import build_town
from tests.visits.conftest import line
from visits.models import Opinion, Visit

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]

THREADS = 8


def at_once(*acts):
    """Run these functions in threads that start together; returns their results or exceptions, in order."""
    together = Barrier(len(acts))

    def run(act):
        try:
            together.wait()
            return act()
        except Exception as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def test_eight_threads_send_the_same_visit():
    town = build_town()
    sent = {
        "household": town.household,
        "client_uuid": uuid4(),
        "outcome": "met",
        "situation": "urgent",
        "opinions": [
            line(town, client_uuid=uuid4()),
            line(town, client_uuid=uuid4(), handling="on_spot", spot_action="已换灯"),
            line(town, handling="answered"),
        ],
    }
    answers = at_once(*[lambda: Visit.objects.log_once(by=town.cadre, **sent)] * THREADS)
    visit = Visit.objects.get()
    assert [visit.pk] * THREADS == [answer[0].pk for answer in answers]
    assert sorted(is_new for _visit, is_new in answers) == [False] * (THREADS - 1) + [True]
    assert (Opinion.objects.count(), Issue.objects.count()) == (3, 2)
    assert Entry.objects.filter(subject_type="visits.visit").count() == 1
    assert Notice.objects.filter(kind="visit_urgent", recipient=town.secretary).count() == 1


def test_of_two_people_with_one_number_one_is_refused():
    town = build_town()
    sent = {"household": town.household, "client_uuid": uuid4(), "outcome": "nobody_home"}
    answers = at_once(*[lambda by=by: Visit.objects.log(by=by, **sent) for by in (town.cadre, town.secretary)])
    assert sorted(type(answer).__name__ for answer in answers) == ["Conflict", "Visit"]
    assert Visit.objects.count() == 1
    assert any(isinstance(answer, Conflict) for answer in answers)


def test_of_eight_who_void_one_does():
    town = build_town()
    visit = Visit.objects.log(by=town.cadre, household=town.household, client_uuid=uuid4(), outcome="nobody_home")
    copies = [Visit.objects.get(pk=visit.pk) for _count in range(THREADS)]
    answers = at_once(*[lambda copy=copy: copy.void(by=town.cadre, reason="重复录入") for copy in copies])
    assert sum(isinstance(answer, Conflict) for answer in answers) == THREADS - 1
    assert Entry.objects.filter(subject_type="visits.visit", verb="void").count() == 1
