"""A row that may turn out to be another one, entered twice: it then points to the one that stands for it."""

from django.db.models import Q


class Mergeable:
    """For models with `merged_into`.

    Pointers form chains (A → B → C), never a circle: only a standing row is merged, into a standing row.
    """

    def survivor(self):
        """The row that stands for this one now: itself, unless it was merged. No query for a row that was not."""
        row = self
        while row.merged_into_id:
            row = type(self)._base_manager.get(pk=row.merged_into_id)
        return row

    def absorbed(self):
        """The numbers of all rows that this one stands for, besides its own; the journal tells their stories as one."""
        found, latest = [], [self.pk]
        while latest:
            latest = list(type(self)._base_manager.filter(merged_into__in=latest).values_list("pk", flat=True))
            found += latest
        return found


STANDING = Q(voided_at__isnull=True, merged_into__isnull=True)
