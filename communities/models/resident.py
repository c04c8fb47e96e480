import re
from datetime import timedelta

from django.db import models, transaction
from django.db.models import Q
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from communities.access import ScopedQuerySet
from communities.alike import sound_of
from communities.models.care import CareCategory, CareLevel
from communities.models.care_entry import REVIEW_DAYS, CareEntry
from communities.models.mergeable import Mergeable
from foundation.bigrams import BigramIndex, Searchable, search
from foundation.facts import Fact, create_once
from foundation.fields import (
    EncryptedTextField,
    PathField,
    is_phone,
    keyed_hash,
    mask_id_number,
    mask_name,
    mask_phone,
    normalise_id_number,
    normalise_phone,
)
from foundation.journal.models import refuse_repeat
from foundation.journal.moves import Conflict, NotAllowed, accessed, accessed_all, history, record, revise
from foundation.purging import Person

SECRETS = ("phone", "id_number")
LAST_FOUR = re.compile(r"\d{4}", re.ASCII)


class Residency(models.TextChoices):
    """人户: whether somebody lives where the household is registered (人户分离 is the case where not)."""

    UNKNOWN = "", _("not known")
    SAME = "same", _("lives and is registered here")
    ABSENT = "absent", _("registered here, lives elsewhere")
    ELSEWHERE = "elsewhere", _("lives here, registered elsewhere")
    TENANT = "tenant", _("tenant")


class Presence(models.TextChoices):
    """Whether somebody who lives here is at home these days; who is not is not due for a visit."""

    HOME = "home", _("at home")
    HOSPITAL = "hospital", _("in hospital")
    AWAY = "away", _("away for a time")


class SaidBy(models.TextChoices):
    """Who said that no visits are wished."""

    SELF = "self", _("the person")
    FAMILY = "family", _("the family")
    GUARDIAN = "guardian", _("the guardian")


class ResidentQuerySet(ScopedQuerySet):
    def scope(self, user, level):
        """By area; what is left of a purged person is nobody's to see."""
        return super().scope(user, level) & Q(purged_at__isnull=True)

    def here(self):
        """People who live where they are registered: not moved away, not dead, not voided or merged."""
        return self.filter(
            ended_on__isnull=True, voided_at__isnull=True, merged_into__isnull=True, purged_at__isnull=True
        )

    def of_record(self):
        """Who lives or lived here, head of household first; voided, merged and purged rows aside."""
        standing = self.filter(voided_at__isnull=True, merged_into__isnull=True, purged_at__isnull=True)
        return standing.order_by("-is_head", "born_on", "pk")

    def visitable(self):
        """Of those, who can be called on: at home, and without the wish not to be visited."""
        return self.here().filter(presence=Presence.HOME, declines_visits_on__isnull=True)

    def declining(self):
        """Of those who live here, who wishes no visits."""
        return self.here().filter(declines_visits_on__isnull=False)

    def wish_to_review(self, today):
        """Whose wish was last asked about more than a year ago."""
        asked = Coalesce("declines_reviewed_on", "declines_visits_on")
        return self.declining().annotate(asked_on=asked).filter(asked_on__lte=today - timedelta(days=REVIEW_DAYS))

    def with_categories(self, user, area_path):
        """With those open care entries that the user may read in this place, as `readable_entries`, in one more query."""
        categories = CareCategory.objects.readable_by(user, area_path)
        entries = CareEntry.objects.open().filter(category__in=categories).select_related("category")
        return self.prefetch_related(models.Prefetch("care_entries", entries, to_attr="readable_entries"))

    def found_by(self, words):
        """Those with this whole phone number, with these last four digits of one, or with these words or letters as part of the name."""
        if is_phone(words):
            return self.with_phone(words)
        if LAST_FOUR.fullmatch(words):
            return self.with_last_four(words)
        return search(self, words)

    def with_phone(self, phone):
        return self.filter(phone_hash=keyed_hash(normalise_phone(phone)))

    def with_last_four(self, digits):
        return self.filter(phone_last4_hash=keyed_hash(digits))

    def for_list(self):
        """What the list page shows; phone and ID number stay where they are, their hashes say whether there is one."""
        return self.select_related("household").defer("phone", "id_number").order_by("area_path", "household_id", "pk")

    def for_page(self):
        """As `for_list`, with as little as the page of the list shows."""
        own = ("name", "purged_at", "born_on", "care_level", "presence", "residency", "phone_hash", "id_number_hash")
        return (
            self.select_related("household")
            .only(*own, "household__address")
            .order_by("area_path", "household_id", "pk")
        )

    def for_detail(self):
        return self.select_related("household__building", "household__compound__community__parent__parent")


