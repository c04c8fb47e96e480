"""Passwords: long where much is seen, not one of the last five, and renewed after some days where that is asked for."""

from datetime import timedelta

import pytest
import time_machine
from django.contrib.auth.hashers import check_password
from django.core.cache import cache
from django.urls import reverse
from django.utils import timezone

from accounts.models import PASSWORDS_KEPT, FormerPassword, User
from tests.town import PASSWORD

pytestmark = pytest.mark.django_db


def sign_in(client, login, password=PASSWORD):
    return client.post(reverse("account_login"), {"login": login, "password": password})


def change(client, old, new):
    cache.clear()  # allauth lets nobody change a password more than five times a minute
    return client.post(reverse("account_change_password"), {"oldpassword": old, "password1": new, "password2": new})


def own(number):
    return f"eine-eigene-Wahl-{number}"


def test_none_of_the_last_five_and_the_sixth_again(client, town):
    sign_in(client, "secretary")
    old = PASSWORD
    for number in range(PASSWORDS_KEPT):
        assert change(client, old, own(number))["Location"] == reverse("home")
        old = own(number)
    for number in range(PASSWORDS_KEPT):
        assert change(client, old, own(number)).status_code == 200, number
    assert change(client, old, PASSWORD).status_code == 200
    assert change(client, old, own(99)).status_code == 302
    assert change(client, own(99), PASSWORD).status_code == 302  # six changes ago


def test_only_hashes_are_kept_and_not_more_than_five(client, town):
    sign_in(client, "secretary")
    old = PASSWORD
    for number in range(8):
        change(client, old, own(number))
        old = own(number)
    kept = list(FormerPassword.objects.filter(user=town.secretary).values_list("password", flat=True))
    assert len(kept) == PASSWORDS_KEPT
    assert not any("eigene" in hashed for hashed in kept)
    assert check_password(own(6), kept[-1])


def test_the_issued_one_replaces_one_that_is_remembered(client, town):
    issued = town.secretary.issue_password(by=town.admin_of_district)
    sign_in(client, "secretary", issued)
    assert change(client, issued, PASSWORD).status_code == 200
    assert change(client, issued, own(1)).status_code == 302


@pytest.mark.parametrize(("login", "answer"), [("secretary", 302), ("district", 200)])
def test_who_sees_a_district_needs_twelve_characters(client, town, login, answer):
    sign_in(client, login)
    assert change(client, PASSWORD, "Kurz-ist-11").status_code == answer
    assert change(client, "Kurz-ist-11" if answer == 302 else PASSWORD, "Laenger-ist-13").status_code == 302


class TestRenewing:
    def later(self, days):
        return time_machine.travel(timezone.now() + timedelta(days=days), tick=True)

    def test_nobody_is_asked_unless_it_is_set(self, client, town):
        with self.later(400):
            sign_in(client, "secretary")
            assert client.get(reverse("inbox_list")).status_code == 200

    def test_after_the_days_nothing_but_the_change_opens(self, client, town, settings):
        settings.PASSWORD_DAYS = 90
        with self.later(89):
            sign_in(client, "secretary")
            assert client.get(reverse("inbox_list")).status_code == 200
        with self.later(91):
            sign_in(client, "secretary")
            assert client.get(reverse("inbox_list"))["Location"] == reverse("account_change_password")
            assert client.get(reverse("account_change_password")).status_code == 200
            assert change(client, PASSWORD, own(1)).status_code == 302
            assert client.get(reverse("inbox_list")).status_code == 200
            assert User.objects.get(pk=town.secretary.pk).password_changed_at
