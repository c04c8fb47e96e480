"""疑似重复: which records may be one person, household or compound. Questions to the database, nothing stored.

Rows that share a key are found by grouping, so the cost grows with the rows of the place asked about (a street at most), not with the
number of pairs. Every reason gives at most `MOST_GROUPS` groups; what is merged or said to be two makes room for the next.
With 1,000,000 residents on PostgreSQL a page of one community takes some tens of milliseconds (docs/decisions/0014).
"""

from dataclasses import dataclass
from itertools import combinations, islice, pairwise

from django.db.models import Aggregate, CharField, Count, Exists, OuterRef, Q, Subquery
from django.db.models.functions import Substr
from django.utils.translation import gettext_lazy as _

from communities.access import READ, roots_of
from communities.alike import near_keys, place_key, sound_of
from communities.models import Compound, Division, Household, NotTheSame, Resident
from communities.models.division import DIGITS, Level
from communities.models.duplicate import Kind
from foundation.fields import keyed_hash
from foundation.paths import within

MOST_GROUPS = 300
# A larger group is one mistake made many times; its members are compared one after the other.
MOST_OF_A_GROUP = 5
MOST_ALIKE = 5
# How much of a name a shared telephone must bear out: the surname and one character.
LETTERS = 2

REASONS = {
    "id_number": _("same ID number"),
    "birth": _("same name or sound, same birthday, same community"),
    "phone": _("same phone, similar name"),
    "household": _("same name or sound in one household"),
    "door": _("same door, written differently"),
    "name": _("names nearly the same"),
}


@dataclass(frozen=True)
class Pair:
    """Two numbers, the smaller first, and why they are thought to be one."""

    first: int
    second: int
    reasons: tuple

    @property
    def words(self):
        return [REASONS[reason] for reason in self.reasons]


class Listed(Aggregate):
    """The numbers of a group as one text: "12,57"."""

    function = "GROUP_CONCAT"
    output_field = CharField()

    def as_postgresql(self, compiler, connection, **context):
        return self.as_sql(compiler, connection, template="STRING_AGG((%(expressions)s)::text, ',')", **context)


BEGINNING = Substr("name", 1, LETTERS)
COMMUNITY = Substr("area_path", 1, DIGITS[Level.COMMUNITY])
KNOWN, WITH_PHONE = ~Q(name_key=""), ~Q(phone_hash="") & ~Q(name_key="")
HERE = Q(ended_on=None)
# reason -> [(condition, key)]: rows that meet the condition and share the key may be one person. By ID number also who has left or died.
RESIDENT_KEYS = {
    "id_number": [(~Q(id_number_hash=""), ("id_number_hash",))],
    "birth": [(HERE & KNOWN & Q(born_on__isnull=False), ("name_key", "born_on", COMMUNITY))],
    "phone": [(HERE & WITH_PHONE, ("phone_hash", "name_key")), (HERE & WITH_PHONE, ("phone_hash", BEGINNING))],
    "household": [(HERE & KNOWN, ("household", "name_key"))],
}
HOUSEHOLD_KEYS = {"door": [(~Q(door_key=""), ("compound", "door_key"))]}


def resident_pairs(user, place, reason="all"):
    """Pairs of people in the user's reach, in one place."""
    rows = Resident.objects.visible_to(user).filter(within(place), voided_at=None, merged_into=None, purged_at=None)
    keys = {name: ways for name, ways in RESIDENT_KEYS.items() if reason in ("all", name)}
    return pairs_of(Kind.RESIDENT, rows, keys)


def household_pairs(user, place):
    rows = Household.objects.visible_to(user).standing().filter(within(place))
    return pairs_of(Kind.HOUSEHOLD, rows, HOUSEHOLD_KEYS)


def compound_pairs(user, place):
    """Pairs of compounds in one community whose names are nearly the same: some hundred names, compared in memory."""
    rows = Compound.objects.visible_to(user).standing().filter(within(place)).order_by("pk")
    communities = {}
    for pk, community, name in rows.values_list("pk", "community", "name"):
        communities.setdefault(community, []).append((pk, place_key(name)))
    found = {
        (first, second): ["name"]
        for names in communities.values()
        for (first, key), (second, other_key) in combinations(names, 2)
        if near_keys(key, other_key)
    }
    return without_declined(Kind.COMPOUND, found)


def pairs_of(kind, rows, keys):
    """The pairs of these rows for all these reasons, the strongest first; `keys` is {reason: [(condition, key)]}."""
    found, declined = {}, declined_among(kind, rows)
    # Groups that are answered already take no room from those that are not.
    most = MOST_GROUPS + len(declined)
    for reason, ways in keys.items():
        for condition, key in ways:
            for group in islice(groups(rows.filter(condition), key), most):
                for pair in pairs_in(group):
                    reasons = found.setdefault(pair, [])
                    if reason not in reasons:
                        reasons.append(reason)
    return in_order({pair: reasons for pair, reasons in found.items() if pair not in declined})


