"""Blank forms as a superior sends them, made with openpyxl."""

from io import BytesIO

from openpyxl import Workbook
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.worksheet.datavalidation import DataValidation

THIN = Border(*[Side(style="thin")] * 4)
GREY = PatternFill("solid", fgColor="DDDDDD")


def bytes_of(book):
    written = BytesIO()
    book.save(written)
    return written.getvalue()


def simple_form(title="Sheet1"):
    """One row of headings in row 1, one drawn row below."""
    book = Workbook()
    sheet = book.active
    sheet.title = title
    for column, heading in enumerate(
        ["序号", "姓名", "性别", "出生日期", "身份证号码", "联系电话", "家庭住址", "备注"], 1
    ):
        sheet.cell(1, column, heading).font = Font(bold=True)
        sheet.cell(1, column).border = THIN
        cell = sheet.cell(2, column)
        cell.border = THIN
        cell.alignment = Alignment(horizontal="center")
    sheet["D2"].number_format = "yyyy/m/d"
    sheet.column_dimensions["E"].width = 22
    sheet.page_setup.orientation = "landscape"
    sheet.print_title_rows = "1:1"
    return bytes_of(book)


def banded_form(title="2026年重点人群信息采集表", sheets=("采集表", "填表说明"), *, rows=3):
    """A title, who fills it in, two rows of headings with merged cells, numbered columns, `rows` waiting rows, sums, signatures."""
    book = Workbook()
    sheet = book.active
    sheet.title = sheets[0]
    sheet["A1"] = title
    sheet.merge_cells("A1:H1")
    sheet["A1"].font = Font(size=18, bold=True)
    sheet["A2"] = "填报单位：____________        填报日期：    年  月  日"
    sheet.merge_cells("A2:H2")
    for cells, text in {
        "A3:A4": "序号",
        "B3:D3": "基本情况",
        "E3:F3": "居住地址",
        "G3:G4": "家庭人口",
        "H3:H4": "是否已走访",
    }.items():
        sheet[cells.split(":")[0]] = text
        sheet.merge_cells(cells)
    for place, text in {"B4": "姓名", "C4": "性别", "D4": "年龄", "E4": "小区", "F4": "门牌号"}.items():
        sheet[place] = text
    for column in range(1, 9):
        sheet.cell(5, column, column)  # the numbers of the columns
    last = 5 + rows
    for row in range(3, last + 2):
        for column in range(1, 9):
            sheet.cell(row, column).border = THIN
    for row in range(6, last + 1):
        sheet.cell(row, 1, row - 5)
        sheet.cell(row, 8, f'=IF(B{row}="","","是")')
        sheet.row_dimensions[row].height = 24
        sheet.cell(row, 2).fill = GREY
    total = last + 1
    sheet.cell(total, 1, "合计")
    sheet.merge_cells(start_row=total, end_row=total, start_column=1, end_column=6)
    sheet.cell(total, 7, f"=SUM(G6:G{last})")
    sheet.cell(total, 7).font = Font(bold=True)
    sheet.cell(total + 1, 1, "填表人：        审核人：        联系电话：")
    choice = DataValidation(type="list", formula1='"1-男,2-女"')
    choice.add(f"C6:C{last}")
    sheet.add_data_validation(choice)
    sheet.print_area = f"A1:H{total + 1}"
    book.create_sheet(sheets[1])["A1"] = "填表说明：本表由社区填写，请如实填报，不得漏项。"
    return bytes_of(book)


def card_form(title="登记卡"):
    """Labels with an empty cell to the right."""
    book = Workbook()
    sheet = book.active
    sheet.title = title
    sheet["A1"] = "居民情况登记卡"
    sheet.merge_cells("A1:D1")
    for row, (left, right) in enumerate(
        [("姓名", "性别"), ("出生年月", "联系电话"), ("身份证号", "民族"), ("家庭住址", "")], 2
    ):
        sheet.cell(row, 1, left)
        sheet.cell(row, 3, right or None)
        for column in range(1, 5):
            sheet.cell(row, column).border = THIN
    sheet.merge_cells("B5:D5")
    sheet["A7"] = "填表人："
    sheet.column_dimensions["B"].width = 24
    return bytes_of(book)
