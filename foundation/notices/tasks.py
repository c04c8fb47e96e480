"""Celery's door to the queue of deliveries."""

from celery import shared_task
from django.utils import timezone

from foundation.clock.models import beat
from foundation.notices import delivery


@shared_task
@beat("foundation.notices.tasks.deliver_notices", every=10)
def deliver_notices():
    delivery.deliver_due(now=timezone.now())
