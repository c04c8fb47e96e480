"""The three jobs of a roster: check it, enter it, take it back. Each may be killed anywhere; another worker goes on or begins again.

Entering commits batch by batch: no lock is held longer than a second, and the roster remembers the last row (`applied_row`) in the same
transaction. A killed worker's successor goes on behind it; an entry that fails or is cancelled takes back what it has written. So at rest
a roster is entered as a whole or not at all. Taking back looks first whether anything was built on the rows, and refuses as a whole if so.
"""

import json
from collections import Counter
from datetime import timedelta

from django.conf import settings
from django.db import DatabaseError, reset_queries, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from communities.access import CHANGE
from communities.models import (
    Assignment,
    Building,
    CareEntry,
    Compound,
    Household,
    Resident,
    Roster,
    RosterFault,
    RosterLine,
    RosterSlip,
    Unit,
)
from communities.models.roster import AT_WORK, MOST_FAULTS, RosterStatus
from communities.rosters.compounds import Compounds
from communities.rosters.faults import FILES, FileFault
from communities.rosters.files import open_book
from communities.rosters.headings import FEWEST, guess, is_explanation
from communities.rosters.households import Households
from communities.rosters.planner import FAULTY
from communities.rosters.residents import Residents
from communities.rosters.staff import StaffMembers
from communities.rosters.units import Units
from foundation.bigrams import BigramsField
from foundation.fields import EncryptedTextField
from foundation.jobs import JobCancelled, JobFailed, runs, start
from foundation.journal.bulk import record_each, revise_each
from foundation.journal.models import Entry
from foundation.journal.moves import Conflict, move
from foundation.relations import relations_of

PLANNERS = {
    "compounds": Compounds,
    "households": Households,
    "residents": Residents,
    "units": Units,
    "staff": StaffMembers,
}
# Children before their parents: the order of taking back within a batch.
MODELS = {
    "careentry": CareEntry,
    "assignment": Assignment,
    "resident": Resident,
    "household": Household,
    "building": Building,
    "compound": Compound,
    "unit": Unit,
    "user": User,
}
# What comes with a row and goes with it: no work of anybody.
COMES_ALONG = {"communities.rosterslip", "notices.notice"}
TRIES = 5
LINES = 1000
MOST_OBSTACLES = 200
SLIPS_KEPT = timedelta(days=7)


# --- the file ---


def book_of(roster):
    if not roster.has_file:
        raise JobFailed("file_gone")
    try:
        return open_book(roster.content(), roster.file_name)
    except FileFault as fault:
        raise JobFailed(fault.code, **fault.facts) from None


def batches(planner, book, tally):
    """The rows below the headings as lists of placed Items; `tally` counts what is passed over."""
    roster, batch = planner.roster, []
    for number, values in rows_below(roster, book):
        item = planner.read(number, values)
        if item is None:
            tally["empty"] += 1
            continue
        tally["rows"] += 1
        if tally["rows"] > settings.ROSTER_MOST_ROWS:
            raise JobFailed("too_many_rows", most=settings.ROSTER_MOST_ROWS)
        planner.place(item)
        batch.append(item)
        if len(batch) == planner.BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def rows_below(roster, book):
    """(number, values) of the rows of data. JobFailed if the heading row no longer is one, or the file breaks off."""
    first = True
    try:
        for number, values in book.rows(roster.sheet):
            if number == roster.heading_row and len(guess(roster.kind, values)) < FEWEST and not roster.mapping:
                raise JobFailed("no_headings", row=number)
            if number <= roster.heading_row:
                continue
            if first and is_explanation(values):
                continue
            first = False
            yield number, values
    except FileFault as fault:
        raise JobFailed(fault.code, **fault.facts) from None


# --- what was found ---


