"""核对无误: one tap at the door, a whole building at once, and taking it back."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.urls import reverse
from django.utils import timezone

from communities.models import Household, Resident
from foundation.journal.models import Entry
from foundation.journal.moves import NotAllowed

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate()
LONG_AGO = TODAY - timedelta(days=400)


def verify(household):
    return reverse("household_verify", args=[household.pk])


def unverify(household):
    return reverse("household_unverify", args=[household.pk])


@pytest.fixture
def known(town):
    """A household last checked long ago, with one person checked on another day and one never."""
    Household.objects.filter(pk=town.household.pk).update(verified_on=LONG_AGO)
    Resident.objects.filter(pk=town.resident.pk).update(verified_on=LONG_AGO)
    town.son = Resident.objects.add(by=None, client_uuid=uuid4(), household=town.household, name="王强")
    town.guest = Resident.objects.add(by=None, client_uuid=uuid4(), household=town.household, name="李梅")
    Resident.objects.filter(pk=town.guest.pk).update(verified_on=TODAY - timedelta(days=30))
    town.household.refresh_from_db()
    return town


def days(town):
    town.household.refresh_from_db()
    rows = [Resident.objects.get(pk=row.pk) for row in (town.resident, town.son, town.guest)]
    return [town.household.verified_on, *(row.verified_on for row in rows)]


class TestHouseholdVerify:
    def test_one_tap_for_the_household_and_who_lives_there(self, known, sign_in):
        answer = sign_in(known.cadre).post(verify(known.household))
        assert answer.url == known.household.get_absolute_url()
        assert days(known) == [TODAY] * 4
        assert Entry.objects.get(verb="verify").actor == known.cadre

    def test_who_moved_away_is_not_checked(self, known, sign_in):
        Resident.objects.filter(pk=known.son.pk).update(ended_on=LONG_AGO, ended_reason="moved")
        sign_in(known.cadre).post(verify(known.household))
        assert days(known)[2] is None

    def test_twice_is_once(self, known, sign_in):
        client = sign_in(known.cadre)
        client.post(verify(known.household))
        client.post(verify(known.household))
        assert Entry.objects.filter(verb="verify").count() == 1

    def test_back_to_the_page_it_was_pressed_on(self, known, sign_in):
        client = sign_in(known.cadre)
        sheet = reverse("round_household", args=[known.household.pk])
        assert (
            "household_verify" not in (body := client.get(sheet).content.decode()) and verify(known.household) in body
        )
        assert client.post(verify(known.household), {"next": sheet}).url == sheet
        assert client.post(verify(known.household), {"next": "https://example.org/"}).url.startswith("/communities/")

    def test_readers_are_refused_outsiders_see_nothing(self, known, sign_in):
        assert sign_in(known.auditor).post(verify(known.household)).status_code == 403
        for who in (known.outsider, known.handler, known.system_admin):
            assert sign_in(who).post(verify(known.household)).status_code == 404
        assert sign_in(known.cadre).get(verify(known.household)).status_code == 405
        assert days(known)[0] == LONG_AGO


class TestHouseholdUnverify:
    def test_everything_stands_as_before(self, known, sign_in):
        before = days(known)
        client = sign_in(known.cadre)
        client.post(verify(known.household))
        assert unverify(known.household) in client.get(known.household.get_absolute_url()).content.decode()
        client.post(unverify(known.household))
        assert days(known) == before

    def test_not_after_ten_minutes_nor_by_others_nor_twice(self, known, time_machine):
        known.household.verify(by=known.cadre)
        with pytest.raises(NotAllowed):
            known.household.undo_verify(by=known.secretary)
        time_machine.move_to(timezone.now() + timedelta(minutes=11))
        with pytest.raises(NotAllowed):
            known.household.undo_verify(by=known.cadre)

    def test_taken_back_once(self, known, sign_in):
        client = sign_in(known.cadre)
        client.post(verify(known.household))
        client.post(unverify(known.household))
        assert client.post(unverify(known.household)).status_code == 403


class TestBuildingVerify:
    @pytest.fixture
    def doors(self, known):
        return [known.household] + [
            known.compound.add_household(by=None, client_uuid=uuid4(), building="3号楼", stair=stair, door=door)
            for stair, door in (("2", "101"), ("1", "1001"))
        ]

    @pytest.fixture
    def url(self, known):
        return reverse("building_verify", args=[known.building.pk])

    def send(self, client, url, **typed):
        form = client.get(url).context["form"]
        return client.post(url, {"seen": form["seen"].value(), "key": str(form["key"].value())} | typed)

    def test_ticks_in_walking_order(self, known, doors, url, sign_in):
        client = sign_in(known.cadre)
        page = client.get(url)
        assert [door.door for door, _today in page.context["doors"]] == ["201", "1001", "101"]
        assert [door.door for door, _today in client.get(url, {"stair": "2"}).context["doors"]] == ["101"]
        answer = self.send(client, url, households=[doors[0].pk, doors[1].pk])
        assert answer.status_code == 302
        checked = Household.objects.filter(verified_on=TODAY)
        assert {row.pk for row in checked} == {doors[0].pk, doors[1].pk}
        assert days(known) == [TODAY] * 4
        assert Entry.objects.filter(verb="verify").count() == 2
        assert Entry.objects.get(verb="verify_households").data == {"households": 2}

    def test_all_of_them_with_one_button(self, known, doors, url, sign_in):
        self.send(sign_in(known.cadre), url, all="1")
        assert Household.objects.filter(verified_on=TODAY).count() == 3

    def test_nothing_ticked_changes_nothing(self, known, doors, url, sign_in):
        answer = self.send(sign_in(known.cadre), url)
        assert answer.context["form"].errors
        assert not Household.objects.filter(verified_on=TODAY).exists()

    def test_doors_of_other_buildings_are_no_choice(self, known, url, sign_in):
        other = known.compound.add_household(by=None, client_uuid=uuid4(), building="4号楼", door="101")
        assert self.send(sign_in(known.cadre), url, households=[other.pk]).context["form"].errors

    def test_the_same_form_twice_is_one(self, known, doors, url, sign_in):
        client = sign_in(known.cadre)
        key = str(uuid4())
        for _time in range(2):
            assert client.post(url, {"key": key, "households": [doors[0].pk]}).status_code == 302
        assert Entry.objects.filter(verb="verify_households").count() == 1

    def test_readers_are_refused_outsiders_see_nothing(self, known, url, sign_in):
        assert sign_in(known.auditor).post(url).status_code == 403
        for who in (known.outsider, known.handler, known.system_admin):
            assert sign_in(who).post(url).status_code == 404

    @pytest.mark.parametrize("rows", [1, 20])
    def test_queries(self, town, sign_in, sql_count, rows):
        for number in range(rows):
            town.compound.add_household(by=None, client_uuid=uuid4(), building="3号楼", door=f"{number + 300}")
        client = sign_in(town.cadre)
        with sql_count(at_most=9):
            client.get(reverse("building_verify", args=[town.building.pk]))
