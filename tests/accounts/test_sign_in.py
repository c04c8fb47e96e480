"""The door: who comes in, who does not, and that it tells strangers nothing."""

import logging
import re

import pytest
from django.core import mail
from django.urls import reverse

from accounts.models import User
from tests.town import PASSWORD

pytestmark = pytest.mark.django_db


def sign_in(client, login, password=PASSWORD, **more):
    return client.post(reverse("account_login"), {"login": login, "password": password, **more})


def words(response):
    """The text of a page without what differs by itself: the form's token and the name that was typed."""
    text = re.sub(r'name="csrfmiddlewaretoken" value="[^"]*"', "", response.content.decode())
    return re.sub(r'value="[^"]*"', "", text)


class TestComingIn:
    def test_with_name_and_password(self, client, town):
        assert sign_in(client, "secretary").status_code == 302
        assert client.get(reverse("account_overview")).status_code == 200

    def test_capitals_of_the_name_do_not_matter(self, client, town):
        assert sign_in(client, "Secretary").status_code == 302

    def test_two_names_that_differ_in_capitals_cannot_both_exist(self, town):
        with pytest.raises(Exception, match=r"(?i)unique"):
            User.objects.create_user("SECRETARY", PASSWORD, name="另一位")

    def test_goes_where_one_wanted(self, client, town):
        response = client.post(
            f"{reverse('account_login')}?next=/inbox/", {"login": "secretary", "password": PASSWORD, "next": "/inbox/"}
        )
        assert response["Location"] == "/inbox/"

    def test_never_to_another_site(self, client, town):
        response = sign_in(client, "secretary", next="https://elsewhere.example/")
        assert "elsewhere" not in response["Location"]

    def test_at_a_desk_the_cookie_ends_with_the_browser(self, client, town):
        response = sign_in(client, "secretary")
        assert response.cookies["sessionid"]["max-age"] == ""
        assert client.session["phone"] is False

    def test_on_the_own_phone_it_lasts_seven_days(self, client, town):
        response = sign_in(client, "cadre", own_phone="on")
        assert response.cookies["sessionid"]["max-age"] == 7 * 86400
        assert client.session["phone"] is True


class TestStayingOut:
    def test_a_wrong_password_an_unknown_name_and_a_closed_account_get_the_same_answer(self, client, town):
        town.idle.disable(by=None, reason="离职")
        wrong = sign_in(client, "secretary", "not-the-password")
        unknown = sign_in(client, "nobody-of-this-name", "not-the-password")
        closed = sign_in(client, "idle")
        assert {wrong.status_code, unknown.status_code, closed.status_code} == {200}
        assert words(wrong) == words(unknown) == words(closed)
        assert "_auth_user_id" not in client.session

    def test_neither_names_nor_passwords_are_logged(self, client, town, caplog):
        with caplog.at_level(logging.DEBUG):
            sign_in(client, "secretary", "a-typed-password")
            sign_in(client, "nobody-of-this-name", "a-typed-password")
        logged = "\n".join(record.getMessage() for record in caplog.records if record.name != "django.db.backends")
        assert "secretary" not in logged
        assert "nobody-of-this-name" not in logged
        assert "a-typed-password" not in logged

    def test_nobody_registers(self, client, town):
        before = User.objects.count()
        client.post(reverse("account_signup"), {"username": "eve", "password1": "a-long-password-1"})
        assert User.objects.count() == before

    def test_a_forgotten_password_is_a_matter_of_the_administrator(self, client, town):
        assert client.get(reverse("password_forgotten")).status_code == 200
        assert client.post(reverse("account_reset_password"), {"email": "secretary@example.org"}).status_code == 405
        assert mail.outbox == []

    @pytest.mark.parametrize("path", ["email/", "confirm-email/", "confirm-email/abc/", "password/reset/done/"])
    def test_doors_that_are_shut(self, client, town, path):
        client.force_login(town.secretary)
        assert client.get(f"/accounts/{path}").status_code == 404

    def test_who_is_disabled_is_out_at_once(self, client, town):
        sign_in(client, "secretary")
        assert client.get(reverse("inbox_list")).status_code == 200
        User.objects.get(username="secretary").disable(by=town.admin_of_district, reason="调离")
        response = client.get(reverse("inbox_list"))
        assert response.status_code == 302
        assert response["Location"].startswith(reverse("account_login"))


class TestLimits:
    def test_after_five_wrong_passwords_even_the_right_one_is_refused(self, client, town):
        for _attempt in range(5):
            sign_in(client, "secretary", "not-the-password")
        assert sign_in(client, "secretary").status_code == 200
        assert "_auth_user_id" not in client.session

    def test_the_limit_is_that_of_the_name_whoever_asks(self, client, town):
        for attempt in range(5):
            client.post(
                reverse("account_login"),
                {"login": "secretary", "password": "not-the-password"},
                REMOTE_ADDR=f"10.0.0.{attempt}",
            )
        response = client.post(
            reverse("account_login"), {"login": "secretary", "password": PASSWORD}, REMOTE_ADDR="10.0.0.99"
        )
        assert response.status_code == 200
        assert sign_in(client, "cadre").status_code == 302

    def test_an_unknown_name_is_counted_like_a_known_one(self, client, town):
        for _attempt in range(5):
            sign_in(client, "nobody-of-this-name", "not-the-password")
        unknown = sign_in(client, "nobody-of-this-name", "not-the-password")
        for _attempt in range(5):
            sign_in(client, "secretary", "not-the-password")
        assert words(unknown) == words(sign_in(client, "secretary"))

    def test_one_address_cannot_try_many_names(self, client, town):
        for number in range(10):
            sign_in(client, f"guess-{number}", "not-the-password")
        assert sign_in(client, "secretary").status_code == 200

    def test_successes_do_not_use_the_limit_up(self, client, town):
        for _attempt in range(7):
            assert sign_in(client, "secretary").status_code == 302
            client.logout()