class Findings:
    """Counts of a run, and its faults and hints as rows; beyond `MOST_FAULTS` they are only counted."""

    def __init__(self, roster, counts=None):
        self.roster = roster
        self.counts = Counter(counts or {})
        self.written = self.counts.get("faults", 0) + self.counts.get("hints", 0)

    def note(self, planner, items):
        """Count a batch and write what was found in it."""
        rows = []
        for item in items:
            self.counts[item.outcome] += 1
            for column, code, facts in item.faults:
                rows.append(self.row(planner, item, column, code, facts, is_hint=False))
            if item.outcome == FAULTY:
                continue
            for column, code, facts in item.hints:
                self.counts["new_households"] += code == "new_household"
                if code != "new_household":
                    rows.append(self.row(planner, item, column, code, facts, is_hint=True))
        self.counts["faults"] += sum(not row.is_hint for row in rows)
        self.counts["hints"] += sum(row.is_hint for row in rows)
        room = max(MOST_FAULTS - self.written, 0)
        RosterFault.objects.bulk_create(rows[:room], batch_size=1000)
        self.written += len(rows[:room])

    def row(self, planner, item, column, code, facts, *, is_hint):
        return RosterFault(
            roster=self.roster,
            row=item.number,
            position=planner.positions.get(column),
            column=column,
            code=code,
            facts=facts,
            is_hint=is_hint,
        )

    def about_file(self, book):
        """What is to be told about the file as a whole."""
        hidden = len(book.sheets) - len(book.visible)
        told = [("hidden_sheets", {"n": hidden})] if hidden else []
        rows = [RosterFault(roster=self.roster, row=0, code=code, facts=facts, is_hint=True) for code, facts in told]
        RosterFault.objects.bulk_create(rows)
        self.counts["hints"] += len(rows)


# --- the jobs ---


def roster_of(job, status):
    """The roster that the job is about. JobFailed if it has moved on, or the owner has lost the right meanwhile."""
    roster = Roster.objects.select_related("division").filter(pk=job.params["roster"]).first()
    if roster is None or roster.status != status:
        raise JobFailed("moved_on")
    if not roster.may_be_changed_by(job.owner, CHANGE):
        raise JobFailed("no_right")
    return roster


@runs(
    "roster_check",
    label=_("Checking a roster"),
    outcome=_("%(new)s new, %(changed)s changed, %(same)s as before, %(faulty)s faulty"),
    failures=FILES,
)
def check(job):
    """The dry run."""
    try:
        return dry_run(job, roster_of(job, RosterStatus.CHECKING))
    except Exception:
        # Whatever ended it: the roster waits for the next check.
        step_back(job, RosterStatus.CHECKING, "drop_check")
        raise


def dry_run(job, roster):
    planner, findings, tally = PLANNERS[roster.kind](roster, job.owner), Findings(roster), Counter()
    roster.faults.all().delete()
    with book_of(roster) as book:
        total = book.height(roster.sheet)
        findings.about_file(book)
        for items in batches(planner, book, tally):
            planner.compare(items)
            findings.note(planner, items)
            planner.pretend(items)
            reset_queries()
            job.progress(items[-1].number, max(total, items[-1].number))
    counts = counted(findings, tally)
    move(roster, "end_check", by=job.owner, counts=counts, checked_at=timezone.now(), data=in_short(counts))
    return in_short(counts)


def counted(findings, tally):
    counts = {
        name: findings.counts[name]
        for name in ("new", "changed", "same", "faulty", "faults", "hints", "new_households")
    }
    return counts | {"rows": tally["rows"], "empty": tally["empty"]}


def in_short(counts):
    return {name: counts.get(name, 0) for name in ("rows", "new", "changed", "same", "faulty")}


