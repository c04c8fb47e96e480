"""Does the clock still tick? Every job that runs by itself leaves the time of its last run."""

import datetime as dt
from contextlib import ContextDecorator

from django.db import models
from django.utils import timezone

GRACE = dt.timedelta(minutes=2)


class Heartbeat(models.Model):
    """The last run of one job. `every` is how often it should run; `error` is empty after a good run."""

    job = models.CharField(max_length=100, unique=True)
    every = models.DurationField()
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)
    error = models.CharField(max_length=300, blank=True, default="")

    class Meta:
        ordering = ["job"]

    def __str__(self):
        return self.job

    def is_late(self, now):
        """No good end within twice its interval and two minutes: not started, hanging, or failing every time."""
        last = self.finished_at or self.started_at
        return now - last > 2 * self.every + GRACE


class beat(ContextDecorator):
    """Around a job, as `with beat("remind", every=60):` or as a decorator: keeps its Heartbeat.

    `every` is its usual interval as a timedelta or in seconds. A run that fails keeps the moment of the last good end
    and the kind of the error; the exception goes on.
    """

    def __init__(self, job, every):
        self.job = job
        self.every = every if isinstance(every, dt.timedelta) else dt.timedelta(seconds=every)

    def __enter__(self):
        facts = {"started_at": timezone.now(), "every": self.every}
        Heartbeat.objects.update_or_create(job=self.job, defaults=facts)
        return self

    def __exit__(self, kind, error, trace):
        facts = {"error": f"{kind.__name__}: {error}"[:300]} if kind else {"error": "", "finished_at": timezone.now()}
        Heartbeat.objects.filter(job=self.job).update(**facts)
        return False


def late_jobs(now, schedule=()):
    """Names of jobs late at `now`, in order. `schedule` names those that must exist: one that never ran is late."""
    known = {heartbeat.job: heartbeat for heartbeat in Heartbeat.objects.all()}
    late = {job for job, heartbeat in known.items() if heartbeat.is_late(now)}
    return sorted(late | (set(schedule) - set(known)))
