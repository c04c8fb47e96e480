"""Pages of units: bureaus, property companies, teams; area offices come with their places."""

import pytest
from django.urls import reverse

from communities.models import Unit
from foundation.journal.models import Entry
from tests.communities.conftest import filled
from tests.town import person

pytestmark = pytest.mark.django_db
LIST = "/communities/units/"


def names(response):
    return [unit.name for unit in response.context["page"].object_list]


def found(name, division, kind="team", **facts):
    return Unit.objects.found(by=None, name=name, kind=kind, division=division, **facts)


class TestUnitList:
    def test_units_of_ones_area_without_the_offices(self, town, sign_in):
        assert names(sign_in(town.admin_of_district).get(LIST)) == ["驿城区住房和城乡建设局", "安居物业公司"]
        assert names(sign_in(town.secretary).get(LIST)) == ["安居物业公司"]

    def test_by_kind_offices_too(self, town, sign_in):
        client = sign_in(town.secretary)
        assert names(client.get(LIST, {"kind": "office"})) == ["橡林社区", "橡林社区第一网格"]
        assert names(client.get(LIST, {"kind": "bureau"})) == []
        assert names(client.get(LIST, {"kind": "moon"})) == ["安居物业公司"]

    def test_search(self, town, sign_in):
        client = sign_in(town.admin_of_district)
        assert names(client.post(LIST, {"q": "住房"})) == ["驿城区住房和城乡建设局"]
        assert names(client.post(LIST, {"q": "中山"})) == []

    def test_closed_ones_are_not_listed(self, town, sign_in):
        town.property_unit.correct(by=None, closed_on="2026-01-01")
        assert names(sign_in(town.secretary).get(LIST)) == []

    def test_who_works_with_no_places_is_refused(self, town, sign_in):
        assert sign_in(town.handler).get(LIST).status_code == 403

    @pytest.mark.parametrize("rows", [1, 20])
    def test_queries(self, town, sign_in, sql_count, rows):
        for number in range(2, rows + 1):
            found(f"服务队{number}", town.community)
        client = sign_in(town.secretary)
        with sql_count(at_most=8):
            assert len(names(client.get(LIST))) == rows


class TestUnitDetail:
    def test_who_works_there_and_which_compounds_it_serves(self, town, sign_in):
        found("安居维修班", town.community, parent=town.property_unit)
        body = sign_in(town.secretary).get(town.property_unit.get_absolute_url()).content.decode()
        for text in ("安居物业公司", "钱进", "橡林小区", "安居维修班"):
            assert text in body

    def test_of_an_office_phone_and_people_are_those_of_its_place(self, town, sign_in):
        town.community.correct(by=None, office_phone="0396-1234567")
        office = town.community.units.offices().get()
        body = sign_in(town.secretary).get(office.get_absolute_url()).content.decode()
        assert "0396-1234567" in body and "周建平" in body

    def test_compounds_outside_ones_area_and_voided_ones_are_left_out(self, town, sign_in):
        town.compound.void(by=None, reason="重复登记")
        page = sign_in(town.secretary).get(town.property_unit.get_absolute_url())
        assert not page.context["compounds"]

    def test_outsiders(self, town, sign_in):
        for who in (town.outsider, town.property_handler, town.idle):
            assert sign_in(who).get(town.property_unit.get_absolute_url()).status_code == 404
        assert sign_in(town.secretary).get(town.bureau.get_absolute_url()).status_code == 404

    @pytest.mark.parametrize("rows", [1, 20])
    def test_queries(self, town, sign_in, sql_count, rows):
        for number in range(rows):
            found(f"班组{number}", town.community, parent=town.property_unit)
            person(f"worker{number}", f"工人{number}", "handler", unit=town.property_unit)
        client = sign_in(town.secretary)
        with sql_count(at_most=10):
            client.get(town.property_unit.get_absolute_url())


