"""The frame around every page: each role sees the doors that are open to it, and no others."""

import pytest
from django.urls import reverse

from communities.access import Role
from communities.models import Assignment
from tests.town import LONG_AGO, new_issue

pytestmark = pytest.mark.django_db

ITEMS = {
    "admin_of_district": "issue_list visit_list division_list household_list register_home dashboard staff_list feedback_list workday_list",
    "coordinator": "issue_desk issue_list visit_list division_list household_list register_home dashboard shift_list",
    "cadre": "round_list issue_list visit_list division_list household_list register_home shift_list",
    "secretary": "issue_desk round_list issue_list visit_list division_list household_list register_home dashboard shift_list",
    "grid_worker": "round_list issue_list visit_list division_list household_list register_home shift_list",
    "handler": "issue_desk issue_list leave_list",
    "property_handler": "issue_desk issue_list leave_list",
    "deputy": "issue_desk round_list issue_list visit_list division_list household_list register_home dashboard shift_list",
    "auditor": "issue_list visit_list division_list household_list register_home dashboard staff_list entry_list",
    "system_admin": "division_list register_home staff_list feedback_list workday_list",
    "idle": "",
}


def frame_of(client, page="account_overview"):
    return client.get(reverse(page)).context["frame"]


def test_every_tool_of_the_registers_opens_for_whoever_sees_it(client, town):
    for who, names in ITEMS.items():
        if "register_home" in names:
            client.force_login(getattr(town, who))
            for label, address, *_ in client.get(reverse("register_home")).context["tools"]:
                assert client.get(address).status_code in (200, 302), (who, label)


def test_doors_of_each_role_are_open(client, town):
    for who, names in ITEMS.items():
        client.force_login(getattr(town, who))
        items = frame_of(client).nav
        assert [item.name for item in items] == names.split(), who
        closed = [item.name for item in items if client.get(item.url).status_code != 200]
        assert closed == [], who


def test_the_place_where_one_is_lights_up_once(client, town):
    client.force_login(town.secretary)
    issue = new_issue(town)
    pages = {
        reverse("issue_desk"): "issue_desk",
        reverse("issue_detail", args=[issue.pk]): "issue_list",
        reverse("compound_detail", args=[town.compound.pk]): "division_list",
        reverse("household_detail", args=[town.household.pk]): "household_list",
        reverse("dashboard_division", args=[town.community.code]): "dashboard",
        reverse("opinion_list"): "visit_list",
        reverse("round_household", args=[town.household.pk]): "round_list",
    }
    for page, name in pages.items():
        current = [item.name for item in client.get(page).context["frame"].nav if item.current]
        assert current == [name], page


def test_a_page_outside_the_sections_lights_nothing(client, town):
    client.force_login(town.secretary)
    assert not any(item.current for item in frame_of(client).nav)


def test_the_bar_of_the_phone_begins_with_the_own_first_page(client, town):
    first = {
        "admin_of_district": "dashboard",
        "auditor": "entry_list",
        "cadre": "round_list",
        "secretary": "issue_desk",
    }
    for who, name in first.items():
        client.force_login(getattr(town, who))
        bar = frame_of(client).bar
        assert (bar[0].name, len(bar)) == (name, 4), who


def test_says_who_and_where(client, town):
    client.force_login(town.secretary)
    frame = frame_of(client)
    assert (frame.user_name, frame.place) == (town.secretary.name, town.community.name)


def test_several_places_can_be_switched_between(client, town):
    Assignment.objects.assign(
        by=None, user=town.secretary, role=Role.SECRETARY, since=LONG_AGO, division=town.next_community
    )
    client.force_login(town.secretary)
    codes = {address.strip("/").split("/")[-1] for _name, address in frame_of(client).places}
    assert codes == {town.community.code, town.next_community.code}


def test_counts_unread_notices(client, town):
    client.force_login(town.secretary)
    before = frame_of(client).unread
    new_issue(town)
    assert frame_of(client).unread == before + 1


def test_a_stranger_sees_no_doors(client):
    assert client.get(reverse("account_login")).context["frame"].nav == []


def test_an_address_that_does_not_exist_keeps_the_frame(client, town):
    client.force_login(town.secretary)
    response = client.get("/nothing/here/")
    assert response.status_code == 404
    assert reverse("issue_desk") in response.content.decode()


def test_costs_four_queries(client, town, sql_count):
    """Session, account, posts, unread notices; what the page itself asks comes on top."""
    client.force_login(town.secretary)
    client.get(reverse("search"))
    with sql_count(at_most=4):
        client.get(reverse("search"))
