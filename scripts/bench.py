"""How fast the pages are with a whole city in the database: `make bench`.

Starts a PostgreSQL of its own (with fsync: what is saved is saved), writes an invented province of 3,000 communities, 200,000
issues, 1,000,000 visits and residents, and asks the pages over HTTP from gunicorn with two workers and production's
settings. Beside each stands a bare Django page of the same rows (scripts/bench_floor.py), served and asked in the same way: only the
ratio of the two says something on a machine that does other things, too. All pages take turns, in three rounds; shown is
the median of the rounds' medians.

SQL statements are counted in this process by Django's test client, without BEGIN, COMMIT and SAVEPOINT; every SELECT among them is
explained, and a sequential scan of a large table is named. Bytes are those of the page packed by gzip, as a proxy would.

    --rows N     residents of the world, by default 1,000,000; everything else follows (--rows 20000 for a look, about a minute)
    --keep DIR   keep the database in this folder and use it again the next time
    --rounds N   default 3      --times N   requests per page and round, default 10
    --only TEXT  only pages whose name holds this text
"""

import argparse
import contextlib
import gzip
import http.client
import io
import json
import os
import re
import secrets
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode
from uuid import uuid4

import machine
import services
from embedded import free_port

ROOT = Path(__file__).resolve().parent.parent
HERE = Path(__file__).resolve().parent
WORKERS = 2
SERVER = {
    "listen_addresses": "",
    "max_connections": "60",
    "shared_buffers": "512MB",
    "work_mem": "16MB",
    "effective_cache_size": "4GB",
    "random_page_cost": "1.1",
    "max_wal_size": "8GB",
    "checkpoint_timeout": "30min",
    "jit": "off",
}
CSRF = "bench" * 6 + "ab"  # 32 letters: as good a secret as any, where nobody attacks
BOOKKEEPING = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE")
BROWSER = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/140.0"


@dataclass
class Page:
    """What is asked: `path` as `user`, by POST if there is `form`; the floor's page of the same kind; the targets."""

    name: str
    user: str
    path: object  # a text, or a function of a number that gives one
    form: object = None  # a function of a number that gives the fields
    floor: object = None
    ratio: float | None = None  # at most so many times the floor
    sql: int | None = None
    quiet_ms: float | None = None  # in ms, on a quiet machine
    kib: int | None = None
    times: list = field(default_factory=list)
    size: int = 0
    statements: int = 0
    scans: set = field(default_factory=set)

    @property
    def p50(self):
        return statistics.median(self.times)


def log(text):
    print(f"{time.strftime('%H:%M:%S')}  {text}", flush=True)


# --- the world ---


def set_up(urls, static):
    """Production's settings, as far as they matter to speed, on the private services."""
    from cryptography.fernet import Fernet

    os.environ.update(
        urls,
        DJANGO_SETTINGS_MODULE="bench_settings",
        BENCH_STATIC=str(static),
        DEBUG="off",
        DEMO="off",
        ALLOWED_HOSTS="127.0.0.1",
        PORTAL_URL="https://localhost",
        SECURE_SSL_REDIRECT="off",
        SECOND_FACTOR_COMPULSORY="off",
        # A kept database is read with the keys it was written with.
        **kept_keys(Path(urls["KEYS"]), Fernet),
    )
    sys.path[:0] = [str(ROOT), str(HERE)]
    os.environ["PYTHONPATH"] = f"{ROOT}{os.pathsep}{HERE}"
    import django

    django.setup()


def kept_keys(path, fernet):
    if path.exists():
        return json.loads(path.read_text())
    keys = {
        "SECRET_KEY": secrets.token_urlsafe(48),
        "HASH_KEY": secrets.token_urlsafe(48),
        "ENCRYPTION_KEYS": fernet.generate_key().decode(),
    }
    path.write_text(json.dumps(keys))
    return keys


def prepare(residents):
    """Migrate; write the world if the database is empty."""
    import bench_world
    from django.core.management import call_command
    from django.db import connection

    call_command("collectstatic", interactive=False, verbosity=0)
    call_command("migrate", verbosity=0)
    tables = connection.introspection.table_names()
    if "bench_month" in tables:
        with connection.cursor() as cursor:
            cursor.execute("SELECT obj_description('bench_month'::regclass)")
            if cursor.fetchone()[0] != str(residents):
                raise SystemExit("The kept database has another size; give another folder or the same --rows.")
            cursor.execute("VACUUM (ANALYZE)")
        log("the world is there already")
        return
    with contextlib.redirect_stdout(io.StringIO()):
        call_command("load_reference", verbosity=0)
    began = time.monotonic()
    bench_world.build(residents, say=log)
    bench_world.check()
    with connection.cursor() as cursor:
        cursor.execute(ROLLUP)
        cursor.execute(f"COMMENT ON TABLE bench_month IS '{residents}'")
        cursor.execute("CREATE INDEX ON bench_month (area_path, month); ANALYZE bench_month")
    log(f"the world is written and compared in {time.monotonic() - began:.0f} s")


