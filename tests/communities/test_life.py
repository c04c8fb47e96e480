"""Births, deaths, moves, hospital: one entry each, what follows from it, and taking it back (life_create, life_undo, life_list)."""

import threading
from datetime import date, timedelta
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from communities.models import Compound, Household, LifeEvent, Resident
from communities.models.life import MOVES, State, kinds_open_to, state_of
from foundation.journal.models import Conflict, Entry
from foundation.journal.moves import NotAllowed
from tests.communities.conftest import filled
from tests.town import life, new_issue

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def today():
    return timezone.localdate()


def add(town, name, household=None, **facts):
    return Resident.objects.add(
        by=town.secretary, client_uuid=uuid4(), household=household or town.household, name=name, **facts
    )


def door(town, number):
    return Household.objects.add(
        by=town.secretary, client_uuid=uuid4(), building=town.building, stair="1", door=str(number)
    )


def page(household, kind="", resident=None):
    query = {name: value for name, value in (("kind", kind), ("resident", resident and resident.pk)) if value}
    return reverse("life_create", args=[household.pk], query=query)


def fresh(row):
    return type(row)._base_manager.get(pk=row.pk)


@pytest.fixture
def enter(town, client, sign_in):
    """`enter(kind, **typed)` opens the form as the grid worker would, sends it and returns the answer."""

    def entering(kind, *, household=None, resident=None, by=None, **typed):
        sign_in(by or town.grid_worker)
        url = page(household or town.household, kind, resident)
        return client.post(url, filled(client.get(url).context["form"]) | typed)

    return entering


class TestChoosing:
    def test_offers_what_can_come_next(self, town, sign_in):
        client = sign_in(town.grid_worker)
        body = client.get(page(town.household, resident=town.resident)).content.decode()
        assert "kind=death" in body and "kind=hospital_in" in body and f"resident={town.resident.pk}" in body
        assert "kind=hospital_out" not in body and "kind=birth" not in body
        life(town, "hospital_in")
        body = client.get(page(town.household, resident=town.resident)).content.decode()
        assert "kind=hospital_out" in body and "kind=hospital_in" not in body and "kind=away" not in body

    def test_nonsense_in_the_address_is_the_page_of_choices(self, town, sign_in):
        client = sign_in(town.grid_worker)
        for query in ({"kind": "bored"}, {"resident": "x"}, {"resident": "9" * 30}, {"resident": "987654"}):
            answer = client.get(reverse("life_create", args=[town.household.pk], query=query))
            assert answer.status_code == 200 and "form" not in answer.context

    def test_readers_are_refused_outsiders_see_nothing(self, town, sign_in):
        for kind in ("", "death"):
            assert sign_in(town.auditor).post(page(town.household, kind)).status_code == 403
            assert sign_in(town.outsider).post(page(town.household, kind)).status_code == 404
        assert not LifeEvent.objects.exists()


