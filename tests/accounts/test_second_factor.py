"""The second factor: by app, for people without e-mail, compulsory where the setting says so."""

import base64
import hmac
import re
import struct
import time

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client
from django.urls import reverse

from tests.town import PASSWORD

pytestmark = pytest.mark.django_db


def code_of(secret, at=None):
    """The six digits that an app shows (RFC 6238, thirty seconds, SHA-1)."""
    counter = int((at or time.time()) // 30)
    digest = hmac.new(base64.b32decode(secret), struct.pack(">Q", counter), "sha1").digest()
    start = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[start : start + 4])[0] & 0x7FFFFFFF) % 10**6:06d}"


def sign_in(client, login):
    return client.post(reverse("account_login"), {"login": login, "password": PASSWORD})


def set_up(client):
    """Go through the set-up page as a person does; returns the secret."""
    page = client.get(reverse("mfa_activate_totp"))
    assert page.status_code == 200
    secret = page.context["form"].secret
    done = client.post(reverse("mfa_activate_totp"), {"code": code_of(secret)})
    assert done.status_code == 302, done.content.decode()
    return secret


@pytest.fixture
def equipped(town, client):
    """The cadre, who has no e-mail address, with a second factor; returns the secret."""
    assert town.cadre.email == ""
    sign_in(client, "cadre")
    secret = set_up(client)
    client.logout()
    return secret


class TestSetUp:
    def test_without_an_email_address_right_after_signing_in(self, town, client):
        sign_in(client, "cadre")
        set_up(client)
        kinds = set(Authenticator.objects.filter(user=town.cadre).values_list("type", flat=True))
        assert kinds == {"totp", "recovery_codes"}

    def test_a_wrong_code_sets_nothing_up(self, town, client):
        sign_in(client, "cadre")
        client.get(reverse("mfa_activate_totp"))
        assert client.post(reverse("mfa_activate_totp"), {"code": "000000"}).status_code == 200
        assert not Authenticator.objects.exists()

    def test_long_after_signing_in_the_password_is_asked_again(self, town, client):
        sign_in(client, "cadre")
        session = client.session
        session["account_authentication_methods"] = [{"method": "password", "at": time.time() - 3600}]
        session.save()
        assert client.get(reverse("mfa_activate_totp"))["Location"].startswith(reverse("account_reauthenticate"))

    def test_the_secret_lies_encrypted(self, town, equipped):
        stored = Authenticator.objects.get(user=town.cadre, type="totp").data["secret"]
        assert equipped not in stored


class TestSigningIn:
    def test_the_code_is_asked_before_anything_opens(self, client, equipped):
        assert sign_in(client, "cadre")["Location"] == reverse("mfa_authenticate")
        assert client.get(reverse("inbox_list"))["Location"].startswith(reverse("account_login"))

    def test_with_the_code_everything_opens(self, client, equipped):
        sign_in(client, "cadre")
        response = client.post(reverse("mfa_authenticate"), {"code": code_of(equipped, time.time() + 30)})
        assert response.status_code == 302
        assert client.get(reverse("inbox_list")).status_code == 200

    def test_the_phone_mark_survives_the_code(self, client, equipped):
        client.post(reverse("account_login"), {"login": "cadre", "password": PASSWORD, "own_phone": "on"})
        client.post(reverse("mfa_authenticate"), {"code": code_of(equipped, time.time() + 30)})
        assert client.get(reverse("inbox_list")).status_code == 200
        assert client.session["phone"] is True

    def test_a_code_does_not_open_twice(self, client, equipped):
        code = code_of(equipped, time.time() + 30)
        sign_in(client, "cadre")
        client.post(reverse("mfa_authenticate"), {"code": code})
        client.logout()
        sign_in(client, "cadre")
        client.post(reverse("mfa_authenticate"), {"code": code})
        assert client.get(reverse("inbox_list")).status_code == 302

    def test_codes_are_not_guessed_at_leisure(self, client, equipped):
        sign_in(client, "cadre")
        for _attempt in range(6):
            client.post(reverse("mfa_authenticate"), {"code": "000000"})
        client.post(reverse("mfa_authenticate"), {"code": code_of(equipped, time.time() + 30)})
        assert client.get(reverse("inbox_list")).status_code == 302

    def test_a_recovery_code_opens_once(self, client, town, equipped):
        codes = Authenticator.objects.get(user=town.cadre, type="recovery_codes").wrap().get_unused_codes()
        sign_in(client, "cadre")
        client.post(reverse("mfa_authenticate"), {"code": codes[0]})
        assert client.get(reverse("inbox_list")).status_code == 200
        client.logout()
        sign_in(client, "cadre")
        client.post(reverse("mfa_authenticate"), {"code": codes[0]})
        assert client.get(reverse("inbox_list")).status_code == 302


class TestCompulsory:
    @pytest.fixture(autouse=True)
    def compulsory(self, settings):
        settings.SECOND_FACTOR_COMPULSORY = True

    @pytest.mark.parametrize("login", ["district", "auditor", "admin"])
    def test_for_whoever_sees_a_district_or_administers(self, client, town, login):
        sign_in(client, login)
        for name in ("home", "inbox_list", "staff_list", "entry_list"):
            assert client.get(reverse(name))["Location"] == reverse("mfa_index")
        set_up(client)
        assert client.get(reverse("inbox_list")).status_code == 200

    @pytest.mark.parametrize("login", ["secretary", "cadre", "handler", "street"])
    def test_not_for_the_others(self, client, town, login):
        sign_in(client, login)
        assert client.get(reverse("inbox_list")).status_code == 200

    def test_it_cannot_be_switched_off(self, client, town):
        sign_in(client, "district")
        set_up(client)
        client.post(reverse("mfa_deactivate_totp"))
        assert Authenticator.objects.filter(user=town.admin_of_district, type="totp").exists()

    def test_it_is_looked_up_once_in_a_session(self, client, town, sql_count):
        sign_in(client, "auditor")
        set_up(client)
        client.get(reverse("inbox_list"))
        with sql_count() as queries:
            client.get(reverse("inbox_list"))
        assert "mfa_authenticator" not in str(queries)

    def test_taken_away_by_the_administrator_it_is_set_up_anew(self, client, town):
        sign_in(client, "auditor")
        set_up(client)
        town.auditor.drop_second_factor(by=town.system_admin)
        assert client.get(reverse("inbox_list")).status_code == 302
        again = Client()
        sign_in(again, "auditor")
        assert again.get(reverse("inbox_list"))["Location"] == reverse("mfa_index")


def test_where_the_setting_is_off_it_is_a_choice(client, town):
    sign_in(client, "district")
    assert client.get(reverse("inbox_list")).status_code == 200
    set_up(client)
    client.post(reverse("mfa_deactivate_totp"))
    assert not Authenticator.objects.filter(user=town.admin_of_district).exists()


def test_the_set_up_page_shows_the_code_without_foreign_sources(client, town):
    sign_in(client, "cadre")
    page = client.get(reverse("mfa_activate_totp")).content.decode()
    assert not re.search(r'(src|href)="https?://', page)
    assert " style=" not in page
    assert "<script>" not in page
