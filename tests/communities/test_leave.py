"""Leave: who is away, who stands in for exactly these days, and who is told."""

from datetime import timedelta
from uuid import uuid4

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from communities.access import posts_of
from communities.models import Assignment, Leave
from communities.models.leave import MOVES, Status
from communities.responsible import contacts_of_division
from foundation.journal.models import Entry
from foundation.journal.moves import NotAllowed
from foundation.notices.models import Notice
from tests.communities.conftest import filled
from tests.town import issue_at

pytestmark = pytest.mark.django_db


def fresh(user):
    return User.objects.get(pk=user.pk)


def roles(user):
    return {(post.role, post.path, post.stands_in_for_id) for post in posts_of(fresh(user))}


@pytest.fixture
def take(town):
    def taking(user, *, by=None, first=0, days=2, substitute=None, **facts):
        since = timezone.localdate() + timedelta(days=first)
        return Leave.objects.take(
            by=by or user,
            client_uuid=uuid4(),
            user=user,
            since=since,
            until=since + timedelta(days=days - 1),
            kind="leave",
            substitute=substitute,
            **facts,
        )

    return taking


def notices(user, kind):
    return Notice.objects.filter(recipient=user, kind=kind).count()


class TestTheTable:
    def test_every_state_is_reached_and_requested_has_ways_out(self):
        reached = {Status.REQUESTED} | {move.after for move in MOVES.values()}
        assert reached == set(Status)
        assert {verb for verb, move in MOVES.items() if Status.REQUESTED in move.before} == {
            "confirm",
            "decline",
            "withdraw",
        }
        assert not [verb for verb, move in MOVES.items() if {Status.DECLINED, Status.ENDED} & set(move.before)]


class TestConfirmation:
    def test_one_for_whom_a_colleague_of_the_same_post_stands_in_needs_no_confirmation(self, town, take):
        """The deputy holds the same post already, as a substitute: nothing is gained by it."""
        leave = take(town.secretary, substitute=town.deputy)
        assert leave.status == Status.CONFIRMED
        assert notices(town.coordinator, "leave_requested") == 0

    def test_another_substitute_is_confirmed_by_who_leads_there(self, town, take):
        leave = take(town.secretary, substitute=town.cadre)
        assert leave.status == Status.REQUESTED
        assert roles(town.cadre) == {("street_cadre", town.street.code, None)}
        assert notices(town.coordinator, "leave_requested") == notices(town.admin_of_district, "leave_requested") == 1
        leave.confirm(by=town.coordinator)
        assert ("secretary", town.community.code, town.secretary.pk) in roles(town.cadre)
        assert notices(town.secretary, "leave_confirmed") == notices(town.cadre, "leave_confirmed") == 1

    def test_who_leads_there_enters_it_confirmed(self, town, take):
        assert take(town.grid_worker, by=town.secretary, substitute=town.cadre).status == Status.CONFIRMED

    def test_who_leads_one_of_two_places_gives_no_post_of_the_other(self, town, take):
        """The cadre lends a hand in the community; its secretary does not get the street by recording a leave."""
        early = timezone.localdate() - timedelta(days=9000)
        post = {"user": town.coordinator, "role": "street_cadre", "division": town.community, "since": early}
        Assignment.objects.assign(by=town.admin_of_district, **post)
        leave = take(town.coordinator, by=town.secretary, substitute=town.cadre)
        assert leave.status == Status.REQUESTED and leave.area_path == town.community.code
        with pytest.raises(NotAllowed):
            Leave.objects.get().confirm(by=fresh(town.secretary))
        assert Assignment.objects.filter(leave=leave).count() == 0
        Leave.objects.get().confirm(by=town.admin_of_district)
        assert Assignment.objects.filter(leave=leave).count() == 2

    def test_nobody_takes_a_post_for_oneself(self, town, take):
        leave = take(town.auditor, by=town.admin_of_district, substitute=town.admin_of_district)
        assert leave.status == Status.REQUESTED
        with pytest.raises(NotAllowed):
            Leave.objects.get().confirm(by=fresh(town.admin_of_district))
        assert "auditor" not in {post.role for post in posts_of(fresh(town.admin_of_district))}

    def test_a_colleague_whose_own_post_ends_sooner_is_confirmed_too(self, town, take):
        """Else one would prolong the other's post by going on leave."""
        town.deputy.assignments.get().end(by=None, on=timezone.localdate())
        leave = take(town.secretary, days=300, substitute=town.deputy)
        assert leave.status == Status.REQUESTED

    def test_nobody_confirms_the_own_leave(self, town, take, sign_in, client):
        leave = take(town.secretary, substitute=town.cadre)
        sign_in(town.secretary)
        assert client.post(reverse("leave_confirm", args=[leave.pk])).status_code == 403
        assert Leave.objects.get().status == Status.REQUESTED

    def test_without_a_substitute_who_leads_there_is_told(self, town, take):
        leave = take(town.grid_worker)
        assert leave.status == Status.REQUESTED
        leave.confirm(by=town.secretary)
        assert notices(town.coordinator, "leave_unattended") == 1
        assert Assignment.objects.filter(leave=leave).count() == 0

    def test_declined_with_a_reason(self, town, take, sign_in, submit):
        leave = take(town.secretary, substitute=town.cadre)
        sign_in(town.coordinator)
        assert submit(reverse("leave_decline", args=[leave.pk]), reason="当天有检查").status_code == 302
        assert Leave.objects.get().status == Status.DECLINED
        assert Entry.objects.get(verb="decline").note_text == "当天有检查"
        assert notices(town.secretary, "leave_declined") == 1
        assert roles(town.cadre) == {("street_cadre", town.street.code, None)}

    def test_confirmed_twice_is_once(self, town, take, sign_in, client):
        leave = take(town.secretary, substitute=town.cadre)
        sign_in(town.coordinator)
        url = reverse("leave_confirm", args=[leave.pk])
        form = filled(client.get(url).context["form"])
        assert [client.post(url, form).status_code for _time in range(2)] == [302, 302]
        assert Assignment.objects.filter(leave=leave).count() == 1

    def test_two_who_decide_differently(self, town, take, sign_in, client):
        leave = take(town.secretary, substitute=town.cadre)
        sign_in(town.coordinator)
        url = reverse("leave_decline", args=[leave.pk])
        form = filled(client.get(url).context["form"]) | {"reason": "不同意"}
        Leave.objects.get().confirm(by=town.admin_of_district)
        assert client.post(url, form).status_code == 409
        assert Leave.objects.get().status == Status.CONFIRMED


