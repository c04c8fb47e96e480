"""Rosters of residents: who lives behind which door. Buildings and households that are missing are entered along with the people.

The same person is who has the same ID number in the place of the roster; without one, who has the same name and birth date in the
household. An import never moves anybody, brings nobody back, and ends no care category.
"""

from collections import defaultdict
from datetime import date

from django.utils import timezone

from communities.models import Building, CareCategory, CareEntry, Household, Resident
from communities.models.care_entry import is_child
from communities.models.compound import number_in
from communities.rosters.cells import Incomplete, folded
from communities.rosters.faults import CellFault
from communities.rosters.places import Compounds, Divisions, Doors
from communities.rosters.planner import CHANGED, FAULTY, NEW, SAME, Planner, good
from foundation.fields import keyed_hash
from foundation.paths import within
from foundation.relations import parts

PLAIN_FIELDS = ("sex", "born_on", "is_head", "residency", "care_level", "remark")
SECRET_FIELDS = ("phone", "id_number")


class Residents(Planner):
    def load(self):
        if not hasattr(self, "compounds"):
            self.compounds = Compounds(Divisions(self.roster.division))
            self.ids, self.names, self.said, self.targets = {}, {}, {}, {}
            self.today = timezone.localdate()
            self.load_categories()
        self.doors = Doors(self.roster.division)

    def load_categories(self):
        """{word: category} of what may be chosen here, and the words of those that the importer may not read."""
        path = self.roster.area_path
        offered = list(CareCategory.objects.offered(path))
        readable = set(CareCategory.objects.readable_by(self.user, path).values_list("pk", flat=True))
        self.categories, self.withheld = {}, set()
        for category in offered:
            for word in filter(None, (category.name, category.name_en, category.code)):
                if category.pk in readable:
                    self.categories[folded(word)] = category
                else:
                    self.withheld.add(folded(word))

    # --- one row ---

    def take(self, item, column, value):
        if column.code != "born_on":
            return super().take(item, column, value)
        hints = []
        try:
            item.values["born_on"] = column.read(value, hints)
        except Incomplete as incomplete:
            # The ID number may say the day; it may stand in a column further on.
            item.more["incomplete"] = incomplete
        except CellFault as fault:
            item.fault("born_on", fault.code, **fault.facts)
        for code in hints:
            item.hint("born_on", code)
        return None

    def read(self, number, values):
        item = super().read(number, values)
        if item is not None and not (item.faults and item.faults[0][1] == "second_heading"):
            self.complete(item)
            self.read_categories(item)
        return item

    def complete(self, item):
        """Birth and sex from the ID number, where nothing else is said."""
        number, values = item.values.get("id_number"), item.values
        told = date(int(number[6:10]), int(number[10:12]), int(number[12:14])) if number else None
        incomplete = item.more.pop("incomplete", None)
        if incomplete is not None:
            if told is None or not incomplete.agrees(told):
                item.fault("born_on", "incomplete_date")
                return
            item.hint("born_on", "date_from_id")
        if told is None:
            return
        if values.setdefault("born_on", told) != told:
            item.hint("born_on", "birth_differs")
        sex = "m" if int(number[16]) % 2 else "f"
        if values.setdefault("sex", sex) != sex:
            item.hint("sex", "sex_differs")

    def read_categories(self, item):
        chosen = []
        for word in item.values.pop("categories", ()):
            category = self.categories.get(folded(word))
            if category is None:
                item.fault("categories", "not_granted" if folded(word) in self.withheld else "unknown_choice")
                return
            chosen.append(category)
        if chosen and is_child(Resident(born_on=item.values.get("born_on")), self.today):
            item.hint("categories", "guardian")
            chosen = []
        item.more["categories"] = chosen

    def place(self, item):
        if not item.is_good:
            return
        try:
            item.compound = self.compounds.find(item.values)
        except CellFault as fault:
            item.fault("compound", fault.code, **fault.facts)
            return
        item.key = self.doors.key(item.compound, item.values)
        self.refuse_twin(item)
        self.refuse_disagreement(item)

    def refuse_twin(self, item):
        """The same ID number twice, or the same name and birth behind one door where not both have an ID number."""
        number, born = item.values.get("id_number"), item.values.get("born_on")
        mark = bytes.fromhex(keyed_hash(number))[:16] if number else b""
        if mark:
            self.once(self.ids, mark, item, "id_number")
        if not item.is_good:
            return
        for row, other_mark, other_born in self.names.setdefault(hash((item.key, item.values["name"])), []):
            if row != item.number and not (mark and other_mark) and (born is None or other_born in (None, born)):
                item.fault("name", "duplicate", row=row)
                return
        self.names[hash((item.key, item.values["name"]))].append((item.number, mark, born))

    def refuse_disagreement(self, item):
        """Of one household the first row that says how it is lived in decides."""
        occupancy = item.values.get("occupancy")
        if occupancy is None or not item.is_good:
            return
        row, said = self.said.setdefault(hash(item.key), (item.number, occupancy))
        if said != occupancy:
            item.fault("occupancy", "disagrees", row=row)

    # --- one batch ---

    def match(self, items, lock=False):
        items_good = good(items)
        self.homes = {item.key: self.doors.households.get(item.key) for item in items_good}
        by_hash, by_home = self.stored(items_good, lock)
        wanted = []
        for item in items_good:
            item.found = self.person(item, by_hash, by_home)
            if item.is_good and item.found is not None:
                wanted.append(item)
        registered = self.registered(wanted)
        self.match_households(items_good, lock)
        for item in items:
            self.decide(item, registered)

    def stored(self, items, lock):
        """Residents of record who live behind these doors, or have one of these ID numbers in the roster's place."""
        rows = Resident.objects.filter(voided_at__isnull=True, merged_into__isnull=True, purged_at__isnull=True)
        rows = rows.defer("phone", "id_number", "bigrams").order_by("ended_on", "pk")
        if lock:
            rows = rows.select_for_update()
        found = {}
        for part in parts({pk for pk in self.homes.values() if pk}):
            found |= {row.pk: row for row in rows.filter(household__in=part)}
        numbers = {keyed_hash(item.values["id_number"]) for item in items if "id_number" in item.values}
        for part in parts(numbers):
            inside = rows.filter(within(self.roster.area_path), id_number_hash__in=part)
            found |= {row.pk: row for row in inside}
        by_hash, by_home = defaultdict(list), defaultdict(list)
        for row in found.values():
            by_home[row.household_id].append(row)
            if row.id_number_hash:
                by_hash[row.id_number_hash].append(row)
        return by_hash, by_home

    def person(self, item, by_hash, by_home):
        """The stored person that this row is about, None for a new one; faults where that cannot be said."""
        home, number = self.homes[item.key], item.values.get("id_number")
        same = by_hash.get(keyed_hash(number), []) if number else []
        found = next((row for row in same if row.is_here), same[0] if same else None)
        if found is not None:
            self.refuse_stranger(item, found, home)
        else:
            found = self.namesake(item, by_home.get(home, []) if home else [])
        if found is not None and item.is_good:
            first = self.targets.setdefault(found.pk, item.number)
            if first != item.number:
                item.fault("name", "duplicate", row=first)
        return found

    def refuse_stranger(self, item, found, home):
        if not found.is_here:
            item.fault("id_number", "left")
        elif found.name != item.values["name"]:
            item.fault("id_number", "somebody_else")
        elif found.household_id != home:
            item.fault("id_number", "other_door")

    def namesake(self, item, people):
        """Who has this name and birth behind this door; a birth date that one side does not know fits every other."""
        born, number = item.values.get("born_on"), item.values.get("id_number")
        same = [row for row in people if row.name == item.values["name"]]
        exact = [row for row in same if born is not None and row.born_on == born]
        here = [row for row in same if row.is_here and (born is None or row.born_on in (None, born))]
        if not here and any(not row.is_here for row in exact):
            item.fault("name", "left")
            return None
        if number and any(row.id_number_hash for row in here):
            if any(row.id_number_hash and row.born_on == born for row in here):
                item.fault("id_number", "other_id")
                return None
            here = [row for row in here if not row.id_number_hash]
        closest = [row for row in here if row.born_on == born] or here
        if len(closest) > 1:
            item.fault("name", "several_people")
            return None
        return closest[0] if closest else None

    def registered(self, items):
        """{(resident, category)} of the open care entries of these people; a query only where the file names categories."""
        pks = [item.found.pk for item in items if item.more.get("categories")]
        found = set()
        for part in parts(pks):
            entries = CareEntry.objects.open().filter(resident__in=part)
            found.update(entries.values_list("resident_id", "category_id"))
        return found

    def match_households(self, items, lock):
        """Where the file says how a household is lived in, compare."""
        said = {self.homes[item.key] for item in items if "occupancy" in item.values and self.homes[item.key]}
        rows = Household.objects.select_for_update() if lock else Household.objects.all()
        self.dwellings = {}
        for part in parts(said):
            self.dwellings |= {row.pk: row for row in rows.filter(pk__in=part)}

    def decide(self, item, registered):
        if not item.is_good:
            item.outcome = FAULTY
            return
        home = self.homes[item.key]
        if home is None:
            item.hint("door", "new_household")
            self.homes[item.key] = 0
            item.more["makes_home"] = True
        if "occupancy" in item.values:
            # The first of its people who says so carries the change of the household.
            dwelling = self.dwellings.pop(home, None)
            if dwelling is not None and dwelling.occupancy != item.values["occupancy"]:
                item.more["occupancy"] = dwelling
        if item.found is None:
            item.outcome = NEW
            return
        item.changes = self.differences(item.found, item.values, PLAIN_FIELDS)
        for name in SECRET_FIELDS:
            if name in item.values and getattr(item.found, f"{name}_hash") != keyed_hash(item.values[name]):
                item.changes[name] = item.values[name]
        lacks = [c for c in item.more["categories"] if (item.found.pk, c.pk) not in registered]
        item.outcome = CHANGED if item.changes or lacks or "occupancy" in item.more else SAME

    def home_facts(self, item):
        """What the file says of a new household: in the first of its rows that says so, which may be a later one."""
        said = self.said.get(hash(item.key))
        return {"occupancy": said[1]} if said else {}

    def pretend(self, items):
        for item in good(items):
            compound, building, _stair, _door = item.key
            if (compound, building) not in self.doors.buildings:
                self.doors.note_building(compound, building, 0)
            self.doors.households.setdefault(item.key, 0)

    # --- writing ---

    def write(self, items):
        items = [item for item in items if item.outcome in (NEW, CHANGED)]
        write_homes(self, [item for item in items if item.more.get("makes_home")])
        self.update(
            [
                (item.more["occupancy"], {"occupancy": item.values["occupancy"]})
                for item in items
                if "occupancy" in item.more
            ],
            "household",
        )
        people = [(item, self.fresh(item)) for item in items if item.outcome == NEW]
        self.insert([person for _item, person in people], "resident")
        self.update(self.changed(items), "resident")
        people += [(item, item.found) for item in items if item.outcome == CHANGED]
        self.register([(person, item.more["categories"]) for item, person in people if item.more["categories"]])

    def fresh(self, item):
        names = ("name", *PLAIN_FIELDS, *SECRET_FIELDS)
        return Resident(
            created_by=self.user,
            household_id=self.doors.households[item.key],
            area_path=item.compound.area_path,
            **{name: item.values[name] for name in names if name in item.values},
        )

    def changed(self, items):
        """[(the whole locked row, changes)]: what `match` read leaves out phone and ID number."""
        changes = {item.found.pk: item.changes for item in items if item.outcome == CHANGED and item.changes}
        rows = {}
        for part in parts(changes):
            rows |= Resident.objects.in_bulk(part)
        return [(rows[pk], new) for pk, new in changes.items()]

    def register(self, wanted):
        """Put people on the care register: the one place in which an import does."""
        if wanted:
            outcome = CareEntry.objects.set_many(wanted, by=self.user)
            self.note_made(outcome.made, "careentry")


def write_homes(planner, items):
    """Buildings and households behind these rows' doors; afterwards `planner.doors` knows their numbers."""
    doors = planner.doors
    compounds = {item.compound.pk: item.compound for item in items}
    fresh = {}
    for item in items:
        compound, name = item.key[:2]
        if not doors.buildings.get((compound, name)):
            fresh[compound, name] = Building(compound=compounds[compound], name=name)
    planner.insert(list(fresh.values()), "building")
    for (compound, name), building in fresh.items():
        doors.note_building(compound, name, building.pk)
    homes = {item.key: household_of(planner, item) for item in items}
    planner.insert(list(homes.values()), "household")
    doors.households.update({key: household.pk for key, household in homes.items()})


def household_of(planner, item):
    compound, name, stair, door = item.key
    # Enough of the building to derive the address from.
    building = Building(
        pk=planner.doors.buildings[compound, name], compound=item.compound, name=name, walk_order=number_in(name)
    )
    return Household(
        created_by=planner.user,
        compound=item.compound,
        building=building,
        stair=stair,
        door=door,
        area_path=item.compound.area_path,
        **planner.home_facts(item),
    )
