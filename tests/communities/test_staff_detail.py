"""One person's page and the acts on the account: works, read-only 403, outsider 404, invalid changes nothing, twice is once."""

import pytest
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.test import Client
from django.urls import reverse

from accounts.models import User
from communities.models import Assignment, AuditEntry
from foundation.journal.models import Entry
from tests.communities.conftest import filled
from tests.town import LONG_AGO, PASSWORD

pytestmark = pytest.mark.django_db
ACTS = ["staff_edit", "staff_password", "staff_second_factor", "staff_disable", "staff_enable", "assignment_create"]


def url(name, user):
    return reverse(name, args=[user.pk])


def journal(user, verb):
    return Entry.objects.filter(subject_type="accounts.user", subject_id=user.pk, verb=verb)


PAGES = ["staff_detail", *ACTS]


class TestAccess:
    def answers(self, client, names, user):
        return {name: client.get(url(name, user)).status_code for name in names}

    def test_the_district_admin_reaches_the_own_people(self, town, sign_in):
        assert self.answers(sign_in(town.admin_of_district), PAGES, town.cadre) == dict.fromkeys(PAGES, 200)

    def test_the_auditor_reads_and_changes_nothing(self, town, sign_in):
        client = sign_in(town.auditor)
        expected = dict.fromkeys(ACTS, 403)
        assert self.answers(client, PAGES, town.cadre) == expected | {"staff_detail": 200}
        typed = {"reason": "越权", "name": "改名"}
        assert {name: client.post(url(name, town.cadre), typed).status_code for name in ACTS} == expected

    def test_it_exists_for_nobody_else(self, town, sign_in):
        for who in (town.secretary, town.cadre, town.handler, town.outsider):
            assert self.answers(sign_in(who), PAGES, town.grid_worker) == dict.fromkeys(PAGES, 404)

    def test_people_outside_the_district_do_not_exist_in_it(self, town, sign_in):
        client = sign_in(town.admin_of_district)
        for whom in (town.outsider, town.system_admin, town.idle):
            assert self.answers(client, PAGES, whom) == dict.fromkeys(PAGES, 404)

    def test_the_own_account_is_changed_by_others(self, town, sign_in):
        client = sign_in(town.admin_of_district)
        expected = dict.fromkeys(ACTS, 403) | {"staff_detail": 200}
        assert self.answers(client, PAGES, town.admin_of_district) == expected

    def test_the_system_admin_reaches_everybody_else(self, town, sign_in):
        client = sign_in(town.system_admin)
        for whom in (town.outsider, town.idle, town.admin_of_district):
            assert client.get(url("staff_disable", whom)).status_code == 200


class TestDetail:
    def test_posts_with_history_and_how_the_account_stands(self, town, sign_in):
        town.deputy.assignments.get().end(by=town.admin_of_district, note="周书记已返岗")
        page = sign_in(town.auditor).get(url("staff_detail", town.deputy))
        assert [post.role for post in page.context["posts"]] == ["secretary"]
        assert page.context["sessions"] == 0
        text = page.content.decode()
        assert "周书记已返岗" in text
        assert "郑敏" in text

    def test_signed_in_browsers_are_counted(self, town, sign_in):
        Client().post(reverse("account_login"), {"login": "cadre", "password": PASSWORD})
        Client().post(reverse("account_login"), {"login": "cadre", "password": PASSWORD})
        page = sign_in(town.admin_of_district).get(url("staff_detail", town.cadre))
        assert page.context["sessions"] == 2
        assert page.context["person"].last_login

    def test_somebody_of_two_districts_can_be_read_not_changed(self, town, sign_in):
        Assignment.objects.assign(
            by=None, user=town.cadre, role="secretary", since=LONG_AGO, division=town.far_community
        )
        client = sign_in(town.admin_of_district)
        page = client.get(url("staff_detail", town.cadre))
        assert not page.context["may_change"]
        assert [post.role for post in page.context["may_end"]] == ["street_cadre"]
        assert client.get(url("staff_disable", town.cadre)).status_code == 403

    def test_queries(self, town, sign_in, sql_count):
        client = sign_in(town.admin_of_district)
        for number in range(8):
            town.cadre.correct(by=town.system_admin, name=f"李秀兰{number}")
        with sql_count(at_most=10):
            client.get(url("staff_detail", town.cadre))


