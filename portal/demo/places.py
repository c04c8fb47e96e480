"""Places of the demonstration: divisions from the committed file, units, compounds, households and who lives there."""

from datetime import date, datetime, timedelta
from pathlib import Path
from uuid import UUID

from django.utils import timezone

from communities.importing import import_divisions
from communities.models import (
    Building,
    CareCategory,
    CareEntry,
    Compound,
    ConsentText,
    Division,
    Household,
    Resident,
    Unit,
)
from foundation.journal.models import Entry
from foundation.workdays.calendar import ZONE
from issues.models import Category, DispatchRule
from portal.demo.cast import DISTRICT, HOME, RENMINJIE, XIANGLIN, known_divisions
from portal.demo.words import COMPOUND_NAMES, COMPOUND_TAILS, GIVEN, HOME_COMPOUNDS, SURNAMES

FILE = Path(__file__).resolve().parents[2] / "communities" / "data" / "divisions.csv"
BUREAUS = [
    ("驿城区住房和城乡建设局", "bureau", ["lift", "lift_adding", "renovation"]),
    ("驿城区城市管理局", "bureau", ["illegal_building", "lighting"]),
    ("驿城区民政局", "bureau", ["relief"]),
    ("驿城区卫生健康委员会", "bureau", ["medical"]),
    ("驿城区教育局", "bureau", ["education"]),
    ("驿城区供水公司", "utility", ["power_water"]),
]
# "156 unmanaged compounds in Xianglin, 101 in Renminjie" (the published figures of the campaign)
UNMANAGED = {XIANGLIN: 156, RENMINJIE: 101}
REGISTERED = datetime(2021, 10, 11, 9, 0, tzinfo=ZONE)
# Weights of ID check digits, GB 11643-1999.
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def divisions_and_units(cast):
    with FILE.open(encoding="utf-8", newline="") as file:
        import_divisions(file, since=date(2023, 6, 30), source="2023-06-30")
    home = Division.objects.get(code=HOME)
    for number, word in ((1, "一"), (2, "二"), (3, "三")):
        code = f"{HOME}00{number}"
        if not Division.objects.filter(code=code).exists():
            Division.objects.establish(by=None, code=code, name=f"{home.name}第{word}网格", parent=home)
    cast.divisions = known_divisions()
    categories = {category.code: category for category in Category.objects.filter(area_path="")}
    for name, kind, codes in BUREAUS:
        unit = cast.units[name] = Unit.objects.found(by=None, name=name, kind=kind, division=cast.divisions[DISTRICT])
        for code in codes:
            DispatchRule.objects.create(category=categories[code], area_path=DISTRICT, unit=unit)
    for name, kind, codes in (
        ("安居物业服务有限公司", "property", ["property", "parking", "sanitation"]),
        ("橡林社区志愿服务队", "team", ["elderly"]),
    ):
        unit = cast.units[name] = Unit.objects.found(
            by=None, name=name, kind=kind, division=home, phone="0396-000-0100"
        )
        for code in codes:
            DispatchRule.objects.create(category=categories[code], area_path=HOME, unit=unit)
    # Offices of all areas, by their path, for the stories of issues.
    cast.units |= {office.path: office for office in Unit.objects.offices().select_related("division")}
    for code, phone in ((HOME, "0396-000-0002"), (XIANGLIN, "0396-000-0007"), (DISTRICT, "0396-000-0001")):
        cast.divisions[code].correct(
            by=None, office_phone=phone, office_address=f"{cast.divisions[code].name}便民服务大厅"
        )


