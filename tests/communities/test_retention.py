"""Clearing data: when it is due, proposed by one and confirmed by another, and why it may not be done yet."""

import threading
from datetime import date, timedelta
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from communities.access import Role
from communities.models import Assignment, CareCategory, CareEntry, Purge, Resident, RetentionRule
from communities.models.retention import care_due, months_before, obstacles, people_due
from communities.retention import remind_of_purges
from foundation.journal.models import Conflict, Entry
from foundation.journal.moves import NotAllowed
from foundation.purging import PURGED
from tests.communities.conftest import filled
from tests.town import new_issue

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate


def gone(town, name="李大山", *, reason="moved", years=6):
    row = Resident.objects.add(by=town.secretary, client_uuid=uuid4(), household=town.household, name=name)
    Resident.objects.filter(pk=row.pk).update(
        ended_on=TODAY() - timedelta(days=366 * years), ended_reason=reason, area_path=town.grid_area.code
    )
    row.refresh_from_db()
    return row


def ended_entry(town, code="veteran", *, years=4, resident=None):
    entry = CareEntry.objects.register(
        by=town.secretary,
        resident=resident or town.resident,
        category=CareCategory.objects.get(code=code),
        since=date(2015, 1, 1),
        consented_on=date(2022, 1, 1),
        consented_by="self",
    )
    entry.end(by=town.secretary, reason="no_longer", on=TODAY() - timedelta(days=366 * years))
    return entry


def propose(town, row, ground="retention", *, by=None):
    return Purge.objects.propose(by=by or town.secretary, ground=ground, resident=row)


class TestWhenDue:
    def test_months_are_months(self):
        assert months_before(date(2026, 5, 31), 3) == date(2026, 2, 28)
        assert months_before(date(2024, 5, 31), 3) == date(2024, 2, 29)
        assert months_before(date(2026, 1, 15), 1) == date(2025, 12, 15)
        assert months_before(date(2026, 3, 10), 60) == date(2021, 3, 10)

    def test_people_by_the_rule_of_their_place(self, town):
        row = gone(town, years=6)
        fresh = gone(town, "孙二", years=3)
        everybody = Resident.objects.all()
        assert set(people_due(everybody, TODAY())) == {row}
        rule = RetentionRule.objects.set_for(town.district.code, by=None, what="moved", months=24)
        assert set(people_due(everybody, TODAY())) == {row, fresh}
        RetentionRule.objects.set_for(town.street.code, by=None, what="moved", months=120)
        assert set(people_due(everybody, TODAY())) == set()
        rule.correct(by=None, months=12)
        assert set(people_due(everybody, TODAY())) == set()

    def test_the_day_itself_counts(self, town):
        row = gone(town)
        Resident.objects.filter(pk=row.pk).update(ended_on=months_before(TODAY(), 60))
        assert set(people_due(Resident.objects.all(), TODAY())) == {row}
        Resident.objects.filter(pk=row.pk).update(ended_on=months_before(TODAY(), 60) + timedelta(days=1))
        assert not people_due(Resident.objects.all(), TODAY()).exists()

    def test_care_entries_three_years_after_their_end(self, town):
        old = ended_entry(town)
        ended_entry(town, "very_old", years=2)
        assert set(care_due(CareEntry.objects.all(), TODAY())) == {old}

    def test_who_may_propose_hears_of_it_once_a_month(self, town):
        assert remind_of_purges(now=timezone.now()) == 0
        gone(town)
        gone(town, "孙二", reason="died")
        assert remind_of_purges(now=timezone.now()) == 4  # secretary, deputy, coordinator, district
        assert remind_of_purges(now=timezone.now()) == 0
        notice = town.secretary.notices.get(kind="purge_due")
        assert notice.params == {"people": 2} and notice.url == reverse("purge_list")
        assert not town.outsider.notices.exists() and not town.grid_worker.notices.exists()
        # A month later again; nobody is told of what has been cleared.
        assert remind_of_purges(now=timezone.now() + timedelta(days=31)) == 4


