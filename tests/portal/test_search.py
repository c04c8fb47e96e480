"""One search over everything that one may see: issues, places, households, people, and nothing beyond."""

from uuid import uuid4

import pytest
from django.urls import reverse
from django.utils.translation import override

from communities.models import Compound, Household, Resident
from tests.town import issue_at, life, new_issue

pytestmark = pytest.mark.django_db


@pytest.fixture
def look(client):
    """Search as somebody: {heading of the group: [titles of the hits]}, headings in English."""

    def looking(user, words):
        client.force_login(user)
        response = client.post(reverse("search"), {"q": words})
        assert response.status_code == 200
        with override("en"):
            return {str(group.heading): [hit.title for hit in group.hits] for group in response.context["groups"]}

    return looking


def neighbours(town, number):
    for door in range(number):
        household = Household.objects.add(
            by=town.secretary, client_uuid=uuid4(), building=town.building, stair="2", door=f"{door + 1}01"
        )
        Resident.objects.add(by=town.secretary, client_uuid=uuid4(), household=household, name=f"王小{door}")


class TestFinds:
    def test_issues_by_text_and_number(self, look, town):
        issue = new_issue(town)
        for words in ("电梯", "异响 老人", issue.number, issue.number[-5:]):
            assert look(town.secretary, words)["Issues"] == [issue.title], words

    def test_places(self, look, town):
        found = look(town.admin_of_district, "橡林")
        assert {"橡林街道", "橡林社区", "橡林社区第一网格"} <= set(found["Divisions"])
        assert found["Compounds"] == ["橡林小区"]

    def test_places_by_code(self, look, town):
        assert look(town.admin_of_district, "411702007")["Divisions"][0] == "橡林街道"

    def test_units_but_no_area_offices(self, look, town):
        assert look(town.secretary, "物业")["Units"] == ["安居物业公司"]
        assert "Units" not in look(town.secretary, "橡林社区")

    def test_people_masked(self, look, town):
        assert look(town.secretary, "王秀")["Residents"] == ["王**"]

    def test_people_by_phone_and_its_last_four_digits(self, look, town):
        for words in ("13000000123", "0123", "０１２３"):
            assert look(town.secretary, words)["Residents"] == ["王**"], words
        assert "Residents" not in look(town.secretary, "0124")

    def test_households_by_address_and_by_door(self, look, town):
        for words in ("橡林小区 3号楼", "3-1-201", "3 1 201", "3－1－201"):
            assert look(town.secretary, words)["Households"] == [town.household.address], words
        assert "Households" not in look(town.secretary, "3-1-202")

    def test_doors_however_they_are_typed(self, look, town):
        for words in ("3号楼1单元201", "3号楼1单元201室", "３－１－２０１", "3-201", "03-01-201", "橡林小区 3-1-201"):
            assert look(town.secretary, words)["Households"] == [town.household.address], words
        assert "Households" not in look(town.secretary, "3-2-201")
        assert "Households" not in look(town.secretary, "1-3-201")

    def test_people_by_pinyin_and_its_initials(self, look, town):
        for words in ("wxy", "WXY", "wangxiuying", "wang xiu ying", "xiuying", "wangx", "ｗｘｙ"):
            assert look(town.secretary, words)["Residents"] == ["王**"], words
        assert "Residents" not in look(town.secretary, "wxz")
        assert "Residents" not in look(town.secretary, "angxiu")

    def test_every_reading_of_a_surname(self, look, town):
        Resident.objects.add(by=town.secretary, client_uuid=uuid4(), household=town.household, name="单小红")
        for words in ("sxh", "shanxiaohong", "dxh", "danxiaohong"):
            assert look(town.secretary, words)["Residents"] == ["单**"], words

    def test_places_and_units_by_pinyin(self, look, town):
        assert look(town.secretary, "xlxq")["Compounds"] == ["橡林小区"]
        assert "橡林社区" in look(town.admin_of_district, "xianglin")["Divisions"]
        assert look(town.admin_of_district, "zfhcxjsj")["Units"] == ["驿城区住房和城乡建设局"]

    def test_latin_words_stay_words(self, look, town):
        soho = Compound.objects.add(by=None, client_uuid=uuid4(), community=town.community, name="SOHO公寓")
        assert look(town.secretary, "soho")["Compounds"] == [soho.name]
        issue = new_issue(town, title="Wi-Fi 中断", text="wxy 型号的路由器坏了")
        assert look(town.secretary, "wi-fi")["Issues"] == [issue.title]
        assert look(town.secretary, "wxy")["Issues"] == [issue.title]
        assert look(town.secretary, "wxy")["Residents"] == ["王**"]

    def test_a_renamed_person_is_found_by_the_new_name_only(self, look, town):
        town.resident.correct(by=town.secretary, name="赵丽")
        assert "Residents" not in look(town.secretary, "wxy")
        assert look(town.secretary, "zhaoli")["Residents"] == ["赵*"]

    def test_staff_for_those_who_administer_or_audit_them(self, look, town):
        for words in ("李秀兰", "秀兰", "cadre"):
            for who in (town.admin_of_district, town.auditor, town.system_admin):
                assert look(who, words)["Staff"] == ["李秀兰"], (who, words)
            for who in (town.secretary, town.coordinator, town.cadre, town.handler, town.outsider):
                assert "Staff" not in look(who, words), (who, words)
        assert "Staff" not in look(town.admin_of_district, "王海")  # he works elsewhere

    def test_two_characters_suffice_one_does_not(self, look, town):
        assert look(town.secretary, "秀英")["Residents"]
        assert look(town.secretary, "秀") == {}

    def test_what_stands_is_found_what_has_gone_is_not(self, look, town):
        life(town, "move_out")
        issue = new_issue(town)
        issue.void(by=town.secretary, reason="重复登记")
        found = look(town.secretary, "王秀英")
        assert "Residents" not in found
        assert "Issues" not in look(town.secretary, issue.number)

    def test_ten_of_each_and_the_way_to_the_others(self, client, town):
        neighbours(town, 12)
        client.force_login(town.secretary)
        response = client.post(reverse("search"), {"q": "王小"})
        (group,) = response.context["groups"]
        assert len(group.hits) == 10
        assert group.list_url == reverse("resident_list")
        assert client.post(group.list_url, {"q": "王小"}).context["page"].paginator.count == 12


