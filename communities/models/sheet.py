"""A long list taken away as a table: made by a job, kept for a week for the one who asked for it."""

from datetime import timedelta

from django.db import models
from django.utils import timezone

from communities.access import ScopedQuerySet
from foundation.facts import Fact, create_once
from foundation.fields import EncryptedBytesField, EncryptedTextField
from foundation.journal.moves import record

DAYS_KEPT = 7


class SheetQuerySet(ScopedQuerySet):
    def visible_to(self, user):
        """One's own only: the file holds what its maker could see."""
        return self.filter(created_by=user.pk) if user.is_active else self.none()

    changeable_by = visible_to

    def outlived(self, today):
        return self.filter(keep_until__lt=today, cleared_at__isnull=True)


class SheetManager(models.Manager.from_queryset(SheetQuerySet)):
    def ask(self, *, by, client_uuid, kind, query, words, purpose):
        """Write down what is asked for; the same `client_uuid` again is the same table."""

        def make():
            row = self.create(
                client_uuid=client_uuid,
                created_by=by,
                kind=kind,
                query=query,
                words=words,
                purpose=purpose,
                keep_until=timezone.localdate() + timedelta(days=DAYS_KEPT),
            )
            record(row, "add", by=by)
            return row

        return create_once(self.model, client_uuid=client_uuid, by=by, make=make)[0]

    def clear_outlived(self, today):
        """Throw away the files that have been kept long enough; returns how many."""
        return self.outlived(today).update(file=b"", words="", cleared_at=timezone.now())


class Sheet(Fact):
    """`query` holds the filters (codes and numbers), `words` what was searched for, encrypted because it may be a name."""

    kind = models.CharField(max_length=40, editable=False)
    query = models.CharField(max_length=500, blank=True, default="", editable=False)
    words = EncryptedTextField(blank=True, default="", editable=False)
    purpose = models.CharField(max_length=300, editable=False)
    file = EncryptedBytesField(default=b"", editable=False)
    rows = models.PositiveIntegerField(default=0, editable=False)
    made_at = models.DateTimeField(null=True, editable=False)
    keep_until = models.DateField(editable=False, db_index=True)
    cleared_at = models.DateTimeField(null=True, editable=False)

    objects = SheetManager()

    class Meta(Fact.Meta):
        ordering = ["-pk"]

    def __str__(self):
        return f"{self.kind} {self.pk}"

    def keep(self, *, file, rows):
        """The job has made the file; a job that runs again writes it again."""
        self.file, self.rows, self.made_at = file, rows, timezone.now()
        self.save(update_fields=["file", "rows", "made_at"])
