"""A superior's form that the secretary has mapped, and one copy of it filled: 人口信息采集表, invented."""

from io import BytesIO
from uuid import UUID

from openpyxl import Workbook
from openpyxl.styles import Alignment, Border, Font, Side

from communities.blanks.filling import carry_out
from communities.blanks.layout import fingerprint_of, read_layout
from communities.blanks.registers import REGISTERS, known, suggest_fixed
from communities.models import BlankFill, Resident
from foundation.workbooks import open_workbook_safely
from portal.demo.cast import HOME

NAME = "人口信息采集表"
HEADINGS = [
    ("序号", 6), ("姓名", 12), ("性别", 8), ("出生日期", 14), ("年龄", 8), ("联系电话", 16), ("现住址", 44),
    ("户主姓名", 12), ("关爱等级", 12), ("备注", 16),
]  # fmt: skip
ROWS = 12


def fill(cast):
    """Bring the form, say what belongs where as suggested, and fill it with people on the care register of 橡林社区."""
    secretary, data = cast.users["secretary"], blank_form()
    layout = read_layout(open_workbook_safely(data), known)
    draft = BlankFill.objects.begin(
        by=secretary,
        client_uuid=UUID(int=cast.dice.getrandbits(128)),
        name=NAME,
        data=data,
        layout=layout,
        fingerprint=fingerprint_of(layout),
        area_path=HOME,
    )
    block = layout["blocks"][0]
    draft.form.map(by=secretary, name=NAME, mapping=as_suggested(layout, block))
    people = Resident.objects.visible_to(secretary).here().filter(care_level__isnull=False).order_by("pk")
    draft.choose(by=secretary, block=block["key"], pks=[person.pk for person in people[:ROWS]])
    carry_out(draft, by=secretary, purpose="街道办事处要求，核对关爱对象底数")


def as_suggested(layout, block):
    register = REGISTERS["residents"]
    fields = {heading: {"field": register.suggest(heading), "text": ""} for heading in block["headings"]}
    fixed = {cell["label"]: {"field": suggest_fixed(cell["label"]), "text": ""} for cell in layout["fixed"]}
    return {block["key"]: {"register": register.code, "fields": fields}, "fixed": fixed}


def blank_form():
    """A title, who fills it in, one row of headings, ten rows drawn, a row of signatures."""
    book = Workbook()
    sheet = book.active
    sheet.title = "采集表"
    last = len(HEADINGS)
    sheet["A1"] = NAME
    sheet["A1"].font = Font(size=16, bold=True)
    sheet["A1"].alignment = Alignment(horizontal="center")
    sheet["A2"] = "填报单位：                    填报日期：    年  月  日"
    for row in (1, 2):
        sheet.merge_cells(start_row=row, end_row=row, start_column=1, end_column=last)
    side = Side(style="thin")
    for column, (heading, width) in enumerate(HEADINGS, 1):
        sheet.cell(3, column, heading).font = Font(bold=True)
        sheet.column_dimensions[sheet.cell(3, column).column_letter].width = width
        for row in range(3, 14):
            sheet.cell(row, column).border = Border(side, side, side, side)
    for row in range(4, 14):
        sheet.cell(row, 4).number_format = "yyyy-mm-dd"
    sheet.cell(14, 1, "填表人：          审核人：          联系电话：")
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.paperSize = sheet.PAPERSIZE_A4
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    written = BytesIO()
    book.save(written)
    return written.getvalue()
