"""How long a ledger of 100,000 residents takes, and how much memory: `make import-bench`.

On a private PostgreSQL with production's settings: an .xlsx of 100,000 people in 1,000 buildings is made by openpyxl. 2,000 of them are
in the register before, with another phone number. Then a worker process of its own checks the ledger, enters it, enters it again (nothing
may change) and takes the first import back (everything must be as before). Printed beside the targets: seconds, peak resident memory,
counts, and hashes over all columns of the tables concerned. Ends with 1 if a hash or a count is wrong or a target is missed.

    python scripts/bench_import.py [ROWS]
"""

import hashlib
import os
import random
import resource
import secrets
import subprocess
import sys
import tempfile
import time
from datetime import date, timedelta
from pathlib import Path
from uuid import uuid4

import machine
from services import private_services

ROOT = Path(__file__).resolve().parent.parent
ROWS, KNOWN_BEFORE = 100_000, 2_000
MOST_SECONDS, MOST_MEGABYTES = 120, 300
HEADINGS = [
    "小区",
    "楼栋",
    "单元",
    "门牌号",
    "姓名",
    "性别",
    "身份证号",
    "出生日期",
    "联系电话",
    "户主",
    "人户情况",
    "关爱等级",
    "备注",
]
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
SURNAMES = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张"
GIVEN = "秀英建国桂兰志强淑珍海涛丽华文明玉梅国庆春燕永红"
# Everything that an import writes, the journal and the import's own rows aside.
TABLES = ("communities_building", "communities_household", "communities_resident", "communities_careentry")
# A row that was changed and changed back has counted two changes, and its secrets are encrypted anew.
LEFT_OUT = {"version", "phone", "id_number"}
chance = random.Random(7)


def set_up(urls: dict) -> None:
    """Production's settings on the private server; the environment is handed on to the worker."""
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
        REDIS_URL="redis://127.0.0.1:1/0",  # named because production wants one; nobody listens, and nobody needs to
    )
    start_django()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    call_command("load_reference", verbosity=0)


def start_django() -> None:
    sys.path.insert(0, str(ROOT))
    import django

    django.setup()


# --- the ledger ---


def id_number(born: date, serial: int) -> str:
    digits = f"420199{born:%Y%m%d}{serial:03d}"
    return digits + "10X98765432"[sum(int(d) * w for d, w in zip(digits, WEIGHTS, strict=True)) % 11]


