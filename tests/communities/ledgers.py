"""Ledgers for the tests: real .xlsx files made by openpyxl, and the way of a roster through upload, check, entry and back."""

from io import BytesIO
from uuid import uuid4

from openpyxl import Workbook

from communities.models import Roster
from communities.rosters.files import open_book
from communities.rosters.mapping import outline_of, propose
from foundation.jobs.running import run_waiting

HEADINGS = {
    "residents": ["小区", "楼栋", "单元", "门牌号", "姓名", "性别", "身份证号", "出生日期", "联系电话"],
    "households": ["小区", "楼栋", "单元", "门牌号", "居住状况", "备注"],
    "compounds": ["小区名称", "网格", "类型", "管理方式", "物业公司", "户数", "地址"],
    "units": ["单位名称", "单位类型", "办公电话", "地址"],
    "staff": ["姓名", "用户名", "手机号", "电子邮箱", "办公电话", "角色", "工作地点", "任职日期"],
}


def with_check_digit(first17):
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return first17 + "10X98765432"[sum(int(d) * w for d, w in zip(first17, weights, strict=True)) % 11]


def id_of(born="19500101", serial=4):
    """An ID number on a county code that does not exist; odd serials are men."""
    return with_check_digit(f"420199{born}{serial:03d}")


def workbook(rows, *, title="台账", change=None):
    """The bytes of an .xlsx with these rows; `change(book, sheet)` may spoil it before it is saved."""
    book = Workbook()
    sheet = book.active
    sheet.title = title
    for row in rows:
        sheet.append(row)
    if change:
        change(book, sheet)
    written = BytesIO()
    book.save(written)
    return written.getvalue()


def ledger(kind, *rows, headings=None, change=None):
    """A ledger with the usual headings of its kind in row 1 and the data from row 2."""
    return workbook([headings or HEADINGS[kind], *rows], change=change)


def resident(name="赵大海", door="101", **facts):
    """A row of HEADINGS["residents"] in the town's compound."""
    cells = {"小区": "橡林小区", "楼栋": "3号楼", "单元": "1", "门牌号": door, "姓名": name} | facts
    return [cells.get(heading) for heading in HEADINGS["residents"]]


def row_of(kind, **facts):
    return [facts.get(heading) for heading in HEADINGS[kind]]


def upload(by, kind, division, data, name="台账.xlsx"):
    """The roster with the mapping that is guessed; not checked yet."""
    with open_book(data, name) as book:
        outline = outline_of(book)
    roster = Roster.objects.receive(
        by=by, client_uuid=uuid4(), kind=kind, division=division, file_name=name, data=data, outline=outline
    )
    found = propose(kind, division.code, roster.outline)
    roster.map_columns(
        by=by, sheet=found.sheet, heading_row=found.heading_row, mapping=found.mapping, fingerprint=found.fingerprint
    )
    return roster


def at_work(roster):
    """Run what was started and give the roster as it stands then."""
    run_waiting()
    return Roster.objects.get(pk=roster.pk)


def checked(by, kind, division, data, name="台账.xlsx"):
    roster = upload(by, kind, division, data, name)
    roster.start_check(by=by)
    return at_work(roster)


def applied(by, kind, division, data, name="台账.xlsx"):
    roster = checked(by, kind, division, data, name)
    roster.start_apply(by=by)
    return at_work(roster)


def reverted(roster, by):
    roster.start_revert(by=by, reason="传错了台账")
    return at_work(roster)


def faults(roster):
    """{(row, column, code)} of what was found wrong."""
    return set(roster.faults.filter(is_hint=False).values_list("row", "column", "code"))


def hints(roster):
    return set(roster.faults.filter(is_hint=True).values_list("row", "column", "code"))


def counts(roster):
    return {name: roster.counts[name] for name in ("new", "changed", "same", "faulty")}
