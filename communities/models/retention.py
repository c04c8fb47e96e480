"""How long data are kept after somebody died, moved or left the care register, and how they are cleared.

One person proposes it, another confirms it, and there is no way back.
"""

from django.conf import settings
from django.db import IntegrityError, models, transaction
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from communities.access import MAY_CONFIRM_PURGE, ScopedQuerySet, posts_of
from communities.models.care_entry import CareEntry
from communities.models.household import Household
from communities.models.inherited import RuleQuerySet, regions
from communities.models.life import LifeEvent
from communities.models.resident import Resident, person_of, same_person
from foundation.facts import Fact, create_once
from foundation.fields import PathField
from foundation.journal.models import refuse_repeat
from foundation.journal.moves import Conflict, Move, NotAllowed, history, move, record, revise
from foundation.journal.purging import forget_about
from foundation.purging import PURGED, preview, purge


class What(models.TextChoices):
    DIED = "died", _("people who died")
    MOVED = "moved", _("people who moved away")
    CARE = "care", _("care entries that ended")


class RetentionRuleQuerySet(RuleQuerySet):
    def for_list(self):
        return self.order_by("area_path", "what")


class RetentionRuleManager(models.Manager.from_queryset(RetentionRuleQuerySet)):
    @transaction.atomic
    def set_for(self, area_path, *, by, what, key=None, **facts):
        """A rule of a place's own. Conflict if it has one; AlreadyDone if the form `key` was carried out before."""
        refuse_repeat(key, self.model(), "add", by=by)
        try:
            with transaction.atomic():
                row = self.create(area_path=area_path, what=what, **facts)
        except IntegrityError:
            raise Conflict(self.filter(area_path=area_path, what=what).first()) from None
        record(row, "add", by=by, key=key)
        return row


class RetentionRule(models.Model):
    """So many months after the end, data are due to be cleared. The nearest place with a rule of its own decides."""

    TOPIC = "care_rules"
    KEEP_FORMER = ("months", "legal_ground")

    area_path = PathField(max_length=15, blank=True, default="", editable=False)
    what = models.CharField(_("what"), max_length=10, choices=What.choices, editable=False)
    months = models.PositiveSmallIntegerField(_("months kept after the end"))
    legal_ground = models.CharField(_("why so long"), max_length=200, blank=True)
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = RetentionRuleManager()

    class Meta:
        ordering = ["area_path", "what"]
        constraints = [
            models.UniqueConstraint(fields=["area_path", "what"], name="one_retention_rule"),
            models.CheckConstraint(condition=Q(months__gte=1), name="retention_rule_has_months"),
        ]

    def __str__(self):
        return f"{self.area_path} {self.what}"

    def correct(self, *, by, key=None, **changes):
        return revise(self, "correct", by=by, key=key, **changes)


