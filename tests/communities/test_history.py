"""What stood in the registers before: former values in words, secrets masked."""

from datetime import date
from uuid import uuid4

import pytest
from django.urls import reverse

from communities.models import Division, Unit

pytestmark = pytest.mark.django_db


def changes(client, name, pk):
    return client.get(reverse(f"{name}_history", args=[pk])).context["changes"]


class TestHistory:
    def test_of_a_resident_latest_first_with_secrets_masked(self, town, sign_in):
        town.resident.correct(by=town.cadre, phone="13000000456", born_on=date(1942, 5, 7))
        town.resident.correct(by=town.secretary, phone="13000000789", sex="m")
        client = sign_in(town.secretary)
        last, first = changes(client, "resident", town.resident.pk)
        assert (last.entry.actor, first.entry.actor) == (town.secretary, town.cadre)
        fields = {str(label): (before, after) for label, before, after in first.fields}
        assert ("130****0123", "130****0456") in fields.values()
        assert ("130****0456", "130****0789") in [(before, after) for _label, before, after in last.fields]
        body = client.get(reverse("resident_history", args=[town.resident.pk])).content.decode()
        assert not any(number in body for number in ("13000000123", "13000000456", "13000000789"))

    def test_of_a_household_and_a_compound_with_names_for_numbers(self, town, sign_in):
        second = Division.objects.establish(by=None, code="411702007002002", name="第二网格", parent=town.community)
        town.compound.correct(by=town.secretary, grid=second, responsible=town.cadre)
        town.household.correct(by=town.cadre, occupancy="vacant")
        client = sign_in(town.secretary)
        [change] = changes(client, "compound", town.compound.pk)
        values = {(before, after) for _label, before, after in change.fields}
        assert values == {("橡林社区第一网格", "第二网格"), ("—", "李秀兰")}
        [change] = changes(client, "household", town.household.pk)
        assert len(change.fields) == 1 and change.fields[0][1] != "owner"

    def test_of_a_unit_and_a_place(self, town, sign_in):
        town.property_unit.correct(by=town.secretary, phone="0396-1234567")
        town.community.correct(by=town.coordinator, office_phone="0396-7654321")
        client = sign_in(town.secretary)
        [change] = changes(client, "unit", town.property_unit.pk)
        assert change.fields[0][1:] == ("—", "0396-1234567")
        [change] = changes(client, "division", town.community.code)
        assert change.entry.actor == town.coordinator

    def test_nothing_changed_yet(self, town, sign_in):
        assert changes(sign_in(town.secretary), "household", town.household.pk) == []

    def test_outsiders_find_nothing(self, town, sign_in):
        rows = {"resident": town.resident.pk, "household": town.household.pk, "compound": town.compound.pk}
        rows |= {"unit": town.property_unit.pk, "division": town.community.code}
        for who in (town.outsider, town.handler):
            for name, pk in rows.items():
                assert sign_in(who).get(reverse(f"{name}_history", args=[pk])).status_code == 404
        for name in ("resident", "household"):
            assert sign_in(town.system_admin).get(reverse(f"{name}_history", args=[rows[name]])).status_code == 404

    @pytest.mark.parametrize("rows", [1, 20])
    def test_queries(self, town, sign_in, sql_count, rows):
        for number in range(rows):
            unit = Unit.objects.found(by=None, name=f"物业{number}", kind="property", division=town.community)
            town.compound.correct(by=None, property_unit=unit, remark=f"{number} {uuid4()}")
        client = sign_in(town.secretary)
        with sql_count(at_most=8):
            assert len(changes(client, "compound", town.compound.pk)) == rows