def people(rows: int):
    """Rows of the ledger: three to a household, a hundred to a building, ten buildings to a compound."""
    for number in range(rows):
        household, building = number // 3, number // 100
        born = date(1935, 1, 1) + timedelta(days=number % 25_000)
        yield [
            f"第{building // 10 + 1}小区",
            f"{building % 10 + 1}号楼",
            str(household % 3 + 1),
            str(household // 3 % 12 * 100 + 101 + household % 2),
            chance.choice(SURNAMES) + chance.choice(GIVEN) + chance.choice(GIVEN),
            "女" if number // 25_000 % 2 == 0 else "男",
            id_number(born, number // 25_000 * 2 + number // 25_000 % 2),
            born,
            f"130{number:08d}",
            "是" if number % 3 == 0 else "否",
            chance.choice(["人户一致", "人在户不在", "租户", None]),
            chance.choice(["重点", "关注", "一般", None, None, None]),
            "喜欢下棋" if number % 7 == 0 else None,
        ]


def make_ledger(path: Path, rows: int) -> list:
    """Write the .xlsx and return its first rows, which the register holds before."""
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    sheet = book.create_sheet("居民")
    sheet.append(HEADINGS)
    first = []
    for row in people(rows):
        if len(first) < KNOWN_BEFORE:
            first.append(row)
        sheet.append(row)
    book.save(path)
    return first


# --- the world ---


def make_world(rows: int, first: list):
    """A community with the ledger's compounds, its secretary, and 2,000 of its people with another phone number."""
    from accounts.models import User
    from communities.access import Role
    from communities.models import Assignment, Building, Compound, Division, Household, Resident

    above = None
    for code in ("42", "4299", "429901", "429901001", "429901001001"):
        above = Division.objects.establish(by=None, code=code, name=code, parent=above)
    secretary = User.objects.create_user("secretary", name="secretary")
    Assignment.objects.assign(by=None, user=secretary, role=Role.SECRETARY, since=date(2020, 1, 1), division=above)
    compounds = {}
    for number in range(rows // 1000 + 1):
        name = f"第{number + 1}小区"
        compounds[name] = Compound.objects.add(by=None, client_uuid=uuid4(), community=above, name=name)
    homes, buildings, residents = {}, {}, []
    for compound, building, stair, door, name, sex, number, born, *_rest in first:
        at = (compound, building)
        if at not in buildings:
            buildings[at] = Building.objects.add(by=None, compound=compounds[compound], name=building)
        if (*at, stair, door) not in homes:
            homes[(*at, stair, door)] = Household.objects.add(
                by=None, client_uuid=uuid4(), building=buildings[at], stair=stair, door=door
            )
        home = homes[(*at, stair, door)]
        person = Resident(household=home, area_path=home.area_path, name=name, sex="f" if sex == "女" else "m")
        person.born_on, person.id_number, person.phone = born, number, "13900000000"
        person.derive()
        residents.append(person)
    Resident.objects.bulk_create(residents, batch_size=500)
    return secretary, above


def hashes() -> dict:
    """{table: (rows, hash over all of its rows and columns)}."""
    from django.db import connection

    found = {}
    with connection.cursor() as cursor:
        for table in TABLES:
            cursor.execute(
                "SELECT column_name FROM information_schema.columns WHERE table_name = %s ORDER BY 1", [table]
            )
            columns = [name for (name,) in cursor.fetchall() if name not in LEFT_OUT]
            digest, number = hashlib.md5(usedforsecurity=False), 0
            names = ", ".join(f'"{name}"' for name in columns)
            cursor.execute(f"SELECT md5(ROW({names})::text) FROM {table} ORDER BY id")
            for (row,) in cursor:
                digest.update(row.encode())
                number += 1
            found[table] = (number, digest.hexdigest()[:12])
    return found


# --- the run ---


def upload(secretary, place, path: Path):
    from communities.models import Roster
    from communities.rosters.files import open_book
    from communities.rosters.mapping import outline_of, propose

    data = path.read_bytes()
    with open_book(data, path.name) as book:
        outline = outline_of(book)
    roster = Roster.objects.receive(
        by=secretary,
        client_uuid=uuid4(),
        kind="residents",
        division=place,
        file_name=path.name,
        data=data,
        outline=outline,
    )
    found = propose("residents", place.code, roster.outline)
    roster.map_columns(by=secretary, sheet=found.sheet, heading_row=found.heading_row, mapping=found.mapping)
    return roster


def work() -> int:
    """Be a worker: run what waits, and say how much memory that took at most."""
    start_django()
    from foundation.jobs.running import run_waiting

    run_waiting(pulse=True)
    used = resource.getrusage(resource.RUSAGE_SELF)
    print(f"{used.ru_utime + used.ru_stime:.1f} {used.ru_maxrss // 1024}")
    return 0


def run_worker(title: str, roster) -> bool:
    """One step in a process of its own; prints seconds, memory and counts, and says whether it met the targets."""
    started = time.monotonic()
    answer = subprocess.run([sys.executable, __file__, "--work"], cwd=ROOT, capture_output=True, text=True)
    seconds = time.monotonic() - started
    roster.refresh_from_db()
    if answer.returncode or roster.job.state != "done":
        print(f"{title}: {roster.job.state} {roster.job.error} {roster.job.error_facts}\n{answer.stderr[-3000:]}")
        return False
    of_processor, megabytes = float(answer.stdout.split()[-2]), int(answer.stdout.split()[-1])
    good = seconds <= MOST_SECONDS and megabytes <= MOST_MEGABYTES
    times = f"{seconds:6.1f} s (≤ {MOST_SECONDS}; {of_processor:.0f} s of processor)"
    print(
        f"{title:12} {times}  {megabytes:4} MB (≤ {MOST_MEGABYTES})  {roster.job.result}{'' if good else '  MISSED'}",
        flush=True,
    )
    return good


def run(folder: Path, rows: int) -> bool:
    ledger = folder / "residents.xlsx"
    first = make_ledger(ledger, rows)
    secretary, place = make_world(rows, first)
    print(
        f"{rows} rows, {ledger.stat().st_size / 1e6:.1f} MB of .xlsx, {KNOWN_BEFORE} of them known before", flush=True
    )
    before = hashes()
    roster = upload(secretary, place, ledger)
    roster.start_check(by=secretary)
    good = run_worker("check", roster)
    good &= roster.counts == roster.counts | {"new": rows - KNOWN_BEFORE, "changed": KNOWN_BEFORE, "faulty": 0}
    roster.start_apply(by=secretary)
    good &= run_worker("enter", roster)
    entered = hashes()
    again = upload(secretary, place, ledger)
    again.start_check(by=secretary)
    good &= run_worker("check again", again)
    again.start_apply(by=secretary)
    good &= run_worker("enter again", again)
    good &= again.counts == again.counts | {"new": 0, "changed": 0, "same": rows}
    same = hashes() == entered
    roster.start_revert(by=secretary, reason="bench")
    good &= run_worker("take back", roster)
    after = hashes()
    for table in TABLES:
        print(f"{table:26} before {before[table]}  entered {entered[table]}  taken back {after[table]}")
    print(
        f"entered twice: {'the same' if same else 'NOT THE SAME'}; taken back: {'as before' if after == before else 'NOT AS BEFORE'}"
    )
    return good and same and after == before


def main() -> int:
    if machine.provide("postgresql"):
        return 2
    os.environ.pop("DATABASE_URL", None)  # never somebody's own data
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else ROWS
    with private_services("postgresql") as urls:
        set_up(urls)
        with tempfile.TemporaryDirectory(prefix="portal-") as folder:
            good = run(Path(folder), rows)
    print("Targets met." if good else "MISSED")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(work() if sys.argv[1:2] == ["--work"] else main())
