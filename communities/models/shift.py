"""值班: who is on duty in a place, by day and by night, and how two people swap."""

from datetime import date, datetime, time, timedelta

from django.conf import settings
from django.db import IntegrityError, models, transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import User
from communities.access import READ, ScopedQuerySet
from communities.models.division import line_of
from foundation.facts import Fact, create_once
from foundation.fields import PathField
from foundation.journal.moves import Conflict, Move, NotAllowed, move, record, revise
from foundation.notices.tell import tell

# The night's shift begins with the evening and ends at eight the next morning.
DAY_BEGINS, NIGHT_BEGINS = time(8), time(18)
# "Whoever stands there": None is nobody.
ANYBODY = object()


class Part(models.TextChoices):
    DAY = "day", pgettext_lazy("shift", "day")
    NIGHT = "night", pgettext_lazy("shift", "night")


def slot_at(now):
    """(the day, the part) of the shift that is running at this moment: at three in the morning it is yesterday's night."""
    local = timezone.localtime(now)
    if local.time() < DAY_BEGINS:
        return local.date() - timedelta(days=1), Part.NIGHT
    return local.date(), Part.DAY if local.time() < NIGHT_BEGINS else Part.NIGHT


class ShiftQuerySet(ScopedQuerySet):
    def visible_to(self, user):
        """The own ones, and those of the area; a grid worker's duty is kept at the community above the grid."""
        return self.filter(self.scope(user, READ) | Q(user=user.pk))

    def standing(self):
        return self.filter(voided_at__isnull=True)

    def of(self, user):
        return self.filter(user=user)

    def between(self, since, until):
        return self.filter(on__gte=since, on__lte=until)

    def ahead(self, now):
        """Those that run or are still to come."""
        day, part = slot_at(now)
        return self.filter(Q(on__gt=day) | Q(on=day) & (Q(part=part) | Q(part=Part.NIGHT)))

    def running(self, now):
        day, part = slot_at(now)
        return self.standing().filter(on=day, part=part)

    def for_list(self):
        return self.select_related("user", "division").order_by("on", "part", "pk")


class ShiftManager(models.Manager.from_queryset(ShiftQuerySet)):
    def put(self, *, by, division, on, part, user, seen=ANYBODY):
        """`user` is on duty there then, instead of whoever was; None: nobody. Returns the shift or None.

        `seen` is the number of whoever stood there on the screen (None: nobody). Conflict if it is somebody else by now, or if
        somebody filled the same slot at the same moment.
        """
        try:
            with transaction.atomic():
                held = self.standing().filter(division=division, on=on, part=part).first()
                if (
                    seen is not ANYBODY
                    and seen != (held and held.user_id)
                    and (user and user.pk) != (held and held.user_id)
                ):
                    raise Conflict(held)
                if held and user and held.user_id == user.pk:
                    return held
                if held:
                    held.void(by=by, reason=REPLACED)
                return self.fill(by=by, division=division, on=on, part=part, user=user) if user else None
        except IntegrityError:
            raise Conflict(self.standing().filter(division=division, on=on, part=part).first()) from None

    def fill(self, *, by, division, on, part, user):
        shift = self.create(created_by=by, division=division, on=on, part=part, user=user, area_path=division.code)
        record(shift, "put", by=by, data={"user": user.pk, "on": on.isoformat(), "part": str(part)})
        return shift

    @transaction.atomic
    def rotate(self, *, by, division, people, since, until, parts, absences=()):
        """Fill the empty slots of these days with `people` in turn; returns how many were filled.

        Whoever is away on a day (`absences`: leaves) is passed over and keeps the turn. Slots that have somebody stay as they are,
        so doing it twice fills nothing twice.
        """
        taken = set(self.standing().filter(division=division).between(since, until).values_list("on", "part"))
        away = {(leave.user_id, day) for leave in absences for day in days(leave.since, leave.until)}
        queue, filled = list(people), 0
        for day in days(since, until):
            for part in parts:
                if (day, part) in taken:
                    continue
                user = next((person for person in queue if (person.pk, day) not in away), None)
                if user is None:
                    continue
                queue.remove(user)
                queue.append(user)
                try:
                    with transaction.atomic():
                        self.fill(by=by, division=division, on=day, part=part, user=user)
                except IntegrityError:
                    continue  # somebody filled this slot a moment ago
                filled += 1
        return filled


