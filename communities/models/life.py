"""What happens in a resident's life, as one entry with its date; everything that hangs on it follows from the person's row.

Lists of due visits, sheets and exports ask `Resident.objects.here()` and `visitable()`, so an entry here ends or pauses them all at
once. Undone, the row is again what it was before.
"""

import json
from uuid import uuid5

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models, transaction
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from communities.access import ScopedQuerySet, inside
from communities.models.household import Household
from communities.models.resident import Presence, Residency, Resident
from foundation.facts import Fact, create_once
from foundation.fields import EncryptedTextField, PathField
from foundation.journal.moves import Conflict, Move, NotAllowed, label, record, revise, subject


class State(models.TextChoices):
    """Where somebody stands in life as far as the register knows; follows from the person's row (`state_of`)."""

    NONE = "none", _("not on record yet")
    HOME = "home", _("at home")
    HOSPITAL = "hospital", _("in hospital")
    AWAY = "away", _("away for a time")
    GONE = "gone", _("moved away")
    DEAD = "dead", _("died")
    VOID = "void", _("voided or merged")


class LifeKind(models.TextChoices):
    BIRTH = "birth", pgettext_lazy("life event", "birth")
    MOVE_IN = "move_in", pgettext_lazy("life event", "moved in")
    TENANT_IN = "tenant_in", pgettext_lazy("life event", "moved in as a tenant")
    DEATH = "death", pgettext_lazy("life event", "died")
    MOVE_OUT = "move_out", pgettext_lazy("life event", "moved away")
    TENANT_OUT = "tenant_out", pgettext_lazy("life event", "moved out, was a tenant")
    MOVE = "move", pgettext_lazy("life event", "moved to another home here")
    HOSPITAL_IN = "hospital_in", pgettext_lazy("life event", "went to hospital")
    HOSPITAL_OUT = "hospital_out", pgettext_lazy("life event", "came home from hospital")
    AWAY = "away", pgettext_lazy("life event", "away for a time")
    BACK = "back", pgettext_lazy("life event", "came back")
    RESIDENCY = "residency", pgettext_lazy("life event", "registration or residence changed")


PRESENT = (State.HOME, State.HOSPITAL, State.AWAY)
# Which entry may follow on which state, and where it leads; None: the state stays. There is no way on from death but undoing it.
MOVES = {
    LifeKind.BIRTH: Move((State.NONE,), State.HOME),
    LifeKind.MOVE_IN: Move((State.NONE, State.GONE), State.HOME),
    LifeKind.TENANT_IN: Move((State.NONE, State.GONE), State.HOME),
    # Of somebody who moved away one may hear later that he or she has died.
    LifeKind.DEATH: Move((*PRESENT, State.GONE), State.DEAD),
    LifeKind.MOVE_OUT: Move(PRESENT, State.GONE),
    LifeKind.TENANT_OUT: Move(PRESENT, State.GONE),
    LifeKind.MOVE: Move(PRESENT, None),
    LifeKind.HOSPITAL_IN: Move((State.HOME, State.AWAY), State.HOSPITAL),
    LifeKind.HOSPITAL_OUT: Move((State.HOSPITAL,), State.HOME),
    LifeKind.AWAY: Move((State.HOME,), State.AWAY),
    LifeKind.BACK: Move((State.AWAY,), State.HOME),
    LifeKind.RESIDENCY: Move(PRESENT, None),
}
JOINING = (LifeKind.BIRTH, LifeKind.MOVE_IN, LifeKind.TENANT_IN)
LEAVING = (LifeKind.DEATH, LifeKind.MOVE_OUT, LifeKind.TENANT_OUT, LifeKind.MOVE)
PAUSING = (LifeKind.HOSPITAL_IN, LifeKind.AWAY)
HERE_AGAIN = {"ended_on": None, "ended_reason": ""}
AT_HOME = {"presence": Presence.HOME, "presence_since": None, "presence_until": None}


