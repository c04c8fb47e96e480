"""Three superiors' forms of different layout are mapped once in the browser; the second copy asks for no mapping.

What comes out is opened with openpyxl and compared, cell by cell, with the records, and style by style with the form.
"""

import re
from datetime import date
from io import BytesIO
from uuid import uuid4

import pytest
from django.utils import timezone
from openpyxl import load_workbook
from playwright.sync_api import expect

from communities.models import BlankFill, BlankForm, Resident
from tests.communities.forms_made import banded_form, card_form, simple_form
from tests.town import PASSWORD

# Excel is the same whatever the database.
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.once]

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@pytest.fixture
def people(town):
    """Four people in four dwellings, in the order in which one walks."""
    made = [town.resident]
    for door, name, facts in [
        ("301", "赵六", {"sex": "m", "born_on": date(1950, 1, 2), "phone": "13000000301"}),
        ("302", "钱多多", {"sex": "f", "born_on": date(2015, 11, 22)}),
        ("401", "孙七", {"sex": "m"}),
    ]:
        household = town.compound.add_household(by=None, client_uuid=uuid4(), building="3号楼", stair="1", door=door)
        made.append(
            Resident.objects.add(by=None, client_uuid=uuid4(), household=household, name=name, is_head=True, **facts)
        )
    return made


@pytest.fixture
def desk(browser, live_server, town):
    """The secretary, signed in at a desk."""
    context = browser.new_context(
        locale="zh-CN", timezone_id="Asia/Shanghai", viewport={"width": 1440, "height": 900}, accept_downloads=True
    )
    page = context.new_page()
    page.set_default_timeout(15_000)
    page.goto(f"{live_server.url}/accounts/login/")
    page.fill("[name=login]", "secretary")
    page.fill("[name=password]", PASSWORD)
    page.click("main form button.primary")
    expect(page.locator("html[data-ready]")).to_be_attached()
    yield page
    context.close()


def bring(page, live_server, data, name):
    """Upload a form; returns whether the portal asks what belongs where."""
    page.goto(f"{live_server.url}/communities/forms/add/")
    page.set_input_files("input[type=file]", {"name": name, "mimeType": XLSX, "buffer": data})
    page.click("main form.form button.primary")
    page.wait_for_url(re.compile(r"/(map/\?fill=\d+|rows/)$"))
    return "/map/" in page.url


def map_as_suggested(page):
    page.click("main form.form button.primary")
    page.wait_for_url(re.compile(r"/rows/$"))


def choose_everybody_and_fill(page, *, in_full=False):
    page.click("button[name=take][value=all]")
    page.click(".heading a.primary")
    page.wait_for_url(re.compile(r"/fill/$"))
    page.fill("[name=purpose]", "街道民政办11月底前要")
    if in_full:
        page.check("[name=in_full]")
    page.click("main form.form button.primary")
    page.wait_for_url(re.compile(r"/fills/\d+/$"))


def download(page, button=".heading button.primary"):
    with page.expect_download() as waiting:
        page.click(button)
    return load_workbook(BytesIO(waiting.value.path().read_bytes()))


def look(cell):
    return repr(cell.font), repr(cell.border), repr(cell.alignment)


def age(person):
    today = timezone.localdate()
    born = person.born_on
    return born and today.year - born.year - ((today.month, today.day) < (born.month, born.day))


def sex(person):
    return {"f": "女", "m": "男"}.get(person.sex)


