import datetime as dt

import pytest
import time_machine
from django.contrib.sessions.models import Session
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from foundation.drafts import KEPT, LONGEST, PHONE, SEEN

START = dt.datetime(2026, 11, 23, 8, tzinfo=dt.UTC)
MINUTE = dt.timedelta(minutes=1)
HOUR = 60 * MINUTE
TYPED = {"title": "电梯坏了", "tags": ["a", "b"]}

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.foundation.shelf.urls")]


@pytest.fixture(autouse=True)
def bare(settings):
    settings.MIDDLEWARE = [
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "foundation.drafts.IdleSignOut",
        "django.contrib.auth.middleware.LoginRequiredMiddleware",
    ]
    settings.CSRF_FAILURE_VIEW = "django.views.csrf.csrf_failure"
    settings.LOGIN_URL = "/accounts/login/"
    settings.IDLE_DESK_SECONDS, settings.IDLE_PHONE_SECONDS, settings.PHONE_SESSION_SECONDS = 1800, 43200, 7 * 86400
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.db"


@pytest.fixture
def clock():
    with time_machine.travel(START, tick=False) as traveller:
        yield traveller


@pytest.fixture
def page(client, anna, clock):
    """Anna's browser with a form open."""
    client.force_login(anna)
    client.get("/forms/1/")
    return client


def is_signed_in(client):
    return client.get("/forms/1/").status_code == 200


def shown(client, path="/forms/1/"):
    return client.get(path).json()["data"]


def signs_in_again(client, user):
    """As a sign-in view does: in the same browser session."""
    request_session = client.session
    client.cookies["sessionid"] = request_session.session_key
    client.force_login(user)


class TestIdleSignOut:
    def test_on_a_desk_after_half_an_hour(self, page, clock):
        clock.shift(29 * MINUTE)
        assert is_signed_in(page)
        clock.shift(29 * MINUTE)
        assert is_signed_in(page)
        clock.shift(30 * MINUTE)
        response = page.get("/forms/1/")
        assert (response.status_code, response["Location"]) == (302, "/accounts/login/?next=/forms/1/")
        assert not is_signed_in(page)

    def phone(self, client):
        session = client.session
        session[PHONE] = True
        session.save()

    def test_on_a_phone_after_twelve_hours(self, page, clock):
        self.phone(page)
        clock.shift(11 * HOUR)
        assert is_signed_in(page)
        clock.shift(12 * HOUR)
        assert not is_signed_in(page)

    def test_on_a_phone_after_seven_days_however_busy(self, page, clock):
        self.phone(page)
        for _half_day in range(16):
            clock.shift(10 * HOUR)
            assert is_signed_in(page)
        clock.shift(9 * HOUR)
        assert not is_signed_in(page)

    def test_polling_is_no_sign_of_life(self, page, clock):
        for _minute in range(29):
            clock.shift(MINUTE)
            assert page.get("/forms/1/", headers={"X-Background": "1"}).status_code == 200
        clock.shift(MINUTE)
        assert not is_signed_in(page)

    def test_is_written_at_most_once_a_minute(self, page, clock):
        seen = page.session[SEEN]
        clock.shift(59)
        page.get("/forms/1/")
        assert page.session[SEEN] == seen
        clock.shift(1)
        page.get("/forms/1/")
        assert page.session[SEEN] == seen + 60

    def test_public_pages_go_on(self, page, clock):
        clock.shift(HOUR)
        assert page.post("/public/", TYPED).content == b"anonymous"
        assert KEPT not in page.session

    def test_htmx_loads_the_sign_in_page_as_a_page(self, page, clock):
        clock.shift(HOUR)
        headers = {"HX-Request": "true", "HX-Current-URL": "http://testserver/forms/7/?page=2"}
        response = page.post("/forms/1/", TYPED, headers=headers)
        assert response.status_code == 200
        assert response["HX-Redirect"] == "/accounts/login/?next=/forms/7/"


