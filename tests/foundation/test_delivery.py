import datetime as dt
import smtplib

import pytest
from django.core.mail.backends.locmem import EmailBackend
from django.utils import timezone
from django.utils.translation import get_language

from foundation.journal.models import Entry
from foundation.notices import kinds
from foundation.notices.delivery import PAUSES, claim, deliver_due, retry
from foundation.notices.models import Delivery, Notice
from foundation.notices.tell import tell
from tests.foundation.shelf.models import Book

State = Delivery.State
MINUTE = dt.timedelta(minutes=1)


@pytest.fixture(autouse=True)
def portal(settings, monkeypatch):
    settings.PORTAL_URL = "https://portal.example"
    monkeypatch.setitem(kinds.KINDS, "book_due", kinds.Kind("book_due", "Due in %(days)s days"))


@pytest.fixture
def now():
    return timezone.now() + MINUTE


@pytest.fixture
def broken(monkeypatch):
    """`broken(error)` makes the mail server raise it for every message; `broken(None)` mends it."""

    def set_error(error):
        def send_messages(self, messages):
            if error:
                raise error
            return working(self, messages)

        monkeypatch.setattr(EmailBackend, "send_messages", send_messages)

    working = EmailBackend.send_messages
    return set_error


@pytest.fixture
def delivery(anna, book):
    tell([anna], "book_due", about=book, once=1, params={"days": 3})
    return Delivery.objects.get()


def fresh(delivery):
    return Delivery.objects.get(pk=delivery.pk)


@pytest.mark.django_db
class TestDeliverDue:
    def test_sends_title_and_link_and_nothing_else(self, delivery, book, mailoutbox, now):
        assert deliver_due(now=now) == 1
        (mail,) = mailoutbox
        assert (mail.subject, mail.to) == ("Due in 3 days", ["anna@example.org"])
        assert mail.body == f"Due in 3 days\n\nhttps://portal.example/shelf/{book.pk}/\n"
        sent = fresh(delivery)
        assert (sent.state, sent.attempts, sent.last_error) == (State.SENT, 1, "")
        assert sent.sent_at >= now

    def test_twice_sends_once(self, delivery, mailoutbox, now):
        assert deliver_due(now=now) == 1
        assert deliver_due(now=now) == 0
        assert len(mailoutbox) == 1

    def test_in_the_language_of_the_reader(self, delivery, mailoutbox, now, monkeypatch, anna):
        languages = []
        monkeypatch.setattr(Notice, "title", property(lambda _notice: languages.append(get_language()) or "x"))
        deliver_due(now=now)
        type(anna).objects.update(language="en")
        Delivery.objects.update(state=State.PENDING)
        deliver_due(now=now)
        assert languages == ["zh-hans", "en"]

    def test_a_line_break_in_a_title_does_no_harm(self, delivery, mailoutbox, now, monkeypatch):
        monkeypatch.setitem(kinds.KINDS, "book_due", kinds.Kind("book_due", "Due\nin %(days)s days"))
        deliver_due(now=now)
        assert mailoutbox[0].subject == "Due in 3 days"

    def test_a_run_has_an_end(self, anna, mailoutbox, now, monkeypatch):
        monkeypatch.setattr("foundation.notices.delivery.MOST_PER_RUN", 2)
        for once in range(3):
            tell([anna], "book_due", about=Book.objects.create(), once=once)
        assert deliver_due(now=now) == 2
        assert deliver_due(now=now) == 1

    def test_costs_nothing_when_nothing_is_due(self, db, now, django_assert_max_num_queries):
        with django_assert_max_num_queries(2 + 2):
            assert deliver_due(now=now) == 0


