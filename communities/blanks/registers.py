"""What a form may ask, and the registers' answers: one table of fields for each register.

A field answers for one row of its register. The headings under which it is usually asked for stand in
communities/data/form_headings.csv; those that no table can foresee are remembered with the form once somebody has said what
belongs under them.
"""

import csv
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property, lru_cache
from pathlib import Path

from django.db.models import OuterRef, Prefetch, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from communities.blanks.layout import plain
from communities.models import CareEntry, Compound, Household, Resident, Unit
from communities.models.division import Level, counted
from communities.models.unit import Kind
from communities.responsible import first_contacts

HEADINGS = Path(__file__).resolve().parent.parent / "data" / "form_headings.csv"
# How a value is written into a cell.
TEXT, NUMBER, DAY, SECRET = "text", "number", "day", "secret"


@dataclass(frozen=True)
class Field:
    """`value(row, about)` is what belongs into the cell, "" or None for nothing.

    `optional`: an empty answer is an answer, no gap. `needs`: phone or id_number, shown in full only by right and for a reason.
    `fix` names the row that a gap is mended at: a function of the row.
    """

    code: str
    label: str
    value: Callable
    kind: str = TEXT
    optional: bool = False
    needs: str = ""
    asks: str = ""  # the field itself asks for a text or a day: "text", "day"
    fix: Callable | None = None


@dataclass(frozen=True)
class Register:
    code: str
    label: str
    topic: str
    model: type
    rows: Callable  # (user) -> queryset of what may be chosen
    load: Callable  # (queryset, user) -> list of rows with everything that the fields read, in their order
    fields: tuple
    headings: tuple  # which lines of the table of headings speak of it, the most particular first
    title: Callable  # row -> its name on a page, masked

    @cached_property
    def by_code(self):
        return {one.code: one for one in (*self.fields, *COMPUTED)}

    @cached_property
    def by_heading(self):
        """{heading: code of the field}; what the table says first about this register counts before what it says about every form."""
        found = {}
        for about in ("every form", *reversed(self.headings)):
            found |= headings_about().get(about, {})
        codes = set(self.by_code)
        return {heading: code for heading, code in found.items() if code in codes}

    def suggest(self, heading):
        """The code of the field that a heading asks for, "" if it says nothing to us. Groups: "户主信息/姓名" is tried as a whole first."""
        heading = heading.partition("#")[0]
        whole, last = heading.replace("/", ""), heading.rpartition("/")[2]
        bare = last.partition("(")[0]
        return next((self.by_heading[word] for word in (whole, last, bare) if word in self.by_heading), "")


@lru_cache(maxsize=1)
def headings_about():
    """{what a line speaks of: {heading: code of the field}} of communities/data/form_headings.csv."""
    found = {}
    with HEADINGS.open(encoding="utf-8", newline="") as table:
        for line in csv.DictReader(table):
            for heading in line["headings"].split(" "):
                found.setdefault(line["about"], {})[plain(heading)] = line["field"]
    return found


@dataclass
class About:
    """What the fields know beside their row: who fills the form in, when, where, and what was typed beside the column."""

    user: object
    today: date
    place: object = None
    serial: int = 0
    typed: str = ""
    secrets: dict = field(default_factory=dict)  # {("phone", pk): in full}
    contacts: dict = field(default_factory=dict)  # {compound pk: Contact}


# --- What every form may ask, whatever it is about ---

COMPUTED = (
    Field("serial", _("running number"), lambda row, about: about.serial, NUMBER),
    Field("today", _("today's date"), lambda row, about: about.today, DAY),
    Field("unit_name", _("name of my office"), lambda row, about: place_name(about), TEXT),
    Field("my_name", _("my name"), lambda row, about: about.user.name, TEXT),
    Field(
        "my_phone",
        _("my office phone"),
        lambda row, about: about.user.office_phone or getattr(about.place, "office_phone", ""),
        TEXT,
    ),
    Field("text", _("always this text"), lambda row, about: about.typed, TEXT, optional=True, asks="text"),
)
FIXED = tuple(one for one in COMPUTED if one.code != "serial")


def place_name(about):
    return about.place.full_name if about.place else ""


