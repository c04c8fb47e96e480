"""Hand-over: everything open stands on the sheet, the successor confirms, and no open item is left without an owner."""

from datetime import timedelta
from threading import Barrier, Thread
from uuid import uuid4

import pytest
import time_machine
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from communities.access import Role
from communities.left_work import release_left_work
from communities.models import Assignment, Compound, Handover, Leave, Reassignment, Shift
from communities.models.handover import MOVES, Status
from communities.open_items import SOURCES, open_items, personal_items
from foundation.journal.models import Conflict
from foundation.journal.moves import NotAllowed
from foundation.notices.models import Notice
from issues.models import Hand, WorkOrder
from tests.communities.conftest import filled
from tests.town import LONG_AGO, issue_at, new_issue, person

pytestmark = pytest.mark.django_db


@pytest.fixture
def colleague(town):
    return person("colleague", "高明", Role.HANDLER, unit=town.bureau)


@pytest.fixture
def busy(town):
    """The handler has an order in hand; the grid worker answers for a compound, is on duty, and stands in for somebody."""
    today = timezone.localdate()
    town.order = issue_at("in_progress", town)
    town.compound.correct(by=town.secretary, responsible=town.grid_worker)
    town.shift = Shift.objects.put(
        by=town.secretary, division=town.community, on=today + timedelta(days=4), part="day", user=town.grid_worker
    )
    town.leave = Leave.objects.take(
        by=town.coordinator,
        client_uuid=uuid4(),
        user=town.cadre,
        since=today,
        until=today + timedelta(days=3),
        kind="leave",
        substitute=town.grid_worker,
    )
    return town


def prepare(giver, taker, by=None):
    return Handover.objects.prepare(by=by or giver, client_uuid=uuid4(), giver=giver, taker=taker, reason="post")


def kinds(items):
    return {item.kind for item in items}


class TestWhatIsOpen:
    def test_every_source_finds_its_items(self, busy):
        new_issue(busy)  # waits at the secretary's desk
        found = (
            kinds(open_items(busy.grid_worker)) | kinds(open_items(busy.handler)) | kinds(open_items(busy.secretary))
        )
        assert found >= {"compound", "shift", "leave", "order", "desk", "visit"}
        assert found <= set(SOURCES)

    def test_personal_is_what_bears_the_name(self, busy):
        assert kinds(personal_items(busy.grid_worker)) == {"compound", "shift"}
        assert kinds(personal_items(busy.handler)) == {"order"}
        assert personal_items(busy.secretary) == []

    def test_every_personal_item_can_be_given_away(self, busy):
        for item in personal_items(busy.grid_worker) + personal_items(busy.handler):
            assert SOURCES[item.kind].hand_on is not None

    def test_the_sheet_holds_no_text(self, busy):
        handover = prepare(busy.handler, busy.property_handler, by=busy.admin_of_district)
        assert handover.sheet == [{"kind": "order", "subject": f"issues.issue:{busy.order.pk}", "personal": True}]