class TestDeath:
    def test_one_tap_and_the_day(self, town, enter):
        answer = enter("death")
        assert answer.url == town.household.get_absolute_url()
        resident = fresh(town.resident)
        assert (resident.ended_on, resident.ended_reason) == (today(), "died")
        event = LifeEvent.objects.get()
        assert (event.resident, event.kind, event.created_by) == (town.resident, "death", town.grid_worker)
        assert (event.household_from, event.household_to, event.area_path) == (
            town.household,
            None,
            town.household.area_path,
        )
        assert Entry.objects.get(verb="life_death").actor == town.grid_worker
        assert Entry.objects.get(verb="enter_life").data == {"kind": "death"}

    def test_nobody_is_on_the_register_here_any_more(self, town, enter):
        assert Household.objects.with_care_level().get(pk=town.household.pk).care_level == 1
        enter("death")
        assert Household.objects.with_care_level().get(pk=town.household.pk).care_level is None

    def test_may_be_entered_late_but_never_early(self, town, enter):
        answer = enter("death", on=(today() + DAY).isoformat())
        assert set(answer.context["form"].errors) == {"on"} and fresh(town.resident).is_here
        answer = enter("death", on="1940-01-01")  # before she was born
        assert set(answer.context["form"].errors) == {"on"} and fresh(town.resident).is_here
        enter("death", on="2026-01-31")
        assert fresh(town.resident).ended_on == date(2026, 1, 31)

    def test_invalid_changes_nothing_and_keeps_what_was_typed(self, town, enter):
        add(town, "赵大海")
        answer = enter("death", on="", remark="钥匙在邻居家")
        assert set(answer.context["form"].errors) == {"people", "on"}
        assert "钥匙在邻居家" in answer.content.decode()
        answer = enter("death", people=["987654"])
        assert set(answer.context["form"].errors) == {"people"}
        other = add(town, "别家人", household=door(town, 301))
        assert set(enter("death", people=[other.pk]).context["form"].errors) == {"people"}
        assert not LifeEvent.objects.exists()

    def test_one_at_a_time(self, town, enter):
        other = add(town, "赵大海")
        assert enter("death", people=[town.resident.pk, other.pk]).context["form"].errors
        assert not LifeEvent.objects.exists()

    def test_sent_twice_it_is_one_entry(self, town, sign_in):
        client, url = sign_in(town.grid_worker), page(town.household, "death")
        form = filled(client.get(url).context["form"])
        assert client.post(url, form).url == client.post(url, form).url == town.household.get_absolute_url()
        assert LifeEvent.objects.count() == 1 and Entry.objects.filter(verb="life_death").count() == 1

    def test_of_two_people_one_wins_and_the_other_is_told(self, town, sign_in):
        url = page(town.household, "death")
        first, second = sign_in(town.grid_worker), Client()
        second.force_login(town.secretary)
        second.get(reverse("inbox_list"))
        typed = [filled(client.get(url).context["form"]) for client in (first, second)]
        assert first.post(url, typed[0]).status_code == 302
        answer = second.post(url, typed[1])
        body = answer.content.decode()
        assert answer.status_code == 409 and "吴晓" in body and "王秀英" in body
        assert LifeEvent.objects.count() == 1 and fresh(town.resident).version == 2

    def test_a_correction_meanwhile_asks_to_look_again(self, town, sign_in):
        client, url = sign_in(town.grid_worker), page(town.household, "death")
        form = filled(client.get(url).context["form"])
        town.resident.correct(by=town.secretary, phone="13000000777")
        answer = client.post(url, form)
        assert answer.status_code == 409 and fresh(town.resident).is_here
        again = filled(answer.context["form"])
        assert again["people"] == form["people"] or again["people"] == [str(form["people"])]
        assert client.post(url, again).status_code == 302
        assert not fresh(town.resident).is_here

    def test_nothing_follows_on_death(self, town, enter):
        enter("death")
        assert kinds_open_to(fresh(town.resident)) == []
        for kind in MOVES:
            with pytest.raises(NotAllowed):
                life(town, kind, fresh(town.resident), household_to=town.household)

    def test_of_somebody_who_moved_away_one_hears_later(self, town, enter):
        life(town, "move_out", on=today() - DAY)
        enter("death", resident=town.resident, people=[town.resident.pk])
        assert fresh(town.resident).ended_reason == "died"
        LifeEvent.objects.get(kind="death").undo(by=town.secretary, reason="听错了")
        assert (fresh(town.resident).ended_reason, fresh(town.resident).ended_on) == ("moved", today() - DAY)


