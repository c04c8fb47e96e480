"""Labels, slips for the door, lists in walking order, a place at a glance."""

from uuid import uuid4

import pytest
from django.urls import reverse

from communities.models import Resident
from foundation.journal.models import Access

pytestmark = pytest.mark.django_db


@pytest.fixture
def doors(town):
    """1-1201 and 2-101 beside the town's 1-201, and 12号楼; 赵六 is away in hospital."""
    for building, stair, door, name in [
        ("3号楼", "1", "1201", "赵六"),
        ("3号楼", "2", "101", "孙七"),
        ("12号楼", "", "1", "周八"),
    ]:
        household = town.compound.add_household(by=None, client_uuid=uuid4(), building=building, stair=stair, door=door)
        Resident.objects.add(by=None, client_uuid=uuid4(), household=household, name=name)


class TestLabels:
    url = "/communities/households/labels/"

    def test_addresses_in_walking_order_without_names(self, town, doors, sign_in):
        page = sign_in(town.secretary).get(reverse("label_print"))
        labels = [label for sheet in page.context["pages"] for label in sheet]
        assert [label["door"] for label in labels] == [
            "3号楼 1单元 201",
            "3号楼 1单元 1201",
            "3号楼 2单元 101",
            "12号楼 1",
        ]
        assert labels[0]["place"] == "橡林社区 橡林小区"
        assert "王" not in page.content.decode().split("<main")[1]
        assert not Access.objects.exists()

    def test_names_only_for_a_purpose_that_is_logged(self, town, doors, sign_in):
        client = sign_in(town.secretary)
        refused = client.post(self.url, {"names": "head", "purpose": ""})
        assert refused.context["form"].errors["purpose"] and "王秀英" not in refused.content.decode()
        page = client.post(self.url, {"names": "head", "purpose": "寄送体检通知"})
        assert "王秀英" in page.content.decode()
        assert (Access.objects.get().what, Access.objects.get().rows) == ("export:labels", 4)

    def test_who_may_not_reveal_gets_no_names(self, town, doors, sign_in):
        page = sign_in(town.auditor).post(self.url, {"names": "head", "purpose": "核对"})
        assert page.status_code == 200 and "王秀英" not in page.content.decode()

    def test_the_filter_and_the_words_of_the_list(self, town, doors, sign_in):
        page = sign_in(town.secretary).post(f"{self.url}?care=1", {"q": "橡林"})
        assert [len(sheet) for sheet in page.context["pages"]] == [1]

    def test_twenty_four_on_a_sheet(self, town, sign_in):
        for number in range(24):
            town.compound.add_household(by=None, client_uuid=uuid4(), building="1号楼", stair="1", door=str(number + 1))
        assert [len(sheet) for sheet in sign_in(town.secretary).get(self.url).context["pages"]] == [24, 1]


class TestSlips:
    def test_four_that_say_who_came_and_whom_to_call_and_nothing_of_who_lives_there(self, town, sign_in):
        town.community.correct(by=town.secretary, office_phone="0396-2345678")
        page = sign_in(town.secretary).get(f"{reverse('slip_print')}?household={town.household.pk}").content.decode()
        slips = page.split("<main")[1]
        assert slips.count('class="slip"') == 4
        assert slips.count("周建平") == 4 and slips.count("0396-2345678") == 4
        for secret in ("王秀英", "王**", "201", "重点"):
            assert secret not in slips

    def test_blank_ones(self, town, sign_in):
        page = sign_in(town.cadre).get(reverse("slip_print"))
        assert page.status_code == 200 and page.context["household"] is None

    @pytest.mark.parametrize("asked", ["987654321", "x"])
    def test_a_household_that_is_not_there(self, town, sign_in, asked):
        assert sign_in(town.secretary).get(f"{reverse('slip_print')}?household={asked}").status_code == 404

    def test_an_outsider_gets_none_for_a_household_of_others(self, town, sign_in):
        url = f"{reverse('slip_print')}?household={town.household.pk}"
        assert sign_in(town.outsider).get(url).status_code == 404

    def test_offered_after_nobody_was_at_home(self, town, sign_in):
        client = sign_in(town.cadre)
        round_url = reverse("round_household", args=[town.household.pk])
        sent = {"client_uuid": uuid4(), "tap": "nobody_home"}
        page = client.post(reverse("round_missed", args=[town.household.pk]), sent, follow=True)
        link = f"{reverse('slip_print')}?household={town.household.pk}"
        assert link in page.content.decode()
        assert link not in client.get(round_url).content.decode()


