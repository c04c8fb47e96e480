"""The dashboard of a place: right numbers, each of which opens exactly its rows, for those who may read it."""

import re
from datetime import date, datetime, timedelta
from html.parser import HTMLParser
from urllib.parse import parse_qs, urlsplit

import pytest
from django.utils import timezone

from communities.models import Division, Household
from dashboards.counts import FIGURES, MOST_WEEKS, weeks_of
from foundation.figures import Span
from issues.models import Issue
from tests.dashboards.conftest import NOW, add_household, at, backdate, closed_issue, log
from tests.town import new_issue
from visits.models import Visit

pytestmark = pytest.mark.django_db

VIEWS = [
    ("admin_of_district", ""),
    ("coordinator", "?period=year"),
    ("secretary", "?since=2026-11-12&until=2026-11-15"),
    ("auditor", "411702007/?period=week"),
]


class Numbers(HTMLParser):
    """The numbers of a page: (address, what stands on the page)."""

    def __init__(self, html):
        super().__init__()
        self.found, self.address = [], None
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        if tag == "a" and "number" in attrs.get("class", "").split():
            self.address = attrs["href"]

    def handle_data(self, text):
        if self.address:
            self.found.append((self.address, int(text)))
            self.address = None


def page_of(client, user, address="/dashboard/"):
    client.force_login(user)
    response = client.get(address)
    assert response.status_code == 200, address
    return response


def values(client, user, address="/dashboard/"):
    """{figure: value} of the place itself."""
    total = page_of(client, user, address).context["board"].total
    return {name: total[name].value for name in FIGURES}


def rows_behind(client, address):
    """How many rows the list shows behind an address; for the people met, how many people it says."""
    response = client.get(address)
    assert response.status_code == 200, address
    if parse_qs(urlsplit(address).query)["figure"] == ["people"]:
        return response.context["totals"]["people_met"]
    return response.context["page"].paginator.count


