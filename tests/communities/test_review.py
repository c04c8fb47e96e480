"""The quarterly review of accounts: begun by the clock once, decided, finished for good, printed, reminded of."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from communities.models import Assignment, CareGrant, Review, ReviewLine
from communities.reviews import DAYS_TO_FINISH, keep_reviews
from foundation.journal.models import Entry
from foundation.journal.moves import NotAllowed
from foundation.notices.models import Notice
from tests.communities.conftest import filled
from tests.town import LONG_AGO, person

pytestmark = pytest.mark.django_db
DISTRICT = {"district", "street", "cadre", "secretary", "grid", "handler", "property", "deputy", "auditor"}


@pytest.fixture
def review(town):
    keep_reviews(now=timezone.now())
    return Review.objects.get(area_path="411702")


def line_of(review, user):
    return review.lines.get(user=user)


def decide_all(review, by, but=()):
    for line in review.lines.exclude(user__in=[user.pk for user in but]).exclude(user=by.pk):
        line.decide(by=by, decision="confirm")


class TestBegun:
    def test_one_list_a_district_and_one_of_the_administrators(self, town):
        assert keep_reviews(now=timezone.now()) == 3
        found = {
            review.area_path: {line.user.username for line in review.lines.all()} for review in Review.objects.all()
        }
        assert found == {"411702": DISTRICT, "210202": {"outsider"}, "": {"admin"}}

    def test_twice_is_once_and_the_next_quarter_is_another(self, town):
        keep_reviews(now=timezone.now())
        assert keep_reviews(now=timezone.now()) == 0
        assert keep_reviews(now=timezone.now() + timedelta(days=93)) == 3
        assert Review.objects.count() == 6

    def test_a_line_says_how_the_account_stood(self, town, review):
        CareGrant.objects.create(user=town.secretary, group="health", area_path=town.community.code, since=LONG_AGO)
        keep_reviews(now=timezone.now() + timedelta(days=93))
        line = Review.objects.filter(area_path="411702").first().lines.get(user=town.secretary)
        assert line.posts == [{"role": "secretary", "where": "橡林社区", "until": None, "stands_in": ""}]
        assert [grant["group"] for grant in line.grants] == ["health"]
        deputy = Review.objects.filter(area_path="411702").first().lines.get(user=town.deputy)
        assert deputy.posts[0]["stands_in"] == "周建平"

    def test_who_decides_is_told_once_and_nobody_else(self, town, review):
        keep_reviews(now=timezone.now())
        told = Notice.objects.filter(kind="review_opened")
        assert {notice.recipient.username for notice in told} == {"district", "admin"}
        # In a district without an administrator the installation's is asked.
        assert told.filter(recipient=town.system_admin).count() == 2
        assert told.filter(recipient=town.admin_of_district).count() == 1


class TestDeciding:
    """review_detail, review_confirm, review_decide"""

    def test_several_are_confirmed_at_once(self, town, review, sign_in, client):
        sign_in(town.admin_of_district)
        lines = [
            line_of(review, town.cadre).pk,
            line_of(review, town.secretary).pk,
            line_of(review, town.admin_of_district).pk,
        ]
        for _time in range(2):
            client.post(reverse("review_confirm", args=[review.pk]), {"line": lines})
        decided = review.lines.exclude(decision="")
        assert {line.user.username for line in decided} == {"cadre", "secretary"}
        assert Entry.objects.filter(verb="review_confirm").count() == 2

    def test_lines_of_another_list_are_not(self, town, review, sign_in, client):
        far = Review.objects.get(area_path="210202").lines.get()
        sign_in(town.admin_of_district)
        client.post(reverse("review_confirm", args=[review.pk]), {"line": [far.pk, "x", ""]})
        far.refresh_from_db()
        assert far.decision == ""

    def test_ended_all_posts_and_grants_here_are_over(self, town, review, sign_in, submit):
        grant = CareGrant.objects.create(user=town.cadre, group="health", area_path="411702007", since=LONG_AGO)
        elsewhere = Assignment.objects.assign(
            by=None, user=town.cadre, role="secretary", since=LONG_AGO, division=town.far_community
        )
        line = line_of(review, town.cadre)
        sign_in(town.admin_of_district)
        answer = submit(reverse("review_decide", args=[line.pk]), decision="end", remark="已调离")
        assert answer["Location"] == reverse("review_detail", args=[review.pk])
        today = timezone.localdate()
        assert [post.pk for post in town.cadre.assignments.not_over(today)] == [elsewhere.pk]
        grant.refresh_from_db()
        assert grant.is_over(today)
        entry = Entry.objects.get(verb="review_end")
        assert (entry.actor, entry.area_path, entry.data) == (town.admin_of_district, "411702", {"user": town.cadre.pk})

    def test_what_was_ended_stays_ended(self, town, review):
        line = line_of(review, town.cadre)
        line.decide(by=town.admin_of_district, decision="end", remark="已调离")
        with pytest.raises(NotAllowed):
            line.decide(by=town.admin_of_district, decision="confirm")

    def test_a_change_of_mind_before_that_is_possible(self, town, review):
        line = line_of(review, town.cadre)
        line.decide(by=town.admin_of_district, decision="change", remark="改为网格员")
        line.decide(by=town.admin_of_district, decision="confirm")
        assert ReviewLine.objects.get(pk=line.pk).decision == "confirm"

    @pytest.mark.parametrize(
        ("typed", "field"), [({"decision": "end"}, "remark"), ({"decision": "x"}, "decision"), ({}, "decision")]
    )
    def test_invalid_changes_nothing(self, town, review, sign_in, client, typed, field):
        line = line_of(review, town.cadre)
        sign_in(town.admin_of_district)
        answer = client.post(reverse("review_decide", args=[line.pk]), typed)
        assert list(answer.context["form"].errors) == [field]
        assert ReviewLine.objects.get(pk=line.pk).decision == ""
        assert town.cadre.assignments.not_over(timezone.localdate()).exists()

    def test_sent_twice_is_once_and_two_people_are_told_of_each_other(self, town, review, sign_in, client):
        line = line_of(review, town.cadre)
        sign_in(town.admin_of_district)
        url = reverse("review_decide", args=[line.pk])
        form = filled(client.get(url).context["form"]) | {"decision": "confirm"}
        for _time in range(2):
            assert client.post(url, form).status_code == 302
        assert Entry.objects.filter(verb="review_confirm").count() == 1
        late = form | {"key": "00000000-0000-4000-8000-000000000001"}
        assert client.post(url, late | {"decision": "change", "remark": "再看"}).status_code == 409

    def test_nobody_decides_about_himself(self, town, review, sign_in):
        line = line_of(review, town.admin_of_district)
        assert sign_in(town.admin_of_district).get(reverse("review_decide", args=[line.pk])).status_code == 403
        with pytest.raises(NotAllowed):
            line.decide(by=town.admin_of_district, decision="confirm")

    def test_the_auditor_reads_only_and_outsiders_find_nothing(self, town, review):
        line = line_of(review, town.cadre)
        pages = {
            "review_detail": review.pk,
            "review_print": review.pk,
            "review_decide": line.pk,
            "review_finish": review.pk,
        }
        expected = {"auditor": [200, 200, 403, 403], "outsider": [404] * 4, "secretary": [404] * 4}
        found = {}
        for who in expected:
            client = Client()
            client.force_login(getattr(town, who))
            found[who] = [client.get(reverse(name, args=[pk])).status_code for name, pk in pages.items()]
        assert found == expected

    @pytest.mark.parametrize("more", [1, 20])
    def test_queries(self, town, sign_in, sql_count, more):
        for number in range(more):
            person(f"more-{number}", f"新人{number}", "secretary", place="411702007001")
        keep_reviews(now=timezone.now())
        review = Review.objects.get(area_path="411702")
        client = sign_in(town.admin_of_district)
        for name, args in (("review_list", []), ("review_detail", [review.pk]), ("review_print", [review.pk])):
            with sql_count(at_most=10):
                client.get(reverse(name, args=args))


class TestFinished:
    """review_finish, review_print"""

    def test_not_while_something_is_open(self, town, review, sign_in, client):
        decide_all(review, town.admin_of_district)
        sign_in(town.admin_of_district)
        answer = client.post(reverse("review_finish", args=[review.pk]))
        assert answer.status_code == 409
        assert answer.context["undecided"] == 1
        with pytest.raises(NotAllowed):
            review.finish(by=town.admin_of_district)

    def test_works_once_and_is_sealed(self, town, review, sign_in, client, submit):
        decide_all(review, town.admin_of_district)
        line_of(review, town.admin_of_district).decide(by=town.system_admin, decision="confirm")
        sign_in(town.admin_of_district)
        assert submit(reverse("review_finish", args=[review.pk])).status_code == 302
        review.refresh_from_db()
        assert review.finished_by == town.admin_of_district
        entry = Entry.objects.get(verb="review_finish")
        assert entry.data["digest"] == review.digest
        assert entry.data["lines"] == len(DISTRICT)

    def finished(self, town, review):
        decide_all(review, town.system_admin)
        review.finish(by=town.system_admin)
        review.refresh_from_db()

    def test_nothing_changes_any_more(self, town, review):
        self.finished(town, review)
        line = line_of(review, town.cadre)
        with pytest.raises(NotAllowed):
            line.decide(by=town.admin_of_district, decision="end", remark="晚了")
        assert not ReviewLine.objects.changeable_by(town.admin_of_district).filter(review=review).exists()

    def test_a_change_in_the_database_is_found_out(self, town, review, sign_in):
        self.finished(town, review)
        client = sign_in(town.auditor)
        url = reverse("review_print", args=[review.pk])
        assert client.get(url).context["untouched"]
        ReviewLine.objects.filter(pk=line_of(review, town.cadre).pk).update(remark="x")
        assert not client.get(url).context["untouched"]


class TestLate:
    def test_a_reminder_a_week_until_it_is_finished(self, town, review):
        due = timezone.now() + timedelta(days=DAYS_TO_FINISH + 1)
        told = Notice.objects.filter(kind="review_overdue", recipient=town.admin_of_district)
        keep_reviews(now=timezone.now() + timedelta(days=DAYS_TO_FINISH - 1))
        assert not told.exists()
        monday = due - timedelta(days=due.weekday()) + timedelta(days=7)
        for day in (0, 0, 3):
            keep_reviews(now=monday + timedelta(days=day))
        assert told.count() == 1
        keep_reviews(now=monday + timedelta(days=7))
        assert told.filter(subject_id=review.pk).count() == 2

    def test_finished_nobody_is_reminded(self, town, review):
        decide_all(review, town.system_admin)
        review.finish(by=town.system_admin)
        with time_machine.travel(timezone.now() + timedelta(days=40), tick=True):
            keep_reviews(now=timezone.now())
        assert not Notice.objects.filter(kind="review_overdue", subject_id=review.pk).exists()
