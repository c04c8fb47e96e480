"""Long work: started once, taken by one worker, taken again after a kill, its end shown to its owner and to nobody else."""

import threading
from datetime import timedelta

import pytest
import time_machine
from django.db import connection, transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy, override

from foundation.jobs import JobCancelled, JobFailed, kinds, runs, start
from foundation.jobs.models import DEAD_AFTER, MOST_ATTEMPTS, Job
from foundation.jobs.running import Pulse, run_waiting, sweep

pytestmark = pytest.mark.django_db


@pytest.fixture
def work():
    """Kinds for these tests; `work` is the list of what was done."""
    done = []

    @runs(
        "count",
        label=gettext_lazy("Download"),
        outcome="%(n)s counted",
        failures={"odd": "%(n)s is odd"},
    )
    def count(job):
        if job.params.get("n", 0) % 2:
            raise JobFailed("odd", n=job.params["n"])
        for number in range(3):
            job.progress(number + 1, 3)
        done.append(job.pk)
        return {"n": job.params.get("n", 0)}

    @runs("crash")
    def crash(job):
        raise KeyError("".join(["王", "秀英", " ", "13000", "000123"]))

    yield done
    del kinds.KINDS["count"], kinds.KINDS["crash"]


class TestStart:
    def test_waits_until_a_worker_comes(self, town, work):
        job = start("count", by=town.secretary, n=2, subject="communities.compound:1", area_path=town.community.code)
        assert (job.state, job.owner, job.params) == ("waiting", town.secretary, {"n": 2})
        assert run_waiting() == 1 and run_waiting() == 0
        job.refresh_from_db()
        assert (job.state, job.result, job.done, job.total, job.percent) == ("done", {"n": 2}, 3, 3, 100)
        assert job.outcome == "2 counted" and job.started_at and job.finished_at

    def test_the_same_key_is_the_same_job(self, town, work):
        first, second = (start("count", by=town.secretary, key="k", n=2) for _n in range(2))
        assert first == second and run_waiting() == 1 and work == [first.pk]

    def test_nothing_is_started_when_the_page_fails(self, town, work):
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            start("count", by=town.secretary)
            1 / 0  # noqa: B018
        assert not Job.objects.exists()

    def test_a_kind_has_one_meaning(self, work):
        with pytest.raises(ValueError, match="count"):
            runs("count")(lambda job: None)


class TestEnds:
    def test_an_expected_failure_is_said_in_words(self, town, work):
        job = start("count", by=town.secretary, n=3)
        run_waiting()
        job.refresh_from_db()
        assert (job.state, job.error, job.failure) == ("failed", "odd", "3 is odd")

    def test_an_unexpected_one_leaks_nothing(self, town, work, caplog):
        job = start("crash", by=town.secretary)
        run_waiting()
        job.refresh_from_db()
        assert (job.state, job.error, job.error_facts) == ("failed", "unexpected", {"kind": "KeyError"})
        assert "crash" in caplog.text and "王秀英" not in caplog.text and "13000000123" not in caplog.text

    def test_a_kind_that_nobody_knows(self, town):
        job = start("from_tomorrow", by=town.secretary)
        run_waiting()
        job.refresh_from_db()
        assert (job.state, job.error) == ("failed", "unknown_kind")

    def test_cancelled_before_it_began_it_never_runs(self, town, work):
        job = start("count", by=town.secretary)
        assert job.cancel() and run_waiting() == 0 and work == []
        job.refresh_from_db()
        assert job.state == "cancelled" and not job.cancel()

    def test_cancelled_at_work_it_stops_at_the_next_progress(self, town, work):
        job = start("count", by=town.secretary)
        running = Job.objects.claim(timezone.now())
        assert Job.objects.get(pk=job.pk).cancel()
        with pytest.raises(JobCancelled):
            running.progress(1, 3)

    def test_swept_after_thirty_days(self, town, work):
        start("count", by=town.secretary)
        run_waiting()
        waiting = start("count", by=town.secretary)
        assert sweep(timezone.now() + timedelta(days=29)) == 0
        assert sweep(timezone.now() + timedelta(days=31)) == 1
        assert list(Job.objects.all()) == [waiting]