def compounds(cast):
    """The unmanaged compounds of both streets, the managed ones of the home community, and a few dwellings in each."""
    rows = [compound_of(cast, cast.divisions[HOME], **facts) for facts in HOME_COMPOUNDS]
    for street, total in UNMANAGED.items():
        communities = cast.places(street)
        have = sum(row.management == "none" and row.area_path.startswith(street) for row in rows)
        for number in range(total - have):
            community = communities[number % len(communities)]
            head = COMPOUND_NAMES[number // len(communities) % len(COMPOUND_NAMES)]
            tail = COMPOUND_TAILS[number % len(COMPOUND_TAILS)]
            taken = {row.name for row in rows if row.community_id == community.pk}
            name = f"{head}{tail}"
            if name in taken:
                name = f"{head}{number}号院"
            rows.append(compound_of(cast, community, name=name))
    for code, name in (
        ("210202012004", "和合大院"),
        ("630104001004", "五四大街30号家属院"),
        ("420204005010", "铜都花园"),
    ):
        rows.append(compound_of(cast, cast.divisions[code], name=name, management="self", stated_buildings=6))
    Compound.objects.bulk_create(rows)
    entered(cast, rows)
    cast.compounds = rows
    households(cast)


def compound_of(cast, community, *, name, management="none", grid="", buildings=0, stairs=1, floors=0, **facts):
    row = Compound(
        client_uuid=new_uuid(cast),
        community=community,
        grid=cast.divisions.get(f"{community.code}{grid}") if grid else None,
        area_path=f"{community.code}{grid}",
        name=name,
        kind="courtyard" if name.endswith(("院", "楼")) else "compound",
        management=management,
        property_unit=cast.units["安居物业服务有限公司"] if management == "property" else None,
        developer_kind=cast.pick(["employer", "employer", "reform", "developer", "resettlement", "self_built"]),
        built_year=cast.dice.randint(1978, 2004),
        stated_buildings=facts.pop("stated_buildings", buildings or cast.dice.randint(1, 4)),
        stated_households=buildings * stairs * floors * 2 or cast.dice.randint(12, 96),
        address=f"{community.name}辖区",
        **facts,
    )
    row.shape = (buildings or 1, stairs, floors or cast.dice.randint(2, 3))
    row.derive()
    return row


def households(cast):
    """Two flats a floor: six floors in the home community's compounds, a small sample elsewhere."""
    buildings, flats = [], []
    for compound in cast.compounds:
        count, stairs, floors = compound.shape
        for number in range(1, count + 1):
            building = Building(compound=compound, name=f"{number}号楼", walk_order=number, floors=max(floors, 6))
            buildings.append(building)
            flats += [
                (building, str(stair), f"{floor}0{side}")
                for stair in range(1, stairs + 1)
                for floor in range(1, floors + 1)
                for side in (1, 2)
            ]
    Building.objects.bulk_create(buildings)
    for building, stair, door in flats:
        row = Household(
            client_uuid=new_uuid(cast),
            compound=building.compound,
            building=building,
            stair=stair,
            door=door,
            area_path=building.compound.area_path,
            occupancy=cast.pick(["owner", "owner", "owner", "tenant"]),
        )
        row.derive()
        cast.households.append(row)
    Household.objects.bulk_create(cast.households, batch_size=400)
    entered(cast, cast.households)
    residents(cast)


def residents(cast):
    categories = {category.code: category for category in CareCategory.objects.all()}
    people, links = [], []
    for household in cast.households:
        elderly = cast.dice.random() < 0.3
        surname = cast.pick(SURNAMES)
        for place in range(1 if elderly else cast.dice.randint(1, 3)):
            person = resident_of(cast, household, surname, head=place == 0, elderly=elderly, number=len(people))
            people.append(person)
            if person.care_level:
                codes = (
                    ["living_alone", "very_old"]
                    if person.care_level == 1
                    else [cast.pick(["empty_nest", "minimum_living"])]
                )
                links.append((person, codes))
    Resident.objects.bulk_create(people, batch_size=300)
    entered(cast, people)
    care_entries(cast, [(person, categories[code]) for person, codes in links for code in codes])
    for household in cast.households:
        household.heads = []
    for person in people:
        person.household.heads.append(person)


def care_entries(cast, links):
    """Everybody on the register since the same autumn; consent is on paper, and looked at again every spring."""
    today = timezone.localdate(cast.now)
    since, spring = REGISTERED.date(), today.replace(month=3, day=15)
    reviewed = spring if spring <= today else spring.replace(year=spring.year - 1)
    text = ConsentText.objects.in_force(ConsentText.Code.OWN, reviewed)
    entries = []
    for number, (person, category) in enumerate(links):
        entry = CareEntry.objects.fresh(person, category, by=None, since=since)
        entry.client_uuid = new_uuid(cast)
        entry.created_at, entry.created_by = REGISTERED, cast.secretaries.get(person.area_path[:12])
        # A few wait for their consent or their yearly look.
        entry.reviewed_on = None if number % 11 == 5 else reviewed
        if entry.basis == "consent" and number % 9 != 4:
            entry.consented_on, entry.consented_by, entry.consent_text = max(since, text.valid_from), "self", text
        entries.append(entry)
    CareEntry.objects.bulk_create(entries, batch_size=300)
    entered(cast, entries, verb="enter_care")


def resident_of(cast, household, surname, *, head, elderly, number):
    born = date(
        cast.dice.randint(1935, 1955) if elderly else cast.dice.randint(1960, 2012),
        cast.dice.randint(1, 12),
        cast.dice.randint(1, 28),
    )
    sex = cast.pick(["f", "m"])
    level = (1 if born.year < 1943 else cast.pick([2, 3])) if elderly and head else None
    person = Resident(
        client_uuid=new_uuid(cast),
        household=household,
        area_path=household.area_path,
        name=(surname if head else cast.pick(SURNAMES)) + cast.pick(GIVEN),
        sex=sex,
        born_on=born,
        phone=f"13000000{number % 1000:03d}",
        id_number=id_number(born, serial=number % 400 * 2 + (sex == "m")),
        is_head=head,
        care_level=level,
    )
    person.derive()
    return person


def id_number(born, *, serial):
    """An ID number with a valid check digit on the county code 420199, which does not exist; odd serials are men."""
    digits = f"420199{born:%Y%m%d}{serial:03d}"
    rest = sum(int(digit) * weight for digit, weight in zip(digits, WEIGHTS, strict=True)) % 11
    return digits + "10X98765432"[rest]


def entered(cast, rows, verb="add"):
    """The journal of the register: taken down in the autumn of 2021 by the secretaries of the communities."""
    Entry.objects.bulk_create(
        [
            Entry(
                subject_type=row._meta.label_lower,
                subject_id=row.pk,
                verb=verb,
                actor=cast.secretaries.get(row.area_path[:12]),
                area_path=row.area_path,
                at=REGISTERED + timedelta(minutes=number),
            )
            for number, row in enumerate(rows)
        ],
        batch_size=500,
    )


def new_uuid(cast):
    return UUID(int=cast.dice.getrandbits(128), version=4)