@runs(
    "roster_apply",
    label=_("Entering a roster"),
    outcome=_("%(new)s entered, %(changed)s changed, %(same)s as before, %(faulty)s left out"),
    failures=FILES,
)
def apply(job):
    """Enter the good rows. A job that is taken again after a kill goes on where the last batch was committed."""
    done = Roster.objects.filter(pk=job.params["roster"], status=RosterStatus.APPLIED, job=job).first()
    if done is not None:  # killed between the last step and its own end
        return in_short(done.counts)
    roster = roster_of(job, RosterStatus.APPLYING)
    try:
        return enter(job, roster)
    except Conflict:
        raise JobCancelled from None  # another worker has taken over; what is written is in its hands
    except Exception:
        if job.mine.exists():
            undo(job, roster)
        raise


def enter(job, roster):
    planner, tally = PLANNERS[roster.kind](roster, job.owner), Counter()
    if not roster.applied_row:
        roster.faults.all().delete()
        roster.counts = {}
    findings = Findings(roster, roster.counts)
    with book_of(roster) as book:
        total = book.height(roster.sheet)
        if not roster.applied_row:
            findings.about_file(book)
        for items in batches(planner, book, tally):
            last = items[-1].number
            if last > roster.applied_row:
                enter_batch(planner, findings, items)
            job.progress(last, max(total, last))
    counts = counted(findings, tally)
    move(roster, "end_apply", by=job.owner, counts=counts, applied_at=timezone.now(), data=in_short(counts))
    return in_short(counts)


def enter_batch(planner, findings, items):
    """One transaction; again if others wrote the same rows at the same moment. JobFailed("collision") if that does not end."""
    roster, before, counts, written = planner.roster, planner.roster.applied_row, findings.counts, findings.written
    for attempt in range(TRIES):
        try:
            with transaction.atomic():
                roster.advance(before, items[-1].number)
                planner.compare(items, lock=True)
                planner.write(items)
                findings.note(planner, items)
                Roster.objects.filter(pk=roster.pk).update(counts=dict(findings.counts))
            reset_queries()
            return
        except (DatabaseError, Conflict) as error:
            roster.applied_row = before
            findings.counts, findings.written = Counter(counts), written
            if isinstance(error, Conflict) and error.obj is roster:
                raise
            if attempt == TRIES - 1:
                raise JobFailed("collision") from error
            planner.load()


def undo(job, roster):
    """Take back what an entry that failed or was cancelled has written; nobody can have built on much of it yet."""
    roster.refresh_from_db()
    left = take_back(roster, job)
    roster.refresh_from_db()
    move(
        roster,
        "drop_apply",
        by=job.owner,
        applied_row=0,
        counts={"left": left} if left else {},
        data={"left": len(left)},
    )
    roster.faults.all().delete()


@runs(
    "roster_undo",
    label=_("Clearing away a broken-off entry"),
    failures=FILES,
)
def clear_away(job):
    """What is left of an entry whose job was given up."""
    roster = Roster.objects.select_related("division").filter(pk=job.params["roster"]).first()
    if roster is not None and roster.status == RosterStatus.APPLYING:
        undo(job, roster)
    return {}


@runs(
    "roster_revert",
    label=_("Taking a roster back"),
    outcome=_("%(rows)s rows of the register taken back"),
    failures=FILES,
)
def revert(job):
    """Take the whole import back, or refuse with a list of what was built on it."""
    done = Roster.objects.filter(pk=job.params["roster"], status=RosterStatus.REVERTED, job=job).first()
    if done is not None:
        return {"rows": done.counts.get("reverted", 0)}
    try:
        roster = roster_of(job, RosterStatus.REVERTING)
        if not roster.counts.get("lines"):
            refuse_if_built_upon(job, roster)
    except Exception:
        step_back(job, RosterStatus.REVERTING, "drop_revert")
        raise
    left = take_back(roster, job, total=roster.counts["lines"])
    counts = roster.counts | {"reverted": roster.counts["lines"] - len(left), "left": left[:MOST_OBSTACLES]}
    move(roster, "end_revert", by=job.owner, counts=counts, reverted_at=timezone.now(), data={"left": len(left)})
    return {"rows": counts["reverted"]}


