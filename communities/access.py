"""THE access rule: who may see and change what. Everything else asks here.

A right is a post (`Assignment`) of a role in a place or a unit. `RIGHTS` says what a role may do with each topic; the place says
with which rows. Every list, detail, search, export and digest starts from `visible_to(user)` or `changeable_by(user)`.
"""

from django.core.exceptions import ImproperlyConfigured, PermissionDenied
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from communities.practice import DISTRICT_DIGITS, PROVINCE, ground_of, is_practice
from foundation.paths import is_within, within

READ, CHANGE = 1, 2
# Conditions that stay what they are when others are joined to them by | or &; an empty Q would vanish.
NOTHING = Q(pk__in=[])
EVERYTHING = ~NOTHING


class Role(models.TextChoices):
    GRID_WORKER = "grid_worker", _("grid worker")
    STREET_CADRE = "street_cadre", _("street cadre")
    SECRETARY = "secretary", _("community secretary")
    COORDINATOR = "coordinator", _("street coordinator")
    HANDLER = "handler", _("department handler")
    DISTRICT_ADMIN = "district_admin", _("district admin")
    AUDITOR = "auditor", _("auditor")
    ADMIN = "admin", _("system admin")


# topic: places (divisions, compounds, units: no personal data) · people (households, residents) · visits · issues ·
#        team (leave, duty roster, hand-over of those who serve there) · staff (accounts) · audit (journal and access log) ·
#        dashboard · feedback · calendar (working days) · delivery (failed sends) ·
#        care_rules (categories, levels, retention: no personal data) · retention (proposing to clear somebody's data) ·
#        territory (places merged, split, moved, renamed)
RIGHTS = {
    Role.GRID_WORKER: {"places": READ, "people": CHANGE, "visits": CHANGE, "issues": READ, "team": READ},
    Role.STREET_CADRE: {"places": READ, "people": CHANGE, "visits": CHANGE, "issues": READ, "team": READ},
    Role.SECRETARY: {
        "places": CHANGE,
        "people": CHANGE,
        "visits": CHANGE,
        "issues": CHANGE,
        "team": CHANGE,
        "dashboard": READ,
        "calendar": READ,
        "care_rules": READ,
        "retention": CHANGE,
        "territory": READ,
    },
    Role.COORDINATOR: {
        "places": CHANGE,
        "people": CHANGE,
        "visits": CHANGE,
        "issues": CHANGE,
        "team": CHANGE,
        "dashboard": READ,
        "calendar": READ,
        "care_rules": READ,
        "retention": CHANGE,
        "territory": READ,
    },
    # A handler sees issues through the work orders of the unit (issues/models), not through an area.
    Role.HANDLER: {},
    Role.DISTRICT_ADMIN: {
        "places": CHANGE,
        "people": CHANGE,
        "visits": READ,
        "issues": CHANGE,
        "team": CHANGE,
        "staff": CHANGE,
        "dashboard": READ,
        "feedback": CHANGE,
        "calendar": CHANGE,
        "delivery": CHANGE,
        "care_rules": CHANGE,
        "retention": CHANGE,
        "territory": CHANGE,
    },
    Role.AUDITOR: {
        "places": READ,
        "people": READ,
        "visits": READ,
        "issues": READ,
        "team": READ,
        "staff": READ,
        "audit": READ,
        "dashboard": READ,
        "calendar": READ,
        "care_rules": READ,
        "retention": READ,
        "territory": READ,
    },
    # Feedback too: what people without a place say would otherwise be read by nobody.
    Role.ADMIN: {
        "places": CHANGE,
        "staff": CHANGE,
        "feedback": CHANGE,
        "calendar": CHANGE,
        "delivery": CHANGE,
        "care_rules": CHANGE,
        "territory": CHANGE,
    },
}
# Who may see a phone or an ID number in full, each time for a reason that is logged. Auditors and system admins may not.
MAY_REVEAL = {Role.GRID_WORKER, Role.STREET_CADRE, Role.SECRETARY, Role.COORDINATOR, Role.DISTRICT_ADMIN}
# Who may confirm that a person's data are cleared, if somebody else has proposed it.
MAY_CONFIRM_PURGE = {Role.COORDINATOR, Role.DISTRICT_ADMIN}
# Roles that must carry a second factor in production (product.md).
NEEDS_SECOND_FACTOR = {Role.DISTRICT_ADMIN, Role.AUDITOR, Role.ADMIN}
# On which level of the territory a role works; None: a unit or the whole installation.
LEVELS = {
    Role.GRID_WORKER: {"grid", "community"},
    Role.STREET_CADRE: {"street", "community"},
    Role.SECRETARY: {"community"},
    Role.COORDINATOR: {"street"},
    Role.DISTRICT_ADMIN: {"district"},
    Role.AUDITOR: {"district"},
}
# Roles that a team may hold for a single compound, for the time of a campaign.
COMPOUND_ROLES = {Role.GRID_WORKER, Role.STREET_CADRE}


def posts_of(user):
    """The posts that count today, as `Assignment` rows with their targets: own ones first, then those held for others.

    One query, kept on the user object.
    """
    if not user.is_authenticated or not user.is_active:
        return []
    if not hasattr(user, "_posts"):
        posts = user.assignments.current(timezone.localdate()).for_access().lightly()
        user._posts = sorted(posts, key=lambda post: (post.stands_in_for_id is not None, post.since, post.pk))
    return user._posts