class TestUnitCreate:
    FACTS = {"name": "志愿服务队", "kind": "team", "phone": "０３９６－１２３４５６７"}

    @pytest.fixture
    def url(self, town):
        return reverse("unit_create", args=[town.community.code])

    def test_founds_it_under_the_areas_office(self, town, url, sign_in, submit):
        sign_in(town.secretary)
        answer = submit(url, **self.FACTS)
        unit = Unit.objects.get(name="志愿服务队")
        assert answer.url == unit.get_absolute_url()
        assert (unit.phone, unit.area_path) == ("0396-1234567", town.community.code)
        assert unit.parent == town.community.units.offices().get() and unit.path.startswith(f"A{town.community.code}/")
        assert Entry.objects.get(verb="found", subject_id=unit.pk).actor == town.secretary

    def test_under_another_unit(self, town, url, sign_in, submit):
        sign_in(town.secretary)
        submit(url, **self.FACTS, parent=town.property_unit.pk)
        assert Unit.objects.get(name="志愿服务队").path.startswith(f"{town.property_unit.path}/")

    def test_sent_twice_is_one_unit(self, town, url, sign_in, client):
        sign_in(town.secretary)
        form = filled(client.get(url).context["form"]) | self.FACTS
        assert client.post(url, form).url == client.post(url, form).url
        assert Unit.objects.filter(name="志愿服务队").count() == 1

    def test_invalid_changes_nothing(self, town, url, sign_in, submit):
        sign_in(town.secretary)
        before = Unit.objects.count()
        for typed in (
            {"name": ""},
            {"name": "安居物业公司"},
            {"kind": "office"},
            {"kind": "bureau"},
            {"phone": "打给小王"},
            {"parent": town.bureau.pk},
        ):
            assert set(submit(url, **self.FACTS | typed).context["form"].errors) == set(typed)
        assert Unit.objects.count() == before

    def test_departments_are_founded_by_street_and_district(self, town, sign_in, submit):
        sign_in(town.coordinator)
        submit(reverse("unit_create", args=[town.street.code]), name="橡林街道城管中队", kind="bureau")
        assert Unit.objects.get(name="橡林街道城管中队").is_department

    def test_readers_are_refused_outsiders_see_nothing(self, town, url, sign_in):
        for who in (town.cadre, town.auditor):
            assert sign_in(who).post(url, self.FACTS).status_code == 403
        for who in (town.outsider, town.grid_worker, town.property_handler):
            assert sign_in(who).post(url, self.FACTS).status_code == 404


class TestUnitEdit:
    @pytest.fixture
    def url(self, town):
        return reverse("unit_edit", args=[town.property_unit.pk])

    def test_corrects_and_closes(self, town, url, sign_in, submit):
        sign_in(town.secretary)
        assert submit(url, name="安居物业服务公司", closed_on="2026-01-31").url == town.property_unit.get_absolute_url()
        town.property_unit.refresh_from_db()
        assert town.property_unit.name == "安居物业服务公司"
        assert not Unit.objects.active().filter(pk=town.property_unit.pk).exists()
        entry = Entry.objects.get(subject_type="communities.unit", verb="correct")
        assert (entry.actor, entry.fields) == (town.secretary, ["closed_on", "name"])

    def test_an_office_is_corrected_where_its_place_is(self, town, sign_in):
        office = town.community.units.offices().get()
        answer = sign_in(town.secretary).get(reverse("unit_edit", args=[office.pk]))
        assert answer.url == reverse("division_edit", args=[town.community.code])

    def test_invalid_changes_nothing(self, town, url, sign_in, submit):
        sign_in(town.secretary)
        for typed in ({"name": ""}, {"kind": "office"}, {"closed_on": "2999-01-01"}, {"phone": "x"}):
            assert set(submit(url, **typed).context["form"].errors) == set(typed)
        town.property_unit.refresh_from_db()
        assert town.property_unit.version == 1

    def test_the_second_of_two_sees_both_versions(self, town, url, sign_in):
        client = sign_in(town.coordinator)
        typed = filled(client.get(url).context["form"]) | {"address": "橡林路2号"}
        town.property_unit.correct(by=town.secretary, address="橡林路1号")
        assert client.post(url, typed).status_code == 409

    def test_readers_are_refused_outsiders_see_nothing(self, town, url, sign_in):
        assert sign_in(town.auditor).get(url).status_code == 403
        for who in (town.outsider, town.property_handler):
            assert sign_in(who).get(url).status_code == 404
