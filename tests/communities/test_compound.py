"""Pages of compounds and their buildings."""

from uuid import UUID, uuid4

import pytest
from django.urls import reverse

from communities.models import Building, Compound, Division, Household, Unit
from communities.views.compound import MOST_ON_ONE_PAGE
from foundation.journal.models import Entry
from tests.communities.conftest import filled
from tests.town import new_issue

pytestmark = pytest.mark.django_db
LIST = "/communities/compounds/"


def add(community, name, **facts):
    return Compound.objects.add(by=None, client_uuid=uuid4(), community=community, name=name, **facts)


def names(response):
    return [compound.name for compound, _contact in response.context["rows"]]


class TestCompoundList:
    @pytest.fixture
    def more(self, town):
        add(town.community, "铁路西院", developer_kind="employer", address="铁路西路8号")
        add(town.next_community, "文明家园", management="self")

    def test_all_of_ones_area_with_what_is_recorded_and_whom_to_look_for(self, town, more, sign_in):
        page = sign_in(town.coordinator).get(LIST)
        assert names(page) == ["文明家园", "橡林小区", "铁路西院"]
        compound, contact = page.context["rows"][1]
        assert (compound.stated_households, compound.recorded_households, contact.name) == (48, 1, "吴晓")

    def test_filters(self, town, more, sign_in):
        expected = [
            ({"management": "none"}, ["铁路西院"]),
            ({"management": "self"}, ["文明家园"]),
            ({"developer_kind": "employer"}, ["铁路西院"]),
            ({"community": "411702007002"}, ["橡林小区", "铁路西院"]),
            ({"community": "411702007002", "management": "property"}, ["橡林小区"]),
            ({"management": "moon", "community": "210202012004"}, ["文明家园", "橡林小区", "铁路西院"]),
            ({"page": "nonsense"}, ["文明家园", "橡林小区", "铁路西院"]),
        ]
        client = sign_in(town.coordinator)
        assert [(query, names(client.get(LIST, query))) for query, _found in expected] == expected

    def test_search_in_names_and_addresses(self, town, more, sign_in):
        expected = [("橡林", ["橡林小区"]), ("铁路西", ["铁路西院"]), ("西路8号", ["铁路西院"]), ("海景", [])]
        client = sign_in(town.coordinator)
        assert [(words, names(client.post(LIST, {"q": words}))) for words, _found in expected] == expected

    def test_search_within_a_filter(self, town, more, sign_in):
        client = sign_in(town.coordinator)
        assert names(client.post(f"{LIST}?management=none", {"q": "铁路"})) == ["铁路西院"]
        assert names(client.post(f"{LIST}?management=self", {"q": "铁路"})) == []

    def test_the_pages_of_a_search_are_buttons_that_carry_the_words(self, town, sign_in):
        for number in range(60):
            add(town.community, f"光明{number}号院")
        page = sign_in(town.secretary).post(LIST, {"q": "光明", "page": "2"})
        body = page.content.decode()
        assert len(names(page)) == 10
        assert 'name="page" value="1"' in body and 'name="q" value="光明"' in body and "?q=" not in body

    def test_voided_ones_are_not_listed(self, town, more, sign_in):
        town.compound.void(by=town.secretary, reason="重复登记")
        assert "橡林小区" not in names(sign_in(town.coordinator).get(LIST))
        assert names(sign_in(town.coordinator).post(LIST, {"q": "橡林"})) == []

    def test_who_works_with_no_places_is_refused(self, town, sign_in):
        assert sign_in(town.handler).get(LIST).status_code == 403

    @pytest.mark.parametrize("rows", [1, 20])
    def test_queries(self, town, sign_in, sql_count, rows):
        for number in range(2, rows + 1):
            add(town.community, f"第{number}院", responsible=town.cadre)
        client = sign_in(town.secretary)
        for query in ({}, {"community": town.community.code}):
            with sql_count(at_most=8):
                assert len(names(client.get(LIST, query))) == rows


