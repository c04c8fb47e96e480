"""摸清底数: what is recorded, what is missing and how long ago somebody looked; checking at the door."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.urls import reverse
from django.utils import timezone

from communities.models import Compound, Division, Household, Resident

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate()
LONG_AGO = TODAY - timedelta(days=400)


def detail(code):
    return reverse("completeness_detail", args=[code])


def gaps(code, kind):
    return reverse("gap_list", args=[code, kind])


@pytest.fixture
def home(town):
    """Beside the town's household: one checked long ago with a child of whom little is known, one checked today."""
    town.old = town.compound.add_household(by=None, client_uuid=uuid4(), building="3号楼", stair="1", door="202")
    town.new = town.compound.add_household(by=None, client_uuid=uuid4(), building="4号楼", stair="1", door="101")
    Household.objects.filter(pk=town.old.pk).update(verified_on=LONG_AGO)
    Household.objects.filter(pk=town.new.pk).update(verified_on=TODAY)
    town.child = Resident.objects.add(by=None, client_uuid=uuid4(), household=town.old, name="王小明")
    Compound.objects.filter(pk=town.compound.pk).update(stated_buildings=3)
    return town


class TestCompletenessDetail:
    def test_counts_of_a_community_by_compound_and_by_grid(self, home, sign_in):
        page = sign_in(home.secretary).get(detail(home.community.code))
        [row] = page.context["rows"]
        figures = row.figures
        assert row.name == "橡林小区"
        assert (figures.households, figures.stated_households) == (3, 48)
        assert (figures.buildings, figures.stated_buildings) == (2, 3)
        assert (figures.unchecked, figures.never, figures.checked, figures.oldest) == (2, 1, 1, LONG_AGO)
        assert (figures.people, figures.no_birth, figures.no_phone, figures.no_residency) == (2, 1, 1, 2)
        assert figures.no_responsible == 0  # the grid has a worker
        [grid] = page.context["grids"]
        assert (grid.code, grid.figures) == (home.grid_area.code, figures)

    def test_a_street_and_a_district_drill_down_in_the_order_of_codes(self, home, sign_in):
        page = sign_in(home.coordinator).get(detail(home.street.code))
        assert [row.name for row in page.context["rows"]] == ["文明社区", "橡林社区"]
        assert page.context["total"].figures.households == 3
        page = sign_in(home.admin_of_district).get(detail(home.district.code))
        assert [(row.name, row.figures.people) for row in page.context["rows"]] == [("人民街街道", 0), ("橡林街道", 2)]

    def test_compounds_without_a_responsible_person(self, home, sign_in):
        home.grid_worker.assignments.get().end(by=None)
        client = sign_in(home.secretary)
        assert client.get(detail(home.community.code)).context["total"].figures.no_responsible == 1
        home.compound.correct(by=None, responsible=home.cadre)
        assert client.get(detail(home.community.code)).context["total"].figures.no_responsible == 0

    def test_care_without_a_level_only_of_categories_that_one_may_see(self, home, sign_in):
        from communities.models import CareCategory

        Resident.objects.filter(pk=home.resident.pk).update(care_level=None)
        home.resident.refresh_from_db()
        home.resident.correct(by=home.secretary, categories=[CareCategory.objects.filter(sensitive="health").first()])
        client = sign_in(home.secretary)
        assert client.get(detail(home.community.code)).context["total"].figures.no_level == 0
        home.child.correct(by=home.secretary, categories=[CareCategory.objects.filter(sensitive="").first()])
        page = client.get(detail(home.community.code))
        assert page.context["total"].figures.no_level == 1
        listed = client.get(gaps(home.community.code, "no_level")).context["page"].object_list
        assert [row.pk for row in listed] == [home.child.pk]

    @pytest.mark.parametrize("rows", [1, 20])
    @pytest.mark.parametrize("code", ["411702007", "411702007002", "411702"])
    def test_queries(self, town, sign_in, sql_count, rows, code):
        for number in range(rows):
            compound = Compound.objects.add(
                by=None, client_uuid=uuid4(), community=town.community, name=f"第{number}院"
            )
            home = compound.add_household(by=None, client_uuid=uuid4(), building="1号楼", door="1")
            Resident.objects.add(by=None, client_uuid=uuid4(), household=home, name="某人")
            Division.objects.establish(
                by=None, code=f"411702007{number + 100}", name=f"第{number}社区", parent=town.street
            )
        client = sign_in(town.admin_of_district)
        with sql_count(at_most=14):
            client.get(detail(code))

    def test_who_sees_places_only_is_refused_outsiders_find_nothing(self, town, sign_in):
        assert sign_in(town.system_admin).get(detail(town.community.code)).status_code == 403
        assert sign_in(town.outsider).get(detail(town.community.code)).status_code == 404
        assert sign_in(town.grid_worker).get(detail(town.community.code)).status_code == 404


class TestCompletenessList:
    URL = "/communities/completeness/"

    def test_one_place_opens_at_once(self, town, sign_in):
        assert sign_in(town.secretary).get(self.URL).url == detail(town.community.code)

    def test_a_team_sees_its_compound(self, home, sign_in):
        from communities.access import Role
        from communities.models import Assignment

        Assignment.objects.assign(
            by=None, user=home.idle, role=Role.STREET_CADRE, since=LONG_AGO, compound=home.compound
        )
        [row] = sign_in(home.idle).get(self.URL).context["rows"]
        assert (row.name, row.figures.households) == ("橡林小区", 3)

    def test_who_works_with_no_people_is_refused(self, town, sign_in):
        assert sign_in(town.handler).get(self.URL).status_code == 403


class TestGapList:
    def test_every_number_leads_to_its_rows(self, home, sign_in):
        client = sign_in(home.secretary)
        figures = client.get(detail(home.community.code)).context["total"].figures
        for kind in ("unchecked", "no_birth", "no_phone", "no_residency", "no_level", "no_responsible"):
            assert client.get(gaps(home.community.code, kind)).context["page"].paginator.count == getattr(figures, kind)
        assert client.get(gaps(home.community.code, "unrecorded")).context["page"].paginator.count == 1

    def test_of_one_compound(self, home, sign_in):
        other = Compound.objects.add(by=None, client_uuid=uuid4(), community=home.community, name="铁路西院")
        client = sign_in(home.secretary)
        url = gaps(home.community.code, "unchecked")
        assert client.get(url, {"compound": home.compound.pk}).context["page"].paginator.count == 2
        assert client.get(url, {"compound": other.pk}).context["page"].paginator.count == 0

    def test_names_are_masked(self, home, sign_in):
        body = sign_in(home.secretary).get(gaps(home.community.code, "no_birth")).content.decode()
        assert "王小明" not in body and "王**" in body

    def test_a_gap_that_is_none(self, town, sign_in):
        assert sign_in(town.secretary).get(gaps(town.community.code, "moon")).status_code == 404

    @pytest.mark.parametrize("rows", [1, 20])
    def test_queries(self, town, sign_in, sql_count, rows):
        for number in range(rows):
            home = town.compound.add_household(by=None, client_uuid=uuid4(), building=f"{number}号楼", door="1")
            Resident.objects.add(by=None, client_uuid=uuid4(), household=home, name="某人")
        client = sign_in(town.secretary)
        for kind in ("unchecked", "no_birth", "no_level", "unrecorded"):
            with sql_count(at_most=9):
                client.get(gaps(town.community.code, kind))
