import uuid

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, connection, transaction

from foundation.bigrams import search
from foundation.journal.models import Access, Entry, Note
from foundation.journal.moves import (
    AlreadyDone,
    AppendOnly,
    Conflict,
    NotAllowed,
    accessed,
    done_already,
    label,
    move,
    record,
    record_all,
    revise,
    subject,
    timeline,
    verbs_open_to,
)
from tests.foundation.shelf.models import Book


def again(book):
    """The same row as another person has it on the screen."""
    return Book.objects.get(pk=book.pk)


@pytest.mark.django_db
class TestMove:
    def test_status_fields_version_and_entry(self, book, anna, ben):
        entry = move(book, "lend", by=anna, handler=ben, title="新", note="请爱惜", data={"days": 3})
        for row in (book, again(book)):
            assert (row.status, row.version, row.handler, row.title) == ("lent", 2, ben, "新")
        assert (entry.verb, entry.before, entry.after) == ("lend", "in", "lent")
        assert (entry.actor, entry.fields, entry.data) == (anna, ["handler", "title"], {"days": 3})
        assert (entry.subject_label, entry.area_path, entry.public) == (label(book), "411702", True)
        assert (entry.note_text, entry.note.public) == ("请爱惜", False)

    def test_a_step_can_stay_in_its_status(self, book, anna):
        entry = move(book, "stamp", by=anna)
        assert (entry.before, entry.after, book.version) == ("in", "in", 2)

    def test_a_step_that_does_not_start_here_is_refused(self, book, anna):
        with pytest.raises(NotAllowed) as refused:
            move(book, "bring_back", by=anna)
        assert refused.value.obj == book
        assert isinstance(refused.value, PermissionDenied)
        assert not Entry.objects.exists()
        assert again(book).version == 1

    @pytest.mark.parametrize("verb", ["lend", "stamp"])
    def test_who_saw_an_older_version_gets_a_conflict(self, book, anna, ben, verb):
        old = again(book)
        move(book, "stamp", by=anna)
        with pytest.raises(Conflict) as refused:
            move(old, verb, by=ben, title="verloren")
        assert refused.value.obj is old
        assert (old.title, old.version) == ("3号楼电梯", 1)
        assert Entry.objects.count() == 1

    def test_the_version_on_the_screen_counts(self, book, anna):
        move(again(book), "stamp", by=anna)
        with pytest.raises(Conflict):
            move(again(book), "stamp", by=anna, seen="1")
        move(again(book), "stamp", by=anna, seen="2")

    def test_nothing_is_left_when_the_transaction_fails(self, book, anna):
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            move(book, "lend", by=anna, note="x")
            raise ZeroDivisionError
        assert again(book).status == "in"
        assert not Entry.objects.exists()

    def test_encrypted_fields_tokens_and_moments_follow(self, book, anna):
        changed_at = again(book).changed_at
        move(book, "stamp", by=anna, phone="13812348000", title="水管")
        assert again(book).phone == "13812348000"
        assert again(book).changed_at == book.changed_at > changed_at
        assert search(Book.objects.all(), "水管").get() == book
        assert not search(Book.objects.all(), "号楼").exists()

    def test_costs_one_update_and_one_insert(self, book, django_assert_num_queries):
        with django_assert_num_queries(2 + 4):  # the others are two savepoints
            move(book, "lend", by=None)

    def test_the_verbs_that_are_open(self, book):
        assert verbs_open_to(book) == ["lend", "stamp", "burn"]
        book.status = "gone"
        assert verbs_open_to(book) == []


@pytest.mark.django_db
class TestRevise:
    def test_only_what_differs_is_written_down(self, book, anna):
        entry = revise(book, "edit", by=anna, title="新", text=book.text, handler=None)
        assert entry.fields == ["title"]
        assert (entry.before, entry.after) == ("in", "in")
        assert (again(book).title, book.version) == ("新", 2)

    def test_no_change_writes_nothing(self, book, anna):
        assert revise(book, "edit", by=anna, title=book.title) is None
        assert (again(book).version, Entry.objects.count()) == (1, 0)

    def test_a_form_may_have_filled_the_row_before(self, book, anna):
        book.title = "水管"
        assert revise(book, "edit", by=anna, title="水管").fields == ["title"]
        assert search(Book.objects.all(), "水管").get() == book

    def test_the_second_of_two_gets_a_conflict(self, book, anna, ben):
        old = again(book)
        revise(book, "edit", by=anna, title="A")
        with pytest.raises(Conflict):
            revise(old, "edit", by=ben, title="B")
        with pytest.raises(Conflict):
            revise(again(book), "edit", by=ben, title="B", seen=1)
        assert again(book).title == "A"