def own_place(user):
    """The division for which the user fills in forms: that of the first post; one query, None without a place."""
    posts = user.assignments.current(timezone.localdate()).select_related(
        "division__parent", "compound__community", "stands_in_for"
    )
    for post in sorted(posts, key=lambda post: (post.stands_in_for_id is not None, post.since, post.pk)):
        if post.division and post.division.level == Level.GRID:
            return post.division.parent
        if post.division or post.compound:
            return post.division or post.compound.community
    return None


# --- Where something is ---


def level_name(level):
    """The name of the place of this level above a compound."""

    def name(compound):
        place = compound.community
        while place is not None and place.level != level:
            place = place.parent
        return place.name if place else ""

    return name


def place_fields(compound_of):
    """The fields of a place, for rows whose compound `compound_of(row)` is."""

    def of(read):
        return lambda row, about: read(compound_of(row))

    def contact(row, about):
        return about.contacts.get(compound_of(row).pk)

    return (
        Field("compound", _("compound"), of(lambda compound: compound.name)),
        Field("grid", _("grid"), of(lambda compound: compound.grid.name if compound.grid else ""), fix=compound_of),
        Field("community", _("community"), of(level_name(Level.COMMUNITY))),
        Field("street", _("street"), of(level_name(Level.STREET))),
        Field("district", _("district"), of(level_name(Level.DISTRICT))),
        Field("city", _("city"), of(level_name(Level.CITY))),
        Field("province", _("province"), of(level_name(Level.PROVINCE))),
        Field(
            "contact",
            _("whom to look for"),
            lambda row, about: getattr(contact(row, about), "name", ""),
            fix=compound_of,
        ),
        Field(
            "contact_phone",
            _("office phone of that person"),
            lambda row, about: getattr(contact(row, about), "phone", ""),
            fix=compound_of,
        ),
    )


def door_fields(household_of):
    """The fields of a dwelling, for rows whose household `household_of(row)` is."""

    def of(read):
        return lambda row, about: read(household_of(row))

    return (
        Field("address", _("address"), of(full_address), fix=household_of),
        Field("building", _("building"), of(lambda home: home.building.name), fix=household_of),
        Field("stair", _("staircase"), of(lambda home: home.stair), optional=True, fix=household_of),
        Field("door", _("door"), of(lambda home: home.door), fix=household_of),
        Field("door_place", _("building, staircase and door"), of(lambda home: home.place), fix=household_of),
        Field("occupancy", _("occupancy"), of(lambda home: occupancy_word(home)), fix=household_of),
        Field(
            "household_verified_on",
            _("household last checked on"),
            of(lambda home: home.verified_on),
            DAY,
            fix=household_of,
        ),
    )


def full_address(household):
    return f"{household.compound.community.name}{household.compound.name}{household.place}".replace(" ", "")


def occupancy_word(household):
    return "" if household.occupancy == "unknown" else str(household.get_occupancy_display())


# --- People ---


def age_on(born_on, day):
    if born_on is None:
        return None
    return day.year - born_on.year - ((day.month, day.day) < (born_on.month, born_on.day))


def itself(row):
    return row


def in_full_or_masked(what):
    """The number in full where it has been revealed for this form, else masked."""

    def value(person, about):
        return about.secrets.get((what, person.pk)) or getattr(person, f"masked_{what}")

    return value


def masked(what):
    return lambda person, about: getattr(person, f"masked_{what}")


def age_at_typed_day(person, about):
    return age_on(person.born_on, date.fromisoformat(about.typed)) if about.typed else None


def head_of(people):
    """The head of household, or the only person who lives there."""
    return next((person for person in people if person.is_head), people[0] if len(people) == 1 else None)


def head_name(person, about):
    head = head_of(person.household.living_here)
    return head.name if head else ""


def relation_to_head(person, about):
    """What the registers know of it: who the head is. Of the others no relation is kept."""
    return "户主" if person.is_head else ""


def year_and_month(person, about):
    return f"{person.born_on:%Y.%m}" if person.born_on else ""


def categories_of(person, about):
    return "、".join(entry.category.name for entry in person.entries_seen)


def care_level_word(row, about):
    return str(row.get_care_level_display() or "")


