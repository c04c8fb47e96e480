"""Who is on the care register, under which category, since when and on what ground."""

from dataclasses import dataclass, field
from datetime import timedelta

from django.db import IntegrityError, models, transaction
from django.db.models import F, Q
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from communities.access import NOTHING, ScopedQuerySet
from communities.models.care import CareCategory, CareLevel, ConsentText, Ground
from foundation.facts import Fact, create_once
from foundation.fields import EncryptedTextField, PathField
from foundation.journal.models import refuse_repeat
from foundation.journal.moves import Conflict, NotAllowed, record, record_all, revise
from foundation.paths import within

# Below this age only a guardian can agree (PIPL art. 31).
AGE_OF_OWN_CONSENT = 14
# "Is it still right?" is asked once a year.
REVIEW_DAYS = 365
# "As it is": None would be a level of its own, that of an ordinary household.
SAME = object()


class ConsentedBy(models.TextChoices):
    SELF = "self", _("the person")
    GUARDIAN = "guardian", _("parent or other guardian")
    AGENT = "agent", _("somebody with a power of attorney")


class EndReason(models.TextChoices):
    NO_LONGER = "no_longer", _("no longer belongs to it")
    WITHDRAWN = "withdrawn", _("consent withdrawn")
    MISTAKE = "mistake", _("entered by mistake")


class GuardianNeeded(NotAllowed):
    """Data of a child under 14 are kept with the consent of a parent or other guardian, whatever the ground."""


@dataclass
class Outcome:
    """What `set_categories` and `set_many` did: entries made and ended, and what was left out for want of a guardian's consent.

    `refused` holds pairs (resident, category).
    """

    made: list = field(default_factory=list)
    ended: list = field(default_factory=list)
    refused: list = field(default_factory=list)

    @property
    def changed(self):
        return bool(self.made or self.ended)


def granted(user):
    """Which entries the user may know of: those without a sensitive group, and those of a group granted in their place today."""
    reach = Q(category__sensitive="")
    for grant in grants_of(user):
        reach |= Q(category__sensitive=grant.group) & within(grant.area_path, "resident__area_path")
    return reach


def grants_of(user):
    """The user's grants that count today; one query, kept on the user object."""
    if not hasattr(user, "_care_grants"):
        user._care_grants = list(user.care_grants.current(timezone.localdate()))
    return user._care_grants


def forget_grants(user):
    user.__dict__.pop("_care_grants", None)


def is_child(resident, day):
    """Whether the person is under 14 on this day; unknown birth says no."""
    born = resident.born_on
    if born is None:
        return False
    years = day.year - born.year - ((day.month, day.day) < (born.month, born.day))
    return years < AGE_OF_OWN_CONSENT


class CareEntryQuerySet(ScopedQuerySet):
    def scope(self, user, level):
        """By area, and of the sensitive groups only with a grant: for lists, counts, exports and single rows alike."""
        reach = super().scope(user, level)
        return reach if reach is NOTHING or not user.is_authenticated else reach & granted(user)

    def inside_of(self, code):
        return self.filter(within(code, "resident__area_path"))

    def standing(self):
        return self.filter(voided_at__isnull=True)

    def current(self):
        """Entries that count: not ended, of people who live here."""
        return self.standing().filter(
            ended_on__isnull=True,
            resident__ended_on__isnull=True,
            resident__voided_at__isnull=True,
            resident__merged_into__isnull=True,
        )

    def open(self):
        """Not ended, wherever the person is."""
        return self.standing().filter(ended_on__isnull=True)

    def without_consent(self):
        """Resting on consent, or on a guardian's, that nobody has documented yet."""
        return self.filter(basis=Ground.CONSENT, consented_on__isnull=True)

    def to_review(self, today):
        """Last looked at more than a year ago."""
        return self.annotate(looked_on=Coalesce("reviewed_on", "since")).filter(
            looked_on__lte=today - timedelta(days=REVIEW_DAYS)
        )

    def for_list(self):
        return self.select_related(
            "category", "resident__household__compound__community", "resident__household__building"
        ).order_by(
            F("resident__care_level").asc(nulls_last=True),
            "resident__area_path",
            "resident__household__walk_order",
            "pk",
        )

    def for_detail(self):
        return self.select_related(
            "category",
            "consent_text",
            "created_by",
            "resident__household__building",
            "resident__household__compound__community__parent__parent",
        )


