from django.conf import settings
from django.db import IntegrityError, models, transaction
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from communities.access import COMPOUND_ROLES, LEVELS, NEEDS_SECOND_FACTOR, Role, ScopedQuerySet, covers, stand_in
from communities.models.division import line_of
from communities.practice import PROVINCE, is_practice
from foundation.columns import narrowed
from foundation.fields import PathField
from foundation.journal.models import refuse_repeat
from foundation.journal.moves import Conflict, NotAllowed, record, revise
from foundation.notices.tell import tell
from foundation.paths import is_within, within

# What can be learnt in the practice ground; who sees a whole district learns at the desk of another.
TRAINED = (Role.GRID_WORKER, Role.STREET_CADRE, Role.SECRETARY, Role.COORDINATOR, Role.HANDLER)
# Who leads the people of a place (leave, duty roster, hand-over).
LEADING = (Role.SECRETARY, Role.COORDINATOR, Role.DISTRICT_ADMIN)


class DatedQuerySet(ScopedQuerySet):
    """What is given to a person from a day to a day, and by others than that person."""

    def current(self, today):
        """What counts on this day; both ends are included."""
        return self.not_over(today).filter(since__lte=today)

    def not_over(self, today):
        """What counts on this day or will later."""
        return self.filter(Q(until__isnull=True) | Q(until__gte=today))

    def changeable_by(self, user):
        # Nobody gives, prolongs or ends what he holds himself.
        return super().changeable_by(user).exclude(user=user.pk)


class AssignmentQuerySet(DatedQuerySet):
    def not_over(self, today):
        return super().not_over(today).filter(revoked_at__isnull=True)

    def of_role(self, *roles):
        return self.filter(role__in=roles)

    def inside_of(self, code):
        """Posts in this place or below it."""
        return self.filter(within(code))

    def leading(self, area_path):
        """Posts that lead the people of this place: at the place itself and above it, up to the district."""
        return self.filter(role__in=LEADING, division__code__in=line_of(area_path))

    def own_home_path(self):
        """Of one user's posts: the area of the first own one that counts today, "" without any."""
        own = self.current(timezone.localdate()).filter(stands_in_for=None).exclude(area_path="")
        return own.order_by("since", "pk").values_list("area_path", flat=True).first() or ""

    def for_access(self):
        return self.select_related("division", "unit", "compound", "stands_in_for")

    def lightly(self):
        """After `for_access`: of the targets only what the rule of access and the frame of a page ask; every page asks it."""
        return narrowed(
            self,
            division="code level name name_en parent",
            unit="path kind name name_en division area_path",
            compound="name community area_path",
            stands_in_for="name username",
        )

    def for_list(self):
        return self.for_access().select_related("user").order_by("area_path", "role", "user__name", "pk")


class AssignmentManager(models.Manager.from_queryset(AssignmentQuerySet)):
    def stand_in(self, row):
        """Asked of one user's posts (`user.assignments`): the person for whom the user acts on this row, or None."""
        return stand_in(self.instance, row)

    def home_path(self):
        """Asked of one user's posts: the area of the first that counts today, else of the latest; "" without any."""
        placed = self.exclude(area_path="")
        today = timezone.localdate()
        current = placed.current(today).order_by("since", "pk").values_list("area_path", flat=True).first()
        return current or placed.order_by("-since", "-pk").values_list("area_path", flat=True).first() or ""

    def mixes(self, user, role, target):
        """Whether this post would let one person work both in the practice ground and where it counts, or lead the ground."""
        practice = target is not None and is_practice(target.area_path)
        if practice and role not in TRAINED:
            return True
        posts = self.filter(user=user).not_over(timezone.localdate())
        elsewhere = posts.exclude(within(PROVINCE)) if practice else posts.filter(within(PROVINCE))
        return elsewhere.exists()

    @transaction.atomic
    def assign(
        self,
        *,
        by,
        user,
        role,
        since,
        until=None,
        division=None,
        unit=None,
        compound=None,
        stands_in_for=None,
        leave=None,
        key=None,
    ):
        """Give a person a post. A post that sees a whole district makes the second factor compulsory for the account.

        Raises NotAllowed if the role cannot be held there (see `fits`), AlreadyDone if the form `key` was carried out before.
        """
        target = division or compound or unit
        if not fits(role, division=division, unit=unit, compound=compound) or self.mixes(user, role, target):
            raise NotAllowed(target, "assign")
        post = self.create(
            user=user,
            role=role,
            division=division,
            unit=unit,
            compound=compound,
            since=since,
            until=until,
            stands_in_for=stands_in_for,
            leave=leave,
            area_path=target.area_path if target else "",
        )
        if role in NEEDS_SECOND_FACTOR and not user.second_factor_required:
            user.second_factor_required = True
            user.save(update_fields=["second_factor_required"])
        record(post, "assign", by=by, key=key, data={"user": user.pk, "role": role})
        return post


