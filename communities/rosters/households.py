"""Rosters of households: one row a door. The same household is the same building, staircase and door."""

from communities.models import Household
from communities.rosters.faults import CellFault
from communities.rosters.places import Compounds, Divisions, Doors
from communities.rosters.planner import CHANGED, FAULTY, NEW, SAME, Planner, good
from communities.rosters.residents import write_homes
from foundation.relations import parts

FIELDS = ("occupancy", "remark")


class Households(Planner):
    def load(self):
        if not hasattr(self, "compounds"):
            self.compounds = Compounds(Divisions(self.roster.division))
            self.seen = {}
        self.doors = Doors(self.roster.division)

    def place(self, item):
        if not item.is_good:
            return
        try:
            item.compound = self.compounds.find(item.values)
        except CellFault as fault:
            item.fault("compound", fault.code, **fault.facts)
            return
        item.key = self.doors.key(item.compound, item.values)
        self.once(self.seen, hash(item.key), item, "door")

    def match(self, items, lock=False):
        homes = {item.key: self.doors.households.get(item.key) for item in good(items)}
        rows = Household.objects.select_for_update() if lock else Household.objects.all()
        stored = {}
        for part in parts(pk for pk in homes.values() if pk):
            stored |= {row.pk: row for row in rows.filter(pk__in=part)}
        for item in items:
            if not item.is_good:
                item.outcome = FAULTY
                continue
            item.found = stored.get(homes[item.key])
            if item.found is None:
                item.outcome = NEW
                continue
            item.changes = self.differences(item.found, item.values, FIELDS)
            item.outcome = CHANGED if item.changes else SAME

    def home_facts(self, item):
        return {name: item.values[name] for name in FIELDS if name in item.values}

    def write(self, items):
        write_homes(self, [item for item in items if item.outcome == NEW])
        self.update([(item.found, item.changes) for item in items if item.outcome == CHANGED], "household")