def state_of(resident):
    """The `State` of a person, `State.NONE` for None."""
    if resident is None:
        return State.NONE
    if resident.voided_at or resident.merged_into_id or resident.purged_at:
        return State.VOID
    if resident.ended_on:
        return State.DEAD if resident.ended_reason == "died" else State.GONE
    return State(resident.presence)


def kinds_open_to(resident):
    """The entries that may come next for this person (None: somebody new), in the order of the table."""
    return [kind for kind, step in MOVES.items() if state_of(resident) in step.before]


class LifeEventQuerySet(ScopedQuerySet):
    def reach_of(self, post):
        """A move from one area to another is known in both."""
        reach = super().reach_of(post)
        if post.compound_id or not post.path:
            return reach
        # By the home that was left, whose path follows when places are reorganised; the column only says that there is such a one.
        crossed = LifeEvent._base_manager.exclude(area_path_from="")
        return reach | Q(pk__in=crossed.filter(inside([post.path], "household_from__area_path")).values("pk"))

    def standing(self):
        return self.filter(voided_at__isnull=True)

    def entered_with(self, number, *, by):
        """What this person entered with the form of this number."""
        return self.filter(group=number, created_by=by)

    def of_household(self, household):
        """What happened in this home: people who came, left, or live there."""
        return self.filter(Q(household_from=household) | Q(household_to=household))

    def with_last(self):
        """Adds `is_last`: whether nothing later stands for the same person; only such an entry can be undone."""
        later = LifeEvent.objects.standing().filter(resident=OuterRef("resident"), pk__gt=OuterRef("pk"))
        return self.annotate(is_last=~Exists(later))

    def in_order(self):
        return self.order_by("-on", "-pk")

    def for_list(self):
        return self.select_related(
            "resident",
            "household_from__compound",
            "household_from__building",
            "household_to__compound",
            "household_to__building",
            "created_by",
            "voided_by",
        ).in_order()

    def for_detail(self):
        return self.select_related(
            "resident__household__building",
            "resident__household__compound__community__parent__parent",
            "resident__household__compound__grid",
            "created_by",
        )


