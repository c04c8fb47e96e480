"""The reminder ladder: every rung once, whatever the clock does. Limits are counted in working days over the National Day holiday."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from communities.models import Assignment, Unit
from foundation.journal.models import Entry
from foundation.notices.models import Notice
from foundation.workdays.models import Workday
from issues.models import Issue, Reminded, Rung, WorkOrder
from issues.reminders import reached, remind_issues
from tests.issues.conftest import in_threads
from tests.town import issue_at, new_issue, person

CHINA = ZoneInfo("Asia/Shanghai")


def at(month, day, hour=9, minute=0, year=2026):
    return datetime(year, month, day, hour, minute, tzinfo=CHINA)


@pytest.fixture
def clock(time_machine):
    """`clock(9, 30)` moves to that day at nine, `clock(9, 30, 18, 1)` to 18:01."""
    return lambda *moment, **more: time_machine.move_to(at(*moment, **more), tick=False)


def told(user, *kinds):
    rows = Notice.objects.filter(recipient=user)
    return rows.filter(kind__in=kinds).count() if kinds else list(rows.values_list("kind", flat=True))


LATE = ("issue_due_soon", "issue_overdue")


@pytest.fixture
def working(town, clock):
    """With the bureau's handler since Monday 28 September, three working days: 28 does not count, so 29, 30 and 8 October."""
    clock(9, 28)
    issue = issue_at("in_progress", town)
    assert timezone.localtime(issue.due_at) == at(10, 8, 18)
    return issue


class TestHandlingLimit:
    def test_the_ladder_over_the_holiday(self, working, town):
        """Handler on the working day before and at the limit, secretary one, street three working days later."""
        steps = [
            (at(9, 29, 23, 59), (0, 0, 0)),
            (at(9, 30, 0, 0), (1, 0, 0)),  # the working day before 8 October is 30 September
            (at(10, 7, 23, 59), (1, 0, 0)),
            (at(10, 8, 17, 59), (1, 0, 0)),
            (at(10, 8, 18, 1), (2, 0, 0)),
            (at(10, 9, 17, 59), (2, 0, 0)),
            (at(10, 9, 18, 1), (2, 1, 0)),
            # Saturday 10 October is a make-up day: the third working day after the 8th is Monday the 12th.
            (at(10, 12, 17, 59), (2, 1, 0)),
            (at(10, 12, 18, 1), (2, 1, 1)),
        ]
        for moment, expected in steps:
            remind_issues(now=moment)
            counts = tuple(told(user, *LATE) for user in (town.handler, town.secretary, town.coordinator))
            assert counts == expected, moment

    def test_run_twice_told_once(self, working, town):
        for moment in (at(9, 30), at(10, 8, 18, 1), at(10, 30)):
            first = remind_issues(now=moment)
            assert remind_issues(now=moment) == 0
            assert first >= 0
        assert told(town.handler, *LATE) == 2
        assert (
            Reminded.objects.filter(issue=working, work_order=None).count()
            == Rung.objects.filter(clock="handle").count()
        )
        assert Entry.objects.filter(verb="reminded", subject_id=working.pk).count() == 4

    def test_after_three_days_of_outage_nothing_is_lost_or_doubled(self, working, town):
        """What has run out meanwhile is overdue and not "due soon"."""
        remind_issues(now=at(10, 13, 9))
        assert told(town.handler) == ["order_arrived", "issue_overdue"]
        assert (told(town.secretary, *LATE), told(town.coordinator, *LATE)) == (1, 1)
        remind_issues(now=at(10, 16, 9))
        assert told(town.handler, *LATE) == 1

    def test_reported_in_time_nobody_is_reminded(self, working, town, clock):
        clock(10, 8, 17)
        working.report_done(by=town.handler, result="已更换曳引轮并试运行，恢复使用。")
        assert remind_issues(now=at(10, 30)) == 0

    def test_a_new_round_has_a_ladder_of_its_own(self, working, town, clock):
        clock(10, 8, 18, 1)
        remind_issues(now=timezone.now())
        working.report_done(by=town.handler, result="已更换曳引轮并试运行，恢复使用。")
        working.confirm_not(by=town.secretary, note="仍有异响")
        remind_issues(now=working.due_at + timedelta(minutes=1))
        assert told(town.handler, "issue_overdue") == 2

    def test_a_limit_of_another_day_fires_on_its_day(self, working):
        """The state stays, the machine moves nothing."""
        before = Issue.objects.get()
        remind_issues(now=at(11, 30))
        after = Issue.objects.get()
        assert (after.status, after.version, after.due_at) == (before.status, before.version, before.due_at)

    def test_voided_ones_are_left_alone(self, working, town):
        working.void(by=town.secretary, reason="重复登记")
        assert remind_issues(now=at(10, 30)) == 0

    def test_a_rung_of_another_place_does_not_fire(self, working, town):
        Rung.objects.update(area_path="210202")
        assert remind_issues(now=at(10, 30)) == 0
        Rung.objects.update(area_path="411702007")
        assert remind_issues(now=at(10, 30)) > 0

    def test_inactive_rungs_are_silent(self, working):
        Rung.objects.update(active=False)
        assert remind_issues(now=at(10, 30)) == 0