class TestTheDays:
    """The rights of a substitute begin and end with the days of the leave."""

    def test_a_substitute_acts_for_two_days_and_not_after(self, town, take):
        today = timezone.localdate()
        noon = timezone.now().replace(hour=4, minute=0)
        take(town.secretary, by=town.coordinator, first=1, days=2, substitute=town.cadre)
        issue = issue_at("submitted", town)
        url = reverse("issue_register", args=[issue.pk])
        expected = {0: 403, 1: 200, 2: 200, 3: 403}
        for days, status in expected.items():
            with time_machine.travel(noon + timedelta(days=days), tick=False):
                client = Client()
                client.force_login(fresh(town.cadre))
                assert client.get(url).status_code == status, (today, days)

    def test_the_timeline_names_both(self, town, take, sign_in, client, submit):
        take(town.secretary, by=town.coordinator, substitute=town.cadre)
        issue = issue_at("submitted", town)
        sign_in(town.cadre)
        submit(reverse("issue_register", args=[issue.pk]))
        entry = Entry.objects.get(verb="register")
        assert (entry.actor, entry.on_behalf_of) == (town.cadre, town.secretary)
        page = client.get(issue.get_absolute_url()).content.decode()
        assert "李秀兰（代周建平）" in page

    def test_a_substitute_handler_is_named_with_whom_he_stands_in_for(self, town, take, sign_in, submit):
        take(town.handler, by=town.admin_of_district, substitute=town.property_handler)
        issue = issue_at("dispatched", town)
        sign_in(town.property_handler)
        assert submit(reverse("issue_sign", args=[issue.pk])).status_code == 302
        entry = Entry.objects.get(verb="sign")
        assert (entry.actor, entry.on_behalf_of) == (town.property_handler, town.handler)

    def test_back_earlier_ends_it_at_once(self, town, take, sign_in, submit):
        leave = take(town.secretary, by=town.coordinator, days=5, substitute=town.cadre)
        assert len(roles(town.cadre)) == 2
        sign_in(town.secretary)
        assert submit(reverse("leave_return", args=[leave.pk])).status_code == 302
        assert roles(town.cadre) == {("street_cadre", town.street.code, None)}
        assert notices(town.cadre, "leave_ended") == 1

    def test_withdrawn_before_it_begins(self, town, take):
        leave = take(town.secretary, by=town.coordinator, first=3, substitute=town.cadre)
        leave.withdraw(by=town.secretary)
        with time_machine.travel(timezone.now() + timedelta(days=3)):
            assert roles(town.cadre) == {("street_cadre", town.street.code, None)}

    def test_once_begun_it_is_not_withdrawn(self, town, take):
        leave = take(town.secretary, by=town.coordinator, substitute=town.cadre)
        with pytest.raises(NotAllowed):
            leave.withdraw(by=town.secretary)

    def test_the_post_of_a_unit_is_stood_in_for_too(self, town, take):
        take(town.handler, by=town.admin_of_district, substitute=town.property_handler)
        held = {(post.role, post.unit_id, post.stands_in_for_id) for post in posts_of(fresh(town.property_handler))}
        assert ("handler", town.bureau.pk, town.handler.pk) in held

    def test_whom_to_look_for_is_the_substitute(self, town, take):
        before = [contact.name for contact in contacts_of_division(town.community)]
        assert before[0] == "周建平"
        take(town.secretary, substitute=town.deputy)
        names = [contact.name for contact in contacts_of_division(town.community)]
        assert names.index("冯雪") < names.index("周建平")
        with time_machine.travel(timezone.now() + timedelta(days=3)):
            assert contacts_of_division(town.community)[0].name == "周建平"


