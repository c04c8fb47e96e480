"""axe finds nothing on any page, in both languages, in normal and in large print, light and dark; nothing slides sideways at 360 px.

Every page of the table of tests/portal/test_roles.py is opened once by somebody who may open it; besides, everybody opens the
pages of his own navigation. Serious or minor: each finding fails.
"""

from dataclasses import dataclass

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.urls import reverse
from playwright.sync_api import Error

from tests.portal.register import rows_of
from tests.portal.test_navigation import ITEMS
from tests.portal.test_roles import EXPECTED, OWN, ROLES

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.once,  # a page looks the same whatever the database
]
AXE = Axe()
# Not among axe's defaults, but in WCAG 2.2 AA: what is pressed is 24 px large or stands apart.
OPTIONS = {"resultTypes": ["violations"], "rules": {"target-size": {"enabled": True}}}
WIDE = """[...document.querySelectorAll("main *")].filter(e => e.getBoundingClientRect().right > innerWidth + 1)
          .slice(0, 3).map(e => e.outerHTML.slice(0, 160))"""
PHONE, DESK = {"width": 360, "height": 740}, {"width": 1440, "height": 900}
STRANGERS = ["account_login", "password_forgotten", "account_inactive", "account_signup"]


@dataclass(frozen=True)
class View:
    """How the pages are looked at."""

    language: str
    size: dict
    elder: bool = False
    colours: str = "light"


# English words are the longest, and largest in large print: what fits there fits everywhere.
PHONES = {
    "Chinese": View("zh-hans", PHONE),
    "English in large print": View("en", PHONE, elder=True),
}
DESKS = {
    "English": View("en", DESK),
    "Chinese in large print, dark": View("zh-hans", DESK, elder=True, colours="dark"),
}
# Their pages are those of another role.
TWINS = {"deputy", "property", "outsider"}


def every_page(rows):
    """{role: its pages}: its navigation, and of all other pages those that nobody before it may open."""
    opened, pages = set(), {"": [reverse(name) for name in STRANGERS]}
    for column, (role, who) in enumerate(ROLES.items()):
        names = [
            name for name, (method, *statuses) in EXPECTED.items() if method == "GET" and statuses[column] == "200"
        ]
        navigation = set() if role in TWINS else set(ITEMS.get(who, "").split())
        pages[role] = [
            reverse(name, kwargs=rows.get(name)) for name in names if name not in opened or name in navigation
        ]
        opened |= set(names)
    pages["secretary"] += [reverse(name) for name, status in OWN.items() if status == 200]
    return pages


def main_pages(rows):
    """{role: the pages of its navigation}, and for the secretary the pages one works on."""
    pages = {
        role: [reverse(name) for name in ITEMS[ROLES[role]].split()] for role in ("secretary", "district", "auditor")
    }
    names = ("issue_detail", "issue_confirm", "visit_detail", "visit_create", "round_household", "household_detail")
    pages["secretary"] += [reverse(name, kwargs=rows[name]) for name in names]
    return pages | {"": [reverse("account_login")]}


@pytest.fixture
def walk(browser, live_server, town):
    """`walk(view, pages)`: open every page of every role as the view says; fails with all that is found."""

    def walking(view, pages, before=lambda page: None):
        found = {}
        for role, addresses in pages.items():
            context = browser.new_context(
                base_url=live_server.url,
                viewport=view.size,
                color_scheme=view.colours,
                locale="zh-CN" if view.language == "zh-hans" else "en-GB",
            )
            context.add_cookies(cookies(view, getattr(town, ROLES[role]) if role else None, live_server.url))
            page = context.new_page()
            for address in addresses:
                try:
                    response = page.goto(address)
                except Error as file:
                    assert "Download is starting" in str(file), address  # a file, nothing to look at
                    continue
                assert response.status < 500, address
                before(page)
                if findings := findings_on(page):
                    found[f"{role or 'stranger'} {address}"] = findings
            context.close()
        assert not found, "\n" + "\n".join(f"{where}: {findings}" for where, findings in found.items())

    return walking


def cookies(view, user, url):
    """The cookies of a browser in which this user is signed in and reads as the view says."""
    values = {settings.LANGUAGE_COOKIE_NAME: view.language, "elder": "on" if view.elder else "off"}
    if user is not None:
        user.prefer(language=view.language, elder=view.elder)
        session = SessionStore()
        session[SESSION_KEY] = str(user.pk)
        session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
        session[HASH_SESSION_KEY] = user.get_session_auth_hash()
        session.create()
        values[settings.SESSION_COOKIE_NAME] = session.session_key
    return [{"name": name, "value": value, "url": url} for name, value in values.items()]


def findings_on(page):
    """What axe finds, (rule, how bad, the first places), and what is wider than the screen."""
    violations = AXE.run(page, options=OPTIONS).response["violations"]
    found = [
        (finding["id"], finding["impact"], [node["html"][:160] for node in finding["nodes"][:3]])
        for finding in violations
    ]
    if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
        found.append(("slides sideways", "serious", page.evaluate(WIDE)))
    return found


@pytest.mark.parametrize("view", PHONES.values(), ids=PHONES)
def test_every_page_on_a_phone(walk, town, view):
    walk(view, every_page(rows_of(town)))


@pytest.mark.parametrize("view", DESKS.values(), ids=DESKS)
def test_main_pages_on_a_desk(walk, town, view):
    walk(view, main_pages(rows_of(town)))


def test_what_is_on_the_page_after_a_mistake(walk, town):
    """Refused forms, search results, pages that are not there and pages that are not allowed."""
    visit = reverse("visit_create", args=[town.household.pk])

    def send(page):
        if page.url.endswith(visit):
            page.click("main form button.primary")
            page.wait_for_selector("main [role=alert]")
        elif page.url.endswith(reverse("search")):
            page.fill("header [name=q]", "橡林")
            page.press("header [name=q]", "Enter")
            page.wait_for_selector("ul.rows")

    addresses = [
        visit,
        reverse("search"),
        "/dashboard/?since=2026-02-02&until=2026-01-01",
        "/nothing/here/",
        reverse("entry_list"),
    ]
    walk(PHONES["Chinese"], {"secretary": addresses}, before=send)
