"""The journal, the log of accesses and the sends, as far as the territory lets somebody look at them."""

from django.db.models import Exists, OuterRef, Q

from communities.access import EVERYTHING, ScopedQuerySet, inside, roots_of
from communities.models.assignment import Assignment
from foundation.journal.models import Access, AppendOnlyQuerySet, Entry
from foundation.notices.kinds import group_name
from foundation.notices.models import Delivery


def of_people_in(roots, person):
    """Whether the user in the column `person` holds or held a post in one of these places."""
    return Q(Exists(Assignment.objects.filter(inside(roots), user=OuterRef(person))))


class JournalQuerySet(ScopedQuerySet, AppendOnlyQuerySet):
    """What happened in the reader's area, and what its people did to things that lie nowhere (calendar, exports)."""

    def scope(self, user, level):
        roots = roots_of(user, "audit", level)
        if "" in roots:
            return EVERYTHING
        return inside(roots) | (Q(area_path="") & of_people_in(roots, "actor_id"))

    def in_period(self, since, until):
        return self.filter(at__gte=since, at__lt=until)

    def by_person_like(self, words):
        """By people whose name or user name contains the words, or on whose behalf somebody acted."""
        named = Q(actor__name__icontains=words) | Q(actor__username__icontains=words)
        return self.filter(named | Q(on_behalf_of__name__icontains=words))


class EntryQuerySet(JournalQuerySet):
    def for_list(self):
        return self.select_related("actor", "on_behalf_of", "note").order_by("-at", "-pk")


class AccessQuerySet(JournalQuerySet):
    def exports(self):
        return self.filter(what__startswith="export")

    def reveals(self):
        return self.exclude(what__startswith="export")

    def for_list(self):
        return self.select_related("actor", "on_behalf_of").order_by("-at", "-pk")


class AuditEntry(Entry):
    """A line of the journal as the auditor of its area reads it."""

    TOPIC = "audit"
    objects = EntryQuerySet.as_manager()

    class Meta:
        proxy = True


class AuditAccess(Access):
    """A look at personal data, or an export, as the auditor of its area reads it."""

    TOPIC = "audit"
    objects = AccessQuerySet.as_manager()

    class Meta:
        proxy = True


class StaffDeliveryQuerySet(ScopedQuerySet):
    def scope(self, user, level):
        """Sends to people of the reader's area; their subject is not opened by it."""
        roots = roots_of(user, "delivery", level)
        return EVERYTHING if "" in roots else of_people_in(roots, "notice__recipient_id")

    def troubled(self):
        """What needs a person: given up, or sent without anybody knowing whether it arrived."""
        return self.filter(state__in=[Delivery.State.FAILED, Delivery.State.UNCONFIRMED])

    def tried_again(self):
        """What failed at least once and will be tried again by itself."""
        return self.filter(state=Delivery.State.PENDING).exclude(last_error="")

    def for_list(self):
        return self.select_related("notice__recipient").order_by("-notice__created_at", "-pk")


class StaffDelivery(Delivery):
    """A send to somebody of the staff, as those see it who look after sending."""

    TOPIC = "delivery"
    objects = StaffDeliveryQuerySet.as_manager()

    class Meta:
        proxy = True

    @property
    def group_name(self):
        """What the notice is about, in a word; not its sentence, which may concern others."""
        return group_name(self.notice.group)