ROLLUP = """
CREATE TABLE bench_month AS
SELECT row_number() OVER () AS id, area_path COLLATE "C" AS area_path, month, sum(visits)::int AS visits, sum(people)::int AS people,
       sum(issues)::int AS issues
FROM (SELECT left(area_path, d) AS area_path, date_trunc('month', visited_at)::date AS month, 1 AS visits, people_met AS people,
             0 AS issues FROM visits_visit, unnest(ARRAY[2, 4, 6, 9, 12]) d
      UNION ALL
      SELECT left(area_path, d), date_trunc('month', submitted_at)::date, 0, 0, 1
      FROM issues_issue, unnest(ARRAY[2, 4, 6, 9, 12]) d) facts
GROUP BY area_path, month
"""


# --- what is asked ---


def pages_of(frame):
    """The pages, each as a role that opens it; the codes are those of the large district."""
    import bench_world

    from issues.models import Category

    community = frame.size.codes[1]
    street, district = community[:9], community[:6]
    who = {"community": f"secretary-{community}", "street": f"street-{street}", "district": f"district-{district}"}
    code = {
        "community": community,
        "street": street,
        "district": district,
        "city": district[:4],
        "province": district[:2],
    }
    first = 1 * bench_world.ISSUES + 1
    pages = []
    targets = {"ratio": 2, "sql": 8, "quiet_ms": 35, "kib": 60}
    for place in ("community", "district"):
        user, here = who[place], code[place]
        # A community has few open issues: there it is the list of all that has fifty rows.
        asked, bare = ("?sort=newest&status=", "all") if place == "community" else ("", "open")
        pages += [
            Page(f"visit list, {place}", user, "/visits/", floor=f"/visits/{here}", **targets),
            Page(f"issue list, {place}", user, f"/issues/{asked}", floor=f"/issues/{bare}/{here}", **targets),
            Page(f"resident list, {place}", user, "/communities/residents/", floor=f"/residents/{here}", **targets),
        ]
    pages += [
        Page(
            "visit list, district, last month met",
            who["district"],
            f"/visits/?since={days_ago(30)}&until={days_ago(1)}&outcome=met",
            floor=f"/visits/{district}",
            **targets,
        ),
        Page(
            "issue detail",
            who["community"],
            lambda n: f"/issues/{first + n % bench_world.ISSUES}/",
            floor=lambda n: f"/issue/{first + n % bench_world.ISSUES}",
            ratio=5,
            sql=10,
            quiet_ms=30,
        ),
        Page(
            "log a visit",
            f"cadre-{community}",
            lambda n: f"/visits/add/{bench_world.HOUSEHOLDS + 1 + n % bench_world.HOUSEHOLDS}/",
            form=lambda n: {
                "client_uuid": uuid4(),
                "outcome": "met",
                "situation": "normal",
                "mode": "in_person",
                "people_met": 1,
                "opinions-TOTAL_FORMS": 0,
                "opinions-INITIAL_FORMS": 0,
            },
            floor=lambda n: f"/visit/{bench_world.HOUSEHOLDS + 1 + n % bench_world.HOUSEHOLDS}",
            ratio=2.5,
            sql=14,
            quiet_ms=22,
        ),
        Page(
            "create an issue",
            who["community"],
            "/issues/add/",
            form=lambda n: {
                "client_uuid": uuid4(),
                "title": "电梯异响",
                "text": "电梯上行时有异响，停层不平，希望尽快检修。",
                "category": Category.objects.get(code="lift", area_path="").pk,
                "channel": "counter",
                "anonymity": "anonymous",
                "community": frame.division[community],
                "desk": frame.office[community],
            },
            floor=f"/create/{community}",
            ratio=2.5,
            sql=14,
            quiet_ms=22,
        ),
    ]
    for place, user in {**who, "city": "city", "province": "province"}.items():
        address = f"/dashboard/{code[place]}/"
        pages.append(
            Page(f"dashboard, {place}", user, address, floor=f"/sums/{code[place]}", ratio=2.5, sql=10, quiet_ms=60)
        )
    return pages + searches(who, frame)


