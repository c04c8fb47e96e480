"""What may have been entered twice: found, asked about at entry, said to be two, taken back."""

from datetime import date
from uuid import uuid4

import pytest
from django.urls import reverse

from communities.alike import door_key, near_names, sound_of
from communities.duplicates import compound_pairs, household_pairs, recorded_elsewhere, resident_pairs
from communities.models import Assignment, Building, Compound, NotTheSame, Resident
from foundation.journal.models import Entry
from tests.communities.conftest import filled
from tests.communities.test_resident import WOMAN_OF_1950, with_check_digit
from tests.communities.twice import again, household, merge, resident
from tests.town import LONG_AGO, person

pytestmark = pytest.mark.django_db
BIRTHDAY = date(1950, 1, 1)
MAN_OF_1942 = with_check_digit("42019919420506001")


@pytest.fixture
def place(town):
    return town.community.code


def reasons(town, place, reason="all"):
    found = resident_pairs(town.secretary, place, reason)
    names = Resident.objects.in_bulk({pk for pair in found for pk in (pair.first, pair.second)})
    return {(names[pair.first].name, names[pair.second].name): pair.reasons for pair in found}


class TestAlike:
    @pytest.mark.parametrize(
        "written", [("3栋", "", "1-201"), ("3号楼", "1单元", "201室"), ("三号楼", "一", "0201"), ("３幢", "1", "201")]
    )
    def test_one_door_however_it_is_written(self, written):
        assert door_key(*written) == door_key("3号楼", "1", "201") == "3-1-201"

    @pytest.mark.parametrize(
        "written",
        [
            ("13号楼", "1", "201"),
            ("3号楼", "2", "201"),
            ("东3号楼", "1", "201"),
            ("3号楼", "1", "201(2)"),
            ("A座", "", "201"),
        ],
    )
    def test_another_door_is_another(self, written):
        assert door_key(*written) != "3-1-201"

    def test_names_by_sound(self):
        assert sound_of("王秀英") == sound_of("王秀瑛（母）") == "wangxiuying"
        assert sound_of("单雄信") == "shanxiongxin" and sound_of("Li Wei") == "liwei"
        assert sound_of("王秀英") != sound_of("王秀云")

    @pytest.mark.parametrize(
        ("one", "other", "near"),
        [
            ("阳光小区", "阳光住宅小区", True),
            ("阳光小区", "阳光家园小区", False),
            ("幸福小区一期", "幸福小区1期", True),
            ("幸福小区一期", "幸福小区二期", False),
            ("1号院", "2号院", False),
            ("橡林小区", "象林小区", True),
            ("电业局家属院", "电业局宿舍", True),
            ("东风小区", "东方小区", False),
            ("金雀花园", "金雀花苑", True),
        ],
    )
    def test_names_of_compounds(self, one, other, near):
        assert near_names(one, other) == near_names(other, one) == near


