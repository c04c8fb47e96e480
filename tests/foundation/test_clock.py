import datetime as dt

import pytest
import time_machine
from django.utils import timezone

from foundation.clock.models import Heartbeat, beat, late_jobs

NOON = dt.datetime(2026, 11, 23, 12, tzinfo=dt.UTC)
MINUTE = dt.timedelta(minutes=1)


@pytest.mark.django_db
class TestBeat:
    def test_a_good_run_leaves_its_time(self):
        with time_machine.travel(NOON, tick=False), beat("remind", every=60):
            pass
        heartbeat = Heartbeat.objects.get()
        assert (heartbeat.job, heartbeat.started_at, heartbeat.finished_at) == ("remind", NOON, NOON)
        assert (heartbeat.every, heartbeat.error) == (MINUTE, "")

    def test_as_a_decorator_every_call_beats(self):
        @beat("remind", every=MINUTE)
        def remind():
            return 7

        with time_machine.travel(NOON, tick=False):
            assert remind() == 7
        with time_machine.travel(NOON + MINUTE, tick=False):
            remind()
        assert Heartbeat.objects.get().finished_at == NOON + MINUTE

    def test_a_failure_goes_on_and_is_remembered_until_the_next_good_run(self):
        with pytest.raises(ZeroDivisionError), beat("remind", every=60):
            1 / 0  # noqa: B018
        heartbeat = Heartbeat.objects.get()
        assert heartbeat.error == "ZeroDivisionError: division by zero"
        assert heartbeat.finished_at is None
        with beat("remind", every=60):
            pass
        assert Heartbeat.objects.get().error == ""


@pytest.mark.django_db
class TestLateJobs:
    def ran(self, job, ago, **facts):
        return Heartbeat.objects.create(job=job, every=MINUTE, started_at=NOON - ago, **facts)

    def test_late_is_later_than_two_intervals_and_two_minutes(self):
        self.ran("fresh", 4 * MINUTE, finished_at=NOON - 4 * MINUTE)
        self.ran("late", 5 * MINUTE, finished_at=NOON - 5 * MINUTE)
        assert late_jobs(NOON) == ["late"]

    def test_a_job_that_hangs_or_always_fails_is_late(self):
        self.ran("fails", MINUTE, finished_at=NOON - 60 * MINUTE, error="ValueError")
        self.ran("hangs", 60 * MINUTE)
        assert late_jobs(NOON) == ["fails", "hangs"]

    def test_a_job_of_the_schedule_that_never_ran_is_late(self):
        self.ran("remind", MINUTE, finished_at=NOON)
        assert late_jobs(NOON, schedule={"remind": 60, "deliver": 10}) == ["deliver"]

    def test_the_delivery_of_notices_beats(self):
        from foundation.notices.tasks import deliver_notices

        deliver_notices()
        assert late_jobs(timezone.now(), schedule=[deliver_notices.name]) == []
