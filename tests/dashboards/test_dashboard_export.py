"""The dashboard as a workbook: what is shown, for a purpose that the access log keeps."""

from io import BytesIO

import pytest
from openpyxl import load_workbook

from dashboards.counts import FIGURES
from dashboards.workbook import COLUMNS
from foundation.journal.models import Access

pytestmark = pytest.mark.django_db
ADDRESS = "/dashboard/411702/export/"
PURPOSE = "十一月街道工作例会"


def export(client, user, **more):
    client.force_login(user)
    return client.post(ADDRESS, {"purpose": PURPOSE, "period": "days30", **more})


def rows_of(response, sheet):
    return list(load_workbook(BytesIO(response.content)).worksheets[sheet].iter_rows(values_only=True))


def test_holds_what_the_page_shows(client, busy_town):
    response = export(client, busy_town.admin_of_district)
    board = client.get("/dashboard/").context["board"]
    table = rows_of(response, 0)[-len(board.lines) - 1 :]
    shown = [[line.code, *[line[name].value for name in COLUMNS]] for line in [*board.lines, board.total]]
    assert [[row[0], *row[2:]] for row in table] == shown
    assert {row[0] for row in rows_of(response, 1)} >= {str(figure.title) for figure in FIGURES.values()}
    weeks = rows_of(response, 2)[-len(board.weeks) :]
    assert [row[2:5] for row in weeks] == [tuple(week[name].value for name in week.WEEKLY) for week in board.weeks]


def test_says_of_what_when_by_whom_and_what_for(client, busy_town):
    head = [row[1] for row in rows_of(export(client, busy_town.admin_of_district), 0)[:5]]
    assert head[0] == "驿城区"
    assert head[2:] == ["2026-11-18 16:30", busy_town.admin_of_district.name, PURPOSE]


def test_keeps_to_the_days_of_the_page(client, busy_town):
    response = export(client, busy_town.admin_of_district, period="custom", since="2026-11-12", until="2026-11-12")
    assert rows_of(response, 0)[-1][2] == 1
    assert "20261112" in response["Content-Disposition"]


def test_is_logged_each_time(client, busy_town):
    for _again in range(2):
        assert export(client, busy_town.auditor).status_code == 200
    first, second = Access.objects.filter(what="export:dashboard")
    assert (first.actor, first.reason, first.area_path) == (busy_town.auditor, PURPOSE, "411702")
    assert first.rows == second.rows > 0


def test_without_a_purpose_nothing_leaves(client, busy_town):
    response = export(client, busy_town.admin_of_district, purpose=" ")
    assert response["Content-Type"].startswith("text/html")
    assert not Access.objects.exists()


def test_the_form_keeps_the_period(client, busy_town):
    client.force_login(busy_town.admin_of_district)
    html = client.get(f"{ADDRESS}?period=custom&since=2026-11-12&until=2026-11-15").content.decode()
    assert 'name="since" value="2026-11-12"' in html
    assert not Access.objects.exists()


def test_no_text_is_a_formula(client, busy_town):
    response = export(client, busy_town.admin_of_district, purpose='=HYPERLINK("http://x")')
    cell = load_workbook(BytesIO(response.content)).worksheets[0]["B5"]
    assert cell.data_type == "s"
    assert cell.value == '=HYPERLINK("http://x")'
