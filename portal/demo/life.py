"""What happened in the homes of the community in the last weeks: a birth, a death, stays in hospital, moves, tenants."""

from datetime import timedelta
from uuid import NAMESPACE_URL, uuid5

from django.utils import timezone

from communities.models import LifeEvent
from communities.models.life import LifeKind
from portal.demo.cast import HOME


class Chronicle:
    """Takes one home after the other for the next entry, so that no two stories meet in one home."""

    def __init__(self, cast):
        self.today = timezone.localdate(cast.now)
        self.by = [cast.users["secretary"], cast.users["grid"]]
        homes = cast.of_community(HOME)
        self.frail = iter([home.heads[0] for home in homes if home.heads[0].care_level == 1])
        self.families = iter([home for home in homes if len(home.heads) > 1])
        self.number = 0

    def enter(self, kind, resident, *, days, **facts):
        event = LifeEvent.objects.enter(kind=kind, resident=resident, **self.signed(days, resident.area_path), **facts)
        resident.refresh_from_db()
        return event

    def enter_newcomers(self, kind, household, people, *, days):
        signed = self.signed(days, household.area_path)
        return LifeEvent.objects.enter_newcomers(kind=kind, household=household, people=people, **signed)

    def signed(self, days, area_path):
        """By whom, on which day, under which number; the grid worker writes down what happened in the own grid."""
        self.number += 1
        secretary, grid_worker = self.by
        return {
            "by": grid_worker if area_path == f"{HOME}001" else secretary,
            "on": self.today - timedelta(days=days),
            "client_uuid": uuid5(NAMESPACE_URL, f"demo-life-{self.number}"),
        }


def happen(cast):
    told = Chronicle(cast)
    kind = LifeKind
    told.enter(kind.DEATH, next(told.frail), days=6, remark="女儿已办理后事。")
    told.enter(kind.HOSPITAL_IN, next(told.frail), days=4, until=told.today + timedelta(days=5), remark="老伴陪护。")
    back = next(told.frail)
    told.enter(kind.HOSPITAL_IN, back, days=9)
    told.enter(kind.HOSPITAL_OUT, back, days=0)
    told.enter(kind.AWAY, next(told.frail), days=15, until=told.today + timedelta(days=30), remark="去外地女儿家。")

    told.enter_newcomers(kind.BIRTH, next(told.families), [{"name": "小宝", "sex": "f"}], days=12)
    leaving, joining, empty = next(told.families), next(told.families), next(told.families)
    told.enter(kind.MOVE, leaving.heads[-1], days=18, household_to=joining)
    for person in empty.heads:
        told.enter(kind.MOVE_OUT, person, days=30)
    tenants = [{"name": "段明", "phone": "13000000871"}, {"name": "邱月"}]
    told.enter_newcomers(kind.TENANT_IN, empty, tenants, days=20)
    told.enter(kind.RESIDENCY, next(told.families).heads[0], days=8, residency="absent")
    mistaken = told.enter(kind.MOVE_OUT, next(told.families).heads[-1], days=3)
    mistaken.undo(by=cast.users["secretary"], reason="登错户")