class TestCompoundDetail:
    def url(self, compound):
        return reverse("compound_detail", args=[compound.pk])

    def test_shows_facts_people_doors_and_open_issues(self, town, sign_in):
        new_issue(town)
        page = sign_in(town.secretary).get(self.url(town.compound))
        body = page.content.decode()
        for text in ("吴晓", "安居物业公司", "3号楼", "1单元 201", "电梯异响"):
            assert text in body
        assert page.context["compound"].unrecorded_households == 47
        assert "王秀英" not in body

    def test_households_in_walking_order(self, town, sign_in):
        for building, stair, door in (
            ("10号楼", "1", "101"),
            ("2号楼", "2", "101"),
            ("2号楼", "1", "1001"),
            ("2号楼", "1", "201"),
        ):
            town.compound.add_household(by=None, client_uuid=uuid4(), building=building, stair=stair, door=door)
        places = [row.place for row in sign_in(town.secretary).get(self.url(town.compound)).context["households"]]
        assert places == [
            "2号楼 1单元 201",
            "2号楼 1单元 1001",
            "2号楼 2单元 101",
            "3号楼 1单元 201",
            "10号楼 1单元 101",
        ]

    def test_a_large_compound_shows_one_building_at_a_time(self, town, sign_in):
        second = Building.objects.add(by=None, compound=town.compound, name="4号楼")
        Household.objects.bulk_create(self.doors(town, second, MOST_ON_ONE_PAGE))
        client = sign_in(town.secretary)
        assert [row.door for row in client.get(self.url(town.compound)).context["households"]] == ["201"]
        other = client.get(self.url(town.compound), {"building": second.pk})
        assert len(other.context["households"]) == MOST_ON_ONE_PAGE

    def doors(self, town, building, count):
        rows = [
            Household(compound=town.compound, building=building, door=str(number), area_path=town.compound.area_path)
            for number in range(count)
        ]
        for row in rows:
            row.derive()
        return rows

    def test_voided_households_and_closed_issues_are_left_out(self, town, sign_in):
        issue = new_issue(town)
        issue.void(by=town.secretary, reason="误报")
        town.household.void(by=town.secretary, reason="重复登记")
        page = sign_in(town.secretary).get(self.url(town.compound))
        assert not page.context["households"] and not page.context["issues"]
        assert page.context["compound"].recorded_households == 0

    def test_an_issue_in_confidence_shows_its_category_only(self, town, sign_in):
        new_issue(town, anonymity="confidential")
        assert "电梯异响" not in sign_in(town.coordinator).get(self.url(town.compound)).content.decode()
        assert "电梯异响" in sign_in(town.secretary).get(self.url(town.compound)).content.decode()

    def test_the_system_admin_sees_the_place_and_not_its_people(self, town, sign_in):
        page = sign_in(town.system_admin).get(self.url(town.compound))
        assert page.status_code == 200
        assert not page.context["households"] and "1单元 201" not in page.content.decode()

    def test_outsiders(self, town, sign_in):
        for who in (town.outsider, town.handler, town.property_handler, town.idle):
            assert sign_in(who).get(self.url(town.compound)).status_code == 404

    @pytest.mark.parametrize("rows", [1, 20])
    def test_queries(self, town, sign_in, sql_count, rows):
        for number in range(rows):
            town.compound.add_household(by=None, client_uuid=uuid4(), building=f"{number}号楼", door="1")
            new_issue(town)
        client = sign_in(town.secretary)
        with sql_count(at_most=10):
            client.get(self.url(town.compound))


