"""What /readyz asks: can we reach the database and the queue, and does the clock tick."""

from django.conf import settings
from django.db import DatabaseError, connection
from redis import Redis
from redis.exceptions import RedisError

from foundation.clock.models import late_jobs
from portal.celery import app


def reasons_not_ready(*, now):
    """A list of short reasons, empty if all is well. Names jobs and services, no addresses."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        reasons = [f"clock: {job} is late" for job in late_jobs(now, schedule=app.conf.beat_schedule)]
    except DatabaseError as error:
        reasons = [f"database: {type(error).__name__}"]
    if settings.REDIS_URL:
        try:
            Redis.from_url(settings.REDIS_URL, socket_timeout=2, socket_connect_timeout=2).ping()
        except RedisError as error:
            reasons.append(f"queue: {type(error).__name__}")
    return reasons
