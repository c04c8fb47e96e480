"""Who serves and who is away: a leave with its substitute, the duty roster of this month and the next, a hand-over in the making."""

from datetime import timedelta
from uuid import NAMESPACE_URL, uuid5

from django.utils import timezone

from communities.models import Handover, Leave, Shift
from portal.demo.cast import HOME, XIANGLIN


def serve(cast):
    today = timezone.localdate(cast.now)
    secretary, grid, cadre, street = (cast.users[name] for name in ("secretary", "grid", "cadre", "street"))
    colleagues = [cast.users["grid-2"], cast.users["grid-3"]]
    Leave.objects.take(
        by=secretary,
        client_uuid=uuid5(NAMESPACE_URL, "demo-leave-1"),
        user=colleagues[0],
        since=today - timedelta(days=1),
        until=today + timedelta(days=3),
        kind="training",
        substitute=grid,
    )
    Leave.objects.take(
        by=grid,
        client_uuid=uuid5(NAMESPACE_URL, "demo-leave-2"),
        user=grid,
        since=today + timedelta(days=9),
        until=today + timedelta(days=12),
        kind="leave",
        substitute=cadre,
    )
    for code, by, people, parts in (
        (HOME, secretary, [secretary, *colleagues, grid], ["day"]),
        (XIANGLIN, street, [street, cadre, secretary], ["day", "night"]),
    ):
        Shift.objects.rotate(
            by=by,
            division=cast.divisions[code],
            people=people,
            since=today.replace(day=1),
            until=today + timedelta(days=24),
            parts=parts,
            absences=list(Leave.objects.confirmed()),
        )
    home = cast.divisions[HOME].compounds.standing().order_by("name", "pk").first()
    home.correct(by=secretary, responsible=colleagues[0])
    Handover.objects.prepare(
        by=colleagues[0],
        client_uuid=uuid5(NAMESPACE_URL, "demo-handover"),
        giver=colleagues[0],
        taker=grid,
        reason="leave",
        remark="参加网格员培训，期间由吴晓代管第二网格。活动室钥匙在社区值班室。",
    )
