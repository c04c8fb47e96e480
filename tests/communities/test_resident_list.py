"""The list of residents: masked, searched by POST, narrowed by GET, the same few queries however long it is."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.urls import reverse
from django.utils import timezone

from communities.forms.resident_filter import BANDS, of_age, years_before
from communities.models import Compound, Resident
from foundation import shortcuts
from tests.town import life

pytestmark = pytest.mark.django_db


@pytest.fixture
def url():
    return reverse("resident_list")


def add(town, door, name, *, compound=None, occupancy="owner", **facts):
    compound = compound or town.compound
    household = compound.add_household(
        by=None, client_uuid=uuid4(), building="5号楼", stair="2", door=door, occupancy=occupancy
    )
    return Resident.objects.add(by=None, client_uuid=uuid4(), household=household, name=name, **facts)


def years_ago(years, **more):
    return years_before(timezone.localdate(), years) - timedelta(**more)


@pytest.fixture
def more(town):
    """Four neighbours beside 王秀英 (84, phone, ID number, level 1), and one in the next community."""
    add(town, "101", "单小红", born_on=years_ago(6), phone="13000000456", residency="tenant")
    add(town, "102", "欧阳娜娜", born_on=years_ago(7), care_level=3, occupancy="tenant")
    ill = add(town, "103", "曾国强", born_on=years_ago(60), residency="absent", id_number="420199194205060023")
    Resident.objects.filter(pk=ill.pk).update(
        presence="hospital", presence_since=timezone.localdate(), verified_on=timezone.localdate()
    )
    add(town, "104", "李强")
    other = Compound.objects.add(by=None, client_uuid=uuid4(), community=town.next_community, name="文明家园")
    add(town, "801", "王小文", compound=other)


def names(response):
    assert response.status_code == 200
    return [row.name for row in response.context["rows"]]


def whole(response):
    return [resident.name for resident in response.context["page"].object_list]


class TestPage:
    def test_masked_in_the_order_of_places_and_leading_to_the_household(self, town, more, sign_in, url):
        page = sign_in(town.secretary).get(url)
        assert names(page) == ["王**", "单**", "欧阳**", "曾**", "李*"]
        body = page.content.decode()
        for secret in ("王秀英", "单小红", "13000000123", "420199194205060023", "0123"):
            assert secret not in body
        assert page.context["rows"][0].url == town.household.get_absolute_url()
        assert f'href="{town.household.get_absolute_url()}"' in body

    def test_says_what_is_missing_and_who_is_away(self, town, more, sign_in, url):
        rows = sign_in(town.secretary).get(url, headers={"accept-language": "en"}).context["rows"]
        assert [row.gaps for row in rows] == [
            "",
            "ID number",
            "phone number · ID number",
            "phone number",
            "date of birth · phone number · ID number",
        ]
        assert "in hospital" in rows[3].presence and not rows[0].presence
        assert [row.age for row in rows[1:]] == [6, 7, 60, "—"]

    def test_who_left_died_or_was_voided_is_not_there(self, town, more, sign_in, url):
        life(town, "death")
        Resident.objects.get(name="李强").void(by=town.secretary, reason="重复登记")
        assert whole(sign_in(town.secretary).get(url)) == ["单小红", "欧阳娜娜", "曾国强"]

    def test_who_works_with_no_people_is_refused_and_others_see_their_own(self, town, more, sign_in, url):
        for who in (town.system_admin, town.handler, town.idle):
            assert sign_in(who).get(url).status_code == 403
        assert names(sign_in(town.outsider).get(url)) == []
        assert sorted(whole(sign_in(town.coordinator).get(url)))[-1] == "王秀英"
        assert "王小文" in whole(sign_in(town.auditor).get(url))

    def test_an_empty_list_says_what_to_do(self, town, sign_in, url):
        assert 'class="empty"' in sign_in(town.outsider).get(url).content.decode()

    def test_households_and_residents_lead_to_each_other(self, town, sign_in, url):
        client = sign_in(town.secretary)
        assert reverse("household_list") in client.get(url).content.decode()
        page = client.get(reverse("household_list")).content.decode()
        assert f'href="{url}"' in page
        current = [item.name for item in client.get(url).context["frame"].nav if item.current]
        assert current == ["household_list"]


class TestNarrowing:
    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ({"care": "any"}, ["王秀英", "欧阳娜娜"]),
            ({"care": "3"}, ["欧阳娜娜"]),
            ({"age": "0-6"}, ["单小红"]),
            ({"age": "7-17"}, ["欧阳娜娜"]),
            ({"age": "60-79"}, ["曾国强"]),
            ({"age": "80"}, ["王秀英"]),
            ({"residency": "absent"}, ["曾国强"]),
            ({"residency": "unknown"}, ["王秀英", "欧阳娜娜", "李强"]),
            ({"tenants": "on"}, ["单小红", "欧阳娜娜"]),
            ({"presence": "hospital"}, ["曾国强"]),
            ({"gap": "phone"}, ["欧阳娜娜", "曾国强", "李强"]),
            ({"gap": "id_number"}, ["单小红", "欧阳娜娜", "李强"]),
            ({"gap": "born_on"}, ["李强"]),
            ({"unchecked": "on"}, ["王秀英", "单小红", "欧阳娜娜", "李强"]),
            ({"gap": "moon", "care": "3"}, ["欧阳娜娜"]),
            ({"community": "411702007001"}, []),
        ],
    )
    def test_filters(self, town, more, sign_in, url, query, found):
        assert whole(sign_in(town.secretary).get(url, query)) == found

    def test_places(self, town, more, sign_in, url):
        client = sign_in(town.coordinator)
        assert whole(client.get(url, {"community": "411702007001"})) == ["王小文"]
        assert len(whole(client.get(url, {"compound": town.compound.pk, "community": "411702007002"}))) == 5

    @pytest.mark.parametrize(
        ("words", "found"),
        [
            ("王秀", ["王秀英"]),
            ("wxy", ["王秀英"]),
            ("WangXiuying", ["王秀英"]),
            ("xiuying", ["王秀英"]),
            ("shan", ["单小红"]),
            ("sxh", ["单小红"]),
            ("dxh", ["单小红"]),
            ("zeng guoqiang", ["曾国强"]),
            ("oynn", ["欧阳娜娜"]),
            ("0456", ["单小红"]),
            ("13000000456", ["单小红"]),
            ("xqq", []),
            ("王小文", []),
        ],
    )
    def test_search(self, town, more, sign_in, url, words, found):
        client = sign_in(town.secretary)
        page = client.post(url, {"q": words})
        assert whole(page) == found
        assert len(whole(client.get(url, {"q": words}))) == 5  # words travel by POST only

    def test_search_and_filter_together(self, town, more, sign_in, url):
        assert whole(sign_in(town.secretary).post(f"{url}?care=any", {"q": "13000000456"})) == []

    def test_bands_hold_everybody_once(self):
        ages = {}
        for code, (_label, youngest, oldest) in BANDS.items():
            for age in range(youngest, (oldest or 110) + 1):
                ages.setdefault(age, []).append(code)
        assert all(len(codes) == 1 for codes in ages.values()) and set(range(111)) == set(ages)

    def test_a_birthday_on_the_last_of_february(self, town):
        today = timezone.localdate().replace(year=2027, month=2, day=28)
        born = today.replace(year=2020, month=2, day=29)
        Resident.objects.filter(pk=town.resident.pk).update(born_on=born)
        assert Resident.objects.filter(of_age(0, 6, today)).exists()
        assert Resident.objects.filter(of_age(7, 17, today + timedelta(days=1))).exists()


class TestLength:
    @pytest.mark.parametrize("rows", [1, 20])
    def test_queries(self, town, sign_in, sql_count, url, rows):
        for number in range(rows - 1):
            add(town, f"{number}02", "王小红", phone="13000000456")
        client = sign_in(town.secretary)
        for ask in (client.get, lambda address: client.post(address, {"q": "王"})):
            with sql_count(at_most=7):
                assert len(names(ask(url))) == rows

    def test_a_long_list_is_counted_so_far_only(self, town, more, sign_in, url, monkeypatch):
        monkeypatch.setattr(shortcuts, "MOST_COUNTED", 3)
        page = sign_in(town.secretary).get(url, headers={"accept-language": "en"})
        assert page.context["page"].paginator.is_cut
        assert page.context["page"].paginator.count == 3
        assert "more than 3 residents" in page.content.decode()
