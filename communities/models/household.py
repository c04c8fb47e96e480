import re

from django.db import IntegrityError, models
from django.db.models import Count, Exists, Max, Min, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from communities.access import ScopedQuerySet
from communities.alike import door_key
from communities.models.care import CareLevel
from communities.models.checking import Checked
from communities.models.compound import number_in
from communities.models.mergeable import Mergeable
from foundation.bigrams import DOOR, MOST_WORDS, BigramIndex, Searchable, Token, matching, search
from foundation.facts import Fact, create_once
from foundation.fields import TO_HALF_WIDTH, PathField, is_phone
from foundation.journal.moves import Conflict, record, revise

# One character of a name is a surname: half the town.
FEWEST_OF_A_NAME = 2
# Building, staircase and door, or building and door, as typed: "3-1-201", "3号楼1单元201室", "3 201".
TYPED_DOOR = re.compile(r"^\s*(\d+)\D+(\d+)(?:\D+(\d+))?\D*$", re.ASCII)
# Numbers alone: no address reads so.
BARE_DOOR = re.compile(r"\d+[-/ ]\d+(?:[-/ ]\d+)?", re.ASCII)
PLAIN = re.compile(r"[0-9a-z]+", re.ASCII)


def door_part(text):
    """A staircase or a door as a part of the door number: "1单元" → "1", "0201A" → "201a"."""
    return text.translate(TO_HALF_WIDTH).lower().removesuffix("单元").removesuffix("室").lstrip("0")


def walk_order(building, stair, door):
    """A text that sorts as one walks: building, staircase, door, each as a padded number, then the door as written."""
    return f"{building.walk_order:04d}{number_in(stair):04d}{number_in(door):04d}{door}"[:40]


def at_door(words):
    """The condition "this is the door", with or without its staircase; nothing meets it for words that are no door number."""
    found = TYPED_DOOR.match(words.translate(TO_HALF_WIDTH))
    if not found:
        return Q(pk__in=[])
    return Q(bigrams__holds=[Token(DOOR + "-".join(str(int(part)) for part in found.groups() if part))])


class HouseholdQuerySet(ScopedQuerySet):
    def standing(self):
        return self.filter(voided_at__isnull=True, merged_into__isnull=True)

    def with_care_level(self):
        """Adds `care_level`: the most urgent level of those who live here, None if nobody is on the care register."""
        return self.annotate(care_level=Subquery(self.residents_here().annotate(n=Min("care_level")).values("n")))

    def with_visit_level(self):
        """Adds `care_level` as above, of those who can be called on, `awaits_visits`: whether anybody can be, and `came_home_on`:
        when somebody on priority care last came home from hospital.

        Who is in hospital or away, or wishes no visits, makes no visit due; nor does a home whose people are dead or gone. Where
        nobody was ever recorded one may call, unless the home is vacant.
        """
        people = self.residents_model.objects
        visitable = people.visitable().filter(household=OuterRef("pk")).order_by()
        level = visitable.values("household").annotate(n=Min("care_level")).values("n")
        frail = visitable.filter(care_level=CareLevel.PRIORITY).values("household")
        unknown = ~Q(Exists(people.of_record().filter(household=OuterRef("pk")))) & ~Q(occupancy="vacant")
        return self.annotate(
            care_level=Subquery(level),
            awaits_visits=Q(Exists(visitable)) | unknown,
            came_home_on=Subquery(frail.annotate(n=Max("came_home_on")).values("n")),
        )

    def with_people(self):
        """Adds `people`: how many live here."""
        return self.annotate(people=Coalesce(Subquery(self.residents_here().annotate(n=Count("pk")).values("n")), 0))

    def residents_here(self):
        """Of the outer row's household, grouped, for a subquery."""
        return self.residents_model.objects.here().filter(household=OuterRef("pk")).order_by().values("household")

    @property
    def residents_model(self):
        return self.model.residents.rel.related_model

    def at_address(self, words):
        """Those of which every word is part of the address or a door number: "橡林小区 3-1-201", "3 1 201"."""
        if BARE_DOOR.fullmatch(words):
            return self.filter(at_door(words))
        every = Q()
        for word in words.split()[:MOST_WORDS]:
            every &= at_door(word) if BARE_DOOR.fullmatch(word) else matching(self.model, word) | at_door(word)
        return self.filter(every | at_door(words))

    def found_by(self, words):
        """Those in which somebody has this phone number; those behind this door; else those for which every word is part of the
        address, a door number, part of the name of somebody who lives there (two characters at least; or pinyin), or the last
        four digits of a phone number.
        """
        households, people = self.model.objects.all(), self.residents_model.objects.here()
        if is_phone(words):
            return self.filter(pk__in=people.with_phone(words).values("household"))
        every = Q()
        for word in words.translate(TO_HALF_WIDTH).split()[:MOST_WORDS]:
            reach = Q(pk__in=search(households, word).values("pk")) | at_door(word)
            if re.fullmatch(r"\d{4}", word, re.ASCII):
                reach |= Q(pk__in=people.with_last_four(word).values("household"))
            elif len(word) >= FEWEST_OF_A_NAME:
                reach |= Q(pk__in=search(people, word).values("household"))
            every &= reach
        return self.filter(every | at_door(words)) if every else self

    def in_walking_order(self):
        return self.order_by("compound__name", "compound_id", "walk_order", "pk")

    def for_list(self):
        return (
            self.with_care_level()
            .select_related("compound", "building")
            .prefetch_related("residents")
            .in_walking_order()
        )

    def for_detail(self):
        """With the places above up to the district, for the breadcrumb."""
        return self.select_related(
            "building", "compound__community__parent__parent", "compound__grid", "created_by", "voided_by"
        )

    def readdress(self):
        """Derive address and walking order anew: the compound or the building has another name."""
        rows = list(self.select_related("compound", "building"))
        derived = [row.derive() for row in rows]
        if rows:
            self.model.objects.bulk_update(rows, derived[0], batch_size=500)


