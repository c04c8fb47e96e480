"""What the rows of a roster would do to the register, and doing it. One subclass for each kind.

A batch goes through three steps: `read` makes clean values of one row's cells; `place` finds its place in the file and the territory,
without the database; `match` compares the whole batch with what is stored. `write` then carries out what `match` found. The dry run
stops before `write` and calls `pretend` instead, so that a household which row 5 would make is there for row 6.
"""

from dataclasses import dataclass, field

from communities.models.roster import RosterLine
from communities.rosters import cells
from communities.rosters.columns import BY_CODE
from communities.rosters.faults import CellFault
from communities.rosters.headings import is_second_heading, synonyms
from foundation.journal.bulk import as_text, record_each, revise_each
from foundation.relations import parts

NEW, CHANGED, SAME, FAULTY = "new", "changed", "same", "faulty"
NOT_THERE = object()


@dataclass(slots=True)
class Item:
    """One row of the file. `faults` and `hints` are [(code of the column or "", code, facts)]; `outcome` is set by `match`."""

    number: int
    values: dict = field(default_factory=dict)
    faults: list = field(default_factory=list)
    hints: list = field(default_factory=list)
    outcome: str = ""
    # What the kinds keep between their steps.
    key: tuple = ()
    compound: object = None
    found: object = None
    changes: dict = field(default_factory=dict)
    more: dict = field(default_factory=dict)
    # How many faults and hints stood there before the database was asked.
    firm: tuple | None = None

    @property
    def is_good(self):
        return not self.faults

    def fault(self, column, code, **facts):
        self.faults.append((column, code, facts))

    def hint(self, column, code, **facts):
        self.hints.append((column, code, facts))


class Planner:
    """`columns` are the mapped ones as [(position, column)]."""

    BATCH = 1000
    # What `match` keeps in `Item.more`.
    OF_MATCH = ("makes_home", "occupancy")

    def __init__(self, roster, user):
        self.roster, self.user = roster, user
        known = BY_CODE[roster.kind]
        self.columns = [(position, known[code]) for position, code in sorted(roster.columns.items()) if code in known]
        self.codes = {position: column.code for position, column in self.columns}
        self.headings = set(synonyms(roster.kind))
        self.positions = {column.code: position for position, column in self.columns}
        self.on_behalf_of = user.acting_for(roster)
        self.data = {"roster": roster.pk}
        self.made = 0
        self.load()

    def load(self):
        """Read what is kept in memory; again after a batch that others spoilt."""

    # --- one row ---

    def read(self, number, values):
        """The row as an Item, None if nothing stands in its mapped columns."""
        item, width, empty = Item(number), len(values), True
        for position, column in self.columns:
            value = values[position] if position < width else None
            if cells.is_empty(value):
                if column.required:
                    item.fault(column.code, "missing")
                continue
            empty = False
            self.take(item, column, value)
        if empty:
            return None
        if self.looks_like_headings(item, values):
            item.faults = [("", "second_heading", {})]
        return item

    def looks_like_headings(self, item, values):
        """Looked at closely only where the row's name is a heading, or something is wrong with it anyway."""
        if not item.faults and folded_name(item) not in self.headings:
            return False
        return is_second_heading(self.roster.kind, self.codes, values)

    def take(self, item, column, value):
        hints = []
        try:
            item.values[column.code] = column.read(value, hints)
        except CellFault as fault:
            item.fault(column.code, fault.code, **fault.facts)
        for code in hints:
            item.hint(column.code, code)

    def place(self, item):
        """Find the row's place in the territory, and twins among the rows before it; no query as a rule."""

    def once(self, seen, key, item, column=""):
        """Faulty if a row before it had the same key."""
        first = seen.setdefault(key, item.number)
        if first != item.number:
            item.fault(column, "duplicate", row=first)

    # --- one batch ---

    def compare(self, items, lock=False):
        """`match`, from the beginning: a batch that others spoilt is compared again with what stands there then."""
        for item in items:
            if item.firm is None:
                item.firm = len(item.faults), len(item.hints)
            del item.faults[item.firm[0] :]
            del item.hints[item.firm[1] :]
            for name in self.OF_MATCH:
                item.more.pop(name, None)
            item.found, item.changes, item.outcome = None, {}, ""
        self.match(items, lock)

    def match(self, items, lock=False):
        """Compare good rows with what is stored and set every outcome; `lock` them for writing."""
        raise NotImplementedError

    def pretend(self, items):
        """Of a dry run: remember what the batch would have made."""

    def write(self, items):
        """Carry out the batch inside of the caller's transaction."""
        raise NotImplementedError

    # --- what the kinds write with ---

    def differences(self, row, values, names):
        """{field: new value} of those values that the file gives and the row does not have."""
        return {name: values[name] for name in names if name in values and getattr(row, name) != values[name]}

    def insert(self, rows, name):
        """Write these rows of one model, an entry and a line for each."""
        if not rows:
            return
        for row in rows:
            row.derive()
        type(rows[0]).objects.bulk_create(rows, batch_size=500)
        record_each(rows, "add", by=self.user, on_behalf_of=self.on_behalf_of, data=self.data)
        self.note_made(rows, name)

    def note_made(self, rows, name):
        self.made += len(rows)
        RosterLine.objects.bulk_create(
            [
                RosterLine(
                    roster=self.roster, model=name, object_id=row.pk, made=True, version=getattr(row, "version", 1)
                )
                for row in rows
            ],
            batch_size=1000,
        )

    def update(self, changes, name):
        """Write changes of rows of one model, an entry, the former values, and a line for each."""
        if not changes:
            return
        formers = revise_each(changes, "correct", by=self.user, on_behalf_of=self.on_behalf_of, data=self.data)
        self.note_changed([(row, former) for (row, _new), former in zip(changes, formers, strict=True)], name)

    def note_changed(self, changed, name):
        """Lines for changed rows; one that this very import made or changed before keeps its line, with the new version."""
        mine = {}
        for part in parts(row.pk for row, _former in changed):
            lines = RosterLine.objects.filter(roster=self.roster, model=name, object_id__in=part).order_by("pk")
            mine |= {line.object_id: line for line in lines.defer("former")}
        fresh, known = [], []
        for row, former in changed:
            if row.pk in mine:
                mine[row.pk].version = row.version
                known.append(mine[row.pk])
            if row.pk not in mine or not mine[row.pk].made:
                fresh.append((row, former))
        RosterLine.objects.bulk_update([line for line in known if line.made], ["version"])
        RosterLine.objects.bulk_create(
            [
                RosterLine(
                    roster=self.roster,
                    model=name,
                    object_id=row.pk,
                    made=False,
                    version=row.version,
                    former=as_text(former),
                )
                for row, former in fresh
            ],
            batch_size=1000,
        )


def folded_name(item):
    name = item.values.get("name") or item.values.get("door") or ""
    return cells.folded(name) if len(name) < 12 else name


def good(items):
    return [item for item in items if item.is_good]
