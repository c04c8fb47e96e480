"""合并: two records of one person, household or compound become one; what was moved is remembered, so that it can be put back.

A merge moves pointers and copies nothing: whatever points to the record that goes (of any app, found in Django's registry) points to the
one that stays, and stands here as [table, column, before, after, [numbers]]. Nothing that somebody wrote is changed, so versions
of the moved rows stay, and a correction that is being typed meanwhile is not lost.
"""

import json
from collections import defaultdict
from datetime import timedelta
from uuid import uuid5

from django.apps import apps
from django.conf import settings
from django.db import IntegrityError, models, transaction
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from communities.models.compound import Building, Compound, may_follow
from communities.models.duplicate import MODELS, Kind, PairQuerySet, kind_of
from communities.models.household import Household
from communities.models.resident import Resident
from foundation.facts import Fact, create_once
from foundation.fields import EncryptedTextField
from foundation.journal.moves import Conflict, NotAllowed, record, record_all, refuse_repeat, revise
from foundation.relations import change, columns_of, matching, parts, relations_of

UNDO_DAYS = 30
# What the record that stays never takes over: keys, history, what follows from other columns, and where it is.
# Another place is chosen by letting the other record stay.
NEVER_TAKEN = {
    *("id", "client_uuid", "version", "created_at", "created_by", "voided_at", "voided_by", "voided_reason"),
    *(
        "merged_into",
        "purged_at",
        "bigrams",
        "area_path",
        "household",
        "compound",
        "building",
        "stair",
        "door",
        "address",
    ),
    *("community", "grid", "walk_order", "door_key", "name_key"),
    # follows from the compound's dated changes
    "management",
}
# An address of its own (the compound) is a fact; that of a household follows from its door.
KEPT_ADDRESS = {Compound: {"address"}}
# Columns that make sense only together; the first stands for all.
TOGETHER = {
    "ended_on": ("ended_on", "ended_reason"),
    "presence": ("presence", "presence_since", "presence_until", "came_home_on"),
    "declines_visits_on": (
        "declines_visits_on",
        "declines_calls",
        "declines_said_by",
        "declines_remark",
        "declines_reviewed_on",
    ),
}


class Why(models.TextChoices):
    SAME = "same", _("entered twice")
    JOINED = "joined", _("two households live together")
    SPLIT = "split", _("a household was split")


def taken_fields(model):
    """The names of the facts that may be taken over, in the order of the model; what belongs together by its first."""
    derived = {name for names in TOGETHER.values() for name in names[1:]}
    never = NEVER_TAKEN - KEPT_ADDRESS.get(model, set())
    return [
        field.name
        for field in model._meta.concrete_fields
        if field.name not in never | derived and not field.name.endswith("_hash")
    ]


def columns_taken(model, names):
    """All columns behind these names."""
    own = {field.name for field in model._meta.concrete_fields}
    return [column for name in names for column in TOGETHER.get(name, (name,)) if column in own]


class MergeQuerySet(PairQuerySet):
    PAIR = ("kept_id", "gone_id")

    def open(self):
        return self.filter(undone_at__isnull=True)

    def whole(self):
        """Without those that were parts of a larger one."""
        return self.filter(part_of__isnull=True)

    def about(self, kind, *pks):
        return self.filter(Q(kept_id__in=pks) | Q(gone_id__in=pks), kind=kind)

    def for_list(self):
        return self.select_related("created_by", "undone_by").order_by("-created_at", "-pk")


