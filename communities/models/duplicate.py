"""重复: pairs that may be one person, household or compound, and pairs of which somebody said that they are two."""

from django.db import IntegrityError, models, transaction
from django.db.models import Exists, OuterRef, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from communities.access import CHANGE, READ, ScopedQuerySet
from communities.models.compound import Compound
from communities.models.household import Household
from communities.models.resident import Resident
from foundation.facts import Fact, create_once
from foundation.journal.moves import Conflict, record


class Kind(models.TextChoices):
    RESIDENT = "resident", _("Resident")
    HOUSEHOLD = "household", _("Household")
    COMPOUND = "compound", _("Compound")


MODELS = {Kind.RESIDENT: Resident, Kind.HOUSEHOLD: Household, Kind.COMPOUND: Compound}


def kind_of(row):
    return next(kind for kind, model in MODELS.items() if isinstance(row, model))


def within_reach(user, level, *fields, all_of):
    """The condition that the rows named by these number fields, all of them or any, lie in the user's reach.

    Access to a pair is access to its rows: nothing is copied that could grow old when one of them moves.
    """
    condition = Q(pk__in=[])
    for kind, model in MODELS.items():
        rows = model.objects.changeable_by(user) if level == CHANGE else model.objects.visible_to(user)
        reached = [Q(Exists(rows.filter(pk=OuterRef(field)))) for field in fields]
        condition |= Q(kind=kind) & Q(*reached, _connector=Q.AND if all_of else Q.OR)
    return condition


class PairQuerySet(ScopedQuerySet):
    """Rows about two records: read by whoever sees one of them, changed by whoever may change both."""

    PAIR = ()

    def scope(self, user, level):
        return within_reach(user, level, *self.PAIR, all_of=level != READ)


class NotTheSameQuerySet(PairQuerySet):
    PAIR = ("first_id", "second_id")

    def standing(self):
        return self.filter(voided_at__isnull=True)

    def of(self, kind):
        return self.filter(kind=kind)

    def partners_of(self, row):
        """The numbers of all that were said not to be this one."""
        pairs = self.standing().of(kind_of(row)).filter(Q(first_id=row.pk) | Q(second_id=row.pk)).pairs()
        return [pk for pair in pairs for pk in pair if pk != row.pk]

    def among(self, pks):
        return self.filter(first_id__in=pks, second_id__in=pks)

    def pairs(self):
        """{(smaller number, larger number)}."""
        return set(self.values_list("first_id", "second_id"))

    def for_list(self):
        return self.select_related("created_by").order_by("-created_at", "-pk")


class NotTheSameManager(models.Manager.from_queryset(NotTheSameQuerySet)):
    def say(self, *, by, client_uuid, one, other, reason=""):
        """Write down that these two are not the same; said already, it is the same statement. Withdrawn by `void`."""
        first, second = sorted((one, other), key=lambda row: row.pk)
        pair = {"kind": kind_of(first), "first_id": first.pk, "second_id": second.pk}

        def make():
            row = self.create(client_uuid=client_uuid, created_by=by, reason=reason, **pair)
            for record_of, partner in ((first, second), (second, first)):
                record(record_of, "not_the_same", by=by, data={"other": partner.pk})
            return row

        try:
            return create_once(self.model, client_uuid=client_uuid, by=by, make=make)[0]
        except IntegrityError:
            standing = self.standing().filter(**pair).first()
            if standing is None:
                raise
            return standing

    def of_pair(self, one, other):
        """What was said about these two, None if nothing that still holds."""
        first, second = sorted((one.pk, other.pk))
        rows = self.standing().filter(kind=kind_of(one), first_id=first, second_id=second)
        return rows.select_related("created_by").first()


class NotTheSame(Fact):
    """Somebody looked at two records that seem the same and said that they are two. They are not suggested again until it is withdrawn."""

    kind = models.CharField(max_length=10, choices=Kind.choices, editable=False)
    first_id = models.BigIntegerField(editable=False)
    second_id = models.BigIntegerField(editable=False)
    reason = models.CharField(_("reason"), max_length=200, blank=True)

    objects = NotTheSameManager()

    class Meta(Fact.Meta):
        constraints = [
            *Fact.Meta.constraints,
            models.UniqueConstraint(
                fields=["kind", "first_id", "second_id"], condition=Q(voided_at__isnull=True), name="not_the_same_once"
            ),
            models.CheckConstraint(condition=Q(first_id__lt=models.F("second_id")), name="not_the_same_in_order"),
        ]

    def __str__(self):
        return f"{self.kind} {self.first_id} ≠ {self.second_id}"

    def get_absolute_url(self):
        return reverse("duplicate_list", query={"kind": self.kind, "show": "declined"})

    @property
    def area_path(self):
        """For the journal: where the first of the two is."""
        row = MODELS[self.kind]._base_manager.filter(pk=self.first_id).first()
        return row.area_path if row else ""

    @transaction.atomic
    def withdraw(self, *, by, key=None):
        """They may be the same after all: the pair is suggested again."""
        if self.is_void:
            raise Conflict(self)
        return self.void(by=by, reason="withdrawn", key=key)