class TestWhoIsTold:
    def test_without_a_work_order_the_desk(self, town, clock):
        clock(9, 28)
        here = new_issue(town)
        here.register(by=town.secretary)
        above = new_issue(town)
        above.register(by=town.secretary)
        above.send_up(by=town.secretary, note="需要住建部门协调")
        remind_issues(now=at(10, 8, 18, 1))
        assert told(town.secretary, "issue_overdue") == 1
        assert told(town.coordinator, "issue_overdue") == 1

    def test_before_the_signature_everybody_in_the_unit(self, town, clock):
        colleague = person("handler2", "李明", "handler", unit=town.bureau)
        clock(9, 28)
        issue_at("dispatched", town)
        remind_issues(now=at(10, 8, 18, 1))
        assert told(town.handler, "issue_overdue") == told(colleague, "issue_overdue") == 1

    def test_a_handler_who_has_left_is_replaced_by_the_unit(self, working, town):
        colleague = person("handler2", "李明", "handler", unit=town.bureau)
        Assignment.objects.filter(user=town.handler).update(until=at(9, 29).date())
        remind_issues(now=at(10, 8, 18, 1))
        assert told(town.handler, *LATE) == 0
        assert told(colleague, "issue_overdue") == 1

    @pytest.mark.parametrize(
        ("absent", "instead"),
        [
            (["handler"], "coordinator"),
            (["handler", "coordinator"], "admin_of_district"),
        ],
    )
    def test_nobody_in_the_unit_the_desk_and_then_one_higher(self, working, town, absent, instead):
        Assignment.objects.filter(user__in=[getattr(town, name) for name in absent]).update(until=at(9, 29).date())
        Rung.objects.exclude(clock="handle", offset=0).delete()
        remind_issues(now=at(10, 8, 18, 1))
        assert told(getattr(town, instead), "issue_overdue") == 1

    def test_no_secretary_the_street(self, working, town):
        Assignment.objects.filter(user__in=[town.secretary, town.deputy]).update(until=at(9, 29).date())
        Rung.objects.exclude(clock="handle", offset=1).delete()
        remind_issues(now=at(10, 12))
        assert told(town.coordinator, "issue_overdue") == 1

    def test_nobody_at_all_is_no_crash(self, working, town):
        Assignment.objects.update(until=at(9, 29).date())
        assert remind_issues(now=at(10, 12, 18, 1)) == 3
        assert not Notice.objects.filter(kind__in=LATE).exists()

    def test_closed_accounts_are_not_told(self, working, town):
        town.handler.disable(by=town.admin_of_district, reason="调离")
        Rung.objects.exclude(clock="handle", offset=0).delete()
        remind_issues(now=at(10, 8, 18, 1))
        assert (told(town.handler, *LATE), told(town.coordinator, *LATE)) == (0, 1)

    def test_what_the_community_took_on_itself(self, town, clock):
        clock(9, 28)
        issue = issue_at("registered", town, category=town.sanitation)
        issue.take(by=town.secretary)
        Rung.objects.exclude(clock="handle", offset=0).delete()
        remind_issues(now=issue.due_at + timedelta(minutes=1))
        assert (told(town.secretary, "issue_overdue"), told(town.deputy, "issue_overdue")) == (1, 0)

    def test_a_grids_office_is_its_grid_worker(self, town, clock):
        clock(9, 28)
        issue = issue_at("registered", town, category=town.sanitation)
        grid = issue.targets_for(town.secretary).get(kind="office")
        issue.dispatch(by=town.secretary, unit=grid)
        remind_issues(now=at(9, 29, 18, 1))
        assert told(town.grid_worker, "order_unsigned") == 1