class TestQuestions:
    """What an entry leaves open is asked on the page of the household, and undone with the entry."""

    def test_is_the_home_vacant(self, town, enter, client):
        enter("death")
        url = town.household.get_absolute_url()
        assert client.get(url).context["asks_vacant"]
        vacate = reverse("household_vacate", args=[town.household.pk])
        assert client.post(vacate).url == client.post(vacate).url == url
        assert fresh(town.household).occupancy == "vacant" and not client.get(url).context["asks_vacant"]
        LifeEvent.objects.get().undo(by=town.grid_worker, reason="登错人")
        assert fresh(town.household).occupancy == "owner"

    def test_a_home_with_people_is_not_vacant(self, town, sign_in):
        sign_in(town.grid_worker).post(reverse("household_vacate", args=[town.household.pk]))
        assert fresh(town.household).occupancy == "owner"

    def test_who_is_head_now(self, town, enter, client):
        wife = add(town, "赵大海")
        enter("death", people=[town.resident.pk])
        assert "asks_head" in client.get(town.household.get_absolute_url()).context
        url = reverse("household_head", args=[town.household.pk])
        client.post(url, {"head": town.resident.pk})  # the dead are no choice
        assert not fresh(wife).is_head
        client.post(url, {"head": wife.pk})
        assert fresh(wife).is_head and "asks_head" not in client.get(town.household.get_absolute_url()).context
        LifeEvent.objects.get().undo(by=town.grid_worker, reason="登错人")
        assert not fresh(wife).is_head and fresh(town.resident).is_head

    def test_readers_are_refused_outsiders_see_nothing(self, town, sign_in):
        for name in ("household_vacate", "household_head"):
            url = reverse(name, args=[town.household.pk])
            assert sign_in(town.auditor).post(url).status_code == 403
            assert sign_in(town.outsider).post(url).status_code == 404


class TestHospital:
    def test_in_and_out(self, town, enter):
        enter("hospital_in", on=(today() - 5 * DAY).isoformat(), until=(today() + DAY).isoformat())
        resident = fresh(town.resident)
        assert (resident.presence, resident.presence_since, resident.presence_until) == (
            "hospital",
            today() - 5 * DAY,
            today() + DAY,
        )
        assert resident.is_here and not Resident.objects.visitable().exists()
        enter("hospital_out")
        resident = fresh(town.resident)
        assert (resident.presence, resident.presence_since, resident.came_home_on) == ("home", None, today())
        assert Resident.objects.visitable().get() == resident

    def test_out_comes_after_in(self, town, enter):
        answer = enter("hospital_out", people=[town.resident.pk])
        assert answer.status_code == 200 and answer.context["form"].errors
        life(town, "hospital_in")
        answer = enter("hospital_out", on=(today() - DAY).isoformat())
        assert set(answer.context["form"].errors) == {"on"}

    def test_the_expected_day_lies_after_the_first(self, town, enter):
        answer = enter("hospital_in", until=(today() - DAY).isoformat())
        assert set(answer.context["form"].errors) == {"until"}
        with pytest.raises(IntegrityError):
            life(town, "hospital_in", until=today() - DAY)

    def test_death_in_hospital_ends_the_stay(self, town):
        life(town, "hospital_in", on=today() - DAY)
        life(town, "death", fresh(town.resident))
        resident = fresh(town.resident)
        assert (resident.ended_reason, resident.presence) == ("died", "home")
        LifeEvent.objects.get(kind="death").undo(by=town.secretary, reason="登错人")
        assert (fresh(town.resident).presence, fresh(town.resident).presence_since) == ("hospital", today() - DAY)


class TestLeaving:
    def test_the_whole_household_moves_away(self, town, enter, client):
        other = add(town, "赵大海")
        enter("move_out")
        assert {fresh(town.resident).ended_reason, fresh(other).ended_reason} == {"moved"}
        assert LifeEvent.objects.count() == 2 and len(set(LifeEvent.objects.values_list("group", flat=True))) == 1

    def test_all_or_none(self, town):
        other = add(town, "赵大海")
        life(town, "move_out", other)
        with pytest.raises(NotAllowed):
            LifeEvent.objects.enter_all(
                by=town.secretary,
                residents=[town.resident, fresh(other)],
                kind="move_out",
                on=today(),
                client_uuid=uuid4(),
            )
        assert fresh(town.resident).is_here

    def test_tenants_move_out_the_owner_stays(self, town, enter):
        tenant = add(town, "租客甲", residency="tenant")
        enter("tenant_out")
        assert fresh(tenant).ended_reason == "moved" and fresh(town.resident).is_here

    def test_lives_here_again(self, town, enter):
        life(town, "move_out", on=today() - 3 * DAY)
        enter("move_in", resident=town.resident, people=[town.resident.pk])
        assert fresh(town.resident).is_here and fresh(town.resident).ended_reason == ""


