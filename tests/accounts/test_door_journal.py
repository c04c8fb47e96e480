"""What happens at the door stands in the journal, without personal data, and the district's auditor reads it."""

import time

import pytest
from django.test import Client
from django.urls import reverse

from communities.access import Role
from communities.models import AuditEntry, Staff
from foundation.journal.models import Entry
from tests.accounts.test_second_factor import code_of, set_up
from tests.town import PASSWORD, person

pytestmark = pytest.mark.django_db


def sign_in(client, login="secretary", password=PASSWORD):
    return client.post(reverse("account_login"), {"login": login, "password": password})


def verbs(auditor):
    return list(
        AuditEntry.objects.visible_to(auditor)
        .filter(subject_type="accounts.user")
        .order_by("pk")
        .values_list("verb", flat=True)
    )


@pytest.fixture
def journal(town):
    before = Entry.objects.count()

    def entries():
        return list(Entry.objects.order_by("pk")[before:])

    return entries


def test_in_and_out(client, town, journal):
    sign_in(client)
    client.post(reverse("account_logout"))
    came, went = journal()
    assert (came.verb, came.actor, came.area_path) == ("sign_in", town.secretary, town.community.code)
    assert came.data["method"] == "password"
    assert (went.verb, went.actor) == ("sign_out", town.secretary)
    assert verbs(town.auditor)[-2:] == ["sign_in", "sign_out"]


def test_each_failure_and_the_closed_door_once(client, town, journal):
    for _attempt in range(8):
        sign_in(client, password="not-the-password")
    entries = journal()
    assert [entry.verb for entry in entries] == ["sign_in_failed"] * 5 + ["sign_in_locked"]
    assert {entry.actor for entry in entries} == {None}
    assert {entry.subject_id for entry in entries} == {town.secretary.pk}


def test_a_closed_account_counts_as_a_failure(client, town, journal):
    town.secretary.disable(by=None, reason="离职")
    sign_in(client)
    assert journal()[-1].verb == "sign_in_failed"


def test_an_unknown_name_is_counted_and_not_written_down(client, town, journal):
    sign_in(client, "a-password-typed-into-the-wrong-box", "x")
    entry = journal()[0]
    assert (entry.verb, entry.subject_id, entry.area_path) == ("sign_in_failed", 0, "")
    assert "wrong-box" not in str(vars(entry))


def test_no_personal_data(client, town, journal):
    town.secretary.correct(by=None, phone="13000000777")
    for login in ("secretary", "13000000777", "secretary@example.org"):
        sign_in(Client(REMOTE_ADDR="10.9.8.7"), login)
    text = " ".join(str(vars(entry)) for entry in journal())
    assert not any(secret in text for secret in ("13000000777", "example.org", "10.9.8.7", "周建平", PASSWORD))


def test_changes_of_the_second_factor(client, town, journal, django_capture_on_commit_callbacks):
    sign_in(client)
    with django_capture_on_commit_callbacks(execute=True):
        set_up(client)
    assert [entry.verb for entry in journal()] == ["sign_in", "add_app"]
    client.post(reverse("mfa_deactivate_totp"))
    assert journal()[-1].verb == "remove_app"
    assert town.secretary.notices.filter(kind="second_factor_changed").count() == 2


def test_with_the_code_the_method_says_so(client, town, journal):
    sign_in(client, "cadre")
    secret = set_up(client)
    client.post(reverse("account_logout"))
    sign_in(client, "cadre")
    client.post(reverse("mfa_authenticate"), {"code": code_of(secret, time.time() + 30)})
    assert journal()[-1].data["method"] == "password+totp"


def test_the_auditor_of_another_district_sees_none(client, town):
    sign_in(client)
    other = person("auditor2", "韩冰", Role.AUDITOR, place="210202")
    assert "sign_in" not in verbs(other)


def test_my_page_shows_my_last_sign_ins(client, town):
    sign_in(client, password="not-the-password")
    sign_in(client)
    page = client.get(reverse("account_overview"))
    assert [entry.verb for _word, entry in page.context["arrivals"]] == ["sign_in", "sign_in_failed"]


def test_the_history_of_the_account_is_not_drowned_in_it(client, town):
    sign_in(client)
    assert not Staff.objects.get(pk=town.secretary.pk).history([]).filter(verb="sign_in").exists()
