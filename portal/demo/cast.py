"""What the chapters of the demonstration share: the clock, the dice, and what has been made so far."""

import random
from dataclasses import dataclass, field
from datetime import datetime

from accounts.models import User
from communities.models import Division

DISTRICT = "411702"
XIANGLIN, RENMINJIE = "411702007", "411702001"
HOME = "411702007002"


@dataclass
class Cast:
    now: datetime
    dice: random.Random = field(default_factory=lambda: random.Random(20220727))
    divisions: dict = field(default_factory=dict)
    units: dict = field(default_factory=dict)
    users: dict = field(default_factory=dict)
    # code of a community → its secretary; households by compound
    secretaries: dict = field(default_factory=dict)
    coordinators: dict = field(default_factory=dict)
    compounds: list = field(default_factory=list)
    households: list = field(default_factory=list)

    @staticmethod
    def is_there():
        return User.objects.filter(username="district", assignments__division__code=DISTRICT).exists()

    def places(self, street):
        """The communities of a street, in the order of their codes."""
        return [d for code, d in sorted(self.divisions.items()) if code.startswith(street) and d.level == "community"]

    def of_community(self, code):
        return [household for household in self.households if household.area_path.startswith(code)]

    def pick(self, rows):
        return rows[self.dice.randrange(len(rows))]


def known_divisions():
    return {division.code: division for division in Division.objects.all()}
