"""What every fact created by people has: a client's UUID, a version, who and when, and voiding instead of deletion."""

import uuid

from django.conf import settings
from django.db import IntegrityError, models, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from foundation.journal.moves import Conflict, revise


class Fact(models.Model):
    """A row that people make, correct and void, and that is never deleted.

    `client_uuid` comes from the form or the phone: the same one again is the same fact (see `create_once`).
    `version` counts the changes; whoever writes says which version he saw (`foundation.journal.moves`).
    """

    client_uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", editable=False
    )
    voided_at = models.DateTimeField(null=True, editable=False)
    voided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", editable=False
    )
    voided_reason = models.TextField(_("reason for voiding"), blank=True, editable=False)

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(
                condition=Q(voided_at__isnull=True) | ~Q(voided_reason=""),
                name="%(app_label)s_%(class)s_void_has_reason",
            )
        ]

    @property
    def is_void(self):
        return self.voided_at is not None

    def void(self, *, by, reason, key=None):
        """Take the fact out of every list and count, for a reason. It stays readable where it is linked from."""
        return revise(self, "void", by=by, voided_at=timezone.now(), voided_by=by, voided_reason=reason, key=key)


def create_once(model, *, client_uuid, by, make):
    """Call `make()` in a transaction and return (row, True); if a row with this UUID exists, return (that row, False).

    Raises Conflict if the existing row was made by somebody else: a UUID is guessed or copied, never shared.
    The insert comes first and the look-up only on a collision, so that the common case costs no query.
    """
    try:
        with transaction.atomic():
            return make(), True
    except IntegrityError:
        found = model._base_manager.filter(client_uuid=client_uuid).first()
        if found is None:
            raise
        if found.created_by_id != getattr(by, "pk", None):
            raise Conflict(found) from None
        return found, False
