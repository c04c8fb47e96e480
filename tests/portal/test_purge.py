"""Clearing a person (issue 3, show 6): the canary of a purged resident is in no table, index, session, cache, log, file; counts stay.

The canary comes in through the pages themselves; then every row of every table is read as it stands and decrypted, the search
index, the cache, the log, and the database's own files after the vacuum that docs/operations.md asks for.
"""

import base64
import contextlib
import io
import json
import logging
import re
import zipfile
from datetime import date, timedelta
from pathlib import Path
from urllib.parse import unquote_plus
from uuid import uuid4

import pytest
import time_machine
from cryptography.fernet import InvalidToken
from django.apps import apps
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from communities.access import Role
from communities.models import (
    Assignment,
    BlankFill,
    CareCategory,
    CareEntry,
    Household,
    Merge,
    Purge,
    Resident,
    Sheet,
)
from communities.models.retention import whole_person
from foundation.drafts import KEPT
from foundation.fields import cipher
from foundation.journal.models import Access, Entry, Former, Note
from foundation.purging import PURGED, covered, exempt, free_fields, stands_in_file
from issues.models import Issue, Reporter
from tests.communities.conftest import filled
from tests.communities.forms_made import simple_form
from tests.communities.ledgers import checked, ledger, with_check_digit
from tests.communities.ledgers import resident as ledger_row
from tests.communities.test_blank_fill import through
from visits.models import Visit

NAME, FORMER_NAME = "金丝鸟", "黄雀儿"
PHONE, FORMER_PHONE = "13000000977", "13000000966"
ID_NUMBER = with_check_digit("42019919440404404")
GUARDIAN = "代管人鸣"
MARK = "暗号"  # in every text that somebody types
CANARY = (NAME, FORMER_NAME, PHONE, FORMER_PHONE, ID_NUMBER, GUARDIAN, MARK, "19440404", "1944-04-04")
# The same in pinyin, by which names are found, and the parts of the two characters that the search index keeps.
CANARY_SPELT = ("jinsiniao", "huangqueer", "金丝", "黄雀")


def browser_of(user):
    browser = Client()
    browser.force_login(user)
    browser.get(reverse("inbox_list"))
    return browser


def send(browser, url, form="form", **typed):
    """Open a page, type into its form, send it; fails with the form's errors if it is not carried out."""
    page = browser.get(url)
    assert page.status_code == 200, (url, page.status_code)
    answer = browser.post(url, filled(page.context[form]) | typed)
    assert answer.status_code in (200, 302), (url, answer.status_code)
    if answer.status_code == 200 and answer.context and form in answer.context:
        assert not answer.context[form].errors, (url, answer.context[form].errors)
    return answer


@pytest.fixture
def canary(town):
    """A person who lives alone behind door 601 and has left traces everywhere; returns the row as it stands last."""
    secretary, cadre, grid = browser_of(town.secretary), browser_of(town.cadre), browser_of(town.grid_worker)
    home = Household.objects.add(by=town.secretary, client_uuid=uuid4(), building=town.building, stair="1", door="601")
    send(
        secretary,
        reverse("resident_create", args=[home.pk]),
        name=FORMER_NAME,
        phone=FORMER_PHONE,
        id_number=ID_NUMBER,
        remark=f"腿脚不便{MARK}甲",
        categories=[CareCategory.objects.get(code="living_alone").pk],
    )
    bird = Resident.objects.get(household=home)
    send(secretary, reverse("resident_edit", args=[bird.pk]), name=NAME, phone=PHONE)
    send(secretary, reverse("household_edit", args=[home.pk]), remark=f"钥匙在{NAME}处{MARK}乙")
    category = CareCategory.objects.get(code="empty_nest")
    send(
        secretary,
        reverse("care_create", args=[bird.pk]),
        category=category.pk,
        consented_on=timezone.localdate().isoformat(),
        consented_by="agent",
        guardian_name=GUARDIAN,
    )
    entry = CareEntry.objects.get(resident=bird, category=category)
    send(secretary, reverse("care_end", args=[entry.pk]), reason="no_longer", note=f"{MARK}丙")
    send(secretary, reverse("wish_create", args=[bird.pk]), said_by="family", remark=f"{MARK}丁")
    send(secretary, reverse("resident_reveal", args=[bird.pk]), what="phone", reason=f"给{NAME}送药{MARK}戊")
    send(
        cadre,
        reverse("visit_create", args=[home.pk]),
        outcome="met",
        situation="normal",
        summary=f"老人精神好{MARK}己",
        **{
            "opinions-TOTAL_FORMS": 1,
            "opinions-INITIAL_FORMS": 0,
            "opinions-0-client_uuid": uuid4(),
            "opinions-0-text": f"灯坏了{MARK}庚",
            "opinions-0-category": town.sanitation.pk,
            "opinions-0-handling": "register",
            "opinions-0-raised_by": bird.pk,
        },
    )
    visit = Visit.objects.get(household=home)
    send(cadre, reverse("visit_edit", args=[visit.pk]), summary=f"老人精神很好{MARK}辛")
    issue_url = send(
        secretary,
        reverse("issue_create") + f"?household={home.pk}",
        community=town.community.pk,
        compound=town.compound.pk,
        household=home.pk,
        resident=bird.pk,
        category=town.lift.pk,
        text=f"电梯夹人{MARK}壬",
        channel="telephone",
        anonymity="named",
        reporter_name=NAME,
        reporter_phone=PHONE,
    ).url
    send(secretary, issue_url + "comment/", text=f"已电话联系{NAME}{MARK}癸")
    send(
        browser_of(town.auditor),
        reverse("suggestion_create", args=["resident", bird.pk]) + "?field=name",
        value=f"{NAME}子",
        reason=f"户口本上如此{MARK}子",
    )
    send(
        grid,
        reverse("life_create", args=[home.pk]) + f"?kind=hospital_in&resident={bird.pk}",
        remark=f"住院{MARK}丑",
    )
    leave_files(town, secretary, bird, home)
    leave_draft(town, home)
    merge_with_double(town, bird, home)
    close_issues(town)
    bird.refresh_from_db()
    return bird


