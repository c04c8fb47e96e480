"""A resident is marked dead: from that moment no page, list, sheet, table, notice or message names the person as somebody to visit or
to call. Undone, every one of them is again what it was.

The surfaces are not listed here: every address of the portal is opened (tests/portal/register.py), the tables are opened and read,
the reminders run, the mail is read. What may still name the dead stands in `ALLOWED`, each with its reason.
"""

import re
from datetime import timedelta
from io import BytesIO
from zipfile import is_zipfile

import pytest
from django.core import mail
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook

from communities.models import LifeEvent
from foundation.notices.delivery import deliver_due
from foundation.notices.models import Notice
from issues.reminders import remind_issues
from tests.portal.register import PUBLIC, SHUT, addresses, rows_of
from tests.town import life
from tests.visits.conftest import line, log
from visits.models import Visit

# What a page names does not depend on the database, and this reads every page there is.
pytestmark = [pytest.mark.django_db, pytest.mark.once]

NAME, MASKED, PHONE = "欧阳雪莲", "欧阳**", "13000000123"
NEEDLES = (NAME, MASKED, PHONE, "130****0123")
# Where a dead person may still be named, and why.
ALLOWED = {
    "household_detail": "former residents stand in a block of their own, and what happened here is told by its day",
    "life_list": "what happened, by its day; names masked",
    "life_undo": "what happened, and taking it back",
    "entry_list": "the journal tells what was done",
    "entry_export": "the journal tells what was done",
    "access_list": "the log tells who looked at what",
    "access_export": "the log tells who looked at what",
    "visit_detail": "what the person said at a visit of the past",
    "suggestion_list": "what somebody suggests about the register, a death among it; names masked",
    "blank_fill_download": "a form that was filled and handed in before",
    "issue_detail": "who reported it, with the word that the person has died and the family can be contacted",
}
# Pages that say more after an entry and its undoing than before, and why.
TELLING = {
    "household_detail": "what happened here, taken back",
    "resident_detail": "what happened, taken back",
    "resident_history": "each change of a field and who made it",
    "life_list": "what happened",
    "life_undo": "what happened",
    "entry_list": "the journal grows",
    "entry_export": "the journal grows",
    "reorganisation_detail": "counts the rows that would move, the entry and the journal among them",
}
# Lists of what is due; in hospital nobody is named there, though he or she lives here as before.
VARIANTS = {"round_list": ["?show=due", "?show=long", "?show=priority", "?show=today", "?show=all"]}
DUE = ("round_list?show=due", "round_list?show=long", "round_list?show=priority")
# Whoever may open a page first, opens it.
READERS = ("secretary", "admin_of_district", "auditor", "cadre", "handler", "system_admin")
PURPOSE = {"purpose": "季度核对", "reason": "季度核对"}


@pytest.fixture
def rows(client, town, time_machine):
    """Rows for every address, of a resident whose name nobody else bears."""
    time_machine.move_to(timezone.now(), tick=False)
    town.resident.correct(by=town.secretary, name=NAME)
    log(town, opinions=[line(town, raised_by=town.resident)])
    rows = rows_of(town)
    for reader in READERS:  # the staff list tells who signed in when
        client.force_login(getattr(town, reader))
    # Nobody was met for long, so the household is due.
    Visit.objects.met().update(visited_at=timezone.now() - timedelta(days=400))
    return rows


def surfaces(client, town, rows, *, only=None):
    """{"address?query": text} of everything that one of the readers may open, tables among them."""
    found = {}
    for reader in READERS:
        client.force_login(getattr(town, reader))
        client.get(reverse("inbox_list"))
        for address in addresses():
            if is_about_the_reader(address) or (address.arguments and address.name not in rows):
                continue
            if only and address.name not in only:
                continue
            for query in VARIANTS.get(address.name, [""]):
                key = address.name + query
                if key not in found and (text := text_of(client, address.url(rows) + query)) is not None:
                    found[key] = text
    return found


def about_one_person():
    """Pages about one person, one entry of the care register, one clearing of data: opened by name, nothing sends anybody there."""
    one = ("communities/residents/<int:pk>/", "communities/care/<int:pk>/", "communities/purges/")
    return {address.name for address in addresses() if address.route.startswith(one)}


def is_about_the_reader(address):
    """Doors that strangers open, and the pages of one's own account."""
    return address.name in PUBLIC or address.route in SHUT or address.route.startswith("accounts/")