class ResidentManager(models.Manager.from_queryset(ResidentQuerySet)):
    def add(self, *, by, client_uuid, household, name, categories=(), **facts):
        """Write a resident; the same `client_uuid` again returns the same person."""

        def make():
            row = self.create(
                client_uuid=client_uuid,
                created_by=by,
                household=household,
                name=name,
                area_path=household.area_path,
                **facts,
            )
            record(row, "add", by=by)
            if categories:
                CareEntry.objects.set_many([(row, categories)], by=by)
            return row

        return create_once(self.model, client_uuid=client_uuid, by=by, make=make)[0]

    @transaction.atomic
    def reveal_all(self, residents, *, by, what, reason, context=""):
        """As `Resident.reveal`, for many at once: {pk: phone or ID number} of those who have one, an access row for each."""
        if what not in SECRETS:
            raise ValueError(what)
        known = [resident for resident in residents if getattr(resident, what)]
        accessed_all(known, what, by=by, reason=reason, context=context)
        return {resident.pk: getattr(resident, what) for resident in known}


class Resident(Mergeable, Searchable, Fact):
    """A person who lives in a household. Phone and ID number are encrypted; hashes of the whole and the last four serve look-ups."""

    TOPIC = "people"
    COMPOUND_FIELD = "household__compound"
    SEARCH_FIELDS = ("name",)
    PINYIN_FIELDS = ("name",)
    KEEP_FORMER = (
        "name",
        "sex",
        "born_on",
        "phone",
        "id_number",
        "is_head",
        "care_level",
        "household",
        "residency",
        "presence",
        "declines_visits_on",
        "declines_calls",
        "declines_said_by",
        "declines_remark",
        "ended_on",
        "ended_reason",
        "remark",
    )

    household = models.ForeignKey("communities.Household", on_delete=models.PROTECT, related_name="residents")
    area_path = PathField(max_length=15, db_index=True, editable=False)
    name = models.CharField(pgettext_lazy("of a person", "name"), max_length=60)
    # What the name sounds like (communities/alike.py), to find who was entered twice.
    name_key = models.CharField(max_length=120, blank=True, default="", editable=False)
    sex = models.CharField(_("sex"), max_length=1, blank=True, choices=[("f", _("female")), ("m", _("male"))])
    born_on = models.DateField(_("born on"), null=True, blank=True)
    phone = EncryptedTextField(_("phone"), blank=True, default="")
    phone_hash = models.CharField(max_length=64, blank=True, default="", db_index=True, editable=False)
    phone_last4_hash = models.CharField(max_length=64, blank=True, default="", db_index=True, editable=False)
    id_number = EncryptedTextField(_("ID number"), blank=True, default="")
    id_number_hash = models.CharField(max_length=64, blank=True, default="", db_index=True, editable=False)
    id_number_last4_hash = models.CharField(max_length=64, blank=True, default="", db_index=True, editable=False)
    is_head = models.BooleanField(_("head of household"), default=False)
    care_level = models.PositiveSmallIntegerField(_("care level"), null=True, blank=True, choices=CareLevel.choices)
    remark = models.TextField(_("remark"), blank=True)
    residency = models.CharField(
        _("residence and registration"), max_length=10, blank=True, default="", choices=Residency.choices
    )
    presence = models.CharField(
        _("presence"), max_length=10, default=Presence.HOME, choices=Presence.choices, editable=False
    )
    presence_since = models.DateField(_("away since"), null=True, blank=True, editable=False)
    presence_until = models.DateField(_("expected back on"), null=True, blank=True, editable=False)
    # 住院回家: somebody on priority care is called on by the next day (communities.models.life, visits.rounds).
    came_home_on = models.DateField(_("came home from hospital on"), null=True, blank=True, editable=False)
    declines_visits_on = models.DateField(_("wishes no visits since"), null=True, blank=True, editable=False)
    # 婉谢走访: whether calls are unwelcome too, who said it, and in what words.
    declines_calls = models.BooleanField(_("wishes no calls either"), default=False, editable=False)
    declines_said_by = models.CharField(
        _("wish expressed by"), max_length=10, blank=True, default="", choices=SaidBy.choices, editable=False
    )
    declines_remark = models.TextField(_("remark on the wish"), blank=True, default="", editable=False)
    declines_reviewed_on = models.DateField(_("wish last asked about"), null=True, blank=True, editable=False)
    verified_on = models.DateField(_("last checked on"), null=True, blank=True, editable=False)
    # What is left of a purged person: a row without a name, so that counts and histories stay what they were.
    purged_at = models.DateTimeField(null=True, editable=False)
    ended_on = models.DateField(_("no longer here since"), null=True, blank=True, editable=False)
    ended_reason = models.CharField(
        max_length=10, blank=True, editable=False, choices=[("moved", _("moved away")), ("died", _("died"))]
    )
    merged_into = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="+", editable=False
    )

    objects = ResidentManager()

    class Meta(Fact.Meta):
        ordering = ["household", "-is_head", "pk"]
        indexes = [
            BigramIndex(fields=["bigrams"], name="resident_bigrams"),
            models.Index(fields=["name_key", "born_on"], name="resident_alike"),
            # The list of a district begins here and stops after a page.
            models.Index(
                fields=["area_path", "household", "id"],
                condition=Q(ended_on__isnull=True, voided_at__isnull=True, merged_into__isnull=True),
                name="resident_here",
            ),
        ]
        constraints = [
            *Fact.Meta.constraints,
            models.CheckConstraint(
                condition=Q(ended_on__isnull=True, ended_reason="") | (Q(ended_on__isnull=False) & ~Q(ended_reason="")),
                name="resident_end_has_reason",
            ),
            models.CheckConstraint(
                condition=Q(presence="home", presence_since__isnull=True, presence_until__isnull=True)
                | (~Q(presence="home") & Q(presence_since__isnull=False)),
                name="resident_absence_has_a_day",
            ),
        ]

    def __str__(self):
        return self.name

    def get_absolute_url(self):
        return reverse("resident_detail", args=[self.pk])

    @property
    def compound_id(self):
        return self.household.compound_id

    @property
    def is_here(self):
        return (
            self.ended_on is None and self.voided_at is None and self.merged_into_id is None and self.purged_at is None
        )

    @property
    def is_visitable(self):
        """Whether somebody may be called on these days: the same rule as `visitable()`, for one row."""
        return self.is_here and self.presence == Presence.HOME and self.declines_visits_on is None

    @property
    def age(self):
        if self.born_on is None:
            return None
        today = timezone.localdate()
        return today.year - self.born_on.year - ((today.month, today.day) < (self.born_on.month, self.born_on.day))

    @property
    def categories(self):
        """The care categories under which the person stands; sensitive ones among them (see `CareCategory.readable_by`)."""
        return CareCategory.objects.filter(pk__in=self.care_entries.open().values("category"))

    @property
    def masked_name(self):
        return self.name if self.purged_at else mask_name(self.name)

    @property
    def masked_phone(self):
        return mask_phone(self.phone)

    @property
    def masked_id_number(self):
        return mask_id_number(self.id_number)

    def issues_for(self, user):
        """Issues that this person raised, as far as the user may know who raised them."""
        issues = self.household.issues.model.objects.visible_to(user).filter(reporters__resident=self)
        return issues.for_reader(user).filter(is_confided=True).for_list()

    def derive(self):
        """Normalise phone and ID number and keep the hashes they are found by."""
        self.phone = normalise_phone(self.phone)
        self.id_number = normalise_id_number(self.id_number)
        hashes = {
            f"{field}{kind}": keyed_hash(value)
            for field in SECRETS
            for kind, value in (("_hash", getattr(self, field)), ("_last4_hash", getattr(self, field)[-4:]))
        }
        for field, value in hashes.items():
            setattr(self, field, value)
        return [*SECRETS, *hashes, *super().derive()]

    def found_by(self):
        """The tokens, and the sound of the name, by which a second record of the person is found."""
        return super().found_by() | {"name_key": sound_of(self.name)}

    def get_phone_display(self):
        """What a page of two versions shows of somebody else's entry; in full it is shown by `reveal` only."""
        return self.masked_phone

    def get_id_number_display(self):
        return self.masked_id_number

    @transaction.atomic
    def correct(self, *, by, key=None, categories=None, **changes):
        """Correct the facts of a person; returns the journal entry, or None if nothing changed.

        Categories of a sensitive group that the editor may not see must be passed along by the caller (the form does).
        """
        entry = revise(self, "correct", by=by, key=key, **changes)
        if categories is None or not CareEntry.objects.set_categories(self, categories, by=by).changed:
            return entry
        if entry is None:
            self.count_change()
        return record(self, "categorise", by=by, key=None if entry else key)

    def count_change(self):
        """A change of what hangs on the row is a change of the row: the next version, unless somebody was faster."""
        if not Resident.objects.filter(pk=self.pk, version=self.version).update(version=self.version + 1):
            raise Conflict(self)
        self.version += 1

    @property
    def wish_review_due_on(self):
        """When to ask whether the wish not to be visited still stands, None without one."""
        asked = self.declines_reviewed_on or self.declines_visits_on
        return asked and asked + timedelta(days=REVIEW_DAYS)

    def decline_visits(self, *, by, on, said_by, calls=False, remark="", key=None):
        """婉谢走访: from this day nobody rings at the door; `calls`: nobody telephones either."""
        if not self.is_here:
            raise NotAllowed(self, "decline_visits")
        return revise(
            self,
            "decline_visits",
            by=by,
            key=key,
            declines_visits_on=on,
            declines_calls=calls,
            declines_said_by=said_by,
            declines_remark=remark,
            declines_reviewed_on=None,
        )

    def confirm_wish(self, *, by, today=None, key=None):
        """Asked again: the wish stands. NotAllowed without a wish."""
        if self.declines_visits_on is None:
            raise NotAllowed(self, "confirm_wish")
        return revise(self, "confirm_wish", by=by, key=key, declines_reviewed_on=today or timezone.localdate())

    def accept_visits(self, *, by, key=None):
        """Visits are welcome again. NotAllowed if they are already."""
        if self.declines_visits_on is None:
            refuse_repeat(key, self, "accept_visits", by=by)
            raise NotAllowed(self, "accept_visits")
        return revise(
            self,
            "accept_visits",
            by=by,
            key=key,
            declines_visits_on=None,
            declines_calls=False,
            declines_said_by="",
            declines_remark="",
            declines_reviewed_on=None,
        )

    def extract(self, *, by, reason):
        """The person gets to read what is stored; `reason` says how the identity was checked, and is logged first."""
        return accessed(self, "extract", by=by, reason=reason)

    @transaction.atomic
    def reveal(self, *, by, what, reason, context=""):
        """The phone or ID number in full, for a reason that is logged before anything is shown. ValueError for other fields."""
        if what not in SECRETS:
            raise ValueError(what)
        accessed(self, what, by=by, reason=reason, context=context)
        return getattr(self, what)


def same_person(resident):
    """This row and those merged into it."""
    return [resident, *Resident._base_manager.filter(merged_into=resident)]


def person_of(rows, near):
    """The person for `foundation.purging`: these rows, the words that may name the person in a text, and what lies near."""
    resident = rows[0]
    sure = {getattr(row, secret) for row in rows for secret in SECRETS}
    names = {row.name for row in rows}
    for row in rows:
        for _entry, former in history(row):
            sure |= {former.get(secret, "") for secret in SECRETS}
            names.add(former.get("name", ""))
    names, sure = names - {""}, sure - {""}
    return Person(
        rows=rows, words=tuple(sorted(names | sure)), sure=tuple(sorted(sure)), near=near, area_path=resident.area_path
    )
