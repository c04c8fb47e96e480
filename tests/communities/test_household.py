"""Pages of households: list with search, detail, adding, correcting."""

from uuid import uuid4

import pytest
from django.urls import reverse

from communities.models import Building, Compound, Household, Resident
from foundation.journal.models import Entry
from tests.communities.conftest import filled
from tests.town import life, new_issue, person
from visits.models import Visit

pytestmark = pytest.mark.django_db
LIST = "/communities/households/"


def add(town, door, *, building="3号楼", stair="1", compound=None, **facts):
    compound = compound or town.compound
    return compound.add_household(by=None, client_uuid=uuid4(), building=building, stair=stair, door=door, **facts)


def live_in(household, name, **facts):
    return Resident.objects.add(by=None, client_uuid=uuid4(), household=household, name=name, **facts)


def doors(response):
    return [row.door for row in response.context["page"].object_list]


class TestHouseholdList:
    @pytest.fixture
    def more(self, town):
        """501 of 欧阳娜娜 and 李强 (landline), 1201 of 赵六 with care level 2, and one in the neighbouring community."""
        first = add(town, "501", occupancy="tenant")
        live_in(first, "欧阳娜娜", phone="13000000456")
        live_in(first, "李强", phone="0396-2345678")
        second = add(town, "1201")
        live_in(second, "赵六", care_level=2, phone="13000001201")
        other = Compound.objects.add(by=None, client_uuid=uuid4(), community=town.next_community, name="文明家园")
        live_in(add(town, "801", building="1号楼", compound=other), "李强", phone="13000000789")

    def test_in_walking_order_with_masked_names(self, town, more, sign_in):
        page = sign_in(town.secretary).get(LIST)
        assert doors(page) == ["201", "501", "1201"]
        body = page.content.decode()
        assert "王**" in body and "欧阳**" in body
        for secret in ("王秀英", "欧阳娜娜", "13000000123"):
            assert secret not in body

    def test_search_by_address_name_and_number_in_ones_own_area(self, town, more, sign_in):
        expected = [
            ("王秀", ["201"]),
            ("秀英", ["201"]),
            ("王", []),
            ("欧阳娜娜", ["501"]),
            ("李强", ["501"]),
            ("13000000456", ["501"]),
            ("130 0000 0456", ["501"]),
            ("１３００００００４５６", ["501"]),
            ("0396-2345678", ["501"]),
            ("0456", ["501"]),
            ("5678", ["501"]),
            ("456", []),
            ("1201", ["1201"]),
            ("橡林小区", ["201", "501", "1201"]),
            ("3号楼 201", ["201"]),
            ("橡林 赵六", ["1201"]),
            ("赵六 501", []),
            ("文明", []),
            ("13000000789", []),
        ]
        client = sign_in(town.secretary)
        assert [(words, doors(client.post(LIST, {"q": words}))) for words, _found in expected] == expected

    def test_who_sees_more_finds_more(self, town, more, sign_in):
        assert sorted(doors(sign_in(town.coordinator).post(LIST, {"q": "李强"}))) == ["501", "801"]

    def test_who_left_is_not_found(self, town, more, sign_in):
        resident = Resident.objects.get(name="赵六")
        life(town, "move_out", resident)
        assert doors(sign_in(town.secretary).post(LIST, {"q": "赵六"})) == []

    def test_the_words_are_no_part_of_any_address(self, town, more, sign_in):
        body = sign_in(town.secretary).post(LIST, {"q": "13000000456"}).content.decode()
        assert "q=" not in body.replace('name="q"', "")
        assert doors(sign_in(town.secretary).get(LIST, {"q": "王秀英"})) == ["201", "501", "1201"]

    def test_filters(self, town, more, sign_in):
        expected = [
            ({"care": "any"}, ["201", "1201"]),
            ({"care": "1"}, ["201"]),
            ({"care": "3"}, []),
            ({"occupancy": "tenant"}, ["501"]),
            ({"occupancy": "moon", "care": "2"}, ["1201"]),
            ({"community": "411702007001"}, []),
        ]
        client = sign_in(town.secretary)
        assert [(query, doors(client.get(LIST, query))) for query, _found in expected] == expected

    def test_who_works_above_chooses_a_community_then_a_compound(self, town, more, sign_in):
        client = sign_in(town.coordinator)
        assert "compound" not in client.get(LIST).context["filter"].fields
        page = client.get(LIST, {"community": "411702007002"})
        assert doors(page) == ["201", "501", "1201"]
        assert [label for _value, label in page.context["filter"].fields["compound"].choices][1:] == ["橡林小区"]

    def test_voided_ones_are_not_listed(self, town, more, sign_in):
        town.household.void(by=town.secretary, reason="重复登记")
        client = sign_in(town.secretary)
        assert doors(client.get(LIST)) == ["501", "1201"]
        assert doors(client.post(LIST, {"q": "王秀英"})) == []

    def test_voided_residents_are_not_shown(self, town, sign_in):
        town.resident.void(by=town.secretary, reason="重复登记")
        page = sign_in(town.secretary).get(LIST, {"care": "any"})
        assert doors(page) == [] and "王**" not in sign_in(town.secretary).get(LIST).content.decode()

    def test_who_works_with_no_people_is_refused(self, town, sign_in):
        for who in (town.system_admin, town.handler, town.idle):
            assert sign_in(who).get(LIST).status_code == 403

    @pytest.mark.parametrize("rows", [1, 20])
    def test_queries(self, town, sign_in, sql_count, rows):
        for number in range(2, rows + 1):
            live_in(add(town, f"{number}02"), "赵六", phone="13000000456")
        client = sign_in(town.secretary)
        for ask in (client.get, lambda url: client.post(url, {"q": "橡林"})):
            with sql_count(at_most=8):
                assert len(doors(ask(LIST))) == rows
        client = sign_in(town.coordinator)
        with sql_count(at_most=8):
            client.get(LIST, {"community": "411702007002", "care": "any"})


