"""Celery's door to long work."""

from celery import shared_task
from django.utils import timezone

from foundation.clock.ticking import ticking
from foundation.jobs import running


@shared_task
def run_jobs():
    with ticking("foundation.jobs.tasks.run_jobs"):
        running.run_waiting(pulse=True)


@shared_task
def sweep_jobs():
    with ticking("foundation.jobs.tasks.sweep_jobs"):
        running.sweep(timezone.now())
