"""Changing places at a shared computer: who is offered, what it opens (nothing but the door), and whose the open form is."""

from datetime import timedelta

import pytest
import time_machine
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import devices
from accounts.models import User
from communities.models import Feedback
from tests.town import PASSWORD

pytestmark = pytest.mark.django_db
SWITCH = reverse("user_switch")
TYPED = "希望值班表能提前一周看到。"


def sign_in(client, login, **more):
    return client.post(reverse("account_login"), {"login": login, "password": PASSWORD, **more})


def names(client):
    return [person.username for person in client.get(SWITCH).context["people"]]


@pytest.fixture
def desk(client, town):
    """A computer at which three people have said that it is shared; the last of them sits there."""
    for login in ("cadre", "grid", "secretary"):
        sign_in(client, login, shared="on")
        client.get(reverse("inbox_list"))
        if login != "secretary":
            client.post(reverse("account_logout"))
    return client


class TestWhoIsOffered:
    def test_those_who_said_so_the_latest_first_and_not_oneself(self, desk):
        assert names(desk) == ["grid", "cadre"]

    def test_parts_of_names_only(self, desk, town):
        page = desk.get(SWITCH).content.decode()
        assert "李*兰" in page
        assert town.cadre.name not in page
        assert town.cadre.username not in page

    def test_nobody_who_did_not_say_so(self, client, town):
        sign_in(client, "cadre")
        client.post(reverse("account_logout"))
        assert names(client) == []

    def test_also_later_by_a_button(self, client, town):
        sign_in(client, "cadre")
        client.post(reverse("user_remember"))
        client.post(reverse("account_logout"))
        assert names(client) == ["cadre"]

    def test_an_own_phone_is_no_shared_computer(self, client, town):
        assert sign_in(client, "cadre", shared="on", own_phone="on").status_code == 200
        assert "_auth_user_id" not in client.session

    def test_for_fourteen_days(self, desk):
        with time_machine.travel(timezone.now() + timedelta(days=15), tick=True):
            assert names(desk) == []

    def test_not_who_was_disabled_meanwhile(self, desk, town):
        town.grid_worker.disable(by=None, reason="离职")
        assert names(desk) == ["cadre"]

    def test_eight_at_most(self, rf, town):
        request, response = rf.get("/"), HttpResponse()
        for number in range(10):
            devices.sit_down(request, response, User(pk=number + 1))
            request.COOKIES["desk"] = response.cookies["desk"].value
        assert len(devices.at_desk(request)) == 8

    def test_the_cookie_is_signed_and_shut_to_scripts(self, desk, town):
        cookie = desk.cookies["desk"]
        assert cookie["httponly"]
        assert cookie["samesite"] == "Lax"
        forged = Client()
        forged.cookies["desk"] = f'{{"{town.cadre.pk}": 9999999999}}'
        assert names(forged) == []
        forged.cookies["desk"] = cookie.value[:-1] + ("a" if cookie.value[-1] != "a" else "b")
        assert names(forged) == []

    def test_the_list_is_one_query(self, desk, sql_count):
        with sql_count() as queries:
            desk.get(SWITCH)
        assert len([sql for sql in queries if "IN (" in sql and "accounts_user" in sql]) == 1


class TestForgetting:
    def test_one(self, desk, town):
        desk.post(reverse("user_forget"), {"person": town.cadre.pk})
        assert names(desk) == ["grid"]

    def test_all(self, desk):
        desk.post(reverse("user_forget"))
        assert names(desk) == []
        assert not desk.get(SWITCH).context["shared"]

    def test_twice_is_once_and_looking_forgets_nothing(self, desk, town):
        for _time in range(2):
            assert desk.post(reverse("user_forget"), {"person": town.cadre.pk}).status_code == 302
        assert desk.get(reverse("user_forget")).status_code == 405
        assert names(desk) == ["grid"]


