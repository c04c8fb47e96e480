"""A superior's form filled from the registers: cell by cell, with its look, and with where each cell comes from."""

from datetime import date
from io import BytesIO, StringIO
from uuid import uuid4

import pytest
from cryptography.fernet import Fernet
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.db import connection
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook

from communities.models import BlankFill, BlankForm, Household, Resident
from foundation.journal.models import Access
from tests.communities.conftest import filled
from tests.communities.forms_made import banded_form, card_form, simple_form

pytestmark = pytest.mark.django_db


@pytest.fixture
def people(town):
    """王秀英 in 201 with everything, 赵六 without phone and birth in 301, 钱多多 (=formula as a remark) in 302."""
    made = [town.resident]
    for door, name, facts in [
        ("301", "赵六", {"sex": "m"}),
        ("302", "钱多多", {"sex": "m", "born_on": date(2012, 11, 22), "phone": "13000000302", "is_head": True}),
    ]:
        household = town.compound.add_household(by=None, client_uuid=uuid4(), building="3号楼", stair="1", door=door)
        made.append(Resident.objects.add(by=None, client_uuid=uuid4(), household=household, name=name, **facts))
    return made


def bring(client, data, name="表.xlsx"):
    """Upload a form; returns the answer."""
    return client.post(reverse("blank_create"), {"client_uuid": uuid4(), "file": SimpleUploadedFile(name, data)})


def map_as_suggested(client, fill, **changed):
    url = f"{reverse('blank_map', args=[fill.form_id])}?fill={fill.pk}"
    return client.post(url, filled(client.get(url).context["form"]) | changed)


def choose_all(client, fill, query=""):
    return client.post(f"{reverse('blank_rows', args=[fill.pk])}{query}", {"take": "all"})


def fill_in(client, fill, **typed):
    url = reverse("blank_fill", args=[fill.pk])
    form = client.get(url).context["form"]
    return client.post(url, filled(form) | {"purpose": "街道民政办要求"} | typed)


def through(client, data, *, name="表.xlsx", **typed):
    """From the blank form to the filled one."""
    bring(client, data, name)
    fill = BlankFill.objects.latest("pk")
    if not fill.form.is_mapped:
        map_as_suggested(client, fill)
    choose_all(client, fill)
    assert fill_in(client, fill, **typed).status_code == 302
    return BlankFill.objects.get(pk=fill.pk)


def downloaded(client, fill, **posted):
    response = client.post(reverse("blank_fill_download", args=[fill.pk]), posted)
    assert response["Cache-Control"] == "no-store"
    return load_workbook(BytesIO(response.content))