@pytest.mark.django_db
class TestTheSameFormTwice:
    def test_the_same_person_hears_that_it_is_done(self, book, anna):
        key = uuid.uuid4()
        first = move(book, "lend", by=anna, key=key)
        with pytest.raises(AlreadyDone) as repeat:
            move(book, "lend", by=anna, key=key)
        assert repeat.value.entry == first
        assert (again(book).version, Entry.objects.count()) == (2, 1)

    def test_also_for_steps_that_stay_and_for_edits(self, book, anna):
        key, other_key = uuid.uuid4(), uuid.uuid4()
        move(again(book), "stamp", by=anna, key=key)
        with pytest.raises(AlreadyDone):
            move(again(book), "stamp", by=anna, key=key)
        revise(again(book), "edit", by=anna, title="A", key=other_key)
        with pytest.raises(AlreadyDone):
            revise(again(book), "edit", by=anna, title="B", key=other_key)
        assert (again(book).title, again(book).version) == ("A", 3)

    def test_another_person_with_the_same_key_gets_a_conflict(self, book, anna, ben):
        key = uuid.uuid4()
        move(book, "lend", by=anna, key=key)
        with pytest.raises(Conflict):
            move(again(book), "stamp", by=ben, key=key)
        assert again(book).version == 2

    def test_one_key_for_two_different_steps_is_a_conflict(self, book, anna):
        key = uuid.uuid4()
        move(book, "lend", by=anna, key=key)
        with pytest.raises(Conflict):
            move(book, "bring_back", by=anna, key=key)
        assert again(book).status == "lent"

    def test_a_thing_made_twice_is_made_once(self, anna):
        key = uuid.uuid4()

        def report():
            with transaction.atomic():
                book = Book.objects.create()
                record(book, "report", by=anna, key=key)
                return book

        first = report()
        with pytest.raises(AlreadyDone) as repeat:
            report()
        assert subject(repeat.value.entry.subject_label) == first
        assert Book.objects.count() == 1

    def test_done_already(self, book, anna, ben):
        key = uuid.uuid4()
        assert done_already(key, anna) is None
        assert done_already(None, anna) is None
        entry = record(book, "report", by=anna, key=key)
        assert done_already(key, anna) == entry
        for somebody_else in (ben, None, AnonymousUser()):
            with pytest.raises(Conflict):
                done_already(key, somebody_else)


@pytest.mark.django_db
class TestRecord:
    def test_the_clock_and_strangers_have_no_name(self, book):
        assert record(book, "remind", by=None).actor is None
        assert record(book, "rate", by=AnonymousUser()).actor is None

    def test_a_substitute_is_named_with_the_person_stood_in_for(self, book, anna, ben):
        anna.acting_for = ben
        entry = move(book, "lend", by=anna)
        assert (entry.actor, entry.on_behalf_of) == (anna, ben)
        assert accessed(book, "phone", by=anna).on_behalf_of == ben

    def test_whom_one_stands_in_for_may_depend_on_the_thing(self, book, anna, ben):
        anna.acting_for = lambda thing: ben if thing.area_path.startswith("4117") else None
        assert record(book, "look", by=anna).on_behalf_of == ben
        book.area_path = "42"
        assert record(book, "look", by=anna).on_behalf_of is None

    def test_long_texts_are_refused(self, book, anna):
        with pytest.raises(ValueError, match="note"):
            record(book, "x", by=anna, data={"text": "长" * 2000})

    def test_what_a_job_did_to_many_is_one_query(self, book, anna, django_assert_num_queries):
        books = [book, Book.objects.create(area_path="42")]
        with django_assert_num_queries(1):
            record_all(books, "remind", data={"rung": 1})
        assert list(Entry.objects.order_by("pk").values_list("subject_id", "verb", "actor", "area_path")) == [
            (book.pk, "remind", None, "411702"),
            (books[1].pk, "remind", None, "42"),
        ]

    def test_the_place_can_be_given(self, anna):
        assert record(anna, "invite", by=anna, area_path="4117").area_path == "4117"
        assert record(anna, "invite", by=anna).area_path == ""

    def test_labels(self, book):
        assert label(book) == f"shelf.book:{book.pk}"
        assert subject(label(book)) == book
        for nobody in ("shelf.book:0", "shelf.nothing:1", "nonsense", "shelf.book:x", ":", ""):
            assert subject(nobody) is None

    def test_timeline_is_one_query(self, book, anna, django_assert_num_queries):
        move(book, "lend", by=anna, note="a")
        move(book, "stamp", by=anna)
        record(Book.objects.create(), "lend", by=anna)
        with django_assert_num_queries(1):
            entries = timeline(book)
            assert [(entry.verb, entry.note_text, entry.actor.username) for entry in entries] == [
                ("lend", "a", "anna"),
                ("stamp", "", "anna"),
            ]

    def test_a_note_can_be_purged(self, book, anna):
        entry = move(book, "lend", by=anna, note="personal")
        Note.objects.filter(entry=entry).delete()
        assert timeline(book)[0].note_text == ""