class TestNumbers:
    def test_of_the_district(self, client, busy_town):
        found = values(client, busy_town.admin_of_district)
        assert found == found | {
            "visits": 6,
            "met": 5,
            "people": 8,
            "in_scope": 5,
            "covered": 4,
            "not_covered": 1,
            "opinions": 3,
            "opinions_answered": 1,
            "opinions_on_spot": 1,
            "opinions_registered": 1,
        }

    def test_of_issues(self, client, busy_town):
        found = values(client, busy_town.admin_of_district)
        assert found == found | {
            "on_spot": 1,
            "closed": 4,
            "solved": 1,
            "partly": 1,
            "explained": 1,
            "unreachable": 1,
            "sent_back": 1,
            "verified": 3,
            "satisfied": 1,
            "asked": 2,
            "unasked": 1,
            "age_0": 3 + 1,  # two of the eight, the opinion's issue; and the one that came back
            "age_4": 2,
            "age_8": 2 + 1,  # the late one
            "age_16": 2,
            "open": 11,
            "overdue": 1,
            "in_progress": 1,
            "registered": 1,
            "submitted": 9,
        }

    def test_parts_and_rest_add_up_to_the_whole(self, client, busy_town):
        for code in ("411702", "411702007", "411702007002"):
            board = page_of(client, busy_town.admin_of_district, f"/dashboard/{code}/?period=year").context["board"]
            for name in FIGURES:
                assert sum(line[name].value for line in board.lines) == board.total[name].value, name

    def test_what_lies_in_no_grid_has_a_line_of_its_own(self, client, busy_town):
        board = page_of(client, busy_town.secretary).context["board"]
        grid, rest = board.lines
        assert (grid.code, grid["visits"].value) == ("411702007002001", 3)
        assert (rest.direct, rest["visits"].value, rest["in_scope"].value) == (True, 1, 1)

    def test_a_household_counts_once_however_often_it_was_met(self, client, busy_town):
        found = values(client, busy_town.secretary)
        assert (found["met"], found["covered"], found["in_scope"]) == (3, 2, 2)

    def test_voided_rows_count_nowhere(self, client, busy_town):
        before = values(client, busy_town.secretary)
        issue = new_issue(busy_town)
        issue.void(by=busy_town.secretary, reason="重复登记")
        Household.objects.get(pk=busy_town.ungridded.pk).void(by=busy_town.secretary, reason="登记错误")
        after = values(client, busy_town.secretary)
        assert after["open"] == before["open"]
        assert after["in_scope"] == before["in_scope"] - 1

    def test_days_begin_and_end_at_local_midnight(self, client, busy_town):
        for days_ago, hour, minute in ((3, 0, 0), (3, 23, 59), (2, 0, 0), (4, 23, 59)):
            log(busy_town, busy_town.household, visited_at=at(days_ago, hour, minute))
        day = (NOW - timedelta(days=3)).date()
        before = 1  # the visit of that morning
        found = values(client, busy_town.secretary, f"/dashboard/?since={day}&until={day}")
        assert found["visits"] == before + 2

    def test_a_late_entry_counts_on_the_day_of_the_visit(self, client, busy_town):
        log(busy_town, busy_town.household, visited_at=at(20), late_reason="补录纸质登记表")
        assert values(client, busy_town.secretary, "/dashboard/?period=week")["visits"] == 3
        assert values(client, busy_town.secretary)["visits"] == 5

    def test_history_stays_where_it_happened(self, client, busy_town):
        before = page_of(client, busy_town.admin_of_district, "/dashboard/411702007/").context["board"]
        Visit.objects.filter(area_path=busy_town.next_community.code).update(area_path=busy_town.community.code)
        Issue.objects.filter(area_path=busy_town.next_community.code).update(area_path=busy_town.community.code)
        after = page_of(client, busy_town.admin_of_district, "/dashboard/411702007/").context["board"]
        assert [line["visits"].value for line in after.lines] == [line["visits"].value for line in before.lines]
        assert [line["open"].value for line in after.lines] == [line["open"].value for line in before.lines]

    def test_a_part_that_stands_no_more_keeps_its_history(self, client, busy_town):
        Division.objects.filter(pk=busy_town.next_community.pk).update(until=timezone.localdate())
        codes = [line.code for line in page_of(client, busy_town.coordinator).context["board"].lines]
        assert busy_town.next_community.code in codes
        empty = Division.objects.establish(
            by=None, code="411702007009", name="旧社区居委会", parent=busy_town.street, since=date(2020, 1, 1)
        )
        Division.objects.filter(pk=empty.pk).update(until=date(2025, 1, 1))
        codes = [line.code for line in page_of(client, busy_town.coordinator).context["board"].lines]
        assert empty.code not in codes

    def test_an_issue_in_confidence_counts_as_any_other(self, client, busy_town):
        before = values(client, busy_town.admin_of_district)["open"]
        new_issue(busy_town, anonymity="confidential")
        assert values(client, busy_town.admin_of_district)["open"] == before + 1

    def test_small_denominators_have_no_percentage(self, client, busy_town):
        total = page_of(client, busy_town.secretary).context["board"].total
        assert total["satisfaction"].percent is None
        html = page_of(client, busy_town.secretary).content.decode()
        assert "%" not in re.sub(r'"[^"]*"', "", html.split("<main")[1])
        for day in range(8):
            closed_issue(busy_town, days_ago=day)
        assert page_of(client, busy_town.secretary).context["board"].total["satisfaction"].percent == 90


