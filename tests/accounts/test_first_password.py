"""A password issued by the administrator opens nothing but the page on which a new one is chosen."""

import pytest
from django.test import Client
from django.urls import reverse

from communities.models import AuditEntry
from tests.town import PASSWORD

pytestmark = pytest.mark.django_db
CHOSEN = "eine-eigene-Wahl-7"


@pytest.fixture
def first(town):
    return town.secretary.issue_password(by=town.admin_of_district)


def sign_in(client, password):
    return client.post(reverse("account_login"), {"login": "secretary", "password": password})


def change(client, old, new):
    return client.post(reverse("account_change_password"), {"oldpassword": old, "password1": new, "password2": new})


def test_the_old_password_is_gone_and_the_new_one_works(client, town, first):
    assert sign_in(client, PASSWORD).status_code == 200
    assert sign_in(client, first).status_code == 302


def test_every_page_leads_to_the_change(client, town, first):
    sign_in(client, first)
    for name in ("home", "inbox_list", "feedback_create", "division_list"):
        assert client.get(reverse(name))["Location"] == reverse("account_change_password")


def test_signing_out_and_large_print_remain(client, town, first):
    sign_in(client, first)
    assert client.get(reverse("account_logout")).status_code == 200
    assert client.post(reverse("elder_switch"), {"elder": "on"}).status_code == 302


def test_after_the_change_everything_opens(client, town, first):
    sign_in(client, first)
    assert change(client, first, CHOSEN)["Location"] == reverse("home")
    assert client.get(reverse("inbox_list")).status_code == 200
    town.secretary.refresh_from_db()
    assert not town.secretary.must_change_password


def test_the_issued_password_cannot_be_kept(client, town, first):
    sign_in(client, first)
    assert change(client, first, first).status_code == 200
    assert client.get(reverse("inbox_list")).status_code == 302


@pytest.mark.parametrize("weak", ["short1", "12345678901234", "password123"])
def test_a_weak_one_is_refused(client, town, first, weak):
    sign_in(client, first)
    assert change(client, first, weak).status_code == 200
    town.secretary.refresh_from_db()
    assert town.secretary.must_change_password


def test_a_change_ends_the_other_sessions(client, town):
    other = Client()
    sign_in(client, PASSWORD)
    sign_in(other, PASSWORD)
    change(client, PASSWORD, CHOSEN)
    assert client.get(reverse("inbox_list")).status_code == 200
    assert other.get(reverse("inbox_list")).status_code == 302


def test_the_auditor_sees_that_it_was_changed_not_to_what(client, town, first):
    sign_in(client, first)
    change(client, first, CHOSEN)
    entry = AuditEntry.objects.visible_to(town.auditor).get(verb="change_password")
    assert (entry.actor, entry.subject_label) == (town.secretary, f"accounts.user:{town.secretary.pk}")
    assert CHOSEN not in str(entry.data) + str(entry.fields)


def test_a_change_does_not_bring_a_disabled_account_back(town):
    stale = type(town.secretary).objects.get(pk=town.secretary.pk)
    town.secretary.disable(by=town.admin_of_district, reason="调离")
    stale.choose_password(CHOSEN)
    town.secretary.refresh_from_db()
    assert not town.secretary.is_active
