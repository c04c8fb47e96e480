"""Kill a real Celery worker twenty times during a reminder run and count every notice: `make kill-test`.

On a private PostgreSQL and Redis: 10,000 issues whose limits are near or past, and a worker that is killed with
SIGKILL, all its processes at once, at random moments of its work, and started again, until nothing is left to do. Then
every expected notice must be there exactly once. The run is repeated (nothing new may appear) and repeated with the
clock three days on, as after an outage (each rung that was reached meanwhile, once).

What is expected is worked out here from the meaning of the ladder, one issue and one rung at a time, not from the
queries under test. Ends with 1 if a count is wrong or a task failed by itself.
"""

import datetime as dt
import os
import random
import re
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import machine
from services import private_services

ROOT = Path(__file__).resolve().parent.parent
ISSUES, KILLS, OUTAGE_DAYS = 10_000, 20, 3
STREETS, COMMUNITIES_EACH = 2, 10
PATIENCE_SECONDS = 120
QUIET_SECONDS = 1.0
TASK = "issues.tasks.remind_issues"
CLOSING = dt.time(18)
chance = random.Random(20)


def set_up(urls: dict) -> None:
    """Production's settings on the private services, everything migrated, the reference data loaded."""
    from cryptography.fernet import Fernet

    os.environ.update(
        urls,
        DJANGO_SETTINGS_MODULE="portal.settings",
        DEBUG="off",
        DEMO="off",
        SECRET_KEY=secrets.token_urlsafe(48),
        HASH_KEY=secrets.token_urlsafe(48),
        ENCRYPTION_KEYS=Fernet.generate_key().decode(),
        ALLOWED_HOSTS="localhost",
        PORTAL_URL="https://localhost",
    )
    sys.path.insert(0, str(ROOT))
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    call_command("load_reference", verbosity=0)


# --- the world ---


def person(username: str, role, **target) -> int:
    """The id of a new user with this post, who has an e-mail address."""
    from accounts.models import User
    from communities.models import Assignment

    user = User.objects.create_user(username, name=username, email=f"{username}@example.org")
    Assignment.objects.assign(by=None, user=user, role=role, since=dt.date(2020, 1, 1), **target)
    return user.pk


def make_places() -> list[SimpleNamespace]:
    """Communities with a company of two handlers each; every tenth has no secretary, so that one level up is told."""
    from communities.access import Role
    from communities.models import Division, Unit

    above = None
    for code in ("42", "4299", "429901"):
        above = Division.objects.establish(by=None, code=code, name=code, parent=above)
    person("district", Role.DISTRICT_ADMIN, division=above)
    places = []
    for s in range(1, STREETS + 1):
        street = Division.objects.establish(by=None, code=f"429901{s:03d}", name=f"street {s}", parent=above)
        coordinators = {person(f"street{s}", Role.COORDINATOR, division=street)}
        for c in range(1, COMMUNITIES_EACH + 1):
            code = f"{street.code}{c:03d}"
            community = Division.objects.establish(by=None, code=code, name=f"community {code}", parent=street)
            company = Unit.objects.found(by=None, name=f"company {code}", kind="property", division=community)
            places.append(
                SimpleNamespace(
                    division=community,
                    office=Unit.objects.get(division=community, kind="office"),
                    company=company,
                    handlers=[person(f"handler{n}-{code}", Role.HANDLER, unit=company) for n in range(2)],
                    secretaries={person(f"secretary-{code}", Role.SECRETARY, division=community)} if c > 1 else set(),
                    coordinators=coordinators,
                )
            )
    return places


