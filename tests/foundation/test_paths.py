import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from foundation.paths import after, is_within, within
from tests.foundation.shelf.models import Book

CODES = st.text("0123456789", min_size=1, max_size=15)


@pytest.mark.parametrize(("path", "expected"), [("42", "43"), ("49", "4:"), ("4", "5"), ("411702007", "411702008")])
def test_after_a_path_comes_its_last_character_plus_one(path, expected):
    assert after(path) == expected


def test_nothing_comes_after_everything():
    with pytest.raises(ValueError, match="empty path"):
        after("")


@given(CODES, CODES)
def test_the_range_holds_exactly_the_paths_that_begin_with_the_root(path, root):
    assert (root <= path < after(root)) == path.startswith(root) == is_within(path, root)


@pytest.mark.django_db
class TestWithin:
    PATHS = ["41", "4117", "411702", "411702007", "411703", "4118", "42", "9", "99"]

    @pytest.fixture(autouse=True)
    def books(self, db):
        Book.objects.bulk_create([Book(title=path, area_path=path) for path in self.PATHS])

    @settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30, deadline=None)
    @given(st.sampled_from([*PATHS, "4", "8", "41170", "5"]))
    def test_the_database_agrees(self, root):
        found = set(Book.objects.filter(within(root)).values_list("title", flat=True))
        assert found == {path for path in self.PATHS if path.startswith(root)}

    def test_the_empty_path_is_everywhere(self):
        assert Book.objects.filter(within("")).count() == len(self.PATHS)

    def test_any_field_can_hold_the_path(self):
        assert Book.objects.filter(within("4117", field="title")).count() == 4

    @pytest.mark.postgres
    def test_postgresql_compares_by_code_point_and_uses_the_index(self):
        Book.objects.bulk_create([Book(area_path=f"5{number:08}") for number in range(3000)])
        plan = Book.objects.filter(within("50000001")).only("pk").explain(analyze=True)
        assert "shelf_book_area" in plan
