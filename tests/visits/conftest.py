"""Signing in, logging visits, and further doors in the town's building."""

from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from communities.models import Household, Resident
from visits.models import Visit


@pytest.fixture
def at_work():
    """`at_work(user)` is a browser of this person, past the first request that opens the session."""

    def signing_in(user):
        browser = Client()
        browser.force_login(user)
        browser.get(reverse("inbox_list"))
        return browser

    return signing_in


@pytest.fixture
def add_doors():
    """`add_doors(town, 3)` adds that many households, each with one resident on the care register."""

    def adding(town, number):
        return [
            add_door(town, door=str(301 + count), name=f"陈{'甲乙丙丁戊己庚辛壬癸'[count % 10]}")
            for count in range(number)
        ]

    return adding


def add_door(town, *, stair="1", door, name="陈大爷", **facts):
    household = Household.objects.add(
        by=town.secretary, client_uuid=uuid4(), building=town.building, stair=stair, door=door
    )
    Resident.objects.add(
        by=town.secretary,
        client_uuid=uuid4(),
        household=household,
        name=name,
        is_head=True,
        **{"care_level": 2} | facts,
    )
    return household


def log(town, **facts):
    """A visit of the cadre at the town's household, at which all was well unless said otherwise."""
    defaults = {
        "by": town.cadre,
        "client_uuid": uuid4(),
        "household": town.household,
        "outcome": "met",
        "situation": "normal",
    }
    return Visit.objects.log(**defaults | facts)


def line(town, **facts):
    """One opinion as `Visit.objects.log` takes it."""
    defaults = {"text": "楼道灯坏了半个月", "category": town.sanitation, "handling": "register"}
    return defaults | facts


def form_of(*lines, **typed):
    """What the browser sends: the visit and the rows of opinions, of which the last one is empty."""
    sent = {"client_uuid": uuid4(), "outcome": "met", "situation": "normal", "opinions-TOTAL_FORMS": len(lines) + 1}
    for number, fields in enumerate([*lines, {}]):
        sent |= {f"opinions-{number}-client_uuid": uuid4()}
        sent |= {f"opinions-{number}-{name}": value for name, value in fields.items()}
    return sent | {"opinions-INITIAL_FORMS": 0} | typed