class TestThePage:
    def test_works(self, town, sign_in, submit):
        sign_in(town.coordinator)
        today = timezone.localdate()
        url = f"{reverse('leave_create')}?person={town.secretary.pk}"
        answer = submit(url, until=(today + timedelta(days=1)).isoformat(), substitute=town.cadre.pk)
        leave = Leave.objects.get()
        assert answer["Location"] == leave.get_absolute_url()
        assert (leave.user, leave.substitute, leave.status) == (town.secretary, town.cadre, Status.CONFIRMED)
        assert leave.area_path == town.community.code

    def test_only_for_oneself_and_those_one_leads(self, town, sign_in, client, submit):
        sign_in(town.grid_worker)
        url = f"{reverse('leave_create')}?person={town.secretary.pk}"
        assert client.get(url).context["person"] == town.grid_worker
        answer = submit(url, user=town.secretary.pk, until="2099-01-01")
        assert "user" in answer.context["form"].errors
        assert not Leave.objects.exists()

    @pytest.mark.parametrize(
        ("typed", "field"),
        [
            ({"until": "1999-01-01"}, "until"),
            ({"until": "morgen"}, "until"),
            ({"until": "2099-01-01"}, "until"),
            ({"until": None}, "until"),
            ({"substitute": "self"}, "substitute"),
        ],
    )
    def test_invalid_changes_nothing_and_keeps_what_was_typed(self, town, sign_in, submit, typed, field):
        sign_in(town.secretary)
        good = {"until": timezone.localdate().isoformat()}
        typed = {name: town.secretary.pk if value == "self" else value or "" for name, value in typed.items()}
        answer = submit(reverse("leave_create"), **good | typed)
        assert field in answer.context["form"].errors
        assert answer.context["form"]["kind"].value() == "leave"
        assert not Leave.objects.exists()

    def test_two_leaves_do_not_overlap(self, town, take, sign_in, submit):
        take(town.secretary, substitute=town.deputy)
        sign_in(town.secretary)
        answer = submit(reverse("leave_create"), until=timezone.localdate().isoformat())
        assert "since" in answer.context["form"].errors

    def test_a_substitute_who_is_away_is_none(self, town, take, sign_in, submit):
        take(town.deputy, by=town.coordinator)
        sign_in(town.secretary)
        answer = submit(reverse("leave_create"), until=timezone.localdate().isoformat(), substitute=town.deputy.pk)
        assert "substitute" in answer.context["form"].errors

    def test_sent_twice_is_one_leave(self, town, sign_in, client):
        sign_in(town.secretary)
        url = reverse("leave_create")
        form = filled(client.get(url).context["form"]) | {"until": timezone.localdate().isoformat()}
        assert {client.post(url, form)["Location"] for _time in range(2)} == {Leave.objects.get().get_absolute_url()}

    def test_a_leave_says_nothing_to_strangers(self, town, take, sign_in, client):
        leave = take(town.secretary, substitute=town.deputy)
        for user in (town.outsider, town.handler, town.idle, town.system_admin):
            sign_in(user)
            assert client.get(leave.get_absolute_url()).status_code == 404
            assert leave not in client.get(f"{reverse('leave_list')}?show=ahead").context["page"].object_list

    @pytest.mark.parametrize("rows", [1, 20])
    def test_the_list_costs_the_same_for_one_row_and_twenty(self, town, take, sign_in, client, sql_count, rows):
        for number in range(rows):
            take(town.grid_worker, by=town.secretary, first=number * 3, days=1, substitute=town.cadre)
        sign_in(town.secretary)
        with sql_count(at_most=8):
            assert client.get(reverse("leave_list")).context["page"].paginator.count == rows