class TestConfirm:
    def test_no_open_item_is_left_without_an_owner(self, busy, colleague):
        """Over all sources: afterwards nothing bears the giver's name, and each item bears the successor's."""
        for giver, taker in ((busy.grid_worker, busy.cadre), (busy.handler, colleague)):
            before = {item.subject for item in personal_items(giver)}
            assert before
            handover = prepare(giver, taker)
            handover.confirm(by=taker, seen_subjects=before)
            assert personal_items(giver) == []
            assert {item.subject for item in personal_items(taker)} >= before
        assert Compound.objects.get(pk=busy.compound.pk).responsible == busy.cadre
        assert Shift.objects.get(pk=busy.shift.pk).user == busy.cadre
        order = WorkOrder.objects.get(issue=busy.order, state="signed")
        assert order.handler == colleague
        # Both had it in hand: neither of them may ask the resident.
        assert set(Hand.objects.filter(work_order=order).values_list("user", flat=True)) == {
            busy.handler.pk,
            colleague.pk,
        }

    def test_what_arose_meanwhile_is_shown_and_must_be_confirmed_too(self, busy, sign_in, client):
        handover = prepare(busy.grid_worker, busy.cadre)
        sign_in(busy.cadre)
        url = reverse("handover_confirm", args=[handover.pk])
        form = filled(client.get(url).context["form"]) | {"read": "on"}
        late = Compound.objects.add(
            by=busy.secretary, client_uuid=uuid4(), community=busy.community, name="新村", responsible=busy.grid_worker
        )
        answer = client.post(url, form)
        assert answer.status_code == 409
        assert "新村" in answer.content.decode()
        assert Handover.objects.get().status == Status.PREPARED
        assert Compound.objects.get(pk=busy.compound.pk).responsible == busy.grid_worker
        assert client.post(url, filled(answer.context["form"]) | {"read": "on"}).status_code == 302
        assert Compound.objects.get(pk=late.pk).responsible == busy.cadre
        assert personal_items(busy.grid_worker) == []

    def test_sent_twice_is_once(self, busy, sign_in, client):
        handover = prepare(busy.grid_worker, busy.cadre)
        sign_in(busy.cadre)
        url = reverse("handover_confirm", args=[handover.pk])
        form = filled(client.get(url).context["form"]) | {"read": "on"}
        assert [client.post(url, form).status_code for _time in range(2)] == [302, 302]
        assert Handover.objects.get().moved == {"compound": 1, "shift": 1}
        assert Notice.objects.filter(kind="handover_confirmed").count() == 1

    def test_without_a_word_that_it_was_read_nothing_happens(self, busy, sign_in, submit):
        handover = prepare(busy.grid_worker, busy.cadre)
        sign_in(busy.cadre)
        answer = submit(reverse("handover_confirm", args=[handover.pk]))
        assert "read" in answer.context["form"].errors
        assert Handover.objects.get().status == Status.PREPARED

    def test_only_the_successor_confirms(self, busy):
        handover = prepare(busy.grid_worker, busy.cadre)
        for user in (busy.grid_worker, busy.secretary, busy.admin_of_district):
            with pytest.raises(NotAllowed):
                handover.confirm(by=user, seen_subjects=[])

    def test_who_has_no_post_there_cannot_take_an_order(self, busy, sign_in, submit):
        """All or nothing: the hand-over stays open and says so."""
        handover = prepare(busy.handler, busy.property_handler, by=busy.admin_of_district)
        sign_in(busy.property_handler)
        answer = submit(reverse("handover_confirm", args=[handover.pk]), read="on")
        assert answer.status_code == 409
        assert Handover.objects.get().status == Status.PREPARED
        assert WorkOrder.objects.get(issue=busy.order, state="signed").handler == busy.handler