class TestHouseholdDetail:
    @pytest.fixture
    def url(self, town):
        return town.household.get_absolute_url()

    def test_full_names_and_masked_numbers(self, town, url, sign_in):
        body = sign_in(town.grid_worker).get(url).content.decode()
        for text in ("王秀英", "130****0123", "420199********0023", "1单元 201"):
            assert text in body
        assert "13000000123" not in body and "420199194205060023" not in body

    def test_next_steps_by_role(self, town, url, sign_in):
        steps = {
            "visit": reverse("visit_create", args=[town.household.pk]),
            "report": f"{reverse('issue_create')}?household={town.household.pk}",
            "edit": reverse("household_edit", args=[town.household.pk]),
            "reveal": reverse("resident_reveal", args=[town.resident.pk]),
        }

        def offered(who):
            body = sign_in(who).get(url).content.decode()
            return {name for name, address in steps.items() if address in body}

        assert offered(town.grid_worker) == offered(town.secretary) == set(steps)
        assert offered(town.admin_of_district) == {"report", "edit", "reveal"}
        assert offered(town.auditor) == set()

    def test_last_visits_and_open_issues(self, town, url, sign_in):
        visit = Visit.objects.log(
            by=town.grid_worker, client_uuid=uuid4(), household=town.household, outcome="met", situation="normal"
        )
        gone = Visit.objects.log(
            by=town.grid_worker, client_uuid=uuid4(), household=town.household, outcome="nobody_home"
        )
        gone.void(by=town.grid_worker, reason="记错住户")
        issue = new_issue(town)
        page = sign_in(town.secretary).get(url)
        assert list(page.context["visits"]) == [visit]
        assert list(page.context["issues"]) == [issue]

    def test_an_issue_in_confidence_does_not_betray_its_reporter(self, town, url, sign_in):
        new_issue(town, anonymity="confidential")
        assert not sign_in(town.coordinator).get(url).context["issues"]
        assert sign_in(town.secretary).get(url).context["issues"]

    def test_who_left_stands_apart_and_voided_ones_nowhere(self, town, url, sign_in):
        live_in(town.household, "错登人").void(by=town.secretary, reason="误登")
        life(town, "move_out")
        page = sign_in(town.secretary).get(url)
        assert page.context["residents"] == [] and page.context["former"] == [town.resident]
        assert "错登人" not in page.content.decode()

    def test_a_voided_household_says_so(self, town, url, sign_in):
        town.household.void(by=town.secretary, reason="重复登记")
        assert "重复登记" in sign_in(town.secretary).get(url).content.decode()

    def test_outsiders_and_the_system_admin(self, town, url, sign_in):
        for who in (town.outsider, town.system_admin, town.handler, town.property_handler, town.idle):
            assert sign_in(who).get(url).status_code == 404
        assert sign_in(town.auditor).get(url).status_code == 200

    @pytest.mark.parametrize("rows", [1, 20])
    def test_queries(self, town, url, sign_in, sql_count, rows):
        for number in range(rows):
            live_in(town.household, f"赵{number}", phone="13000000456")
            Visit.objects.log(
                by=town.grid_worker, client_uuid=uuid4(), household=town.household, outcome="met", situation="normal"
            )
            new_issue(town, anonymity="confidential" if number % 2 else "named")
        client = sign_in(town.secretary)
        with sql_count(at_most=10):
            client.get(url)


