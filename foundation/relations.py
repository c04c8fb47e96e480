"""What hangs on a row, whatever the app: every foreign key, one-to-one and many-to-many that points to it, and labels that name it.

Asked of Django's registry, so that a lower room can take along rows of rooms above it without knowing them.
"""

from dataclasses import dataclass

from django.apps import apps
from django.db import IntegrityError, transaction
from django.db.models import Count

from foundation.journal.models import AppendOnlyModel

# The pointer of a merged row to the one that stands for it is no fact about that one.
POINTER = "merged_into"
AT_ONCE = 500


@dataclass(frozen=True)
class Relation:
    """Rows of `model` whose column `field` holds the number of a row; `kind` where a label ("communities.resident") stands beside it.

    `name` is what the model calls it: "household" for the column "household_id".
    """

    model: type
    field: str
    name: str
    kind: str = ""

    @property
    def label(self):
        return self.model._meta.label_lower

    def rows(self):
        named = {"subject_type": self.kind} if self.kind else {}
        return self.model._base_manager.filter(**named)

    def of(self, *pks):
        """Rows that point to one of these."""
        return self.rows().filter(**{f"{self.field}__in": pks})

    def counts(self, *pks, among=None):
        """{pk: how many rows (of `among`) point to it}, in one query; without those that are voided."""
        rows = self.of(*pks) if among is None else among.filter(**{f"{self.field}__in": pks})
        if "voided_at" in columns_of(self.model):
            rows = rows.filter(voided_at__isnull=True)
        return dict(rows.order_by().values(self.field).annotate(n=Count("pk")).values_list(self.field, "n"))


def relations_of(model):
    """Every `Relation` to rows of this model; a many-to-many is the foreign key of its rows in between."""
    return [*foreign_keys_to(model), *labels_of(model)]


def foreign_keys_to(model):
    found = []
    for rel in model._meta.get_fields(include_hidden=True):
        if not rel.auto_created or rel.concrete or not (rel.one_to_many or rel.one_to_one):
            continue
        if rel.field.name != POINTER and not rel.parent_link and is_table(rel.related_model):
            found.append(Relation(rel.related_model, rel.field.attname, rel.field.name))
    return found


def labels_of(model):
    """Tables that name their subject by type and number, the append-only journal aside: what it says stays said of what it was said of."""
    kind = model._meta.label_lower
    return [
        Relation(other, "subject_id", "subject_id", kind)
        for other in apps.get_models()
        if {"subject_type", "subject_id"} <= columns_of(other) and is_table(other)
    ]


def is_table(model):
    return not model._meta.proxy and model._meta.managed and not issubclass(model, AppendOnlyModel)


def columns_of(model):
    return {name for field in model._meta.concrete_fields for name in (field.name, field.attname)}


def change(model, pks, **values):
    """Set `values` on as many of these rows as the table's constraints allow; returns (changed, refused) as lists of numbers.

    A row that would collide is found by halving: without reading any constraint, and cheap where none collides.
    """
    changed, refused = [], []
    for part in parts(pks):
        _change(model, part, values, changed, refused)
    return changed, refused


def _change(model, pks, values, changed, refused):
    try:
        with transaction.atomic():
            model._base_manager.filter(pk__in=pks).update(**values)
        changed += pks
    except IntegrityError:
        if len(pks) == 1:
            refused += pks
            return
        half = len(pks) // 2
        _change(model, pks[:half], values, changed, refused)
        _change(model, pks[half:], values, changed, refused)


def matching(model, pks, **values):
    """Which of these rows still have all these values, as a set of numbers."""
    found = set()
    for part in parts(pks):
        found.update(model._base_manager.filter(pk__in=part, **values).values_list("pk", flat=True))
    return found


def parts(pks):
    """The numbers in lists that every database takes in one statement."""
    pks = list(pks)
    return (pks[start : start + AT_ONCE] for start in range(0, len(pks), AT_ONCE))