def make_issues(places: list[SimpleNamespace], today: dt.date) -> list[SimpleNamespace]:
    """Issues of every kind that matters to a reminder, in equal shares over the places; the rows with their place."""
    from foundation.workdays.calendar import ZONE, add_workdays
    from issues.models import Category, Issue, WorkOrder

    def closing(workdays):
        return dt.datetime.combine(add_workdays(today, workdays).date, CLOSING, ZONE)

    category = Category.objects.first()
    # (status, working days from today to the limit, the same to the limit for signing or None, who has the order)
    kinds = [
        ("in_progress", 1, None, "handler"),  # due on the next working day
        ("dispatched", 1, 9, "company"),
        ("registered", 1, None, "nobody"),
        ("in_progress", 2, None, "handler"),  # falls due while the clock stands still
        ("in_progress", -1, None, "handler"),  # overdue
        ("in_progress", -2, None, "office"),
        ("dispatched", -3, -2, "company"),
        ("in_progress", -5, None, "handler"),
        ("registered", -6, None, "nobody"),
        ("dispatched", 8, -1, "company"),  # not signed for
        ("dispatched", 8, -3, "company"),
        ("verifying", -4, None, "nobody"),  # its clock stands
        ("void", -4, None, "handler"),
    ]
    issues, orders = [], []
    for number in range(ISSUES):
        place = places[number % len(places)]
        status, due, sign_due, who = kinds[number // len(places) % len(kinds)]
        voided = {"voided_at": closing(-7), "voided_reason": "twice"} if status == "void" else {}
        issue = Issue(
            number=f"KT{number:06d}",
            title="title",
            text="text",
            category=category,
            community=place.division,
            desk=place.office,
            area_path=place.division.code,
            area_path_then=place.division.code,
            status="in_progress" if status == "void" else status,
            due_at=closing(due),
            **voided,
        )
        order = who != "nobody" and WorkOrder(
            issue=issue,
            unit=place.office if who == "office" else place.company,
            state="pending" if who == "company" else "signed",
            handler_id=None
            if who == "company"
            else min(place.secretaries or place.coordinators)  # without a secretary the street handles it
            if who == "office"
            else place.handlers[0],
            created_by_id=place.handlers[0],
            due_at=issue.due_at,
            sign_due_at=sign_due and closing(sign_due),
        )
        issues.append(SimpleNamespace(row=issue, order=order, place=place))
        orders += [order] if order else []
    Issue.objects.bulk_create([issue.row for issue in issues], batch_size=1000)
    WorkOrder.objects.bulk_create(orders, batch_size=1000)
    return issues


# --- what the ladder means ---


def has_reached(limit: dt.datetime, offset: int, moment: dt.datetime) -> bool:
    """Whether a rung counts at this moment: before the limit the whole day does, after it the limit's time of day."""
    from foundation.workdays.calendar import add_workdays

    day = add_workdays(limit.date(), offset).date
    if offset < 0:
        return day <= moment.date() and moment < limit
    return dt.datetime.combine(day, limit.timetz()) <= moment


def people_for(told: str, issue: SimpleNamespace) -> set[int]:
    """Whom a rung means; where nobody holds the post, the next level up."""
    place, order = issue.place, issue.order
    if told == "handler" and order and order.handler_id:
        return {order.handler_id}
    if told == "handler" and order and order.unit_id == place.company.pk:
        return set(place.handlers)
    return (told != "street" and place.secretaries) or place.coordinators


def expected_at(moment: dt.datetime, issues: list[SimpleNamespace], rungs) -> set[tuple]:
    """All (recipient, issue, rung) that a tick at this moment owes, whether told already or not."""
    owed = set()
    for issue in issues:
        row, order = issue.row, issue.order
        running = row.voided_at is None and row.status in ("registered", "dispatched", "in_progress")
        unsigned = row.voided_at is None and order and order.state == "pending"
        for rung in rungs:
            limit = row.due_at if rung.clock == "handle" and running else None
            if rung.clock == "sign" and unsigned:
                limit = order.sign_due_at
            if limit and has_reached(limit, rung.offset, moment):
                owed |= {(recipient, row.pk, rung.pk) for recipient in people_for(rung.told, issue)}
    return owed


# --- the run ---


def told() -> Counter:
    """How often each (recipient, issue, rung) stands in the inboxes."""
    from foundation.notices.models import Notice

    rows = Notice.objects.values_list("recipient_id", "subject_id", "once")
    return Counter((recipient, issue, int(re.search(r"rung:(\d+)", once)[1])) for recipient, issue, once in rows)


def tick() -> None:
    """What beat does every minute."""
    from portal.celery import app

    app.send_task(TASK)


@contextmanager
def worker(log: Path, days_on: int = 0):
    """A worker as the Procfile starts it, in a process group of its own; `days_on` moves its clock. Ends by SIGKILL."""
    arguments = ["worker", "--loglevel", "ERROR", "--concurrency", "2"]
    command = [sys.executable, "-m", "celery", "-A", "portal", *arguments]
    if days_on:
        command = [sys.executable, __file__, "--days-on", str(days_on), *arguments]
    with log.open("ab") as output:
        process = subprocess.Popen(command, cwd=ROOT, stdout=output, stderr=output, start_new_session=True)
    try:
        yield process
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def work_later(days_on: int, arguments: list[str]) -> None:
    """Be a worker whose clock is some days on."""
    import time_machine

    sys.path.insert(0, str(ROOT))
    with time_machine.travel(dt.datetime.now(dt.UTC) + dt.timedelta(days=days_on), tick=True):
        from portal.celery import app

        app.worker_main(arguments)


def wait_until(happened, what: str) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not happened():
        if time.monotonic() > deadline:
            raise SystemExit(f"Waited {PATIENCE_SECONDS} s in vain: {what}")
        time.sleep(0.01)


def transactions_since(moment: dt.datetime) -> int:
    """How many transactions of others, begun since then, are open now."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid() AND xact_start > %s",
            [moment],
        )
        return cursor.fetchone()[0]


def kill_again_and_again(total: int, log: Path) -> int:
    """Start a worker, give it two ticks, kill it at work: `KILLS` times. Returns how often that was amid a transaction."""
    amid = 0
    for number in range(1, KILLS + 1):
        with worker(log):
            started = dt.datetime.now(dt.UTC)
            tick()
            tick()
            wait_until(lambda since=started: transactions_since(since), "the worker begins")
            time.sleep(chance.uniform(0, 0.6))
            open_now = transactions_since(started)
        amid += open_now > 0
        written = sum(told().values())
        print(f"kill {number:2}: {open_now} transactions open, {written} of {total} notices written", flush=True)
        if written == total:
            raise SystemExit("The work was done before the last kill; there must be more of it.")
    return amid


def run_to_end(log: Path, days_on: int = 0) -> None:
    """A tick for a worker that nobody disturbs, until the job has ended and no repeated tick of a killed worker runs."""
    from foundation.clock.models import Heartbeat

    def last_end():
        return Heartbeat.objects.filter(job=TASK).values_list("finished_at", flat=True).first()

    before, quiet_since = last_end(), time.monotonic()

    def is_quiet():
        nonlocal quiet_since
        if transactions_since(dt.datetime(2000, 1, 1, tzinfo=dt.UTC)):
            quiet_since = time.monotonic()
        return last_end() != before and time.monotonic() - quiet_since > QUIET_SECONDS

    with worker(log, days_on):
        tick()
        wait_until(is_quiet, "the reminder job ends")


def failures(log: Path) -> int:
    """How many tasks failed by themselves; prints the last failure."""
    found = re.findall(r"^\[.*?\] Task .*? raised unexpected: .*$", log.read_text(errors="replace"), re.MULTILINE)
    print(f"{len(found)} tasks failed by themselves", *found[-1:], sep="\n", flush=True)
    return len(found)


def compare(title: str, expected: set[tuple]) -> bool:
    """Print the counts; False if a notice is missing, doubled or unexpected, or its e-mail is not queued once."""
    from foundation.notices.models import Delivery

    found = told()
    doubled = sum(count - 1 for count in found.values())
    missing, surplus = len(expected - found.keys()), len(found.keys() - expected)
    emails = Delivery.objects.count()
    print(
        f"{title}: {len(expected)} expected, {sum(found.values())} written, {missing} missing, {doubled} doubled, "
        f"{surplus} unexpected; {emails} e-mails queued",
        flush=True,
    )
    return not (missing or doubled or surplus) and emails == len(expected)


def run(log: Path) -> bool:
    from django.utils import timezone

    from issues.models import Rung

    def moment(days_on=0):
        return timezone.localtime() + dt.timedelta(days=days_on)

    issues = make_issues(make_places(), moment().date())
    rungs = list(Rung.objects.filter(active=True))
    first = expected_at(moment(), issues, rungs)
    print(f"{len(issues)} issues, {len(rungs)} rungs, {len(first)} notices are due", flush=True)
    amid = kill_again_and_again(len(first), log)
    run_to_end(log)
    good = compare(f"after {KILLS} kills, {amid} of them amid a transaction", first)
    run_to_end(log)
    good &= compare("run again", first)
    run_to_end(log, OUTAGE_DAYS)
    later = first | expected_at(moment(OUTAGE_DAYS), issues, rungs)
    good &= compare(f"after {OUTAGE_DAYS} days of outage, {len(later - first)} more", later)
    run_to_end(log, OUTAGE_DAYS)
    good &= compare("run again", later)
    return not failures(log) and good


def main() -> int:
    if machine.provide("postgresql", "redis"):
        return 2
    for name in ("DATABASE_URL", "REDIS_URL"):  # never somebody's own data
        os.environ.pop(name, None)
    with private_services("postgresql", "redis") as urls:
        set_up(urls)
        with tempfile.TemporaryDirectory(prefix="portal-") as folder:
            good = run(Path(folder) / "worker.log")
    print("Every notice exactly once." if good else "WRONG COUNTS")
    return 0 if good else 1


if __name__ == "__main__":
    if sys.argv[1:2] == ["--days-on"]:
        work_later(int(sys.argv[2]), sys.argv[3:])
    else:
        sys.exit(main())
