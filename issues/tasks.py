from celery import shared_task
from django.utils import timezone

from foundation.clock.ticking import ticking
from issues import reminders


@shared_task
def remind_issues():
    with ticking("issues.tasks.remind_issues"):
        reminders.remind_issues(now=timezone.now())
