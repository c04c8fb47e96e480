"""Idle sign-out through the real pages: the desk after half an hour, the phone after twelve; nothing typed is lost."""

import uuid
from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from communities.models import Feedback
from tests.town import PASSWORD

pytestmark = pytest.mark.django_db
TYPED = "派单时希望能看到承办单位手里还有几件没办完。"


def sign_in(client, login, **more):
    return client.post(reverse("account_login"), {"login": login, "password": PASSWORD, **more}, follow=True)


def send(client):
    return client.post(reverse("feedback_create"), {"client_uuid": uuid.uuid4(), "page": "/issues/", "text": TYPED})


@pytest.fixture
def later():
    """`later(minutes=31)` moves the clock, sessions of the database included."""
    travellers = []

    def move(**time):
        traveller = time_machine.travel(timezone.now() + timedelta(**time), tick=True)
        traveller.start()
        travellers.append(traveller)

    yield move
    for traveller in reversed(travellers):
        traveller.stop()


def test_a_form_sent_too_late_is_handed_back_after_signing_in(client, town, later):
    sign_in(client, "secretary")
    client.get(reverse("feedback_create"))
    later(minutes=31)
    refused = send(client)
    assert refused["Location"].startswith(reverse("account_login"))
    assert not Feedback.objects.exists()
    client.post(refused["Location"], {"login": "secretary", "password": PASSWORD})
    page = client.get(reverse("feedback_create"))
    assert TYPED in page.content.decode()
    assert not Feedback.objects.exists()
    assert send(client).status_code == 302
    assert Feedback.objects.get().text == TYPED
    assert TYPED not in client.get(reverse("feedback_create")).content.decode()


def test_nobody_else_at_the_same_computer_gets_it(client, town, later):
    sign_in(client, "secretary")
    client.get(reverse("feedback_create"))
    later(minutes=31)
    send(client)
    sign_in(client, "cadre")
    assert TYPED not in client.get(reverse("feedback_create")).content.decode()


def test_whoever_works_stays_signed_in(client, town, later):
    sign_in(client, "secretary")
    for _step in range(3):
        later(minutes=20)
        assert client.get(reverse("inbox_list")).status_code == 200


def test_a_phone_stays_signed_in_half_a_day(client, town, later):
    sign_in(client, "cadre", own_phone="on")
    client.get(reverse("inbox_list"))
    later(hours=11)
    assert client.get(reverse("inbox_list")).status_code == 200
    later(hours=13)
    assert client.get(reverse("inbox_list")).status_code == 302


def test_a_phone_used_every_few_hours_ends_after_seven_days(town, later):
    client = Client()
    sign_in(client, "cadre", own_phone="on")
    client.get(reverse("inbox_list"))
    for _half_day in range(13):
        later(hours=11)
        client.get(reverse("inbox_list"))
    assert client.get(reverse("inbox_list")).status_code == 200
    later(days=2)
    assert client.get(reverse("inbox_list")).status_code == 302
