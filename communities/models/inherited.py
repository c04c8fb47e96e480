"""Rules that belong to a place and hold in everything below it, until a place below has a rule of its own."""

from django.db import models

from communities.access import CHANGE, inside, roots_of
from communities.models.division import line_of
from foundation.paths import is_within, within


class InheritedQuerySet(models.QuerySet):
    """Rows that belong to an area and hold in everything below it; area "" is the whole installation."""

    def in_force_at(self, path):
        """Rows of this place and of all places above it."""
        return self.filter(area_path__in=["", *line_of(path)])

    def nearest(self, path):
        """The row of the nearest place, or None: the longest `area_path` wins."""
        return max(self.in_force_at(path), key=lambda row: len(row.area_path), default=None)


class RuleQuerySet(InheritedQuerySet):
    """Rules that administrators edit: seen by whoever they hold for, changed where the rule belongs. The model says `TOPIC`."""

    def visible_to(self, user):
        roots = roots_of(user, self.model.TOPIC)
        above = {path for root in roots for path in ["", *line_of(root)]}
        return self.filter(inside(roots) | models.Q(area_path__in=above))

    def changeable_by(self, user):
        return self.filter(inside(roots_of(user, self.model.TOPIC, CHANGE)))


def regions(rules, field="area_path"):
    """[(rule, condition)]: for each of these rules of one kind the condition "`field` lies where this rule is the nearest"."""
    found = []
    for rule in rules:
        condition = models.Q(**{f"{field}__gte": ""}) & within(rule.area_path, field)
        for other in rules:
            if other.area_path != rule.area_path and is_within(other.area_path, rule.area_path):
                condition &= ~within(other.area_path, field)
        found.append((rule, condition))
    return found
