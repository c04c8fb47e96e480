"""The world of every test: fast, alone, offline."""

import os
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.conf import settings
from django.core.cache import cache
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from foundation.workdays import snapshot

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "scripts"))
import machine

pytest_plugins = ["tests.databases", "tests.town"]

# Playwright's sync API keeps an event loop in the test's thread; Django would refuse to touch the database there.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
]
# statements of Django's own bookkeeping: how a transaction is cut is not what a page costs
BOOKKEEPING = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE")


def pytest_configure(config):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    # Never the real cache: it is emptied between tests.
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    from portal.celery import app

    app.conf.update(task_always_eager=True, task_eager_propagates=True, broker_url="memory://")


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings, tmp_path_factory):
    """SQLite in a file of its own: the threads of `live_server` get connections of their own, as in real life."""
    database = settings.DATABASES["default"]
    if database["ENGINE"].endswith("sqlite3"):
        database["TEST"]["NAME"] = str(tmp_path_factory.mktemp("database") / "test.sqlite3")
        database["OPTIONS"]["init_command"] = "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF;"


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup, django_db_blocker):
    """The reference data stand in the database once, not once a test; `build_town` writes them again after a flush."""
    with django_db_blocker.unblock():
        call_command("load_reference", verbosity=0)


@pytest.fixture(autouse=True)
def empty_cache():
    """Rate limits live in the cache, the calendar and the care standards in the process; no test inherits those of another."""
    from communities import standards  # models: not before Django is set up

    for forget in (cache.clear, snapshot.forget, standards.forget):
        forget()
    yield
    for forget in (cache.clear, snapshot.forget, standards.forget):
        forget()


class Queries(list):
    """The statements that ran, without Django's own bookkeeping."""

    def __str__(self):
        return "\n".join(f"{number}. {sql}" for number, sql in enumerate(self, 1))


@pytest.fixture
def sql_count():
    """`with sql_count(at_most=8) as queries:` fails, with the statements, when there are more."""

    @contextmanager
    def counting(at_most=None):
        queries = Queries()
        with CaptureQueriesContext(connection) as captured:
            yield queries
        queries.extend(query["sql"] for query in captured if not query["sql"].upper().startswith(BOOKKEEPING))
        if at_most is not None and len(queries) > at_most:
            pytest.fail(f"{len(queries)} queries, at most {at_most} are allowed:\n{queries}")

    return counting


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args):
    """The system's Chromium. Without one, browser tests are skipped with a word, and an error with CI=true."""
    path = machine.find_browser()
    if path is None:
        answer = "No Chromium in PATH (chromium, chromium-browser, google-chrome)"
        (pytest.fail if machine.CI else pytest.skip)(answer)
    return {**browser_type_launch_args, "executable_path": path, "args": CHROMIUM_FLAGS}


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args):
    return {**browser_context_args, "locale": "zh-CN", "timezone_id": "Asia/Shanghai"}