class TestSimpleForm:
    def test_filled_cell_by_cell(self, town, people, sign_in):
        client = sign_in(town.secretary)
        fill = through(client, simple_form(), in_full="on")
        sheet = downloaded(client, fill)["Sheet1"]
        assert [cell.value for cell in sheet[2]] == [
            1, "王秀英", "女", timezone.datetime(1942, 5, 6), "420199194205060023", "13000000123",
            "橡林社区橡林小区3号楼1单元201", None,
        ]  # fmt: skip
        assert [sheet.cell(3, column).value for column in (1, 2, 4, 5, 6)] == [2, "赵六", None, None, None]
        assert (sheet["D2"].number_format, sheet["E2"].number_format, sheet["F2"].data_type) == ("yyyy/m/d", "@", "s")
        # The rows below look like the first one.
        assert sheet["B4"].alignment.horizontal == "center" and sheet["B4"].border.left.style == "thin"
        assert sheet["D4"].number_format == "yyyy/m/d"
        assert sheet.column_dimensions["E"].width == 22
        assert sheet.page_setup.orientation == "landscape" and sheet.print_title_rows == "$1:$1"

    def test_every_cell_says_where_it_comes_from(self, town, people, sign_in):
        client = sign_in(town.secretary)
        fill = through(client, simple_form())
        book = downloaded(client, fill)
        assert book.sheetnames == ["Sheet1", "填报来源"]
        lines = {row[1]: row for row in book["填报来源"].iter_rows(min_row=2, values_only=True)}
        assert lines["B2"][:6] == ("Sheet1", "B2", "姓名", "姓名", "王**", "已填")
        assert lines["B2"][6].endswith(people[0].get_absolute_url())
        assert lines["F3"][5] == "缺项"
        # Colour marks the gaps of the working copy, and only those.
        assert book["Sheet1"]["F3"].fill.fgColor.rgb == "00FFF2CC"
        assert book["Sheet1"]["B3"].fill.fill_type is None
        assert "王秀英" not in str(list(book["填报来源"].values))

    def test_the_copy_to_hand_in_is_the_form_alone(self, town, people, sign_in):
        client = sign_in(town.secretary)
        book = downloaded(client, through(client, simple_form()), copy="clean")
        assert book.sheetnames == ["Sheet1"] and book["Sheet1"]["F3"].fill.fill_type is None

    def test_numbers_are_masked_unless_asked_for_and_then_logged_for_each(self, town, people, sign_in):
        client = sign_in(town.secretary)
        sheet = downloaded(client, through(client, simple_form()))["Sheet1"]
        assert (sheet["E2"].value, sheet["F2"].value) == ("420199********0023", "130****0123")
        assert not Access.objects.filter(what__in=["phone", "id_number"]).exists()
        fill = through(client, simple_form(), in_full="on")
        shown = Access.objects.filter(what__in=["phone", "id_number"]).values_list(
            "what", "subject_id", "reason", "context"
        )
        label = f"communities.blankfill:{fill.pk}"
        assert sorted(shown) == sorted(
            [(what, people[0].pk, "街道民政办要求", label) for what in ("phone", "id_number")]
            + [("phone", people[2].pk, "街道民政办要求", label)]
        )

    def test_gaps_lead_to_where_they_are_mended(self, town, people, sign_in):
        client = sign_in(town.secretary)
        fill = through(client, simple_form())
        page = client.get(fill.get_absolute_url())
        assert fill.gaps == 4  # 赵六: birth, ID number, phone; 钱多多: ID number
        assert reverse("resident_edit", args=[people[1].pk]) in page.content.decode()
        assert "赵六" not in page.content.decode() and "赵*" in page.content.decode()

    def test_nothing_in_clear_outside_the_encrypted_files(self, town, people, sign_in):
        fill = through(sign_in(town.secretary), simple_form(), in_full="on")
        row = str(BlankFill.objects.filter(pk=fill.pk).values("trace", "selection", "layout", "purpose").get())
        assert "王秀英" not in row and "13000000123" not in row