class TestTheSheet:
    def test_the_table_ends_and_nothing_is_stuck(self):
        assert {move.after for move in MOVES.values()} == set(Status)
        assert not [verb for verb, move in MOVES.items() if {Status.CONFIRMED, Status.CANCELLED} & set(move.before)]
        assert [verb for verb, move in MOVES.items() if Status.RETURNED in move.before] == ["prepare_again", "cancel"]

    def test_prepared_on_the_page_the_successor_is_told(self, busy, sign_in, submit):
        sign_in(busy.grid_worker)
        answer = submit(reverse("handover_create"), taker=busy.cadre.pk, remark="钥匙在物业处")
        handover = Handover.objects.get()
        assert answer["Location"] == handover.get_absolute_url()
        assert (handover.giver, handover.taker, handover.remark) == (busy.grid_worker, busy.cadre, "钥匙在物业处")
        assert Notice.objects.filter(recipient=busy.cadre, kind="handover_prepared").count() == 1

    def test_sent_back_prepared_anew_cancelled(self, busy, sign_in, submit):
        handover = prepare(busy.grid_worker, busy.cadre)
        sign_in(busy.cadre)
        submit(reverse("handover_send_back", args=[handover.pk]), reason="缺少钥匙清单")
        assert Handover.objects.get().status == Status.RETURNED
        sign_in(busy.grid_worker)
        submit(reverse("handover_prepare_again", args=[handover.pk]), remark="钥匙三把")
        assert (Handover.objects.get().status, Handover.objects.get().remark) == (Status.PREPARED, "钥匙三把")
        submit(reverse("handover_cancel", args=[handover.pk]))
        assert Handover.objects.get().status == Status.CANCELLED

    def test_what_is_new_is_marked(self, busy, sign_in, client):
        handover = prepare(busy.grid_worker, busy.cadre)
        Compound.objects.add(
            by=busy.secretary, client_uuid=uuid4(), community=busy.community, name="新村", responsible=busy.grid_worker
        )
        sign_in(busy.cadre)
        context = client.get(handover.get_absolute_url()).context
        assert len(context["arisen"]) == 1
        assert context["gone"] == 0

    def test_whoever_else_reads_sees_what_lies_in_the_own_area_and_no_remark(self, busy, sign_in, client):
        """The giver works in another community, too; its secretary learns nothing of the first."""
        Assignment.objects.assign(
            by=None, user=busy.grid_worker, role="grid_worker", division=busy.next_community, since=LONG_AGO
        )
        handover = prepare(busy.grid_worker, busy.cadre)
        Handover.objects.filter(pk=handover.pk).update(remark="钥匙在物业处", area_path=busy.next_community.code)
        reader = person("next", "方圆", Role.SECRETARY, place=busy.next_community.code)
        helper = person("helper", "袁野", Role.GRID_WORKER, place=busy.next_community.code)
        for user, words in ((busy.cadre, True), (reader, True), (helper, False)):
            sign_in(user)
            page = client.get(handover.get_absolute_url())
            assert ("钥匙在物业处" in page.content.decode()) == words, user
            assert (busy.compound.name in page.content.decode()) == (user == busy.cadre), user

    def test_printed_with_lines_to_sign(self, busy, sign_in, client):
        handover = prepare(busy.grid_worker, busy.cadre)
        sign_in(busy.grid_worker)
        page = client.get(reverse("handover_print", args=[handover.pk])).content.decode()
        assert busy.compound.name in page and "____" in page

    def test_outsiders_see_nothing(self, busy, sign_in, client):
        handover = prepare(busy.grid_worker, busy.cadre)
        for user in (busy.outsider, busy.property_handler, busy.idle):
            sign_in(user)
            assert client.get(handover.get_absolute_url()).status_code == 404

    @pytest.mark.parametrize("rows", [1, 20])
    def test_the_list_costs_the_same_for_one_row_and_twenty(self, town, sign_in, client, sql_count, rows):
        for _number in range(rows):
            prepare(town.idle, town.cadre, by=town.secretary)
        sign_in(town.cadre)
        with sql_count(at_most=8):
            assert client.get(reverse("handover_list")).context["page"].paginator.count == rows


class TestReassign:
    def url(self, town):
        return f"{reverse('reassignment_create')}?person={town.grid_worker.pk}"

    def test_works(self, busy, sign_in, submit):
        sign_in(busy.secretary)
        answer = submit(self.url(busy), taker=busy.cadre.pk, subjects=[f"communities.compound:{busy.compound.pk}"])
        row = Reassignment.objects.get()
        assert answer["Location"] == row.get_absolute_url()
        assert row.moved == {"compound": 1}
        assert Compound.objects.get(pk=busy.compound.pk).responsible == busy.cadre
        assert Shift.objects.get(pk=busy.shift.pk).user == busy.grid_worker

    def test_done_twice_is_once(self, busy, sign_in, client):
        sign_in(busy.secretary)
        url = self.url(busy)
        form = filled(client.get(url).context["form"]) | {"taker": busy.cadre.pk}
        first = client.post(url, form)
        assert first.status_code == 302
        client.post(url, form)
        assert Reassignment.objects.count() == 1

    def test_all_or_nothing(self, busy, sign_in, submit):
        """A work order goes only to somebody who acts for the unit."""
        sign_in(busy.admin_of_district)
        url = f"{reverse('reassignment_create')}?person={busy.handler.pk}"
        answer = submit(url, taker=busy.cadre.pk)
        assert "taker" in answer.context["form"].errors
        assert not Reassignment.objects.exists()
        assert WorkOrder.objects.get(issue=busy.order, state="signed").handler == busy.handler

    def test_what_the_person_has_elsewhere_is_not_the_readers_to_give(self, busy, sign_in, client, submit):
        """The grid worker answers for a compound of another place, too: that is not this secretary's to give away."""
        busy.far_compound.correct(by=busy.admin_of_district, responsible=busy.grid_worker)
        sign_in(busy.secretary)
        elsewhere = f"communities.compound:{busy.far_compound.pk}"
        assert elsewhere not in dict(client.get(self.url(busy)).context["form"].fields["subjects"].choices)
        assert "subjects" in submit(self.url(busy), taker=busy.cadre.pk, subjects=[elsewhere]).context["form"].errors
        assert Compound.objects.get(pk=busy.far_compound.pk).responsible == busy.grid_worker

    def test_only_by_who_leads_there(self, busy, sign_in, client):
        sign_in(busy.outsider)
        assert client.get(self.url(busy)).status_code == 404
        sign_in(busy.cadre)
        assert client.get(self.url(busy)).status_code == 403


