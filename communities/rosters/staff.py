"""Rosters of staff: accounts with their first post. Only who administers staff brings them in, for the own area, and gives no role that
could not be given by hand.
"""

from uuid import uuid4

from django.core.exceptions import ValidationError
from django.db.models.functions import Lower
from django.utils import timezone

from accounts.models import User
from communities.access import CHANGE, Role, covers, inside, roots_of
from communities.models import Assignment, RosterSlip, Staff, Unit
from communities.models.assignment import fits
from communities.models.division import Level
from communities.models.unit import Kind
from communities.posts import kinds_open_to
from communities.rosters.faults import CellFault
from communities.rosters.places import Divisions
from communities.rosters.planner import CHANGED, FAULTY, NEW, SAME, Planner, good
from foundation.fields import keyed_hash

FACTS = ("email", "phone", "office_phone")


class StaffMembers(Planner):
    # Making a password's hash takes a third of a second; a batch is one transaction.
    BATCH = 10
    OF_MATCH = ("post",)

    def load(self):
        if hasattr(self, "divisions"):
            return
        self.divisions = Divisions(self.roster.division)
        self.roots = roots_of(self.user, "staff", CHANGE)
        self.open_roles = {kind.role for kind in kinds_open_to(self.user) if kind.held_in != "compound"} - {Role.ADMIN}
        units = Unit.objects.active().exclude(kind=Kind.OFFICE).filter(inside([self.roster.area_path]))
        self.units = {unit.name: unit for unit in units}
        self.names, self.phones, self.emails = {}, {}, {}
        self.today = timezone.localdate()

    def place(self, item):
        if not item.is_good:
            return
        self.check_username(item)
        try:
            item.more["target"] = self.target(item.values)
        except CellFault as fault:
            item.fault("place" if fault.code != "unknown_role" else "role", fault.code, **fault.facts)
        if item.is_good:
            self.once(self.names, item.values["username"].lower(), item, "username")
            for column, seen in (("phone", self.phones), ("email", self.emails)):
                if column in item.values:
                    self.once(seen, hash(item.values[column].lower()), item, column)

    def check_username(self, item):
        field = User._meta.get_field("username")
        try:
            field.run_validators(item.values["username"])
        except ValidationError:
            item.fault("username", "bad_username", most=field.max_length)

    def target(self, values):
        """{"division" or "unit": where the role is held}, inside of the importer's own area."""
        role = values["role"]
        if role not in self.open_roles:
            raise CellFault("unknown_role")
        if role == Role.HANDLER:
            unit = self.units.get(values.get("place", ""))
            if unit is None:
                raise CellFault("unknown_unit")
            return {"unit": unit}
        division = self.divisions.find(values["place"], set(Level)) if "place" in values else self.roster.division
        if not any(covers(root, division.code) for root in self.roots):
            raise CellFault("outside")
        if not fits(role, division=division):
            raise CellFault("role_place")
        return {"division": division}

    def match(self, items, lock=False):
        wanted = {item.values["username"].lower() for item in good(items)}
        known = {row.low: row for row in Staff.objects.annotate(low=Lower("username")).filter(low__in=wanted)}
        pks = [row.pk for row in known.values()]
        mine = set(Staff.objects.changeable_by(self.user).filter(pk__in=pks).values_list("pk", flat=True))
        posts = Assignment.objects.not_over(self.today).filter(user__in=pks)
        held = {(post.user_id, post.role, post.division_id, post.unit_id) for post in posts}
        for item in items:
            if item.is_good:
                self.find(item, known, mine)
            if item.is_good:
                self.refuse_taken(item)
            self.decide(item, held)

    def find(self, item, known, mine):
        item.found = known.get(item.values["username"].lower())
        if item.found is None:
            return
        if item.found.name != item.values["name"]:
            item.fault("username", "username_taken")
        elif item.found.pk not in mine:
            item.fault("username", "not_yours")

    def refuse_taken(self, item):
        """Phone and e-mail open the door, so each belongs to one account."""
        others = User.objects.exclude(pk=item.found.pk if item.found else None)
        phone, email = item.values.get("phone"), item.values.get("email")
        if phone and others.filter(phone_hash=keyed_hash(phone)).exists():
            item.fault("phone", "phone_taken")
        if email and others.filter(email__iexact=email).exists():
            item.fault("email", "email_taken")

    def decide(self, item, held):
        if not item.is_good:
            item.outcome = FAULTY
            return
        if item.found is None:
            item.outcome = NEW
            return
        target = item.more["target"]
        place = tuple(getattr(target.get(name), "pk", None) for name in ("division", "unit"))
        item.more["post"] = (item.found.pk, item.values["role"], *place) not in held
        item.changes = self.differences(item.found, item.values, FACTS)
        item.outcome = CHANGED if item.changes or item.more["post"] else SAME

    def write(self, items):
        for item in items:
            if item.outcome == NEW:
                self.enlist(item)
            elif item.outcome == CHANGED:
                self.correct(item)

    def enlist(self, item):
        facts = {name: item.values[name] for name in ("name", "username", *FACTS) if name in item.values}
        person, password = Staff.objects.enlist(by=self.user, client_uuid=uuid4(), **facts, **self.post(item))
        RosterSlip.objects.create(roster=self.roster, user_id=person.pk, password=password)
        self.note_made([person], "user")
        self.note_made(list(person.assignments.all()), "assignment")

    def correct(self, item):
        if item.changes:
            former = {name: getattr(item.found, name) for name in item.changes}
            item.found.correct(by=self.user, **item.changes)
            self.note_changed([(item.found, former)], "user")
        if item.more["post"]:
            self.note_made([Assignment.objects.assign(by=self.user, user=item.found, **self.post(item))], "assignment")

    def post(self, item):
        return {"role": item.values["role"], "since": item.values.get("since", self.today), **item.more["target"]}