class TestBuildings:
    def url(self, town, **query):
        return reverse("building_print", args=[town.compound.pk], query=query)

    def test_doors_as_one_walks_names_masked_levels_as_words(self, town, doors, sign_in):
        page = sign_in(town.secretary).get(self.url(town))
        rows = page.context["rows"]
        assert [(row["building"].name, row["stair"], row["door"]) for row in rows] == [
            ("3号楼", "1", "201"),
            ("3号楼", "1", "1201"),
            ("3号楼", "2", "101"),
            ("12号楼", "", "1"),
        ]
        body = page.content.decode()
        assert "王**" in body and "王秀英" not in body and "重点" in body and "☐" in body
        assert not Access.objects.exists()

    def test_one_building(self, town, doors, sign_in):
        client = sign_in(town.secretary)
        rows = client.get(self.url(town, building=town.building.pk)).context["rows"]
        assert {row["building"] for row in rows} == {town.building}
        assert client.get(self.url(town, building=987654)).status_code == 404
        assert client.get(self.url(town, building="x")).status_code == 404

    def test_names_in_full_for_a_purpose(self, town, doors, sign_in):
        client = sign_in(town.secretary)
        assert "王秀英" not in client.post(self.url(town), {"purpose": ""}).content.decode()
        body = client.post(self.url(town), {"purpose": "高温天入户排查"}).content.decode()
        assert "王秀英" in body and "高温天入户排查" in body
        seen = Access.objects.get()
        assert (seen.what, seen.subject_id, seen.rows) == ("export:building_lists", town.compound.pk, 4)

    def test_an_auditor_reads_masked_names_only(self, town, sign_in):
        client = sign_in(town.auditor)
        assert client.get(self.url(town)).status_code == 200
        assert client.post(self.url(town), {"purpose": "核对"}).status_code == 403
        assert not Access.objects.exists()

    def test_a_wish_not_to_be_visited_stands_there(self, town, sign_in):
        Resident.objects.filter(pk=town.resident.pk).update(declines_visits_on="2026-01-01")
        assert "婉谢走访" in sign_in(town.secretary).get(self.url(town)).content.decode()

    def test_queries_do_not_grow(self, town, sign_in, sql_count):
        client = sign_in(town.secretary)
        client.get(self.url(town))
        with sql_count() as few:
            client.get(self.url(town))
        for number in range(20):
            household = town.compound.add_household(
                by=None, client_uuid=uuid4(), building="9号楼", stair="1", door=str(number + 1)
            )
            Resident.objects.add(by=None, client_uuid=uuid4(), household=household, name="李四")
        with sql_count(at_most=len(few)):
            client.get(self.url(town))


class TestAtAGlance:
    def test_compounds_with_their_numbers(self, town, doors, sign_in):
        page = sign_in(town.secretary).get(reverse("division_print", args=[town.community.code]))
        (compound, _contact), *_others = page.context["rows"]
        assert (compound.recorded_households, compound.people, compound.cared_for) == (4, 4, 1)
        assert page.context["totals"]["people"] == 4 and "周建平" in page.content.decode()

    def test_without_the_right_to_people_no_numbers_of_people(self, town, sign_in):
        page = sign_in(town.system_admin).get(reverse("division_print", args=[town.community.code]))
        assert not page.context["sees_people"] and page.content.decode().count('<th scope="col"') == 5