def days(since, until):
    """Every day from `since` to `until`, both included."""
    return [since + timedelta(days=n) for n in range((until - since).days + 1)]


# The reasons that stand on a voided shift: codes, nobody reads them but the auditor.
REPLACED, RELEASED = "replaced", "released"


class Shift(Fact):
    """One person on duty in one place, on one day, by day or by night."""

    TOPIC = "team"

    division = models.ForeignKey("communities.Division", on_delete=models.PROTECT, related_name="shifts")
    on = models.DateField(_("day"))
    part = models.CharField(_("part of the day"), max_length=5, choices=Part.choices)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="shifts")
    area_path = PathField(max_length=15, db_index=True, editable=False)

    objects = ShiftManager()

    class Meta(Fact.Meta):
        indexes = [models.Index(fields=["user", "on"])]
        constraints = [
            *Fact.Meta.constraints,
            models.UniqueConstraint(
                fields=["division", "on", "part"], condition=Q(voided_at__isnull=True), name="one_on_duty"
            ),
        ]

    def __str__(self):
        return f"{self.on} {self.part}"

    def get_absolute_url(self):
        return month_url(self.division, self.on)

    @property
    def begins_at(self):
        return timezone.make_aware(datetime.combine(self.on, DAY_BEGINS if self.part == Part.DAY else NIGHT_BEGINS))

    @property
    def ends_at(self):
        if self.part == Part.DAY:
            return timezone.make_aware(datetime.combine(self.on, NIGHT_BEGINS))
        return timezone.make_aware(datetime.combine(self.on + timedelta(days=1), DAY_BEGINS))

    @property
    def gist(self):
        return {"on": self.on.isoformat()}

    def give_to(self, user, *, by, key=None):
        """Another person takes this shift over."""
        return revise(self, "give_shift", by=by, key=key, data={"user": user.pk}, user=user)


def month_url(division, day):
    return reverse("shift_list", query={"place": division.code, "month": f"{day:%Y-%m}"})


def on_duty(area_path, now):
    """The people on duty for a place now: at the place itself or, where nobody is, at the nearest place above. One query."""
    shifts = Shift.objects.running(now).filter(division__code__in=line_of(area_path), user__is_active=True)
    shifts = list(shifts.select_related("user", "division"))
    nearest = max((shift.division.code for shift in shifts), key=len, default="")
    return [shift.user for shift in shifts if shift.division.code == nearest]


def colleagues_at(division, today):
    """Who can be put on duty in a place: those with a post in it or below it, by name."""
    from_posts = division.assignments.model.objects.current(today).inside_of(division.code)
    return User.objects.filter(is_active=True, pk__in=from_posts.values("user")).order_by("name", "pk")


class SwapStatus(models.TextChoices):
    PROPOSED = "proposed", _("waits for an answer")
    ACCEPTED = "accepted", _("agreed")
    DECLINED = "declined", pgettext_lazy("of a swap", "declined")
    WITHDRAWN = "withdrawn", pgettext_lazy("of a swap", "withdrawn")


SWAP_MOVES = {
    "accept": Move(before=(SwapStatus.PROPOSED,), after=SwapStatus.ACCEPTED, label=_("Agree")),
    "decline": Move(before=(SwapStatus.PROPOSED,), after=SwapStatus.DECLINED, label=_("Decline")),
    "withdraw": Move(before=(SwapStatus.PROPOSED,), after=SwapStatus.WITHDRAWN, label=_("Withdraw")),
}


