"""What was not sent, sending it again, and the clock's jobs."""

from datetime import timedelta

import pytest
from django.core import mail
from django.urls import reverse
from django.utils import timezone

from foundation.clock.models import Heartbeat
from foundation.journal.models import Entry
from foundation.notices.delivery import deliver_due
from foundation.notices.models import Delivery
from foundation.notices.tell import tell
from tests.town import new_issue

pytestmark = pytest.mark.django_db
LIST = "/deliveries/"


def delivery_to(user, issue, state="failed", once="1", **facts):
    tell([user], "issue_to_verify", about=issue, once=once, params={"number": "SQ1"})
    row = Delivery.objects.get(notice__recipient=user, notice__once__endswith=f"|{once}")
    Delivery.objects.filter(pk=row.pk).update(state=state, attempts=6, **facts)
    row.refresh_from_db()
    return row


@pytest.fixture
def issue(town):
    return new_issue(town)


@pytest.fixture
def failed(town, issue):
    Delivery.objects.all().delete()
    return delivery_to(town.secretary, issue, last_error="SMTPRecipientsRefused: … unknown")


def recipients(page):
    return [row.notice.recipient.username for row in page.context["page"].object_list]


class TestList:
    def test_the_districts_own_people(self, town, issue, failed, sign_in):
        town.outsider.email = "outsider@example.org"
        town.outsider.save()
        delivery_to(town.outsider, issue)
        assert recipients(sign_in(town.admin_of_district).get(LIST)) == ["secretary"]
        assert set(recipients(sign_in(town.system_admin).get(LIST))) == {"outsider", "secretary"}

    def test_name_and_kind_but_no_address_and_no_contents(self, town, failed, sign_in):
        page = sign_in(town.admin_of_district).get(LIST).content.decode()
        assert "周建平" in page
        assert "secretary@example.org" not in page
        assert "SQ1" not in page

    def test_what_failed_what_is_in_doubt_what_is_tried_again(self, town, issue, failed, sign_in):
        delivery_to(town.coordinator, issue, state="unconfirmed")
        delivery_to(town.handler, issue, state="pending", last_error="TimeoutError: …")
        delivery_to(town.admin_of_district, issue, state="sent")
        client = sign_in(town.admin_of_district)
        assert set(recipients(client.get(LIST))) == {"secretary", "street"}
        assert recipients(client.get(LIST, {"show": "tried_again"})) == ["handler"]
        assert set(recipients(client.get(LIST, {"show": "nonsense"}))) == {"secretary", "street"}

    def test_nobody_else(self, town, failed, sign_in):
        for who in (town.auditor, town.secretary, town.outsider, town.handler, town.idle):
            assert sign_in(who).get(LIST).status_code == 403

    def test_the_clocks_jobs(self, town, sign_in):
        now = timezone.now()
        minute = timedelta(minutes=1)
        Heartbeat.objects.create(job="good", every=minute, started_at=now, finished_at=now)
        Heartbeat.objects.create(job="late", every=minute, started_at=now - 10 * minute, finished_at=now - 9 * minute)
        jobs = sign_in(town.admin_of_district).get(LIST).context["jobs"]
        assert [(row.job, late) for row, _name, late in jobs] == [("good", False), ("late", True)]

    @pytest.mark.parametrize("rows", [1, 20])
    def test_queries(self, town, issue, sign_in, sql_count, rows):
        for number in range(rows):
            delivery_to(town.secretary, issue, once=f"n{number}")
        client = sign_in(town.admin_of_district)
        with sql_count(at_most=8):
            client.get(LIST)


class TestRetry:
    def url(self, row):
        return reverse("delivery_retry", args=[row.pk])

    def test_works_and_is_sent(self, town, failed, sign_in):
        answer = sign_in(town.admin_of_district).post(self.url(failed))
        assert answer["Location"] == LIST
        failed.refresh_from_db()
        assert (failed.state, failed.attempts) == ("pending", 0)
        deliver_due(now=timezone.now())
        assert [message.to for message in mail.outbox] == [["secretary@example.org"]]

    def test_the_journal_names_who_sent_it_again(self, town, failed, sign_in):
        sign_in(town.admin_of_district).post(self.url(failed))
        entry = Entry.objects.get(verb="retry")
        assert (entry.subject_label, entry.actor) == (f"notices.delivery:{failed.pk}", town.admin_of_district)

    def test_twice_is_once(self, town, failed, sign_in):
        client = sign_in(town.admin_of_district)
        for _time in range(2):
            assert client.post(self.url(failed)).status_code == 302
        assert Entry.objects.filter(verb="retry").count() == 1

    def test_what_was_sent_is_not_sent_again(self, town, failed, sign_in):
        Delivery.objects.update(state="sent")
        sign_in(town.admin_of_district).post(self.url(failed))
        failed.refresh_from_db()
        assert failed.state == "sent"

    def test_looking_sends_nothing(self, town, failed, sign_in):
        assert sign_in(town.admin_of_district).get(self.url(failed)).status_code == 405

    def test_it_exists_for_nobody_else(self, town, failed, sign_in):
        for who in (town.auditor, town.secretary, town.outsider, town.handler):
            assert sign_in(who).post(self.url(failed)).status_code == 404
        failed.refresh_from_db()
        assert failed.state == "failed"
