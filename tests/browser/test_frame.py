"""The frame in a real browser: nothing slides sideways on a small phone, menus obey the keyboard, a form is sent once."""

import re

import pytest
from playwright.sync_api import expect

from tests.town import PASSWORD, issue_at

pytestmark = pytest.mark.django_db(transaction=True)

SMALL = {"viewport": {"width": 320, "height": 640}}
DESK = {"viewport": {"width": 1280, "height": 800}}
PAGES = [
    "/",
    "/issues/",
    "/visits/",
    "/visits/m/",
    "/communities/",
    "/dashboard/",
    "/inbox/",
    "/accounts/",
    "/accounts/2fa/totp/activate/",
]


@pytest.fixture
def sign_in(browser, live_server):
    opened = []

    def sit_down(username, size, language="zh-CN"):
        context = browser.new_context(locale=language, base_url=live_server.url, **size)
        opened.append(context)
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.goto("/accounts/login/")
        page.fill("[name=login]", username)
        page.fill("[name=password]", PASSWORD)
        page.click("main form button.primary")
        expect(page.locator("html[data-ready]")).to_be_attached()
        return page

    yield sit_down
    for context in opened:
        context.close()


@pytest.mark.parametrize(("language", "large"), [("zh-CN", False), ("en-GB", True)])
def test_nothing_slides_sideways_or_breaks_the_content_policy(town, sign_in, language, large):
    issue = issue_at("in_progress", town)
    page = sign_in("secretary", SMALL, language)
    if large:
        town.secretary.prefer(elder=True)
    wrong = []
    page.on("console", lambda said: wrong.append(said.text) if "Content Security Policy" in said.text else None)
    for url in [*PAGES, issue.get_absolute_url(), "/issues/add/", f"/visits/add/{town.household.pk}/"]:
        page.goto(url)
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            wrong.append(url)
    assert page.locator("html[data-elder]").count() == large
    assert not wrong


def test_on_the_phone_targets_are_large_and_one_menu_holds_every_page(town, sign_in):
    page = sign_in("secretary", SMALL)
    for large, least in ((False, 44), (True, 60)):
        town.secretary.prefer(elder=large)
        page.goto("/issues/")
        for target in page.locator(".bar a, .top .btn, .search input, main .btn, nav.filters a").all():
            if target.is_visible():
                assert target.bounding_box()["height"] >= least, target.inner_html()
    page.click("details.account summary")
    for name in ("住户", "修改密码", "退出登录"):
        expect(page.locator("details.account").get_by_role("link", name=name, exact=True)).to_be_visible()


def test_on_the_desk_the_keyboard_suffices_and_a_form_leaves_once(town, sign_in):
    page = sign_in("secretary", DESK)
    page.goto("/inbox/")
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()

    menu = page.locator("details.account")
    menu.locator("summary").focus()
    page.keyboard.press("Enter")
    expect(menu.get_by_role("link").first).to_be_visible()
    page.keyboard.press("Escape")
    expect(menu).not_to_have_attribute("open", re.compile(""))
    expect(menu.locator("summary")).to_be_focused()

    sent = []
    page.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
    page.goto("/accounts/logout/")
    page.evaluate(
        "const button = document.querySelector('main form button'); for (const _ of [1, 2, 3]) button.click()"
    )
    page.wait_for_url(re.compile("/accounts/login/"))
    assert len(sent) == 1