class TestPairs:
    def test_each_reason(self, town, place):
        next_door = household(town, "202")
        resident(town, "甲一", id_number=WOMAN_OF_1950)
        resident(town, "乙二", household=next_door, id_number=WOMAN_OF_1950)
        resident(town, "赵芸", born_on=BIRTHDAY)
        resident(town, "赵云", household=next_door, born_on=BIRTHDAY)
        resident(town, "孙大海", phone="13000000555")
        resident(town, "孙大河", household=next_door, phone="13000000555")
        resident(town, "周武", household=next_door)
        resident(town, "周伍", household=next_door)
        assert reasons(town, place) == {
            ("甲一", "乙二"): ("id_number",),
            ("赵芸", "赵云"): ("birth",),
            ("孙大海", "孙大河"): ("phone",),
            ("周武", "周伍"): ("household",),
        }
        assert list(reasons(town, place, "phone")) == [("孙大海", "孙大河")]

    def test_several_reasons_are_one_pair_and_the_strongest_comes_first(self, town, place):
        resident(town, "周武")
        resident(town, "周伍")
        facts = {"id_number": WOMAN_OF_1950, "born_on": BIRTHDAY, "phone": "13000000555"}
        resident(town, "赵芸", **facts)
        resident(town, "赵云", **facts)
        first, *_rest = resident_pairs(town.secretary, place)
        assert first.reasons == ("id_number", "birth", "phone", "household")

    def test_a_family_that_shares_a_phone_is_no_pair(self, town, place):
        for name in ("孙大海", "李梅", "孙小宝"):
            resident(town, name, phone="13000000555")
        assert reasons(town, place) == {}

    def test_the_same_name_in_another_community_is_no_pair(self, town):
        other = Compound.objects.add(
            by=town.coordinator, client_uuid=uuid4(), community=town.next_community, name="文明院"
        )
        there = household(town, "101", building=Building.objects.add(by=None, compound=other, name="1号楼"))
        resident(town, "赵云", born_on=BIRTHDAY)
        resident(town, "赵云", household=there, born_on=BIRTHDAY)
        assert resident_pairs(town.coordinator, town.street.code) == []
        Resident.objects.filter(name="赵云").update(id_number_hash="x" * 64)
        assert len(resident_pairs(town.coordinator, town.street.code)) == 1
        assert resident_pairs(town.secretary, town.community.code) == []
        # whom one secretary does not see, she can propose
        (pair,) = recorded_elsewhere(town.secretary, town.community.code)
        assert Resident.objects.get(pk=pair[0]).area_path == town.grid_area.code

    def test_merged_and_declined_ones_are_not_suggested(self, town, place):
        one, other, third = (resident(town, name) for name in ("周武", "周伍", "周五"))
        assert len(resident_pairs(town.secretary, place)) == 3
        NotTheSame.objects.say(by=town.secretary, client_uuid=uuid4(), one=other, other=one)
        assert list(reasons(town, place)) == [("周武", "周五"), ("周伍", "周五")]
        merge(town, one, third)
        assert reasons(town, place) == {}

    def test_what_was_declined_leaves_room_for_the_next(self, town, place, monkeypatch):
        monkeypatch.setattr("communities.duplicates.MOST_GROUPS", 1)
        for name in ("周武", "周伍", "陈静", "陈敬"):
            resident(town, name)
        ((first, second),) = reasons(town, place)
        rows = [Resident.objects.get(name=name) for name in (first, second)]
        NotTheSame.objects.say(by=town.secretary, client_uuid=uuid4(), one=rows[0], other=rows[1])
        ((other, _partner),) = reasons(town, place)
        assert {first[0], other[0]} == {"周", "陈"}

    def test_the_dead_only_by_number(self, town, place):
        for name in ("赵芸", "赵云"):
            resident(town, name, id_number=WOMAN_OF_1950, born_on=BIRTHDAY)
        Resident.objects.filter(name="赵云").update(ended_on=date(2026, 1, 1), ended_reason="died")
        assert reasons(town, place) == {("赵芸", "赵云"): ("id_number",)}

    def test_households_and_compounds(self, town, place):
        building = Building.objects.add(by=town.secretary, compound=town.compound, name="3栋")
        twin = household(town, "1-201", building=building, stair="")
        (pair,) = household_pairs(town.secretary, place)
        assert (pair.first, pair.second, pair.reasons) == (town.household.pk, twin.pk, ("door",))
        near = Compound.objects.add(
            by=town.secretary, client_uuid=uuid4(), community=town.community, name="橡林住宅小区"
        )
        (pair,) = compound_pairs(town.secretary, place)
        assert (pair.first, pair.second) == (town.compound.pk, near.pk)
        assert household_pairs(town.outsider, "210202") == compound_pairs(town.outsider, "210202") == []


