"""One piece of long work: who wants it, how far it is, what came out."""

import logging
import uuid
from datetime import timedelta

from celery import current_app
from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, models, transaction
from django.db.models import F, Q
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import pgettext_lazy

from foundation.fields import PathField
from foundation.jobs import kinds
from foundation.jobs.kinds import JobCancelled

# No sign of life for so long: the worker was killed, and the job is taken again.
DEAD_AFTER = timedelta(seconds=120)
MOST_ATTEMPTS = 5
KEPT = timedelta(days=30)
WRITE_EVERY = timedelta(seconds=1)
TASK = "foundation.jobs.tasks.run_jobs"

log = logging.getLogger("portal.jobs")


class State(models.TextChoices):
    WAITING = "waiting", pgettext_lazy("job", "waiting")
    RUNNING = "running", pgettext_lazy("job", "at work")
    DONE = "done", pgettext_lazy("job", "done")
    FAILED = "failed", pgettext_lazy("job", "failed")
    CANCELLED = "cancelled", pgettext_lazy("job", "cancelled")


OPEN = (State.WAITING, State.RUNNING)


class JobQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Nobody else's business, and what came out may name places that others do not see."""
        return self.filter(owner_id=user.pk)

    changeable_by = visible_to

    def unfinished(self):
        return self.filter(state__in=OPEN)

    def to_be_taken(self, now):
        """Jobs that wait for a worker, and those whose worker gives no sign of life."""
        return self.filter(Q(state=State.WAITING) | Q(state=State.RUNNING, beat_at__lt=now - DEAD_AFTER))

    def outlived(self, now):
        return self.filter(finished_at__lt=now - KEPT)

    def for_list(self):
        return self.order_by("-created_at", "-pk")


class JobManager(models.Manager.from_queryset(JobQuerySet)):
    @transaction.atomic
    def start(self, kind, *, by, subject="", area_path="", key=None, target_url="", total=0, params=None):
        """See `foundation.jobs.start`."""
        facts = {
            "kind": kind,
            "subject": subject,
            "owner_id": by.pk,
            "area_path": area_path,
            "params": params or {},
            "target_url": target_url,
            "total": total,
        }
        if key is None:
            job, new = self.create(**facts), True
        else:
            job, new = self.get_or_create(key=str(key), defaults=facts)
        if new:
            transaction.on_commit(nudge, robust=True)
        return job

    def claim(self, now):
        """Take the job that has waited longest, so that no other worker runs it; None if nothing is to be done."""
        free = self.to_be_taken(now)
        while True:
            with transaction.atomic():
                first = free.order_by("created_at", "pk")
                if connection.features.has_select_for_update_skip_locked:
                    first = first.select_for_update(skip_locked=True)
                job = first.first()
                if job is None:
                    return None
                if job.attempts >= MOST_ATTEMPTS:
                    job.end(State.FAILED, error="gave_up")
                    continue
                taken = {
                    "state": State.RUNNING,
                    "claim": uuid.uuid4(),
                    "beat_at": now,
                    "started_at": Coalesce("started_at", now),
                    "attempts": F("attempts") + 1,
                }
                if free.filter(pk=job.pk).update(**taken):
                    return self.select_related("owner").get(pk=job.pk)


def nudge():
    """Wake a worker. Without one (or without its broker) the clock's next tick does it; a page never waits for the work."""
    if not current_app.conf.task_always_eager:
        try:
            current_app.send_task(TASK, retry=False)
        except Exception as error:
            log.warning("No worker was nudged: %s", type(error).__name__)


