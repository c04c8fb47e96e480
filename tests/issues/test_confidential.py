"""A confidential issue: counted everywhere, but its words and its reporter reach nobody whose business they are not."""

from io import BytesIO

import pytest
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook

from foundation.journal.models import Access
from foundation.notices.models import Notice
from issues.models import Issue
from issues.reminders import remind_issues
from issues.workflow import MOVES
from tests.town import issue_at

# Canaries: none of these may reach anybody outside the circle.
TITLE = "举报物业金丝雀标题"
TEXT = "金丝雀原话：保安半夜放人进来"
ADDRESS = "金丝雀门洞"
NAME = "金丝雀娘"
PHONE = "13000000987"
CANARIES = (TITLE, TEXT, ADDRESS, NAME, "金**", PHONE, "130****0987", "1单元 201")
OUTSIDE = ("coordinator", "admin_of_district", "grid_worker", "auditor", "property_handler")
INSIDE = ("secretary", "deputy", "cadre", "handler")


@pytest.fixture
def secret(town):
    """Recorded by the cadre, signed for by the bureau's handler."""
    return issue_at(
        "in_progress",
        town,
        title=TITLE,
        text=TEXT,
        address=ADDRESS,
        resident=None,
        reporter_name=NAME,
        reporter_phone=PHONE,
        anonymity="confidential",
    )


def pages_of(browser, issue):
    """Everything that a browser can get out of the portal about issues, as (name, text)."""
    addresses = [reverse(name) for name in ("issue_desk", "issue_list")]
    addresses += [reverse("issue_list") + query for query in ("?status=", "?queue=waiting", "?status=in_progress")]
    addresses += [reverse(f"issue_{name}", args=[issue.pk]) for name in ("detail", "print", *MOVES)]
    addresses += [reverse("inbox_list")]
    for url in addresses:
        yield url, browser.get(url).content.decode()
    for words in (issue.number, TITLE, "金丝雀", ADDRESS, NAME, PHONE):
        answer = browser.post(reverse("issue_list"), {"q": words})
        # what was searched for stands in the search box; nothing else may
        yield f"search {words}", "".join(f"{row.title} {row.place}" for row in answer.context["rows"])
    for words in ("金丝雀", "保安半夜", issue.number):
        yield f"search everywhere {words}", browser.post(reverse("search"), {"q": words}).content.decode()
    yield "reveal", browser.post(reverse("issue_reveal", args=[issue.pk]), {"reason": "想看看是谁"}).content.decode()
    answer = browser.post(reverse("issue_export") + "?status=", {"purpose": "周例会汇总"})
    book = load_workbook(BytesIO(answer.content)).active
    yield "export", "".join(str(cell) for row in book.iter_rows(values_only=True) for cell in row)


@pytest.mark.parametrize("who", OUTSIDE)
def test_no_canary_gets_out(town, at_work, secret, who):
    browser = at_work(getattr(town, who))
    for name, text in pages_of(browser, secret):
        assert not [canary for canary in CANARIES if canary in text], (who, name)
    assert not Access.objects.filter(what="phone").exists()


@pytest.mark.parametrize("who", INSIDE)
def test_the_circle_sees_the_words(town, at_work, secret, who):
    browser = at_work(getattr(town, who))
    page = browser.get(secret.get_absolute_url()).content.decode()
    assert TITLE in page and TEXT in page
    assert [row.title for row in browser.get(reverse("issue_list")).context["rows"]] == [TITLE]
    assert [row.issue for row in browser.post(reverse("issue_list"), {"q": "金丝雀"}).context["rows"]] == [secret]


@pytest.mark.parametrize("who", ["coordinator", "admin_of_district", "auditor", "grid_worker"])
def test_the_row_stays_in_every_list_and_count(town, at_work, secret, who):
    browser = at_work(getattr(town, who))
    (row,) = browser.get(reverse("issue_list")).context["rows"]
    assert (row.issue, row.title, row.is_whole) == (secret, "电梯运行", False)
    assert [row.issue for row in browser.post(reverse("issue_list"), {"q": secret.number}).context["rows"]] == [secret]


def test_who_is_handler_no_more_sees_the_words_no_more(town, at_work, secret):
    secret.send_up(by=town.coordinator, note="上报区级")
    assert at_work(town.handler).get(secret.get_absolute_url()).status_code == 404


def test_a_unit_sees_the_words_when_it_has_signed(town, at_work):
    issue = issue_at("dispatched", town, title=TITLE, text=TEXT, anonymity="confidential")
    browser = at_work(town.handler)
    assert TEXT not in browser.get(issue.get_absolute_url()).content.decode()
    issue.sign(by=town.handler)
    assert TEXT in browser.get(issue.get_absolute_url()).content.decode()


def test_who_registers_without_seeing_the_title_does_not_change_it(town, act):
    issue = issue_at("submitted", town, title=TITLE, anonymity="confidential")
    answer = act(town.coordinator, issue, "register", urgency="urgent")
    assert answer.status_code == 302
    assert Issue.objects.get().title == TITLE


def test_notices_and_journal_hold_no_words(town, secret, time_machine):
    time_machine.move_to(secret.due_at + timezone.timedelta(days=20), tick=False)
    remind_issues(now=timezone.now())
    assert Notice.objects.exists()
    told = "".join(f"{notice.title}{notice.params}{notice.once}" for notice in Notice.objects.all())
    assert not [canary for canary in CANARIES if canary in told]