class TestPurgeList:
    def test_ticked_ones_are_proposed(self, town, sign_in):
        person, entry = gone(town), ended_entry(town)
        client = sign_in(town.secretary)
        body = client.get(reverse("purge_list")).content.decode()
        assert "李**" in body and "李大山" not in body
        typed = {"people": [person.pk], "entries": [entry.pk]}
        assert client.post(reverse("purge_propose_all"), typed).status_code == 302
        client.post(reverse("purge_propose_all"), typed)
        assert {row.resident or row.care_entry for row in Purge.objects.all()} == {person, entry}
        assert Purge.objects.filter(ground="retention", created_by=town.secretary).count() == 2

    def test_what_is_not_due_or_not_ones_own_is_not_proposed(self, town, sign_in):
        person = gone(town, years=1)
        sign_in(town.secretary).post(reverse("purge_propose_all"), {"people": [person.pk, town.resident.pk, 999]})
        sign_in(town.outsider).post(reverse("purge_propose_all"), {"people": [gone(town, "孙二").pk]})
        sign_in(town.secretary).post(reverse("purge_propose_all"), {"people": ["x"], "entries": ["9" * 30]})
        assert not Purge.objects.exists()

    def test_cost(self, town, sign_in, sql_count):
        client = sign_in(town.secretary)
        propose(town, gone(town))
        gone(town, "孙二")
        with sql_count() as few:
            client.get(reverse("purge_list"))
        for number in range(10):
            propose(town, gone(town, f"孙{number}"))
            gone(town, f"钱{number}")
            ended_entry(town, resident=gone(town, f"周{number}", years=1))
        with sql_count(at_most=len(few) + 1):
            client.get(reverse("purge_list"))


class TestFourEyes:
    @pytest.fixture
    def row(self, town):
        return propose(town, gone(town))

    def test_another_confirms_and_the_person_is_gone(self, town, row, sign_in, submit):
        sign_in(town.coordinator)
        assert submit(reverse("purge_confirm", args=[row.pk])).context["form"].errors.keys() == {"sure"}
        assert submit(reverse("purge_confirm", args=[row.pk]), sure="on").url == row.get_absolute_url()
        row.refresh_from_db()
        row.resident.refresh_from_db()
        assert (row.status, row.confirmed_by, row.resident.name) == ("done", town.coordinator, PURGED)
        assert row.counts["register"] >= 1
        assert Entry.objects.get(verb="confirm_purge").actor == town.coordinator
        body = sign_in(town.secretary).get(row.get_absolute_url()).content.decode()
        assert "李" not in body.replace("李秀兰", "")

    def test_not_who_proposed_it_nor_a_substitute_of_that_person(self, town, row, sign_in):
        for who in (town.secretary, town.deputy):
            assert sign_in(who).post(reverse("purge_confirm", args=[row.pk]), {"sure": "on"}).status_code == 403
        own = propose(town, gone(town, "孙二"), by=town.coordinator)
        assert (
            sign_in(town.coordinator).post(reverse("purge_confirm", args=[own.pk]), {"sure": "on"}).status_code == 403
        )
        stand_in = User.objects.create_user("aa", "demo-portal", name="代何立")
        Assignment.objects.assign(
            by=None,
            user=stand_in,
            role=Role.COORDINATOR,
            since=date(2020, 1, 1),
            division=town.street,
            stands_in_for=town.coordinator,
        )
        assert not own.may_be_confirmed_by(stand_in)
        assert own.may_be_confirmed_by(town.admin_of_district)
        with pytest.raises(NotAllowed):
            own.confirm(by=town.coordinator)
        assert Purge.objects.open().count() == 2

    def test_the_database_counts_the_eyes_too(self, town, row):
        with pytest.raises(IntegrityError), transaction.atomic():
            Purge.objects.filter(pk=row.pk).update(status="done", confirmed_by=town.secretary)

    def test_sent_twice_is_once(self, town, row, sign_in, client):
        sign_in(town.coordinator)
        url = reverse("purge_confirm", args=[row.pk])
        form = filled(client.get(url).context["form"]) | {"sure": "on"}
        assert client.post(url, form).status_code == 302
        assert client.post(url, form).status_code == 403
        assert Entry.objects.filter(verb="purge").count() == 1

    def test_purge_withdraw_keeps_the_data(self, town, row, sign_in, submit):
        sign_in(town.secretary)
        assert submit(reverse("purge_withdraw", args=[row.pk]), note="").context["form"].errors
        assert submit(reverse("purge_withdraw", args=[row.pk]), note="诉讼未结").status_code == 302
        row.refresh_from_db()
        row.resident.refresh_from_db()
        assert (row.status, row.resident.name) == ("withdrawn", "李大山")
        assert propose(town, row.resident).pk != row.pk

    def test_looking_changes_nothing(self, town, row, sign_in):
        before = list(Resident.objects.order_by("pk").values())
        body = sign_in(town.coordinator).get(row.get_absolute_url()).content.decode()
        assert "李**" in body and list(Resident.objects.order_by("pk").values()) == before

    def test_one_open_proposal_of_a_person(self, town, row):
        with pytest.raises(Conflict):
            propose(town, row.resident, by=town.coordinator)

    def test_readers_are_refused_outsiders_see_nothing(self, town, row, sign_in):
        for page in ("purge_confirm", "purge_withdraw"):
            assert (
                sign_in(town.auditor).post(reverse(page, args=[row.pk]), {"sure": "on", "note": "没有理由"}).status_code
                == 403
            )
            assert sign_in(town.outsider).post(reverse(page, args=[row.pk])).status_code == 404