def text_of(client, url):
    """What stands on the page or in the table behind this address; None where the reader gets neither. Nothing is changed."""
    for send in (client.get, lambda url: client.post(url, PURPOSE)):
        with transaction.atomic():
            answer = send(url)
            text = read(answer) if answer.status_code == 200 else None
            transaction.set_rollback(True)
        if text is not None:
            return text
        if answer.status_code != 405:
            return None
    return None


def asked(client, url):
    with transaction.atomic():
        answer = client.post(url, {"q": PHONE})
        text = read(answer) if answer.status_code == 200 else None
        transaction.set_rollback(True)
    return text


def read(answer):
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    # A table that somebody uploaded may be anything; ours are workbooks.
    if "spreadsheetml" in answer.get("Content-Type", "") and is_zipfile(BytesIO(content)):
        book = load_workbook(BytesIO(content))
        return "\n".join(str(cell) for page in book for row in page.iter_rows(values_only=True) for cell in row)
    return content.decode("utf-8", "replace")


# What differs from one opening of a page to the next without meaning anything.
NOISE = [
    r'name="csrfmiddlewaretoken" value="[^"]*"',
    r'name="seen" value="[^"]*"',
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
    r'nonce="[^"]*"',
    r"data:image/[^\"']*",
]


def still(text):
    for noise in NOISE:
        text = re.sub(noise, "", text)
    return text


def names(found, needles=NEEDLES):
    return {key for key, text in found.items() if any(needle in text for needle in needles)}


def messages():
    """Everything that the reminders of the coming weeks would send or put into an inbox."""
    with transaction.atomic():
        mail.outbox.clear()
        for days in (0, 1, 3, 10, 30):
            remind_issues(now=timezone.now() + timedelta(days=days))
            deliver_due(now=timezone.now() + timedelta(days=days, minutes=1))
        sent = "\n".join(f"{message.subject}\n{message.body}" for message in mail.outbox)
        kept = "\n".join(f"{notice.kind} {notice.params}" for notice in Notice.objects.all())
        transaction.set_rollback(True)
    return sent, kept


def test_what_is_allowed_is_there():
    names_of_all = {address.name for address in addresses()}
    assert {*ALLOWED, *TELLING, *VARIANTS} <= names_of_all


def test_nobody_is_reminded_of_the_dead_and_undone_all_is_as_before(client, town, rows):
    before = surfaces(client, town, rows)
    alive = names(before)
    # The test would prove nothing if these did not name the living.
    assert {"round_list?show=due", "round_list?show=all", "household_list", "visit_create", "issue_export"} <= alive
    assert {"visit_export", "issue_print", "round_household", "household_detail"} <= alive
    event = life(town, "death", on=timezone.localdate() - timedelta(days=1))

    after = surfaces(client, town, rows)
    assert {key.partition("?")[0] for key in names(after)} - about_one_person() <= set(ALLOWED)
    assert all(NAME not in text and MASKED not in text for text in messages())
    told = after["issue_detail"]
    assert not {PHONE, "130****0123"} & {needle for needle in NEEDLES if needle in told}
    assert reverse("issue_reveal", args=[rows["issue_detail"]["pk"]]) not in told

    LifeEvent.objects.get(pk=event.pk).undo(by=town.secretary, reason="登错人")
    undone = surfaces(client, town, rows)
    assert set(undone) == set(before)
    assert [key for key in before if key not in TELLING and still(before[key]) != still(undone[key])] == []


def test_in_hospital_nobody_is_due_and_undone_all_is_as_before(client, town, rows):
    def due():
        found = surfaces(client, town, rows, only=VARIANTS)
        return {key: still(text) for key, text in found.items() if key in DUE}

    before = due()
    assert names(before) == set(DUE)
    event = life(town, "hospital_in")
    assert names(due()) == set()
    LifeEvent.objects.get(pk=event.pk).undo(by=town.secretary, reason="登错人")
    assert due() == before


@pytest.mark.parametrize("kind", ["death", "move_out"])
def test_no_search_finds_who_is_not_here(client, town, rows, kind):
    """The words that are asked for stand on the page; so the number is asked for, and the name must not be the answer."""
    lists = [a for a in addresses() if not (a.arguments or a.name in ALLOWED or is_about_the_reader(a))]

    def answers():
        client.force_login(town.secretary)
        client.get(reverse("inbox_list"))
        return {address.name for address in lists if MASKED in (asked(client, address.url(rows)) or "")}

    assert {"search", "household_list", "round_list"} <= answers()
    life(town, kind)
    assert answers() == set()
