"""Celery's door to the queue of deliveries."""

from celery import shared_task
from django.utils import timezone

from foundation.clock.ticking import ticking
from foundation.notices import delivery


@shared_task
def deliver_notices():
    with ticking("foundation.notices.tasks.deliver_notices"):
        delivery.deliver_due(now=timezone.now())