class TestBandedForm:
    def test_more_rows_than_the_form_has(self, town, people, sign_in):
        for number in range(3):
            household = town.compound.add_household(
                by=None, client_uuid=uuid4(), building="4号楼", stair="2", door=f"10{number}"
            )
            Resident.objects.add(by=None, client_uuid=uuid4(), household=household, name=f"孙{number}", sex="f")
        client = sign_in(town.secretary)
        fill = through(client, banded_form())
        sheet = downloaded(client, fill)["采集表"]
        today = timezone.localdate()
        assert sheet["A2"].value.startswith("填报单位：橡林社区居委会  ")
        assert f"填报日期：{today.year}年{today.month}月{today.day}日" in sheet["A2"].value
        assert [sheet.cell(row, 1).value for row in range(6, 13)] == [1, 2, 3, 4, 5, 6, "合计"]
        assert [sheet.cell(row, 2).value for row in range(6, 12)] == ["王秀英", "赵六", "钱多多", "孙0", "孙1", "孙2"]
        assert sheet["C6"].value == "2-女"  # as the drop-down list has it
        assert sheet["G12"].value == "=SUM(G6:G11)" and sheet["G12"].font.bold
        assert sheet["H11"].value == '=IF(B11="","","是")' and sheet["H6"].value == '=IF(B6="","","是")'
        assert sheet["B11"].fill.fgColor.rgb == "00DDDDDD" and sheet.row_dimensions[11].height == 24
        merged = {str(one) for one in sheet.merged_cells.ranges}
        assert {"A1:H1", "A3:A4", "B3:D3", "A12:F12"} <= merged and "A9:F9" not in merged
        assert sheet["A13"].value.startswith("填表人：周建平")
        assert str(sheet.data_validations.dataValidation[0].sqref) == "C6:C11"
        assert sheet.print_area == "'采集表'!$A$1:$H$13"

    def test_fewer_rows_leave_the_form_as_it_is(self, town, sign_in):
        client = sign_in(town.secretary)
        sheet = downloaded(client, through(client, banded_form()))["采集表"]
        assert [sheet.cell(row, 1).value for row in range(6, 10)] == [1, 2, 3, "合计"]
        assert (sheet["B6"].value, sheet["B7"].value, sheet["G9"].value) == ("王秀英", None, "=SUM(G6:G8)")

    def test_the_sources_know_the_cells_after_they_moved(self, town, people, sign_in):
        client = sign_in(town.secretary)
        fill = through(client, banded_form(rows=1))
        book = downloaded(client, fill)
        for sheet, cell, heading, *_rest in book["填报来源"].iter_rows(min_row=2, values_only=True):
            if heading == "填表人":
                assert (sheet, cell) == ("采集表", "A10") and "周建平" in book[sheet][cell].value
                break
        else:
            pytest.fail("the signature has no source")


class TestCards:
    def test_a_sheet_for_each_person(self, town, people, sign_in):
        client = sign_in(town.secretary)
        book = downloaded(client, through(client, card_form()))
        assert book.sheetnames == ["登记卡", "登记卡2", "登记卡3", "填报来源"]
        assert [book[name]["B2"].value for name in book.sheetnames[:3]] == ["王秀英", "赵六", "钱多多"]
        first, third = book["登记卡"], book["登记卡3"]
        assert (first["B3"].value, third["B3"].value) == ("1942.05", "2012.11")
        assert "B5:D5" in {str(one) for one in third.merged_cells.ranges}
        assert third.column_dimensions["B"].width == 24 and third["B2"].border.left.style == "thin"
        assert first["A7"].value == "填表人：周建平"


class TestRemembered:
    def test_the_second_copy_asks_nothing_whatever_its_name_title_and_order_of_sheets(self, town, people, sign_in):
        client = sign_in(town.secretary)
        through(client, banded_form(), name="采集表.xlsx")
        answer = bring(client, banded_form("另一个标题", ("表一", "说明"), rows=5), name="第二次.xlsx")
        fill = BlankFill.objects.latest("pk")
        assert answer["Location"] == reverse("blank_rows", args=[fill.pk])
        assert BlankForm.objects.count() == 1
        choose_all(client, fill)
        fill_in(client, fill)
        assert downloaded(client, fill)["表一"]["B6"].value == "王秀英"

    def test_a_colleague_uses_it_and_an_outsider_does_not_see_it(self, town, people, sign_in):
        through(sign_in(town.secretary), simple_form())
        form = BlankForm.objects.get()
        bring(sign_in(town.deputy), simple_form(), name="x.xlsx")
        assert BlankForm.objects.count() == 1
        # A grid worker uses what the community has mapped, but does not change it.
        grid = sign_in(town.grid_worker)
        assert bring(grid, simple_form())["Location"].endswith("/rows/")
        assert grid.get(reverse("blank_map", args=[form.pk])).status_code == 403
        outsider = sign_in(town.outsider)
        assert outsider.get(reverse("blank_map", args=[form.pk])).status_code == 404
        bring(outsider, simple_form())
        assert BlankForm.objects.count() == 2

    def test_what_was_said_of_an_unknown_heading_is_suggested_for_another_form(self, town, sign_in):
        client = sign_in(town.secretary)
        bring(client, simple_form())
        fill = BlankFill.objects.latest("pk")
        map_as_suggested(client, fill, **{"field-0-7": "text", "text-0-7": "无"})
        data = load_workbook(BytesIO(simple_form()))
        data.active["H1"], data.active["C1"] = "备注", "备用"
        written = BytesIO()
        data.save(written)
        bring(client, written.getvalue())
        page = client.get(reverse("blank_map", args=[BlankForm.objects.latest("pk").pk]))
        assert page.context["form"]["field-0-7"].value() == "text"
        assert page.context["form"]["text-0-7"].value() == "无"