def leave_files(town, secretary, bird, home):
    """A ledger that was sent in, a list that was taken away as a job, a superior's form that was filled."""
    row = ledger_row(NAME, "601", 身份证号=ID_NUMBER, 联系电话=PHONE)
    checked(town.secretary, "residents", town.community, ledger("residents", row), name=f"{NAME}台账.xlsx")
    through(secretary, simple_form(), in_full="on")
    sheet = Sheet.objects.ask(
        by=town.secretary, client_uuid=uuid4(), kind="residents", query="", words=NAME, purpose=f"核对{NAME}{MARK}寅"
    )
    sheet.keep(file=ledger("residents", row), rows=1)
    assert any(stands_in_file(whole_person(bird), fill.result) for fill in BlankFill.objects.all())


def leave_draft(town, home):
    """A form that was sent after the session had ended is kept in the session, encrypted."""
    with time_machine.travel(timezone.now() - timedelta(minutes=40), tick=False):
        browser = browser_of(town.grid_worker)
    url = reverse("household_edit", args=[home.pk])
    answer = browser.post(url, {"door": "601", "remark": f"写到一半：{NAME}{MARK}卯"})
    assert answer.status_code == 302
    assert any(session.get_decoded().get(KEPT) for session in Session.objects.all())


def merge_with_double(town, bird, home):
    """The person entered twice; the double, with its own remark, is merged into the row."""
    double = Resident.objects.add(
        by=town.secretary, client_uuid=uuid4(), household=home, name=NAME, remark=f"又录一次{MARK}辰", phone=PHONE
    )
    bird.refresh_from_db()
    Merge.objects.merge(by=town.secretary, client_uuid=uuid4(), kept=bird, gone=double, take=["remark"])


def close_issues(town):
    """As time goes by: nothing of what the person reported is open any more."""
    for issue in Issue.objects.open():
        Issue.objects.filter(pk=issue.pk).update(
            status="closed", closed_at=timezone.now(), closure_reason="resolved", result=f"已为{NAME}家维修{MARK}巳"
        )


@pytest.fixture
def second_admin(town):
    user = User.objects.create_user("district2", "demo-portal", name="沈园")
    Assignment.objects.assign(
        by=None, user=user, role=Role.DISTRICT_ADMIN, since=date(2020, 1, 1), division=town.district
    )
    return user


def clear(town, person, confirmer):
    """Propose and confirm through the pages; returns the proposal."""
    url = send(
        browser_of(town.secretary), reverse("purge_propose", args=[person.pk]), reason=f"{NAME}本人书面申请{MARK}午"
    ).url
    row = Purge.objects.latest("pk")
    assert url == row.get_absolute_url()
    assert MARK in browser_of(confirmer).get(url).content.decode()
    assert send(browser_of(confirmer), reverse("purge_confirm", args=[row.pk]), sure="on").url == url
    row.refresh_from_db()
    return row


# --- looking everywhere ---