class TestHouseholdCreate:
    @pytest.fixture
    def url(self, town):
        return reverse("household_create", args=[town.compound.pk])

    def test_writes_it_in_the_building_of_that_name(self, town, url, sign_in, submit):
        sign_in(town.grid_worker)
        answer = submit(url, building="3号楼", stair="２", door="５０２", occupancy="tenant")
        household = Household.objects.get(door="502")
        assert answer.url == household.get_absolute_url()
        assert (household.building, household.stair) == (town.building, "2")
        assert household.address == "橡林小区 3号楼 2单元 502"
        assert household.area_path == town.grid_area.code
        assert household.created_by == town.grid_worker

    @pytest.mark.parametrize(("typed", "name"), [("3", "3号楼"), ("３", "3号楼"), ("7", "7号楼"), ("东楼", "东楼")])
    def test_a_bare_number_is_the_building_of_this_number(self, town, url, sign_in, submit, typed, name):
        sign_in(town.grid_worker)
        submit(url, building=typed, door="1")
        assert Household.objects.get(door="1").building.name == name
        assert Building.objects.filter(name="3号楼").count() == 1

    def test_again_opens_the_next_form_at_the_same_building(self, town, url, sign_in, submit, client):
        sign_in(town.grid_worker)
        answer = submit(url, building="3号楼", stair="2", door="502", again="1")
        form = client.get(answer.url).context["form"]
        assert (form["building"].value(), form["stair"].value(), form["door"].value()) == ("3号楼", "2", None)

    def test_sent_twice_is_one_household(self, town, url, sign_in, client):
        sign_in(town.grid_worker)
        form = filled(client.get(url).context["form"]) | {"building": "3号楼", "door": "502"}
        assert client.post(url, form).url == client.post(url, form).url
        assert Household.objects.filter(door="502").count() == 1

    def test_invalid_changes_nothing(self, town, url, sign_in, submit):
        sign_in(town.grid_worker)
        for typed in (
            {"door": ""},
            {"building": ""},
            {"building": "3", "stair": "1单元", "door": "201"},
            {"occupancy": "moon"},
            {"verified_on": "2999-01-01"},
            {"door": "9" * 30},
        ):
            answer = submit(url, **{"building": "9号楼", "door": "502"} | typed)
            assert answer.status_code == 200 and answer.context["form"].errors, typed
        assert Household.objects.count() == Building.objects.count() == 1

    def test_the_loser_of_a_race_for_a_door_is_sent_to_the_winner(self, town, url, sign_in, client, monkeypatch):
        """Both forms were valid when they were checked: the database decides, and no building is left behind."""
        monkeypatch.setattr("communities.forms.household.HouseholdFacts.refuse_taken", lambda *args: None)
        sign_in(town.grid_worker)
        form = filled(client.get(url).context["form"]) | {"building": "3号楼", "stair": "1", "door": "201"}
        assert client.post(url, form).status_code == 409
        assert Household.objects.count() == 1

    def test_readers_are_refused_outsiders_see_nothing(self, town, url, sign_in):
        assert sign_in(town.auditor).post(url, {"building": "3", "door": "1"}).status_code == 403
        for who in (town.outsider, town.system_admin, town.handler):
            assert sign_in(who).post(url, {"building": "3", "door": "1"}).status_code == 404
        assert Household.objects.count() == 1


class TestHouseholdEdit:
    @pytest.fixture
    def url(self, town):
        return reverse("household_edit", args=[town.household.pk])

    def test_corrects_address_and_walk(self, town, url, sign_in, submit):
        other = Building.objects.add(by=None, compound=town.compound, name="4号楼")
        sign_in(town.grid_worker)
        submit(url, building=other.pk, door="302", remark="门铃坏了")
        town.household.refresh_from_db()
        assert town.household.address == "橡林小区 4号楼 1单元 302"
        assert town.household.walk_order.startswith("00040001")
        assert town.household.remark == "门铃坏了"
        assert Entry.objects.get(subject_type="communities.household", verb="correct").actor == town.grid_worker

    def test_a_building_of_another_compound_is_refused(self, town, url, sign_in, submit):
        far = Building.objects.add(by=None, compound=town.far_compound, name="1号楼")
        sign_in(town.grid_worker)
        assert "building" in submit(url, building=far.pk).context["form"].errors

    def test_a_taken_door_is_refused(self, town, url, sign_in, submit):
        add(town, "202")
        sign_in(town.grid_worker)
        assert "door" in submit(url, door="２０２").context["form"].errors
        town.household.refresh_from_db()
        assert town.household.door == "201"

    def test_the_second_of_two_sees_both_versions(self, town, url, sign_in):
        client = sign_in(town.secretary)
        typed = filled(client.get(url).context["form"]) | {"door": "203"}
        town.household.correct(by=town.grid_worker, door="202")
        answer = client.post(url, typed)
        assert answer.status_code == 409 and "202" in answer.content.decode()
        town.household.refresh_from_db()
        assert town.household.door == "202"

    def test_readers_are_refused_outsiders_see_nothing(self, town, url, sign_in):
        assert sign_in(town.auditor).get(url).status_code == 403
        for who in (town.outsider, town.system_admin, town.handler):
            assert sign_in(who).get(url).status_code == 404

    def test_a_grid_worker_of_another_grid_sees_nothing(self, town, url, sign_in):
        second = town.community.children.create(
            code="411702007002002", level="grid", name="第二网格", full_name="第二网格"
        )
        assert sign_in(person("grid2", "蒋涛", "grid_worker", place=second.code)).get(url).status_code == 404