PERSON = (
    Field("name", pgettext_lazy("of a person", "name"), lambda person, about: person.name, fix=itself),
    Field("name_masked", _("name, masked"), masked("name"), fix=itself),
    Field("sex", _("sex"), lambda person, about: str(person.get_sex_display() or ""), fix=itself),
    Field("born_on", _("born on"), lambda person, about: person.born_on, DAY, fix=itself),
    Field("born_month", _("year and month of birth"), year_and_month, fix=itself),
    Field("age", _("age"), lambda person, about: age_on(person.born_on, about.today), NUMBER, fix=itself),
    Field("age_on", _("age on a day"), age_at_typed_day, NUMBER, asks="day", fix=itself),
    Field("phone", _("phone"), in_full_or_masked("phone"), SECRET, needs="phone", fix=itself),
    Field("phone_masked", _("phone, masked"), masked("phone"), fix=itself),
    Field("id_number", _("ID number"), in_full_or_masked("id_number"), SECRET, needs="id_number", fix=itself),
    Field("id_number_masked", _("ID number, masked"), masked("id_number"), fix=itself),
    Field(
        "is_head",
        _("head of household (yes or no)"),
        lambda person, about: "是" if person.is_head else "否",
        fix=itself,
    ),
    Field("relation", _("“head” beside the head of household"), relation_to_head, fix=itself),
    Field("head_name", _("name of the head of household"), head_name, fix=lambda person: person.household),
    Field(
        "household_size", _("people in the household"), lambda person, about: len(person.household.living_here), NUMBER
    ),
    Field(
        "residency",
        _("residence and registration"),
        lambda person, about: str(person.get_residency_display() if person.residency else ""),
        fix=itself,
    ),
    Field("presence", _("presence"), lambda person, about: str(person.get_presence_display())),
    Field("care_level", _("care level"), care_level_word, optional=True, fix=itself),
    Field("categories", _("care categories"), categories_of, optional=True, fix=itself),
    Field("verified_on", _("last checked on"), lambda person, about: person.verified_on, DAY, fix=itself),
    Field("remark", _("remark"), lambda person, about: person.remark, optional=True, fix=itself),
    *door_fields(lambda person: person.household),
    *place_fields(lambda person: person.household.compound),
)

PLACES_OF_HOUSEHOLD = (
    "building",
    "compound__grid",
    "compound__responsible",
    "compound__community__parent__parent__parent__parent",
)


def load_residents(rows, user):
    places = [f"household__{name}" for name in PLACES_OF_HOUSEHOLD]
    entries = (
        CareEntry.objects.visible_to(user).current().select_related("category").order_by("category__position", "pk")
    )
    return list(
        rows.select_related(*places)
        .prefetch_related(Prefetch("care_entries", entries, to_attr="entries_seen"), "household__residents")
        .order_by("household__compound__name", "household__compound_id", "household__walk_order", "-is_head", "pk")
    )


# --- Households ---


def head_value(read):
    def value(household, about):
        head = head_of(household.living_here)
        return read(head, about) if head else ""

    return value


def number_of(condition):
    """How many of those who live here the condition holds for; `condition(person, today)`."""
    return lambda household, about: sum(bool(condition(person, about.today)) for person in household.living_here)


def older_than(years):
    return lambda person, today: (age_on(person.born_on, today) or 0) >= years


def minor(person, today):
    age = age_on(person.born_on, today)
    return age is not None and age < 18


def names_of(household, about):
    return "、".join(person.name for person in household.living_here)