class LifeEventManager(models.Manager.from_queryset(LifeEventQuerySet)):
    @transaction.atomic
    def enter_all(self, *, by, residents, kind, on, client_uuid, seen=None, **facts):
        """The same entry for several people at once, all or none; returns the events. `seen` is {pk: version on the screen}."""
        return [
            self.enter(
                by=by,
                resident=resident,
                kind=kind,
                on=on,
                client_uuid=uuid5(client_uuid, str(resident.pk)),
                group=client_uuid,
                seen=(seen or {}).get(resident.pk),
                **facts,
            )
            # The head first: who comes to an empty home after him joins him there.
            for resident in sorted(residents, key=lambda resident: not resident.is_head)
        ]

    @transaction.atomic
    def enter_newcomers(self, *, by, household, kind, on, client_uuid, people, **facts):
        """Somebody joins the household: `people` are dicts of facts for `Resident.objects.add`, or residents who come from elsewhere."""
        events = []
        for number, person in enumerate(people):
            known = person if isinstance(person, Resident) else None
            events.append(
                self.enter(
                    by=by,
                    resident=known,
                    newcomer=None if known else person,
                    household_to=household,
                    kind=kind,
                    on=on,
                    client_uuid=uuid5(client_uuid, f"newcomer:{number}"),
                    group=client_uuid,
                    **facts,
                )
            )
        return events

    def enter(self, *, by, kind, on, client_uuid, resident=None, newcomer=None, group=None, seen=None, **facts):
        """Write down what happened to one person, and let the person's row follow.

        `facts`: household_to (joining, moving), until (hospital, away), residency, remark. The same `client_uuid` again returns
        the event that was made then. Raises NotAllowed when this cannot follow on what stands (`MOVES`, and no earlier than the
        last entry), Conflict when the person has changed since `seen`, ValueError for a day that has not come yet.
        """
        if on > timezone.localdate():
            raise ValueError("on")

        def make():
            return self._make(
                by=by,
                kind=LifeKind(kind),
                on=on,
                client_uuid=client_uuid,
                resident=resident,
                newcomer=newcomer,
                group=group or client_uuid,
                seen=seen,
                **facts,
            )

        return create_once(self.model, client_uuid=client_uuid, by=by, make=make)[0]

    @transaction.atomic
    def settle(self, household, row, *, by, **changes):
        """Answer what somebody's leaving left open about this home; undone together with the entry, if there is one."""
        event = self.standing().filter(household_from=household, kind__in=LEAVING).in_order().first()
        if event is None:
            return revise(row, "correct", by=by, **changes)
        return event.settle(row, by=by, **changes)

    def _make(
        self,
        *,
        by,
        kind,
        on,
        client_uuid,
        resident,
        newcomer,
        group,
        seen,
        household_to=None,
        until=None,
        residency=None,
        remark="",
    ):
        before = state_of(resident)
        home = household_to or resident.household
        made = newcomer is not None
        if made:
            resident = self._born_or_new(kind, newcomer, by=by, on=on, household=home, client_uuid=client_uuid)
        came_from = None if made else resident.household
        # The row first: sent a second time, it is found by its number before anything else is looked at.
        event = self.create(
            client_uuid=client_uuid,
            created_by=by,
            resident=resident,
            kind=kind,
            on=on,
            until=until,
            remark=remark,
            household_from=came_from,
            household_to=None if kind in (LifeKind.DEATH, LifeKind.MOVE_OUT, LifeKind.TENANT_OUT) else home,
            compound_id=home.compound_id,
            area_path=home.area_path,
            area_path_from=came_from.area_path if came_from and came_from.area_path != home.area_path else "",
            area_path_then=home.area_path,
            group=group,
            made_resident=made,
            effects=json.dumps([]),
        )
        event.refuse_disorder(before)
        if not made:
            changes = changes_of(kind, resident, on=on, until=until, home=home, residency=residency)
            event.follow(resident, changes, by=by, verb=f"life_{kind}", seen=seen)
        if kind in JOINING:
            event.open_home(home, by=by, residency=residency if residency is not None else resident.residency)
        event.keep_effects()
        record(event, "enter_life", by=by, data={"kind": kind}, area_path=home.area_path)
        return event

    def _born_or_new(self, kind, newcomer, *, by, on, household, client_uuid):
        facts = dict(newcomer)
        if kind == LifeKind.BIRTH:
            facts |= {"born_on": on}
        elif kind == LifeKind.TENANT_IN:
            facts |= {"residency": Residency.TENANT}
        return Resident.objects.add(by=by, client_uuid=uuid5(client_uuid, "person"), household=household, **facts)


def changes_of(kind, resident, *, on, until, home, residency):
    """What this entry changes on the person's row: {field: value}."""
    there = {"household": home, "area_path": home.area_path}
    if home.pk != resident.household_id:
        # Whoever joins others is not their head.
        there["is_head"] = resident.is_head and not home.residents.here().exclude(pk=resident.pk).exists()
    match kind:
        case LifeKind.DEATH:
            return {"ended_on": on, "ended_reason": "died", **AT_HOME}
        case LifeKind.MOVE_OUT | LifeKind.TENANT_OUT:
            return {"ended_on": on, "ended_reason": "moved", **AT_HOME}
        case LifeKind.MOVE_IN:
            return {**HERE_AGAIN, **AT_HOME, **there, **({} if residency is None else {"residency": residency})}
        case LifeKind.TENANT_IN:
            return {**HERE_AGAIN, **AT_HOME, **there, "residency": Residency.TENANT}
        case LifeKind.MOVE:
            return there
        case LifeKind.HOSPITAL_IN:
            return {"presence": Presence.HOSPITAL, "presence_since": on, "presence_until": until}
        case LifeKind.AWAY:
            return {"presence": Presence.AWAY, "presence_since": on, "presence_until": until}
        case LifeKind.HOSPITAL_OUT:
            return {**AT_HOME, "came_home_on": on}
        case LifeKind.BACK:
            return AT_HOME
        case LifeKind.RESIDENCY:
            return {"residency": residency}
    raise ValueError(kind)