def searches(who, frame):
    """Each kind of question, for somebody of a community, a street and the district; words that the world holds."""
    import bench_world

    from communities.models import Resident
    from issues.models import Issue

    person = Resident.objects.exclude(phone_hash="").get(pk=bench_world.RESIDENTS + 1)
    number = Issue.objects.get(pk=bench_world.ISSUES + 1).number
    asked = {
        "two characters": "王秀",
        "two frequent ones": "电梯",
        "initials": "wxy",
        "pinyin": "wangxiuying",
        "surname by pinyin": "wang",
        "door": "3-1-201",
        "address": "小区 3号楼",
        "last four": person.phone[-4:],
        "whole phone": person.phone,
        "issue number": number,
        "end of a number": number[-5:],
    }
    return [
        Page(
            f"search {kind}, {place}", user, "/search/", form=lambda n, words=words: {"q": words}, quiet_ms=100, sql=14
        )
        for kind, words in asked.items()
        for place, user in who.items()
    ]


def days_ago(days):
    from datetime import timedelta

    from django.utils import timezone

    return timezone.localdate() - timedelta(days=days)


# --- asking ---


@contextlib.contextmanager
def serving(application, folder):
    """gunicorn with two sync workers; gives (port, process)."""
    port = free_port()
    with (folder / f"{application.split(':')[0]}.log").open("wb") as output:
        arguments = f"{application} --bind 127.0.0.1:{port} --workers {WORKERS} --worker-class sync --timeout 120 --log-level warning"
        process = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", *arguments.split()], cwd=ROOT, stdout=output, stderr=output
        )
    try:
        wait_for(port, process, Path(output.name))
        yield port, process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)


def wait_for(port, process, log_file):
    deadline = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(OSError):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request("GET", "/healthz")
            connection.getresponse().read()
            return
        time.sleep(0.1)
    raise SystemExit(f"gunicorn does not answer:\n{log_file.read_text(errors='replace')[-2000:]}")


def ask(port, path, cookie, form=None):
    """(milliseconds, status, body)"""
    body, headers = None, {"Cookie": cookie, "User-Agent": BROWSER, "Accept-Language": "zh-CN", "Connection": "close"}
    if form is not None:
        body = urlencode({"csrfmiddlewaretoken": CSRF, **form})
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    began = time.perf_counter()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    connection.request("GET" if form is None else "POST", path, body, headers)
    response = connection.getresponse()
    content = response.read()
    took = (time.perf_counter() - began) * 1000
    connection.close()
    return took, response.status, content


def cookies_of(pages):
    """{user name: the cookie header of a session}, as signing in would have made it."""
    from django.test import Client

    from accounts.models import User

    cookies = {}
    for name in {page.user for page in pages}:
        client = Client()
        client.force_login(User.objects.get(username=name))
        cookies[name] = f"sessionid={client.cookies['sessionid'].value}; csrftoken={CSRF}"
    return cookies


def told(value, number):
    return value(number) if callable(value) else value


def measure(pages, ports, cookies, *, rounds, times):
    """Every page takes its turn `times` times in each of the rounds; then its floor does, in the same turn."""
    floors = {}
    for page in pages:
        if page.floor is not None:
            key = page.floor if isinstance(page.floor, str) else page.name
            floors.setdefault(key, Page(key, page.user, page.floor, page.form))
    everything = [(page, ports[0]) for page in pages] + [(floor, ports[1]) for floor in floors.values()]
    results = {id(page): [] for page, _port in everything}
    number = 0
    for turn in range(rounds):
        taken = {id(page): [] for page, _port in everything}
        for repeat in range(times + (turn == 0)):
            for page, port in everything:
                number += 1
                form = told(page.form, number)
                took, status, content = ask(port, told(page.path, number), cookies[page.user], form)
                expected = 302 if page.form and "search" not in page.name else 200
                if status != expected:
                    raise SystemExit(
                        f"{page.name}: {status} instead of {expected}\n{content.decode(errors='replace')[:3000]}"
                    )
                page.size = max(page.size, len(gzip.compress(content, 6)))
                if turn or repeat:  # the very first one warms up
                    taken[id(page)].append(took)
        for key, values in taken.items():
            results[key].append(statistics.median(values))
        log(f"round {turn + 1} of {rounds}")
    for page, _port in everything:
        page.times = results[id(page)]
    return floors


