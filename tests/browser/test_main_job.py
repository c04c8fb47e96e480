"""The whole loop through the pages, as five people walk it: a visit becomes an issue, is sent up, solved, verified, counted.

The cadre has a phone of 360 px, the others a desk of 1440 px.
"""

import re

import pytest
from playwright.sync_api import expect

from issues.models import Issue
from tests.town import PASSWORD
from visits.models import Visit

pytestmark = pytest.mark.django_db(transaction=True)

PHONE = {"viewport": {"width": 360, "height": 740}, "is_mobile": True, "has_touch": True}
DESK = {"viewport": {"width": 1440, "height": 900}}
# Counts what the browser itself took for a tap of the person, across pages of one tab.
COUNT_TAPS = """addEventListener("click", (event) => {
  if (event.isTrusted) sessionStorage.setItem("taps", Number(sessionStorage.getItem("taps") || 0) + 1);
}, true)"""
SAID = "电梯上到三楼会抖，老人不敢坐，请尽快来修。"


@pytest.fixture
def sit_down(browser, live_server):
    """A function that signs a person in at a phone or desk of their own and returns the page."""
    opened = []

    def sign_in(username, size):
        context = browser.new_context(locale="zh-CN", timezone_id="Asia/Shanghai", **size)
        opened.append(context)
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.goto(f"{live_server.url}/accounts/login/")
        page.fill("[name=login]", username)
        page.fill("[name=password]", PASSWORD)
        page.click("main form button.primary")
        expect(page.locator("html[data-ready]")).to_be_attached()
        assert "/accounts/login/" not in page.url
        return page

    yield sign_in
    for context in opened:
        context.close()


def open_move(page, issue, verb):
    """From the first page by its own link to the issue, and to the page of the verb."""
    page.click(f'a[href*="/issues/{issue.pk}/"] >> nth=0')
    if not re.search(rf"/issues/{issue.pk}/{verb}/$", page.url):
        if not re.search(rf"/issues/{issue.pk}/$", page.url):
            page.goto(re.sub(r"/issues/\d+/.*", f"/issues/{issue.pk}/", page.url))
        page.click(f'main a[href$="/issues/{issue.pk}/{verb}/"]')
    expect(page.locator("main form input[name=key]")).to_be_attached()


def send(page, issue):
    page.click("main form.form button.primary")
    page.wait_for_url(re.compile(rf"/issues/{issue.pk}/$"))
    issue.refresh_from_db()


def figures(page, live_server):
    """The dashboard's numbers by what they count: visits, opinions, issues raised, closed and open."""
    page.goto(f"{live_server.url}/dashboard/")
    tiles = page.locator(".stat")
    found = {}
    for index in range(tiles.count()):
        tile = tiles.nth(index)
        found[tile.locator("> span").first.inner_text()] = int(tile.locator("b a, b").first.inner_text().split("/")[0])
    return list(found.values())


def test_a_visit_becomes_an_issue_and_the_district_sees_it_closed(town, sit_down, live_server):
    district = sit_down("district", DESK)
    before = figures(district, live_server)

    # The cadre, on the phone: the common visit is two taps and no typing.
    phone = sit_down("cadre", PHONE)
    assert phone.url.endswith("/visits/m/")
    phone.add_init_script(COUNT_TAPS)
    phone.reload()
    phone.tap(f'a[href*="/visits/m/{town.household.pk}/"]')
    phone.tap("button[value=in_person]")
    expect(phone.locator(".toast")).to_be_visible()
    assert phone.evaluate("sessionStorage.getItem('taps')") == "2"
    visit = Visit.objects.get()
    assert (visit.outcome, visit.situation, visit.created_by) == ("met", "normal", town.cadre)

    # Something is to be noted, too: the resident's words become an issue.
    phone.tap('a[href*="/visits/add/"]')
    phone.check("[name=outcome][value=met]", force=True)
    phone.check("[name=situation][value=attention]", force=True)
    phone.fill("[name=opinions-0-text]", SAID)
    phone.select_option("[name=opinions-0-category]", str(town.lift.pk))
    phone.check("[name=opinions-0-handling][value=register]", force=True)
    phone.tap("form[data-visit] button.primary")
    phone.wait_for_url(re.compile(r"/visits/(m/)?\d+/"))
    assert phone.evaluate("document.documentElement.scrollWidth") <= 360
    issue = Issue.objects.get()
    assert (issue.text, issue.status, issue.household) == (SAID, "submitted", town.household)
    assert Visit.objects.count() == 2

    # The secretary registers it; it is beyond the community, so it goes up to the street.
    desk = sit_down("secretary", DESK)
    open_move(desk, issue, "register")
    send(desk, issue)
    assert issue.status == "registered"
    desk.click(f'main a[href$="/issues/{issue.pk}/send_up/"]')
    desk.fill("[name=note]", "电梯维修须由住建部门协调维保单位。")
    send(desk, issue)
    assert issue.desk.division == town.street

    # The street dispatches it; the catalogue's unit is preselected.
    street = sit_down("street", DESK)
    open_move(street, issue, "dispatch")
    send(street, issue)
    assert issue.status == "dispatched"
    assert issue.work_orders.get().unit == town.bureau

    # The bureau signs for it and reports what was done.
    bureau = sit_down("handler", DESK)
    open_move(bureau, issue, "sign")
    send(bureau, issue)
    bureau.click(f'main a[href$="/issues/{issue.pk}/report_done/"]')
    bureau.fill("[name=result]", "维保单位已更换曳引轮，检验合格，恢复运行。")
    send(bureau, issue)
    assert issue.status == "verifying"

    # Somebody else asks the resident, and closes it.
    desk.goto(f"{live_server.url}/")
    open_move(desk, issue, "confirm")
    desk.check("[name=reason][value=resolved]", force=True)
    desk.check("[name=satisfaction][value=satisfied]", force=True)
    send(desk, issue)
    assert (issue.status, issue.closure_reason) == ("closed", "resolved")
    timeline = desk.locator(".tl")
    for name in ("李秀兰", "周建平", "何立", "孙强"):
        expect(timeline).to_contain_text(name)

    # The district sees it: two visits, one opinion, one issue raised and closed, and each number opens its rows.
    after = figures(district, live_server)
    assert [new - old for old, new in zip(before, after, strict=True)][:4] == [2, 2, 1, 1]
    district.click('.stat b a[href^="/visits/"] >> nth=0')
    expect(district.locator("tbody tr")).to_have_count(2)
    district.goto(f"{live_server.url}/dashboard/")
    closed = district.locator('.stat b a[href*="figure=closed"]').first
    assert closed.inner_text() == "1"
    closed.click()
    expect(district.locator("main")).to_contain_text(issue.number)
