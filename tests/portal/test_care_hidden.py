"""What stands under a sensitive care category (children, bereaved families, health) shows nowhere without a grant of its own.

Every page that the secretary may open is read before and after such an entry: no word of it, no other number.
"""

import re
import zipfile
from datetime import date
from difflib import unified_diff
from io import BytesIO

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone

from communities.models import CareCategory, CareEntry, CareGrant
from tests.communities.conftest import filled
from tests.communities.forms_made import simple_form
from tests.communities.test_blank_fill import through
from tests.portal.register import rows_of
from tests.portal.test_roles import EXPECTED

# What a page shows does not depend on the database, and this reads every page there is.
pytestmark = [pytest.mark.django_db, pytest.mark.once]
WORDS = ("失智", "dementia", "Older person with dementia")
# What a page shows of itself: moments, numbers of forms, proof of origin.
OWN = re.compile(r'name="csrfmiddlewaretoken"[^>]*>|[0-9a-f]{8}-[0-9a-f-]{27}|\d\d:\d\d(:\d\d)?')
EXPORTS = (
    "resident_export",
    "household_export",
    "compound_export",
    "division_export",
    "visit_export",
    "opinion_export",
)


def enter(town):
    return CareEntry.objects.register(
        by=town.admin_of_district,
        resident=town.resident,
        category=CareCategory.objects.get(code="dementia"),
        consented_on=timezone.localdate(),
        consented_by="self",
    )


def grant(town, user):
    return CareGrant.objects.grant(
        by=None, user=user, group="health", area_path=town.community.code, since=date(2020, 1, 1), reason="残联工作"
    )


@pytest.fixture
def at(client):
    def signing_in(user):
        client.force_login(user)
        client.get(reverse("inbox_list"))
        return client

    return signing_in


def texts_of(answer):
    """What a page or a table says, without what differs at every look."""
    data = b"".join(answer.streaming_content) if answer.streaming else answer.content
    if zipfile.is_zipfile(BytesIO(data)):
        with zipfile.ZipFile(BytesIO(data)) as book:
            return "".join(book.read(name).decode() for name in book.namelist() if "docProps" not in name)
    return OWN.sub("", data.decode())


def pages(client, rows):
    """{address: what it says} of every page that this user may open."""
    said = {}
    for name, (method, *_statuses) in EXPECTED.items():
        answer = client.get(reverse(name, kwargs=rows.get(name))) if method == "GET" else None
        if answer is not None and answer.status_code == 200:
            said[name] = texts_of(answer)
    for name in EXPORTS:
        answer = client.post(reverse(name), {"purpose": "核对"})
        assert answer.status_code == 200, name
        said[name] = texts_of(answer)
    return said


def difference(before, after):
    return list(unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=0))[:8]


@pytest.mark.parametrize("who", ["secretary", "admin_of_district", "auditor"])
def test_no_page_says_a_word_of_it_and_no_number_changes(town, at, who):
    rows = rows_of(town)
    client = at(getattr(town, who))
    offered = {name for name, text in pages(client, rows).items() if any(word in text for word in WORDS)}
    # The rules name every category; that somebody stands under it is what is hidden.
    assert offered <= {"category_list"}
    # The clock stands: tables say when they were taken.
    with time_machine.travel(timezone.now(), tick=False):
        before = pages(client, rows)
        enter(town)
        after = pages(client, rows)
    told = {name for name, text in after.items() if name not in offered and any(word in text for word in WORDS)}
    assert told == set()
    # The journal says that a care entry was made, not whose and not which; the preview of a merged place says how many lines
    # of the journal and rows of all kinds stay where they were.
    journal = {"entry_list", "access_list", "entry_export", "access_export", "reorganisation_detail"}
    changed = {name for name in before if before[name] != after.get(name)} - journal
    assert {name: difference(before[name], after.get(name, "")) for name in changed} == {}


def test_the_entry_itself_is_not_there(town, at):
    entry = enter(town)
    client = at(town.secretary)
    for page in ("care_detail", "care_consent", "care_review", "care_end", "care_purge"):
        url = reverse(page, args=[entry.pk])
        assert client.get(url).status_code == client.post(url).status_code == 404, page
    grant(town, town.secretary)
    assert at(town.secretary).get(reverse("care_detail", args=[entry.pk])).status_code == 200


def test_filters_find_nothing_and_offer_nothing(town, at):
    entry = enter(town)
    found = at(town.secretary).get(reverse("care_list"), {"category": entry.category_id})
    assert "失智" not in found.content.decode() and found.context["page"].paginator.count == 0
    assert found.context["filter"].fields["category"].choices == [
        choice for choice in found.context["filter"].fields["category"].choices if choice[0] != str(entry.category_id)
    ]
    grant(town, town.secretary)
    found = at(town.secretary).get(reverse("care_list"), {"category": entry.category_id})
    assert "失智" in found.content.decode() and found.context["page"].paginator.count == 1


def test_a_grant_counts_only_where_it_was_given(town, at):
    entry = enter(town)
    CareGrant.objects.grant(
        by=None,
        user=town.coordinator,
        group="health",
        area_path=town.next_community.code,
        since=date(2020, 1, 1),
        reason="残联工作",
    )
    assert at(town.coordinator).get(reverse("care_detail", args=[entry.pk])).status_code == 404
    assert not CareEntry.objects.visible_to(town.coordinator).exists()


def test_searches_do_not_find_it(town, at):
    enter(town)
    client = at(town.secretary)
    for page in ("search", "resident_list", "household_list", "round_list"):
        assert "失智老年人" not in texts_of(client.post(reverse(page), {"q": "失智"})).replace("失智</", ""), page


def test_a_superiors_form_is_filled_without_it(town, at):
    enter(town)
    fill = through(at(town.secretary), simple_form(), in_full="on")
    with zipfile.ZipFile(BytesIO(fill.result)) as book:
        assert not any("失智" in book.read(name).decode() for name in book.namelist() if name.endswith(".xml"))


def test_who_may_not_see_it_cannot_take_it_away_by_correcting_the_person(town, at):
    entry = enter(town)
    client = at(town.secretary)
    url = reverse("resident_edit", args=[town.resident.pk])
    client.post(url, filled(client.get(url).context["form"]) | {"name": "王秀兰", "categories": []})
    entry.refresh_from_db()
    assert entry.is_open and entry.resident.name == "王秀兰"
