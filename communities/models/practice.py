"""Making and renewing a practice ground: places, invented people, and the end of whatever trainees did there."""

import csv
from datetime import date
from pathlib import Path
from uuid import uuid4

from django.apps import apps
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from communities.access import Role
from communities.models.care import CareCategory
from communities.models.compound import Building, Compound
from communities.models.division import Division
from communities.models.household import Household
from communities.models.resident import Resident
from communities.models.staff import Staff
from communities.models.unit import Kind, Unit
from communities.practice import ground_of
from foundation.facts import Fact
from foundation.journal.moves import Conflict, record, record_all
from foundation.notices.models import Notice
from foundation.paths import within

PEOPLE = Path(__file__).resolve().parent.parent / "data" / "practice.csv"
RENEWED = "practice"


class Ground:
    """The practice ground of one district: a street with a community, a grid and two units."""

    def __init__(self, district):
        self.district = district
        self.code = ground_of(district.code)

    @property
    def street(self):
        return Division.objects.filter(code=self.code).first()

    @property
    def trainees(self):
        """The accounts that work here, today or later."""
        return Staff.objects.working_in(self.code, timezone.localdate())

    @property
    def households(self):
        return Household.objects.standing().filter(within(self.code))

    def create(self, *, by):
        """Write places, units and people; an existing ground stays as it is. Returns whether it is new."""
        if self.street:
            return False
        try:
            with transaction.atomic():
                community = self.found(by=by)
                self.settle(community, by=by)
                record(self.street, "practice_create", by=by)
        except (IntegrityError, Conflict):
            return False  # somebody made it in this moment
        return True

    def found(self, *, by):
        """The line of places down to the grid, and the two units to which work can be given; returns the community."""
        real = self.district.parent
        line = [
            (self.code[:2], "练习环境", "Practice"),
            (self.code[:4], f"{real.name if real else '练习市'}（练习）", "Practice city"),
            (self.code[:6], f"{real.name if real else '练习区'}（练习）", "Practice district"),
            (self.code, f"{self.district.name}练习街道", "Practice street"),
            (f"{self.code}001", "练习社区居委会", "Practice community"),
            (f"{self.code}001001", "练习社区第一网格", "Practice grid"),
        ]
        place, places = None, {}
        for code, name, name_en in line:
            place = Division.objects.filter(code=code).first() or self.establish(code, name, name_en, place, by)
            places[code] = place
        street, community = places[self.code], places[f"{self.code}001"]
        Unit.objects.found(
            by=by, name="练习住房和城乡建设局", name_en="Practice bureau", kind=Kind.BUREAU, division=street
        )
        Unit.objects.found(
            by=by, name="练习物业公司", name_en="Practice property company", kind=Kind.PROPERTY, division=community
        )
        return community

    def establish(self, code, name, name_en, parent, by):
        place = Division.objects.establish(by=by, code=code, name=name, parent=parent)
        place.correct(by=by, name_en=name_en)
        return place

    def settle(self, community, *, by):
        """Three compounds with invented households, as communities/data/practice.csv describes them."""
        grid = Division.objects.get(code=f"{self.code}001001")
        property_unit = Unit.objects.get(division=community, kind=Kind.PROPERTY)
        categories = {category.code: category for category in CareCategory.objects.filter(area_path="")}
        compounds, buildings, households = {}, {}, {}
        with PEOPLE.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                compound = compounds.get(row["compound"]) or Compound.objects.add(
                    by=by,
                    client_uuid=uuid4(),
                    community=community,
                    grid=grid,
                    name=row["compound"],
                    management="property" if row["managed"] else "none",
                    property_unit=property_unit if row["managed"] else None,
                )
                compounds[row["compound"]] = compound
                at = (row["compound"], row["building"])
                buildings[at] = buildings.get(at) or Building.objects.add(
                    by=by, compound=compound, name=row["building"]
                )
                door = (*at, row["stair"], row["door"])
                households[door] = households.get(door) or Household.objects.add(
                    by=by, client_uuid=uuid4(), building=buildings[at], stair=row["stair"], door=row["door"]
                )
                Resident.objects.add(
                    by=by,
                    client_uuid=uuid4(),
                    household=households[door],
                    name=row["name"],
                    sex=row["sex"],
                    born_on=date(int(row["born"]), 3, 15),
                    phone=row["phone"],
                    is_head=row["head"] == "1",
                    care_level=int(row["level"]) if row["level"] else None,
                    categories=[categories[code] for code in row["categories"].split() if code in categories],
                )

    @transaction.atomic
    def reset(self, *, by, key=None):
        """End everything that stands here and settle the ground anew; accounts of trainees stay.

        AlreadyDone if the form `key` was carried out before.
        """
        street = Division.objects.select_for_update().get(code=self.code)
        record(street, "practice_reset", by=by, key=key)
        for model in facts_with_place():
            self.void_all(model, by=by)
        Notice.objects.filter(recipient__in=self.trainees.values("pk")).mark_read()
        self.settle(Division.objects.get(code=f"{self.code}001"), by=by)

    def void_all(self, model, *, by):
        rows = list(model._base_manager.filter(within(self.code), voided_at__isnull=True))
        facts = {"voided_at": timezone.now(), "voided_by": by, "voided_reason": RENEWED, "version": F("version") + 1}
        model._base_manager.filter(pk__in=[row.pk for row in rows]).update(**facts)
        record_all(rows, "void", by=by)

    def enlist(self, *, by, client_uuid, name, username, role):
        """Open an account for a trainee in this role; returns (person, first password)."""
        return Staff.objects.enlist(
            by=by,
            client_uuid=client_uuid,
            name=name,
            username=username,
            role=role,
            since=timezone.localdate(),
            **self.desk_of(role),
        )

    def desk_of(self, role):
        """Where somebody learns this role: {"division": …} or {"unit": …}."""
        if role == Role.HANDLER:
            return {"unit": Unit.objects.get(division__code=self.code, kind=Kind.BUREAU)}
        codes = {Role.GRID_WORKER: f"{self.code}001001", Role.SECRETARY: f"{self.code}001"}
        return {"division": Division.objects.get(code=codes.get(role, self.code))}


def facts_with_place():
    """Every model of facts, of whatever room, whose rows lie in a place."""
    return [
        model
        for model in apps.get_models()
        if issubclass(model, Fact) and not model._meta.proxy and any(f.name == "area_path" for f in model._meta.fields)
    ]
