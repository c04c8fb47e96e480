"""Passkeys: what the server refuses, and the pages around them; tests/browser/test_passkey.py goes through the door itself."""

import json

import pytest
from allauth.mfa.models import Authenticator
from django.urls import reverse

from tests.town import PASSWORD

pytestmark = pytest.mark.django_db


def sign_in(client, login="secretary"):
    client.post(reverse("account_login"), {"login": login, "password": PASSWORD})
    return client


@pytest.fixture
def key(town):
    data = {"name": "办公室电脑", "credential": {"clientExtensionResults": {"credProps": {"rk": True}}}}
    return Authenticator.objects.create(user=town.secretary, type="webauthn", data=data)


class TestDoor:
    """passkey_sign_in"""

    def test_strangers_get_a_question_that_names_nobody(self, client, town, key):
        answer = client.get(reverse("passkey_sign_in"), headers={"Accept": "application/json"})
        asked = json.loads(answer.content)["request_options"]["publicKey"]
        assert asked["challenge"]
        assert not asked.get("allowCredentials")
        assert asked["userVerification"] == "required"

    @pytest.mark.parametrize("credential", ["", "x", "{}", "[]", '{"id": "x", "response": {"userHandle": "MQ"}}'])
    def test_nonsense_opens_nothing(self, client, town, key, credential):
        client.get(reverse("passkey_sign_in"), headers={"Accept": "application/json"})
        client.post(reverse("passkey_sign_in"), {"credential": credential})
        assert "_auth_user_id" not in client.session


class TestPages:
    def test_a_list_with_rename_and_remove(self, client, town, key):
        page = sign_in_with(client, town).get(reverse("mfa_index")).content.decode()
        assert "办公室电脑" in page
        assert reverse("passkey_remove", args=[key.pk]) in page

    def test_renamed(self, client, town, key):
        sign_in_with(client, town).post(reverse("passkey_rename", args=[key.pk]), {"name": "值班室"})
        key.refresh_from_db()
        assert key.data["name"] == "值班室"

    def test_removed_and_written_down(self, client, town, key):
        url = reverse("passkey_remove", args=[key.pk])
        sign_in_with(client, town)
        assert client.get(url).status_code == 200
        assert client.post(url).status_code == 302
        assert not Authenticator.objects.filter(pk=key.pk).exists()
        assert town.secretary.notices.filter(kind="second_factor_changed").exists()
        assert client.post(url).status_code == 404

    def test_nobody_removes_or_renames_those_of_others(self, client, town, key):
        sign_in(client, "cadre")
        assert client.post(reverse("passkey_remove", args=[key.pk])).status_code == 404
        assert client.post(reverse("passkey_rename", args=[key.pk]), {"name": "x"}).status_code == 404

    def test_the_last_one_stays_where_it_is_compulsory(self, client, town, key, settings):
        settings.SECOND_FACTOR_COMPULSORY = True
        town.secretary.second_factor_required = True
        town.secretary.save()
        sign_in_with(client, town)
        assert client.post(reverse("passkey_remove", args=[key.pk])).status_code == 403
        Authenticator.objects.create(user=town.secretary, type="webauthn", data={**key.data, "name": "手机"})
        assert client.post(reverse("passkey_remove", args=[key.pk])).status_code == 302

    def test_the_list_of_allauth_leads_to_ours(self, client, town):
        assert sign_in(client).get(reverse("passkey_list"))["Location"] == reverse("mfa_index")

    def test_no_inline_script(self, client, town):
        page = sign_in(client).get(reverse("mfa_add_webauthn")).content.decode()
        assert "onclick" not in page
        assert all('type="module" src="/static/' in tag or 'type="application/json"' in tag for tag in scripts(page))

    def test_staff_administration_takes_it_away_with_the_rest(self, town, key):
        town.secretary.drop_second_factor(by=town.admin_of_district)
        assert not Authenticator.objects.filter(pk=key.pk).exists()


def sign_in_with(client, town):
    """Signed in as the secretary, the proof fresh; a passkey of the test cannot answer, so the password is not asked for it."""
    client.force_login(town.secretary)
    session = client.session
    session["account_authentication_methods"] = [{"method": "password", "at": 9_999_999_999, "reauthenticated": True}]
    session["account_authentication_methods_user"] = str(town.secretary.pk)
    session.save()
    return client


def scripts(page):
    return [part.split(">")[0] for part in page.split("<script")[1:]]