class LifeEvent(Fact):
    """One entry: who, what, on which day. Voided it is undone, and everything that it changed is again what it was.

    `household_from` is where the person lived before, `household_to` where he or she lives after it (None: nowhere here).
    `effects` keeps what was changed, encrypted: [[row, {field: before}, {field: after}]], the person's own row as "".
    """

    TOPIC = "people"
    COMPOUND_FIELD = "compound"

    resident = models.ForeignKey(
        Resident, on_delete=models.PROTECT, related_name="life_events", editable=False, verbose_name=_("person")
    )
    kind = models.CharField(_("what happened"), max_length=12, choices=LifeKind.choices, editable=False)
    on = models.DateField(_("day"), editable=False)
    until = models.DateField(_("expected until"), null=True, blank=True, editable=False)
    household_from = models.ForeignKey(
        Household, on_delete=models.PROTECT, null=True, related_name="life_events_from", editable=False
    )
    household_to = models.ForeignKey(
        Household, on_delete=models.PROTECT, null=True, related_name="life_events_to", editable=False
    )
    compound = models.ForeignKey(
        "communities.Compound", on_delete=models.PROTECT, related_name="life_events", editable=False
    )
    area_path = PathField(max_length=15, editable=False)
    area_path_from = PathField(max_length=15, blank=True, default="", editable=False)
    area_path_then = PathField(max_length=15, editable=False)
    group = models.UUIDField(editable=False, db_index=True)
    made_resident = models.BooleanField(default=False, editable=False)
    effects = EncryptedTextField(default="", blank=True, editable=False)
    remark = models.TextField(_("remark"), blank=True, editable=False)

    objects = LifeEventManager()

    class Meta(Fact.Meta):
        ordering = ["-on", "-pk"]
        indexes = [
            models.Index(fields=["area_path", "on"]),
            models.Index(fields=["area_path_from"], condition=~Q(area_path_from=""), name="life_event_from_elsewhere"),
        ]
        constraints = [
            *Fact.Meta.constraints,
            models.CheckConstraint(
                condition=Q(until__isnull=True) | Q(until__gte=F("on")), name="life_event_ends_after_it_began"
            ),
        ]

    def __str__(self):
        return f"{self.get_kind_display()} {self.on}"

    def get_absolute_url(self):
        return self.resident.get_absolute_url()

    @property
    def words(self):
        """What happened, as it is said after a name."""
        return _("was born") if self.kind == LifeKind.BIRTH else self.get_kind_display()

    @property
    def household(self):
        """Where it happened: the home that the person has now, else the one that was left."""
        return self.household_to or self.household_from

    def other_home(self, household):
        """The home that the entry names besides this one, None for most entries."""
        return next((home for home in (self.household_from, self.household_to) if home and home != household), None)

    @property
    def may_be_undone(self):
        """Whether it stands and is the last of its person; a list brings the answer along (`with_last`)."""
        if self.is_void or self.resident.purged_at:
            return False
        last = getattr(self, "is_last", None)
        return not self.later().exists() if last is None else last

    def later(self):
        return LifeEvent.objects.standing().filter(resident=self.resident_id, pk__gt=self.pk)

    def companions(self):
        """The other entries that were made with this one and still stand: the rest of a family that moved."""
        return LifeEvent.objects.standing().filter(group=self.group).exclude(pk=self.pk)

    # --- parts of `enter` ---

    def refuse_disorder(self, before):
        """NotAllowed unless this may follow on what stands for the person, on this day."""
        if before not in MOVES[self.kind].before:
            raise NotAllowed(self.resident, f"life_{self.kind}")
        last = self.resident.life_events.standing().exclude(pk=self.pk).order_by("-on", "-pk").first()
        if last is not None and self.on < last.on:
            raise NotAllowed(self.resident, f"life_{self.kind}")

    def follow(self, row, changes, *, by, verb, seen=None):
        """Change `row` and remember what it was."""
        before = {name: stored(row, name) for name in changes}
        if revise(row, verb, by=by, seen=seen, **changes) is None:
            raise NotAllowed(row, verb)
        after = {name: stored(row, name) for name in changes}
        changed = [name for name in changes if before[name] != after[name]]
        name = "" if row.pk == self.resident_id and isinstance(row, Resident) else label(row)
        self.written.append([name, {key: before[key] for key in changed}, {key: after[key] for key in changed}])

    def open_home(self, household, *, by, residency):
        """A home that stood vacant is lived in again."""
        tenant = residency == Residency.TENANT
        wanted = "tenant" if tenant else "owner"
        if household.occupancy == "vacant" or (tenant and household.occupancy != wanted):
            self.follow(household, {"occupancy": wanted}, by=by, verb="correct")

    @property
    def written(self):
        """The effects as a list, kept on the object until `keep_effects`."""
        if "_written" not in self.__dict__:
            self._written = json.loads(self.effects or "[]")
        return self._written

    def keep_effects(self):
        self.effects = json.dumps(self.written, cls=DjangoJSONEncoder)
        LifeEvent.objects.filter(pk=self.pk).update(effects=self.effects)

    # --- verbs ---

    @transaction.atomic
    def undo(self, *, by, reason, key=None, together=False):
        """It was a mistake: the person is again what he or she was before. With `together`, for everybody of the same entry.

        What others have changed since stays as they left it. NotAllowed if a later entry of the person stands: that one first.
        """
        if not self.may_be_undone:
            raise NotAllowed(self, "undo_life")
        companions = list(self.companions()) if together else []
        entry = self._undo(by=by, reason=reason, key=key)
        # From the last backward, as they were made.
        for event in sorted(companions, key=lambda event: -event.pk):
            if not event.may_be_undone:
                raise NotAllowed(event, "undo_life")
            event._undo(by=by, reason=reason)
        return entry

    def _undo(self, *, by, reason, key=None):
        entry = revise(self, "undo_life", by=by, key=key, voided_at=timezone.now(), voided_by=by, voided_reason=reason)
        for name, before, after in reversed(self.written):
            row = self.resident if name == "" else subject(name)
            row.refresh_from_db()
            revise(row, "life_undone", by=by, **as_before(row, before, after))
        if self.made_resident:
            self.resident.refresh_from_db()
            self.resident.void(by=by, reason=reason)
        return entry

    @transaction.atomic
    def settle(self, row, *, by, **changes):
        """Answer what the entry left open (is the home vacant, who is head now); undone together with it."""
        if all(stored(row, name) == value for name, value in changes.items()):
            return
        self.follow(row, changes, by=by, verb="correct")
        if not LifeEvent.objects.filter(pk=self.pk, version=self.version).update(version=F("version") + 1):
            raise Conflict(self)
        self.version += 1
        self.keep_effects()


def as_before(row, before, after):
    """{field: value} of what is still as the entry left it. A home that was merged or moved meanwhile is taken as it is now."""
    values = {name: restored(row, name, before[name]) for name in before if stored(row, name) == after[name]}
    values.pop("area_path", None)
    if "household" in values:
        values["household"] = values["household"].survivor()
        values["area_path"] = values["household"].area_path
    return values


def stored(row, name):
    """The value of a field as JSON keeps it: a row by its number, a day as text."""
    value = row._meta.get_field(name).value_from_object(row)
    return value.isoformat() if hasattr(value, "isoformat") else value


def restored(row, name, value):
    """The value that `stored` made such a text of."""
    field = row._meta.get_field(name)
    if field.is_relation and value is not None:
        return field.related_model._base_manager.get(pk=value)
    return field.to_python(value)
