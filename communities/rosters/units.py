"""Rosters of units: companies, departments, teams. The same unit is the same name in the same area."""

from communities.models import Unit
from communities.models.division import Level
from communities.models.unit import Kind
from communities.rosters.faults import CellFault
from communities.rosters.places import Divisions
from communities.rosters.planner import CHANGED, FAULTY, NEW, SAME, Planner, good
from foundation.paths import within

FIELDS = ("kind", "phone", "address")
LEVELS = {Level.DISTRICT, Level.STREET, Level.COMMUNITY}


class Units(Planner):
    # Every row is written by the model's own verb.
    BATCH = 100
    OF_MATCH = ()

    def load(self):
        if not hasattr(self, "divisions"):
            self.divisions = Divisions(self.roster.division)
            self.seen = {}
        rows = Unit.objects.active().exclude(kind=Kind.OFFICE).filter(within(self.roster.area_path))
        self.known = {(division, name): pk for division, name, pk in rows.values_list("division_id", "name", "pk")}

    def place(self, item):
        if not item.is_good:
            return
        if item.values["kind"] == Kind.OFFICE:
            item.fault("kind", "office_unit")
            return
        try:
            item.more["division"] = self.area(item.values)
        except CellFault as fault:
            item.fault("place", fault.code, **fault.facts)
            return
        item.key = item.more["division"].pk, item.values["name"]
        self.once(self.seen, item.key, item, "name")

    def area(self, values):
        return self.divisions.find(values["place"], LEVELS) if "place" in values else self.roster.division

    def match(self, items, lock=False):
        pks = [self.known[item.key] for item in good(items) if item.key in self.known]
        rows = Unit.objects.select_related("division")
        stored = (rows.select_for_update(of=("self",)) if lock else rows).in_bulk(pks)
        for item in items:
            if not item.is_good:
                item.outcome = FAULTY
                continue
            item.found = stored.get(self.known.get(item.key))
            if item.found is None:
                item.outcome = NEW
                continue
            item.changes = self.differences(item.found, item.values, FIELDS)
            item.outcome = CHANGED if item.changes else SAME

    def write(self, items):
        made, changed = [], []
        for item in items:
            if item.outcome == NEW:
                made.append(self.found(item))
            elif item.outcome == CHANGED:
                former = {name: getattr(item.found, name) for name in item.changes}
                item.found.correct(by=self.user, **item.changes)
                changed.append((item.found, former))
        self.note_made(made, "unit")
        self.note_changed(changed, "unit")

    def found(self, item):
        facts = {name: item.values[name] for name in ("phone", "address") if name in item.values}
        unit = Unit.objects.found(
            by=self.user,
            name=item.values["name"],
            kind=item.values["kind"],
            division=item.more["division"],
            **facts,
        )
        self.known[item.key] = unit.pk
        return unit