class HouseholdManager(models.Manager.from_queryset(HouseholdQuerySet)):
    def add(self, *, by, client_uuid, building, door, stair="", **facts):
        """Write a household; the same `client_uuid` again returns the same household. Conflict if the door has one."""

        def make():
            compound = building.compound
            row = self.create(
                client_uuid=client_uuid,
                created_by=by,
                compound=compound,
                building=building,
                stair=stair,
                door=door,
                area_path=compound.area_path,
                **facts,
            )
            record(row, "add", by=by)
            return row

        try:
            return create_once(self.model, client_uuid=client_uuid, by=by, make=make)[0]
        except IntegrityError:
            raise Conflict(self.standing().filter(building=building, stair=stair, door=door).first()) from None


class Household(Checked, Mergeable, Searchable, Fact):
    """户: a dwelling and who lives in it; the unit of a visit. `area_path` is the compound's (grid or community)."""

    TOPIC = "people"
    COMPOUND_FIELD = "compound"
    SEARCH_FIELDS = ("address",)
    FOUND_WITH = ("building",)
    KEEP_FORMER = ("building", "stair", "door", "occupancy", "remark", "verified_on")

    compound = models.ForeignKey("communities.Compound", on_delete=models.PROTECT, related_name="households")
    building = models.ForeignKey(
        "communities.Building", on_delete=models.PROTECT, related_name="households", verbose_name=_("building")
    )
    stair = models.CharField(_("staircase"), max_length=20, blank=True, help_text=_("For example 1; may stay empty."))
    door = models.CharField(_("door"), max_length=20, help_text=_("For example 201."))
    occupancy = models.CharField(
        _("occupancy"),
        max_length=10,
        default="owner",
        choices=[("owner", _("owner")), ("tenant", _("tenants")), ("vacant", _("vacant")), ("unknown", _("not known"))],
    )
    address = models.CharField(max_length=160, editable=False)
    walk_order = models.CharField(max_length=40, editable=False)
    # The door in one spelling (communities/alike.py), to find what was entered twice.
    door_key = models.CharField(max_length=120, blank=True, default="", editable=False)
    area_path = PathField(max_length=15, editable=False)
    remark = models.TextField(_("remark"), blank=True)
    verified_on = models.DateField(_("last checked on"), null=True, blank=True)
    merged_into = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="+", editable=False
    )

    objects = HouseholdManager()

    class Meta(Fact.Meta):
        ordering = ["compound_id", "walk_order", "pk"]
        indexes = [
            BigramIndex(fields=["bigrams"], name="household_bigrams"),
            models.Index(fields=["area_path", "compound", "walk_order"]),
            models.Index(
                fields=["area_path", "id"],
                condition=Q(voided_at__isnull=True, merged_into__isnull=True),
                name="household_standing",
            ),
            models.Index(fields=["compound", "door_key"], name="household_alike"),
        ]
        constraints = [
            *Fact.Meta.constraints,
            models.UniqueConstraint(
                fields=["building", "stair", "door"],
                condition=Q(voided_at__isnull=True, merged_into__isnull=True),
                name="household_door_in_building",
            ),
        ]

    def __str__(self):
        return self.address

    def derive(self):
        self.address = f"{self.compound.name} {self.place}"
        self.walk_order = walk_order(self.building, self.stair, self.door)
        return ["address", "walk_order", *super().derive()]

    def found_by(self):
        """The tokens, and the door without its spelling, by which a second record of the home is found."""
        return super().found_by() | {"door_key": door_key(self.building.name, self.stair, self.door)}

    def tokens(self):
        """The address, and the door as it is typed on a keypad: "#3-1-201 #3-201"."""
        building, stair, door = self.walk_order[:4].lstrip("0"), *map(door_part, (self.stair, self.door))
        doors = [(building, stair, door), (building, door)] if stair else [(building, door)]
        typed = [DOOR + "-".join(parts) for parts in doors if all(map(PLAIN.fullmatch, parts))]
        return " ".join((super().tokens(), *typed))

    def get_absolute_url(self):
        return reverse("household_detail", args=[self.pk])

    @property
    def place(self):
        """Building, staircase and door as people say it: "3号楼 1单元 201"."""
        return f"{self.building.name} {self.door_place}"

    @property
    def door_place(self):
        """The same inside the building: "1单元 201"."""
        stair = f"{self.stair}单元" if self.stair.isdigit() else self.stair
        return f"{stair} {self.door}".strip()

    @property
    def living_here(self):
        """Residents who live here now, head of household first; uses what was prefetched."""
        return sorted((r for r in self.residents.all() if r.is_here), key=lambda r: (not r.is_head, r.pk))

    def correct(self, *, by, key=None, **changes):
        """Correct the facts; another door is another address. Conflict if that door has a household."""
        try:
            return revise(self, "correct", by=by, key=key, **changes)
        except IntegrityError:
            raise Conflict(self) from None
