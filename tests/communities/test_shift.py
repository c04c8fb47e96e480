"""值班: who is on duty, who fills the days, how two people swap, and who is told of what is urgent."""

from datetime import datetime, timedelta
from threading import Barrier, Thread
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from communities.models import Leave, Shift, Swap
from communities.models.shift import SWAP_MOVES, Part, SwapStatus, on_duty, slot_at
from foundation.journal.models import Conflict
from foundation.journal.moves import NotAllowed
from foundation.notices.models import Notice
from tests.communities.conftest import filled
from tests.town import new_issue
from visits.models import Visit

pytestmark = pytest.mark.django_db
SHANGHAI = ZoneInfo("Asia/Shanghai")


def at(day, hour, minute=0):
    return datetime(2026, 11, day, hour, minute, tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("moment", "day", "part"),
    [
        (at(10, 8), 10, Part.DAY),
        (at(10, 17, 59), 10, Part.DAY),
        (at(10, 18), 10, Part.NIGHT),
        (at(10, 23, 59), 10, Part.NIGHT),
        (at(11, 0), 10, Part.NIGHT),
        (at(11, 7, 59), 10, Part.NIGHT),
        (at(11, 8), 11, Part.DAY),
    ],
)
def test_the_night_belongs_to_the_evening_before(moment, day, part):
    on, running = slot_at(moment)
    assert (on.day, running) == (day, part)


@pytest.fixture
def put(town):
    def putting(user, *, first=0, part=None, division=None):
        day, running = slot_at(timezone.now())
        return Shift.objects.put(
            by=town.secretary,
            division=division or town.community,
            on=day + timedelta(days=first),
            part=part or running,
            user=user,
        )

    return putting


class TestOnDuty:
    def test_the_nearest_place_first(self, town, put):
        now = timezone.now()
        assert on_duty(town.household.area_path, now) == []
        put(town.admin_of_district, division=town.district)
        assert on_duty(town.household.area_path, now) == [town.admin_of_district]
        put(town.coordinator, division=town.street)
        assert on_duty(town.household.area_path, now) == [town.coordinator]
        put(town.deputy)
        assert on_duty(town.household.area_path, now) == [town.deputy]
        assert on_duty(town.next_community.code, now) == [town.coordinator]
        assert on_duty(town.other_community.code, now) == [town.admin_of_district]
        assert on_duty(town.far_community.code, now) == []

    def test_who_cannot_sign_in_is_not_on_duty(self, town, put):
        put(town.coordinator, division=town.street)
        put(town.deputy)
        town.deputy.disable(by=town.admin_of_district, reason="调离")
        assert on_duty(town.community.code, timezone.now()) == [town.coordinator]

    def test_an_urgent_issue_reaches_who_is_on_duty_once(self, town, put):
        put(town.deputy)
        new_issue(town, urgency="urgent")
        assert Notice.objects.filter(kind="issue_urgent").values_list("recipient", flat=True).get() == town.deputy.pk

    def test_an_ordinary_issue_does_not(self, town, put):
        put(town.deputy)
        new_issue(town, urgency="general")
        assert not Notice.objects.filter(kind="issue_urgent").exists()

    def test_an_urgent_visit_does(self, town, put):
        put(town.coordinator, division=town.street)
        Visit.objects.log(
            by=town.cadre, client_uuid=uuid4(), household=town.household, outcome="met", situation="urgent"
        )
        told = Notice.objects.filter(kind="visit_urgent").values_list("recipient__username", flat=True)
        assert set(told) == {"secretary", "deputy", "street"}