class TestMove:
    @pytest.fixture
    def new_home(self, town):
        return door(town, 301)

    def test_one_person_to_a_door_number(self, town, new_home, enter):
        enter("move", where="3-1-301")
        resident, event = fresh(town.resident), LifeEvent.objects.get()
        assert (resident.household, resident.area_path, resident.is_head) == (new_home, new_home.area_path, True)
        assert (event.household_from, event.household_to) == (town.household, new_home)

    def test_everybody_and_the_head_stays_head(self, town, new_home, enter):
        other = add(town, "赵大海")
        enter("move", where="3-1-301", people=[other.pk, town.resident.pk])
        assert fresh(town.resident).is_head and not fresh(other).is_head
        assert {fresh(other).household, fresh(town.resident).household} == {new_home}

    def test_who_joins_others_is_not_their_head(self, town, new_home, enter):
        add(town, "房主", household=new_home, is_head=True)
        enter("move", where="3-1-301")
        assert not fresh(town.resident).is_head
        LifeEvent.objects.get().undo(by=town.secretary, reason="登错户")
        assert fresh(town.resident).is_head and fresh(town.resident).household == town.household

    def test_several_homes_fit(self, town, new_home, enter, client):
        door(town, 302)
        answer = enter("move", where="橡林")
        assert "household_to" in answer.context["form"].errors and "3号楼 1单元 302" in answer.content.decode()
        again = filled(answer.context["form"]) | {"household_to": new_home.pk}
        assert client.post(page(town.household, "move"), again).status_code == 302
        assert fresh(town.resident).household == new_home

    def test_no_home_fits_or_none_was_typed(self, town, new_home, enter):
        for typed in ("9-9-999", "", "海景小区"):
            assert "where" in enter("move", where=typed).context["form"].errors

    def test_a_home_out_of_reach_is_no_choice(self, town, enter):
        building = town.far_compound.add_household(
            by=town.outsider, building="1号楼", client_uuid=uuid4(), stair="1", door="101"
        )
        answer = enter("move", household_to=building.pk, where="1-1-101")
        assert answer.context["form"].errors and fresh(town.resident).household == town.household

    def test_a_vacant_home_is_lived_in_again_and_vacant_after_undoing(self, town, new_home, enter):
        new_home.correct(by=town.secretary, occupancy="vacant")
        enter("move_in", household=new_home, name="新来者")
        assert fresh(new_home).occupancy == "owner"
        LifeEvent.objects.get().undo(by=town.secretary, reason="登错户")
        assert fresh(new_home).occupancy == "vacant"