class TestSigningLimit:
    def test_the_unit_at_the_limit_and_the_secretary_a_working_day_later(self, town, clock):
        clock(9, 30)
        issue = issue_at("dispatched", town)
        order = WorkOrder.objects.get()
        assert timezone.localtime(order.sign_due_at) == at(10, 8, 18)
        steps = [
            (at(10, 8, 17, 59), (0, 0)),
            (at(10, 8, 18, 1), (1, 0)),
            (at(10, 9, 18, 1), (1, 1)),
            (at(10, 20), (1, 1)),
        ]
        for moment, expected in steps:
            remind_issues(now=moment)
            remind_issues(now=moment)
            assert (told(town.handler, "order_unsigned"), told(town.secretary, "order_unsigned")) == expected, moment
        assert Reminded.objects.filter(work_order=order).count() == 2
        notice = Notice.objects.filter(kind="order_unsigned").first()
        assert notice.params == {"number": issue.number, "category": "电梯运行", "due": "2026-10-08"}

    def test_signed_in_time_is_silent(self, town, clock):
        clock(9, 28)
        issue_at("in_progress", town)
        remind_issues(now=at(10, 20))
        assert not Notice.objects.filter(kind="order_unsigned").exists()

    def test_a_new_order_has_its_own_rungs(self, town, clock):
        other = Unit.objects.found(by=None, name="驿城区城市管理局", kind="bureau", division=town.district)
        clock(9, 28)
        issue = issue_at("dispatched", town)
        remind_issues(now=at(9, 29, 18, 1))
        clock(9, 30)
        issue.reassign(by=town.coordinator, unit=other, note="改派")
        issue.reassign(by=town.coordinator, unit=town.bureau, note="派回")
        remind_issues(now=at(10, 8, 18, 1))
        assert told(town.handler, "order_unsigned") == 2


class TestReached:
    """The arithmetic of "so many working days after the limit", on days around a weekend and the holiday of 2026."""

    @pytest.fixture(autouse=True)
    def calendar(self, town):
        """The town brings the working days along."""

    @pytest.mark.parametrize(
        ("offset", "limit", "fires"),
        [
            (0, at(10, 8, 18), at(10, 8, 18)),
            (1, at(10, 8, 18), at(10, 9, 18)),
            (1, at(10, 16, 18), at(10, 19, 18)),  # Friday to Monday
            (3, at(10, 16, 18), at(10, 21, 18)),
            (1, at(9, 30, 18), at(10, 8, 18)),  # over the holiday
            (1, at(10, 9, 18), at(10, 10, 18)),  # the make-up Saturday
            (-1, at(10, 8, 18), at(9, 30, 0)),
            (-1, at(10, 19, 18), at(10, 16, 0)),
            (1, at(12, 31, 18), at(1, 4, 18, year=2027)),  # a provisional year answers, too
        ],
    )
    def test_it_fires_then_and_not_before(self, offset, limit, fires):
        assert reached(offset, now=fires - timedelta(seconds=1)) < limit
        assert reached(offset, now=fires + timedelta(seconds=1)) >= limit

    def test_a_changed_calendar_is_followed(self, town):
        Workday.objects.decide(at(10, 9).date(), False, "台风停工", town.admin_of_district)
        assert reached(1, now=at(10, 9, 18, 1)) < at(10, 8, 18)
        assert reached(1, now=at(10, 10, 18, 1)) >= at(10, 8, 18)


def test_a_provisional_limit_is_reminded_as_well(town, clock):
    clock(12, 30)
    issue = new_issue(town, urgency="general")
    issue.register(by=town.secretary)
    assert issue.due_provisional
    remind_issues(now=issue.due_at + timedelta(minutes=1))
    assert told(town.secretary, "issue_overdue") == 1


@pytest.mark.parametrize("number", [1, 20])
def test_a_batch_costs_the_same_whatever_its_size(town, clock, sql_count, number):
    clock(9, 28)
    for _n in range(number):
        issue_at("in_progress", town)
    Rung.objects.exclude(clock="handle", offset=0).delete()
    with sql_count(at_most=16):
        assert remind_issues(now=at(10, 8, 18, 1)) == number


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_eight_workers_at_once_tell_once(town, time_machine):
    time_machine.move_to(at(9, 28), tick=True)
    for _n in range(12):
        issue_at("in_progress", town)
    results = in_threads(8, lambda _n: remind_issues(now=at(10, 8, 18, 1)))
    assert sum(results) == 12, results
    assert told(town.handler, "issue_overdue") == 12
    assert Entry.objects.filter(verb="reminded").count() == 12
