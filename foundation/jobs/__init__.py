"""Long work with progress: a row that a worker takes, that can be left and found again, and that a killed worker loses to the next one.

    @runs("roster_check", label=_("Checking a roster"), failures={"encrypted": _("The file is protected by a password.")})
    def check(job):
        for number, batch in enumerate(batches):
            ...                                # one short transaction each
            job.progress(number, len(batches))
        return {"rows": 100}                   # small, without personal data; shown as job.result

    job = start("roster_check", by=user, roster=5, target_url="/communities/rosters/5/")

A job function must be safe to repeat from the beginning: after a kill it runs again. It stands in `<app>/jobs.py` or in a
module imported there, which happens at the start.
"""

from django.apps import apps as rooms  # `apps` is this package's own module

from foundation.jobs.kinds import JobCancelled, JobFailed, runs

__all__ = ["JobCancelled", "JobFailed", "runs", "start"]


def start(kind, *, by, subject="", area_path="", key=None, target_url="", total=0, **params):
    """Write the job into the caller's transaction and nudge a worker after it; the same `key` again is the same job.

    `params` are numbers and codes (they stand in the database in clear): never names, numbers of people or texts.
    """
    return rooms.get_model("jobs", "Job").objects.start(
        kind, by=by, subject=subject, area_path=area_path, key=key, target_url=target_url, total=total, params=params
    )