def months_before(day, months):
    """The day so many months earlier: 31 May less three months is 28 or 29 February."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    for last in (day.day, 30, 29, 28):
        try:
            return day.replace(year=year, month=month + 1, day=last)
        except ValueError:
            continue
    raise ValueError(day)


def people_due(residents, today):
    """Of these residents those who died or moved away longer ago than their place keeps the data."""
    rules = list(RetentionRule.objects.exclude(what=What.CARE))
    due = Q(pk__in=[])
    for what in (What.DIED, What.MOVED):
        for rule, here in regions([rule for rule in rules if rule.what == what]):
            due |= here & Q(ended_reason=what, ended_on__lte=months_before(today, rule.months))
    return residents.filter(due, purged_at__isnull=True, voided_at__isnull=True, merged_into__isnull=True)


def care_due(entries, today):
    """Of these care entries those that ended longer ago than their place keeps them, of people whose data stay."""
    rules = list(RetentionRule.objects.filter(what=What.CARE))
    due = Q(pk__in=[])
    for rule, here in regions(rules, "resident__area_path"):
        due |= here & Q(ended_on__lte=months_before(today, rule.months))
    return entries.filter(due, purged_at__isnull=True)


class PurgeQuerySet(ScopedQuerySet):
    def open(self):
        return self.filter(status=Purge.Status.PROPOSED)

    def for_list(self):
        return self.select_related(
            "resident__household__compound",
            "resident__household__building",
            "care_entry__category",
            "created_by",
            "confirmed_by",
        ).order_by(F("closed_at").desc(nulls_first=True), "created_at", "pk")


class PurgeManager(models.Manager.from_queryset(PurgeQuerySet)):
    @transaction.atomic
    def propose(self, *, by, ground, resident=None, care_entry=None, reason="", client_uuid=None):
        """Propose to clear a person, or one ended care entry; the same `client_uuid` again is the same proposal.

        NotAllowed where a ground to keep the data stands (see `obstacles`); Conflict if it is proposed already.
        """
        subject = resident or care_entry
        if obstacles(resident, care_entry, ground, today=timezone.localdate()):
            raise NotAllowed(subject, "propose")

        def make():
            row = self.create(
                **({"client_uuid": client_uuid} if client_uuid else {}),
                created_by=by,
                ground=ground,
                resident=resident,
                care_entry=care_entry,
                reason=reason,
                area_path=subject.area_path,
            )
            record(row, "propose", by=by, after=row.status)
            return row

        try:
            return create_once(self.model, client_uuid=client_uuid, by=by, make=make)[0]
        except IntegrityError:
            raise Conflict(self.open().filter(resident=resident, care_entry=care_entry).first()) from None

    def propose_due(self, *, by, people=(), entries=()):
        """Propose those of these people and care entries (their numbers) that are due and that `by` may see; returns how many."""
        today, done = timezone.localdate(), 0
        due = people_due(Resident.objects.visible_to(by).filter(pk__in=people), today)
        over = care_due(CareEntry.objects.visible_to(by).filter(pk__in=entries), today)
        for subject in [*({"resident": row} for row in due), *({"care_entry": row} for row in over)]:
            try:
                self.propose(by=by, ground=Purge.Ground.RETENTION, **subject)
                done += 1
            except (Conflict, NotAllowed):
                continue  # proposed meanwhile, or still needed: the list shows it
        return done


def obstacles(resident, care_entry, ground, *, today):
    """Why this may not be cleared (yet), as a list of words; empty if it may."""
    if care_entry is not None:
        if ground == Purge.Ground.REQUEST and care_entry.ended_on and not care_entry.purged_at:
            return []
        due = care_due(CareEntry.objects.filter(pk=care_entry.pk), today).exists()
        return [] if due else [_("The care entry has not been over for long enough.")]
    found = []
    if resident.purged_at:
        return [_("The data are cleared already.")]
    if ground == Purge.Ground.RETENTION and not people_due(Resident.objects.filter(pk=resident.pk), today).exists():
        found.append(_("The time for which the data are kept is not over."))
    if resident.care_entries.current().filter(basis="statutory").exists():
        found.append(_("A care entry rests on a statutory duty."))
    found += [word for blocks in OBSTACLES for word in blocks(resident)]
    return found


# Functions of the rooms above: resident -> words why the data are still needed (an open issue …). Filled in their ready().
OBSTACLES = []


class Purge(Fact):
    """A proposal to clear what is stored about a person or of one care entry, and what became of it. Four eyes, no way back."""

    class Status(models.TextChoices):
        PROPOSED = "proposed", _("proposed")
        WITHDRAWN = "withdrawn", _("not to be cleared")
        DONE = "done", _("cleared")

    class Ground(models.TextChoices):
        RETENTION = "retention", _("kept long enough")
        REQUEST = "request", _("the person asks for it")

    TOPIC = "retention"
    MOVES = {
        "confirm_purge": Move((Status.PROPOSED,), Status.DONE, label=_("cleared the data")),
        "withdraw_purge": Move((Status.PROPOSED,), Status.WITHDRAWN, label=_("decided to keep the data")),
    }

    resident = models.ForeignKey(
        "communities.Resident", on_delete=models.PROTECT, null=True, related_name="purges", editable=False
    )
    care_entry = models.ForeignKey(
        "communities.CareEntry", on_delete=models.PROTECT, null=True, related_name="purges", editable=False
    )
    ground = models.CharField(_("why"), max_length=10, choices=Ground.choices)
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    area_path = PathField(max_length=15, db_index=True, editable=False)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.PROPOSED, editable=False)
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", editable=False
    )
    closed_at = models.DateTimeField(null=True, editable=False)
    # {what: how many rows}: numbers only.
    counts = models.JSONField(default=dict, editable=False)

    objects = PurgeManager()

    class Meta(Fact.Meta):
        ordering = ["-created_at", "-pk"]
        constraints = [
            *Fact.Meta.constraints,
            models.UniqueConstraint(
                fields=["resident"], condition=Q(status="proposed", care_entry=None), name="one_open_purge_of_a_person"
            ),
            models.UniqueConstraint(
                fields=["care_entry"], condition=Q(status="proposed"), name="one_open_purge_of_an_entry"
            ),
            models.CheckConstraint(
                condition=Q(resident__isnull=False, care_entry=None) | Q(resident=None, care_entry__isnull=False),
                name="purge_is_of_one_thing",
            ),
            models.CheckConstraint(
                condition=~Q(status="done") | (Q(confirmed_by__isnull=False) & ~Q(confirmed_by=F("created_by"))),
                name="purge_has_four_eyes",
            ),
        ]

    def __str__(self):
        return f"purge {self.pk}"

    def get_absolute_url(self):
        return reverse("purge_detail", args=[self.pk])

    @property
    def is_open(self):
        return self.status == self.Status.PROPOSED

    def may_be_confirmed_by(self, user):
        """Somebody else than who proposed it, who does not act in that person's stead, from the street or the district."""
        return self.is_open and any(
            post.role in MAY_CONFIRM_PURGE
            and post.covers(self.area_path)
            and post.stands_in_for_id != self.created_by_id
            for post in posts_of(user)
            if user.pk != self.created_by_id
        )

    def preview(self):
        """{what: how many rows} that confirming would clear."""
        return preview(whole_person(self.resident)) if self.resident_id else {"register": 1}

    @transaction.atomic
    def confirm(self, *, by, key=None):
        """Clear the data now; there is no way back. NotAllowed for who proposed it, and where a ground to keep them has come up."""
        if not self.may_be_confirmed_by(by) or obstacles(
            self.resident, self.care_entry, self.ground, today=timezone.localdate()
        ):
            raise NotAllowed(self, "confirm_purge")
        # The move first: of two who confirm, one finds it done.
        move(self, "confirm_purge", by=by, key=key, confirmed_by=by, closed_at=timezone.now())
        self.counts = self.carry_out(by)
        self.reason = PURGED if self.reason else ""
        Purge.objects.filter(pk=self.pk).update(counts=self.counts, reason=self.reason)

    def carry_out(self, by):
        if self.care_entry_id:
            self.care_entry.forget()
            return {"register": 1 + forget_about("communities.careentry", [self.care_entry_id])}
        resident = Resident.objects.select_for_update().get(pk=self.resident_id)
        counts = purge(whole_person(resident))
        record(resident, "purge", by=by, data=counts)
        return counts

    def withdraw(self, *, by, note="", key=None):
        """The data are kept after all; it may be proposed again later."""
        return move(self, "withdraw_purge", by=by, key=key, note=note, closed_at=timezone.now())


def whole_person(resident):
    """The person for `foundation.purging`, with the homes among what lies near."""
    rows = same_person(resident)
    homes = homes_of(rows)
    return person_of(rows, {"homes": homes, "own_homes": own_homes(homes, rows)})


def homes_of(rows):
    """The households in which these rows of one person live or lived, as far as the register remembers."""
    pks = [row.pk for row in rows]
    former = {was.get("household") for row in rows for _entry, was in history(row)}
    events = LifeEvent.objects.filter(resident__in=pks).values_list("household_from", "household_to")
    found = former | {row.household_id for row in rows} | {home for pair in events for home in pair}
    merged = Household._base_manager.filter(merged_into__in=found - {None}).values_list("pk", flat=True)
    return (found | set(merged)) - {None}


def own_homes(homes, rows):
    """Those of the homes with which nobody else has to do: texts about them are about this person only."""
    others = Resident.objects.filter(household__in=homes, voided_at__isnull=True, purged_at__isnull=True)
    return homes - set(others.exclude(pk__in=[row.pk for row in rows]).values_list("household", flat=True))
