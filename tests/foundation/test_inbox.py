"""The inbox: unread first, kind by kind, in the reader's language; looking and opening change nothing."""

import pytest
from django.urls import reverse

from foundation.notices.models import Notice
from foundation.notices.tell import tell
from tests.town import new_issue

pytestmark = pytest.mark.django_db
INBOX = "/inbox/"


@pytest.fixture
def issue(town):
    row = new_issue(town)
    Notice.objects.all().delete()
    return row


def told(user, issue, kind="issue_to_verify", once="1"):
    tell([user], kind, about=issue, once=once, params={"number": issue.number, "category": "电梯", "due": "2026-11-20"})
    return Notice.objects.filter(recipient=user).latest("pk")


@pytest.fixture
def client_in(client, town):
    def signing_in(user):
        client.force_login(user)
        client.get(reverse("feedback_create"))
        return client

    return signing_in


class TestList:
    def test_unread_by_group_then_what_was_read(self, town, issue, client_in):
        read = told(town.secretary, issue, once="0")
        Notice.objects.filter(pk=read.pk).mark_read()
        told(town.secretary, issue, once="1")
        told(town.secretary, issue, "visit_urgent", once="2")
        told(town.secretary, issue, once="3")
        page = client_in(town.secretary).get(INBOX)
        groups = [(len(notices), notices[0].kind) for _name, notices in page.context["unread"]]
        assert groups == [(2, "issue_to_verify"), (1, "visit_urgent")]
        assert page.context["read"] == [read]

    def test_in_the_readers_language(self, town, issue, client_in):
        told(town.secretary, issue)
        client = client_in(town.secretary)
        town.secretary.prefer(language="en")
        assert f"Issue {issue.number} is reported as done" in client.get(INBOX).content.decode()

    def test_every_notice_leads_to_its_subject(self, town, issue, client_in):
        told(town.secretary, issue)
        assert issue.get_absolute_url() in client_in(town.secretary).get(INBOX).content.decode()

    def test_nobody_reads_what_others_are_told(self, town, issue, client_in):
        told(town.secretary, issue)
        page = client_in(town.deputy).get(INBOX)
        assert issue.number not in page.content.decode()
        assert page.context["page"].paginator.count == 0

    def test_looking_and_opening_leave_it_unread(self, town, issue, client_in):
        notice = told(town.secretary, issue)
        client = client_in(town.secretary)
        client.get(INBOX)
        client.get(notice.get_absolute_url())
        notice.refresh_from_db()
        assert notice.read_at is None

    def test_a_kind_that_no_longer_exists_is_still_shown(self, town, issue, client_in):
        notice = told(town.secretary, issue)
        Notice.objects.filter(pk=notice.pk).update(kind="gone_kind")
        assert "gone_kind" in client_in(town.secretary).get(INBOX).content.decode()

    @pytest.mark.parametrize("rows", [1, 20])
    def test_queries(self, town, issue, client_in, sql_count, rows):
        for number in range(rows):
            told(town.secretary, issue, once=str(number))
        client = client_in(town.secretary)
        with sql_count(at_most=8):
            client.get(INBOX)


class TestRead:
    def test_one_and_twice(self, town, issue, client_in):
        notice = told(town.secretary, issue)
        client = client_in(town.secretary)
        url = reverse("notice_read", args=[notice.pk])
        assert client.post(url)["Location"] == INBOX
        notice.refresh_from_db()
        first = notice.read_at
        client.post(url)
        notice.refresh_from_db()
        assert first and notice.read_at == first

    def test_not_by_a_look_and_not_by_others(self, town, issue, client_in):
        notice = told(town.secretary, issue)
        url = reverse("notice_read", args=[notice.pk])
        assert client_in(town.secretary).get(url).status_code == 405
        assert client_in(town.deputy).post(url).status_code == 404
        notice.refresh_from_db()
        assert notice.read_at is None

    def test_all_that_stood_on_the_page_and_nothing_that_came_later(self, town, issue, client_in):
        shown = [told(town.secretary, issue, once=str(number)) for number in range(3)]
        others = told(town.deputy, issue)
        later = told(town.secretary, issue, once="later")
        client = client_in(town.secretary)
        sent = [notice.pk for notice in shown] + [others.pk, "nonsense", "²", "9" * 30]
        assert client.post(reverse("inbox_read_all"), {"notice": sent})["Location"] == INBOX
        assert set(Notice.objects.unread()) == {others, later}

    def test_the_page_carries_what_it_shows(self, town, issue, client_in):
        notice = told(town.secretary, issue)
        assert f'name="notice" value="{notice.pk}"' in client_in(town.secretary).get(INBOX).content.decode()