class TestLinks:
    @pytest.mark.parametrize(("who", "page"), VIEWS)
    def test_every_number_opens_exactly_its_rows(self, client, busy_town, who, page):
        response = page_of(client, getattr(busy_town, who), f"/dashboard/{page}")
        numbers = dict.fromkeys(Numbers(response.content.decode()).found)
        assert len(numbers) > 50
        wrong = {
            address: (shown, rows) for address, shown in numbers if (rows := rows_behind(client, address)) != shown
        }
        assert wrong == {}

    def test_also_where_places_have_changed_since(self, client, busy_town):
        Visit.objects.filter(area_path=busy_town.next_community.code).update(area_path=busy_town.community.code)
        Issue.objects.filter(area_path=busy_town.next_community.code).update(area_path=busy_town.community.code)
        numbers = dict.fromkeys(Numbers(page_of(client, busy_town.secretary).content.decode()).found)
        assert [(address, shown) for address, shown in numbers if rows_behind(client, address) != shown] == []

    def test_the_list_says_how_it_is_counted(self, client, busy_town):
        client.force_login(busy_town.secretary)
        for page in ("/visits/?figure=met", "/visits/opinions/?figure=opinions", "/issues/?figure=verified"):
            figure = FIGURES[page.split("=")[1]]
            assert str(figure.how) in client.get(page).content.decode(), page

    def test_an_unknown_figure_has_no_rows(self, client, busy_town):
        client.force_login(busy_town.secretary)
        assert rows_behind(client, "/issues/?figure=nonsense") == 0
        assert rows_behind(client, "/visits/?figure=nonsense") == 0
        assert client.get("/dashboard/411702007002/households/?figure=nonsense").status_code == 404


class TestAgesAndOverdue:
    DAYS = (
        (0, "age_0"),
        (3, "age_0"),
        (4, "age_4"),
        (7, "age_4"),
        (8, "age_8"),
        (15, "age_8"),
        (16, "age_16"),
        (400, "age_16"),
    )

    def test_age_counts_calendar_days(self, client, town, time_machine):
        time_machine.move_to(NOW, tick=False)
        issue = new_issue(town)
        for days, figure in self.DAYS:
            for hour, minute in ((0, 0), (16, 30) if days == 0 else (23, 59)):
                backdate(issue, submitted_at=at(days, hour, minute))
                found = values(client, town.secretary)
                ages = {name for name in FIGURES if name.startswith("age_") and found[name]}
                assert ages == {figure}, (days, hour)

    def test_overdue_until_it_is_reported_as_done(self, client, town, time_machine):
        time_machine.move_to(NOW, tick=False)
        issue = new_issue(town, category=town.sanitation)
        issue.register(by=town.secretary)
        assert values(client, town.secretary)["overdue"] == 0
        time_machine.move_to(Issue.objects.get(pk=issue.pk).due_at, tick=False)
        assert values(client, town.secretary)["overdue"] == 0
        time_machine.shift(timedelta(seconds=1))
        assert values(client, town.secretary)["overdue"] == 1


class TestPage:
    def test_places_stand_in_order_of_code_and_cannot_be_ranked(self, client, busy_town):
        for address in ("/dashboard/", "/dashboard/?sort=visits", "/dashboard/?order=-overdue"):
            lines = page_of(client, busy_town.admin_of_district, address).context["board"].lines
            assert [line.code for line in lines] == sorted(line.code for line in lines)

    def test_says_days_and_moment(self, client, busy_town):
        html = page_of(client, busy_town.secretary).content.decode()
        assert "10月20日" in html and "11月18日" in html and "16:30" in html

    def test_pictures_have_words_and_no_inline_style(self, client, busy_town):
        html = page_of(client, busy_town.admin_of_district).content.decode()
        assert html.count("<title id=") == html.count("<desc id=") == 2
        assert "style=" not in html

    def test_the_table_beside_the_picture_holds_its_numbers(self, client, busy_town):
        response = page_of(client, busy_town.admin_of_district)
        weeks = response.context["board"].weeks
        assert len(weeks) == 8
        (_name, visits) = response.context["visit_chart"].series[0]
        assert [bar.value for bar in visits] == [week["visits"].value for week in weeks]
        assert sum(week["visits"].value for week in weeks) == 7
        assert weeks[-1].monday == date(2026, 11, 16)

    def test_a_day_that_is_none_is_said_and_changes_nothing(self, client, busy_town):
        for query in ("since=2026-11-30&until=2026-11-01", "since=gestern&until=2026-11-01", "since=&until=2026-11-01"):
            response = page_of(client, busy_town.secretary, f"/dashboard/?{query}")
            assert response.context["period"].code == "days30"
            assert 'role="alert"' in response.content.decode()

    def test_an_empty_place_says_so(self, client, town):
        html = page_of(client, town.admin_of_district, "/dashboard/411702001/").content.decode()
        assert "尚无登记和记录" in html or "nothing registered" in html

    @pytest.mark.parametrize("more", [0, 20])
    def test_costs_ten_queries_however_many_parts(self, client, busy_town, sql_count, more):
        for number in range(more):
            place = Division.objects.establish(
                by=None,
                code=f"411702007{100 + number}",
                name=f"第{number}社区居委会",
                parent=busy_town.street,
                since=date(2020, 1, 1),
            )
            log(busy_town, add_household(busy_town, place, name=f"{number}院")[0])
        for address in ("/dashboard/", "/dashboard/411702007/?period=year"):
            page_of(client, busy_town.coordinator, address)
            with sql_count(at_most=10):
                client.get(address)