HOUSEHOLD = (
    Field("head_name", _("name of the head of household"), head_value(lambda head, about: head.name), fix=itself),
    Field(
        "head_name_masked",
        _("name of the head of household, masked"),
        head_value(lambda head, about: head.masked_name),
        fix=itself,
    ),
    Field(
        "phone",
        _("phone of the head of household"),
        head_value(in_full_or_masked("phone")),
        SECRET,
        needs="phone",
        fix=itself,
    ),
    Field(
        "id_number",
        _("ID number of the head of household"),
        head_value(in_full_or_masked("id_number")),
        SECRET,
        needs="id_number",
        fix=itself,
    ),
    Field("people", _("people in the household"), lambda household, about: len(household.living_here), NUMBER),
    Field("names", _("names of those who live here"), names_of, fix=itself),
    Field("aged_60", _("people of 60 and older"), number_of(older_than(60)), NUMBER),
    Field("aged_65", _("people of 65 and older"), number_of(older_than(65)), NUMBER),
    Field("aged_80", _("people of 80 and older"), number_of(older_than(80)), NUMBER),
    Field("minors", _("people under 18"), number_of(minor), NUMBER),
    Field("cared_for", _("people on the care register"), number_of(lambda person, today: person.care_level), NUMBER),
    Field("remark", _("remark"), lambda household, about: household.remark, optional=True, fix=itself),
    *door_fields(itself),
    *place_fields(lambda household: household.compound),
)


def load_households(rows, user):
    return list(rows.select_related(*PLACES_OF_HOUSEHOLD).prefetch_related("residents").in_walking_order())


# --- Compounds ---


def read(name):
    return lambda row, about: getattr(row, name)


def choice(name, unknown=""):
    return lambda row, about: "" if getattr(row, name) == unknown else str(getattr(row, f"get_{name}_display")())


COMPOUND = (
    Field("name", _("compound"), read("name"), fix=itself),
    Field("kind", _("kind"), choice("kind"), fix=itself),
    Field("management", _("management"), choice("management"), fix=itself),
    Field(
        "property_name",
        _("property company"),
        lambda row, about: row.property_unit.name if row.property_unit else "",
        optional=True,
        fix=itself,
    ),
    Field(
        "property_phone",
        _("phone of the property company"),
        lambda row, about: row.property_unit.phone if row.property_unit else "",
        optional=True,
        fix=lambda row: row.property_unit or row,
    ),
    Field("developer", _("built by"), choice("developer_kind", "unknown"), fix=itself),
    Field("built_year", _("year built"), read("built_year"), NUMBER, fix=itself),
    Field("stated_buildings", _("buildings, as the ledger says"), read("stated_buildings"), NUMBER, fix=itself),
    Field("stated_households", _("households, as the ledger says"), read("stated_households"), NUMBER, fix=itself),
    Field("recorded_buildings", _("buildings recorded"), read("recorded_buildings"), NUMBER),
    Field("recorded_households", _("households recorded"), read("recorded_households"), NUMBER),
    Field("people", _("people recorded"), read("people"), NUMBER),
    Field("aged_60", _("people of 60 and older"), read("aged_60"), NUMBER),
    Field("aged_80", _("people of 80 and older"), read("aged_80"), NUMBER),
    Field("minors", _("people under 18"), read("minors"), NUMBER),
    Field("cared_for", _("people on the care register"), read("cared_for"), NUMBER),
    Field("address", _("address"), read("address"), fix=itself),
    Field("remark", _("remark"), read("remark"), optional=True, fix=itself),
    *[one for one in place_fields(itself) if one.code != "compound"],
)


def years_ago(today, years):
    """The day on which somebody who turns `years` today was born."""
    try:
        return today.replace(year=today.year - years)
    except ValueError:
        return today.replace(year=today.year - years, day=28)


def load_compounds(rows, user):
    today = timezone.localdate()
    here = Resident.objects.here().filter(household__compound=OuterRef("pk"))
    born_by = {years: Q(born_on__lte=years_ago(today, years)) for years in (60, 80)}
    numbers = {
        "aged_60": here.filter(born_by[60]),
        "aged_80": here.filter(born_by[80]),
        "minors": here.filter(born_on__gt=years_ago(today, 18)),
    }
    rows = rows.with_people().annotate(
        **{name: counted(people, by="household__compound") for name, people in numbers.items()}
    )
    return list(rows.for_list().select_related("grid", "property_unit", "community__parent__parent__parent__parent"))


# --- Units ---

UNIT = (
    Field("name", _("unit"), read("name"), fix=itself),
    Field("kind", _("kind"), choice("kind"), fix=itself),
    Field("phone", _("office phone"), read("telephone"), fix=itself),
    Field("address", _("address"), read("place"), fix=itself),
    Field(
        "area",
        _("area"),
        lambda row, about: row.division.name,
    ),
)