@pytest.mark.django_db
class TestAccessed:
    def test_of_a_row(self, book, anna):
        access = accessed(book, "phone", by=anna, context=f"visits.duevisit:{book.pk}")
        assert (access.subject_label, access.area_path, access.rows) == (label(book), "411702", 1)

    def test_of_an_export(self, anna):
        access = accessed(Book, "export:books", by=anna, reason="quarterly report", rows=120)
        assert (access.subject_type, access.subject_id, access.rows) == ("shelf.book", None, 120)
        assert accessed(None, "export:all", by=anna).subject_label == ""


@pytest.mark.django_db
class TestAppendOnly:
    @pytest.fixture(params=[Entry, Access])
    def row(self, request, book, anna):
        return record(book, "look", by=anna) if request.param is Entry else accessed(book, "phone", by=anna)

    def test_python_refuses(self, row):
        rows = type(row).objects
        for change in (
            row.save,
            row.delete,
            lambda: rows.update(verb="x"),
            lambda: rows.all().delete(),
            lambda: rows.bulk_update([row], ["area_path"]),
        ):
            with pytest.raises(AppendOnly):
                change()

    @pytest.mark.postgres
    @pytest.mark.parametrize("change", ["UPDATE {} SET area_path = 'x'", "DELETE FROM {}"])
    def test_the_database_refuses(self, row, change):
        with pytest.raises(DatabaseError, match="never changed"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(change.format(row._meta.db_table))


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
class TestRaces:
    """These tests leave rows in the journal: that the next one starts shows that the tables can be emptied."""

    def test_one_of_eight_wins(self, race, book, anna):
        outcomes = race(8, lambda number: move(again(book), "lend", by=anna, text=f"thread {number}"))
        winners = [outcome for outcome in outcomes if isinstance(outcome, Entry)]
        assert len(winners) == 1
        assert all(isinstance(outcome, Conflict | NotAllowed) for outcome in outcomes if outcome not in winners)
        assert (again(book).version, Entry.objects.count()) == (2, 1)
        assert again(book).text == f"thread {outcomes.index(winners[0])}"

    def test_one_of_eight_edits_wins(self, race, book, anna):
        screens = [again(book) for _ in range(8)]
        outcomes = race(8, lambda number: revise(screens[number], "edit", by=anna, title=f"{number}"))
        assert sum(isinstance(outcome, Entry) for outcome in outcomes) == 1
        assert sum(isinstance(outcome, Conflict) for outcome in outcomes) == 7

    def test_a_form_sent_eight_times_at_once_is_done_once(self, race, book, anna):
        key = uuid.uuid4()
        outcomes = race(8, lambda _number: move(again(book), "stamp", by=anna, key=key))
        assert sum(isinstance(outcome, Entry) for outcome in outcomes) == 1
        assert sum(isinstance(outcome, AlreadyDone) for outcome in outcomes) == 7
        assert again(book).version == 2

    def test_a_thing_made_eight_times_at_once_is_made_once(self, race, anna):
        key = uuid.uuid4()

        def report(_number):
            with transaction.atomic():
                return record(Book.objects.create(), "report", by=anna, key=key)

        outcomes = race(8, report)
        assert sum(isinstance(outcome, AlreadyDone) for outcome in outcomes) == 7
        assert Book.objects.count() == Entry.objects.count() == 1
