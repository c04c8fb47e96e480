"""Celery is the clock: one table says which job runs how often. What is to be done stands in the database."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
app = Celery("portal")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["foundation.notices", "foundation.jobs", "communities", "issues"])

# seconds between two ticks of each job; /readyz reports a job as late after two of its intervals
INTERVALS = {
    "foundation.notices.tasks.deliver_notices": 10,
    "foundation.jobs.tasks.run_jobs": 5,
    "foundation.jobs.tasks.sweep_jobs": 3600,
    "communities.tasks.look_after_rosters": 300,
    "communities.tasks.release_left_work": 3600,
    "communities.tasks.keep_registers": 60,
    "communities.tasks.adopt_late_comers": 60,
    "communities.tasks.throw_files_away": 3600,
    "communities.tasks.disable_idle": 3600,
    "communities.tasks.keep_reviews": 3600,
    "communities.tasks.remind_of_purges": 3600,
    "issues.tasks.remind_issues": 60,
}
# A tick that nobody took before the next one is void: it would only ask the same again.
app.conf.beat_schedule = {
    name: {"task": name, "schedule": seconds, "options": {"expires": seconds}} for name, seconds in INTERVALS.items()
}
