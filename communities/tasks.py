"""Celery's door to places, people and staff."""

from celery import shared_task
from django.utils import timezone

from communities import left_work, upkeep
from foundation.clock.ticking import ticking


@shared_task
def release_left_work():
    with ticking("communities.tasks.release_left_work"):
        left_work.release_left_work(now=timezone.now())


@shared_task
def keep_registers():
    with ticking("communities.tasks.keep_registers"):
        upkeep.keep_registers(now=timezone.now())