class TestKeptForm:
    @pytest.fixture
    def late(self, page, clock):
        """The form was sent after the session had ended."""
        clock.shift(HOUR)
        assert page.post("/forms/1/", TYPED).status_code == 302
        return page

    def test_comes_back_after_sign_in(self, late, anna):
        signs_in_again(late, anna)
        assert late.get("/forms/1/").json() == {"data": {"title": ["电梯坏了"], "tags": ["a", "b"]}, "kept": True}

    def test_is_forgotten_when_it_went_through(self, late, anna):
        signs_in_again(late, anna)
        assert late.post("/forms/1/", {"title": ""}).status_code == 200  # a mistake: it comes back
        assert shown(late)
        assert late.post("/forms/1/", TYPED).status_code == 302
        assert shown(late) is None

    def test_is_not_for_another_page(self, late, anna):
        signs_in_again(late, anna)
        assert shown(late, "/forms/2/") is None

    def test_is_not_for_another_user_and_gone_then(self, late, anna, ben):
        signs_in_again(late, ben)
        assert shown(late) is None
        signs_in_again(late, anna)
        assert shown(late) is None

    def test_is_not_for_another_browser(self, late, anna):
        elsewhere = Client()
        elsewhere.force_login(anna)
        assert shown(elsewhere) is None

    def test_is_not_shown_before_sign_in(self, late):
        assert late.get("/forms/1/").status_code == 302

    def test_is_kept_for_an_hour(self, late, anna, clock):
        signs_in_again(late, anna)
        for _minute in range(3):
            clock.shift(20 * MINUTE - dt.timedelta(seconds=1))
            assert shown(late)
        clock.shift(MINUTE)
        assert shown(late) is None

    def test_is_stored_encrypted(self, late):
        stored = [session.get_decoded() for session in Session.objects.all()]
        assert any(KEPT in data for data in stored)
        assert "%E7%94%B5" not in str(stored)
        assert "电梯" not in str(stored)

    def test_never_holds_secrets_or_files(self, page, clock, anna):
        clock.shift(HOUR)
        names = "password new_passwd2 csrfmiddlewaretoken otp pin reset-code api_token secret"
        secrets = dict.fromkeys(names.split(), "s3cret")
        files = {"photo": SimpleUploadedFile("a.txt", b"s3cret")}
        page.post("/forms/1/", {**TYPED, **secrets, **files, "opinion": "yes", "postcode": "463000"})
        signs_in_again(page, anna)
        assert set(shown(page)) == {"title", "tags", "opinion", "postcode"}

    def test_the_second_tab_is_kept_too(self, late, anna):
        late.post("/forms/2/", {"title": "two"})
        signs_in_again(late, anna)
        assert shown(late)["title"] == ["电梯坏了"]
        assert shown(late, "/forms/2/")["title"] == ["two"]

    def test_not_more_than_three(self, late, anna):
        for number in range(2, 6):
            late.post(f"/forms/{number}/", {"title": "x"})
        signs_in_again(late, anna)
        assert [bool(shown(late, f"/forms/{number}/")) for number in range(1, 6)] == [False, False, True, True, True]

    def test_other_content_and_giants_are_not_kept(self, page, clock, anna):
        clock.shift(HOUR)
        page.post("/forms/1/", {"title": 1}, content_type="application/json")
        page.post("/forms/2/", {"title": "x" * LONGEST})
        page.post("/forms/3/")
        assert KEPT not in page.session

    def test_a_forged_form_is_not_kept(self, anna, clock):
        careful = Client(enforce_csrf_checks=True)
        careful.force_login(anna)
        careful.get("/forms/1/")
        clock.shift(HOUR)
        assert careful.post("/forms/1/", TYPED).status_code == 403
        assert KEPT not in careful.session

    def test_who_was_never_signed_in_leaves_nothing(self, client):
        client.post("/forms/1/", TYPED)
        assert KEPT not in client.session

    def test_signing_out_oneself_keeps_nothing(self, page):
        page.logout()
        page.post("/forms/1/", TYPED)
        assert KEPT not in page.session