class TestKilledWorker:
    def test_the_job_is_taken_again_and_the_dead_can_write_nothing(self, town, work):
        start("count", by=town.secretary)
        dead = Job.objects.claim(timezone.now())
        assert Job.objects.claim(timezone.now()) is None  # its worker lives
        with time_machine.travel(timezone.now() + DEAD_AFTER + timedelta(seconds=1), tick=False):
            taken = Job.objects.claim(timezone.now())
            assert (taken.pk, taken.attempts) == (dead.pk, 2)
            with pytest.raises(JobCancelled):
                dead.progress(1, 3)
            assert not dead.end("failed", error="unexpected")
            assert taken.end("done")
        assert Job.objects.get().state == "done"

    def test_progress_keeps_it_alive(self, town, work):
        start("count", by=town.secretary)
        job, now = Job.objects.claim(timezone.now()), timezone.now()
        with time_machine.travel(now + timedelta(seconds=100), tick=False):
            job.progress(1, 3)
        assert Job.objects.claim(now + timedelta(seconds=200)) is None
        assert Job.objects.claim(now + timedelta(seconds=221)) is not None

    def test_given_up_after_some_kills(self, town, work):
        start("count", by=town.secretary)
        now = timezone.now()
        for number in range(MOST_ATTEMPTS):
            assert Job.objects.claim(now + number * 2 * DEAD_AFTER).attempts == number + 1
        assert Job.objects.claim(now + MOST_ATTEMPTS * 2 * DEAD_AFTER) is None
        job = Job.objects.get()
        assert (job.state, job.error) == ("failed", "gave_up") and job.failure


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
class TestRace:
    def test_of_eight_workers_one_gets_each_job(self, town, work):
        for _n in range(5):
            start("count", by=town.secretary)
        gate, taken = threading.Barrier(8), []

        def worker():
            gate.wait()
            try:
                while (job := Job.objects.claim(timezone.now())) is not None:
                    taken.append(job.pk)
            finally:
                connection.close()

        threads = [threading.Thread(target=worker) for _n in range(8)]
        [thread.start() for thread in threads]
        [thread.join() for thread in threads]
        assert sorted(taken) == sorted(Job.objects.values_list("pk", flat=True))

    def test_the_pulse_beats_and_hears_of_an_end_while_the_job_is_in_a_transaction(self, town, work, monkeypatch):
        monkeypatch.setattr("foundation.jobs.running.BEAT_EVERY", 0.05)
        start("count", by=town.secretary)
        job = Job.objects.claim(timezone.now())
        Job.objects.filter(pk=job.pk).update(beat_at=timezone.now() - timedelta(hours=1))
        seen = threading.Event()
        with Pulse(job), transaction.atomic():
            job.progress(7, 10)
            for _n in range(100):
                seen.wait(0.05)
                if self.from_outside(lambda: Job.objects.get().done) == 7:
                    break
            assert self.from_outside(lambda: timezone.now() - Job.objects.get().beat_at) < timedelta(minutes=1)
            self.from_outside(lambda: Job.objects.get().cancel())
            with pytest.raises(JobCancelled):
                for _n in range(100):
                    seen.wait(0.05)
                    job.progress(8, 10)

    @staticmethod
    def from_outside(ask):
        answer = []

        def asking():
            answer.append(ask())
            connection.close()

        thread = threading.Thread(target=asking)
        thread.start()
        thread.join()
        return answer[0]


class TestPages:
    @pytest.fixture
    def job(self, town, work):
        return start("count", by=town.secretary, n=2, target_url="/inbox/")

    def test_progress_is_polled_and_stops_at_the_end(self, town, client, job):
        client.force_login(town.secretary)
        url = reverse("job_detail", args=[job.pk])
        page = client.get(url).content.decode()
        assert "hx-trigger" in page and "htmx" in page and "<!doctype html>" in page
        part = client.get(url, headers={"HX-Request": "true", "X-Background": "yes"}).content.decode()
        assert "hx-trigger" in part and "<!doctype html>" not in part
        run_waiting()
        part = client.get(url, headers={"HX-Request": "true"}).content.decode()
        assert "hx-trigger" not in part and "2 counted" in part and 'href="/inbox/"' in part

    def test_a_failure_is_shown_in_the_readers_language(self, town, client, work):
        job = start("crash", by=town.secretary)
        run_waiting()
        client.force_login(town.secretary)
        with override("en"):
            words = kinds.failure_of("crash", "unexpected", {})
        town.secretary.prefer(language="en")
        assert words in client.get(reverse("job_detail", args=[job.pk])).content.decode()

    def test_job_list_shows_mine_only_in_a_fixed_number_of_queries(self, town, client, work, sql_count):
        client.force_login(town.secretary)
        start("count", by=town.cadre)
        assert client.get(reverse("job_list")).context["page"].paginator.count == 0
        counts = []
        for more in (1, 19):
            for _n in range(more):
                start("count", by=town.secretary, n=2)
            client.get(reverse("job_list"))
            with sql_count(at_most=10) as queries:
                assert client.get(reverse("job_list")).status_code == 200
            counts.append(len(queries))
        assert counts[0] == counts[1]

    def test_job_cancel_by_its_owner_twice_is_once(self, town, client, job):
        client.force_login(town.secretary)
        for _n in range(2):
            assert client.post(reverse("job_cancel", args=[job.pk])).url == job.get_absolute_url()
        job.refresh_from_db()
        assert job.state == "cancelled"

    def test_nobody_else_sees_or_stops_it(self, town, client, job):
        for who in (town.deputy, town.admin_of_district, town.outsider, town.system_admin):
            client.force_login(who)
            assert client.get(reverse("job_detail", args=[job.pk])).status_code == 404
            assert client.post(reverse("job_cancel", args=[job.pk])).status_code == 404
        job.refresh_from_db()
        assert job.state == "waiting"