class MergeManager(models.Manager.from_queryset(MergeQuerySet)):
    def merge(self, *, by, client_uuid, kept, gone, take=(), why=Why.SAME, seen=None, part_of=None):
        """Let `kept` stand for `gone`, too; the same `client_uuid` again is the same merge.

        `take` names facts that `kept` takes over from `gone` (see `taken_fields`); `seen` is (version of kept, version of gone) on
        the screen. Conflict if one of them was changed, merged or voided meanwhile.
        """
        if type(kept) is not type(gone) or kept.pk == gone.pk:
            raise NotAllowed(kept, "merge")

        def make():
            merge = self.create(
                client_uuid=client_uuid,
                created_by=by,
                kind=kind_of(kept),
                why=why,
                kept_id=kept.pk,
                gone_id=gone.pk,
                part_of=part_of,
            )
            rows = locked(type(kept), kept.pk, gone.pk)
            if not all(stands(row) for row in rows) or (seen and tuple(seen) != tuple(row.version for row in rows)):
                raise Conflict(rows[0])
            merge.carry_out(*rows, take=take)
            return merge

        return self.once(client_uuid, by, make, kept)

    def split(self, *, by, client_uuid, household, residents, building, stair="", door="", occupancy, seen=None):
        """Give these residents a household of their own in the same compound; visits and issues stay where they were made.

        The same `client_uuid` again is the same split. Conflict if the door has a household, or somebody was faster.
        """

        def make():
            (old,) = locked(Household, household.pk)
            if done := self.filter(client_uuid=client_uuid, created_by=by).first():
                return done
            if not stands(old) or (seen is not None and seen != old.version):
                raise Conflict(old)
            new = old.compound.add_household(
                by=by,
                client_uuid=client_uuid,
                building=building,
                stair=stair,
                door=door,
                occupancy=occupancy,
            )
            merge = self.create(
                client_uuid=client_uuid,
                created_by=by,
                kind=Kind.HOUSEHOLD,
                why=Why.SPLIT,
                kept_id=old.pk,
                gone_id=new.pk,
            )
            merge.send_out(old, new, residents)
            return merge

        return self.once(client_uuid, by, make, household)

    def once(self, client_uuid, by, make, row):
        try:
            return create_once(self.model, client_uuid=client_uuid, by=by, make=make)[0]
        except IntegrityError:
            # The other one of two people who wanted the same.
            raise Conflict(row) from None

    def adopt_late_comers(self):
        """Bring along what was being written for a record while it was merged; returns how many rows.

        Pages and uploads follow the pointer by themselves; late is only a row whose transaction had begun before.
        """
        adopted = 0
        since = timezone.now() - timedelta(days=UNDO_DAYS)
        for kind, model in MODELS.items():
            merges = self.open().exclude(why=Why.SPLIT).filter(kind=kind, created_at__gte=since)
            if not merges.exists():
                continue
            gone = merges.values("gone_id")
            late = defaultdict(list)
            for relation in relations_of(model):
                rows = relation.rows().filter(**{f"{relation.field}__in": gone})
                for pk, target in rows.values_list("pk", relation.field):
                    late[target].append((relation, pk))
            for merge in merges.filter(gone_id__in=late):
                adopted += merge.adopt(late[merge.gone_id])
        return adopted

    def forget(self, kind, pks):
        """Blank what merges of these rows remember of a person; part of a purge."""
        return self.about(kind, *pks).exclude(former="").update(former="")


def locked(model, *pks):
    """Fresh copies of these rows in the order asked for, held until the end of the transaction.

    A merge changes two rows that others may want to merge the other way round: a guarded UPDATE of each would end in a deadlock, so
    this one time rows are locked, always in the order of their numbers.
    """
    rows = model._base_manager.select_for_update(no_key=True).filter(pk__in=pks).order_by("pk")
    rows = {row.pk: row for row in rows}
    if len(rows) < len(pks):
        raise Conflict
    return [rows[pk] for pk in pks]


def stands(row):
    return row.voided_at is None and row.merged_into_id is None and getattr(row, "purged_at", None) is None