class SwapQuerySet(models.QuerySet):
    def visible_to(self, user):
        return self.filter(Q(asked=user.pk) | Q(shift__user=user.pk) | Q(created_by=user.pk))

    changeable_by = visible_to

    def proposed(self):
        return self.filter(status=SwapStatus.PROPOSED)

    def for_list(self):
        return self.select_related("shift__division", "shift__user", "in_return", "asked", "created_by").order_by("pk")


class SwapManager(models.Manager.from_queryset(SwapQuerySet)):
    def propose(self, *, by, client_uuid, shift, asked, in_return=None):
        """Ask a colleague to take over `shift`, for one of the colleague's own shifts `in_return` or for nothing.

        NotAllowed for a shift of somebody else, Conflict if somebody has been asked for it already.
        """
        if shift.user_id != by.pk or (in_return and in_return.user_id != asked.pk):
            raise NotAllowed(shift, "swap")

        def make():
            swap = self.create(client_uuid=client_uuid, created_by=by, shift=shift, asked=asked, in_return=in_return)
            record(swap, "propose", by=by, data={"user": asked.pk})
            tell([asked], "swap_proposed", about=swap, once=f"swap:{swap.pk}", params=shift.gist)
            return swap

        try:
            return create_once(self.model, client_uuid=client_uuid, by=by, make=make)[0]
        except IntegrityError:
            raise Conflict(self.filter(shift=shift).proposed().first()) from None


class Swap(Fact):
    """One person asks another to take a shift over."""

    MOVES = SWAP_MOVES

    shift = models.ForeignKey(Shift, on_delete=models.PROTECT, related_name="swaps")
    in_return = models.ForeignKey(Shift, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    asked = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="swaps_asked")
    status = models.CharField(max_length=10, choices=SwapStatus.choices, default=SwapStatus.PROPOSED, editable=False)

    objects = SwapManager()

    class Meta(Fact.Meta):
        constraints = [
            *Fact.Meta.constraints,
            models.UniqueConstraint(fields=["shift"], condition=Q(status="proposed"), name="one_open_swap_of_a_shift"),
        ]

    def __str__(self):
        return f"{self.shift} → {self.asked}"

    def get_absolute_url(self):
        return reverse("swap_detail", args=[self.pk])

    @property
    def area_path(self):
        return self.shift.area_path

    @transaction.atomic
    def accept(self, *, by, key=None):
        """The colleague agrees: both shifts change hands.

        NotAllowed for anybody else, once a shift has begun, or if one of them has been given to somebody else since.
        """
        now = timezone.now()
        shifts = [shift for shift in (self.shift, self.in_return) if shift is not None]
        if by.pk != self.asked_id or any(shift.is_void or shift.begins_at <= now for shift in shifts):
            raise NotAllowed(self, "accept")
        if [shift.user_id for shift in shifts] != [self.created_by_id, self.asked_id][: len(shifts)]:
            raise NotAllowed(self, "accept")
        move(self, "accept", by=by, key=key)
        asker = self.shift.user
        self.shift.give_to(self.asked, by=by)
        if self.in_return is not None:
            self.in_return.give_to(asker, by=by)
        tell([asker], "swap_accepted", about=self, once=f"accepted:{self.pk}", params=self.shift.gist)

    @transaction.atomic
    def decline(self, *, by, key=None):
        if by.pk != self.asked_id:
            raise NotAllowed(self, "decline")
        move(self, "decline", by=by, key=key)
        tell([self.created_by], "swap_declined", about=self, once=f"declined:{self.pk}", params=self.shift.gist)

    def withdraw(self, *, by, key=None):
        if by.pk != self.created_by_id:
            raise NotAllowed(self, "withdraw")
        return move(self, "withdraw", by=by, key=key)


def first_of_month(text):
    """The first day of the month "2026-11", of the present month for nonsense."""
    try:
        year, month = text.split("-")
        return date(int(year), int(month), 1)
    except ValueError:
        return timezone.localdate().replace(day=1)
