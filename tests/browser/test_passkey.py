"""Passkeys end to end in a real browser, with an authenticator of its own: add one, sign out, sign in with nothing else."""

import pytest
from allauth.mfa.models import Authenticator
from django.urls import reverse
from playwright.sync_api import expect

from foundation.journal.models import Entry
from tests.town import PASSWORD

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.once]
DEVICE = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest.fixture
def page(page, live_server):
    """A page at localhost whose computer has a reader for fingers; what the content policy refuses fails the test."""
    page.set_default_timeout(15_000)
    refused = []
    page.on(
        "console", lambda message: refused.append(message.text) if "Content Security Policy" in message.text else None
    )
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    session.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE})
    page.base = live_server.url
    yield page
    assert refused == []


def at(page, path):
    page.goto(f"{page.base}{path}")
    expect(page.locator("html[data-ready]")).to_be_attached()


def sign_in(page, login):
    at(page, reverse("account_login"))
    page.fill("[name=login]", login)
    page.fill("[name=password]", PASSWORD)
    page.click("main form button.primary")
    expect(page.locator("html[data-ready]")).to_be_attached()
    page.wait_for_url(lambda url: "/accounts/login/" not in url)


def add_passkey(page):
    at(page, reverse("mfa_add_webauthn"))
    page.click("form[data-passkey] button.primary")
    page.wait_for_url("**/2fa/recovery-codes/**")


def sign_out(page):
    at(page, reverse("account_logout"))
    page.click("main form button.primary")
    page.wait_for_url("**/accounts/login/**")


def test_added_it_opens_the_door_without_password_and_code(page, town):
    sign_in(page, "secretary")
    add_passkey(page)
    assert Authenticator.objects.get(user=town.secretary, type="webauthn").wrap().is_passwordless
    sign_out(page)
    at(page, reverse("account_login"))
    page.click("form[data-passkey=door] button")
    page.wait_for_url(lambda url: "/accounts/" not in url)
    at(page, reverse("account_overview"))
    expect(page.locator("main")).to_contain_text(town.secretary.name)
    last = Entry.objects.filter(verb="sign_in").latest("pk")
    assert (last.actor, last.data["method"]) == (town.secretary, "passkey")
    # At a desk the session ends with the browser, with a passkey as with a password.
    assert next(cookie for cookie in page.context.cookies() if cookie["name"] == "sessionid")["expires"] == -1


def test_it_counts_as_the_compulsory_second_factor(page, town, settings):
    settings.SECOND_FACTOR_COMPULSORY = True
    sign_in(page, "district")
    assert page.url.endswith(reverse("mfa_index"))
    add_passkey(page)
    at(page, reverse("staff_list"))
    assert page.url.endswith(reverse("staff_list"))
    # … and being the only one it stays.
    key = Authenticator.objects.get(user=town.admin_of_district, type="webauthn")
    assert page.goto(f"{page.base}{reverse('passkey_remove', args=[key.pk])}").status == 403


def test_after_the_password_it_replaces_the_code(page, town):
    sign_in(page, "secretary")
    add_passkey(page)
    sign_out(page)
    sign_in(page, "secretary")
    assert page.url.endswith(reverse("mfa_authenticate"))
    page.click("form[data-passkey=again] button")
    page.wait_for_url(lambda url: "/accounts/" not in url)
    assert Entry.objects.filter(verb="sign_in").latest("pk").data["method"] == "password+webauthn"


def test_a_closed_account_does_not_open(page, town):
    sign_in(page, "secretary")
    add_passkey(page)
    sign_out(page)
    type(town.secretary).objects.get(pk=town.secretary.pk).disable(by=None, reason="离职")
    at(page, reverse("account_login"))
    page.click("form[data-passkey=door] button")
    page.wait_for_url("**/inactive/")
    assert page.goto(f"{page.base}{reverse('inbox_list')}").url.startswith(f"{page.base}{reverse('account_login')}")


def test_what_was_typed_is_kept_when_places_are_changed(page, town):
    """data-keep: the open form goes to the server before the page is left, and comes back to its writer alone."""
    sign_in(page, "secretary")
    at(page, reverse("user_switch"))
    page.click(f"form[action='{reverse('user_remember')}'] button")
    at(page, reverse("feedback_create"))
    page.fill("[name=text]", "值班表希望早一周公布。")
    page.click("details.account summary")
    page.click("a[data-keep]")
    page.wait_for_url(f"**{reverse('user_switch')}")
    page.click("main .actions button.primary")
    page.wait_for_url(f"**{reverse('account_login')}")
    sign_in(page, "secretary")
    assert page.url.endswith(reverse("feedback_create"))
    assert page.input_value("[name=text]") == "值班表希望早一周公布。"
