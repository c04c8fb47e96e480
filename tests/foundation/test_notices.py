import pytest
from django.contrib.auth import get_user_model
from django.utils.translation import gettext_lazy, override

from foundation.notices import kinds
from foundation.notices.models import Delivery, Notice
from foundation.notices.tell import Message, tell, tell_all
from tests.foundation.shelf.models import Book


@pytest.fixture(autouse=True)
def book_due(monkeypatch):
    monkeypatch.setattr(kinds, "KINDS", kinds.KINDS)
    monkeypatch.setitem(kinds.KINDS, "book_due", kinds.Kind("book_due", gettext_lazy("Due in %(days)s days"), "books"))


class TestKinds:
    def test_a_code_has_one_meaning(self, monkeypatch):
        monkeypatch.setitem(kinds.KINDS, "other", None)
        with pytest.raises(ValueError, match="exists already"):
            kinds.kind("other", title="Something else")

    def test_registering(self, monkeypatch):
        monkeypatch.setitem(kinds.KINDS, "new", None)
        monkeypatch.delitem(kinds.KINDS, "new")
        assert kinds.kind("new", title="New", group="books") is kinds.KINDS["new"]


@pytest.mark.django_db
class TestTell:
    def test_inbox_and_email(self, anna, ben, book):
        assert tell([anna, ben], "book_due", about=book, once=1, params={"days": 3}) == 2
        notice = Notice.objects.get(recipient=anna)
        assert (notice.kind, notice.params, notice.group, notice.subject) == ("book_due", {"days": 3}, "books", book)
        assert notice.get_absolute_url() == f"/shelf/{book.pk}/"
        assert Delivery.objects.get().notice == notice  # ben has no address

    def test_once_is_once(self, anna, ben, book):
        assert tell([anna], "book_due", about=book, once=1) == 1
        assert tell([anna, ben, anna], "book_due", about=book, once=1) == 1
        assert tell([anna], "book_due", about=book, once=1) == 0
        assert (Notice.objects.count(), Delivery.objects.count()) == (2, 1)

    def test_another_round_or_another_thing_is_another_notice(self, anna, book):
        tell([anna], "book_due", about=book, once=1)
        assert tell([anna], "book_due", about=book, once=2) == 1
        assert tell([anna], "book_due", about=Book.objects.create(), once=1) == 1

    def test_a_long_once_still_works(self, anna, book):
        assert tell([anna], "book_due", about=book, once="x" * 500) == 1
        assert tell([anna], "book_due", about=book, once="x" * 500) == 0

    def test_nobody(self, anna, book):
        anna.is_active = False
        assert tell([], "book_due", about=book, once=1) == tell([None, anna], "book_due", about=book, once=1) == 0
        assert not Notice.objects.exists()

    def test_an_unknown_kind_is_a_mistake(self, anna, book):
        with pytest.raises(ValueError, match="Unknown kind"):
            tell([anna], "nonsense", about=book, once=1)

    def test_three_queries_for_eighty_people(self, book, django_assert_max_num_queries):
        model = get_user_model()
        people = [model.objects.create(username=f"u{n}", email=f"u{n}@example.org") for n in range(80)]
        with django_assert_max_num_queries(3 + 2):  # and the savepoint
            assert tell(people, "book_due", about=book, once=1) == 80
        assert Delivery.objects.count() == 80

    def test_many_messages_at_once(self, anna, ben, book, django_assert_max_num_queries):
        books = [Book.objects.create() for _ in range(10)]
        messages = [Message([anna, ben], "book_due", about, "1") for about in books]
        with django_assert_max_num_queries(3 + 2):
            assert tell_all(messages) == 20
        assert tell_all([*messages, Message([anna], "book_due", book, "1")]) == 1

    @pytest.mark.postgres
    @pytest.mark.django_db(transaction=True)
    def test_eight_workers_tell_once(self, race, anna, ben, book):
        people = [anna, ben]
        outcomes = race(8, lambda number: tell(people[:: 1 if number % 2 else -1], "book_due", about=book, once=1))
        assert sum(outcomes) == 2
        assert (Notice.objects.count(), Delivery.objects.count()) == (2, 1)


@pytest.mark.django_db
class TestInbox:
    def notice(self, user, book, once, **params):
        tell([user], "book_due", about=book, once=once, params=params)
        return Notice.objects.latest("pk")

    def test_title_in_the_readers_language(self, anna, book, monkeypatch):
        notice = self.notice(anna, book, 1, days=3)
        with override("en"):
            assert notice.title == "Due in 3 days"

    def test_a_missing_parameter_or_kind_is_no_error(self, anna, book):
        notice = self.notice(anna, book, 1)
        with override("en"):
            assert notice.title == "Due in … days"
        notice.kind = "forgotten"
        assert (notice.title, notice.group) == ("forgotten", "")

    def test_only_ones_own(self, anna, ben, book):
        mine = self.notice(anna, book, 1)
        self.notice(ben, book, 1)
        assert list(Notice.objects.visible_to(anna)) == list(Notice.objects.changeable_by(anna)) == [mine]

    def test_unread_first_then_the_newest(self, anna, book):
        first, second, third, fourth = (self.notice(anna, book, once) for once in range(4))
        assert Notice.objects.filter(pk__in=[first.pk, fourth.pk]).mark_read() == 2
        assert list(Notice.objects.for_inbox(anna)[:2]) == [third, second]
        assert set(Notice.objects.for_inbox(anna)[2:]) == {first, fourth}

    def test_reading_twice_keeps_the_first_time(self, anna, book):
        notice = self.notice(anna, book, 1)
        Notice.objects.visible_to(anna).mark_read()
        read_at = Notice.objects.get(pk=notice.pk).read_at
        assert Notice.objects.visible_to(anna).mark_read() == 0
        assert Notice.objects.get(pk=notice.pk).read_at == read_at
        assert not Notice.objects.unread().exists()
