"""pytest plugin: which tests are for which database, and a written proof of which tests ran on which.

Tests marked `postgres` are not selected on SQLite. With CI=true, which runs both databases, those marked `once` are
not selected on PostgreSQL. With RAN_TESTS=FILE the ids of all tests that ran to an end are written there; with
COLLECTED_TESTS=FILE the ids of all tests that were asked for, whatever the database.
`scripts/test.py` compares the two.
"""

import os
from pathlib import Path

import machine
import pytest
from django.conf import settings

ran = set()


def on_postgresql() -> bool:
    return settings.DATABASES["default"]["ENGINE"].endswith("postgresql")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config, items):
    if path := os.environ.get("COLLECTED_TESTS"):
        Path(path).write_text("".join(f"{item.nodeid}\n" for item in items), encoding="utf-8")
    marker = "postgres" if not on_postgresql() else "once" if machine.CI else None
    elsewhere = [item for item in items if marker and item.get_closest_marker(marker)]
    if elsewhere:
        config.hook.pytest_deselected(items=elsewhere)
        items[:] = [item for item in items if not item.get_closest_marker(marker)]


def pytest_runtest_logreport(report):
    if report.when == "call" and not report.skipped:
        ran.add(report.nodeid)


def pytest_sessionfinish(session):
    # with xdist only the controlling process has seen the reports of all workers
    if not hasattr(session.config, "workerinput") and (path := os.environ.get("RAN_TESTS")):
        Path(path).write_text("".join(f"{nodeid}\n" for nodeid in sorted(ran)), encoding="utf-8")


def pytest_report_header():
    return f"database: {'PostgreSQL' if on_postgresql() else 'SQLite'}"
