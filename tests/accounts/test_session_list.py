"""Signed-in devices: readable, the network half masked, ended one by one or all others; a new one is told."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from foundation.fields import mask_ip
from foundation.notices.models import Delivery, Notice
from tests.town import PASSWORD

pytestmark = pytest.mark.django_db
WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0 Safari/537.36"
HUAWEI = (
    "Mozilla/5.0 (Linux; Android 10; HarmonyOS; ELS-AN00) AppleWebKit/537.36 Chrome/99.0 HuaweiBrowser/13 Mobile Safari"
)


def sign_in(client, login="secretary"):
    answer = client.post(reverse("account_login"), {"login": login, "password": PASSWORD})
    assert answer.status_code == 302
    client.get(reverse("inbox_list"))
    return client


class TestList:
    def test_readable_and_half_masked(self, town):
        sign_in(Client(headers={"user-agent": HUAWEI}, REMOTE_ADDR="10.20.30.40"))
        here = sign_in(Client(headers={"user-agent": WINDOWS}, REMOTE_ADDR="192.168.7.9"))
        page = here.get(reverse("session_list"))
        text = page.content.decode()
        assert "Chrome · Windows" in text
        assert "HarmonyOS" in text
        assert "10.20.*.*" in text
        assert "30.40" not in text
        assert [row.is_here for row in page.context["sessions"]] == [True, False]

    def test_last_seen_without_a_write_for_it(self, town):
        other = sign_in(Client())
        here = sign_in(Client())
        with time_machine.travel(timezone.now() + timedelta(minutes=20), tick=True):
            other.get(reverse("inbox_list"))
            rows = here.get(reverse("session_list")).context["sessions"]
            assert timezone.now() - rows[1].seen_at < timedelta(minutes=1)
            assert rows[0].seen_at < rows[1].seen_at

    @pytest.mark.parametrize("others", [1, 6])
    def test_queries(self, town, sql_count, others):
        for _number in range(others):
            sign_in(Client())
        here = sign_in(Client())
        with sql_count(at_most=8):
            here.get(reverse("session_list"))

    def test_all_others_are_ended_and_this_one_stays(self, town):
        other, here = sign_in(Client()), sign_in(Client())
        for _time in range(2):
            assert here.post(reverse("session_end_others")).status_code == 302
        assert other.get(reverse("inbox_list")).status_code == 302
        assert here.get(reverse("inbox_list")).status_code == 200

    def test_those_of_others_stay(self, town):
        colleague, here = sign_in(Client(), "cadre"), sign_in(Client())
        here.post(reverse("session_end_others"))
        assert colleague.get(reverse("inbox_list")).status_code == 200

    def test_masking(self):
        assert mask_ip("10.1.2.3") == "10.1.*.*"
        assert mask_ip("2001:db8:1::5") == "2001:db8:*"


class TestNewDevice:
    def told(self, user):
        return Notice.objects.filter(recipient=user, kind="new_device")

    def test_the_first_of_all_is_no_news(self, town):
        sign_in(Client())
        assert not self.told(town.secretary).exists()

    def test_a_second_browser_is(self, town):
        sign_in(Client())
        sign_in(Client(headers={"user-agent": WINDOWS}))
        notice = self.told(town.secretary).get()
        assert notice.params["device"] == "Chrome · Windows"
        assert "127.0.0.1" not in str(notice.params)
        assert notice.url == reverse("session_list")
        assert Delivery.objects.filter(notice=notice).exists()

    def test_the_same_browser_again_is_not(self, town):
        browser = sign_in(Client())
        browser.post(reverse("account_logout"))
        sign_in(browser)
        assert not self.told(town.secretary).exists()

    def test_it_is_known_to_each_person_by_itself(self, town):
        sign_in(Client(), "cadre")
        browser = sign_in(Client())
        browser.post(reverse("account_logout"))
        sign_in(browser, "cadre")
        assert self.told(town.cadre).count() == 1

    def test_the_cookie_names_nobody(self, town):
        value = sign_in(Client()).cookies["known"].value
        assert "secretary" not in value
        assert sign_in(Client(), "cadre").cookies["known"]["httponly"]
