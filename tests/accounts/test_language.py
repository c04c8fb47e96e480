"""In which language and size a page comes: the account's, else the cookie's, else the browser's, else Chinese."""

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation

from tests.town import PASSWORD

pytestmark = pytest.mark.django_db
LOGIN = "/accounts/login/"


@pytest.fixture
def client2():
    return Client()


def language(response):
    return response["Content-Language"]


@pytest.mark.parametrize(
    ("browser", "expected"),
    [
        (None, "zh-hans"),
        ("en", "en"),
        ("en-GB,en;q=0.8", "en"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh-hans"),
        ("zh-TW", "zh-hans"),
        ("fr-FR", "zh-hans"),
        ("de,en;q=0.5", "en"),
    ],
)
def test_a_stranger_gets_what_the_browser_asks_for_else_chinese(client, browser, expected):
    headers = {"accept-language": browser} if browser else {}
    response = client.get(LOGIN, headers=headers)
    assert language(response) == expected
    assert f'lang="{"zh-Hans" if expected == "zh-hans" else "en"}"' in response.content.decode()


def test_a_choice_is_stronger_than_the_browser(client):
    client.post(reverse("language_switch"), {"language": "zh-hans", "next": LOGIN})
    assert language(client.get(LOGIN, headers={"accept-language": "en"})) == "zh-hans"


def test_the_account_is_stronger_than_the_cookie(client, town):
    client.force_login(town.secretary)
    client.post(reverse("language_switch"), {"language": "zh-hans"})
    town.secretary.prefer(language="en")
    assert language(client.get(reverse("inbox_list"))) == "en"


def test_the_choice_goes_with_the_account_to_another_browser(client, client2, town):
    client.force_login(town.secretary)
    client.post(reverse("language_switch"), {"language": "en"})
    client2.force_login(town.secretary)
    assert language(client2.get(reverse("inbox_list"))) == "en"


def test_nonsense_changes_nothing(client, town):
    client.force_login(town.secretary)
    client.post(reverse("language_switch"), {"language": "tlh"})
    town.secretary.refresh_from_db()
    assert town.secretary.language == ""
    assert language(client.get(reverse("inbox_list"))) == "zh-hans"


def test_one_readers_language_does_not_stay_for_the_next(client, town):
    town.secretary.prefer(language="en")
    client.force_login(town.secretary)
    before = translation.get_language()
    client.get(reverse("inbox_list"))
    assert translation.get_language() == before


def test_switching_leads_back_and_never_to_another_site(client, town):
    assert client.post(reverse("language_switch"), {"language": "en", "next": "/inbox/"})["Location"] == "/inbox/"
    away = client.post(reverse("language_switch"), {"language": "en", "next": "//elsewhere.example/"})
    assert away["Location"] == reverse("home")


class TestLargePrint:
    def test_a_stranger_has_it_by_cookie(self, client):
        client.post(reverse("elder_switch"), {"elder": "on", "next": LOGIN})
        assert "data-elder" in client.get(LOGIN).content.decode()
        client.post(reverse("elder_switch"), {"elder": "off", "next": LOGIN})
        assert "data-elder" not in client.get(LOGIN).content.decode()

    def test_an_account_has_it_everywhere(self, client, client2, town):
        client.post(reverse("account_login"), {"login": "grid", "password": PASSWORD})
        client.post(reverse("elder_switch"), {"elder": "on"})
        client2.force_login(town.grid_worker)
        assert "data-elder" in client2.get(reverse("inbox_list")).content.decode()

    def test_switching_needs_a_press_not_a_look(self, client, town):
        assert client.get(reverse("elder_switch")).status_code == 405
        assert client.get(reverse("language_switch")).status_code == 405
