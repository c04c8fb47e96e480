"""Rules of the care register by place: categories, standards of the levels, retention; and grants for sensitive groups."""

from datetime import date, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from communities.access import Role
from communities.models import Assignment, CareCategory, CareGrant, CareStandard, RetentionRule, Staff
from foundation.journal.models import Entry
from foundation.journal.moves import NotAllowed, history
from tests.communities.conftest import filled
from tests.visits.conftest import add_door, log
from visits import rounds

pytestmark = pytest.mark.django_db
NOON = timezone.datetime(2026, 11, 18, 12, tzinfo=timezone.get_default_timezone())


def due(town, *, now=NOON):
    return set(rounds.due(rounds.households_for(town.cadre, now=now), now=now))


def agrees(town, *, now=NOON):
    """The list of due households and the answer for each single one are the same."""
    rows = rounds.households_for(town.cadre, now=now)
    return due(town, now=now) == {row for row in rows if rounds.is_due(row, now=now)}


class TestStandards:
    def test_the_nearest_place_decides(self, town):
        watch = add_door(town, door="402", care_level=2)
        log(town, visited_at=NOON - timedelta(days=1))
        log(town, household=watch, visited_at=NOON - timedelta(days=20))
        assert due(town) == set()
        standard = CareStandard.objects.set_for(town.district.code, by=None, level=2, interval_days=14)
        forget()
        assert due(town) == {watch} and agrees(town)
        CareStandard.objects.set_for(town.street.code, by=None, level=2, interval_days=25)
        forget()
        assert due(town) == set() and agrees(town)
        CareStandard.objects.get(area_path=town.street.code).correct(by=None, active=False)
        forget()
        assert due(town) == {watch} and agrees(town)
        assert standard.interval_days == 14

    def test_a_call_stands_for_every_second_visit_of_priority_care(self, town):
        log(town, visited_at=NOON - timedelta(days=8))
        assert due(town) == {town.household}
        log(town, visited_at=NOON - timedelta(days=1), mode="phone")
        assert due(town) == set() and agrees(town)
        # Two weeks after the last visit somebody stands at the door, however often it was called.
        later = NOON + timedelta(days=6)
        log_call_at(town, later - timedelta(days=1))
        assert due(town, now=later) == {town.household} and agrees(town, now=later)

    def test_a_call_alone_is_no_first_visit_of_priority_care(self, town):
        log(town, visited_at=NOON - timedelta(days=1), mode="phone")
        assert due(town) == {town.household} and agrees(town)

    def test_where_calls_do_not_count(self, town):
        watch = add_door(town, door="402", care_level=2)
        log(town, visited_at=NOON - timedelta(days=1))
        log(town, household=watch, visited_at=NOON - timedelta(days=31))
        log(town, household=watch, visited_at=NOON - timedelta(days=1), mode="phone")
        assert due(town) == set()
        CareStandard.objects.set_for(town.district.code, by=None, level=2, interval_days=30, phone_rule="never")
        forget()
        assert due(town) == {watch} and agrees(town)

    def test_a_page_does_not_ask_for_them_again(self, town, sign_in, sql_count):
        client = sign_in(town.cadre)
        client.get(reverse("round_list"))
        with sql_count() as queries:
            client.get(reverse("round_list"))
        assert "care_standard" not in str(queries).replace("communities_carestandard", "care_standard")


def forget():
    """As a commit does, which a test never comes to."""
    from communities import standards

    standards.forget()


def log_call_at(town, moment):
    """A call of a day that has not come yet on this machine."""
    visit = log(town, visited_at=NOON - timedelta(days=1), mode="phone")
    type(visit).objects.filter(pk=visit.pk).update(visited_at=moment, created_at=moment)