class Merge(Fact):
    """One merge (or split) and what is needed to undo it.

    `moved`: [[table, column, before, after, [numbers]]] in the order in which it was done. `stayed`: [[table, column, [numbers]]] of
    rows that would have collided with one of the kept record and so stay with the one that is gone. `left`: [[table, [numbers]]] of
    moved rows that an undo found changed and did not touch. `former`: {column: [of the kept one, of the gone one]}, encrypted.
    Of a split, `kept` is the old household and `gone` the new one.
    """

    kind = models.CharField(_("what"), max_length=10, choices=Kind.choices, editable=False)
    why = models.CharField(_("why"), max_length=8, choices=Why.choices, default=Why.SAME, editable=False)
    kept_id = models.BigIntegerField(editable=False)
    gone_id = models.BigIntegerField(editable=False)
    part_of = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="parts", editable=False
    )
    moved = models.JSONField(default=list, editable=False)
    stayed = models.JSONField(default=list, editable=False)
    left = models.JSONField(default=list, editable=False)
    former = EncryptedTextField(default="", blank=True, editable=False)
    undone_at = models.DateTimeField(_("undone on"), null=True, editable=False)
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", editable=False
    )

    objects = MergeManager()

    class Meta(Fact.Meta):
        indexes = [
            models.Index(fields=["kind", "kept_id"]),
            models.Index(fields=["kind", "gone_id"]),
            models.Index(fields=["created_at"]),
        ]
        constraints = [
            *Fact.Meta.constraints,
            models.CheckConstraint(condition=~Q(kept_id=F("gone_id")), name="merge_of_two"),
            models.UniqueConstraint(
                fields=["kind", "gone_id"], condition=Q(undone_at__isnull=True), name="merged_once"
            ),
        ]

    def __str__(self):
        return f"{self.kind} {self.gone_id} → {self.kept_id}"

    def get_absolute_url(self):
        return reverse("merge_detail", args=[self.pk])

    @property
    def model(self):
        return MODELS[self.kind]

    @cached_property
    def kept(self):
        return self.model._base_manager.get(pk=self.kept_id)

    @cached_property
    def gone(self):
        return self.model._base_manager.get(pk=self.gone_id)

    @property
    def area_path(self):
        return self.kept.area_path

    @property
    def taken(self):
        """The names of the facts that the kept record took over."""
        return list(json.loads(self.former)) if self.former else []

    @property
    def undo_until(self):
        return self.created_at + timedelta(days=UNDO_DAYS)

    @property
    def is_undone(self):
        return self.undone_at is not None

    def undo_refusal(self, now):
        """Why it cannot be undone (any more), "" if it can; the words stand in communities/merging.py."""
        if self.is_undone:
            return "undone"
        if self.part_of_id:
            return "part"
        if now >= self.undo_until:
            return "late"
        if not self.former_is_kept:
            return "purged"
        if self.why != Why.SPLIT and self.gone.merged_into_id != self.kept_id:
            return "changed"
        return "" if stands(self.kept) else "further"

    @property
    def former_is_kept(self):
        """Whether the facts that stood before are still known; the purge of a person takes them away."""
        return self.former != ""

    # --- parts of `merge` ---

    def carry_out(self, kept, gone, *, take):
        """Move the pointer, the chosen facts, and everything that hangs on the record that goes."""
        self.__dict__.update(kept=kept, gone=gone)
        by = self.created_by
        columns = columns_taken(self.model, [name for name in take if name in taken_fields(self.model)])
        facts = {name: (getattr(kept, name), getattr(gone, name)) for name in columns}
        facts = {name: both for name, both in facts.items() if both[0] != both[1]}
        self.former = json.dumps({name: raw(kept, gone, name) for name in facts}, default=as_text, ensure_ascii=False)
        # First the pointer: a door or a name is free from then on.
        revise(gone, "merge_into", by=by, data={"merge": self.pk, "other": kept.pk}, merged_into=kept)
        self.tell(kept, "merge", by=by, **{name: theirs for name, (_own, theirs) in facts.items()})
        if isinstance(kept, Compound):
            self.fold_buildings()
        for relation in relations_of(self.model):
            self.take_over(relation, list(relation.of(gone.pk).values_list("pk", flat=True)))
        self.tidy()
        self.keep()

    def tell(self, row, verb, *, by, **changes):
        """An entry for the row, with the facts that change along."""
        other = self.gone_id if row.pk == self.kept_id else self.kept_id
        data = {"merge": self.pk, "other": other}
        return revise(row, verb, by=by, data=data, **changes) or record(row, verb, by=by, data=data)

    def take_over(self, relation, pks):
        """These rows point to the kept record from now on, and lie where it lies."""
        refused = self.set_column(relation.model, relation.field, self.gone_id, self.kept_id, pks)
        if refused:
            self.stayed.append([relation.label, relation.field, refused])
        self.align(relation, set(pks) - set(refused))

    def set_column(self, model, column, before, after, pks):
        """Change one column of many rows and remember it; returns the numbers of those that would have collided."""
        done, refused = change(model, sorted(pks), **{column: after})
        if done:
            self.moved.append([model._meta.label_lower, column, before, after, done])
        return refused

    def align(self, relation, pks):
        """Where moved rows lie follows from what they point to: their compound, building and area, and what hangs on them in turn."""
        model = relation.model
        if not pks or relation.name not in area_sources(model):
            return
        if not may_follow(
            model, moved=community_of(self.kept) != community_of(self.gone)
        ) and "area_path" in columns_of(model):
            return
        for column in ("compound_id", "building_id", "area_path"):
            old, new = (getattr(row, column, None) for row in (self.gone, self.kept))
            if column in columns_of(model) and column != relation.field and old != new and new is not None:
                there = matching(model, pks, **{column: old})
                self.set_column(model, column, old, new, there)
        for below in relations_of(model):
            # Labels name a thing and do not place it.
            if not below.kind and below.name in area_sources(below.model):
                self.align(below, {pk for part in parts(pks) for pk in below.of(*part).values_list("pk", flat=True)})

    def fold_buildings(self):
        """Buildings of one name are one: households and issues go to that of the kept compound, doors that both have are merged."""
        kept = {building.name: building for building in self.kept.buildings.all()}
        for building in self.gone.buildings.filter(name__in=kept):
            other = kept[building.name]
            self.merge_doors(building, other)
            for relation in relations_of(Building):
                pks = list(relation.of(building.pk).values_list("pk", flat=True))
                refused = self.set_column(relation.model, relation.field, building.pk, other.pk, pks)
                if refused:
                    self.stayed.append([relation.label, relation.field, refused])

    def merge_doors(self, building, other):
        doors = {(row.stair, row.door): row for row in other.households.standing()}
        for household in building.households.standing():
            twin = doors.get((household.stair, household.door))
            if twin is not None:
                Merge.objects.merge(
                    by=self.created_by,
                    client_uuid=uuid5(self.client_uuid, f"household:{household.pk}"),
                    kept=twin,
                    gone=household,
                    part_of=self,
                )

    def tidy(self):
        """What follows from the moves: one head of a household, addresses with the name of the compound."""
        if isinstance(self.kept, Household):
            people = self.moved_rows(Resident, "household_id")
            if self.kept.residents.here().filter(is_head=True).exclude(pk__in=people).exists():
                heads = Resident.objects.filter(pk__in=people, is_head=True).values_list("pk", flat=True)
                self.set_column(Resident, "is_head", True, False, list(heads))
            record_all(
                Resident.objects.filter(pk__in=people), "move_along", by=self.created_by, data={"merge": self.pk}
            )
        self.readdress()

    def moved_rows(self, model, column):
        label = model._meta.label_lower
        return [
            pk for table, name, _before, _after, pks in self.moved if (table, name) == (label, column) for pk in pks
        ]

    def readdress(self):
        """Addresses of households contain the name of their compound; after a change of either they are derived anew."""
        if isinstance(self.kept, Compound):
            Household.objects.filter(compound__in=[self.kept_id, self.gone_id]).readdress()

    def keep(self, **more):
        """Write down what was moved; the row was made in this transaction or is locked by it."""
        values = {"moved": self.moved, "stayed": self.stayed, "former": self.former, **more}
        for name, value in more.items():
            setattr(self, name, value)
        Merge.objects.filter(pk=self.pk).update(**values)

    @transaction.atomic
    def adopt(self, late):
        """Take over rows that came late, [(relation, number)]; returns how many."""
        merge = Merge.objects.select_for_update().get(pk=self.pk)
        if merge.is_undone:
            return 0
        stayed = {(label, column): set(pks) for label, column, pks in merge.stayed}
        before = sum(len(move[4]) for move in merge.moved)
        for relation in {relation for relation, _pk in late}:
            pks = {pk for other, pk in late if other == relation} - stayed.get((relation.label, relation.field), set())
            merge.take_over(relation, pks)
        merge.keep()
        return sum(len(move[4]) for move in merge.moved) - before

    def send_out(self, old, new, residents):
        """The other way round: these residents move into the new household."""
        by = self.created_by
        self.__dict__.update(kept=old, gone=new)
        for resident in residents:
            if resident.household_id != old.pk or not resident.is_here:
                raise Conflict(old)
            revise(resident, "split", by=by, data={"merge": self.pk}, household=new, area_path=new.area_path)
        self.moved = [["communities.resident", "household_id", old.pk, new.pk, [row.pk for row in residents]]]
        self.former = "{}"
        # Whoever has the old household on the screen has seen other people in it.
        Household.objects.filter(pk=old.pk).update(version=F("version") + 1)
        old.version += 1
        for row in (old, new):
            self.tell(row, "split", by=by)
        self.keep()

    # --- undoing ---

    @transaction.atomic
    def undo(self, *, by, key=None):
        """Put back what was moved, unless somebody changed it since; what was written after the merge stays with the kept record.

        Raises NotAllowed after 30 days, after a further merge of the kept record, or twice; Conflict if the place of the gone
        record is taken meanwhile.
        """
        kept, gone = locked(self.model, self.kept_id, self.gone_id)
        self.__dict__.update(kept=kept, gone=gone)
        if self.undo_refusal(timezone.now()):
            refuse_repeat(key, self, "undo", by=by)
            undone = Merge.objects.filter(pk=self.pk, undone_at__isnull=False).exists()
            raise Conflict(self) if undone else NotAllowed(self, "undo")
        entry = revise(self, "undo", by=by, key=key, undone_at=timezone.now(), undone_by=by)
        try:
            with transaction.atomic():
                self.put_back(by)
        except IntegrityError:
            # The door or the name of the record that was gone belongs to another one now.
            raise Conflict(self) from None
        return entry

    def put_back(self, by):
        left = self.restore()
        if self.why == Why.SPLIT:
            self.dissolve(by)
        else:
            self.tell(self.kept, "unmerge", by=by, **self.former_facts())
            self.tell(self.gone, "unmerge", by=by, merged_into=None)
        for part in self.parts.open().order_by("-pk"):
            part.kept, part.gone = locked(part.model, part.kept_id, part.gone_id)
            if stands(part.kept) and part.gone.merged_into_id == part.kept_id:
                revise(part, "undo", by=by, undone_at=self.undone_at, undone_by=by)
                part.put_back(by)
        self.readdress()
        self.keep(left=[[label, sorted(pks)] for label, pks in sorted(left.items()) if pks])

    def restore(self):
        """Put every moved row back that is still as it was left; returns {table: numbers} of the others."""
        left = defaultdict(set)
        for label, column, _before, after, pks in self.moved:
            left[label] |= set(pks) - matching(apps.get_model(label), pks, **{column: after})
        for label, column, before, _after, pks in reversed(self.moved):
            _done, refused = change(apps.get_model(label), sorted(set(pks) - left[label]), **{column: before})
            left[label] |= set(refused)
        return left

    def former_facts(self):
        """The facts that the kept record took over and still has, as they were before."""
        facts = {}
        for name, (before, after) in json.loads(self.former).items():
            field = self.model._meta.get_field(name)
            if field.to_python(after) == field.to_python(field.value_from_object(self.kept)):
                related = field.is_relation and field.related_model._base_manager.filter(pk=before).first()
                facts[name] = related if field.is_relation else field.to_python(before)
        return facts

    def dissolve(self, by):
        """Of a split: the new household goes if nothing has happened there; else it stands."""
        new = self.gone
        hangs = any(relation.of(new.pk).exists() for relation in relations_of(Household) if not relation.kind)
        if not hangs and stands(new):
            new.void(by=by, reason="split undone")
        back = Resident.objects.filter(pk__in=self.moved_rows(Resident, "household_id"), household=self.kept)
        record_all(back, "unmerge", by=by, data={"merge": self.pk})
        self.tell(self.kept, "unmerge", by=by)


def raw(kept, gone, name):
    field = kept._meta.get_field(name)
    return [field.value_from_object(row) for row in (kept, gone)]


def as_text(value):
    """Days and moments in full, to the microsecond."""
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def area_sources(model):
    """The names of the foreign keys from which compound and area of this model's rows follow."""
    default = (getattr(model, "COMPOUND_FIELD", "") or "").split("__")[0]
    return getattr(model, "AREA_FROM", (default,))


def community_of(row):
    """The code of the community in which the row lies."""
    return row.area_path[:12]
