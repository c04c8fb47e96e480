"""Photograph the main pages of every role into shots/: Chinese and English, phone and desk, some in 长辈版.

make shots                          everything, on a temporary database with the demo
make shots ARGS="secretary cadre"   only these roles
BASE=http://localhost:8000 make shots   a server that runs already, with the demo loaded
"""

import os
import sys
from contextlib import nullcontext
from pathlib import Path
from urllib.parse import urlsplit

import machine
from embedded import embedded_server

ROOT = Path(__file__).resolve().parent.parent
SHOTS = ROOT / "shots"
PASSWORD = "demo-portal"
WIDTHS = {360: 740, 1440: 900}
LANGUAGES = {"zh": "zh-CN", "en": "en-US"}
# Role -> pages by URL name. "list>detail" opens the list and follows its first link to a page of that name.
PAGES = {
    "": ["account_login", "password_forgotten"],
    "cadre": [
        "round_list",
        "round_list>round_household",
        "round_list>round_household>visit_create",
        "visit_list",
        "visit_list>visit_detail",
        "household_list",
        "household_list>household_detail",
        "inbox_list",
    ],
    "grid": ["round_list", "round_list>round_household", "household_list>household_detail>resident_create"],
    "secretary": [
        "issue_desk",
        "issue_list",
        "issue_list>issue_detail",
        "issue_create",
        "division_list",
        "division_list>division_detail",
        "compound_list",
        "compound_list>compound_detail",
        "compound_list>compound_detail>compound_edit",
        "household_list>household_detail",
        "visit_list",
        "opinion_list",
        "dashboard",
        "inbox_list",
        "account_overview",
    ],
    "deputy": ["issue_desk", "issue_list>issue_detail"],
    "street": ["issue_desk", "issue_list", "issue_list>issue_detail", "dashboard", "compound_list"],
    "handler": ["issue_desk", "issue_list", "issue_list>issue_detail"],
    "property": ["issue_desk", "issue_list>issue_detail"],
    "district": [
        "dashboard",
        "dashboard>dashboard_division",
        "issue_list",
        "division_list",
        "compound_list",
        "unit_list",
        "unit_list>unit_detail",
        "staff_list",
        "staff_list>staff_detail",
        "feedback_list",
        "feedback_create",
    ],
    "auditor": ["entry_list", "access_list", "issue_list", "dashboard"],
    "admin": ["staff_list", "staff_create", "delivery_list", "workday_list"],
    "outsider": ["issue_desk"],
}
# Photographed a second time in 长辈版, in Chinese.
ELDER = {
    "cadre": ["round_list", "round_list>round_household", "round_list>round_household>visit_create", "visit_list"],
    "grid": ["round_list", "round_list>round_household"],
    "secretary": ["issue_desk", "issue_list>issue_detail", "household_list>household_detail", "dashboard"],
}
CHROMIUM_FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--hide-scrollbars"]


def set_up_urls():
    """Django's URL map, to write pages by name; the scripts' own database is not touched."""
    sys.path.insert(0, str(ROOT))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    import django

    django.setup()


def name_of(path: str) -> str:
    from django.urls import Resolver404, resolve

    try:
        return resolve(path).url_name or ""
    except Resolver404:
        return ""


def open_page(page, base: str, route: str) -> str:
    """Open a page by its route; returns what went wrong, "" if nothing."""
    from django.urls import NoReverseMatch, reverse

    first, *following = route.split(">")
    try:
        answer = page.goto(base + reverse(first))
    except NoReverseMatch:
        return f"there is no page {first}"
    for name in following:
        links = page.eval_on_selector_all("main a[href]", "links => links.map(link => link.href)")
        found = next((link for link in links if name_of(urlsplit(link).path) == name), None)
        if found is None:
            return f"no link to {name} on {page.url}"
        answer = page.goto(found)
    if page.query_selector("[hx-trigger*=load]"):
        page.wait_for_load_state("networkidle")
    return "" if answer.ok else f"{page.url} answered {answer.status}"


def sign_in(browser, base: str, role: str):
    """Cookies of this role, signed in once and used in every language and width; None for a visitor."""
    if not role:
        return None
    context = browser.new_context(locale="zh-CN")
    page = context.new_page()
    page.goto(f"{base}/accounts/login/")
    page.fill("[name=login]", role)
    page.fill("[name=password]", PASSWORD)
    page.press("[name=password]", "Enter")
    page.wait_for_url(lambda url: "/accounts/login" not in url)
    state = context.storage_state()
    context.close()
    return state


def switch_elder(browser, base: str, state, on: bool) -> None:
    """Turn 长辈版 on or off for the account that is signed in."""
    from django.urls import reverse

    context = browser.new_context(storage_state=state)
    context.request.get(base + reverse("account_overview"))
    token = next(cookie["value"] for cookie in context.cookies() if cookie["name"] == "csrftoken")
    form = {"elder": "on" if on else "off", "csrfmiddlewaretoken": token}
    context.request.post(base + reverse("elder_switch"), form=form)
    context.close()


def photograph(browser, base: str, state, role: str, routes: list[str], language: str, width: int, mark="") -> int:
    """These pages in one language and width; returns how many photographs were taken."""
    taken, is_phone = 0, width < 600
    context = browser.new_context(
        locale=LANGUAGES[language],
        timezone_id="Asia/Shanghai",
        storage_state=state,
        viewport={"width": width, "height": WIDTHS[width]},
        is_mobile=is_phone,
        has_touch=is_phone,
    )
    page = context.new_page()
    for route in routes:
        name = f"{role or 'visitor'}-{route.split('>')[-1]}-{language}-{width}{mark}"
        wrong = open_page(page, base, route)
        if wrong:
            print(f"{name}: {wrong}", flush=True)
        else:
            page.screenshot(path=SHOTS / f"{name}.png", full_page=True)
            taken += 1
    context.close()
    return taken


def photograph_role(browser, base: str, role: str) -> int:
    state = sign_in(browser, base, role)
    taken = sum(
        photograph(browser, base, state, role, PAGES[role], language, width)
        for language in LANGUAGES
        for width in WIDTHS
    )
    if role in ELDER:
        switch_elder(browser, base, state, True)
        taken += sum(photograph(browser, base, state, role, ELDER[role], "zh", width, "-elder") for width in WIDTHS)
        switch_elder(browser, base, state, False)
    return taken


def main() -> int:
    if machine.provide("browser", "chinese-font"):
        return 2
    from playwright.sync_api import sync_playwright

    set_up_urls()
    roles = sys.argv[1:] or list(PAGES)
    SHOTS.mkdir(exist_ok=True)
    given = os.environ.get("BASE")
    with nullcontext(given.rstrip("/")) if given else embedded_server() as base, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=machine.find_browser(), args=CHROMIUM_FLAGS)
        for role in roles:
            print(f"{role or 'visitor'}: {photograph_role(browser, base, role)} photographs", flush=True)
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
