"""Figures: days with both ends, places with and without what lies below, and a query string that asks for nonsense."""

from datetime import UTC, date, datetime

import pytest
from django.db.models import Q
from django.utils import timezone

from foundation.figures import Figure, Span, counted, place, span_of
from tests.foundation.shelf.models import Book

NOW = datetime(2026, 11, 18, 0, 30, tzinfo=timezone.get_default_timezone())


class TestSpan:
    def test_both_days_are_included_whole(self):
        condition = Span(NOW, date(2026, 11, 1), date(2026, 11, 30)).holds("at")
        ends = dict(condition.children)
        assert ends["at__gte"].isoformat() == "2026-11-01T00:00:00+08:00"
        assert ends["at__lt"].isoformat() == "2026-12-01T00:00:00+08:00"

    def test_open_ends_ask_nothing(self):
        assert Span(NOW).holds("at") == Q()

    def test_today_is_the_local_day(self):
        assert Span(NOW).today == date(2026, 11, 18)
        assert Span(NOW.astimezone(UTC)).today == date(2026, 11, 18)

    def test_days_ago(self):
        (since,) = Span(NOW).back_to_days_ago(3, "at").children
        assert since == ("at__gte", datetime(2026, 11, 15, tzinfo=NOW.tzinfo))
        (before,) = Span(NOW).before_days_ago(3, "at").children
        assert before == ("at__lt", since[1])


@pytest.mark.parametrize(
    ("query", "since", "until"),
    [
        ({}, None, None),
        ({"since": "2026-11-01", "until": "2026-11-30"}, date(2026, 11, 1), date(2026, 11, 30)),
        ({"since": "2026-02-30", "until": "tomorrow"}, None, None),
        ({"since": "0001-01-01", "until": "9999-12-31"}, None, None),
        ({"since": "\x00", "until": ""}, None, None),
    ],
)
def test_span_of_a_query_string(query, since, until):
    span = span_of(query, now=NOW)
    assert (span.since, span.until) == (since, until)


def test_place():
    assert dict(place("4117").children) == {"area_path_then__gte": "4117", "area_path_then__lt": "4118"}
    assert place("4117", direct=True, field="code") == Q(code="4117")
    assert place("") == Q()


class TestCounted:
    FIGURES = {"thick": Figure("Thick books", "Of two volumes or more", lambda span: Q(title__contains="II"))}

    def titles(self, **query):
        rows = counted(Book.objects.all(), query, self.FIGURES, now=NOW, field="area_path")
        return sorted(rows.values_list("title", flat=True))

    def test_rows_of_a_figure_in_a_place(self, db):
        for title, area in (("A II", "4117"), ("B II", "411702"), ("C II", "4118"), ("D", "4117")):
            Book.objects.create(title=title, area_path=area)
        assert self.titles(figure="thick") == ["A II", "B II", "C II"]
        assert self.titles(figure="thick", area="4117") == ["A II", "B II"]
        assert self.titles(figure="thick", area="4117", direct="on") == ["A II"]

    def test_an_unknown_figure_has_no_rows(self, db):
        Book.objects.create(title="A II", area_path="4117")
        assert self.titles(figure="thin") == self.titles() == []
