"""pytest plugin: which tests are for which database, and a written proof of which tests ran on which.

Tests marked `postgres` are not selected on SQLite. With RAN_TESTS=FILE the ids of all tests that ran to an end are
written there; with COLLECTED_TESTS=FILE the ids of all tests that were asked for, whatever the database.
`scripts/test.py` compares the two.
"""

import os
from pathlib import Path

import pytest
from django.conf import settings

ran = set()


def on_postgresql() -> bool:
    return settings.DATABASES["default"]["ENGINE"].endswith("postgresql")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config, items):
    if path := os.environ.get("COLLECTED_TESTS"):
        Path(path).write_text("".join(f"{item.nodeid}\n" for item in items), encoding="utf-8")
    if on_postgresql():
        return
    needs_postgresql = [item for item in items if item.get_closest_marker("postgres")]
    if needs_postgresql:
        config.hook.pytest_deselected(items=needs_postgresql)
        items[:] = [item for item in items if not item.get_closest_marker("postgres")]


def pytest_runtest_logreport(report):
    if report.when == "call" and not report.skipped:
        ran.add(report.nodeid)


def pytest_sessionfinish(session):
    # with xdist only the controlling process has seen the reports of all workers
    if not hasattr(session.config, "workerinput") and (path := os.environ.get("RAN_TESTS")):
        Path(path).write_text("".join(f"{nodeid}\n" for nodeid in sorted(ran)), encoding="utf-8")


def pytest_report_header():
    return f"database: {'PostgreSQL' if on_postgresql() else 'SQLite'}"
