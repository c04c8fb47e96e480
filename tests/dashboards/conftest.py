"""A fortnight in the town, written down with its dates: what the dashboard must count."""

from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from communities.access import Role
from communities.models import Building, Compound, Household
from issues.models import Issue
from tests.town import new_issue, person
from visits.models import Visit

# A Wednesday; the days of the town's fortnight lie before it.
NOW = datetime(2026, 11, 18, 16, 30, tzinfo=timezone.get_default_timezone())


def at(days_ago, hour=10, minute=0):
    """A moment so many days before the town's present day."""
    return timezone.make_aware(
        datetime.combine((timezone.localtime(NOW) - timedelta(days=days_ago)).date(), datetime.min.time())
    ) + timedelta(hours=hour, minutes=minute)


def add_household(town, community, *, name, doors=("101", "102"), grid=None):
    compound = Compound.objects.add(
        by=town.coordinator, client_uuid=uuid4(), community=community, grid=grid, name=name, management="none"
    )
    building = Building.objects.add(by=town.coordinator, compound=compound, name="1号楼")
    return [
        Household.objects.add(by=town.coordinator, client_uuid=uuid4(), building=building, door=door) for door in doors
    ]


def log(town, household, outcome="met", *, by=None, days_ago=1, opinions=(), **facts):
    met = outcome in ("met", "proxy_met")
    return Visit.objects.log(
        by=by or town.coordinator,
        client_uuid=uuid4(),
        household=household,
        outcome=outcome,
        situation="normal" if met else "",
        visited_at=facts.pop("visited_at", at(days_ago)),
        opinions=[{"text": text, "category": town.sanitation, "handling": how, **more} for text, how, more in opinions],
        **facts,
    )


def backdate(issue, **moments):
    """Move the moments of an issue into the past; the verbs themselves always act now."""
    Issue.objects.filter(pk=issue.pk).update(**moments)


def closed_issue(town, *, days_ago, reason="resolved", satisfaction="satisfied", **facts):
    issue = verified(town, **facts)
    if reason == "unreachable":
        for _attempt in range(3):
            issue.no_answer(by=town.deputy)
        attempts = list(issue.callbacks.all())
        for day, attempt in enumerate(attempts):
            type(attempt).objects.filter(pk=attempt.pk).update(at=attempt.at - timedelta(days=day))
        issue = Issue.objects.get(pk=issue.pk)
        issue.close_unreachable(by=town.deputy)
    else:
        issue.confirm(by=town.deputy, reason=reason, satisfaction=satisfaction)
    backdate(issue, submitted_at=at(days_ago + 5), closed_at=at(days_ago))
    return issue


def verified(town, **facts):
    """An issue that waits for its call-back, handled by the community's property company."""
    issue = new_issue(town, category=town.sanitation, **facts)
    issue.register(by=town.secretary)
    issue.dispatch(by=town.secretary, unit=town.property_unit)
    issue.sign(by=town.property_handler)
    issue.report_done(by=town.property_handler, result="已清运完毕并消毒。")
    return issue


@pytest.fixture
def busy_town(town, time_machine):
    """The town with visits, opinions and issues of every kind; the present is `NOW`."""
    time_machine.move_to(NOW, tick=False)
    other = add_household(town, town.other_community, name="铁路西院")
    next_door = add_household(town, town.next_community, name="纺织厂家属院", doors=("101",))
    # The secretary's community, its grid: two visits to one household, one in vain.
    log(town, town.household, days_ago=2, people_met=2)
    log(town, town.household, days_ago=1, opinions=[("楼道灯不亮", "on_spot", {"spot_action": "当场换了灯泡"})])
    log(town, town.household, "nobody_home", days_ago=0)
    # The community itself, outside its grid.
    town.ungridded = add_household(town, town.community, name="供销社家属院", doors=("201",))[0]
    log(
        town,
        town.ungridded,
        days_ago=3,
        opinions=[("垃圾桶太少", "register", {}), ("谢谢社区", "answered", {})],
    )
    log(town, next_door[0], "proxy_met", days_ago=5)
    # The other street: this month, and long ago.
    colleague = person("cadre2", "马兰", Role.STREET_CADRE, place="411702001")
    log(town, other[0], by=colleague, days_ago=6, people_met=3)
    log(town, other[1], by=colleague, days_ago=40)
    voided = log(town, next_door[0], days_ago=4)
    voided.void(by=town.coordinator, reason="记错了门牌")
    # Issues: every way to end, and open ones of every age.
    closed_issue(town, days_ago=3)
    closed_issue(town, days_ago=4, satisfaction="dissatisfied", reason="partly_resolved")
    closed_issue(town, days_ago=4, satisfaction="", reason="explained")
    closed_issue(town, days_ago=2, reason="unreachable")
    closed_issue(town, days_ago=45)
    back = verified(town)
    back.confirm_not(by=town.deputy, note="第二天又堆满了", satisfaction="dissatisfied")
    for days in (0, 3, 4, 7, 8, 15, 16, 40):
        issue = new_issue(town, community=town.next_community, compound=None, household=None)
        backdate(issue, submitted_at=at(days))
    late = new_issue(town)
    late.register(by=town.secretary)
    backdate(late, submitted_at=at(9), due_at=at(1, 18))
    return town
