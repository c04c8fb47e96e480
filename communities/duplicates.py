"""疑似重复: which records may be one person, household or compound. Questions to the database, nothing stored.

Rows that share a key are found by grouping, so the cost grows with the rows of the place asked about (a street at most), not with the
number of pairs. Every reason gives at most `MOST_GROUPS` groups; what is merged or said to be two makes room for the next.
"""

from dataclasses import dataclass
from itertools import combinations, pairwise

from django.db.models import CharField, Count, Exists, F, OuterRef, Q, Value
from django.db.models.functions import Cast, Concat, Substr
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


def joined(*parts):
    """One text of several columns, to group and compare by."""
    separated = [part for each in parts for part in (Value("|"), Cast(each, CharField()))][1:]
    return Concat(*separated, output_field=CharField())


def resident_keys():
    """reason -> [(condition, key)]: rows that meet the condition and share the key may be one person."""
    known = ~Q(name_key="")
    with_phone = ~Q(phone_hash="") & known
    return {
        "id_number": [(~Q(id_number_hash=""), F("id_number_hash"))],
        "birth": [(known & Q(born_on__isnull=False), joined("name_key", "born_on", Substr("area_path", 1, 12)))],
        "phone": [
            (with_phone, joined("phone_hash", "name_key")),
            (with_phone, joined("phone_hash", Substr("name", 1, LETTERS))),
        ],
        "household": [(known, joined("household_id", "name_key"))],
    }


HOUSEHOLD_KEYS = {"door": [(~Q(door_key=""), joined("compound_id", "door_key"))]}


def resident_pairs(user, place, reason=""):
    """Pairs of people in the user's reach, in one place: by ID number also those who have left or died."""
    rows = Resident.objects.visible_to(user).filter(within(place), voided_at=None, merged_into=None, purged_at=None)
    keys = {name: keys for name, keys in resident_keys().items() if reason in ("", name)}
    return pairs_of(Kind.RESIDENT, {n: rows if n == "id_number" else rows.filter(ended_on=None) for n in keys}, keys)


def household_pairs(user, place):
    rows = Household.objects.visible_to(user).standing().filter(within(place))
    return pairs_of(Kind.HOUSEHOLD, {"door": rows}, HOUSEHOLD_KEYS)


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
    """The pairs for all these reasons, the strongest first: {reason: rows}, {reason: [(condition, key)]}."""
    found, declined = {}, set()
    for reason, ways in keys.items():
        declined |= declined_among(kind, rows[reason])
        for condition, key in ways:
            # Groups that are answered already take no room from those that are not.
            for group in groups(rows[reason].filter(condition), key, MOST_GROUPS + len(declined)):
                for pair in pairs_in(group):
                    reasons = found.setdefault(pair, [])
                    if reason not in reasons:
                        reasons.append(reason)
    return in_order({pair: reasons for pair, reasons in found.items() if pair not in declined})


def groups(rows, key, most):
    """Lists of the numbers of rows that share a key, at most so many."""
    keyed = rows.annotate(shared_key=key).order_by()
    shared = keyed.values("shared_key").annotate(n=Count("pk")).filter(n__gt=1).order_by("shared_key")
    shared = shared.values("shared_key")[:most]
    found = {}
    for value, pk in keyed.filter(shared_key__in=shared).order_by("pk").values_list("shared_key", "pk"):
        found.setdefault(value, []).append(pk)
    return found.values()


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
    others = elsewhere(user, place)
    twin = others.filter(id_number_hash=OuterRef("id_number_hash"))
    own = Resident.objects.changeable_by(user).here().filter(within(place)).exclude(id_number_hash="")
    own = own.filter(Exists(twin)).order_by("pk").values_list("id_number_hash", "pk")[:MOST_GROUPS]
    mine = dict(own)
    theirs = others.filter(id_number_hash__in=list(mine)).order_by("pk").values_list("id_number_hash", "pk")
    found = {tuple(sorted((mine[number], pk))): (mine[number], pk) for number, pk in theirs}
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
    """The places among which the user chooses, [(code, name)]: own ones, and of a district or more its streets."""
    roots = [root for root in roots_of(user, "people") if root]
    wide = [root for root in roots if len(root) < DIGITS[Level.STREET]]
    condition = Q(code__in=set(roots) - set(wide))
    for root in wide:
        condition |= within(root, "code") & Q(level=Level.STREET)
    return list(Division.objects.filter(condition).order_by("code")) if roots else []
