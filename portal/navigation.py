"""The frame around every page: where this role can go, where it works, what waits in the inbox."""

from dataclasses import dataclass, field
from functools import cache

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from communities.access import CHANGE, READ, Role, may, posts_of
from communities.practice import is_practice
from communities.registers import opens_registers
from foundation.notices.models import Notice

# The first page of each role; a person with several posts gets the first that fits.
FIRST_PAGES = {
    Role.SECRETARY: "issue_desk",
    Role.COORDINATOR: "issue_desk",
    Role.DISTRICT_ADMIN: "dashboard",
    Role.HANDLER: "issue_desk",
    Role.STREET_CADRE: "round_list",
    Role.GRID_WORKER: "round_list",
    Role.AUDITOR: "entry_list",
    Role.ADMIN: "staff_list",
}


# The nouns of the pages about leave, duty and hand-over.
TEAM_NOUNS = ("shift", "swap", "leave", "handover", "reassignment")


@cache
def address(name):
    """The address of a page; written some forty times on every page."""
    return reverse(name)


@dataclass(frozen=True)
class Item:
    label: str
    name: str
    icon: str
    current: bool = False
    count: int | None = None

    @property
    def url(self):
        return address(self.name)


@dataclass
class Frame:
    nav: list = field(default_factory=list)
    staff_tabs: list = field(default_factory=list)
    bar: list = field(default_factory=list)
    place: str = ""
    places: list = field(default_factory=list)
    unread: int = 0
    user_name: str = ""
    role_name: str = ""
    demo: bool = False
    practice: bool = False
    elder: bool = False


def staff_tabs_for(user, here):
    """The pages about those who serve here, as tabs; everybody has the own leave and hand-over."""
    wanted = [
        (may(user, "staff"), _("Accounts"), "staff_list", ("staff", "assignment")),
        (may(user, "team"), _("Duty roster"), "shift_list", ("shift", "swap")),
        (True, _("Leave"), "leave_list", ("leave",)),
        (True, _("Hand-over"), "handover_list", ("handover", "reassignment")),
        (may(user, "staff"), _("Reviews"), "review_list", ("review",)),
        (may(user, "staff"), _("Sensitive categories"), "grant_list", ("grant",)),
        (may(user, "staff"), _("Practice"), "practice_list", ("practice",)),
    ]
    return [
        Item(label, name, "staff", current=here.split("_")[0] in nouns) for shown, label, name, nouns in wanted if shown
    ]


def first_page(user):
    """The URL name of the user's own first page; the account page for somebody without a post."""
    roles = {post.role for post in posts_of(user)}
    return next((page for role, page in FIRST_PAGES.items() if role in roles), "account_overview")


def items_for(user):
    """The navigation of this user: (label, URL name, icon, nouns of the pages that belong to it), in the order of the side bar."""
    roles = {post.role for post in posts_of(user)}
    wanted = [
        (roles & {Role.SECRETARY, Role.COORDINATOR, Role.HANDLER}, _("Today's work"), "issue_desk", "home", ()),
        (
            roles & {Role.GRID_WORKER, Role.STREET_CADRE, Role.SECRETARY},
            _("Field visits"),
            "round_list",
            "visit",
            ("round",),
        ),
        (may(user, "issues") or Role.HANDLER in roles, _("Resident issues"), "issue_list", "issue", ("issue",)),
        (may(user, "visits"), _("Visits"), "visit_list", "calendar", ("visit", "opinion")),
        (may(user, "places"), _("Places"), "division_list", "compound", ("division", "compound", "building", "unit")),
        (may(user, "people"), _("Households"), "household_list", "people", ("household", "resident", "life")),
        (
            opens_registers(user),
            _("Registers"),
            "register_home",
            "audit",
            (
                "register",
                "blank",
                "duplicate",
                "merge",
                "completeness",
                "gap",
                "suggestion",
                "reorganisation",
                "care",
                "wish",
                "category",
                "standard",
                "retention",
                "purge",
                "consent",
            ),
        ),
        (may(user, "dashboard"), _("Dashboard"), "dashboard", "chart", ("dashboard",)),
        (
            may(user, "staff", READ),
            _("Staff"),
            "staff_list",
            "staff",
            ("staff", "assignment", "grant", "review", "practice", *TEAM_NOUNS),
        ),
        (
            not may(user, "staff", READ) and (may(user, "team") or Role.HANDLER in roles),
            _("Duty and leave"),
            "shift_list" if may(user, "team") else "leave_list",
            "staff",
            TEAM_NOUNS,
        ),
        (may(user, "audit"), _("Audit"), "entry_list", "audit", ("entry", "access")),
        (may(user, "feedback", CHANGE), _("Feedback received"), "feedback_list", "feedback", ("feedback",)),
        (
            may(user, "calendar", CHANGE) or may(user, "delivery"),
            _("Calendar and sending"),
            "workday_list",
            "clock",
            ("workday", "delivery"),
        ),
    ]
    return [item for shown, *item in wanted if shown]


def frame(request):
    """Context processor: `frame` for templates/base.html. One query (unread notices) beyond the posts."""
    user = getattr(request, "user", None)
    result = Frame(demo=settings.DEMO, elder=request.COOKIES.get("elder") == "on")
    if user is None or not user.is_authenticated:
        return {"frame": result}
    posts = posts_of(user)
    # An address may have no name, and one that does not exist has no match.
    here = (request.resolver_match and request.resolver_match.url_name) or ""
    items = items_for(user)
    result.staff_tabs = staff_tabs_for(user, here)
    has_own_item = here in {name for _label, name, _icon, _nouns in items}
    result.nav = [
        Item(label, name, icon, current=name == here or (not has_own_item and here.split("_")[0] in nouns))
        for label, name, icon, nouns in items
    ]
    # On a phone the four things the role does most: its own first page, then the beginning of the list.
    own = first_page(user)
    result.bar = sorted(result.nav, key=lambda item: item.name != own)[:4]
    result.elder = user.elder
    result.user_name = user.name
    result.unread = Notice.objects.visible_to(user).unread().count()
    result.practice = any(is_practice(post.area_path) for post in posts)
    if posts:
        result.role_name = posts[0].get_role_display()
        result.place = str(posts[0].target or settings.PRODUCT_NAME)
        result.places = [
            (str(post.target), reverse("division_detail", args=[post.division.code]))
            for post in posts
            if post.division_id
        ]
    return {"frame": result}
