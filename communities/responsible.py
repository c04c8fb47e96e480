"""找谁: whom to look for in a place. It follows from the posts that count today, so it is right whenever somebody changes post."""

from dataclasses import dataclass

from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from communities.access import Role
from communities.models import Assignment, Division, Leave
from communities.models.division import Level, line_of
from foundation.paths import is_within, within

# Who answers for a place of each level.
ASKED = {
    Level.GRID: Role.GRID_WORKER,
    Level.COMMUNITY: Role.SECRETARY,
    Level.STREET: Role.COORDINATOR,
    Level.DISTRICT: Role.DISTRICT_ADMIN,
}


@dataclass(frozen=True)
class Contact:
    """Somebody to look for: only names and office phones, nothing private. `stands_in_for` is a name or ""."""

    name: str
    role: str
    place: Division
    phone: str
    stands_in_for: str = ""


def contact_of(post):
    return Contact(
        name=post.user.name,
        role=post.get_role_display(),
        place=post.division,
        phone=post.user.office_phone or post.division.office_phone,
        stands_in_for=post.stands_in_for.name if post.stands_in_for else "",
    )


def posts_where(condition):
    """Posts of those who answer for the places of the condition (one query).

    Substitutes stand behind those they stand in for; whoever is on leave today stands last.
    """
    today = timezone.localdate()
    posts = (
        Assignment.objects.current(today)
        .annotate(is_away=Exists(Leave.objects.on(today).filter(user=OuterRef("user"))))
        .of_role(*ASKED.values())
        .filter(condition, user__is_active=True)
        .select_related("user", "division", "stands_in_for")
        .order_by("-division__code", "stands_in_for", "user__name", "pk")
    )
    answering = [post for post in posts if ASKED.get(post.division.level) == post.role]
    return sorted(answering, key=order_of)


def order_of(post):
    return -len(post.division.code), post.division.code, post.is_away, bool(post.stands_in_for)


def contacts_of_division(division):
    """Who answers for the place itself, then its grid workers, then the places above up to the street (one query)."""
    code = division.code
    condition = Q(division__code__in=line_of(code))
    if division.level == Level.COMMUNITY:
        condition |= within(code, "division__code")
    posts = posts_where(condition)
    own = [post for post in posts if post.division.code == code]
    below = [post for post in posts if len(post.division.code) > len(code)]
    above = [post for post in posts if len(post.division.code) < len(code) and post.division.level != Level.DISTRICT]
    return [contact_of(post) for post in (*own, *below, *above)]


def contacts_of_compound(compound):
    """The person named for the compound, then grid worker, secretary and coordinator (one query)."""
    posts = posts_where(Q(division__code__in=line_of(compound.area_path)))
    return named_for(compound) + [contact_of(post) for post in posts if post.division.level != Level.DISTRICT]


def named_for(compound):
    """The person whom the compound itself names, as a list; empty if there is none or the account is closed."""
    person = compound.responsible
    if person is None or not person.is_active:
        return []
    phone = person.office_phone or compound.community.office_phone
    return [Contact(person.name, _("responsible person"), compound.community, phone)]


def first_contacts(compounds):
    """The first person to look for in each of these compounds, as {pk: Contact or None}; one query for all."""
    codes = {code for compound in compounds for code in (compound.area_path, compound.community.code)}
    posts = posts_where(Q(division__code__in=codes)) if codes else []
    return {
        compound.pk: next(iter(named_for(compound)), None) or nearest(posts, compound.area_path)
        for compound in compounds
    }


def first_contacts_at(divisions):
    """Who answers for each of these divisions itself, as {code: Contact or None}; one query for all."""
    posts = posts_where(Q(division__code__in=[division.code for division in divisions])) if divisions else []
    at = {}
    for post in posts:
        at.setdefault(post.division.code, contact_of(post))
    return at


def nearest(posts, area_path):
    """The first of these posts, which stand nearest first, that answers for this path."""
    return next((contact_of(post) for post in posts if is_within(area_path, post.division.code)), None)


def people_around(community):
    """Users who could answer for a compound of this community: with a post in it, in one of its grids, or in its street."""
    posts = Assignment.objects.current(timezone.localdate()).filter(
        within(community.code, "division__code") | Q(division__code=community.code[:9])
    )
    return User.objects.filter(is_active=True, assignments__in=posts).distinct()
