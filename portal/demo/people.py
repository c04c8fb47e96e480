"""Accounts of the demonstration (product.md) and the colleagues whom they need around them."""

from datetime import date, timedelta

from django.contrib.auth.hashers import make_password
from django.utils import timezone

from accounts.models import User
from communities.access import NEEDS_SECOND_FACTOR, Role
from communities.models import Assignment
from portal.demo.cast import DISTRICT, HOME, RENMINJIE, XIANGLIN
from portal.demo.words import GIVEN, SURNAMES

PASSWORD = "demo-portal"
SINCE = date(2021, 9, 1)

# user name, name, role, place or unit
ACCOUNTS = [
    ("district", "郑敏", Role.DISTRICT_ADMIN, DISTRICT),
    ("street", "何立", Role.COORDINATOR, XIANGLIN),
    ("cadre", "李秀兰", Role.STREET_CADRE, XIANGLIN),
    ("secretary", "周建平", Role.SECRETARY, HOME),
    ("grid", "吴晓", Role.GRID_WORKER, f"{HOME}001"),
    ("handler", "孙强", Role.HANDLER, "驿城区住房和城乡建设局"),
    ("property", "钱进", Role.HANDLER, "安居物业服务有限公司"),
    ("deputy", "冯雪", Role.SECRETARY, HOME),
    ("outsider", "王海", Role.SECRETARY, "210202012004"),
    ("auditor", "褚明", Role.AUDITOR, DISTRICT),
    ("admin", "卫东", Role.ADMIN, None),
]


def accounts(cast):
    """The accounts of product.md, and for every community of both streets a secretary who cannot sign in."""
    # One hash for all: making twelve takes longer than everything else here.
    password = make_password(PASSWORD)
    for username, name, role, where in ACCOUNTS:
        write(cast, username, name, role, where, password=password)
    deputy = cast.users["deputy"].assignments.get()
    today = timezone.localdate(cast.now)
    deputy.stands_in_for = cast.users["secretary"]
    deputy.since, deputy.until = today - timedelta(days=3), today + timedelta(days=11)
    deputy.save()
    cast.secretaries[HOME] = cast.users["secretary"]
    cast.coordinators[XIANGLIN] = cast.users["street"]
    cast.coordinators[RENMINJIE] = write(cast, f"street-{RENMINJIE}", "丁红", Role.COORDINATOR, RENMINJIE)
    for street in (XIANGLIN, RENMINJIE):
        for community in cast.places(street):
            if community.code != HOME:
                name = cast.pick(SURNAMES) + cast.pick(GIVEN)
                cast.secretaries[community.code] = write(
                    cast, f"secretary-{community.code}", name, Role.SECRETARY, community.code
                )
    for number, name in ((2, "蒋涛"), (3, "沈洁")):
        write(cast, f"grid-{number}", name, Role.GRID_WORKER, f"{HOME}00{number}")
    for unit in ("驿城区城市管理局", "驿城区民政局", "驿城区供水公司"):
        write(cast, f"handler-{cast.units[unit].pk}", cast.pick(SURNAMES) + cast.pick(GIVEN), Role.HANDLER, unit)


def write(cast, username, name, role, where, *, password="!"):
    """One user with one post; `where` is a division code, a unit's name or None. "!" is a password nobody can type."""
    number = len(cast.users) + 1
    user = User(
        username=username,
        name=name,
        password=password,
        office_phone=f"0396-000-{number:04d}",
        second_factor_required=role in NEEDS_SECOND_FACTOR,
    )
    user.save()
    division, unit = cast.divisions.get(where), cast.units.get(where)
    Assignment.objects.assign(by=None, user=user, role=role, since=SINCE, division=division, unit=unit)
    cast.users[username] = user
    return user