class TestRights:
    def test_who_only_looks_on_fills_no_forms(self, town, sign_in):
        for user in (town.auditor, town.handler, town.idle):
            client = sign_in(user)
            assert client.get(reverse("blank_list")).status_code == 403
            assert bring(client, simple_form()).status_code == 403
        assert not BlankForm.objects.exists()

    def test_a_filled_form_is_its_makers_own(self, town, people, sign_in):
        fill = through(sign_in(town.secretary), simple_form())
        for user in (town.deputy, town.coordinator, town.outsider):
            client = sign_in(user)
            for name in ("blank_fill_detail", "blank_rows", "blank_fill"):
                assert client.get(reverse(name, args=[fill.pk])).status_code == 404
            assert client.post(reverse("blank_fill_download", args=[fill.pk])).status_code == 404

    def test_rows_of_others_never_get_in(self, town, people, sign_in):
        far = Household.objects.get(pk=town.household.pk)
        client = sign_in(town.outsider)
        bring(client, simple_form())
        fill = BlankFill.objects.latest("pk")
        map_as_suggested(client, fill)
        client.post(reverse("blank_rows", args=[fill.pk]), {"take": "ticked", "row": [people[0].pk, far.pk]})
        fill.refresh_from_db()
        assert fill.selection in ({}, {fill.blocks[0]["key"]: []})
        # Nor by a selection that was allowed before.
        fill.choose(by=town.outsider, block=fill.blocks[0]["key"], pks=[people[0].pk])
        assert "王秀英" not in client.get(reverse("blank_fill", args=[fill.pk])).content.decode()