class TestPages:
    def create(self, town, client, noun, **typed):
        url = reverse(f"{noun}_create")
        return client.post(url, filled(client.get(url).context["form"]) | {"place": town.district.code} | typed)

    def test_category_create_and_edit(self, town, sign_in, submit):
        client = sign_in(town.admin_of_district)
        facts = {"ground_kind": "consent", "default_level": "2", "sensitive": "health"}
        assert self.create(town, client, "category", name="血友病人", **facts).status_code == 302
        row = CareCategory.objects.get(name="血友病人")
        assert (row.area_path, row.sensitive) == (town.district.code, "health")
        assert row in CareCategory.objects.offered(town.grid_area.code)
        assert row not in CareCategory.objects.offered(town.far_community.code)
        url = reverse("category_edit", args=[row.pk])
        assert submit(url, name="罕见病人").status_code == 302
        row.refresh_from_db()
        assert row.name == "罕见病人" and row.active
        page = client.get(url)
        client.post(url, {name: value for name, value in filled(page.context["form"]).items() if name != "active"})
        row.refresh_from_db()
        assert not row.active and row not in CareCategory.objects.offered(town.grid_area.code)
        assert [former for _entry, former in history(row)] == [{"active": True}, {"name": "血友病人"}]
        assert "血友病人" in client.get(url).content.decode()

    def test_a_statutory_duty_names_its_norm(self, town, sign_in):
        answer = self.create(
            town, sign_in(town.admin_of_district), "category", name="某类", ground_kind="statutory", default_level="2"
        )
        assert set(answer.context["form"].errors) == {"legal_ground"}
        assert not CareCategory.objects.filter(name="某类").exists()

    def test_standard_create_and_edit(self, town, sign_in, submit):
        client = sign_in(town.admin_of_district)
        typed = {"level": "1", "interval_days": "5", "phone_rule": "never"}
        assert self.create(town, client, "standard", **typed).status_code == 302
        row = CareStandard.objects.get(area_path=town.district.code)
        assert "place" not in self.create(town, client, "standard", **typed).context["form"].errors
        assert CareStandard.objects.filter(area_path=town.district.code).count() == 1
        assert set(submit(reverse("standard_edit", args=[row.pk]), interval_days="0").context["form"].errors) == {
            "interval_days"
        }
        assert submit(reverse("standard_edit", args=[row.pk]), interval_days="6").status_code == 302
        row.refresh_from_db()
        assert row.interval_days == 6

    def test_what_holds_for_all_is_the_system_admins(self, town, sign_in, submit):
        row = CareStandard.objects.get(area_path="", level=1)
        url = reverse("standard_edit", args=[row.pk])
        assert sign_in(town.admin_of_district).get(url).status_code == 403
        client = sign_in(town.system_admin)
        assert "active" not in client.get(url).context["form"].fields
        assert submit(url, interval_days="8").status_code == 302

    def test_retention_create_and_edit(self, town, sign_in, submit):
        client = sign_in(town.admin_of_district)
        assert self.create(town, client, "retention", what="care", months="24").status_code == 302
        row = RetentionRule.objects.get(area_path=town.district.code)
        assert submit(reverse("retention_edit", args=[row.pk]), months="18").status_code == 302
        assert RetentionRule.objects.nearest(town.community.code) is not None
        assert Entry.objects.filter(subject_type="communities.retentionrule", verb="correct").exists()

    @pytest.mark.parametrize("name", ["category", "standard", "retention"])
    def test_twice_is_once_and_only_for_ones_own_places(self, town, sign_in, name):
        facts = {
            "category": {"name": "某类", "ground_kind": "consent", "default_level": "2"},
            "standard": {"level": "2", "interval_days": "20", "phone_rule": "always"},
            "retention": {"what": "died", "months": "30"},
        }[name]
        model = {"category": CareCategory, "standard": CareStandard, "retention": RetentionRule}[name]
        client = sign_in(town.admin_of_district)
        url, before = reverse(f"{name}_create"), model.objects.count()
        form = filled(client.get(url).context["form"]) | facts
        assert client.post(url, form | {"place": town.far_community.code[:6]}).status_code == 200
        assert model.objects.count() == before
        form |= {"place": town.district.code}
        assert client.post(url, form).status_code == client.post(url, form).status_code == 302
        assert model.objects.count() == before + 1
        body = client.get(reverse(f"{name}_list")).content.decode()
        assert "驿城区" in body
        assert sign_in(town.grid_worker).get(reverse(f"{name}_list")).status_code == 403


@pytest.fixture
def second_admin(town):
    user = User.objects.create_user("district2", "demo-portal", name="沈园")
    Assignment.objects.assign(
        by=None, user=user, role=Role.DISTRICT_ADMIN, since=date(2020, 1, 1), division=town.district
    )
    return user


