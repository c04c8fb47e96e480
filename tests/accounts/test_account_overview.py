"""My account: what it shows, and my signed-in browsers."""

import pytest
from allauth.usersessions.models import UserSession
from django.test import Client
from django.urls import reverse

from tests.town import PASSWORD

pytestmark = pytest.mark.django_db


def sign_in(client, login):
    assert client.post(reverse("account_login"), {"login": login, "password": PASSWORD}).status_code == 302
    return client


def test_it_shows_my_posts_and_for_whom_i_stand_in(client, town):
    sign_in(client, "deputy")
    page = client.get(reverse("account_overview")).content.decode()
    assert "橡林社区" in page
    assert "周建平" in page


def test_somebody_without_a_post_learns_what_to_do(client, town):
    sign_in(client, "idle")
    assert client.get(reverse("account_overview")).status_code == 200


def test_a_stranger_is_sent_to_the_door(client, town):
    assert client.get(reverse("account_overview"))["Location"].startswith(reverse("account_login"))


class TestSessions:
    @pytest.fixture
    def phone(self, town):
        return sign_in(Client(headers={"user-agent": "Phone browser"}), "secretary")

    def session_of(self, client):
        return UserSession.objects.get(session_key=client.session.session_key)

    def test_they_are_listed(self, client, town, phone):
        sign_in(client, "secretary")
        page = client.get(reverse("session_list"))
        assert len(page.context["sessions"]) == 2
        assert reverse("session_end", args=[self.session_of(phone).pk]) in page.content.decode()

    def test_one_is_ended(self, client, town, phone):
        sign_in(client, "secretary")
        client.post(reverse("session_end", args=[self.session_of(phone).pk]))
        assert phone.get(reverse("inbox_list")).status_code == 302
        assert client.get(reverse("inbox_list")).status_code == 200

    def test_ending_it_twice_is_a_404(self, client, town, phone):
        sign_in(client, "secretary")
        url = reverse("session_end", args=[self.session_of(phone).pk])
        client.post(url)
        assert client.post(url).status_code == 404

    def test_this_one_is_ended_by_signing_out(self, client, town):
        sign_in(client, "secretary")
        response = client.post(reverse("session_end", args=[self.session_of(client).pk]))
        assert response["Location"] == reverse("account_logout")

    def test_nobody_ends_those_of_others(self, client, town, phone):
        sign_in(client, "outsider")
        assert client.post(reverse("session_end", args=[self.session_of(phone).pk])).status_code == 404
        assert phone.get(reverse("inbox_list")).status_code == 200

    def test_looking_ends_nothing(self, client, town, phone):
        sign_in(client, "secretary")
        assert client.get(reverse("session_end", args=[self.session_of(phone).pk])).status_code == 405

    def test_all_others_are_ended_together(self, client, town, phone):
        sign_in(client, "secretary")
        client.post(reverse("session_end_others"))
        assert phone.get(reverse("inbox_list")).status_code == 302
        assert client.get(reverse("inbox_list")).status_code == 200