class TestTwiceAndWrong:
    def test_filling_twice_is_once(self, town, people, sign_in):
        client = sign_in(town.secretary)
        bring(client, simple_form())
        fill = BlankFill.objects.latest("pk")
        map_as_suggested(client, fill)
        choose_all(client, fill)
        url = reverse("blank_fill", args=[fill.pk])
        sent = filled(client.get(url).context["form"]) | {"purpose": "民政", "in_full": "on"}
        for _time in range(2):
            assert client.post(url, sent).status_code == 302
        assert Access.objects.filter(what="phone", subject_id=people[0].pk).count() == 1

    def test_the_same_upload_twice_is_one_draft(self, town, sign_in):
        client, uuid = sign_in(town.secretary), uuid4()
        for _time in range(2):
            sent = {"client_uuid": uuid, "file": SimpleUploadedFile("a.xlsx", simple_form())}
            assert client.post(reverse("blank_create"), sent).status_code == 302
        assert (BlankForm.objects.count(), BlankFill.objects.count()) == (1, 1)

    def test_without_a_purpose_nothing_is_filled(self, town, people, sign_in):
        client = sign_in(town.secretary)
        bring(client, simple_form())
        fill = BlankFill.objects.latest("pk")
        map_as_suggested(client, fill)
        choose_all(client, fill)
        assert fill_in(client, fill, purpose="").status_code == 200
        fill.refresh_from_db()
        assert not fill.is_filled and not fill.result

    def test_a_mapping_of_nothing_is_refused_and_what_was_typed_stays(self, town, sign_in):
        client = sign_in(town.secretary)
        bring(client, simple_form())
        fill = BlankFill.objects.latest("pk")
        empty = {f"field-0-{place}": "" for place in range(8)} | {"name": "民政表", "field-0-7": "text", "text-0-7": ""}
        answer = map_as_suggested(client, fill, **empty)
        assert answer.status_code == 200 and answer.context["form"]["name"].value() == "民政表"
        assert answer.context["form"].errors
        assert not BlankForm.objects.get().is_mapped

    def test_another_register_asks_again_with_its_fields(self, town, sign_in):
        client = sign_in(town.secretary)
        bring(client, simple_form())
        fill = BlankFill.objects.latest("pk")
        page = map_as_suggested(client, fill, **{"register-0": "households", "again": "yes"})
        assert page.status_code == 200
        assert page.context["form"]["field-0-1"].value() == "head_name"
        assert not BlankForm.objects.get().is_mapped

    @pytest.mark.parametrize(
        ("data", "word"),
        [
            (b"", "空"),
            (b"\xd0\xcf\x11\xe0" + b"0" * 600, ".xls"),
            (b"PK\x03\x04 nonsense", "xlsx"),
            (b"x" * 6_000_000, "5 MB"),
        ],
    )
    def test_files_that_are_no_forms(self, town, sign_in, data, word):
        answer = bring(sign_in(town.secretary), data)
        assert answer.status_code == 200 and word in str(answer.context["form"].errors["file"])
        assert not BlankForm.objects.exists()

    def test_kept_thirty_days_and_not_longer(self, town, people, sign_in):
        client = sign_in(town.secretary)
        fill = through(client, simple_form())
        assert BlankFill.objects.clear_outlived(fill.keep_until) == 0
        assert BlankFill.objects.clear_outlived(fill.keep_until + timezone.timedelta(days=1)) == 1
        fill.refresh_from_db()
        assert (fill.file, fill.result, fill.trace, fill.selection) == (b"", b"", [], {})
        assert client.get(fill.get_absolute_url()).status_code == 200
        assert client.post(reverse("blank_fill_download", args=[fill.pk])).status_code == 404

    def test_a_purged_person_stands_in_no_kept_form(self, town, people, sign_in):
        fill = through(sign_in(town.secretary), simple_form())
        assert BlankFill.objects.clear_of("communities.resident:987654") == 0
        assert BlankFill.objects.clear_of(f"communities.resident:{people[0].pk}") == 1
        fill.refresh_from_db()
        assert fill.is_cleared


def test_the_number_of_queries_does_not_grow_with_the_rows(town, people, sign_in, sql_count):
    client = sign_in(town.secretary)
    bring(client, simple_form())
    fill = BlankFill.objects.latest("pk")
    map_as_suggested(client, fill)
    choose_all(client, fill)
    with sql_count() as few:
        client.get(reverse("blank_fill", args=[fill.pk]))
    for number in range(20):
        Resident.objects.add(by=None, client_uuid=uuid4(), household=town.household, name=f"李{number}号")
    choose_all(client, fill)
    with sql_count(at_most=len(few)):
        client.get(reverse("blank_fill", args=[fill.pk]))


def test_files_are_encrypted_and_follow_new_keys(town, sign_in, settings):
    bring(sign_in(town.secretary), simple_form())
    fill, data = BlankFill.objects.get(), simple_form()

    def stored():
        with connection.cursor() as cursor:
            cursor.execute("SELECT file FROM communities_blankfill")
            return cursor.fetchone()[0]

    before = stored()
    assert load_workbook(BytesIO(fill.file)).active["B1"].value == "姓名" and "PK" not in before[:4]
    settings.ENCRYPTION_KEYS = [Fernet.generate_key().decode(), *settings.ENCRYPTION_KEYS]
    call_command("rotate_keys", stdout=StringIO())
    assert stored() != before
    settings.ENCRYPTION_KEYS = settings.ENCRYPTION_KEYS[:1]
    assert len(BlankFill.objects.get().file) == len(fill.file) > 0 and data[:2] == b"PK"
