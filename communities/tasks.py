"""Celery's door to places, people and staff."""

from celery import shared_task
from django.utils import timezone

from communities import idle, kept_files, left_work, retention, reviews, upkeep
from communities.models import Merge
from communities.rosters import running as rosters
from foundation.clock.ticking import ticking


@shared_task
def release_left_work():
    with ticking("communities.tasks.release_left_work"):
        left_work.release_left_work(now=timezone.now())


@shared_task
def throw_files_away():
    with ticking("communities.tasks.throw_files_away"):
        kept_files.throw_away(today=timezone.localdate())


@shared_task
def keep_registers():
    with ticking("communities.tasks.keep_registers"):
        upkeep.keep_registers(now=timezone.now())


@shared_task
def disable_idle():
    with ticking("communities.tasks.disable_idle"):
        idle.disable_idle(now=timezone.now())


@shared_task
def keep_reviews():
    with ticking("communities.tasks.keep_reviews"):
        reviews.keep_reviews(now=timezone.now())


@shared_task
def adopt_late_comers():
    with ticking("communities.tasks.adopt_late_comers"):
        Merge.objects.adopt_late_comers()


@shared_task
def remind_of_purges():
    with ticking("communities.tasks.remind_of_purges"):
        retention.remind_of_purges(now=timezone.now())


@shared_task
def look_after_rosters():
    with ticking("communities.tasks.look_after_rosters"):
        rosters.look_after(now=timezone.now())
