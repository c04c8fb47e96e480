"""Accounts that nobody uses: warned, closed by a moved clock, opened again with one click; never the last system administrator."""

from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from communities.idle import disable_idle
from communities.models import AuditEntry
from foundation.journal.models import Entry
from foundation.notices.models import Delivery, Notice
from tests.town import PASSWORD, person

pytestmark = pytest.mark.django_db


def after(days):
    return timezone.now() + timedelta(days=days)


def sign_in(client, login):
    return client.post(reverse("account_login"), {"login": login, "password": PASSWORD})


def closed():
    return set(User.objects.filter(is_active=False).values_list("username", flat=True))


class TestClosing:
    def test_after_ninety_days_without_a_sign_in(self, town):
        assert disable_idle(now=after(89)) == 0
        assert disable_idle(now=after(91)) == User.objects.count() - 1
        assert closed() == set(User.objects.values_list("username", flat=True)) - {"admin"}

    def test_not_who_signed_in(self, client, town):
        with time_machine.travel(after(60), tick=True):
            sign_in(client, "cadre")
        disable_idle(now=after(91))
        assert "cadre" not in closed()
        disable_idle(now=after(151))
        assert "cadre" in closed()

    def test_twice_is_once(self, town):
        first = disable_idle(now=after(91))
        entries = Entry.objects.filter(verb="lapse").count()
        assert disable_idle(now=after(91)) == 0
        assert Entry.objects.filter(verb="lapse").count() == entries == first

    def test_it_is_written_down_and_ends_all_sessions(self, client, town):
        sign_in(client, "cadre")
        disable_idle(now=after(91))
        assert client.get(reverse("inbox_list")).status_code == 302
        entry = AuditEntry.objects.visible_to(town.auditor.__class__.objects.get(pk=town.auditor.pk)).filter(
            verb="lapse"
        )
        assert not entry.exists()  # the auditor's own account lapsed with the others
        entry = Entry.objects.get(verb="lapse", subject_id=town.cadre.pk)
        assert (entry.actor, entry.data, entry.area_path) == (None, {"days": 90}, "411702007")

    def test_what_bears_the_name_goes_back_to_the_office(self, town):
        town.compound.correct(by=None, responsible=town.cadre)
        disable_idle(now=after(91))
        town.compound.refresh_from_db()
        assert town.compound.responsible is None
        assert Entry.objects.filter(verb="release_work", subject_id=town.cadre.pk).exists()

    def test_the_days_are_a_setting(self, town, settings):
        settings.IDLE_ACCOUNT_DAYS = 30
        assert disable_idle(now=after(31)) > 0

    def test_days_count_again_from_when_it_was_opened_again(self, town):
        disable_idle(now=after(91))
        town.cadre.refresh_from_db()
        with time_machine.travel(after(100), tick=True):
            town.cadre.enable(by=town.system_admin)
        disable_idle(now=after(180))
        assert "cadre" not in closed()
        disable_idle(now=after(191))
        assert "cadre" in closed()


class TestTheLastAdministrator:
    def test_stays(self, town):
        disable_idle(now=after(400))
        assert "admin" not in closed()

    def test_of_two_the_one_used_last_stays(self, client, town):
        person("admin-2", "卫西", "admin")
        with time_machine.travel(after(5), tick=True):
            sign_in(client, "admin-2")
        disable_idle(now=after(400))
        assert "admin" in closed()
        assert "admin-2" not in closed()

    def test_one_whose_post_is_over_is_no_administrator(self, town):
        second = person("admin-2", "卫西", "admin")
        second.assignments.get().end(by=None)
        disable_idle(now=after(400))
        assert "admin-2" in closed()
        assert "admin" not in closed()


class TestWarning:
    def told(self, user):
        return Notice.objects.filter(recipient=user, kind="account_lapses_soon")

    def test_two_weeks_before_by_inbox_and_mail_once(self, town):
        for days in (76, 75.5, 80, 89):
            disable_idle(now=after(days))
        notice = self.told(town.secretary).get()
        assert notice.params == {
            "on": f"{timezone.localdate(town.secretary.date_joined + timedelta(days=90)):%Y-%m-%d}"
        }
        assert Delivery.objects.filter(notice=notice).exists()

    def test_not_earlier_and_not_who_is_closed(self, town):
        disable_idle(now=after(75))
        assert not self.told(town.secretary).exists()
        disable_idle(now=after(91))
        assert not self.told(town.secretary).exists()

    def test_again_after_the_next_sleep(self, client, town):
        disable_idle(now=after(80))
        with time_machine.travel(after(81), tick=True):
            sign_in(client, "secretary")
        disable_idle(now=after(161))
        assert self.told(town.secretary).count() == 2


class TestOneClick:
    def test_the_button_on_the_page_needs_no_reason(self, town, sign_in, client):
        disable_idle(now=after(91))
        User.objects.filter(pk=town.admin_of_district.pk).update(is_active=True)
        town.admin_of_district.refresh_from_db()
        sign_in(town.admin_of_district)
        page = client.get(reverse("staff_detail", args=[town.cadre.pk]))
        form = page.context["enable"]
        assert reverse("staff_enable", args=[town.cadre.pk]) in page.content.decode()
        for _time in range(2):
            answer = client.post(
                reverse("staff_enable", args=[town.cadre.pk]),
                {"seen": form["seen"].value(), "key": form["key"].value()},
            )
            assert answer.status_code == 302
        town.cadre.refresh_from_db()
        assert (town.cadre.is_active, town.cadre.lapsed_at) == (True, None)
        assert Entry.objects.filter(verb="enable", subject_id=town.cadre.pk).count() == 1

    def test_who_was_closed_by_a_person_needs_one(self, town, sign_in, submit):
        town.cadre.disable(by=None, reason="离职")
        sign_in(town.admin_of_district)
        assert submit(reverse("staff_enable", args=[town.cadre.pk])).status_code == 200
        town.cadre.refresh_from_db()
        assert not town.cadre.is_active

    def test_they_are_found_in_the_list(self, town, sign_in):
        now = timezone.now()
        town.cadre.lapse(now=now, days=90)
        town.grid_worker.disable(by=None, reason="离职")
        page = sign_in(town.admin_of_district).get(reverse("staff_list"), {"status": "lapsed"})
        assert [person.username for person in page.context["page"].object_list] == ["cadre"]
