"""The places of a roster, kept in memory while it is read: communities and grids, compounds, buildings and doors."""

import re

from django.utils import timezone

from communities.models.compound import Compound
from communities.models.division import Division, Level, short_name
from communities.models.household import Household
from communities.rosters.faults import CellFault
from foundation.paths import within

CODE = re.compile(r"\d{2,15}", re.ASCII)
NUMBERED = re.compile(r"(\d+)(?:号楼|号|栋|幢|座|#|楼)?", re.ASCII)


class Divisions:
    """Communities, grids and whatever else lies in a place, by code and by name."""

    def __init__(self, division):
        self.root = division
        self.rows = {row.code: row for row in Division.objects.standing(timezone.localdate()).under(division.code)}
        self.by_name = {}
        for row in self.rows.values():
            for name in {row.name, row.full_name}:
                self.by_name.setdefault(name, []).append(row)

    def find(self, typed, levels, under=None):
        """The place of this code or name on one of these levels. CellFault if there is none, or none that counts here."""
        if CODE.fullmatch(typed):
            found = [self.rows[typed]] if typed in self.rows else []
            known = {"code": typed}
        else:
            found = self.by_name.get(typed) or self.by_name.get(short_name(typed), [])
            known = {"name": short_name(typed)}
        found = [row for row in found if row.level in levels and (under is None or row.code.startswith(under.code))]
        if len(found) > 1:
            raise CellFault("ambiguous_place")
        if not found:
            there = Division.objects.filter(level__in=levels, **known).exists()
            raise CellFault("outside" if there else "unknown_place")
        return found[0]

    def community_of(self, values):
        """The community of a row: what it names, else the place of the roster; None if that holds several."""
        if "community" in values:
            return self.find(values["community"], {Level.COMMUNITY})
        if self.root.level == Level.COMMUNITY:
            return self.root
        return self.root.parent if self.root.level == Level.GRID else None


class Compounds:
    """The compounds of a place, by name."""

    def __init__(self, divisions):
        self.divisions = divisions
        self.load()

    def load(self):
        rows = Compound.objects.standing().filter(within(self.divisions.root.code))
        self.by_name = {}
        for row in rows.only("name", "community_id", "area_path"):
            self.by_name.setdefault(row.name, []).append(row)

    def find(self, values):
        """The compound that a row names. CellFault otherwise."""
        name = values["compound"]
        community = self.divisions.community_of(values)
        found = self.by_name.get(name, [])
        if community is not None:
            found = [row for row in found if row.community_id == community.pk]
        if len(found) > 1:
            raise CellFault("ambiguous_compound")
        if not found:
            elsewhere = Compound.objects.standing().filter(name=name)
            if "community" in values:
                elsewhere = elsewhere.filter(community=community)
            raise CellFault("outside" if elsewhere.exists() else "unknown_compound")
        return found[0]


class Doors:
    """Every building and household of a place: {(compound, building, staircase, door): number of the household}; 0 is one to be made."""

    def __init__(self, division):
        self.division = division
        self.coined = set()
        self.load()

    def load(self):
        self.buildings, self.numbered, self.households = {}, {}, {}
        model = Household.building.field.related_model
        inside = within(self.division.code, "compound__area_path")
        for pk, compound, name in model.objects.filter(inside).values_list("pk", "compound_id", "name").iterator():
            self.note_building(compound, name, pk)
        rows = Household.objects.standing().filter(within(self.division.code))
        names = {pk: key for key, pk in self.buildings.items()}
        for compound, name in self.coined:
            self.note_number(compound, name)
        for pk, building, stair, door in rows.values_list("pk", "building_id", "stair", "door").iterator(2000):
            if building in names:
                self.households[(*names[building], stair, door)] = pk

    def note_building(self, compound, name, pk):
        self.buildings[compound, name] = pk
        self.note_number(compound, name)

    def note_number(self, compound, name):
        if found := NUMBERED.fullmatch(name):
            self.numbered.setdefault((compound, int(found[1])), set()).add(name)

    def key(self, compound, values):
        """The door as the register writes it: "3", "3栋" and "3号楼" are one building if the compound has only one of this number."""
        return compound.pk, self.building(compound.pk, values["building"]), *door_of(values)

    def building(self, compound, typed):
        if (compound, typed) in self.buildings:
            return typed
        found = NUMBERED.fullmatch(typed)
        if not found:
            return typed
        same = self.numbered.get((compound, int(found[1])), ())
        if len(same) == 1:
            return next(iter(same))
        name = f"{int(found[1])}号楼" if typed.isdigit() else typed
        # A building of this file: the rows after this one mean the same, however they spell it.
        self.coined.add((compound, name))
        self.note_number(compound, name)
        return name


def door_of(values):
    """(staircase, door) as the register writes them: "1单元" is "1", "201室" is "201"."""
    stair, door = values.get("stair", ""), values["door"]
    if stair.endswith("单元") and stair[:-2].isdigit():
        stair = stair[:-2]
    return stair, door.removesuffix("室") or door
