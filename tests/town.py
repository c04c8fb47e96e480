"""The shared world of the tests: one district with two streets, a neighbour district, and the people who work there.

Street 411702007 (橡林) has the communities …001 and …002 (the secretary's), street 411702001 one more; 210202 lies elsewhere.
People are named by their role; `deputy` stands in for `secretary`, `outsider` works in the other district.
"""

from datetime import date
from types import SimpleNamespace
from uuid import uuid4

import pytest
from django.core.management import call_command
from django.utils import timezone

from accounts.models import User
from communities.access import Role
from communities.models import Assignment, Building, Compound, Division, Household, LifeEvent, Resident, Unit
from issues.models import Category, DispatchRule, Issue

PLACES = [
    ("41", "河南省"),
    ("4117", "驻马店市"),
    ("411702", "驿城区"),
    ("411702007", "橡林街道"),
    ("411702007001", "文明社区居委会"),
    ("411702007002", "橡林社区居委会"),
    ("411702007002001", "橡林社区第一网格"),
    ("411702001", "人民街街道"),
    ("411702001004", "健康路社区居委会"),
    ("21", "辽宁省"),
    ("2102", "大连市"),
    ("210202", "中山区"),
    ("210202012", "老虎滩街道"),
    ("210202012004", "中兴社区居委会"),
]
LONG_AGO = date(2020, 1, 1)
PASSWORD = "demo-portal"


def person(username, name, role=None, *, place=None, unit=None, stands_in_for=None, email=""):
    user = User.objects.create_user(username, PASSWORD, name=name, email=email)
    if role:
        division = Division.objects.get(code=place) if place else None
        Assignment.objects.assign(
            by=None, user=user, role=role, since=LONG_AGO, division=division, unit=unit, stands_in_for=stands_in_for
        )
    return user


def write_reference():
    """The reference data, where a test with real transactions has emptied the database."""
    if not Category.objects.exists():
        call_command("load_reference", verbosity=0)


def build_town():
    """Write the town and return its places, units, people and rows as attributes."""
    write_reference()
    place = {}
    for code, name in PLACES:
        parent = place.get(code[:-3]) if len(code) > 6 else place.get(code[:-2])
        place[code] = Division.objects.establish(by=None, code=code, name=name, parent=parent, since=LONG_AGO)
    town = SimpleNamespace(
        district=place["411702"],
        street=place["411702007"],
        community=place["411702007002"],
        grid_area=place["411702007002001"],
        next_community=place["411702007001"],
        other_street=place["411702001"],
        other_community=place["411702001004"],
        far_community=place["210202012004"],
    )
    found = Unit.objects.found
    town.bureau = found(by=None, name="驿城区住房和城乡建设局", kind="bureau", division=town.district)
    town.property_unit = found(by=None, name="安居物业公司", kind="property", division=town.community)
    town.far_bureau = found(by=None, name="中山区住房和城乡建设局", kind="bureau", division=place["210202"])

    town.admin_of_district = person(
        "district", "郑敏", Role.DISTRICT_ADMIN, place="411702", email="district@example.org"
    )
    town.coordinator = person("street", "何立", Role.COORDINATOR, place="411702007", email="street@example.org")
    town.cadre = person("cadre", "李秀兰", Role.STREET_CADRE, place="411702007")
    town.secretary = person("secretary", "周建平", Role.SECRETARY, place="411702007002", email="secretary@example.org")
    town.grid_worker = person("grid", "吴晓", Role.GRID_WORKER, place="411702007002001")
    town.handler = person("handler", "孙强", Role.HANDLER, unit=town.bureau, email="handler@example.org")
    town.property_handler = person("property", "钱进", Role.HANDLER, unit=town.property_unit)
    town.deputy = person("deputy", "冯雪", Role.SECRETARY, place="411702007002", stands_in_for=town.secretary)
    town.outsider = person("outsider", "王海", Role.SECRETARY, place="210202012004")
    town.auditor = person("auditor", "褚明", Role.AUDITOR, place="411702")
    town.system_admin = person("admin", "卫东", Role.ADMIN)
    town.idle = person("idle", "陈平")

    town.compound = Compound.objects.add(
        by=town.secretary,
        client_uuid=uuid4(),
        community=town.community,
        grid=town.grid_area,
        name="橡林小区",
        management="property",
        property_unit=town.property_unit,
        stated_households=48,
    )
    town.building = Building.objects.add(by=town.secretary, compound=town.compound, name="3号楼")
    town.household = Household.objects.add(
        by=town.secretary, client_uuid=uuid4(), building=town.building, stair="1", door="201"
    )
    town.resident = Resident.objects.add(
        by=town.secretary,
        client_uuid=uuid4(),
        household=town.household,
        name="王秀英",
        sex="f",
        born_on=date(1942, 5, 6),
        phone="13000000123",
        id_number="420199194205060023",
        is_head=True,
        care_level=1,
    )
    town.far_compound = Compound.objects.add(
        by=town.outsider, client_uuid=uuid4(), community=town.far_community, name="海景小区"
    )
    town.lift = Category.objects.get(code="lift")
    town.sanitation = Category.objects.get(code="sanitation")
    DispatchRule.objects.create(category=town.lift, area_path="411702", unit=town.bureau)
    DispatchRule.objects.create(category=town.sanitation, area_path="411702007002", unit=town.property_unit)
    return town


@pytest.fixture
def reference(db):
    """For tests that need categories, limits and rules, but nobody of the town."""
    write_reference()


@pytest.fixture
def town(db):
    return build_town()


def new_issue(town, **facts):
    """A submitted issue of the town's household, recorded by the cadre unless said otherwise."""
    defaults = {
        "by": town.cadre,
        "client_uuid": uuid4(),
        "community": town.community,
        "compound": town.compound,
        "household": town.household,
        "category": town.lift,
        "title": "3号楼电梯异响",
        "text": "电梯上行时有异响，老人不敢乘坐。",
        "resident": town.resident,
        "channel": "visit",
    }
    return Issue.objects.report(**defaults | facts)


def issue_at(status, town, **facts):
    """An issue brought to this status by the verbs, along the way cadre → secretary → street → handler → secretary."""
    issue = new_issue(town, **facts)
    steps = {
        "registered": lambda: issue.register(by=town.secretary),
        "dispatched": lambda: (
            issue.send_up(by=town.secretary, note="需要专业部门处理"),
            issue.dispatch(by=town.coordinator, unit=town.bureau),
        ),
        "in_progress": lambda: issue.sign(by=town.handler),
        "verifying": lambda: issue.report_done(by=town.handler, result="已更换曳引轮并试运行，恢复使用。"),
        "closed": lambda: issue.confirm(by=town.secretary, reason="resolved", satisfaction="satisfied"),
    }
    if status == "submitted":
        return issue
    for reached, step in steps.items():
        step()
        if reached == status:
            return issue
    raise ValueError(status)


def life(town, kind, resident=None, *, on=None, by=None, **facts):
    """The entry that this happened to the resident (by default the town's) on this day (by default today), made by the secretary."""
    return LifeEvent.objects.enter(
        by=by or town.secretary,
        kind=kind,
        on=on or timezone.localdate(),
        client_uuid=uuid4(),
        resident=resident or town.resident,
        **facts,
    )
