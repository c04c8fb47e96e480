"""Addresses that strangers may open, each with what it may do and what it must not."""

from urllib.parse import quote

import pytest
from django.urls import reverse

from tests.portal.register import PUBLIC, SHUT, addresses
from tests.town import PASSWORD

pytestmark = pytest.mark.django_db

# Tested in tests/portal/test_health.py.
HEALTH = {"healthz", "readyz"}
# allauth's doors for addresses and forgotten passwords: ours answer before them.
SHUT_NAMES = {
    "account_email": {},
    "account_email_verification_sent": {},
    "account_confirm_email": {"key": "abc"},
    "account_reset_password_done": {},
    "account_reset_password_from_key": {"uidb36": "1", "key": "set-password"},
    "account_reset_password_from_key_done": {},
}
PAGES = {"account_login", "account_logout", "account_signup", "account_inactive", "password_forgotten"}
SWITCHES = {"language_switch", "elder_switch"}
# tests/accounts/test_passkey.py and test_user_switch.py say what they do and what not
PASSKEYS = {"passkey_sign_in", "mfa_login_webauthn"}
DESK = {"user_switch", "user_forget"}
# Steps of a sign-in that has not begun: they lead back to its beginning.
STEPS = {"mfa_authenticate", "account_reauthenticate", "account_confirm_login_code"}


def test_every_public_address_is_tested_here():
    assert HEALTH | set(SHUT_NAMES) | PAGES | SWITCHES | PASSKEYS | DESK | STEPS | {"account_reset_password"} == PUBLIC
    assert {address.name for address in addresses()} >= PUBLIC


class TestSignIn:
    def test_in_both_languages(self, client):
        for language in ("zh-hans", "en"):
            response = client.get(reverse("account_login"), headers={"Accept-Language": language})
            assert response.status_code == 200
            assert response["Content-Language"] == language

    def test_chinese_when_the_browser_says_nothing(self, client):
        assert client.get(reverse("account_login"))["Content-Language"] == "zh-hans"

    def test_a_wrong_password_says_nothing_about_the_account(self, client, town):
        answers = [
            client.post(reverse("account_login"), {"login": name, "password": "wrong-password"}).content.decode()
            for name in ("secretary", "nobody")
        ]
        first, second = (answer.replace("secretary", "").replace("nobody", "") for answer in answers)
        assert lines(first) == lines(second)

    def test_a_stopped_account_does_not_get_in(self, client, town):
        town.cadre.is_active = False
        town.cadre.save()
        client.post(reverse("account_login"), {"login": "cadre", "password": PASSWORD})
        assert "_auth_user_id" not in client.session

    def test_leads_to_no_foreign_address(self, client, town):
        address = f"{reverse('account_login')}?next={quote('https://evil.example/')}"
        response = client.post(address, {"login": "secretary", "password": PASSWORD})
        assert response.status_code == 302
        assert "evil" not in response["Location"]

    def test_the_accounts_of_the_demo_stand_there_only_in_the_demo(self, client, settings):
        settings.DEMO = False
        assert PASSWORD not in client.get(reverse("account_login")).content.decode()
        settings.DEMO = True
        assert PASSWORD in client.get(reverse("account_login")).content.decode()


def lines(html):
    return [line for line in html.splitlines() if "csrfmiddlewaretoken" not in line]


class TestSignOut:
    def test_by_form_only(self, client, town):
        client.force_login(town.cadre)
        client.get(reverse("account_logout"))
        assert "_auth_user_id" in client.session
        client.post(reverse("account_logout"))
        assert "_auth_user_id" not in client.session

    def test_a_stranger_is_led_to_sign_in(self, client):
        assert client.get(reverse("account_logout")).status_code == 302


class TestShut:
    def test_nobody_registers_by_himself(self, client, django_user_model):
        before = django_user_model.objects.count()
        facts = {"username": "stranger", "password1": "a-long-password-9", "password2": "a-long-password-9"}
        response = client.post(reverse("account_signup"), facts)
        assert response.status_code == 200
        assert django_user_model.objects.count() == before

    def test_doors_of_addresses_and_forgotten_passwords(self, client):
        for name, arguments in SHUT_NAMES.items():
            assert client.get(reverse(name, kwargs=arguments)).status_code == 404, name
            assert client.post(reverse(name, kwargs=arguments)).status_code == 404, name

    def test_doors_without_a_name(self, client):
        for route in SHUT:
            assert client.get("/" + route.replace("<path:rest>", "1-abc/")).status_code == 404, route

    def test_a_forgotten_password_is_a_page_that_sends_nothing(self, client, town, mailoutbox):
        page = reverse("password_forgotten")
        assert reverse("account_reset_password") == page
        assert client.get(page).status_code == 200
        assert client.post(page, {"email": town.secretary.email}).status_code == 405
        assert mailoutbox == []

    def test_steps_of_a_sign_in_that_has_not_begun(self, client):
        for name in STEPS:
            response = client.get(reverse(name))
            assert response.status_code == 302, name
            assert response["Location"].startswith(reverse("account_login")), name

    def test_the_page_of_a_stopped_account(self, client):
        assert client.get(reverse("account_inactive")).status_code == 200


class TestSwitches:
    def test_language_of_a_stranger_in_a_cookie(self, client):
        response = client.post(reverse("language_switch"), {"language": "en", "next": "/accounts/login/"})
        assert response["Location"] == "/accounts/login/"
        assert client.get(reverse("account_login"))["Content-Language"] == "en"

    def test_language_of_an_account_follows_it_to_another_browser(self, client, town):
        client.force_login(town.cadre)
        client.post(reverse("language_switch"), {"language": "en"})
        client.cookies.clear()
        client.force_login(town.cadre)
        assert client.get(reverse("account_overview"))["Content-Language"] == "en"

    def test_an_unknown_language_changes_nothing(self, client, town):
        client.force_login(town.cadre)
        client.post(reverse("language_switch"), {"language": "tlh"})
        town.cadre.refresh_from_db()
        assert town.cadre.language == ""

    def test_large_print(self, client, town):
        client.post(reverse("elder_switch"), {"elder": "on", "next": "/accounts/login/"})
        assert "data-elder" in client.get(reverse("account_login")).content.decode()
        client.post(reverse("elder_switch"), {"elder": "off"})
        assert "data-elder" not in client.get(reverse("account_login")).content.decode()

    def test_large_print_of_an_account(self, client, town):
        client.force_login(town.cadre)
        client.post(reverse("elder_switch"), {"elder": "on"})
        town.cadre.refresh_from_db()
        assert town.cadre.elder
        assert "data-elder" in client.get(reverse("account_overview")).content.decode()

    def test_lead_to_no_foreign_address(self, client):
        for name in SWITCHES:
            for target in ("https://evil.example/", "//evil.example/", "javascript:alert(1)"):
                response = client.post(reverse(name), {"language": "en", "elder": "on", "next": target})
                assert response["Location"] == "/", (name, target)

    def test_by_form_only(self, client):
        for name in SWITCHES:
            assert client.get(reverse(name)).status_code == 405