class TestOnRequest:
    def test_purge_propose_by_somebody_who_still_lives_here(self, town, sign_in, submit):
        sign_in(town.secretary)
        url = reverse("purge_propose", args=[town.resident.pk])
        assert submit(url, reason="").context["form"].errors.keys() == {"reason"}
        assert submit(url, reason="本人书面申请，已核对身份证").status_code == 302
        row = Purge.objects.get()
        assert (row.ground, row.reason) == ("request", "本人书面申请，已核对身份证")
        row.confirm(by=town.admin_of_district)
        row.refresh_from_db()
        assert row.reason == PURGED
        assert not Resident.objects.here().exists() and not Resident.objects.visible_to(town.secretary).exists()
        assert sign_in(town.secretary).get(reverse("household_detail", args=[town.household.pk])).status_code == 200

    def test_not_while_a_statutory_duty_stands(self, town, sign_in, submit):
        entry = CareEntry.objects.register(
            by=town.secretary, resident=town.resident, category=CareCategory.objects.get(code="minimum_living")
        )
        sign_in(town.secretary)
        url = reverse("purge_propose", args=[town.resident.pk])
        assert len(submit(url, reason="本人申请").context["obstacles"]) == 1
        assert not Purge.objects.exists()
        entry.end(by=town.secretary, reason="no_longer")
        assert submit(url, reason="本人申请").status_code == 302

    def test_not_while_an_issue_of_the_person_is_open(self, town):
        row = propose(town, town.resident, "request")
        new_issue(town)
        assert len(obstacles(town.resident, None, "request", today=TODAY())) == 1
        with pytest.raises(NotAllowed):
            row.confirm(by=town.admin_of_district)
        town.resident.refresh_from_db()
        assert town.resident.name == "王秀英"

    def test_not_before_the_time_is_over_without_a_request(self, town):
        with pytest.raises(NotAllowed):
            propose(town, gone(town, years=1))

    def test_care_purge_forgets_that_the_person_stood_there(self, town, sign_in, submit):
        entry = ended_entry(town, years=1)
        sign_in(town.secretary)
        assert submit(reverse("care_purge", args=[entry.pk]), reason="本人申请删除").status_code == 302
        row = Purge.objects.get()
        assert sign_in(town.coordinator).get(row.get_absolute_url()).status_code == 200
        row.confirm(by=town.coordinator)
        entry.refresh_from_db()
        row.refresh_from_db()
        assert (entry.resident, entry.guardian_name, entry.category.code, row.reason) == (None, "", "veteran", PURGED)
        assert entry.area_path_then == town.grid_area.code and entry.purged_at
        town.resident.refresh_from_db()
        assert town.resident.name == "王秀英"
        for page in (row.get_absolute_url(), reverse("purge_list"), reverse("care_list")):
            assert sign_in(town.secretary).get(page).status_code == 200

    def test_an_open_entry_is_ended_first(self, town, sign_in, submit):
        entry = ended_entry(town)
        CareEntry.objects.filter(pk=entry.pk).update(ended_on=None, ended_reason="")
        sign_in(town.secretary)
        assert submit(reverse("care_purge", args=[entry.pk]), reason="本人申请").context["obstacles"]


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_two_confirm_at_once(town):
    """The data are cleared once; the second finds it done."""
    row = propose(town, gone(town))
    gate, answers = threading.Barrier(2), []

    def confirm(user):
        browser = Client()
        browser.force_login(user)
        url = reverse("purge_confirm", args=[row.pk])
        form = filled(browser.get(url).context["form"]) | {"sure": "on"}
        gate.wait()
        answers.append(browser.post(url, form).status_code)
        connection.close()

    threads = [threading.Thread(target=confirm, args=(user,)) for user in (town.coordinator, town.admin_of_district)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers)[0] == 302 and sorted(answers)[1] in (403, 409)
    assert Entry.objects.filter(verb="purge").count() == Entry.objects.filter(verb="confirm_purge").count() == 1


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_a_correction_that_is_typed_meanwhile_does_not_bring_the_name_back(town):
    """Somebody has the form of the person open while the data are cleared: sent, it finds nobody."""
    row = propose(town, gone(town))
    browser = Client()
    browser.force_login(town.secretary)
    url = reverse("resident_edit", args=[row.resident_id])
    form = filled(browser.get(url).context["form"])
    row.confirm(by=town.coordinator)
    assert browser.post(url, form | {"name": "李大山"}).status_code == 404
    row.resident.refresh_from_db()
    assert row.resident.name == PURGED
