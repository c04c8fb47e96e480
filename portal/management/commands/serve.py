"""The embedded server: pages and clock in one process, for a laptop, a trial or the demo.

Production runs three processes instead (`Procfile`): gunicorn, Celery's worker and Celery's beat.
"""

import fcntl
import os
import threading
from datetime import timedelta
from pathlib import Path

from celery.beat import Scheduler, Service
from django.conf import settings
from django.core.management.base import BaseCommand
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections, connections
from gunicorn.app.base import BaseApplication

from foundation.jobs.models import TASK as LONG
from portal.celery import app

THREADS = 8


class Clock(Scheduler):
    """Celery's scheduler for tasks that run right here."""

    at_work = None  # the thread of long work

    def setup_schedule(self):
        """What fell due while nothing ran is caught up at once, not after the first interval."""
        super().setup_schedule()
        for entry in self.schedule.values():
            entry.last_run_at = self.app.now() - timedelta(days=1)

    def apply_async(self, entry, *args, **kwargs):
        """Run the task, long work in a thread of its own: the reminders do not wait for an import."""
        if entry.task != LONG:
            return self.run(entry, *args, **kwargs)
        if self.at_work is None or not self.at_work.is_alive():
            self.at_work = threading.Thread(target=self.run, args=(entry, *args), kwargs=kwargs, name=LONG, daemon=True)
            self.at_work.start()
        return None

    def run(self, *args, **kwargs):
        """No database connection grows old between two tasks."""
        close_old_connections()
        try:
            return super().apply_async(*args, **kwargs)
        finally:
            close_old_connections()


def lock_path() -> Path:
    """One lock per database: beside the SQLite file, else in the data folder."""
    database = settings.DATABASES["default"]
    if database["ENGINE"].endswith("sqlite3"):
        return Path(f"{database['NAME']}.clock")
    return settings.BASE_DIR / "data" / f"{database['NAME']}.clock"


def run_clock():
    """Tick for ever. A second process on the same database waits here, and takes over when the first one ends."""
    path = lock_path()
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("Another process runs the clock of this database; this one only serves pages.", flush=True)
            fcntl.flock(lock, fcntl.LOCK_EX)
        app.loader.import_default_modules()
        Service(app, scheduler_cls=Clock).start(embedded_process=False)


class Embedded(BaseApplication):
    """Gunicorn with one process of several threads; the clock is a further thread of that process."""

    def __init__(self, options):
        self.options = options
        super().__init__()

    def load_config(self):
        for name, value in self.options.items():
            self.cfg.set(name, value)

    def load(self):
        return get_wsgi_application()


class Command(BaseCommand):
    help = "Serve the portal from one process: pages, and the clock with tasks that run in it."

    def add_arguments(self, parser):
        parser.add_argument("--port", type=int, default=int(os.environ.get("PORT", 8000)))
        parser.add_argument("--host", default="127.0.0.1")

    def handle(self, *, host, port, **options):
        connections.close_all()  # nothing opened here may be shared with the process that gunicorn forks

        def start_clock(worker):
            if settings.CELERY_TASK_ALWAYS_EAGER:
                threading.Thread(target=run_clock, name="clock", daemon=True).start()

        def say_where(server):
            self.stdout.write(f"The portal is at http://localhost:{port} (Ctrl-C stops it)")
            if not settings.CELERY_TASK_ALWAYS_EAGER:
                self.stdout.write("REDIS_URL is set: start worker and beat as the Procfile says; no clock runs here.")
            self.stdout.flush()

        Embedded(
            {
                "bind": f"{host}:{port}",
                "workers": 1,
                "worker_class": "gthread",
                "threads": THREADS,
                "loglevel": "warning",
                "accesslog": None,
                "graceful_timeout": 3,
                "control_socket_disable": True,
                "post_worker_init": start_clock,
                "when_ready": say_where,
            }
        ).run()