class CareEntryManager(models.Manager.from_queryset(CareEntryQuerySet)):
    @transaction.atomic
    def register(
        self,
        *,
        by,
        resident,
        category,
        client_uuid=None,
        since=None,
        basis=None,
        consented_on=None,
        consented_by="",
        guardian_name="",
        level=None,
    ):
        """Put a person on the register under a category; the same `client_uuid` again is the same entry.

        `level` also sets the person's care level. Raises GuardianNeeded for a child under 14 without a guardian's consent, and
        Conflict if the person stands there under this category already.
        """
        today = timezone.localdate()
        if is_child(resident, today) and not agreed_by_guardian(consented_on, consented_by, guardian_name):
            raise GuardianNeeded(resident, "register")

        def make():
            entry = self.create(
                **({"client_uuid": client_uuid} if client_uuid else {}),
                created_by=by,
                resident=resident,
                category=category,
                since=since or today,
                basis=basis or category.ground_kind,
                consent_text=text_for(consented_by, consented_on),
                consented_on=consented_on,
                consented_by=consented_by,
                guardian_name=guardian_name,
                area_path_then=resident.area_path,
            )
            record(entry, "enter_care", by=by)
            if level and level != resident.care_level:
                revise(resident, "correct", by=by, care_level=level)
            return entry

        try:
            return create_once(self.model, client_uuid=client_uuid, by=by, make=make)[0]
        except IntegrityError:
            raise Conflict(self.open().filter(resident=resident, category=category).first()) from None

    @transaction.atomic
    def set_categories(self, resident, categories, *, by, since=None):
        """Make these the categories of the person: missing entries are made, others ended as no longer right; returns an `Outcome`.

        What rests on consent begins without a documented one (`without_consent`). Categories of a sensitive group that the editor
        may not see must be passed along by the caller (the forms do). Children under 14: see `set_many`.
        """
        wanted = {category.pk for category in categories}
        gone = [entry for entry in self.open().filter(resident=resident) if entry.category_id not in wanted]
        for entry in gone:
            entry.end(by=by, reason=EndReason.NO_LONGER)
        outcome = self.set_many([(resident, categories)], by=by, since=since)
        outcome.ended = gone
        return outcome

    @transaction.atomic
    def set_many(self, wanted, *, by, since=None):
        """Open the entries that are missing, for many people at once: `wanted` is [(resident, categories)]; returns an `Outcome`.

        Nothing is ended. Children under 14 are left out and named in `refused`, because a guardian must agree first. A fixed
        number of queries for each 500 people.
        """
        wanted, outcome, since = list(wanted), Outcome(), since or timezone.localdate()
        for start in range(0, len(wanted), 500):
            part = wanted[start : start + 500]
            for last_try in (False, False, True):
                try:
                    with transaction.atomic():
                        fresh, refused = self.open_missing(part, by=by, since=since)
                    break
                except IntegrityError:
                    # Somebody registered one of them at the same moment; the next look sees that entry.
                    if last_try:
                        raise
            outcome.made += fresh
            outcome.refused += refused
        return outcome

    def open_missing(self, part, *, by, since):
        """(the entries opened, those refused because a guardian must agree first) for one batch of `set_many`."""
        people = [resident.pk for resident, _categories in part]
        there = set(self.open().filter(resident__in=people).values_list("resident_id", "category_id"))
        fresh, refused = [], []
        for resident, categories in part:
            for category in categories:
                if (resident.pk, category.pk) in there:
                    continue
                there.add((resident.pk, category.pk))
                if is_child(resident, timezone.localdate()):
                    refused.append((resident, category))
                else:
                    fresh.append(self.fresh(resident, category, by=by, since=since))
        self.bulk_create(fresh)
        record_all(fresh, "enter_care", by=by)
        return fresh, refused

    def fresh(self, resident, category, *, by, since):
        """An entry, not saved, on the category's usual ground."""
        return self.model(
            created_by=by,
            resident=resident,
            category=category,
            since=since,
            basis=category.ground_kind,
            area_path_then=resident.area_path,
        )


def agreed_by_guardian(consented_on, consented_by, guardian_name):
    return bool(consented_on and consented_by == ConsentedBy.GUARDIAN and guardian_name)


def text_for(consented_by, consented_on):
    """The version of the text that was in force on the day of the consent, None without consent."""
    if not consented_on:
        return None
    code = ConsentText.Code.GUARDIAN if consented_by == ConsentedBy.GUARDIAN else ConsentText.Code.OWN
    return ConsentText.objects.in_force(code, consented_on)


