"""The care register alive: wishes, sensitive entries with their grants, children with a guardian's consent, data kept long enough."""

from datetime import date, timedelta
from uuid import NAMESPACE_URL, uuid5

from django.utils import timezone

from communities.models import CareCategory, CareEntry, CareGrant, CareStandard, LifeEvent, Purge, Resident
from portal.demo.cast import DISTRICT, HOME, XIANGLIN
from portal.demo.places import id_number

WISHES = [
    ("self", False, "耳背不便开门，上午十点后可以打电话。", 20),
    ("family", True, "女儿在外地照顾，有事请联系女儿。", 130),
    ("self", False, "", 420),
]
CHILDREN = [("小满", "left_behind_child", "外祖母"), ("小雪", "child_in_difficulty", "母亲")]
SENSITIVE = ("disability", "dementia", "serious_illness", "disability")
# Long enough ago for every rule of retention, and after the register was begun.
LEFT_ON = date(2021, 10, 20)


def keep(cast):
    today = timezone.localdate(cast.now)
    secretary = cast.users["secretary"]
    homes = [home for home in cast.of_community(HOME) if home.heads]
    old = [home.heads[0].pk for home in homes if home.heads[0].care_level]
    on_register = list(Resident.objects.here().filter(pk__in=old).order_by("pk"))
    for resident, (said_by, calls, remark, days) in zip(on_register[3:], WISHES, strict=False):
        resident.decline_visits(
            by=secretary, on=today - timedelta(days=days), said_by=said_by, calls=calls, remark=remark
        )
    grants(cast)
    categories = {row.code: row for row in CareCategory.objects.all()}
    for resident, code in zip(on_register[8:], SENSITIVE, strict=False):
        enter(secretary, resident, categories[code], today - timedelta(days=200))
    children(secretary, homes, categories, today)
    ended(secretary, on_register, categories)
    kept_long_enough(cast, homes)
    CareStandard.objects.set_for(
        DISTRICT,
        by=cast.users["district"],
        level=3,
        interval_days=60,
        legal_ground="驿城区关爱服务工作方案：一般对象每两个月走访一次",
    )


def grants(cast):
    for name, group, code, reason in (
        ("secretary", "health", HOME, "负责残疾人和失能老人服务"),
        ("secretary", "children", HOME, "社区儿童主任"),
        ("street", "health", XIANGLIN, "街道残联专干"),
    ):
        CareGrant.objects.grant(
            by=cast.users["district"],
            user=cast.users[name],
            group=group,
            area_path=code,
            since=date(2026, 1, 1),
            reason=reason,
        )


def enter(by, resident, category, on, **consent):
    return CareEntry.objects.register(
        by=by,
        resident=resident,
        category=category,
        client_uuid=uuid5(NAMESPACE_URL, f"demo-care-{resident.pk}-{category.code}"),
        since=on,
        level=min(resident.care_level or category.default_level, category.default_level),
        **({"consented_on": on, "consented_by": "self"} | consent),
    )


def children(by, homes, categories, today):
    """Two children with their guardians' consent."""
    for number, (given, code, guardian) in enumerate(CHILDREN):
        home = homes[20 + number]
        born = date(today.year - 9 + number, 3 + number, 12)
        surname = home.heads[0].name[:1]
        child = Resident.objects.add(
            by=by,
            client_uuid=uuid5(NAMESPACE_URL, f"demo-child-{number}"),
            household=home,
            name=f"{surname}{given}",
            sex="f",
            born_on=born,
            id_number=id_number(born, serial=802 + 2 * number),
        )
        on = today - timedelta(days=90)
        name = f"{surname}桂兰（{guardian}）"
        enter(by, child, categories[code], on, consented_by="guardian", guardian_name=name)


def ended(by, people, categories):
    """An entry that ended so long ago that it is due to be cleared."""
    entry = enter(by, people[14], categories["veteran"], date(2022, 1, 10))
    entry.end(by=by, reason="no_longer", on=date(2023, 3, 1))


def kept_long_enough(cast, homes):
    """People who left five years ago: one is proposed to be cleared, the others are listed."""
    by = cast.users["secretary"]
    left = [home.heads[0] for home in homes[40:43]]
    for number, person in enumerate(left):
        person.refresh_from_db()
        LifeEvent.objects.enter(
            by=by,
            resident=person,
            kind="death" if number == 0 else "move_out",
            on=LEFT_ON + timedelta(days=number),
            client_uuid=uuid5(NAMESPACE_URL, f"demo-left-{number}"),
        )
    left[1].refresh_from_db()
    Purge.objects.propose(
        by=by,
        ground=Purge.Ground.RETENTION,
        resident=left[1],
        client_uuid=uuid5(NAMESPACE_URL, "demo-purge"),
    )
