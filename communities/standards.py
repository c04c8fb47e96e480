"""How often which household is due, by the standards of its place. In the memory of this process, so that no list asks for it.

Others' changes are seen within a minute, one's own at once.
"""

import time
from dataclasses import dataclass
from datetime import timedelta

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from communities.models.inherited import regions
from foundation.paths import is_within

SECONDS_TO_LIVE = 60

ORDINARY = 0  # the level of a household that is not on the care register
_kept = None  # (moment of loading, standards)


class PhoneRule(models.TextChoices):
    """Whether a call stands for a visit (domain.md 3.6)."""

    ALWAYS = "always", _("a call counts as a visit")
    ALTERNATE = "alternate", _("a call counts between two visits, every second time")
    NEVER = "never", _("a call does not count")


@dataclass(frozen=True)
class Standards:
    """The standards in use, of all places."""

    rows: tuple

    def nearest(self, level, area_path):
        """The standard for households of this care level (None: ordinary ones) in this place."""
        fitting = [row for row in self.of_level(level) if is_within(area_path, row.area_path)]
        if not fitting:
            raise LookupError(f"no care standard for level {level}; run load_reference")
        return max(fitting, key=lambda row: len(row.area_path))

    def of_level(self, level):
        return [row for row in self.rows if row.level == (level or ORDINARY)]

    def days(self, level, area_path):
        return self.nearest(level, area_path).interval_days

    def due_on(self, level, area_path, *, met_on, seen_on):
        """The day on which the next visit is due after the last meeting, and the last one face to face (None: never)."""
        row = self.nearest(level, area_path)
        interval = timedelta(days=row.interval_days)
        if row.phone_rule == PhoneRule.ALWAYS:
            return met_on + interval
        if row.phone_rule == PhoneRule.NEVER:
            return seen_on + interval if seen_on else None
        # Every second time: the call counts, but after two intervals somebody stands at the door.
        return min(met_on + interval, seen_on + 2 * interval) if seen_on else None

    def late(self, level, *, today, is_before):
        """The condition that a household of this level is due today or past; `is_before(field, day)` says that the last one was then
        or never: field is "met" or "seen".
        """
        late = Q(pk__in=[])
        for row, here in regions(self.of_level(level)):
            interval = timedelta(days=row.interval_days)
            if row.phone_rule == PhoneRule.NEVER:
                waits = is_before("seen", today - interval)
            else:
                waits = is_before("met", today - interval)
                if row.phone_rule == PhoneRule.ALTERNATE:
                    waits |= is_before("seen", today - 2 * interval)
            late |= here & waits
        return late


def kept(load):
    """What `load()` returned last, loaded again when it is older than a minute."""
    global _kept
    found = _kept
    if found is None or time.monotonic() - found[0] > SECONDS_TO_LIVE:
        found = _kept = (time.monotonic(), load())
    return found[1]


def forget():
    global _kept
    _kept = None
