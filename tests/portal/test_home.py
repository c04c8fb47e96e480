"""Everybody lands on the page that answers the question of his morning (product.md)."""

import pytest
from django.urls import reverse

from communities.access import Role
from communities.models import Assignment
from portal.navigation import FIRST_PAGES
from tests.town import LONG_AGO, PASSWORD

pytestmark = pytest.mark.django_db

# The demo accounts and the town's people have the same names and posts.
FIRST = {
    "district": "dashboard",
    "street": "issue_desk",
    "cadre": "round_list",
    "secretary": "issue_desk",
    "grid": "round_list",
    "handler": "issue_desk",
    "property": "issue_desk",
    "deputy": "issue_desk",
    "outsider": "issue_desk",
    "auditor": "entry_list",
    "admin": "staff_list",
    "idle": "account_overview",
}


def sign_in(client, username):
    return client.post(reverse("account_login"), {"login": username, "password": PASSWORD}, follow=True)


@pytest.mark.usefixtures("town")
def test_each_role_signs_in_and_lands_on_its_own_page(client):
    landed = {}
    for username in FIRST:
        response = sign_in(client, username)
        assert response.status_code == 200, username
        landed[username] = response.resolver_match.url_name
        client.logout()
    assert landed == FIRST


def test_every_role_has_a_first_page():
    assert set(FIRST_PAGES) == set(Role)


@pytest.mark.usefixtures("town")
def test_after_signing_in_one_gets_the_page_that_was_asked_for(client):
    wanted = reverse("visit_list")
    response = client.get(wanted)
    response = client.post(response["Location"], {"login": "secretary", "password": PASSWORD})
    assert response["Location"] == wanted


def test_of_several_posts_the_one_with_a_desk_comes_first(client, town):
    Assignment.objects.assign(
        by=None, user=town.cadre, role=Role.SECRETARY, since=LONG_AGO, division=town.next_community
    )
    client.force_login(town.cadre)
    assert client.get("/")["Location"] == reverse("issue_desk")


def test_an_ended_post_opens_nothing(client, town):
    post = town.secretary.assignments.get()
    post.until = LONG_AGO
    post.save()
    client.force_login(town.secretary)
    assert client.get("/")["Location"] == reverse("account_overview")