class TestJoining:
    def test_a_child_without_an_id_number(self, town, enter):
        enter("birth", name="小宝", on=(today() - DAY).isoformat())
        child = Resident.objects.get(name="小宝")
        assert (child.born_on, child.id_number, child.residency) == (today() - DAY, "", "same")
        assert LifeEvent.objects.get().resident == child

    def test_tenants_by_name(self, town, enter):
        enter("tenant_in", name="租客甲", phone="13000000555", others="租客乙\n\n租客丙")
        names = dict(Resident.objects.filter(residency="tenant").values_list("name", "phone"))
        assert names == {"租客甲": "13000000555", "租客乙": "", "租客丙": ""}
        assert fresh(town.household).occupancy == "tenant" and LifeEvent.objects.count() == 3

    def test_twice_is_once(self, town, sign_in):
        client, url = sign_in(town.grid_worker), page(town.household, "tenant_in")
        form = filled(client.get(url).context["form"]) | {"name": "租客甲", "others": "租客乙"}
        assert client.post(url, form).status_code == client.post(url, form).status_code == 302
        assert Resident.objects.filter(residency="tenant").count() == 2

    def test_who_lived_elsewhere_in_the_district_keeps_the_history(self, town, enter):
        street = {"by": town.admin_of_district, "community": town.other_community}
        compound = Compound.objects.add(client_uuid=uuid4(), name="健康家园", **street)
        away = compound.add_household(
            by=town.admin_of_district, building="1号楼", client_uuid=uuid4(), stair="1", door="101"
        )
        number = VALID
        came = add(town, "远方来", household=away, id_number=number)
        answer = enter("move_in", name="远方来", id_number=number)
        assert answer.status_code == 302  # still recorded out of reach: a new row, to be merged
        LifeEvent.objects.get().undo(by=town.secretary, reason="重做")
        life(town, "move_out", came, by=town.admin_of_district)
        assert "name" in enter("move_in", name="别人", id_number=number).context["form"].errors
        enter("move_in", name="远方来", id_number=number)
        assert (fresh(came).household, fresh(came).area_path) == (town.household, town.household.area_path)
        assert fresh(came).is_here

    def test_beyond_the_district_a_number_tells_nothing(self, town, enter):
        """Neither that somebody died there nor that somebody left."""
        away = town.far_compound.add_household(
            by=town.outsider, building="1号楼", client_uuid=uuid4(), stair="1", door="101"
        )
        dead = add(town, "远方人", household=away, id_number=VALID)
        life(town, "death", dead, by=town.outsider)
        assert enter("move_in", name="远方人", id_number=VALID).status_code == 302
        assert Resident.objects.here().filter(name="远方人", household=town.household).exists()

    def test_the_number_of_somebody_here_or_dead_is_refused(self, town, enter):
        town.resident.correct(by=town.secretary, id_number=VALID)
        assert "id_number" in enter("move_in", name="王秀英", id_number=VALID).context["form"].errors
        life(town, "death", fresh(town.resident))
        assert "id_number" in enter("move_in", name="王秀英", id_number=VALID).context["form"].errors

    def test_invalid_changes_nothing(self, town, enter):
        for typed in ({"name": ""}, {"name": "甲", "phone": "1"}, {"name": "甲", "id_number": "42"}, {"on": ""}):
            wrong = set(typed) - ({"name"} if typed.get("name") else set())
            answer = enter("move_in", **{"name": "甲"} | typed)
            assert set(answer.context["form"].errors) == wrong
        assert Resident.objects.count() == 1

    def test_undone_the_child_was_never_there(self, town, enter):
        enter("birth", name="小宝")
        LifeEvent.objects.get().undo(by=town.secretary, reason="登错户")
        assert Resident.objects.get(name="小宝").is_void
        assert list(Resident.objects.here()) == [town.resident]


class TestResidency:
    def test_is_set_and_taken_back(self, town, enter):
        enter("residency", residency="absent")
        assert fresh(town.resident).residency == "absent"
        assert "residency" in enter("residency", residency="absent").context["form"].errors
        LifeEvent.objects.get().undo(by=town.secretary, reason="看错")
        assert fresh(town.resident).residency == ""


