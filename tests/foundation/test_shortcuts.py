import pytest
from django.core.exceptions import PermissionDenied
from django.http import Http404

from foundation.shortcuts import get_for, page_of
from tests.foundation.shelf.models import Book


@pytest.mark.django_db
class TestGetFor:
    """In these tests one sees the books of the area that one is named after, and changes those one handles."""

    @pytest.fixture
    def own(self, anna):
        return Book.objects.create(area_path="anna", handler=anna)

    @pytest.fixture
    def others(self, anna, ben):
        return Book.objects.create(area_path="anna", handler=ben)

    def test_sees(self, anna, others):
        assert get_for(anna, Book, pk=others.pk) == others

    def test_sees_by_a_queryset_that_joins(self, anna, others, django_assert_num_queries):
        with django_assert_num_queries(1):
            assert get_for(anna, Book.objects.select_related("handler"), pk=others.pk).handler

    def test_changes(self, anna, own):
        assert get_for(anna, Book, pk=own.pk, change=True) == own

    def test_read_only_refuses(self, anna, others):
        with pytest.raises(PermissionDenied):
            get_for(anna, Book, pk=others.pk, change=True)

    @pytest.mark.parametrize("change", [False, True])
    def test_outsider_sees_nothing(self, ben, others, change):
        with pytest.raises(Http404):
            get_for(ben, Book, pk=others.pk, change=change)

    def test_what_is_not_there(self, anna):
        with pytest.raises(Http404):
            get_for(anna, Book, pk=0)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("asked", "number"),
    [("2", 2), (None, 1), ("", 1), ("x", 1), ("0", 3), ("-1", 3), ("99", 3), ("9" * 30, 3), ("1.5", 1)],
)
def test_page_of_forgives_nonsense(rf, asked, number):
    Book.objects.bulk_create([Book() for _ in range(5)])
    request = rf.get("/", {} if asked is None else {"page": asked})
    assert page_of(request, Book.objects.order_by("pk"), per_page=2).number == number