class TestChangingPlaces:
    def test_the_one_is_out_and_the_other_at_the_door(self, desk, town):
        answer = desk.post(SWITCH, {"person": town.cadre.pk})
        assert answer["Location"] == reverse("account_login")
        assert "_auth_user_id" not in desk.session
        assert desk.get(reverse("account_login")).context["form"]["login"].value() == "cadre"
        assert desk.get(reverse("inbox_list")).status_code == 302

    def test_the_password_is_asked(self, desk, town):
        desk.post(SWITCH, {"person": town.cadre.pk})
        desk.post(reverse("account_login"), {"login": "cadre", "password": "not-the-password"})
        assert "_auth_user_id" not in desk.session
        sign_in(desk, "cadre")
        assert desk.session["_auth_user_id"] == str(town.cadre.pk)

    @pytest.mark.parametrize("person", ["", "987654321", "x", "outsider"])
    def test_whoever_is_not_on_the_list_opens_the_empty_door(self, desk, town, person):
        number = town.outsider.pk if person == "outsider" else person
        desk.post(SWITCH, {"person": number})
        assert desk.get(reverse("account_login")).context["form"]["login"].value() == ""

    def test_a_stranger_may_choose_too(self, desk, town):
        desk.post(reverse("account_logout"))
        desk.post(SWITCH, {"person": town.cadre.pk})
        assert desk.get(reverse("account_login")).context["form"]["login"].value() == "cadre"

    def test_the_session_is_another_one(self, desk, town):
        before = desk.session.session_key
        desk.post(SWITCH, {"person": town.cadre.pk})
        sign_in(desk, "cadre")
        assert desk.session.session_key != before


class TestTheOpenForm:
    def keep(self, client, path, text=TYPED):
        return client.post(reverse("form_keep"), {"path": path, "typed": f"text={text}&password=geheim&client_uuid="})

    def test_it_waits_for_its_writer_alone(self, desk, town):
        path = reverse("feedback_create")
        assert self.keep(desk, path).status_code == 204
        desk.post(SWITCH, {"person": town.cadre.pk})
        sign_in(desk, "cadre")
        assert TYPED not in desk.get(path).content.decode()
        desk.post(SWITCH, {"person": town.secretary.pk})
        answer = sign_in(desk, "secretary")
        assert answer["Location"] == path
        page = desk.get(path).content.decode()
        assert TYPED in page
        assert "geheim" not in page
        assert not Feedback.objects.exists()

    def test_in_the_session_it_lies_sealed(self, desk, town):
        self.keep(desk, reverse("feedback_create"))
        assert TYPED not in str(dict(desk.session))

    def test_after_an_hour_it_is_gone(self, desk, town):
        self.keep(desk, reverse("feedback_create"))
        desk.post(SWITCH, {"person": town.cadre.pk})
        with time_machine.travel(timezone.now() + timedelta(minutes=61), tick=True):
            assert sign_in(desk, "secretary")["Location"] != reverse("feedback_create")
            assert TYPED not in desk.get(reverse("feedback_create")).content.decode()

    def test_two_people_at_one_address_keep_their_own(self, desk, town):
        path = reverse("feedback_create")
        self.keep(desk, path)
        desk.post(SWITCH, {"person": town.cadre.pk})
        sign_in(desk, "cadre")
        self.keep(desk, path, "另一个人的话")
        assert TYPED not in desk.get(path).content.decode()
        desk.post(SWITCH, {"person": town.secretary.pk})
        sign_in(desk, "secretary")
        page = desk.get(path).content.decode()
        assert TYPED in page
        assert "另一个人的话" not in page

    def test_only_for_an_address_of_ours_and_nobody_signed_out(self, desk):
        for path in ("https://evil.example/", "//evil.example/", "/\\evil.example/", ""):
            self.keep(desk, path)
        assert "kept_forms" not in desk.session
        desk.post(reverse("account_logout"))
        assert self.keep(desk, "/feedback/add/")["Location"].startswith(reverse("account_login"))
