"""Every address with a row in it: an outsider finds nothing there (404), a stranger is sent to the sign-in page."""

import pytest
from django.urls import reverse

from tests.portal.register import OF_THE_INSTALLATION, PUBLIC, SHUT, addresses, rows_of

pytestmark = pytest.mark.django_db
CLOSED = [address for address in addresses() if address.name not in PUBLIC and address.route not in SHUT]


@pytest.fixture
def rows(town):
    return rows_of(town)


def test_every_address_has_a_name():
    assert {address.route for address in addresses() if not address.name} == SHUT


def test_every_address_with_an_argument_has_a_row(rows):
    with_argument = {address.name for address in CLOSED if address.arguments}
    assert with_argument == set(rows), "put the new address into tests/portal/register.py"


def test_an_outsider_finds_no_row(client, town, rows):
    client.force_login(town.outsider)
    seen = {}
    for address in CLOSED:
        if address.arguments and address.name not in OF_THE_INSTALLATION:
            url = address.url(rows)
            # A page that only takes forms refuses to be read (405); sent to, it must not be there either.
            if client.get(url).status_code not in (404, 405) or client.post(url, {"q": "x"}).status_code not in (
                404,
                405,
            ):
                seen[address.name] = url
            elif client.get(url).status_code == client.post(url, {"q": "x"}).status_code == 405:
                seen[address.name] = "answers neither"
    assert seen == {}


def test_pages_of_the_installation_ask_for_a_right(client, town, rows):
    client.force_login(town.outsider)
    for name in OF_THE_INSTALLATION:
        assert client.post(reverse(name, kwargs=rows[name])).status_code == 403, name


def test_a_stranger_is_sent_to_sign_in(client, rows):
    login = reverse("account_login")
    open_doors = {}
    for address in CLOSED:
        url = address.url(rows)
        for send in (client.get, client.post):
            response = send(url)
            if response.status_code != 302 or not response["Location"].startswith(f"{login}?next="):
                open_doors[address.name] = response.status_code
    assert open_doors == {}


def test_a_row_that_is_not_there_looks_like_one_that_is_hidden(client, town, rows):
    client.force_login(town.outsider)
    for name in ("issue_detail", "visit_detail", "household_detail", "compound_detail", "unit_detail", "staff_detail"):
        hidden, missing = reverse(name, kwargs=rows[name]), reverse(name, kwargs={"pk": 987654321})
        assert bare(client.get(hidden), hidden) == bare(client.get(missing), missing), name


def bare(response, url):
    """Status and page without what differs anyway: its own address and the form's proof of origin."""
    lines = response.content.decode().replace(url, "").splitlines()
    return response.status_code, [line for line in lines if "csrfmiddlewaretoken" not in line]
