"""Rosters of compounds. The same compound is the same name in the same community."""

from uuid import uuid4

from communities.models import Compound, Unit
from communities.models.division import Level
from communities.models.unit import Kind
from communities.rosters.faults import CellFault
from communities.rosters.places import Divisions
from communities.rosters.planner import CHANGED, FAULTY, NEW, SAME, Planner, good
from foundation.paths import is_within, within

FIELDS = (
    "kind",
    "developer_kind",
    "built_year",
    "stated_buildings",
    "stated_households",
    "address",
    "remark",
    "grid",
)


class Compounds(Planner):
    # Every row is written by the model's own verb.
    BATCH = 100
    OF_MATCH = ()

    def load(self):
        if not hasattr(self, "divisions"):
            self.divisions = Divisions(self.roster.division)
            self.seen = {}
            units = Unit.objects.active().of_kind(Kind.PROPERTY).serving(self.roster.division)
            self.companies = {unit.name: unit for unit in units}
        rows = (
            Compound.objects.standing().filter(within(self.roster.area_path)).values_list("community_id", "name", "pk")
        )
        self.known = {(community, name): pk for community, name, pk in rows}

    def place(self, item):
        if not item.is_good:
            return
        self.find("community", item, self.community)
        self.find("grid", item, self.grid)
        self.find("property_unit", item, self.company)
        if item.is_good:
            item.key = item.more["community"].pk, item.values["name"]
            self.once(self.seen, item.key, item, "name")

    def find(self, column, item, look):
        try:
            item.more[column] = look(item)
        except CellFault as fault:
            item.fault(column, fault.code, **fault.facts)

    def community(self, item):
        found = self.divisions.community_of(item.values)
        if found is None:
            raise CellFault("missing")
        return found

    def grid(self, item):
        """The grid that the row names; of a grid's own roster, that grid."""
        root = self.roster.division
        if "grid" in item.values and "community" in item.more:
            return self.divisions.find(item.values["grid"], {Level.GRID}, under=item.more["community"])
        return root if root.level == Level.GRID else None

    def company(self, item):
        if "property_unit" not in item.values:
            return None
        if item.values["property_unit"] not in self.companies:
            raise CellFault("unknown_unit")
        return self.companies[item.values["property_unit"]]

    def match(self, items, lock=False):
        pks = [self.known[item.key] for item in good(items) if item.key in self.known]
        rows = Compound.objects.select_related("grid", "community", "property_unit")
        stored = (rows.select_for_update(of=("self",)) if lock else rows).in_bulk(pks)
        for item in items:
            if item.is_good:
                item.found = stored.get(self.known.get(item.key))
            if item.is_good and item.found is None and self.is_taken_elsewhere(item):
                item.fault("name", "outside")
            self.decide(item)

    def is_taken_elsewhere(self, item):
        """Whether the community has a compound of this name that this roster's place does not hold (another grid's)."""
        if is_within(item.more["community"].code, self.roster.area_path):
            return False
        community, name = item.key
        return Compound.objects.standing().filter(community=community, name=name).exists()

    def decide(self, item):
        if not item.is_good:
            item.outcome = FAULTY
            return
        given = self.given(item)
        if item.found is None:
            item.changes, item.outcome = given, NEW
            return
        item.changes = self.differences(item.found, given, FIELDS)
        if any(name in given and getattr(item.found, name) != given[name] for name in ("management", "property_unit")):
            item.hint("management", "management_kept")
        item.outcome = CHANGED if item.changes else SAME

    def given(self, item):
        """What the row says, with rows of the register in place of names."""
        given = {name: item.values[name] for name in (*FIELDS, "management") if name in item.values}
        given.pop("grid", None)
        return given | {name: item.more[name] for name in ("grid", "property_unit") if item.more.get(name)}

    def write(self, items):
        made, changed = [], []
        for item in items:
            if item.outcome == NEW:
                made.append(self.add(item))
            elif item.outcome == CHANGED:
                former = {name: Compound._meta.get_field(name).value_from_object(item.found) for name in item.changes}
                item.found.correct(by=self.user, **item.changes)
                changed.append((item.found, former))
        self.note_made(made, "compound")
        self.note_changed(changed, "compound")

    def add(self, item):
        community, name = item.more["community"], item.values["name"]
        compound = Compound.objects.add(
            by=self.user, client_uuid=uuid4(), community=community, name=name, **item.changes
        )
        self.known[item.key] = compound.pk
        return compound