def step_back(job, status, verb):
    """Bring a roster back to where it was before a job that could not do its work, unless another worker has the job by now."""
    roster = Roster.objects.filter(pk=job.params["roster"], status=status).first()
    if roster is not None and job.mine.exists():
        move(roster, verb, by=job.owner)


# --- what the clock does ---


def look_after(*, now):
    """Delete files and passwords kept long enough, and bring on rosters whose job ended without them; returns how many files."""
    RosterSlip.objects.filter(made_at__lt=now - SLIPS_KEPT).delete()
    for roster in Roster.objects.filter(status__in=AT_WORK).select_related("job__owner", "created_by"):
        if roster.job is None or not roster.job.is_open:
            settle(roster)
    old = list(Roster.objects.with_old_file(now))
    for roster in old:
        roster.purge_file(now=now)
    return len(old)


def settle(roster):
    """The job was given up: what it has written is cleared away by another job, the other steps had written nothing yet."""
    if roster.status == RosterStatus.APPLYING:
        facts = {"area_path": roster.area_path, "target_url": roster.get_absolute_url(), "roster": roster.pk}
        start(
            "roster_undo",
            by=roster.job.owner if roster.job else roster.created_by,
            subject=roster.label,
            key=f"{roster.label}:undo:{roster.version}",
            **facts,
        )
    elif roster.status == RosterStatus.CHECKING:
        move(roster, "drop_check", by=None)
    else:
        # Begun again, it goes on with what is left.
        move(roster, "drop_revert", by=None)


# --- taking back ---


def refuse_if_built_upon(job, roster):
    """JobFailed with the list in `counts["obstacles"]` if somebody has worked on a row of this import since."""
    obstacles, last, seen, total = [], 0, 0, roster.lines.count()
    while lines := list(roster.lines.filter(pk__gt=last).order_by("pk").defer("former")[:LINES]):
        last, seen = lines[-1].pk, seen + len(lines)
        for name, model in MODELS.items():
            same = [line for line in lines if line.model == name]
            obstacles += [(name, pk, why) for pk, why in built_on(model, same, roster).items()]
        job.progress(seen, total * 2)
        reset_queries()
        if len(obstacles) >= MOST_OBSTACLES:
            break
    if obstacles:
        listed = [{"model": name, "id": pk, "why": why} for name, pk, why in obstacles[:MOST_OBSTACLES]]
        Roster.objects.filter(pk=roster.pk).update(counts=roster.counts | {"obstacles": listed})
        raise JobFailed("built_upon", n=len(obstacles))
    roster.counts = {name: value for name, value in roster.counts.items() if name != "obstacles"} | {"lines": total}
    Roster.objects.filter(pk=roster.pk).update(counts=roster.counts)


def built_on(model, lines, roster=None, rows=None):
    """{number: why} of those rows that somebody has worked on since: another version, or something new that points to them.

    With `roster`, what the same import added does not count: it goes first.
    """
    if not lines:
        return {}
    rows = light(model).in_bulk([line.object_id for line in lines]) if rows is None else rows
    found = {}
    for line in lines:
        row = rows.get(line.object_id)
        if row is None or row.version != line.version or getattr(row, "last_login", None):
            found[line.object_id] = "corrected" if row is not None else "gone"
    made = [line.object_id for line in lines if line.made and line.object_id not in found]
    for relation in relations_of(model):
        others = relation.of(*made) if made and relation.label not in COMES_ALONG else None
        if others is None:
            continue
        if roster is not None and relation.model._meta.model_name in MODELS:
            own = roster.lines.filter(model=relation.model._meta.model_name, made=True).values("object_id")
            others = others.exclude(pk__in=own)
        found |= dict.fromkeys(others.values_list(relation.field, flat=True).distinct(), relation.label)
    if model is User and made:
        found |= dict.fromkeys(
            Entry.objects.filter(actor__in=made).values_list("actor", flat=True).distinct(), "corrected"
        )
    return found