class TestCompoundCreate:
    FACTS = {"name": "铁路西院", "kind": "courtyard", "management": "none", "developer_kind": "employer"}

    @pytest.fixture
    def url(self, town):
        return reverse("compound_create", args=[town.community.code])

    def test_writes_it_in_its_grid(self, town, url, sign_in, submit):
        sign_in(town.secretary)
        answer = submit(url, **self.FACTS, grid=town.grid_area.pk, stated_households="32")
        compound = Compound.objects.get(name="铁路西院")
        assert answer.url == compound.get_absolute_url()
        assert (compound.area_path, compound.stated_households) == (town.grid_area.code, 32)
        assert compound.created_by == town.secretary
        assert Entry.objects.filter(subject_type="communities.compound", verb="add", actor=town.secretary).count() == 2

    def test_sent_twice_is_one_compound(self, town, url, sign_in, client):
        sign_in(town.secretary)
        form = self.FACTS | {"client_uuid": "6f1b6a3e-3a5e-4f35-8a53-0f6a0f0c0001"}
        assert client.post(url, form).url == client.post(url, form).url
        assert Compound.objects.filter(client_uuid=UUID(form["client_uuid"])).count() == 1

    def test_anothers_form_is_a_conflict(self, town, url, sign_in, client):
        form = self.FACTS | {"client_uuid": "6f1b6a3e-3a5e-4f35-8a53-0f6a0f0c0001"}
        sign_in(town.secretary)
        client.post(url, form)
        sign_in(town.coordinator)
        assert client.post(url, form).status_code == 409

    def test_invalid_changes_nothing(self, town, url, sign_in, submit):
        sign_in(town.secretary)
        for typed in (
            {"name": ""},
            {"name": "橡林小区"},
            {"name": "橡林小区　"},
            {"management": "moon"},
            {"built_year": "1600"},
            {"built_year": "2999"},
            {"stated_households": "-1"},
            {"management": "none", "property_unit": town.property_unit.pk},
            {"grid": town.far_community.pk},
            {"responsible": town.outsider.pk},
        ):
            answer = submit(url, **self.FACTS | typed)
            assert answer.status_code == 200 and answer.context["form"].errors, typed
        assert Compound.objects.count() == 2

    def test_choices_are_the_communitys_own(self, town, url, sign_in):
        Unit.objects.found(by=None, name="远方物业", kind="property", division=town.far_community)
        Unit.objects.found(by=None, name="志愿服务队", kind="team", division=town.community)
        form = sign_in(town.secretary).get(url).context["form"]
        assert [row.name for row in form.fields["grid"].queryset] == ["橡林社区第一网格"]
        assert [row.name for row in form.fields["property_unit"].queryset] == ["安居物业公司"]
        assert set(form.fields["responsible"].queryset) == {
            town.secretary,
            town.deputy,
            town.grid_worker,
            town.coordinator,
            town.cadre,
        }

    def test_only_communities_have_compounds(self, town, sign_in):
        assert sign_in(town.coordinator).get(reverse("compound_create", args=[town.street.code])).status_code == 404

    def test_readers_are_refused_outsiders_see_nothing(self, town, url, sign_in):
        for who in (town.cadre, town.auditor):
            assert sign_in(who).post(url, self.FACTS).status_code == 403
        for who in (town.outsider, town.grid_worker, town.handler):
            assert sign_in(who).post(url, self.FACTS).status_code == 404
        assert Compound.objects.count() == 2