class TestScope:
    def test_nothing_of_another_place(self, look, town):
        issue = new_issue(town)
        for words in ("橡林", "王秀英", "0123", "3-1-201", issue.number, "物业"):
            assert look(town.outsider, words) == {}, words

    def test_a_handler_finds_the_issues_of_his_unit_only(self, look, town):
        issue_at("dispatched", town)
        found = look(town.handler, "电梯")
        assert list(found) == ["Issues"]
        assert look(town.property_handler, "电梯") == {}
        assert look(town.handler, "王秀英") == {}

    def test_a_system_admin_finds_no_people(self, look, town):
        assert look(town.system_admin, "王秀英") == {}
        assert look(town.system_admin, "0123") == {}
        assert "Compounds" in look(town.system_admin, "橡林")

    def test_an_issue_in_confidence_by_its_number_only(self, look, town):
        issue = new_issue(town, anonymity="confidential", title="举报邻居群租", text="隔壁打了隔断出租")
        assert "Issues" not in look(town.admin_of_district, "群租")
        assert look(town.admin_of_district, issue.number)["Issues"] == [town.lift.name]
        assert look(town.secretary, "群租")["Issues"] == [issue.title]

    def test_of_somebody_without_a_post(self, look, town):
        assert look(town.idle, "橡林") == {}


class TestPage:
    def test_words_travel_by_post_only(self, client, town):
        client.force_login(town.secretary)
        response = client.get(reverse("search"), {"q": "王秀英"})
        assert response.status_code == 200
        assert response.context["groups"] == []
        assert "王秀英" not in response.content.decode()

    def test_too_short_and_nothing_found_say_what_to_do(self, client, town):
        client.force_login(town.secretary)
        short = client.post(reverse("search"), {"q": "王"}).content.decode()
        none = client.post(reverse("search"), {"q": "没有这个"}).content.decode()
        assert 'class="empty"' in short and 'class="empty"' in none
        assert short.split('class="empty"')[1][:60] != none.split('class="empty"')[1][:60]

    def test_no_full_name_or_phone_in_the_page(self, client, town):
        client.force_login(town.secretary)
        html = client.post(reverse("search"), {"q": "0123"}).content.decode()
        assert "王秀英" not in html and "13000000123" not in html

    def test_nonsense_is_harmless(self, client, town):
        client.force_login(town.secretary)
        for words in ("%%", "''", '"; drop', "<b>x</b>", "a" * 500, "\x00\x00", "🙂🙂", "--", "3-1-201-4-5"):
            response = client.post(reverse("search"), {"q": words})
            assert response.status_code == 200, words
            assert "<b>x</b>" not in response.content.decode()

    def test_nonsense_is_harmless_in_every_list(self, client, town):
        lists = "issue_list visit_list opinion_list round_list household_list compound_list division_list unit_list"
        client.force_login(town.secretary)
        for name in lists.split():
            for words in ("\x00王\x00", "%_%", "' OR 1=1", "🙂"):
                assert client.post(reverse(name), {"q": words}).status_code == 200, (name, words)

    @pytest.mark.parametrize("more", [0, 20])
    def test_costs_twelve_queries_at_most(self, client, town, sql_count, more):
        neighbours(town, more)
        for _number in range(more):
            new_issue(town)
        client.force_login(town.secretary)
        for words in ("橡林", "0123", "3-1-201", "wxy", "王小", "wangx"):
            client.post(reverse("search"), {"q": words})
            with sql_count(at_most=12):
                client.post(reverse("search"), {"q": words})
