"""Several at once: one phone for one account, one review a quarter, one ground a district, and one administrator who stays."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from communities.idle import disable_idle
from communities.models import Division, Household, Review
from communities.models.practice import Ground
from communities.reviews import keep_reviews
from foundation.journal.models import Entry
from foundation.journal.moves import Conflict, NotAllowed
from foundation.notices.models import Notice
from foundation.paths import within
from tests.issues.conftest import in_threads
from tests.town import PASSWORD, person

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgres]


def tried(work):
    """The answer of `work()`, or the name of the refusal."""
    try:
        return work()
    except (Conflict, NotAllowed) as refusal:
        return type(refusal).__name__


def test_one_phone_belongs_to_one_of_many(town):
    people = [town.cadre, town.secretary, town.grid_worker, town.deputy]
    in_threads(4, lambda n: tried(lambda: people[n].correct(by=None, phone="13000000909")))
    assert User.objects.exclude(phone_hash="").count() == 1
    assert Entry.objects.filter(verb="correct", subject_type="accounts.user").count() == 1


def test_the_quarter_begins_once_in_many_workers(town):
    now = timezone.now()
    in_threads(4, lambda n: keep_reviews(now=now))
    assert Review.objects.count() == 3
    assert Notice.objects.filter(kind="review_opened", recipient=town.admin_of_district).count() == 1
    assert Entry.objects.filter(verb="review_open").count() == 3


def test_of_two_idle_administrators_one_stays_whatever_the_workers_do(town):
    person("admin-2", "卫西", "admin")
    now = timezone.now() + timedelta(days=200)
    in_threads(4, lambda n: disable_idle(now=now))
    assert User.objects.filter(is_active=True).count() == 1
    assert Entry.objects.filter(verb="lapse").count() == User.objects.count() - 1


def test_two_clicks_make_one_ground(town):
    made = in_threads(3, lambda n: Ground(town.district).create(by=town.admin_of_district))
    assert sorted(made) == [False, False, True]
    assert Household.objects.filter(within("994117020")).count() == 19
    assert Division.objects.filter(code="994117020").count() == 1


def test_a_list_is_not_finished_under_a_decision(town):
    keep_reviews(now=timezone.now())
    review = Review.objects.get(area_path="411702")
    for line in review.lines.exclude(user=town.cadre.pk):
        line.decide(by=town.system_admin, decision="confirm")
    line = review.lines.get(user=town.cadre)
    line.decide(by=town.system_admin, decision="change", remark="待定")
    steps = (
        lambda: review.finish(by=town.system_admin),
        lambda: line.decide(by=town.admin_of_district, decision="confirm"),
    )
    in_threads(2, lambda n: tried(steps[n]))
    review.refresh_from_db()
    assert review.finished_at
    assert review.is_untouched()


def test_tries_from_many_sides_are_counted_together(town, client):
    town.secretary.correct(by=None, phone="13000000777")
    for login in ("secretary", "13000000777", "SECRETARY@example.org", "+86 13000000777", "Secretary", "secretary"):
        client.post(reverse("account_login"), {"login": login, "password": f"wrong-{uuid4()}"})
    assert client.post(reverse("account_login"), {"login": "secretary", "password": PASSWORD}).status_code == 200