class TestEdit:
    def test_works(self, town, sign_in, submit):
        sign_in(town.admin_of_district)
        answer = submit(
            url("staff_edit", town.cadre), name="李秀兰", email="li@example.org", office_phone="０３９６－12345"
        )
        assert answer["Location"] == url("staff_detail", town.cadre)
        town.cadre.refresh_from_db()
        assert (town.cadre.email, town.cadre.office_phone) == ("li@example.org", "0396-12345")
        entry = journal(town.cadre, "correct").get()
        assert entry.fields == ["email", "office_phone"]
        assert entry.area_path == "411702007"

    def test_the_districts_auditor_sees_the_act(self, town, sign_in, submit):
        sign_in(town.system_admin)
        submit(url("staff_edit", town.cadre), name="李兰")
        assert AuditEntry.objects.visible_to(town.auditor).filter(verb="correct", subject_id=town.cadre.pk).exists()

    def test_invalid_changes_nothing(self, town, sign_in, submit):
        sign_in(town.admin_of_district)
        before = User.objects.filter(pk=town.cadre.pk).values().get()
        for wrong in (
            {"name": ""},
            {"username": "SECRETARY"},
            {"username": "a b"},
            {"email": "no"},
            {"office_phone": "abc"},
        ):
            answer = submit(url("staff_edit", town.cadre), **wrong)
            assert list(answer.context["form"].errors) == list(wrong)
        assert User.objects.filter(pk=town.cadre.pk).values().get() == before

    def test_two_administrators_on_one_page(self, town, sign_in, client):
        sign_in(town.admin_of_district)
        form = filled(client.get(url("staff_edit", town.cadre)).context["form"])
        User.objects.get(pk=town.cadre.pk).correct(by=town.system_admin, email="first@example.org")
        answer = client.post(url("staff_edit", town.cadre), form | {"email": "second@example.org"})
        assert answer.status_code == 409
        assert "first@example.org" in answer.content.decode()
        assert answer.context["form"]["email"].value() == "second@example.org"
        town.cadre.refresh_from_db()
        assert town.cadre.email == "first@example.org"

    def test_twice_is_once(self, town, sign_in, client):
        sign_in(town.admin_of_district)
        form = filled(client.get(url("staff_edit", town.cadre)).context["form"]) | {"name": "李兰"}
        for _time in range(2):
            assert client.post(url("staff_edit", town.cadre), form).status_code == 302
        assert journal(town.cadre, "correct").count() == 1


class TestPassword:
    def test_it_is_shown_once_and_works_once_for_signing_in(self, town, sign_in, submit):
        sign_in(town.admin_of_district)
        answer = submit(url("staff_password", town.cadre))
        password = answer.context["password"]
        assert answer.status_code == 200
        assert "no-store" in answer["Cache-Control"]
        assert password in answer.content.decode()
        other = Client()
        other.post(reverse("account_login"), {"login": "cadre", "password": password})
        assert other.get(reverse("home"))["Location"] == reverse("account_change_password")

    def test_sent_again_it_is_neither_shown_nor_changed(self, town, sign_in, client):
        sign_in(town.admin_of_district)
        form = filled(client.get(url("staff_password", town.cadre)).context["form"])
        password = client.post(url("staff_password", town.cadre), form).context["password"]
        again = client.post(url("staff_password", town.cadre), form)
        assert again["Location"] == url("staff_detail", town.cadre)
        assert User.objects.get(pk=town.cadre.pk).check_password(password)
        assert journal(town.cadre, "issue_password").count() == 1
        assert password not in client.get(again["Location"]).content.decode()

    def test_the_person_is_signed_out_everywhere(self, town, sign_in, submit):
        other = Client()
        other.post(reverse("account_login"), {"login": "cadre", "password": PASSWORD})
        sign_in(town.admin_of_district)
        submit(url("staff_password", town.cadre))
        assert other.get(reverse("inbox_list")).status_code == 302
        assert not UserSession.objects.filter(user=town.cadre).exists()

    def test_looking_issues_nothing(self, town, sign_in):
        before = User.objects.get(pk=town.cadre.pk).password
        sign_in(town.admin_of_district).get(url("staff_password", town.cadre))
        assert User.objects.get(pk=town.cadre.pk).password == before

    def test_somebody_was_faster(self, town, sign_in, client):
        sign_in(town.admin_of_district)
        form = filled(client.get(url("staff_password", town.cadre)).context["form"])
        User.objects.get(pk=town.cadre.pk).issue_password(by=town.system_admin)
        answer = client.post(url("staff_password", town.cadre), form)
        assert answer.status_code == 409
        assert "password" not in (answer.context or {})