def load_units(rows, user):
    return list(rows.for_list())


# --- Care entries: one row for each category under which somebody stands ---


def of_person(one):
    """The same field, read from the entry's person."""
    return Field(
        one.code,
        one.label,
        lambda entry, about: one.value(entry.resident, about),
        one.kind,
        one.optional,
        one.needs,
        one.asks,
        one.fix and (lambda entry: one.fix(entry.resident)),
    )


CARE = (
    Field("category", _("care category"), lambda entry, about: entry.category.name, fix=itself),
    Field("since", _("on the care register since"), lambda entry, about: entry.since, DAY, fix=itself),
    Field("ground", _("ground"), lambda entry, about: str(entry.get_basis_display())),
    *[of_person(one) for one in PERSON if one.code != "categories"],
)


def load_care(rows, user):
    places = [f"resident__household__{name}" for name in PLACES_OF_HOUSEHOLD]
    return list(rows.for_list().select_related("category", *places).prefetch_related("resident__household__residents"))


REGISTERS = {
    register.code: register
    for register in (
        Register(
            "residents",
            _("Residents"),
            "people",
            Resident,
            lambda user: Resident.objects.visible_to(user).here(),
            load_residents,
            PERSON,
            ("person", "door", "place"),
            lambda row: row.masked_name,
        ),
        Register(
            "households",
            _("Households"),
            "people",
            Household,
            lambda user: Household.objects.visible_to(user).standing(),
            load_households,
            HOUSEHOLD,
            ("household", "door", "place"),
            lambda row: row.address,
        ),
        Register(
            "care",
            _("Care register"),
            "people",
            CareEntry,
            lambda user: CareEntry.objects.visible_to(user).current(),
            load_care,
            CARE,
            ("care", "person", "door", "place"),
            lambda row: row.resident.masked_name,
        ),
        Register(
            "compounds",
            _("Compounds"),
            "places",
            Compound,
            lambda user: Compound.objects.visible_to(user).standing(),
            load_compounds,
            COMPOUND,
            ("compound", "place"),
            lambda row: row.name,
        ),
        Register(
            "units",
            _("Units"),
            "places",
            Unit,
            lambda user: Unit.objects.visible_to(user).active().exclude(kind=Kind.OFFICE),
            load_units,
            UNIT,
            ("unit",),
            lambda row: row.name,
        ),
    )
}


def known(heading):
    """Whether some register has an answer to this heading, beside what is answered once for a whole sheet."""
    computed = {one.code for one in FIXED}
    return any(code and code not in computed for code in (register.suggest(heading) for register in REGISTERS.values()))


def likely_register(headings, allowed):
    """The code of the register that answers most of these headings; of equal ones the first. `allowed` are codes."""
    return max(allowed, key=lambda code: sum(bool(REGISTERS[code].suggest(heading)) for heading in headings))


def suggest_fixed(label):
    """The code of the computed field that a label above or below a table asks for, "" if none does."""
    found = headings_about()["every form"] | headings_about()["sheet"]
    codes = {one.code for one in FIXED}
    return next((found[word] for word in (label, label.partition("(")[0]) if found.get(word) in codes), "")


def page_of(row):
    """The address of the page that shows a row of a register; a resident's is that of the household."""
    return row.get_absolute_url()


# Where a gap is mended.
EDIT_PAGES = {
    "resident": "resident_edit",
    "household": "household_edit",
    "compound": "compound_edit",
    "unit": "unit_edit",
}


def fix_page(row):
    """The address of the form in which a missing fact of the row is entered."""
    page = EDIT_PAGES.get(row._meta.model_name)
    return reverse(page, args=[row.pk]) if page else row.get_absolute_url()


def contacts_for(register, rows):
    """Whom to look for in the compounds of these rows; one query, none where no row has a compound."""
    compounds = {}
    for row in rows:
        home = getattr(getattr(row, "resident", row), "household", getattr(row, "resident", row))
        compound = home if isinstance(home, Compound) else getattr(home, "compound", None)
        if compound is not None:
            compounds[compound.pk] = compound
    return first_contacts(list(compounds.values())) if compounds else {}