class TestWho:
    def test_own_place_first(self, client, town):
        for who, code in (("admin_of_district", "411702"), ("coordinator", "411702007"), ("secretary", "411702007002")):
            assert page_of(client, getattr(town, who)).context["place"].code == code

    def test_readers_of_a_dashboard_below_and_inside(self, client, town):
        for who in ("admin_of_district", "auditor", "coordinator"):
            page_of(client, getattr(town, who), "/dashboard/411702007002/")
        page_of(client, town.deputy, "/dashboard/411702007002001/")

    OTHERS = (
        ("outsider", "411702007002", 404),
        ("secretary", "411702007", 404),
        ("secretary", "411702007001", 404),
        ("coordinator", "411702", 404),
        ("handler", "411702", 404),
        ("idle", "411702007002", 404),
        ("grid_worker", "411702007002001", 403),
        ("cadre", "411702007", 403),
        ("system_admin", "411702", 403),
        ("admin_of_district", "411799", 404),
        ("admin_of_district", "export", 404),
    )

    def test_others(self, client, town):
        for who, code, status in self.OTHERS:
            client.force_login(getattr(town, who))
            for page in ("", "households/", "export/"):
                assert client.get(f"/dashboard/{code}/{page}").status_code == status, (who, code, page)

    def test_without_a_place_of_numbers(self, client, town):
        for who in ("grid_worker", "cadre", "handler", "system_admin", "idle"):
            client.force_login(getattr(town, who))
            assert client.get("/dashboard/").status_code == 403, who


class TestWeeks:
    @pytest.mark.parametrize(
        ("since", "until", "first", "count"),
        [
            (date(2026, 11, 16), date(2026, 11, 18), date(2026, 9, 28), 8),
            (date(2026, 1, 1), date(2026, 11, 18), date(2025, 12, 29), 47),
            (date(2020, 1, 1), date(2026, 11, 18), date(2025, 11, 17), MOST_WEEKS),
            (date(2026, 11, 15), date(2026, 11, 15), date(2026, 9, 21), 8),
        ],
    )
    def test_whole_weeks(self, since, until, first, count):
        weeks = weeks_of(Span(NOW, since, until))
        assert (weeks[0], len(weeks)) == (first, count)
        assert {week.weekday() for week in weeks} == {0}


def test_chips_begin_where_their_names_say(client, town, time_machine):
    time_machine.move_to(datetime(2026, 11, 22, 0, 30, tzinfo=timezone.get_default_timezone()), tick=False)
    first = {
        "week": "2026-11-16",
        "month": "2026-11-01",
        "days30": "2026-10-24",
        "quarter": "2026-10-01",
        "year": "2026-01-01",
    }
    for code, day in first.items():
        period = page_of(client, town.secretary, f"/dashboard/?period={code}").context["period"]
        assert period.days == {"since": day, "until": "2026-11-22"}