def forget_posts(user):
    """Read the posts again at the next question; for long-lived user objects whose assignments have just changed."""
    user.__dict__.pop("_posts", None)


def posts_for(user, topic, level=READ):
    """Those posts of the user that give at least `level` on the topic."""
    return [post for post in posts_of(user) if RIGHTS[post.role].get(topic, 0) >= level]


def may(user, topic, level=READ):
    """Whether the user holds any post with this right, wherever it is."""
    return bool(posts_for(user, topic, level))


def demand(user, topic, level=READ):
    """PermissionDenied for somebody who has this right nowhere: an empty list would only look like one."""
    if not may(user, topic, level):
        raise PermissionDenied


def may_in(user, topic, level, area_path):
    """Whether a post of the user gives this right in this place."""
    posts = posts_for(user, topic, level)
    return any(covers(land, area_path) for post in posts for land in lands(post.path, topic))


def may_on(user, topic, level, row):
    """Whether a post of the user gives this right on this row; as `may_in`, and for a team on its compound."""
    return any(post.covers_row(row) for post in posts_for(user, topic, level))


def may_reveal(user, row):
    """Whether the user may see the row's encrypted data, for a reason that is then logged."""
    return any(post.role in MAY_REVEAL and post.covers_row(row) for post in posts_of(user))


def holds(user, role, area_path):
    """Whether the user holds this role in a place that covers `area_path`."""
    return any(post.role == role and post.covers(area_path) for post in posts_of(user))


def stand_in(user, row):
    """The person for whom the user acts on this row (代…), or None if an own post would do as well.

    What counts is the post that gives most on the row's topic: a cadre who stands in for the secretary acts for the secretary
    on issues, and for nobody on visits. An export names a model instead of a row: then all posts count.
    """
    anywhere = not isinstance(row, models.Model)
    fitting = [post for post in posts_of(user) if serves(post, row, anywhere)]
    most = max((level_of(post, row) for post in fitting), default=0)
    fitting = [post for post in fitting if level_of(post, row) == most]
    if fitting and all(post.stands_in_for_id for post in fitting):
        return fitting[0].stands_in_for
    return None


def serves(post, row, anywhere):
    """Whether somebody could act on the row by this post; a row that units work on says so itself (`is_with_unit_of`)."""
    if post.unit_id and not anywhere:
        return hasattr(row, "is_with_unit_of") and row.is_with_unit_of(post)
    return bool(post.division_id) and (anywhere or post.covers(getattr(row, "area_path", "")))


def level_of(post, row):
    return CHANGE if post.unit_id else RIGHTS[post.role].get(getattr(row, "TOPIC", ""), 0)


class ScopedQuerySet(models.QuerySet):
    """Rows in the reach of a user.

    The model says `TOPIC` (a key of `RIGHTS`), `AREA_FIELD` (where its path stands, by default "area_path") and, if a
    team with a post on a single compound may see it, `COMPOUND_FIELD`. `AREA_FROM` names the foreign keys from which a stored path
    follows, where that is not the beginning of `COMPOUND_FIELD` (communities/models/merge.py). A model that says no topic is closed to all.
    """

    def visible_to(self, user):
        return self.filter(self.scope(user, READ))

    def changeable_by(self, user):
        return self.filter(self.scope(user, CHANGE))

    def scope(self, user, level):
        topic = getattr(self.model, "TOPIC", None)
        if topic is None:
            raise ImproperlyConfigured(f"{self.model.__name__} names no TOPIC, so nobody may see it")
        reach = NOTHING
        for post in posts_for(user, topic, level):
            reach |= self.reach_of(post)
        return reach

    def reach_of(self, post):
        """The rows that one post covers."""
        if post.compound_id:
            field = getattr(self.model, "COMPOUND_FIELD", None)
            return Q(**{field: post.compound_id}) if field else NOTHING
        if post.path is None:
            return NOTHING
        field = getattr(self.model, "AREA_FIELD", "area_path")
        if post.path == "" and self.model.TOPIC != "staff":
            # The installation's lists and counts are of real places; trainees' accounts are accounts.
            return ~within(PROVINCE, field)
        return inside(lands(post.path, self.model.TOPIC), field)


def lands(path, topic):
    """The subtrees that a post at `path` opens for a topic: its own, and for staff the practice ground of the district."""
    if topic == "staff" and path and len(path) == DISTRICT_DIGITS and not is_practice(path):
        return [path, ground_of(path)]
    return [path]


def inside(paths, field="area_path"):
    """The condition "`field` lies in one of these subtrees"; "" among them stands for the whole installation."""
    if "" in paths:
        return EVERYTHING
    condition = NOTHING
    for path in paths:
        condition |= within(path, field)
    return condition


def roots_of(user, topic, level=READ):
    """The codes of the places in which the user has this right; "" is the whole installation."""
    posts = [post for post in posts_for(user, topic, level) if post.path is not None]
    return [land for post in posts for land in lands(post.path, topic)]


def covers(path, area_path):
    """Whether the place `path` (None: no place) contains `area_path`."""
    return path is not None and is_within(area_path, path)