class TestLeaving:
    """Who is taken away with open work: it is handed over first, or left with the office on purpose."""

    def test_disabling_asks_first(self, busy, sign_in, submit):
        sign_in(busy.admin_of_district)
        url = reverse("staff_disable", args=[busy.grid_worker.pk])
        assert "leave_open" in submit(url, reason="离职").context["form"].errors
        assert User.objects.get(pk=busy.grid_worker.pk).is_active
        assert submit(url, reason="离职", leave_open="on").status_code == 302
        assert not User.objects.get(pk=busy.grid_worker.pk).is_active
        assert personal_items(busy.grid_worker) == []
        assert Compound.objects.get(pk=busy.compound.pk).responsible is None
        assert not Shift.objects.standing().exists()

    def test_who_has_nothing_open_is_not_asked(self, town, sign_in, submit):
        sign_in(town.admin_of_district)
        assert submit(reverse("staff_disable", args=[town.cadre.pk]), reason="离职").status_code == 302

    def test_the_last_post_at_once_asks_first(self, busy, sign_in, submit):
        sign_in(busy.admin_of_district)
        own = busy.grid_worker.assignments.get(stands_in_for=None)
        url = reverse("assignment_end", args=[own.pk])
        assert "leave_open" in submit(url, at_once="on").context["form"].errors
        assert submit(url, at_once="on", leave_open="on").status_code == 302
        assert Compound.objects.get(pk=busy.compound.pk).responsible is None

    def test_a_later_day_leaves_time_and_then_the_clock_does_it(self, busy, sign_in, submit):
        sign_in(busy.admin_of_district)
        own = busy.grid_worker.assignments.get(stands_in_for=None)
        day = timezone.localdate() + timedelta(days=2)
        assert submit(reverse("assignment_end", args=[own.pk]), on=day.isoformat()).status_code == 302
        assert release_left_work(now=timezone.now()) == 0
        assert Compound.objects.get(pk=busy.compound.pk).responsible == busy.grid_worker
        with time_machine.travel(timezone.now() + timedelta(days=4)):
            assert release_left_work(now=timezone.now()) == 1
            assert release_left_work(now=timezone.now()) == 0
        assert Compound.objects.get(pk=busy.compound.pk).responsible is None
        assert Notice.objects.filter(kind="work_released", recipient=busy.secretary).count() == 1


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_two_confirmations_at_once(town):
    """One wins; the other is told; everything changes hands once."""
    town.compound.correct(by=town.secretary, responsible=town.grid_worker)
    handover = prepare(town.grid_worker, town.cadre)
    barrier, outcomes = Barrier(2), []

    def confirm():
        row = Handover.objects.get(pk=handover.pk)
        seen = [item.subject for item in personal_items(town.grid_worker)]
        barrier.wait()
        try:
            row.confirm(by=town.cadre, seen_subjects=seen)
            outcomes.append("confirmed")
        except (Conflict, NotAllowed):
            outcomes.append("refused")
        finally:
            connection.close()

    threads = [Thread(target=confirm) for _number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["confirmed", "refused"]
    assert Compound.objects.get(pk=town.compound.pk).responsible == town.cadre


def test_a_post_for_a_unit_is_led_by_who_leads_its_place(town):
    assert Assignment.objects.filter(user=town.handler, since=LONG_AGO).get().area_path == town.district.code