def groups(rows, key):
    """Lists of the numbers of rows that share a key, smallest first; one pass over the rows.

    No LIMIT: it would lead PostgreSQL to walk through an index of the whole table for an area of it.
    """
    columns = [{} if isinstance(part, str) else {f"part_{number}": part} for number, part in enumerate(key)]
    names = [part if isinstance(part, str) else f"part_{number}" for number, part in enumerate(key)]
    rows = rows.order_by().annotate(**{name: part for column in columns for name, part in column.items()})
    shared = rows.values(*names).annotate(numbers=Listed("pk"), n=Count("pk")).filter(n__gt=1)
    return sorted(sorted(map(int, numbers.split(","))) for numbers in shared.values_list("numbers", flat=True))


def declined_among(kind, rows):
    """The pairs of these rows of which somebody said that they are two."""
    return NotTheSame.objects.standing().of(kind).filter(Exists(rows.filter(pk=OuterRef("first_id")))).pairs()


def pairs_in(pks):
    return combinations(pks, 2) if len(pks) <= MOST_OF_A_GROUP else pairwise(pks)


def without_declined(kind, found):
    pks = {pk for pair in found for pk in pair}
    declined = NotTheSame.objects.standing().of(kind).among(pks).pairs() if pks else set()
    return in_order({pair: reasons for pair, reasons in found.items() if pair not in declined})


def in_order(found):
    """{(smaller, larger): reasons} as pairs, the strongest reason first."""
    order = list(REASONS)
    pairs = [Pair(*pair, tuple(reasons)) for pair, reasons in found.items()]
    return sorted(pairs, key=lambda pair: (order.index(pair.reasons[0]), -len(pair.reasons), pair.first, pair.second))


# --- the same ID number in another area ---


def recorded_elsewhere(user, place):
    """People of the place with whose ID number somebody is recorded in the same district, outside the user's reach: [(own, other)]."""
    # A value, not a condition: it is looked up for each person of the place instead of reading the whole district.
    twin = elsewhere(user, place).filter(id_number_hash=OuterRef("id_number_hash")).order_by("pk").values("pk")[:1]
    own = Resident.objects.changeable_by(user).here().filter(within(place)).exclude(id_number_hash="")
    own = own.annotate(twin=Subquery(twin)).filter(twin__isnull=False).order_by("pk")
    found = {tuple(sorted(pair)): pair for pair in own.values_list("pk", "twin")[:MOST_GROUPS]}
    fresh = without_declined(Kind.RESIDENT, dict.fromkeys(found, ("id_number",)))
    return [found[pair.first, pair.second] for pair in fresh]


def elsewhere(user, place):
    """Who is recorded in the district of this place without being in the user's reach; nobody for a team without a place."""
    people = Resident.objects.here()
    return (
        people.filter(within(place[: DIGITS[Level.DISTRICT]])).exclude(people.scope(user, READ))
        if place
        else people.none()
    )


def is_linked(one, other):
    """Whether two people seem to be one although nobody sees both: the same ID number in one district."""
    return (
        bool(one.id_number_hash)
        and one.id_number_hash == other.id_number_hash
        and one.area_path[: DIGITS[Level.DISTRICT]] == other.area_path[: DIGITS[Level.DISTRICT]]
    )


# --- at entry ---


def alike(user, household, *, name, born_on=None, phone="", id_number="", but=()):
    """People in the user's reach who may be the one being entered, the likeliest first; one query."""
    sound = sound_of(name)
    same = Q(household=household, name_key=sound)
    if born_on:
        same |= Q(name_key=sound, born_on=born_on) & within(household.area_path[: DIGITS[Level.COMMUNITY]])
    if phone:
        same |= Q(phone_hash=keyed_hash(phone)) & (Q(name_key=sound) | Q(name__startswith=name[:LETTERS]))
    if id_number:
        same |= Q(id_number_hash=keyed_hash(id_number))
    rows = Resident.objects.visible_to(user).filter(same, voided_at=None, merged_into=None, purged_at=None)
    return list(rows.exclude(pk__in=but).for_list()[:MOST_ALIKE])


def is_elsewhere(user, household, number):
    """Whether somebody with this ID number is recorded in the district outside the user's reach."""
    rows = elsewhere(user, household.area_path)
    return bool(number) and rows.filter(id_number_hash=keyed_hash(number)).exists()


# --- where one looks ---


def places_to_look(user):
    """The places among which the user chooses: own ones down to the communities, but nothing larger than a street."""
    roots = [root for root in roots_of(user, "people") if root]
    condition = Q(pk__in=[])
    for root in roots:
        condition |= Q(code=root) | (within(root, "code") & Q(level__in=(Level.STREET, Level.COMMUNITY)))
    places = Division.objects.filter(condition).order_by("code") if roots else ()
    return [place for place in places if len(place.code) >= DIGITS[Level.STREET]]
