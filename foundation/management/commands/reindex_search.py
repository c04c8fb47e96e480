"""Derive anew what rows are found by, after the rule has changed: `manage.py reindex_search`."""

from django.apps import apps
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from foundation.bigrams import Searchable
from foundation.fields import EncryptedTextField

SAY_EVERY = 20  # batches


class Command(BaseCommand):
    help = "Derive the search tokens of every row anew. Safe to stop, to run again, and to run while people work."

    def add_arguments(self, parser):
        parser.add_argument("--batch", type=int, default=500, help="Rows per transaction (default 500).")
        parser.add_argument("--only", default="", help="One kind of row, for example communities.resident.")
        parser.add_argument(
            "--after", type=int, default=0, help="With --only: go on behind this row; the run says where it is."
        )

    def handle(self, *, batch, only, after, **options):
        wanted = {model._meta.label_lower: model for model in searchable_models()}
        if only and only not in wanted:
            raise CommandError(f"{only}: not one of {', '.join(sorted(wanted))}")
        if after and not only:
            raise CommandError("--after needs --only")
        for label, model in wanted.items():
            if not only or label == only:
                self.reindex(label, model, batch, after)

    def reindex(self, label, model, batch, last):
        """In batches by primary key; where a run was stopped another may go on with --after."""
        seen = changed = 0
        while step := reindex_batch(model, last, batch):
            last, rows, renewed = step
            seen, changed = seen + rows, changed + renewed
            if seen % (SAY_EVERY * batch) == 0:
                self.stdout.write(f"{label}: {seen} rows, {changed} renewed; go on with --only {label} --after {last}")
        self.stdout.write(f"{label}: {seen} rows, {changed} renewed, done")


def searchable_models():
    return [model for model in apps.get_models() if issubclass(model, Searchable) and not model._meta.proxy]


@transaction.atomic
def reindex_batch(model, last, batch):
    """(the last row's key, how many were looked at, how many were renewed) of the rows behind `last`; None at the end.

    The rows are locked for the moment, so that nobody's correction is overtaken by tokens of what stood before.
    """
    locked = model._base_manager.select_for_update(of=("self",)).filter(pk__gt=last).defer(*encrypted(model))
    joined = locked.select_related(*model.FOUND_WITH) if model.FOUND_WITH else locked
    rows = list(joined.order_by("pk")[:batch])
    if not rows:
        return None
    stale = []
    for row in rows:
        fresh = row.found_by()
        if any(getattr(row, name) != value for name, value in fresh.items()):
            stale.append(row)
            for name, value in fresh.items():
                setattr(row, name, value)
    model._base_manager.bulk_update(stale, list(rows[0].found_by()))
    return rows[-1].pk, len(rows), len(stale)


def encrypted(model):
    """Tokens never come from what is encrypted, so it need not be opened."""
    return [field.name for field in model._meta.concrete_fields if isinstance(field, EncryptedTextField)]