class TestFilling:
    def test_in_turn_and_leave_is_passed_over(self, town):
        day = timezone.localdate()
        Leave.objects.take(
            by=town.coordinator,
            client_uuid=uuid4(),
            user=town.deputy,
            since=day,
            until=day,
            kind="leave",
        )
        rotate = {
            "by": town.secretary,
            "division": town.community,
            "people": [town.deputy, town.secretary, town.grid_worker],
            "since": day,
            "until": day + timedelta(days=3),
            "parts": ["day"],
            "absences": Leave.objects.all(),
        }
        assert Shift.objects.rotate(**rotate) == 4
        names = list(Shift.objects.order_by("on").values_list("user__username", flat=True))
        assert names == ["secretary", "deputy", "grid", "secretary"]
        assert Shift.objects.rotate(**rotate) == 0

    def test_the_page(self, town, sign_in, submit):
        sign_in(town.secretary)
        url = reverse("shift_rotate", args=[town.community.code])
        until = (timezone.localdate() + timedelta(days=6)).isoformat()
        answer = submit(url, until=until, parts=["night"], order="周建平\n冯雪")
        assert answer.status_code == 302
        assert Shift.objects.filter(part="night").count() == 7
        assert set(Shift.objects.values_list("user__name", flat=True)) == {"周建平", "冯雪"}

    @pytest.mark.parametrize("order", ["张三", "", "周建平\n王海"])
    def test_a_name_that_fits_nobody_changes_nothing_and_stays(self, town, sign_in, submit, order):
        sign_in(town.secretary)
        url = reverse("shift_rotate", args=[town.community.code])
        answer = submit(url, until=timezone.localdate().isoformat(), parts=["day"], order=order)
        assert "order" in answer.context["form"].errors
        assert answer.context["form"]["order"].value() == order
        assert not Shift.objects.exists()

    def test_one_day_by_hand(self, town, put, sign_in, submit):
        put(town.deputy, first=2, part="day")
        sign_in(town.coordinator)
        day = slot_at(timezone.now())[0] + timedelta(days=2)
        url = reverse("shift_edit", args=[town.community.code, day])
        submit(url, day=town.grid_worker.pk, night=town.secretary.pk)
        standing = Shift.objects.standing().filter(on=day).values_list("part", "user__username")
        assert set(standing) == {("day", "grid"), ("night", "secretary")}
        submit(url, day="")
        assert Shift.objects.standing().filter(on=day).count() == 1

    def test_what_somebody_else_filled_meanwhile_is_not_overwritten(self, town, put, sign_in, client):
        put(town.deputy, first=2, part="day")
        sign_in(town.coordinator)
        day = slot_at(timezone.now())[0] + timedelta(days=2)
        url = reverse("shift_edit", args=[town.community.code, day])
        form = filled(client.get(url).context["form"])
        put(town.secretary, first=2, part="night")
        put(town.grid_worker, first=2, part="day")
        assert client.post(url, form).status_code == 302  # nothing changed on the page: nothing is done
        answer = client.post(url, form | {"day": town.secretary.pk})
        assert answer.status_code == 409 and town.grid_worker.name in answer.content.decode()
        standing = Shift.objects.standing().filter(on=day).values_list("part", "user__username")
        assert set(standing) == {("day", "grid"), ("night", "secretary")}
        assert client.post(url, filled(answer.context["form"])).status_code == 302
        assert Shift.objects.standing().get(on=day, part="day").user == town.secretary

    def test_nobody_without_a_post_there(self, town, sign_in, submit):
        sign_in(town.coordinator)
        url = reverse("shift_edit", args=[town.community.code, timezone.localdate()])
        assert "day" in submit(url, day=town.outsider.pk).context["form"].errors
        assert not Shift.objects.exists()


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_two_fill_the_same_shift_at_once(town):
    barrier, outcomes = Barrier(2), []

    def fill(user):
        barrier.wait()
        try:
            Shift.objects.put(
                by=town.secretary, division=town.community, on=timezone.localdate(), part="day", user=user
            )
            outcomes.append("put")
        except Conflict:
            outcomes.append("conflict")
        finally:
            connection.close()

    threads = [Thread(target=fill, args=[user]) for user in (town.deputy, town.grid_worker)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Shift.objects.standing().count() == 1
    assert sorted(outcomes) in (["conflict", "put"], ["put", "put"])  # the second may come when the first is done


class TestSwap:
    @pytest.fixture
    def swap(self, town, put):
        mine, theirs = put(town.secretary, first=2, part="day"), put(town.deputy, first=3, part="day")
        return Swap.objects.propose(
            by=town.secretary, client_uuid=uuid4(), shift=mine, asked=town.deputy, in_return=theirs
        )

    def test_the_table_ends(self):
        assert all(move.before == (SwapStatus.PROPOSED,) and move.after for move in SWAP_MOVES.values())
        assert {move.after for move in SWAP_MOVES.values()} == set(SwapStatus) - {SwapStatus.PROPOSED}

    def test_agreed_both_shifts_change_hands(self, town, swap, sign_in, client):
        sign_in(town.deputy)
        assert client.post(reverse("swap_accept", args=[swap.pk]), {"seen": 1}).status_code == 302
        assert list(Shift.objects.order_by("on").values_list("user__username", flat=True)) == ["deputy", "secretary"]
        assert Notice.objects.filter(recipient=town.secretary, kind="swap_accepted").count() == 1

    def test_agreed_twice_is_once(self, town, swap, sign_in, client):
        sign_in(town.deputy)
        url = reverse("swap_accept", args=[swap.pk])
        form = filled(client.get(swap.get_absolute_url()).context["form"])
        assert [client.post(url, form).status_code for _time in range(2)] == [302, 302]
        assert list(Shift.objects.order_by("on").values_list("user__username", flat=True)) == ["deputy", "secretary"]

    def test_only_who_is_asked_answers(self, town, swap):
        for user in (town.secretary, town.coordinator):
            with pytest.raises(NotAllowed):
                swap.accept(by=user)

    def test_a_shift_that_has_begun_is_not_swapped(self, town, swap):
        with time_machine.travel(timezone.now() + timedelta(days=4)), pytest.raises(NotAllowed):
            Swap.objects.get().accept(by=town.deputy)

    def test_a_shift_that_was_given_to_somebody_else_is_not_swapped(self, town, swap):
        swap.shift.give_to(town.grid_worker, by=town.coordinator)
        with pytest.raises(NotAllowed):
            Swap.objects.get().accept(by=town.deputy)
        assert Shift.objects.get(pk=swap.shift_id).user == town.grid_worker

    def test_declined_nothing_changes(self, town, swap, sign_in, client):
        sign_in(town.deputy)
        client.post(reverse("swap_decline", args=[swap.pk]), {"seen": 1})
        assert list(Shift.objects.order_by("on").values_list("user__username", flat=True)) == ["secretary", "deputy"]
        assert Swap.objects.get().status == SwapStatus.DECLINED

    def test_asked_on_the_page(self, town, put, sign_in, submit):
        shift = put(town.secretary, first=2, part="day")
        sign_in(town.secretary)
        answer = submit(reverse("swap_create", args=[shift.pk]), asked=town.deputy.pk)
        assert answer["Location"] == Swap.objects.get().get_absolute_url()
        again = submit(reverse("swap_create", args=[shift.pk]), asked=town.grid_worker.pk)
        assert again.context["form"].non_field_errors()
        assert Swap.objects.count() == 1


class TestTheMonth:
    def test_it_shows_who_and_where_nobody_is(self, town, put, sign_in, client):
        put(town.deputy)
        sign_in(town.secretary)
        page = client.get(reverse("shift_list"))
        assert page.context["place"] == town.community
        assert "冯雪" in page.content.decode()
        assert page.context["now_on_duty"] == [town.deputy]

    def test_a_place_out_of_reach_is_not_there(self, town, sign_in, client):
        sign_in(town.secretary)
        url = reverse("shift_list")
        assert client.get(url, {"place": town.far_community.code}).status_code == 404
        assert client.get(url, {"place": town.district.code}).status_code == 404
        assert client.get(url, {"place": "x"}).status_code == 404

    @pytest.mark.parametrize("rows", [1, 20])
    def test_the_month_costs_the_same_for_one_row_and_twenty(self, town, sign_in, client, sql_count, rows):
        first = timezone.localdate().replace(day=1)
        for number in range(rows):
            Shift.objects.put(
                by=town.secretary,
                division=town.community,
                on=first + timedelta(days=number),
                part="day",
                user=town.deputy,
            )
        sign_in(town.secretary)
        with sql_count(at_most=10):
            client.get(reverse("shift_list"))

    def test_printed(self, town, put, sign_in, client):
        put(town.deputy)
        sign_in(town.cadre)
        page = client.get(reverse("shift_print"), {"place": town.community.code})
        assert "冯雪" in page.content.decode()
