"""Ledgers that came in: one that was entered, one whose rows wait for corrections."""

from datetime import date
from io import BytesIO
from uuid import UUID

from openpyxl import Workbook

from communities.models import Compound, Roster
from communities.rosters.files import open_book
from communities.rosters.mapping import outline_of, propose
from foundation.jobs.running import run_waiting
from portal.demo.cast import HOME
from portal.demo.places import id_number

HEADINGS = [
    "小区",
    "楼栋",
    "单元",
    "门牌号",
    "姓名",
    "身份证号",
    "出生日期",
    "联系电话",
    "与户主关系",
    "人户情况",
    "备注",
]
# name, born, serial of the ID number (odd: a man), relation, where registered
FAMILIES = [
    [("石建军", date(1956, 3, 2), 601, "户主", "人户一致"), ("罗桂芳", date(1958, 11, 20), 602, "妻", "人户一致")],
    [("童小梅", date(1990, 6, 14), 604, "户主", "租户")],
    [
        ("汤志远", date(1971, 9, 30), 603, "户主", "人在户不在"),
        ("白玉华", date(1973, 2, 8), 606, "妻", "人在户不在"),
        ("汤一诺", date(2008, 5, 5), 608, "女儿", "人在户不在"),
    ],
]


def bring_in(cast):
    """The secretary's ledger of new neighbours, entered; and the rest of it, in which some cells are wrong."""
    by, home = cast.users["secretary"], cast.divisions[HOME]
    compound = Compound.objects.standing().filter(community=home).order_by("pk").first()
    entered = upload(by, home, "新入住居民台账.xlsx", [HEADINGS, *good_rows(compound)], number=1)
    entered.start_check(by=by)
    run_waiting()
    entered.refresh_from_db()
    entered.start_apply(by=by)
    waiting = upload(by, home, "六月走访补录.xlsx", [HEADINGS, *faulty_rows(compound)], number=2)
    waiting.start_check(by=by)
    run_waiting()


def good_rows(compound):
    for number, family in enumerate(FAMILIES, 1):
        for name, born, serial, relation, residency in family:
            yield [
                *(compound.name, "9号楼", "1", f"{number}01", name, id_number(born, serial=serial), None),
                *(f"13000000{serial}", relation, residency, None),
            ]


def faulty_rows(compound):
    """A little of everything that goes wrong in a ledger."""
    good = id_number(date(1949, 10, 1), serial=610)
    wrong = good[:17] + ("0" if good[17] != "0" else "1")
    at = [compound.name, "9号楼", "1"]
    yield [*at, "401", "柳国庆", wrong, None, "13000000611", "户主", None, None]
    yield [*at, "402", "方秀珍", 420199195205120088, None, "13000000612", "户主", None, None]
    yield [*at, "403", "申志强", None, "1953.4", "1300000061", "户主", None, None]
    yield ["没有登记的小区", "1号楼", "1", "101", "安大海", None, date(1960, 1, 2), None, "户主", None, None]
    yield [*at, None, "管春燕", None, "1966年8月9日", None, None, None, None]
    yield [*at, "404", "=E2", None, "1970-01-01", None, None, None, None]
    yield [*at, "４０５", "路小川", None, 27760, "１３００００００６１３", "户主", "租户", "按全角录入"]


def upload(by, division, name, rows, *, number):
    book = Workbook()
    for row in rows:
        book.active.append(row)
    written = BytesIO()
    book.save(written)
    with open_book(written.getvalue(), name) as opened:
        outline = outline_of(opened)
    roster = Roster.objects.receive(
        by=by,
        client_uuid=UUID(int=number),
        kind="residents",
        division=division,
        file_name=name,
        data=written.getvalue(),
        outline=outline,
    )
    found = propose("residents", division.code, outline)
    roster.map_columns(
        by=by, sheet=found.sheet, heading_row=found.heading_row, mapping=found.mapping, fingerprint=found.fingerprint
    )
    return roster
