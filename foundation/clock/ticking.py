from datetime import timedelta

from celery import current_app

from foundation.clock.models import beat


def ticking(job):
    """The heartbeat of a scheduled job, by its name in the schedule, which also says how often it should run."""
    return beat(job, timedelta(seconds=current_app.conf.beat_schedule[job]["schedule"]))
