"""Run the tests: `make test`, with ARGS going to pytest.

Where PostgreSQL can be had they run once, on PostgreSQL; else once on SQLite, and it is said so. With CI=true they run
on SQLite and on PostgreSQL, nothing may be missing, and each test must have run to an end on at least one of the two.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import machine
from services import private_services

ROOT = Path(__file__).resolve().parent.parent
SOME_FAILED, NO_TESTS_SELECTED = 1, 5  # exit codes of pytest
WORKERS = min(4, os.cpu_count() or 1)


def run_pytest(database: str, url: str, arguments: list[str], proof: Path) -> int:
    """One pass on one database; writes which tests were asked for and which ran into `proof`."""
    print(f"== Tests on {database}", flush=True)
    environment = {
        **os.environ,
        "DATABASE_URL": url,
        "RAN_TESTS": str(proof / f"ran-{database}"),
        "COLLECTED_TESTS": str(proof / f"collected-{database}"),
    }
    everything = ["-n", str(WORKERS), "--dist", "worksteal"] if not arguments else []
    command = [sys.executable, "-m", "pytest", *everything, *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment).returncode


def names(proof: Path, pattern: str) -> set[str]:
    return {line for path in proof.glob(pattern) for line in path.read_text(encoding="utf-8").splitlines()}


def prove_that_all_ran(proof: Path) -> bool:
    """Print what ran where; False if some test ran on no database."""
    asked = names(proof, "collected-*")
    for path in sorted(proof.glob("ran-*")):
        print(f"{path.name.removeprefix('ran-')}: {len(names(proof, path.name))} of {len(asked)} tests ran")
    missing = sorted(asked - names(proof, "ran-*"))
    for name in missing:
        print(f"ran on no database: {name}")
    if not missing:
        print(f"Each of the {len(asked)} tests ran on at least one database.")
    return not missing


def run_on_both(arguments: list[str], proof: Path) -> int:
    codes = [run_pytest("SQLite", f"sqlite:///{proof / 'unused.sqlite3'}", arguments, proof)]
    with private_services("postgresql", "redis") as urls:
        url = urls.get("DATABASE_URL") or os.environ["DATABASE_URL"]
        os.environ.update(urls)
        codes.append(run_pytest("PostgreSQL", url, arguments, proof))
    broken_off = [code for code in codes if code not in (0, SOME_FAILED, NO_TESTS_SELECTED)]
    if broken_off:
        print("A pass was broken off before its end; which tests ran where is not known.", flush=True)
        return broken_off[0]
    proved = prove_that_all_ran(proof)
    return SOME_FAILED if SOME_FAILED in codes or not proved else 0


def run_once(arguments: list[str], proof: Path) -> int:
    with private_services("postgresql", "redis") as urls:
        url = urls.get("DATABASE_URL") or os.environ.get("DATABASE_URL", "")
        os.environ.update(urls)
        if url:
            return run_pytest("SQLite" if url.startswith("sqlite") else "PostgreSQL", url, arguments, proof)
    print("No PostgreSQL here: the tests marked postgres (real concurrency) are left out.", flush=True)
    return run_pytest("SQLite", f"sqlite:///{proof / 'unused.sqlite3'}", arguments, proof)


def main() -> int:
    machine.provide("browser", "chinese-font", "postgresql", "redis")
    with tempfile.TemporaryDirectory(prefix="portal-tests-") as proof:
        return (run_on_both if machine.CI else run_once)(sys.argv[1:], Path(proof))


if __name__ == "__main__":
    sys.exit(main())
