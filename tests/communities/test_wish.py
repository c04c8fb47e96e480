"""婉谢走访: nobody is sent to a door where no visits are wished, and the page at the door says so."""

from datetime import date, timedelta
from uuid import uuid4

import pytest
from django.urls import reverse
from django.utils import timezone

from communities.models import Resident
from foundation.journal.models import Entry
from foundation.journal.moves import NotAllowed, history
from tests.communities.conftest import filled
from tests.visits.conftest import log
from visits import rounds

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate


def is_due(town):
    now = timezone.now()
    return rounds.due(rounds.households_for(town.cadre, now=now), now=now).filter(pk=town.household.pk).exists()


def decline(town, **facts):
    town.resident.decline_visits(by=town.secretary, **{"on": TODAY(), "said_by": "self"} | facts)


class TestWishCreate:
    @pytest.fixture
    def url(self, town):
        return reverse("wish_create", args=[town.resident.pk])

    def test_from_then_on_no_visit_is_due(self, town, url, sign_in, submit):
        assert is_due(town)
        sign_in(town.grid_worker)
        answer = submit(url, said_by="family", calls="1", remark="女儿说有事打她电话")
        assert answer.url == town.resident.get_absolute_url()
        town.resident.refresh_from_db()
        assert (town.resident.declines_visits_on, town.resident.declines_said_by) == (TODAY(), "family")
        assert town.resident.declines_calls and not is_due(town)
        household = rounds.households_for(town.cadre, now=timezone.now()).get(pk=town.household.pk)
        assert rounds.due_of(household, now=timezone.now()) is None and not rounds.is_due(household, now=timezone.now())
        assert Entry.objects.get(verb="decline_visits").actor == town.grid_worker

    def test_others_of_the_household_are_still_visited(self, town):
        Resident.objects.add(
            by=town.secretary, client_uuid=uuid4(), household=town.household, name="王大山", care_level=2
        )
        decline(town)
        household = rounds.households_for(town.cadre, now=timezone.now()).get(pk=town.household.pk)
        assert household.care_level == 2 and is_due(town)

    def test_an_ordinary_household_in_which_all_decline_is_not_due_either(self, town):

        town.resident.correct(by=town.secretary, care_level=None)
        log(town, visited_at=timezone.now() - timedelta(days=400))
        assert is_due(town)
        decline(town)
        assert not is_due(town)

    def test_the_page_at_the_door_says_so(self, town, sign_in):
        decline(town, calls=True, remark="请勿打扰")
        for page in ("round_household", "household_detail"):
            body = sign_in(town.cadre).get(reverse(page, args=[town.household.pk])).content.decode()
            assert "王秀英" in body and "请勿打扰" in body and "notice warn" in body, page

    def test_no_call_by_one_tap_where_calls_are_not_wished(self, town, sign_in):
        decline(town, calls=True)
        body = sign_in(town.cadre).get(reverse("round_household", args=[town.household.pk])).content.decode()
        assert reverse("round_call", args=[town.resident.pk]) not in body
        assert sign_in(town.cadre).post(reverse("round_call", args=[town.resident.pk])).status_code == 404

    def test_invalid_changes_nothing(self, town, url, sign_in, submit):
        sign_in(town.grid_worker)
        tomorrow = (TODAY() + timedelta(days=1)).isoformat()
        for typed, wrong in (({"said_by": ""}, "said_by"), ({"on": tomorrow}, "on"), ({"calls": "7"}, "calls")):
            answer = submit(url, **{"said_by": "self", "remark": "留下的话"} | typed)
            assert set(answer.context["form"].errors) == {wrong} and "留下的话" in answer.content.decode()
        town.resident.refresh_from_db()
        assert town.resident.declines_visits_on is None

    def test_twice_is_once_and_the_former_words_are_kept(self, town, url, sign_in, client):
        sign_in(town.grid_worker)
        form = filled(client.get(url).context["form"]) | {"said_by": "self", "remark": "一"}
        assert client.post(url, form).status_code == client.post(url, form).status_code == 302
        assert Entry.objects.filter(verb="decline_visits").count() == 1
        form = filled(client.get(url).context["form"]) | {"remark": "二"}
        client.post(url, form)
        town.resident.refresh_from_db()
        assert town.resident.declines_remark == "二"
        assert {"declines_remark": "一"}.items() <= history(town.resident)[0][1].items()

    def test_who_has_left_needs_no_wish(self, town):
        Resident.objects.filter(pk=town.resident.pk).update(ended_on=TODAY(), ended_reason="moved")
        town.resident.refresh_from_db()
        with pytest.raises(NotAllowed):
            decline(town)

    def test_readers_are_refused_outsiders_see_nothing(self, town, url, sign_in):
        assert sign_in(town.auditor).post(url, {"said_by": "self"}).status_code == 403
        assert sign_in(town.outsider).post(url, {"said_by": "self"}).status_code == 404


class TestWishEndAndReview:
    def test_wish_end_makes_visits_due_again(self, town, sign_in, submit):
        decline(town, calls=True, remark="请勿打扰")
        sign_in(town.grid_worker)
        url = reverse("wish_end", args=[town.resident.pk])
        assert submit(url).status_code == 302
        town.resident.refresh_from_db()
        assert (town.resident.declines_visits_on, town.resident.declines_calls, town.resident.declines_remark) == (
            None,
            False,
            "",
        )
        assert is_due(town)
        assert sign_in(town.grid_worker).get(url).status_code == 302

    def test_wish_review_counts_for_a_year(self, town, sign_in, submit):
        decline(town, on=TODAY() - timedelta(days=366))
        assert list(Resident.objects.wish_to_review(TODAY())) == [town.resident]
        sign_in(town.grid_worker)
        assert submit(reverse("wish_review", args=[town.resident.pk])).status_code == 302
        assert not Resident.objects.wish_to_review(TODAY()).exists()
        town.resident.refresh_from_db()
        assert town.resident.declines_visits_on == TODAY() - timedelta(days=366)

    @pytest.mark.parametrize("page", ["wish_end", "wish_review"])
    def test_readers_are_refused_outsiders_see_nothing(self, town, sign_in, page):
        decline(town)
        url = reverse(page, args=[town.resident.pk])
        assert sign_in(town.auditor).post(url).status_code == 403
        assert sign_in(town.outsider).post(url).status_code == 404


class TestWishList:
    def test_shows_whom_and_who_is_to_be_asked(self, town, sign_in):
        decline(town, on=date(2024, 1, 1))
        client = sign_in(town.secretary)
        body = client.get(reverse("wish_list")).content.decode()
        assert "王**" in body and "王秀英" not in body
        assert len(client.get(reverse("wish_list"), {"show": "review"}).context["page"].object_list) == 1
        assert len(sign_in(town.outsider).get(reverse("wish_list")).context["page"].object_list) == 0

    def test_cost(self, town, sign_in, sql_count):

        client = sign_in(town.secretary)
        decline(town)
        with sql_count() as few:
            client.get(reverse("wish_list"))
        for number in range(20):
            row = Resident.objects.add(
                by=town.secretary, client_uuid=uuid4(), household=town.household, name=f"王{number}"
            )
            row.decline_visits(by=town.secretary, on=TODAY(), said_by="self")
        with sql_count(at_most=len(few)):
            client.get(reverse("wish_list"))
