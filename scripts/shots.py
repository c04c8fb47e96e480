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
    "": ["account_login"],
}
# Photographed a second time in 长辈版, by the roles that use it.
ELDER = {"cadre", "grid", "secretary"}
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


def open_page(page, base: str, route: str) -> bool:
    """Open a page by its route; False if a list has no row to follow."""
    from django.urls import reverse

    first, *following = route.split(">")
    page.goto(base + reverse(first))
    for name in following:
        links = page.eval_on_selector_all("main a[href]", "links => links.map(link => link.href)")
        found = next((link for link in links if name_of(urlsplit(link).path) == name), None)
        if found is None:
            return False
        page.goto(found)
    page.wait_for_load_state("networkidle")
    return True


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


def photograph(browser, base: str, role: str) -> int:
    """All pages of one role; returns how many photographs were taken."""
    taken, state = 0, sign_in(browser, base, role)
    for language, locale in LANGUAGES.items():
        for width, height in WIDTHS.items():
            context = browser.new_context(
                base_url=base,
                locale=locale,
                timezone_id="Asia/Shanghai",
                storage_state=state,
                viewport={"width": width, "height": height},
                is_mobile=width < 600,
                has_touch=width < 600,
            )
            page = context.new_page()
            for route in PAGES[role]:
                name = f"{role or 'visitor'}-{route.split('>')[-1]}-{language}-{width}"
                if open_page(page, base, route):
                    page.screenshot(path=SHOTS / f"{name}.png", full_page=True)
                    taken += 1
                else:
                    print(f"{name}: nothing to follow", flush=True)
            context.close()
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
            print(f"{role or 'visitor'}: {photograph(browser, base, role)} photographs", flush=True)
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
