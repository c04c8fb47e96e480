"""/healthz says that the process lives, /readyz whether it can work: database, queue, clock."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, connection
from django.utils import timezone

from foundation.clock.models import Heartbeat
from portal.celery import INTERVALS

pytestmark = pytest.mark.django_db


def beat_all(*, minutes_ago=0):
    at = timezone.now() - timedelta(minutes=minutes_ago)
    for job, seconds in INTERVALS.items():
        Heartbeat.objects.update_or_create(
            job=job, defaults={"every": timedelta(seconds=seconds), "started_at": at, "finished_at": at}
        )


class TestHealthz:
    def test_needs_neither_sign_in_nor_database(self, client, sql_count):
        with sql_count(at_most=0):
            response = client.get("/healthz")
        assert (response.status_code, response.content) == (200, b"ok")

    def test_is_never_kept_by_a_cache(self, client):
        assert "no-store" in client.get("/healthz")["Cache-Control"]

    def test_takes_no_form(self, client):
        assert client.post("/healthz").status_code == 405


class TestReadyz:
    def test_ready(self, client):
        beat_all()
        response = client.get("/readyz")
        assert (response.status_code, response.json()) == (200, {"ready": True, "reasons": []})

    def test_a_clock_that_never_ran(self, client):
        response = client.get("/readyz")
        assert response.status_code == 503
        assert response.json()["reasons"] == [f"clock: {job} is late" for job in sorted(INTERVALS)]

    def test_a_clock_that_stands_still(self, client):
        beat_all(minutes_ago=30)
        assert client.get("/readyz").status_code == 503

    def test_a_job_that_only_fails(self, client):
        beat_all()
        job = min(INTERVALS)
        Heartbeat.objects.filter(job=job).update(
            started_at=timezone.now(), finished_at=timezone.now() - timedelta(hours=1), error="OSError: no mail"
        )
        assert client.get("/readyz").json()["reasons"] == [f"clock: {job} is late"]

    def test_no_database(self, client, monkeypatch):
        def refuse():
            raise DatabaseError("password of postgres at 10.0.0.1")

        monkeypatch.setattr(connection, "cursor", refuse)
        response = client.get("/readyz")
        assert response.status_code == 503
        assert response.json()["reasons"] == ["database: DatabaseError"]

    def test_no_queue(self, client, settings):
        beat_all()
        settings.REDIS_URL = "redis://127.0.0.1:1/0"
        response = client.get("/readyz")
        assert response.status_code == 503
        assert response.json()["reasons"] == ["queue: ConnectionError"]
