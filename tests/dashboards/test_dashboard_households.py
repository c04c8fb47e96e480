"""The households behind the coverage: in scope, met, not met."""

import pytest

from tests.dashboards.conftest import add_household

pytestmark = pytest.mark.django_db
DAYS = "since=2026-10-20&until=2026-11-18"


def addresses(client, user, query, code="411702007002"):
    client.force_login(user)
    response = client.get(f"/dashboard/{code}/households/?{query}")
    assert response.status_code == 200
    return [household.address for household in response.context["page"]]


def test_met_and_not_met_are_all(client, busy_town):
    user = busy_town.admin_of_district
    everybody = addresses(client, user, "figure=in_scope", "411702")
    met = addresses(client, user, f"figure=covered&{DAYS}", "411702")
    missed = addresses(client, user, f"figure=not_covered&{DAYS}", "411702")
    assert (len(met), len(missed)) == (4, 1)
    assert sorted(met + missed) == sorted(everybody)


def test_without_a_figure_it_is_all(client, busy_town):
    assert len(addresses(client, busy_town.secretary, "")) == 2


def test_directly_leaves_out_the_grids(client, busy_town):
    assert addresses(client, busy_town.secretary, f"figure=covered&{DAYS}&direct=on") == [busy_town.ungridded.address]


def test_an_empty_group_says_what_to_do(client, busy_town):
    client.force_login(busy_town.secretary)
    html = client.get(
        "/dashboard/411702007002/households/?figure=covered&since=2020-01-01&until=2020-01-02"
    ).content.decode()
    assert "/dashboard/411702007002/" in html.split('class="empty"')[1]


def test_shows_no_names(client, busy_town):
    client.force_login(busy_town.secretary)
    assert "王秀英" not in client.get("/dashboard/411702007002/households/").content.decode()


@pytest.mark.parametrize("more", [0, 20])
def test_costs_the_same_however_many(client, busy_town, sql_count, more):
    add_household(busy_town, busy_town.community, name="新院", doors=[str(100 + door) for door in range(more)])
    client.force_login(busy_town.secretary)
    client.get("/dashboard/411702007002/households/")
    with sql_count(at_most=8):
        client.get("/dashboard/411702007002/households/")