class TestDuplicateList:
    URL = "/communities/duplicates/"

    def test_names_are_masked_and_the_comparison_is_one_click_away(self, town, sign_in):
        one, other = resident(town, "周武松"), resident(town, "周伍松")
        page = sign_in(town.secretary).get(self.URL).content.decode()
        assert "周武松" not in page and "周**" in page
        assert reverse("merge_compare", args=["resident", one.pk, other.pk]) in page

    def test_the_auditor_reads_and_compares_nothing(self, town, sign_in):
        resident(town, "周武松"), resident(town, "周伍松")
        page = sign_in(town.auditor).get(self.URL + f"?place={town.street.code}&reason=all").content.decode()
        assert "周**" in page and "/communities/merges/resident/" not in page

    def test_others_see_nothing_of_it(self, town, sign_in):
        resident(town, "周武松"), resident(town, "周伍松")
        assert "周**" not in sign_in(town.outsider).get(self.URL).content.decode()
        assert sign_in(town.handler).get(self.URL).status_code == 403

    def test_a_district_looks_at_one_street_at_a_time(self, town, sign_in):
        resident(town, "周武松"), resident(town, "周伍松")
        page = sign_in(town.admin_of_district).get(self.URL + f"?place={town.other_street.code}&reason=all")
        offered = [value for value, _name in page.context["filter"].fields["place"].choices]
        assert town.district.code not in offered and town.grid_area.code not in offered
        assert {town.other_street.code, town.street.code, town.community.code} <= set(offered)
        assert "周**" not in page.content.decode()
        assert (
            "周**"
            in sign_in(town.admin_of_district).get(self.URL + f"?place={town.street.code}&reason=all").content.decode()
        )

    def test_a_street_looks_first_for_one_number_in_two_communities(self, town, sign_in):
        resident(town, "周武松"), resident(town, "周伍松")
        client = sign_in(town.coordinator)
        page = client.get(self.URL)
        assert (page.context["filter"].place, page.context["filter"].reason) == (town.street.code, "id_number")
        assert "周**" not in page.content.decode()
        assert "周**" in client.get(self.URL + "?reason=household").content.decode()

    def test_a_team_of_one_compound_needs_no_place(self, town, sign_in):
        resident(town, "周武松"), resident(town, "周伍松")
        helper = person("helper", "郝帮")
        Assignment.objects.assign(by=None, user=helper, role="grid_worker", since=LONG_AGO, compound=town.compound)
        assert "周**" in sign_in(helper).get(self.URL).content.decode()

    def test_one_number_in_two_areas(self, town, sign_in):
        other = Compound.objects.add(
            by=town.coordinator, client_uuid=uuid4(), community=town.next_community, name="文明院"
        )
        there = household(town, "101", building=Building.objects.add(by=None, compound=other, name="1号楼"))
        mine = resident(town, "赵云飞", id_number=WOMAN_OF_1950)
        theirs = resident(town, "欧阳长风", household=there, id_number=WOMAN_OF_1950)
        page = sign_in(town.secretary).get(self.URL + "?show=elsewhere").content.decode()
        assert "赵**" in page and "欧阳" not in page and "文明院" not in page
        assert reverse("merge_compare", args=["resident", mine.pk, theirs.pk]) in page
        assert "赵**" not in sign_in(town.coordinator).get(self.URL + "?show=elsewhere").content.decode()

    @pytest.mark.parametrize("kind", ["resident", "household", "compound"])
    def test_as_many_queries_for_one_pair_as_for_twenty(self, town, sign_in, sql_count, kind):
        make = {
            "resident": lambda n: [resident(town, name * 2, remark=str(n)) for name in (chr(0x4E00 + n * 7),) * 2],
            "household": lambda n: [household(town, f"{n}01"), household(town, f"0{n}01")],
            "compound": lambda n: [
                Compound.objects.add(by=None, client_uuid=uuid4(), community=town.community, name=f"{n}号院{end}")
                for end in ("", "住宅小区")
            ],
        }[kind]
        client = sign_in(town.secretary)
        counts = []
        for numbers in (range(3, 4), range(4, 23)):
            for n in numbers:
                make(n)
            with sql_count() as queries:
                page = client.get(self.URL, {"kind": kind})
            counts.append(len(queries))
            assert len(page.context["page"].object_list) >= len(numbers)
        assert counts[0] == counts[1]