class TestCompoundEdit:
    @pytest.fixture
    def url(self, town):
        return reverse("compound_edit", args=[town.compound.pk])

    def test_corrects_and_journals(self, town, url, sign_in, submit):
        sign_in(town.secretary)
        assert submit(url, remark="新装了门禁", responsible=town.cadre.pk).url == town.compound.get_absolute_url()
        town.compound.refresh_from_db()
        assert (town.compound.remark, town.compound.responsible) == ("新装了门禁", town.cadre)
        assert Entry.objects.get(subject_type="communities.compound", verb="correct").fields == [
            "remark",
            "responsible",
        ]

    def test_a_new_name_is_in_every_address(self, town, url, sign_in, submit):
        sign_in(town.secretary)
        submit(url, name="橡林新村")
        town.household.refresh_from_db()
        assert town.household.address == "橡林新村 3号楼 1单元 201"
        assert [row.pk for row in Household.objects.found_by("新村")] == [town.household.pk]

    def test_another_grid_takes_along_people_and_issues(self, town, url, sign_in, submit):
        issue = new_issue(town)
        second = Division.objects.establish(by=None, code="411702007002002", name="第二网格", parent=town.community)
        sign_in(town.secretary)
        submit(url, grid=second.pk)
        for row in (town.compound, town.household, town.resident, issue):
            row.refresh_from_db()
            assert row.area_path == second.code
        assert issue.area_path_then == town.grid_area.code

    def test_another_community_takes_people_along_and_leaves_issues_with_their_first_receiver(
        self, town, url, sign_in, submit
    ):
        issue = new_issue(town)
        sign_in(town.coordinator)
        answer = submit(url, community=town.next_community.pk, grid="", responsible="")
        assert answer.status_code == 302
        for row in (town.compound, town.household, town.resident):
            row.refresh_from_db()
            assert row.area_path == town.next_community.code
        issue.refresh_from_db()
        assert (issue.area_path, issue.community) == (town.grid_area.code, town.community)

    def test_a_grid_of_the_old_community_is_refused(self, town, url, sign_in, submit):
        sign_in(town.coordinator)
        answer = submit(url, community=town.next_community.pk)
        assert set(answer.context["form"].errors) == {"grid"}

    def test_communities_of_others_are_no_choice(self, town, url, sign_in, submit):
        assert "community" not in sign_in(town.secretary).get(url).context["form"].fields
        offered = sign_in(town.coordinator).get(url).context["form"].fields["community"].queryset
        assert {row.name for row in offered} == {"文明社区", "橡林社区"}
        assert "community" in submit(url, community=town.far_community.pk).context["form"].errors

    def test_a_taken_name_is_refused(self, town, url, sign_in, submit):
        add(town.community, "铁路西院")
        sign_in(town.secretary)
        assert "name" in submit(url, name="铁路西院").context["form"].errors

    def test_the_second_of_two_sees_both_versions(self, town, url, sign_in, client):
        client = sign_in(town.coordinator)
        form = client.get(url).context["form"]
        typed = filled(form) | {"address": "橡林路2号"}
        town.compound.correct(by=town.secretary, address="橡林路1号")
        answer = client.post(url, typed)
        body = answer.content.decode()
        assert answer.status_code == 409 and "橡林路1号" in body and "橡林路2号" in body
        town.compound.refresh_from_db()
        assert town.compound.address == "橡林路1号"

    def test_readers_are_refused_outsiders_see_nothing(self, town, url, sign_in):
        for who in (town.grid_worker, town.cadre, town.auditor):
            assert sign_in(who).post(url, {"name": "x"}).status_code == 403
        for who in (town.outsider, town.handler):
            assert sign_in(who).post(url, {"name": "x"}).status_code == 404


class TestBuildingEdit:
    @pytest.fixture
    def url(self, town):
        return reverse("building_edit", args=[town.building.pk])

    def test_a_new_name_moves_its_households_in_the_walk(self, town, url, sign_in, submit):
        sign_in(town.secretary)
        submit(url, name="１２号楼", floors="6")
        town.household.refresh_from_db()
        assert (town.household.address, town.household.walk_order[:4]) == ("橡林小区 12号楼 1单元 201", "0012")
        assert Entry.objects.get(subject_type="communities.building", verb="correct").actor == town.secretary

    def test_a_taken_name_is_refused(self, town, url, sign_in, submit):
        Building.objects.add(by=None, compound=town.compound, name="4号楼")
        sign_in(town.secretary)
        assert submit(url, name="4号楼").context["form"].errors
        town.building.refresh_from_db()
        assert town.building.name == "3号楼"

    def test_readers_are_refused_outsiders_see_nothing(self, town, url, sign_in):
        assert sign_in(town.grid_worker).get(url).status_code == 403
        assert sign_in(town.outsider).get(url).status_code == 404


class TestModel:
    def test_a_name_is_free_again_once_its_compound_is_voided(self, town):
        town.compound.void(by=town.secretary, reason="重复登记")
        assert add(town.community, "橡林小区").pk != town.compound.pk