def count_statements(pages, cookies):
    """Statements and plans of each page, by the test client in this process."""
    import bench_world
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    large = {model._meta.db_table for model in bench_world.tables().values()}
    for page in pages:
        client = Client(
            headers={
                "cookie": cookies[page.user],
                "host": "127.0.0.1",
                "user-agent": BROWSER,
                "accept-language": "zh-CN",
            }
        )
        for name, value in (pair.split("=") for pair in cookies[page.user].split("; ")):
            client.cookies[name] = value
        # The first one notes that the session lives, which is done once a minute at most.
        for number in (1, 2):
            form = told(page.form, number)
            with CaptureQueriesContext(connection) as captured:
                client.post(told(page.path, number), form) if form else client.get(told(page.path, number))
        statements = [query["sql"] for query in captured if not query["sql"].upper().startswith(BOOKKEEPING)]
        page.statements = len(statements)
        for statement in statements:
            if statement.startswith("SELECT"):
                page.scans |= scanned(statement) & large


def scanned(statement):
    """The tables that a statement reads from end to end."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN (FORMAT JSON) " + statement)
        plan = cursor.fetchone()[0]
    found = set()

    def walk(node):
        if node["Node Type"] == "Seq Scan":
            found.add(node["Relation Name"])
        for below in node.get("Plans", ()):
            walk(below)

    walk(plan[0]["Plan"])
    return found


def memory_of(process):
    """Resident memory of the workers in MB, the largest."""
    sizes = [0]
    for status in Path("/proc").glob("[0-9]*/status"):
        with contextlib.suppress(OSError):
            text = status.read_text()
            if f"PPid:\t{process.pid}\n" in text:
                sizes.append(int(re.search(r"VmRSS:\s+(\d+)", text).group(1)) / 1024)
    return max(sizes)


# --- what came out ---


def verdict(page, floor):
    """What is missed, in words; "" if everything is met. Milliseconds count only where no ratio does, or together with it."""
    missed = []
    if page.ratio and page.p50 > page.ratio * floor.p50:
        missed.append(f"{page.p50 / floor.p50:.1f}x of the floor, target {page.ratio}x")
    if not page.ratio and page.quiet_ms and page.p50 > page.quiet_ms:
        missed.append(f"over {page.quiet_ms} ms")
    if page.sql and page.statements > page.sql:
        missed.append(f"{page.statements} SQL, target {page.sql}")
    if page.kib and page.size > page.kib * 1024:
        missed.append(f"over {page.kib} KiB")
    return ", ".join(missed)


def table_of(pages, floors):
    lines = [f"{'page':42}{'p50 ms':>8}{'SQL':>5}{'bytes':>8}{'floor':>8}{'ratio':>7}  {'target':18}met"]
    for page in pages:
        floor = floors.get(page.floor if isinstance(page.floor, str) else page.name)
        ratio = f"{page.p50 / floor.p50:.1f}x" if floor else ""
        target = f"≤ {page.ratio}x" if page.ratio else ""
        target += f"{', ' if target else '≤ '}{page.quiet_ms} ms" if page.quiet_ms else ""
        missed = verdict(page, floor)
        lines.append(
            f"{page.name:42}{page.p50:8.1f}{page.statements:5}{page.size:8}{floor.p50 if floor else 0:8.1f}{ratio:>7}  {target:18}"
            + (f"no: {missed}" if missed else "yes")
        )
    scans = [f"sequential scan of {', '.join(sorted(page.scans))}: {page.name}" for page in pages if page.scans]
    return lines + (scans or ["no sequential scan of a large table"])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--times", type=int, default=10)
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    machine.unwind_on_sigterm()
    if machine.provide("postgresql", "redis"):
        return 2
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="portal-bench-")))
        folder.chmod(0o755)
        database = services.postgresql(machine.find_postgresql(), settings=SERVER, kept=options.keep)
        urls = {
            "DATABASE_URL": stack.enter_context(database),
            "REDIS_URL": stack.enter_context(services.redis(machine.find_redis())),
            "KEYS": str((options.keep or folder) / "keys.json"),
        }
        set_up(urls, folder / "static")
        prepare(options.rows)
        return run(options, folder, stack)


def run(options, folder, stack):
    import bench_world

    frame = bench_world.Frame(bench_world.Size(options.rows))
    pages = [page for page in pages_of(frame) if options.only in page.name]
    cookies = cookies_of(pages)
    portal, floor = (stack.enter_context(serving(name, folder)) for name in ("portal.wsgi", "bench_floor"))
    floors = measure(pages, (portal[0], floor[0]), cookies, rounds=options.rounds, times=options.times)
    sizes = memory_of(portal[1]), memory_of(floor[1])
    count_statements(pages, cookies)
    print(
        f"\n{frame.size.communities} communities, {options.rows} residents and visits; {WORKERS} workers, {os.cpu_count()} cores\n"
    )
    print("\n".join(table_of(pages, floors)))
    print(f"a worker's memory: {sizes[0]:.0f} MB (floor {sizes[1]:.0f} MB), target 150 MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