def readable(value):
    """A stored value as texts: as it stands, decrypted if it is encrypted, unpacked if it is a file, unquoted if it is a form."""
    if isinstance(value, memoryview):
        value = bytes(value)
    if isinstance(value, bytes):
        yield from texts_of_bytes(value)
        return
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    yield from spellings(text)
    for token in re.findall(r"gAAAA[\w\-=]+", text):
        try:
            yield from texts_of_bytes(cipher().decrypt(token.encode()))
        except InvalidToken:
            continue


def spellings(text):
    yield text
    if "%" in text:
        yield unquote_plus(text)
    if "\\u" in text:
        yield re.sub(r"\\u([0-9a-f]{4})", lambda found: chr(int(found[1], 16)), text)


def texts_of_bytes(data):
    yield from spellings(data.decode("utf-8", errors="ignore"))
    with contextlib.suppress(ValueError):
        yield from texts_of_bytes(base64.b64decode(data, validate=True)) if len(data) > 40 else ()
    if data[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(data)) as book:
            for name in book.namelist():
                yield book.read(name).decode("utf-8", errors="ignore")


def every_row():
    """(table, column, text) of every value of every table of the database, Django's own and the tables between models included."""
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')
            columns = [column[0] for column in cursor.description]
            for row in cursor.fetchall():
                for column, value in zip(columns, row, strict=True):
                    if value is not None:
                        for text in readable(value):
                            yield table, column, text
    for session in Session.objects.all():
        for text in readable(json.dumps(session.get_decoded(), ensure_ascii=False)):
            yield "django_session", "decoded", text


def found_in_tables(words=CANARY + CANARY_SPELT):
    """{(table, column): words} of the canary in the database."""
    found = {}
    for table, column, text in every_row():
        for word in words:
            if word in text:
                found.setdefault((table, column), set()).add(word)
    return found


def found_in_cache():
    kept = getattr(cache, "_cache", {})
    return [key for key, value in kept.items() for word in CANARY if word.encode() in value or word in key]


class TestCanary:
    pytestmark = pytest.mark.django_db

    def test_the_canary_is_really_everywhere(self, town, canary):
        tables = {table for table, _column in found_in_tables()}
        assert tables >= {
            "communities_resident", "communities_household", "communities_careentry", "communities_lifeevent",
            "communities_suggestion", "communities_merge", "communities_roster", "communities_rosterpiece",
            "communities_blankfill", "communities_sheet", "visits_visit", "visits_visitrevision", "visits_opinion",
            "issues_issue", "issues_reporter", "journal_note", "journal_former", "journal_access", "django_session",
        }  # fmt: skip

    def test_and_afterwards_nowhere(self, town, canary, second_admin, caplog):
        caplog.set_level(logging.DEBUG)
        visits, issues = Visit.objects.count(), Issue.objects.count()
        entries, looks = Entry.objects.count(), Access.objects.count()
        row = clear(town, canary, second_admin)
        assert found_in_tables() == {}
        assert found_in_cache() == []
        assert not [word for word in CANARY if word in caplog.text]
        # What remains: a row without a name, the numbers, and who cleared it.
        canary.refresh_from_db()
        assert (canary.name, canary.phone, canary.born_on, canary.bigrams) == (PURGED, "", None, "")
        assert canary.purged_at and row.status == "done" and row.counts["register"] > 5
        assert (Visit.objects.count(), Issue.objects.count()) == (visits, issues)
        assert Entry.objects.count() > entries and Access.objects.count() == looks
        assert Entry.objects.get(verb="purge").subject_id == canary.pk
        assert not Former.objects.filter(entry__subject_type="communities.resident").exists()
        assert set(Note.objects.values_list("text", flat=True)) <= {PURGED}

    def test_the_search_finds_nothing_any_more(self, town, canary, second_admin):
        searches = [NAME, "jinsiniao", PHONE, PHONE[-4:]]
        client = browser_of(town.secretary)
        assert NAME[0] in client.post(reverse("resident_list"), {"q": NAME}).content.decode()
        clear(town, canary, second_admin)
        for words in searches:
            answer = client.post(reverse("search"), {"q": words})
            assert reverse("resident_detail", args=[canary.pk]) not in answer.content.decode()
        assert not Resident.objects.found_by(NAME).exists()
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT count(*) FROM communities_resident WHERE array_to_tsvector(string_to_array(bigrams, ' ')) @@ '''金丝'''"
                )
                assert cursor.fetchone() == (0,)

    def test_pages_of_a_purged_person_are_not_there(self, town, canary, second_admin):
        clear(town, canary, second_admin)
        client = browser_of(town.secretary)
        for page in (
            "resident_detail",
            "resident_edit",
            "resident_history",
            "resident_reveal",
            "resident_extract",
            "care_create",
        ):
            assert client.get(reverse(page, args=[canary.pk])).status_code == 404, page
        assert client.get(reverse("household_detail", args=[canary.household_id])).status_code == 200

    def test_others_of_the_household_keep_what_does_not_name_the_person(self, town, canary, second_admin):
        home = canary.household
        Resident.objects.add(by=town.secretary, client_uuid=uuid4(), household=home, name="赵六")
        kept = Visit.objects.log(
            by=town.cadre, client_uuid=uuid4(), household=home, outcome="met", situation="normal", summary="赵六在家"
        )
        gone = Visit.objects.log(
            by=town.cadre,
            client_uuid=uuid4(),
            household=home,
            outcome="met",
            situation="normal",
            summary=f"赵六说金丝鸟的电话是{PHONE[:3]} {PHONE[3:7]}-{PHONE[7:]}",
        )
        clear(town, canary, second_admin)
        kept.refresh_from_db()
        gone.refresh_from_db()
        assert (kept.summary, gone.summary) == ("赵六在家", PURGED)
        assert "赵六" not in gone.bigrams

    def test_an_issue_of_several_keeps_the_others(self, town, canary, second_admin):
        issue = Issue.objects.filter(reporters__resident=canary, channel="telephone").get()
        other = Reporter.objects.create(issue=issue, name="赵六", phone="13000000777")
        Issue.objects.filter(pk=issue.pk).update(text="电梯夹人", title="电梯夹人")
        clear(town, canary, second_admin)
        issue.refresh_from_db()
        other.refresh_from_db()
        assert (issue.text, other.name, other.phone) == ("电梯夹人", "赵六", "13000000777")
        assert set(issue.reporters.values_list("name", flat=True)) == {"赵六", PURGED}