class Job(models.Model):
    """`subject` is the label of the row that it is about ("communities.roster:5"); `key` makes asking twice one job.

    `params` and `result` hold numbers and codes only. `claim` names the worker's hold on the job: who has lost it can write nothing.
    """

    kind = models.CharField(max_length=60)
    subject = models.CharField(max_length=120, blank=True, default="")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", db_index=False)
    area_path = PathField(max_length=15, blank=True, default="")
    params = models.JSONField(default=dict, blank=True, encoder=DjangoJSONEncoder)
    key = models.CharField(max_length=120, null=True, blank=True, unique=True)
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True, blank=True)
    beat_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True, db_index=True)
    cancel_asked_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    claim = models.UUIDField(null=True, blank=True)
    error = models.CharField(max_length=60, blank=True, default="")
    error_facts = models.JSONField(default=dict, blank=True, encoder=DjangoJSONEncoder)
    result = models.JSONField(default=dict, blank=True, encoder=DjangoJSONEncoder)
    target_url = models.CharField(max_length=300, blank=True, default="")

    objects = JobManager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=OPEN, finished_at__isnull=True)
                | (~Q(state__in=OPEN) & Q(finished_at__isnull=False)),
                name="job_finished_has_a_moment",
            ),
            models.CheckConstraint(condition=~Q(state="failed") | ~Q(error=""), name="job_failure_has_a_code"),
        ]
        indexes = [
            models.Index(fields=["owner", "created_at"], name="jobs_job_owner"),
            models.Index(
                fields=["created_at"], name="jobs_job_open", condition=models.Q(state__in=["waiting", "running"])
            ),
            models.Index(fields=["subject"], name="jobs_job_subject"),
        ]

    # Set by the worker that keeps the job alive from a thread of its own (running.py).
    pulse = None
    _written_at = None

    def __str__(self):
        return f"{self.kind} {self.pk}"

    def get_absolute_url(self):
        return reverse("job_detail", args=[self.pk])

    @property
    def label(self):
        return kinds.label_of(self.kind)

    @property
    def outcome(self):
        return kinds.outcome_of(self.kind, self.result)

    @property
    def failure(self):
        return kinds.failure_of(self.kind, self.error, self.error_facts) if self.error else ""

    @property
    def is_open(self):
        return self.state in OPEN

    @property
    def percent(self):
        """How much is done, 0 to 100; None while nobody knows how much there is."""
        return min(100 * self.done // self.total, 100) if self.total else None

    @property
    def mine(self):
        """The row as long as this worker holds it."""
        return Job.objects.filter(pk=self.pk, claim=self.claim, state=State.RUNNING)

    def progress(self, done, total=None):
        """Say how far it is; raises JobCancelled if the owner cancelled or another worker has taken the job.

        Writes once a second at most. Inside a transaction of a live worker its pulse writes, from a connection of its own: the
        row would stay locked, and nobody would see the number before the end.
        """
        self.done, self.total = done, self.total if total is None else total
        if self.pulse is not None and connection.in_atomic_block:
            if self.pulse.lost:
                raise JobCancelled
            return
        now = timezone.now()
        if self._written_at is None or now - self._written_at >= WRITE_EVERY or done == self.total:
            self._written_at = now
            if not self.say_alive(now):
                raise JobCancelled

    def say_alive(self, now):
        """Write how far it is; False if the job was cancelled or is no longer this worker's."""
        alive = self.mine.filter(cancel_asked_at__isnull=True)
        return bool(alive.update(beat_at=now, done=self.done, total=self.total))

    def end(self, state, *, error="", error_facts=None, result=None):
        """Write what became of it, unless another worker holds it by now."""
        held = Job.objects.filter(pk=self.pk, claim=self.claim, state__in=OPEN)
        facts = {"error": error, "error_facts": error_facts or {}, "result": result or {}, "done": self.done}
        return held.update(state=state, finished_at=timezone.now(), total=self.total, **facts)

    def cancel(self):
        """Ask the worker to stop; what nobody has begun is over at once. False if it is over already."""
        now = timezone.now()
        waiting = Job.objects.filter(pk=self.pk, state=State.WAITING)
        if waiting.update(state=State.CANCELLED, finished_at=now, cancel_asked_at=now):
            return True
        return bool(Job.objects.filter(pk=self.pk, state=State.RUNNING).update(cancel_asked_at=now))