def light(model):
    """Rows of the model without what is only costly to read here: encrypted texts and search tokens."""
    heavy = [f.name for f in model._meta.concrete_fields if isinstance(f, EncryptedTextField | BigramsField)]
    rows = model._base_manager.defer(*heavy)
    return rows.select_related("compound") if model is Building else rows


def take_back(roster, job, total=0):
    """Undo every line, the latest first, batch by batch; returns [{"model", "id", "why"}] of rows that have to stay.

    A line is deleted with what it undoes, so a second run goes on with the rest.
    """
    left, done = list(roster.counts.get("left", ())), 0
    last = None
    while True:
        lines = roster.lines.order_by("-pk")
        lines = list((lines if last is None else lines.filter(pk__lt=last))[:LINES])
        if not lines:
            return left
        last, done = lines[-1].pk, done + len(lines)
        with transaction.atomic():
            stays = take_back_batch(roster, job.owner, lines)
            if stays:
                left += stays
                Roster.objects.filter(pk=roster.pk).update(counts=roster.counts | {"left": left[:MOST_OBSTACLES]})
        reset_queries()
        go_on(job, total + done, total * 2)


def go_on(job, done, total):
    """Say how far it is. A cancellation comes too late here; only another worker's claim ends it."""
    try:
        job.progress(done, total)
    except JobCancelled:
        if not job.mine.exists():
            raise


def take_back_batch(roster, user, lines):
    on_behalf_of = user.acting_for(roster)
    stays = []
    for name, model in MODELS.items():
        same = [line for line in lines if line.model == name]
        if not same:
            continue
        rows = light(model).select_for_update(of=("self",)).in_bulk([line.object_id for line in same if line.made])
        rows |= model._base_manager.select_for_update().in_bulk([line.object_id for line in same if not line.made])
        why = built_on(model, same, rows=rows)
        stays += [{"model": name, "id": pk, "why": reason} for pk, reason in why.items()]
        free = [line for line in same if line.object_id not in why]
        restore(model, [line for line in free if not line.made], rows, user, on_behalf_of, roster)
        remove(model, [rows[line.object_id] for line in free if line.made], user, on_behalf_of, roster)
    RosterLine.objects.filter(pk__in=[line.pk for line in lines])._raw_delete(RosterLine.objects.db)
    return stays


def restore(model, lines, rows, user, on_behalf_of, roster):
    """Give changed rows their former values. The version goes on: a number that somebody has on the screen never comes back."""
    changes = []
    for line in lines:
        former = {name: python_value(model, name, value) for name, value in json.loads(line.former).items()}
        changes.append((rows[line.object_id], former))
    if model in (Compound, Unit, User):  # what follows from their fields is more than their own row
        for row, former in changes:
            row.correct(by=user, **former)
        return
    revise_each(changes, "take_back", by=user, on_behalf_of=on_behalf_of, data={"roster": roster.pk})


def python_value(model, name, value):
    """A former value as the field takes it; of a foreign key the row."""
    field = model._meta.get_field(name)
    if field.is_relation:
        return field.related_model._base_manager.filter(pk=value).first() if value is not None else None
    return field.to_python(value)


def remove(model, rows, user, on_behalf_of, roster):
    """Delete rows that the import added. Nothing points to them any more; the database would refuse otherwise."""
    if not rows:
        return
    pks = [row.pk for row in rows]
    record_each(rows, "take_back", by=user, on_behalf_of=on_behalf_of, data={"roster": roster.pk})
    if model is User:
        RosterSlip.objects.filter(user__in=pks).delete()
        for relation in relations_of(User):
            if relation.label in COMES_ALONG:
                relation.of(*pks).delete()
    found = model._base_manager.filter(pk__in=pks)
    found._raw_delete(found.db)