@pytest.mark.django_db(transaction=True)
def test_the_files_of_the_database_hold_nothing_after_the_vacuum(town, canary, second_admin):
    """Rows that were overwritten lie in the database's files until they are vacuumed; ciphers of old values, too."""
    tokens = {token for _table, _column, text in every_row() for token in re.findall(r"gAAAA[\w\-=]{20,}", text)}
    before = {token for token in tokens if any(word in text for text in readable(token) for word in CANARY)}
    assert len(before) > 5
    stored = list(files_of_the_database())
    assert any(token[:60].encode() in data for token in before for _name, data in stored)
    assert any(NAME.encode() in data for _name, data in stored)
    clear(town, canary, second_admin)
    call_command("vacuum_purged", verbosity=0)
    wanted = [word.encode() for word in CANARY] + [token[:60].encode() for token in before]
    left = {(name, word[:30]) for name, data in files_of_the_database() for word in wanted if word in data}
    assert left == set()


def files_of_the_database():
    """(name, bytes) of the database's own files: tables, indexes, long values; of SQLite the file and its log."""
    if connection.vendor == "sqlite":
        file = Path(connection.settings_dict["NAME"])
        for path in file.parent.glob(f"{file.name}*"):
            yield path.name, path.read_bytes()
        return
    with connection.cursor() as cursor:
        cursor.execute("CHECKPOINT")
        cursor.execute(
            "SELECT relname, pg_relation_filepath(c.oid) FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace"
            " WHERE relkind IN ('r', 'i', 't', 'm') AND nspname IN ('public', 'pg_toast') AND relfilenode <> 0"
        )
        for name, path in cursor.fetchall():
            cursor.execute("SELECT pg_read_binary_file(%s)", [path])
            yield name, bytes(cursor.fetchone()[0])


def test_every_model_with_texts_says_what_becomes_of_them():
    """A model that holds what somebody typed stands in a purger, or says why its texts are never about a resident."""
    known = covered() | set(exempt())
    silent = {
        model._meta.label: [field.name for field in free_fields(model)]
        for model in apps.get_models()
        if free_fields(model)
        and model._meta.label_lower not in known
        and not model._meta.label_lower.startswith("shelf.")
    }
    assert silent == {}, "name it in a purger (@purges) or in holds_nothing(), in the purging module of its room"


def test_every_model_that_points_to_a_resident_is_purged():
    forgotten = {
        relation.related_model._meta.label_lower
        for relation in Resident._meta.related_objects
        if relation.related_model is not Resident
    } - covered()
    assert forgotten == set()


def test_nothing_is_both_cleared_and_said_to_hold_nothing():
    assert covered() & set(exempt()) == set()