class CareEntry(Fact):
    """One person under one category, from a day to a day: the only place in which that stands.

    It rests on consent, with the version of the text that was agreed to, or on a statutory duty. Purged, it keeps its category,
    days and place for the statistics and loses the person.
    """

    TOPIC = "people"
    AREA_FIELD = "resident__area_path"
    COMPOUND_FIELD = "resident__household__compound"

    resident = models.ForeignKey(
        "communities.Resident", on_delete=models.PROTECT, null=True, related_name="care_entries", editable=False
    )
    category = models.ForeignKey(
        CareCategory, on_delete=models.PROTECT, related_name="entries", verbose_name=_("care category")
    )
    since = models.DateField(_("since"))
    ended_on = models.DateField(_("ended on"), null=True, blank=True, editable=False)
    ended_reason = models.CharField(
        _("why it ended"), max_length=10, blank=True, choices=EndReason.choices, editable=False
    )
    basis = models.CharField(_("ground"), max_length=10, choices=Ground.choices)
    consent_text = models.ForeignKey(
        ConsentText, on_delete=models.PROTECT, null=True, blank=True, related_name="entries", editable=False
    )
    consented_on = models.DateField(_("consent given on"), null=True, blank=True)
    consented_by = models.CharField(_("consent given by"), max_length=10, blank=True, choices=ConsentedBy.choices)
    guardian_name = EncryptedTextField(_("name of guardian or agent"), blank=True, default="")
    reviewed_on = models.DateField(_("last looked at"), null=True, blank=True, editable=False)
    area_path_then = PathField(max_length=15, editable=False)
    purged_at = models.DateTimeField(null=True, editable=False)

    objects = CareEntryManager()

    class Meta(Fact.Meta):
        ordering = ["resident", "since", "pk"]
        indexes = [
            models.Index(fields=["category", "ended_on"]),
            models.Index(fields=["area_path_then", "since"]),
        ]
        constraints = [
            *Fact.Meta.constraints,
            models.UniqueConstraint(
                fields=["resident", "category"],
                condition=Q(ended_on__isnull=True, voided_at__isnull=True),
                name="one_open_care_entry",
            ),
            models.CheckConstraint(
                condition=Q(ended_on__isnull=True, ended_reason="") | (Q(ended_on__isnull=False) & ~Q(ended_reason="")),
                name="care_entry_end_has_reason",
            ),
            models.CheckConstraint(
                condition=Q(consented_on__isnull=True, consented_by="")
                | (Q(consented_on__isnull=False) & ~Q(consented_by="")),
                name="care_entry_consent_has_a_person",
            ),
            models.CheckConstraint(
                condition=Q(resident__isnull=False) | Q(purged_at__isnull=False), name="care_entry_has_a_person"
            ),
        ]

    def __str__(self):
        return f"{self.category} · {self.resident_id}"

    def get_absolute_url(self):
        return reverse("care_detail", args=[self.pk])

    @property
    def area_path(self):
        return self.resident.area_path if self.resident_id else self.area_path_then

    @property
    def compound_id(self):
        return self.resident.compound_id if self.resident_id else None

    @property
    def is_open(self):
        return self.ended_on is None and self.voided_at is None

    @property
    def wants_consent(self):
        return self.is_open and self.basis == Ground.CONSENT and self.consented_on is None

    @property
    def review_due_on(self):
        return (self.reviewed_on or self.since) + timedelta(days=REVIEW_DAYS)

    @transaction.atomic
    def end(self, *, by, reason, on=None, level=SAME, key=None, note=""):
        """The person no longer stands under this category; `level`: the care level from now on. NotAllowed if it has ended already."""
        if not self.is_open:
            refuse_repeat(key, self, "end_care", by=by)
            raise NotAllowed(self, "end_care")
        self.set_level(level, by=by)
        on = max(on or timezone.localdate(), self.since)
        return revise(self, "end_care", by=by, key=key, note=note, ended_on=on, ended_reason=reason)

    def set_level(self, level, *, by):
        if level is not SAME and level != self.resident.care_level:
            revise(self.resident, "correct", by=by, care_level=level)

    def agree(self, *, by, consented_on, consented_by, guardian_name="", key=None):
        """Document the consent, or that to a newer text. GuardianNeeded if a guardian must give it."""
        if is_child(self.resident, consented_on) and not agreed_by_guardian(consented_on, consented_by, guardian_name):
            raise GuardianNeeded(self, "agree")
        return revise(
            self,
            "agree",
            by=by,
            key=key,
            consented_on=consented_on,
            consented_by=consented_by,
            guardian_name=guardian_name,
            consent_text=text_for(consented_by, consented_on),
        )

    @transaction.atomic
    def review(self, *, by, level=SAME, today=None, key=None):
        """Looked at again and still right; `level`: the care level from now on. NotAllowed if the entry has ended."""
        if not self.is_open:
            raise NotAllowed(self, "review")
        self.set_level(level, by=by)
        return revise(self, "review", by=by, key=key, reviewed_on=today or timezone.localdate())

    def forget(self):
        """Cut the entry off the person, for good: category, days and place stay for the statistics."""
        self.guardian_name, self.resident, self.purged_at = "", None, timezone.now()
        self.consented_on, self.consented_by = None, ""
        self.save()


def usual_level(level, category):
    """The care level to propose for somebody of this level (None: not on the register) under this category: the more urgent one."""
    return min(level or CareLevel.GENERAL, category.default_level)