def test_a_simple_table(desk, people, live_server):
    assert bring(desk, live_server, simple_form(), "民政表.xlsx")
    map_as_suggested(desk)
    choose_everybody_and_fill(desk, in_full=True)
    expect(desk.locator("#gaps")).to_be_visible()
    blank, book = load_workbook(BytesIO(simple_form()))["Sheet1"], download(desk)
    sheet = book["Sheet1"]
    for number, person in enumerate(people, 1):
        row = [cell.value for cell in sheet[number + 1]]
        assert row == [
            number,
            person.name,
            sex(person),
            person.born_on and timezone.datetime.combine(person.born_on, timezone.datetime.min.time()),
            person.id_number or None,
            person.phone or None,
            f"橡林社区橡林小区3号楼1单元{person.household.door}",
            None,
        ]
        for column in range(1, 9):
            cell, model = sheet.cell(number + 1, column), blank.cell(2, column)
            assert look(cell) == look(model)
    assert [cell.font.bold for cell in sheet[1]] == [True] * 8
    assert sheet.column_dimensions["E"].width == blank.column_dimensions["E"].width
    # Every filled cell stands in the second sheet, with the page of its record.
    sources = {row[1]: row for row in book["填报来源"].iter_rows(min_row=2, values_only=True)}
    for number, person in enumerate(people, 1):
        for letter in "BCDEFG":
            place = f"{letter}{number + 1}"
            assert sources[place][5] == ("已填" if sheet[place].value is not None else "缺项")
            assert sources[place][6].endswith(person.get_absolute_url())
    # The second time, with another name, nothing is asked.
    assert not bring(desk, live_server, simple_form("名单"), "下半年.xlsx")
    choose_everybody_and_fill(desk)
    again = download(desk, 'button[value="clean"]')
    assert again.sheetnames == ["名单"] and again["名单"]["F2"].value == "130****0123"
    assert (BlankForm.objects.count(), BlankFill.objects.count()) == (1, 2)


def test_two_rows_of_headings_with_title_and_sums(desk, people, live_server):
    assert bring(desk, live_server, banded_form(), "采集表.xlsx")
    map_as_suggested(desk)
    choose_everybody_and_fill(desk)
    blank, sheet = load_workbook(BytesIO(banded_form()))["采集表"], download(desk)["采集表"]
    for number, person in enumerate(people, 1):
        row = 5 + number
        listed = {"女": "2-女", "男": "1-男"}[sex(person)]
        assert [sheet.cell(row, column).value for column in range(1, 9)] == [
            number,
            person.name,
            listed,
            age(person),
            "橡林小区",
            person.household.door,
            1,
            f'=IF(B{row}="","","是")',
        ]
        for column in (2, 3, 5, 6, 7, 8):
            assert look(sheet.cell(row, column)) == look(blank.cell(6, column))
            assert repr(sheet.cell(row, column).fill) == repr(blank.cell(6, column).fill)
        assert sheet.row_dimensions[row].height == 24
    assert (sheet["A10"].value, sheet["G10"].value, sheet["G10"].font.bold) == ("合计", "=SUM(G6:G9)", True)
    assert sheet["A1"].value == blank["A1"].value and look(sheet["A1"]) == look(blank["A1"])
    assert {str(one) for one in sheet.merged_cells.ranges} >= {"A1:H1", "A3:A4", "B3:D3", "E3:F3", "A10:F10"}
    assert "橡林社区居委会" in sheet["A2"].value and sheet["A11"].value.startswith("填表人：周建平")
    # Another title, other sheet names, more rows: the same form.
    second = banded_form("2026年下半年人员信息表", ("表一", "说明"), rows=6)
    assert not bring(desk, live_server, second, "报送_最终版2.xlsx")
    choose_everybody_and_fill(desk)
    sheet = download(desk)["表一"]
    assert [sheet.cell(row, 2).value for row in range(6, 12)] == [*[person.name for person in people], None, None]
    assert sheet["G12"].value == "=SUM(G6:G11)"


def test_cards(desk, people, live_server):
    assert bring(desk, live_server, card_form(), "登记卡.xlsx")
    map_as_suggested(desk)
    choose_everybody_and_fill(desk, in_full=True)
    blank, book = load_workbook(BytesIO(card_form()))["登记卡"], download(desk)
    assert book.sheetnames == ["登记卡", "登记卡2", "登记卡3", "登记卡4", "填报来源"]
    for sheet, person in zip(book.worksheets, people, strict=False):
        assert (sheet["B2"].value, sheet["D2"].value) == (person.name, sex(person))
        assert sheet["B3"].value == (f"{person.born_on:%Y.%m}" if person.born_on else None)
        assert (sheet["D3"].value, sheet["B4"].value) == (person.phone or None, person.id_number or None)
        assert sheet["B5"].value == f"橡林社区橡林小区3号楼1单元{person.household.door}"
        assert sheet["A1"].value == blank["A1"].value and look(sheet["B2"]) == look(blank["B2"])
        assert {str(one) for one in sheet.merged_cells.ranges} == {"A1:D1", "B5:D5"}
    assert not bring(desk, live_server, card_form("表"), "卡片.xlsx")