class TestSecondFactor:
    def test_works_and_twice_is_once(self, town, sign_in, client):
        Authenticator.objects.create(user=town.cadre, type="totp", data={})
        sign_in(town.admin_of_district)
        form = filled(client.get(url("staff_second_factor", town.cadre)).context["form"])
        for _time in range(2):
            assert client.post(url("staff_second_factor", town.cadre), form).status_code == 302
        assert not Authenticator.objects.filter(user=town.cadre).exists()
        assert journal(town.cadre, "drop_second_factor").count() == 1


class TestDisable:
    def test_works_and_can_be_undone(self, town, sign_in, submit):
        sign_in(town.admin_of_district)
        submit(url("staff_disable", town.cadre), reason="借调外区")
        town.cadre.refresh_from_db()
        assert not town.cadre.is_active
        assert journal(town.cadre, "disable").get().note_text == "借调外区"
        submit(url("staff_enable", town.cadre), reason="借调结束")
        town.cadre.refresh_from_db()
        assert town.cadre.is_active
        assert journal(town.cadre, "enable").get().note_text == "借调结束"

    def test_it_needs_a_reason(self, town, sign_in, submit):
        sign_in(town.admin_of_district)
        for reason in ("", " ", "x", "长" * 301):
            assert submit(url("staff_disable", town.cadre), reason=reason).status_code == 200
        town.cadre.refresh_from_db()
        assert town.cadre.is_active

    def test_twice_is_once(self, town, sign_in, client):
        sign_in(town.admin_of_district)
        form = filled(client.get(url("staff_disable", town.cadre)).context["form"]) | {"reason": "离职"}
        for _time in range(2):
            assert client.post(url("staff_disable", town.cadre), form).status_code == 302
        assert journal(town.cadre, "disable").count() == 1


class TestSignOut:
    """staff_sign_out"""

    def test_all_browsers_at_once_and_the_password_stays(self, town, sign_in, submit):
        phone = Client()
        phone.post(reverse("account_login"), {"login": "cadre", "password": PASSWORD})
        sign_in(town.admin_of_district)
        submit(url("staff_sign_out", town.cadre))
        assert phone.get(reverse("inbox_list")).status_code == 302
        assert journal(town.cadre, "sign_out_everywhere").get().actor == town.admin_of_district
        assert phone.post(reverse("account_login"), {"login": "cadre", "password": PASSWORD}).status_code == 302

    def test_twice_is_once(self, town, sign_in, client):
        sign_in(town.admin_of_district)
        form = filled(client.get(url("staff_sign_out", town.cadre)).context["form"])
        for _time in range(2):
            assert client.post(url("staff_sign_out", town.cadre), form).status_code == 302
        assert journal(town.cadre, "sign_out_everywhere").count() == 1

    def test_phone_of_another_account_is_refused(self, town, sign_in, submit):
        town.grid_worker.correct(by=None, phone="13000000444")
        sign_in(town.admin_of_district)
        answer = submit(url("staff_edit", town.cadre), phone="130 0000 0444")
        assert list(answer.context["form"].errors) == ["phone"]
        submit(url("staff_edit", town.cadre), phone="130 0000 0445")
        town.cadre.refresh_from_db()
        assert town.cadre.masked_phone == "130****0445"
        assert "13000000445" not in submit(url("staff_edit", town.cadre), name="").content.decode()