class TestUndo:
    @pytest.fixture
    def event(self, town):
        return life(town, "death")

    @pytest.fixture
    def url(self, event):
        return reverse("life_undo", args=[event.pk])

    def test_everything_is_as_before(self, town, sign_in, submit):
        before = facts_of(town.resident)
        event = life(town, "death")
        assert facts_of(town.resident) != before
        sign_in(town.grid_worker)
        answer = submit(reverse("life_undo", args=[event.pk]), reason="登错人")
        assert answer.url == town.household.get_absolute_url()
        assert facts_of(fresh(town.resident)) == before
        event.refresh_from_db()
        assert event.is_void and event.voided_reason == "登错人" and event.voided_by == town.grid_worker

    def test_a_reason_is_needed(self, town, url, sign_in, submit):
        sign_in(town.grid_worker)
        assert submit(url, reason="").context["form"].errors
        assert not fresh(town.resident).is_here

    def test_twice_is_once(self, town, url, sign_in):
        client = sign_in(town.grid_worker)
        form = filled(client.get(url).context["form"]) | {"reason": "登错人"}
        assert client.post(url, form).status_code == client.post(url, form).status_code == 302
        assert Entry.objects.filter(verb="undo_life").count() == 1
        assert client.get(url).url == town.resident.get_absolute_url()

    def test_the_later_entry_comes_first(self, town, sign_in, submit):
        first = life(town, "hospital_in", on=today() - 2 * DAY)
        second = life(town, "hospital_out", fresh(town.resident))
        client = sign_in(town.grid_worker)
        url = reverse("life_undo", args=[first.pk])
        body = client.get(url).content.decode()
        assert reverse("life_undo", args=[second.pk]) in body
        assert client.post(url, {"reason": "登错人", "seen": 1}).status_code == 403
        submit(reverse("life_undo", args=[second.pk]), reason="登错人")
        submit(url, reason="登错人")
        assert fresh(town.resident).presence == "home" and fresh(town.resident).came_home_on is None

    def test_what_others_changed_since_stays(self, town, event):
        resident = fresh(town.resident)
        resident.correct(by=town.secretary, remark="女儿在武汉")
        event.undo(by=town.secretary, reason="登错人")
        assert fresh(resident).remark == "女儿在武汉" and fresh(resident).is_here

    def test_a_home_that_came_to_another_grid_meanwhile_takes_its_people_back_there(self, town):
        event = life(town, "move", household_to=door(town, 301))
        Household.objects.filter(pk=town.household.pk).update(area_path="411702007001")
        event.undo(by=town.secretary, reason="登错户")
        assert fresh(town.resident).household == town.household
        assert fresh(town.resident).area_path == "411702007001"

    def test_a_family_together_or_one_alone(self, town, enter, sign_in, submit):
        other = add(town, "赵大海")
        for typed, expected in (({"together": ""}, {True, False}), ({"together": "on"}, {True})):
            enter("move_out", people=[r.pk for r in Resident.objects.here()])
            event = LifeEvent.objects.standing().filter(resident=other).get()
            submit(reverse("life_undo", args=[event.pk]), reason="登错户", **typed)
            assert {fresh(town.resident).is_here, fresh(other).is_here} == expected
            for left in LifeEvent.objects.standing():
                left.undo(by=town.secretary, reason="登错户")

    def test_readers_are_refused_outsiders_see_nothing(self, town, url, sign_in):
        assert sign_in(town.auditor).post(url, {"reason": "登错人"}).status_code == 403
        assert sign_in(town.outsider).post(url, {"reason": "登错人"}).status_code == 404
        assert not fresh(town.resident).is_here


class TestList:
    URL = "/communities/events/"

    def test_by_date_with_masked_names(self, town, sign_in):
        life(town, "hospital_in", on=today() - 3 * DAY)
        life(town, "hospital_out", fresh(town.resident))
        client = sign_in(town.grid_worker)
        page = client.get(reverse("life_list"))
        assert [event.kind for event in page.context["page"]] == ["hospital_out", "hospital_in"]
        body = page.content.decode()
        assert "王**" in body and "王秀英" not in body

    def test_filters(self, town, sign_in):
        event = life(town, "hospital_in", on=today() - 3 * DAY)
        event.undo(by=town.secretary, reason="登错人")
        life(town, "death", fresh(town.resident))
        client = sign_in(town.grid_worker)
        for query, kinds in (
            ({}, ["death"]),
            ({"kind": "hospital_in"}, []),
            ({"undone": "on"}, ["death", "hospital_in"]),
            ({"until": (today() - DAY).isoformat(), "undone": "on"}, ["hospital_in"]),
            ({"since": "nonsense"}, ["death"]),
        ):
            found = client.get(reverse("life_list"), query).context["page"]
            assert [event.kind for event in found] == kinds, query

    def test_a_move_between_areas_is_known_in_both(self, town, sign_in):
        event = life(town, "move_out")
        assert list(LifeEvent.objects.visible_to(town.secretary)) == [event]
        LifeEvent.objects.filter(pk=event.pk).update(area_path="210202012004", area_path_from=town.community.code)
        assert list(LifeEvent.objects.visible_to(town.secretary)) == [event]
        assert list(LifeEvent.objects.visible_to(town.outsider)) == [event]
        assert not LifeEvent.objects.visible_to(town.handler).exists()

    def test_a_fixed_number_of_queries(self, town, sign_in, sql_count):
        client = sign_in(town.secretary)
        life(town, "residency", add(town, "甲"), residency="absent")
        with sql_count() as few:
            client.get(reverse("life_list"))
        for number in range(19):
            life(town, "residency", add(town, f"乙{number}"), residency="absent")
        with sql_count(at_most=len(few)):
            assert len(client.get(reverse("life_list")).context["page"].object_list) == 20

    def test_who_works_with_no_people_is_refused(self, town, sign_in):
        assert sign_in(town.system_admin).get(reverse("life_list")).status_code == 403
        assert sign_in(town.outsider).get(reverse("life_list")).context["page"].paginator.count == 0