class TestGrants:
    def typed(self, town, **facts):
        return {"group": "health", "place": town.community.code, "reason": "负责残疾人工作"} | facts

    @pytest.fixture
    def url(self, town):
        return reverse("grant_create", args=[town.secretary.pk])

    def test_opens_the_group_there_and_tells_the_person(self, town, url, sign_in, submit):
        sign_in(town.admin_of_district)
        assert submit(url, **self.typed(town)).url == Staff(pk=town.secretary.pk).get_absolute_url()
        row = CareGrant.objects.get()
        assert (row.user, row.group, row.area_path, row.given_by) == (
            town.secretary,
            "health",
            town.community.code,
            town.admin_of_district,
        )
        assert town.secretary.notices.get(kind="care_grant_given").params == {}
        assert CareCategory.objects.readable_by(town.secretary, town.grid_area.code).filter(sensitive="health").exists()
        assert (
            not CareCategory.objects.readable_by(town.secretary, town.grid_area.code)
            .filter(sensitive="children")
            .exists()
        )
        body = sign_in(town.admin_of_district).get(reverse("staff_detail", args=[town.secretary.pk])).content.decode()
        assert "负责残疾人工作" in body
        assert "周建平" in sign_in(town.auditor).get(reverse("grant_list")).content.decode()

    def test_never_for_oneself(self, town, second_admin, sign_in):
        url = reverse("grant_create", args=[town.admin_of_district.pk])
        assert sign_in(town.admin_of_district).post(url, self.typed(town)).status_code == 403
        with pytest.raises(NotAllowed):
            CareGrant.objects.grant(
                by=second_admin,
                user=second_admin,
                group="health",
                area_path="411702",
                since=date(2026, 1, 1),
                reason="自己",
            )
        assert not CareGrant.objects.exists()

    def test_invalid_changes_nothing(self, town, url, sign_in, submit):
        sign_in(town.admin_of_district)
        yesterday = (timezone.localdate() - timedelta(days=1)).isoformat()
        for typed, wrong in (
            ({"group": "secrets"}, "group"),
            ({"place": town.next_community.code}, "place"),
            ({"reason": ""}, "reason"),
            ({"until": yesterday}, "until"),
        ):
            answer = submit(url, **self.typed(town) | typed)
            assert set(answer.context["form"].errors) == {wrong}
        assert not CareGrant.objects.exists()

    def test_twice_is_once(self, town, url, sign_in, client):
        sign_in(town.admin_of_district)
        form = filled(client.get(url).context["form"]) | self.typed(town)
        assert client.post(url, form).status_code == client.post(url, form).status_code == 302
        again = filled(client.get(url).context["form"]) | self.typed(town)
        assert set(client.post(url, again).context["form"].errors) == {"group"}
        assert CareGrant.objects.count() == 1

    def test_grant_end_closes_it_at_once(self, town, second_admin, sign_in, submit, client):
        row = CareGrant.objects.grant(
            by=town.admin_of_district,
            user=town.secretary,
            group="health",
            area_path=town.community.code,
            since=date(2026, 1, 1),
            reason="残联工作",
        )
        url = reverse("grant_end", args=[row.pk])
        assert sign_in(town.auditor).post(url).status_code == 403
        assert sign_in(town.secretary).post(url).status_code == 404
        sign_in(town.admin_of_district)
        form = filled(client.get(url).context["form"]) | {"note": "调离"}
        assert client.post(url, form).status_code == client.post(url, form).status_code == 302
        row.refresh_from_db()
        assert row.revoked_at and not CareGrant.objects.current(timezone.localdate()).exists()
        assert not CareCategory.objects.readable_by(town.secretary, town.grid_area.code).exclude(sensitive="").exists()
        assert town.secretary.notices.filter(kind="care_grant_ended").count() == 1
        assert Entry.objects.filter(verb="end_grant").count() == 1

    def test_a_grant_of_days_to_come_opens_nothing_yet(self, town):
        CareGrant.objects.grant(
            by=None,
            user=town.secretary,
            group="health",
            area_path=town.community.code,
            since=timezone.localdate() + timedelta(days=1),
            reason="下周开始",
        )
        assert not CareCategory.objects.readable_by(town.secretary, town.grid_area.code).exclude(sensitive="").exists()

    def test_cost(self, town, sign_in, sql_count):
        client = sign_in(town.admin_of_district)

        def give(number):
            user = User.objects.create_user(f"u{number}", "demo-portal", name=f"某{number}")
            CareGrant.objects.grant(
                by=None,
                user=user,
                group="health",
                area_path=town.community.code,
                since=date(2026, 1, 1),
                reason="残联工作",
            )

        give(0)
        with sql_count() as few:
            client.get(reverse("grant_list"))
        for number in range(1, 21):
            give(number)
        with sql_count(at_most=len(few)):
            client.get(reverse("grant_list"))


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_two_administrators_give_the_same_grant_at_once(town):
    """Of two who send it in the same moment one finds it given; there is one grant and one notice."""
    import threading

    from django.db import connection

    answers = []

    def give(by):
        browser = Client()
        browser.force_login(by)
        url = reverse("grant_create", args=[town.cadre.pk])
        form = filled(browser.get(url).context["form"])
        gate.wait()
        answer = browser.post(url, form | {"group": "health", "place": town.street.code, "reason": "残联工作"})
        answers.append(answer.status_code)
        connection.close()

    other = User.objects.create_user("district2", "demo-portal", name="沈园")
    Assignment.objects.assign(
        by=None, user=other, role=Role.DISTRICT_ADMIN, since=date(2020, 1, 1), division=town.district
    )
    gate = threading.Barrier(2)
    threads = [threading.Thread(target=give, args=(user,)) for user in (town.admin_of_district, other)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [200, 302]
    assert CareGrant.objects.count() == 1 and town.cadre.notices.filter(kind="care_grant_given").count() == 1