@pytest.mark.django_db
class TestFailure:
    def test_is_tried_again_after_growing_pauses_and_then_given_up(self, delivery, broken, now, mailoutbox):
        broken(smtplib.SMTPException("no"))
        for number, pause in enumerate(PAUSES, 1):
            assert deliver_due(now=now) == 0
            failed = fresh(delivery)
            assert (failed.state, failed.attempts) == (State.PENDING, number)
            assert dt.timedelta() <= failed.next_try_at - now - pause < MINUTE
            assert deliver_due(now=now) == 0
            assert fresh(delivery).attempts == number  # not before its time
            now = failed.next_try_at
        deliver_due(now=now)
        assert (fresh(delivery).state, fresh(delivery).attempts) == (State.FAILED, 6)
        broken(None)
        assert deliver_due(now=now + dt.timedelta(days=30)) == 0
        assert mailoutbox == []

    def test_the_next_try_can_succeed(self, delivery, broken, now, mailoutbox):
        broken(OSError("unreachable"))
        deliver_due(now=now)
        broken(None)
        assert deliver_due(now=now + 2 * MINUTE) == 1
        assert (fresh(delivery).state, fresh(delivery).last_error) == (State.SENT, "")

    def test_the_reason_is_kept_without_addresses(self, delivery, broken, now):
        broken(smtplib.SMTPRecipientsRefused({"anna@example.org": (550, b"unknown <anna@example.org>" + b"x" * 500)}))
        deliver_due(now=now)
        reason = fresh(delivery).last_error
        assert reason.startswith("SMTPRecipientsRefused: ")
        assert "anna" not in reason
        assert len(reason) <= 300

    def test_a_server_that_is_down_does_not_stop_the_run(self, delivery, now, monkeypatch, anna):
        tell([anna], "book_due", about=Book.objects.create(), once=1)
        monkeypatch.setattr(EmailBackend, "open", lambda self: (_ for _ in ()).throw(ConnectionRefusedError()))
        assert deliver_due(now=now) == 0
        assert set(Delivery.objects.values_list("state", "last_error")) == {(State.PENDING, "ConnectionRefusedError: ")}

    def test_who_has_no_address_any_more(self, delivery, now, anna, mailoutbox):
        type(anna).objects.update(email="")
        deliver_due(now=now)
        assert "no e-mail address" in fresh(delivery).last_error
        assert mailoutbox == []


@pytest.mark.django_db
class TestDoubt:
    def test_a_worker_killed_while_sending_leaves_a_doubt_and_never_a_second_mail(
        self, delivery, broken, now, mailoutbox
    ):
        broken(SystemExit())
        with pytest.raises(SystemExit):
            deliver_due(now=now)
        broken(None)
        assert fresh(delivery).state == State.SENDING
        assert deliver_due(now=now + 9 * MINUTE) == 0
        assert fresh(delivery).state == State.SENDING
        assert deliver_due(now=now + 11 * MINUTE) == 0
        assert fresh(delivery).state == State.UNCONFIRMED
        assert deliver_due(now=now + dt.timedelta(days=30)) == 0
        assert mailoutbox == []

    def test_a_result_that_comes_late_still_counts(self, delivery, now, monkeypatch, mailoutbox):
        def slow(self, messages):
            Delivery.objects.update(state=State.UNCONFIRMED)  # what another worker does after ten minutes
            return 1

        monkeypatch.setattr(EmailBackend, "send_messages", slow)
        deliver_due(now=now)
        assert fresh(delivery).state == State.SENT

    @pytest.mark.parametrize("state", [State.FAILED, State.UNCONFIRMED])
    def test_a_person_can_send_it_again(self, delivery, ben, now, mailoutbox, state):
        Delivery.objects.update(state=state, attempts=6)
        assert retry(fresh(delivery), by=ben)
        assert (fresh(delivery).state, fresh(delivery).attempts) == (State.PENDING, 0)
        entry = Entry.objects.get()
        assert (entry.verb, entry.actor, entry.before, entry.after) == ("retry", ben, state, "pending")
        assert deliver_due(now=timezone.now()) == 1

    def test_sending_again_twice_is_once(self, delivery, ben):
        Delivery.objects.update(state=State.FAILED)
        screens = [fresh(delivery), fresh(delivery)]
        assert [retry(screen, by=ben) for screen in screens] == [True, False]
        assert Entry.objects.count() == 1

    @pytest.mark.parametrize("state", [State.PENDING, State.SENDING, State.SENT])
    def test_what_is_not_lost_is_not_sent_again(self, delivery, ben, state):
        Delivery.objects.update(state=state)
        assert not retry(fresh(delivery), by=ben)
        assert fresh(delivery).state == state
        assert not Entry.objects.exists()


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
class TestManyWorkers:
    def test_each_delivery_is_claimed_by_one(self, race, anna, now):
        books = Book.objects.bulk_create([Book() for _ in range(40)])
        for book in books:
            tell([anna], "book_due", about=book, once=1)

        def work(_number):
            taken = []
            while delivery := claim(now=now):
                taken.append(delivery.pk)
            return taken

        taken = [pk for own in race(6, work) for pk in own]
        assert len(taken) == len(set(taken)) == 40

    def test_each_mail_is_sent_once(self, race, anna, now, mailoutbox):
        for book in Book.objects.bulk_create([Book() for _ in range(40)]):
            tell([anna], "book_due", about=book, once=1)
        assert sum(race(4, lambda _number: deliver_due(now=now))) == 40
        assert len({mail.body for mail in mailoutbox}) == len(mailoutbox) == 40
        assert set(Delivery.objects.values_list("state", flat=True)) == {State.SENT}