class TestDecline:
    @pytest.fixture
    def pair(self, town):
        return resident(town, "周武"), resident(town, "周伍")

    @pytest.fixture
    def url(self, pair):
        """duplicate_decline"""
        return reverse("duplicate_decline", args=["resident", pair[0].pk, pair[1].pk])

    def test_said_who_and_when_and_taken_back(self, town, url, pair, sign_in, submit):
        client = sign_in(town.secretary)
        sent = {"client_uuid": uuid4(), "reason": "父子"}
        assert client.post(url, sent).status_code == client.post(url, sent).status_code == 302
        said = NotTheSame.objects.get()
        assert (said.created_by, said.reason, (said.first_id, said.second_id)) == (
            town.secretary,
            "父子",
            (pair[0].pk, pair[1].pk),
        )
        assert Entry.objects.filter(verb="not_the_same").count() == 2
        assert resident_pairs(town.secretary, town.community.code) == []
        page = client.get("/communities/duplicates/?show=declined").content.decode()
        assert "周建平" in page and "父子" in page
        withdraw = reverse("duplicate_withdraw", args=[said.pk])
        assert submit(withdraw).status_code == 302
        assert again(said).is_void and len(resident_pairs(town.secretary, town.community.code)) == 1
        # said again it is a new statement
        client.post(url, {"client_uuid": uuid4()})
        assert NotTheSame.objects.standing().count() == 1

    def test_of_one_that_lies_elsewhere_nothing_shows(self, town, pair, sign_in):
        NotTheSame.objects.say(by=town.secretary, client_uuid=uuid4(), one=pair[0], other=pair[1])
        Resident.objects.filter(pk=pair[0].pk).update(area_path="210202012004")
        page = sign_in(town.secretary).get("/communities/duplicates/?show=declined")
        (_said, first, second), *_others = page.context["page"].object_list
        assert (first.pk, second) == (pair[1].pk, None)
        assert f"/{pair[0].pk}/" not in page.content.decode().partition('id="rows"')[2]

    def test_not_by_readers_nor_outsiders(self, town, url, sign_in):
        assert sign_in(town.auditor).post(url, {}).status_code == 403
        assert sign_in(town.outsider).post(url, {}).status_code == 404
        assert sign_in(town.secretary).get(url).status_code == 405
        assert not NotTheSame.objects.exists()


class TestAtEntry:
    @pytest.fixture
    def url(self, town):
        return reverse("resident_create", args=[town.household.pk])

    def test_asked_once_with_a_link_and_saved_with_the_tick(self, town, url, sign_in, submit, client):
        sign_in(town.grid_worker)
        answer = submit(url, name="王秀瑛", remark="口述")
        page = answer.content.decode()
        assert set(answer.context["form"].errors) == {"another"}
        assert town.resident.get_absolute_url() in page and "口述" in page
        assert Resident.objects.count() == 1
        form = filled(answer.context["form"]) | {"another": "on"}
        assert client.post(url, form).status_code == 302
        new = Resident.objects.get(name="王秀瑛")
        # whoever looked has answered; it is not suggested afterwards
        assert NotTheSame.objects.get().first_id == town.resident.pk
        assert resident_pairs(town.secretary, town.community.code) == []
        # sent twice
        assert client.post(url, form).status_code == 302
        assert Resident.objects.filter(name="王秀瑛").get() == new

    def test_by_number_phone_and_birthday(self, town, sign_in, submit):
        sign_in(town.secretary)
        town.resident.correct(by=None, id_number=MAN_OF_1942)
        next_door = household(town, "202")
        url = reverse("resident_create", args=[next_door.pk])
        for typed in (
            {"name": "甲", "id_number": MAN_OF_1942},
            {"name": "王秀莹", "phone": "13000000123"},
            {"name": "王秀英", "born_on": "1942-05-06"},
        ):
            assert submit(url, **typed).context["form"].alike == [town.resident], typed
        assert submit(url, name="王秀英").status_code == 302

    def test_elsewhere_says_that_and_no_more(self, town, sign_in, submit):
        other = Compound.objects.add(
            by=town.coordinator, client_uuid=uuid4(), community=town.next_community, name="文明院"
        )
        there = household(town, "101", building=Building.objects.add(by=None, compound=other, name="1号楼"))
        resident(town, "欧阳长风", household=there, id_number=WOMAN_OF_1950)
        sign_in(town.secretary)
        answer = submit(reverse("resident_create", args=[town.household.pk]), name="甲", id_number=WOMAN_OF_1950)
        assert answer.context["form"].is_elsewhere and "欧阳" not in answer.content.decode()
        assert (
            submit(
                reverse("resident_create", args=[town.household.pk]), name="甲", id_number=WOMAN_OF_1950, another="on"
            ).status_code
            == 302
        )

    def test_a_correction_asks_only_when_it_says_who(self, town, sign_in, submit):
        other = resident(town, "李四")
        resident(town, "李思")
        sign_in(town.secretary)
        url = reverse("resident_edit", args=[other.pk])
        assert submit(url, remark="新").status_code == 302
        assert submit(url, name="王秀瑛").context["form"].alike == [town.resident]
        assert submit(url, name="王秀瑛", another="on").status_code == 302
        assert again(other).name == "王秀瑛"
        assert submit(url, name="王秀滢").status_code == 302  # said before to be another one than 王秀英
