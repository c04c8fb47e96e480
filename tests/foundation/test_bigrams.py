import re

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from foundation.bigrams import cut, search
from tests.foundation.shelf.models import Book


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("3号楼电梯abc", "3 号楼 楼电 电梯 abc"),
        ("电梯，电梯！", "电梯"),
        ("A座 Wi-Fi", "a 座 wi fi"),
        ("ＡＢＣ１２", "abc12"),
        ("snake_case", "snake case"),
        ("𠮷野家", "𠮷野 野家"),
        ("", ""),
        (None, ""),
    ],
)
def test_cut(text, tokens):
    assert cut(text) == tokens


def found(text):
    return set(search(Book.objects.all(), text).values_list("title", flat=True))


@pytest.mark.django_db
class TestSearch:
    @pytest.fixture(autouse=True)
    def books(self, db):
        for title, text in [
            ("3号楼电梯坏了", "Elevator 3 broken"),
            ("13号楼漏水", "电工梯子"),
            ("楼道堆物", "SQ20260930ABCD"),
        ]:
            Book.objects.create(title=title, text=text)

    @pytest.mark.parametrize(
        ("asked", "titles"),
        [
            ("电梯", {"3号楼电梯坏了"}),  # not the text with 电 and 梯 apart
            ("3号楼", {"3号楼电梯坏了"}),
            ("号楼", {"3号楼电梯坏了", "13号楼漏水"}),
            ("楼", {"3号楼电梯坏了", "13号楼漏水", "楼道堆物"}),
            ("电梯 broken", {"3号楼电梯坏了"}),
            ("电梯 漏水", set()),
            ("ELEV", {"3号楼电梯坏了"}),
            ("sq2026", {"楼道堆物"}),
            ("ｓｑ２０２６", {"楼道堆物"}),
            ("abcd", set()),  # words are found from their beginning
            ("没有", set()),
            ("'; --", set()),
            ("%", set()),
            ("' & '", set()),
        ],
    )
    def test_finds(self, asked, titles):
        assert found(asked) == titles

    def test_no_words_change_nothing(self):
        assert len(found("")) == len(found("  ")) == len(found(None)) == 3

    def test_saving_one_field_keeps_the_tokens_fresh(self):
        book = Book.objects.get(title="楼道堆物")
        book.title = "下水道堵塞"
        book.save(update_fields=["title"])
        assert found("水道") == {"下水道堵塞"}
        assert found("堆物") == set()

    def test_huge_texts_are_cut(self):
        book = Book.objects.create(title="大", text="长" * 100_000 + "x" * 5000)
        assert len(book.bigrams) < 100


PIECES = st.lists(st.sampled_from(["电", "梯", "号楼", "a", "ab", "1", "13", " ", "，", "-", "B"]), max_size=8).map(
    "".join
)


def begins_at_a_word(text, word):
    """Does `word` occur in `text` so that letters and digits at its front begin a word there?"""
    boundary = r"(?<![a-z0-9])" if re.match("[a-z0-9]", word) else ""
    return re.search(boundary + re.escape(word), text) is not None


@pytest.mark.django_db
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200, deadline=None)
@given(text=PIECES, asked=PIECES)
def test_search_finds_every_occurrence_and_nothing_else(text, asked):
    words = asked.lower().split()
    with transaction.atomic():
        book = Book.objects.create(text=text)
        is_found = search(Book.objects.filter(pk=book.pk), asked).exists()
        transaction.set_rollback(True)
    if all(begins_at_a_word(text.lower(), word) for word in words):
        assert is_found
    if not all(word in text.lower() for word in words):
        assert not is_found


@pytest.mark.postgres
@pytest.mark.django_db
def test_postgresql_uses_the_index():
    Book.objects.bulk_create([Book(text=(text := f"第{number}件事"), bigrams=cut(text)) for number in range(3000)])
    rare = Book.objects.create(text="电梯")
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE shelf_book")
        cursor.execute("SET LOCAL enable_seqscan = off")  # the question is whether the index fits, not what is cheaper
    rows = search(Book.objects.all(), "电梯")
    assert "shelf_book_bigrams" in rows.explain(analyze=True)
    assert list(rows) == [rare]