def fits(role, *, division=None, unit=None, compound=None):
    """Whether a role can be held at this target: on its levels of the territory, in a unit, or with a team on one compound."""
    if role == Role.ADMIN:
        return not (division or unit or compound)
    if role == Role.HANDLER:
        return unit is not None and not (division or compound)
    if compound is not None:
        return role in COMPOUND_ROLES and not (division or unit)
    return division is not None and unit is None and division.level in LEVELS[role]


class Assignment(models.Model):
    """A post: a person in a role for a division, a unit or a single compound, from a day to a day.

    A division covers its subtree, a unit the units below it; a compound gives a campaign team its temporary scope. A system
    admin has no target: the whole installation. `stands_in_for` is the person whose substitute (AB角) the holder is.
    """

    TOPIC = "staff"

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="assignments")
    role = models.CharField(_("role"), max_length=20, choices=Role.choices)
    division = models.ForeignKey(
        "communities.Division", on_delete=models.PROTECT, null=True, blank=True, related_name="assignments"
    )
    unit = models.ForeignKey(
        "communities.Unit", on_delete=models.PROTECT, null=True, blank=True, related_name="assignments"
    )
    compound = models.ForeignKey(
        "communities.Compound", on_delete=models.PROTECT, null=True, blank=True, related_name="assignments"
    )
    since = models.DateField(_("from"))
    until = models.DateField(_("until"), null=True, blank=True)
    stands_in_for = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="substitutes"
    )
    # The leave for whose days the post was given.
    leave = models.ForeignKey(
        "communities.Leave", on_delete=models.PROTECT, null=True, blank=True, related_name="assignments", editable=False
    )
    # Taken away on the spot: it no longer counts, though `until` says that it counted on that day.
    revoked_at = models.DateTimeField(null=True, editable=False)
    area_path = PathField(max_length=15, blank=True, default="", db_index=True, editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = AssignmentManager()

    class Meta:
        indexes = [models.Index(fields=["user", "until"])]
        constraints = [
            models.CheckConstraint(
                condition=Q(role="admin", division=None, unit=None, compound=None)
                | Q(role="handler", division=None, unit__isnull=False, compound=None)
                | (
                    ~Q(role__in=["admin", "handler"])
                    & (
                        Q(division__isnull=False, unit=None, compound=None)
                        | Q(division=None, unit=None, compound__isnull=False)
                    )
                ),
                name="assignment_role_fits_target",
            ),
            models.CheckConstraint(
                condition=Q(until=None) | Q(until__gte=F("since")), name="assignment_ends_after_start"
            ),
            models.CheckConstraint(
                condition=Q(stands_in_for=None) | ~Q(stands_in_for=F("user")), name="assignment_not_own_substitute"
            ),
        ]

    def __str__(self):
        return f"{self.user} · {self.get_role_display()}"

    @property
    def target(self):
        return self.division or self.unit or self.compound

    @property
    def path(self):
        """The code of the area that the post covers, "" for the whole installation, None if it covers no area."""
        if self.division_id:
            return self.division.code
        return "" if self.role == Role.ADMIN else None

    def covers(self, area_path):
        """Whether the post's area contains this path."""
        return covers(self.path, area_path)

    def covers_row(self, row):
        """Whether the post reaches this row, by its area or as a team on its compound."""
        if self.compound_id:
            return getattr(row, "compound_id", None) == self.compound_id
        return self.covers(row.area_path)

    def covers_unit(self, unit):
        """Whether the holder acts for this unit: as its handler, or in the area office itself."""
        if self.unit_id:
            return is_within(unit.path, self.unit.path)
        return unit.is_office and self.division_id == unit.division_id

    def is_last_own(self):
        """Whether the person holds no other own post: then nobody is left who could go on with open work."""
        others = self.user.assignments.not_over(timezone.localdate()).filter(stands_in_for=None).exclude(pk=self.pk)
        return self.stands_in_for_id is None and not others.exists()

    def is_over(self, today):
        return self.revoked_at is not None or (self.until is not None and self.until < today)

    def end(self, *, by, on=None, key=None, note=""):
        """End the post after the day `on`, or without a day at once."""
        now = timezone.now()
        changes = {"until": max(on or timezone.localdate(now), self.since)}
        if on is None:
            changes["revoked_at"] = now
        return revise(self, "end", by=by, key=key, note=note, data={"user": self.user_id, "role": self.role}, **changes)


class CareGrantQuerySet(DatedQuerySet):
    def not_over(self, today):
        return super().not_over(today).filter(revoked_at__isnull=True)

    def for_list(self):
        return self.select_related("user", "given_by").order_by("area_path", "group", "user__name", "pk")


class CareGrantManager(models.Manager.from_queryset(CareGrantQuerySet)):
    @transaction.atomic
    def grant(self, *, by, user, group, area_path, since, until=None, reason, key=None):
        """Let a person see one group of sensitive categories in one place, and tell that person.

        NotAllowed for oneself; Conflict if the same grant begins on the same day; AlreadyDone if the form `key` was carried out.
        """
        if by is not None and by.pk == user.pk:
            raise NotAllowed(user, "grant")
        refuse_repeat(key, self.model(), "grant", by=by)
        try:
            with transaction.atomic():
                row = self.create(
                    user=user,
                    group=group,
                    area_path=area_path,
                    since=since,
                    until=until,
                    reason=reason,
                    given_by=by,
                )
        except IntegrityError:
            raise Conflict(self.filter(user=user, group=group, area_path=area_path, since=since).first()) from None
        record(row, "grant", by=by, key=key, data={"user": user.pk, "group": group})
        tell([user], "care_grant_given", about=row, once=f"given:{row.pk}")
        return row


class CareGrant(models.Model):
    """Permission to see one group of sensitive care categories in one area: the area alone does not open them."""

    TOPIC = "staff"

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="care_grants")
    group = models.CharField(
        _("sensitive group"),
        max_length=10,
        choices=[("children", _("children")), ("bereaved", _("bereaved only-child families")), ("health", _("health"))],
    )
    area_path = PathField(max_length=15, db_index=True)
    since = models.DateField(_("from"))
    until = models.DateField(_("until"), null=True, blank=True)
    reason = models.CharField(_("why it is needed"), max_length=200, blank=True)
    given_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", editable=False
    )
    # Taken away on the spot: it no longer counts, though `until` says that it counted on that day.
    revoked_at = models.DateTimeField(null=True, editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = CareGrantManager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "group", "area_path", "since"], name="one_care_grant"),
        ]

    def __str__(self):
        return f"{self.user} · {self.get_group_display()}"

    def get_absolute_url(self):
        return reverse("staff_detail", args=[self.user_id])

    def is_over(self, today):
        return self.revoked_at is not None or (self.until is not None and self.until < today)

    @transaction.atomic
    def end(self, *, by, key=None, note=""):
        """Take the permission away at once, and tell the person. NotAllowed if it is over."""
        now = timezone.now()
        if self.is_over(timezone.localdate(now)):
            refuse_repeat(key, self, "end_grant", by=by)
            raise NotAllowed(self, "end_grant")
        entry = revise(
            self,
            "end_grant",
            by=by,
            key=key,
            note=note,
            data={"user": self.user_id, "group": self.group},
            until=max(timezone.localdate(now), self.since),
            revoked_at=now,
        )
        tell([self.user], "care_grant_ended", about=self, once=f"ended:{self.pk}")
        return entry
