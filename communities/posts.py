"""Which posts somebody may give, and where: the rules of `access.LEVELS` as choices of a form."""

from dataclasses import dataclass

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from communities.access import CHANGE, COMPOUND_ROLES, LEVELS, Role, inside, roots_of
from communities.models import Assignment, Compound, Division, Unit
from communities.models.assignment import TRAINED
from communities.models.unit import Kind
from communities.practice import PROVINCE
from foundation.bigrams import search
from foundation.paths import within
from foundation.templatetags.portal import named

# A longer list is no help; the page asks for part of the name instead.
MOST_OFFERED = 300


@dataclass(frozen=True)
class PostKind:
    """A role together with what it is held in: "division", "unit", "compound", or "" for the whole installation."""

    role: Role
    held_in: str

    @property
    def code(self):
        return f"{self.role}.{self.held_in}" if self.held_in == "compound" else str(self.role)

    @property
    def label(self):
        if self.held_in != "compound":
            return self.role.label
        return _("%(role)s, for one compound only") % {"role": self.role.label}

    @property
    def target_label(self):
        return {
            "division": gettext_lazy("Place"),
            "unit": gettext_lazy("Unit"),
            "compound": gettext_lazy("Compound"),
        }.get(self.held_in, "")

    def targets(self, roots, words=""):
        """Where in these subtrees the role can be held, as rows in the order of the territory; `words` narrow by name or code."""
        if not self.held_in:
            return Division.objects.none()
        if self.held_in == "unit":
            rows = Unit.objects.active().exclude(kind=Kind.OFFICE).filter(inside(roots)).select_related("division")
            return search(rows, words).order_by("area_path", "name", "pk")
        if self.held_in == "compound":
            rows = Compound.objects.standing().filter(inside(roots)).select_related("community")
            return search(rows, words).order_by("area_path", "name", "pk")
        rows = Division.objects.standing(timezone.localdate()).filter(
            inside(roots, "code"), level__in=LEVELS[self.role]
        )
        if self.role not in TRAINED:
            rows = rows.exclude(within(PROVINCE, "code"))
        found = rows.filter(code__startswith=words) if words.isdigit() else search(rows, words)
        return found.select_related("parent").order_by("code")


def kinds_open_to(user):
    """The kinds of posts that the user may give somewhere."""
    roots = roots_of(user, "staff", CHANGE)
    if not roots:
        return []
    kinds = [PostKind(role, "unit" if role == Role.HANDLER else "division") for role in Role if role != Role.ADMIN]
    kinds += [PostKind(role, "compound") for role in Role if role in COMPOUND_ROLES]
    # Only the installation's own administrators make others.
    return [*kinds, PostKind(Role.ADMIN, "")] if "" in roots else kinds


def where(target):
    """The name of a target with the place above it: "橡林街道 › 橡林社区"."""
    above = target.parent if isinstance(target, Division) else getattr(target, "community", None) or target.division
    return f"{named(above)} › {named(target)}" if above else named(target)


def holders(kind, targets, today):
    """The posts of this kind that count today at these targets: whom a substitute could stand in for."""
    at = Q(**{f"{kind.held_in}__in": targets}) if kind.held_in else Q()
    posts = Assignment.objects.current(today).of_role(kind.role).filter(at, stands_in_for=None)
    return posts.for_access().select_related("user").order_by("area_path", "user__name", "pk")
