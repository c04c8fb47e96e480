"""What a worker does: take a job, keep it alive, run it, write down what became of it. Safe to kill anywhere."""

import logging
import threading
import traceback
from contextlib import nullcontext

from django.db import DatabaseError, close_old_connections, connection
from django.utils import timezone

from foundation.clock.models import Heartbeat
from foundation.jobs.kinds import KINDS, JobCancelled, JobFailed
from foundation.jobs.models import TASK, Job, State

BEAT_EVERY = 5.0  # seconds

log = logging.getLogger("portal.jobs")


def run_waiting(now=None, *, pulse=False):
    """Run everything that waits, and what killed workers left; returns how many jobs were run.

    `pulse`: show signs of life from a thread of its own while a job runs, as a worker does; a test's transaction has no second
    connection.
    """
    number = 0
    while (job := Job.objects.claim(now or timezone.now())) is not None:
        with Pulse(job) if pulse else nullcontext():
            run(job)
        number += 1
    return number


def run(job):
    """Run one claimed job and write down what became of it; nothing is raised."""
    kind = KINDS.get(job.kind)
    if kind is None:
        job.end(State.FAILED, error="unknown_kind")
        return
    try:
        result = kind.run(job)
    except JobCancelled:
        job.end(State.CANCELLED)
    except JobFailed as failure:
        job.end(State.FAILED, error=failure.code, error_facts=failure.facts)
    except Exception as error:
        # Where it happened, but not its message, which may quote a row.
        log.error("Job %s: %s\n%s", job, type(error).__name__, "".join(traceback.format_tb(error.__traceback__)))
        job.end(State.FAILED, error="unexpected", error_facts={"kind": type(error).__name__})
    else:
        job.done = job.total = max(job.total, job.done)
        job.end(State.DONE, result=result)


class Pulse:
    """Signs of life of a running job, from a thread with a connection of its own; `lost` once somebody else decides about the job."""

    def __init__(self, job):
        self.job, self.lost = job, False
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.beat, name=f"pulse of {job}", daemon=True)

    def __enter__(self):
        self.job.pulse = self
        self.thread.start()
        return self

    def __exit__(self, *_error):
        self.over.set()
        self.thread.join()
        self.job.pulse = None
        return False

    def beat(self):
        while not self.over.wait(BEAT_EVERY):
            try:
                now = timezone.now()
                self.lost = not self.job.say_alive(now)
                # The clock's job is not late, it is at work.
                Heartbeat.objects.filter(job=TASK).update(finished_at=now)
            except DatabaseError:
                # SQLite has one writer, who may be the job itself: the next beat will do.
                close_old_connections()
        connection.close()


def sweep(now):
    """Throw away what ended long ago; returns how many."""
    return Job.objects.outlived(now).delete()[0]