class TestTimelines:
    def test_the_household_and_the_person_tell_it(self, town, sign_in):
        new_home = door(town, 301)
        life(town, "move", household_to=new_home)
        client = sign_in(town.grid_worker)
        for url in (town.household.get_absolute_url(), new_home.get_absolute_url(), town.resident.get_absolute_url()):
            assert [line["event"].kind for line in client.get(url).context["lines"]] == ["move"], url

    def test_a_fixed_number_of_queries(self, town, sign_in, sql_count):
        client = sign_in(town.secretary)
        life(town, "residency", add(town, "甲"), residency="absent")
        client.get(town.household.get_absolute_url())
        with sql_count() as few:
            client.get(town.household.get_absolute_url())
        for number in range(15):
            life(town, "residency", add(town, f"乙{number}"), residency="absent")
        with sql_count(at_most=len(few)):
            client.get(town.household.get_absolute_url())


class TestReporter:
    """Nobody is told to call the dead."""

    def test_the_target_of_a_call_back_says_it(self, town, client):
        issue = new_issue(town)
        client.force_login(town.secretary)
        assert "130****0123" in client.get(issue.get_absolute_url()).content.decode()
        life(town, "death")
        body = client.get(issue.get_absolute_url()).content.decode()
        assert "130****0123" not in body and reverse("issue_reveal", args=[issue.pk]) not in body
        paper = client.get(reverse("issue_print", args=[issue.pk])).content.decode()
        assert "130****0123" not in paper and "王**" not in paper
        answer = client.post(reverse("issue_reveal", args=[issue.pk]))
        assert "13000000123" not in answer.content.decode()

    def test_who_reported_for_somebody_else_is_called_as_before(self, town, client):
        issue = new_issue(town, reporter_name="王小红", reporter_phone="13000000222")
        client.force_login(town.secretary)
        life(town, "death")
        assert "130****0222" in client.get(issue.get_absolute_url()).content.decode()


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
class TestRace:
    def test_two_people_enter_the_same_death_at_once(self, town):
        barrier, results = threading.Barrier(2), []

        def enter(by):
            try:
                resident = Resident.objects.select_related("household").get(pk=town.resident.pk)
                barrier.wait()
                LifeEvent.objects.enter(by=by, kind="death", on=today(), client_uuid=uuid4(), resident=resident)
                results.append("entered")
            except (Conflict, NotAllowed):
                results.append("told")
            finally:
                connection.close()

        threads = [threading.Thread(target=enter, args=(who,)) for who in (town.secretary, town.grid_worker)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(results) == ["entered", "told"]
        assert LifeEvent.objects.count() == 1 and fresh(town.resident).version == 2


def facts_of(row):
    """All that is stored about somebody but the number of changes."""
    return {field.name: field.value_from_object(row) for field in row._meta.concrete_fields if field.name != "version"}


VALID = "42019919500101004X"


def test_states_and_table_fit():
    """Every state but the last ones has a way on, every entry leads to a known state."""
    assert {step.after for step in MOVES.values()} - {None} <= set(State)
    ways_out = {before for step in MOVES.values() for before in step.before}
    assert set(State) - ways_out == {State.DEAD, State.VOID}
    assert state_of(None) == State.NONE
