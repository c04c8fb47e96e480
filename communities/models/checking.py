"""核对无误: somebody looked, and what stands in the register of a household is right. Taken back within ten minutes."""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from foundation.journal.models import Entry, kind_of
from foundation.journal.moves import NotAllowed, record, revise

TAKEN_BACK_WITHIN = timedelta(minutes=10)
# People whose last check was not that of their household are noted one by one, so many at most (a hostel has hundreds).
MOST_NOTED = 150


class Checked:
    """Part of `Household`: `verified_on` of the household and of those who live in it."""

    @transaction.atomic
    def verify(self, *, by, key=None):
        """What is recorded here was checked today and is right. Nothing to write if that has been said today already."""
        today = timezone.localdate()
        if self.verified_on == today:
            return None
        here = self.residents.here()
        others = here.exclude(verified_on=self.verified_on) if self.verified_on else here.exclude(verified_on=None)
        former = {}
        for pk, day in others.values_list("pk", "verified_on")[:MOST_NOTED]:
            former.setdefault(day.isoformat() if day else "", []).append(pk)
        entry = revise(self, "verify", by=by, key=key, data={"people": former}, verified_on=today)
        here.update(verified_on=today)
        return entry

    def check_of(self, user):
        """The user's own check of today that can still be taken back, or None; no query unless it is of today."""
        if self.verified_on != timezone.localdate():
            return None
        entries = Entry.objects.filter(
            subject_type=kind_of(self), subject_id=self.pk, verb__in=("verify", "undo_verify")
        )
        entry = entries.select_related("former").order_by("-pk").first()
        fresh = entry and entry.verb == "verify" and entry.at > timezone.now() - TAKEN_BACK_WITHIN
        return entry if fresh and entry.actor_id == user.pk else None

    @transaction.atomic
    def undo_verify(self, *, by, key=None):
        """Take one's own check back: the days stand as before. NotAllowed after ten minutes or for somebody else's."""
        entry = self.check_of(by)
        if entry is None:
            raise NotAllowed(self, "undo_verify")
        day = entry.former.as_dict()["verified_on"]
        before = self._meta.get_field("verified_on").to_python(day)
        self.residents.here().filter(verified_on=self.verified_on).update(verified_on=before)
        for day, pks in entry.data["people"].items():
            self.residents.filter(pk__in=pks).update(verified_on=day or None)
        return revise(self, "undo_verify", by=by, key=key, verified_on=before)


def verify_households(building, households, *, by, key=None):
    """Check several households of a building at once; one entry for the building, one for each household."""
    with transaction.atomic():
        record(building, "verify_households", by=by, key=key, data={"households": len(households)})
        for household in sorted(households, key=lambda row: row.pk):
            household.verify(by=by)
