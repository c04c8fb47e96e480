"""Encrypt everything with the first key of ENCRYPTION_KEYS, so that the others can be thrown away."""

from cryptography.fernet import Fernet, InvalidToken
from django.apps import apps
from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import models, transaction
from django.db.models.functions import Cast

from foundation.fields import EncryptedTextField, cipher


class Command(BaseCommand):
    help = "Re-encrypt all encrypted columns with the first key. Safe to stop and to run again."

    def add_arguments(self, parser):
        parser.add_argument("--batch", type=int, default=500, help="Rows per transaction (default 500).")

    def handle(self, *, batch, **options):
        for model in apps.get_models():
            for field in model._meta.local_concrete_fields:
                if isinstance(field, EncryptedTextField):
                    number = rotate(model, field, min(batch, getattr(field, "AT_ONCE", batch)))
                    self.stdout.write(f"{model._meta.label_lower}.{field.name}: {number} re-encrypted")


def rotate(model, field, batch):
    """Re-encrypt one column in batches by primary key; returns how many rows were changed."""
    number, last = 0, 0
    while True:
        with transaction.atomic():
            tokens = list(_tokens(model, field).filter(pk__gt=last).order_by("pk")[:batch])
            if not tokens:
                return number
            number += sum(_renew(model, field, pk, token) for pk, token in tokens)
            last = tokens[-1][0]


def _tokens(model, field):
    """Pairs (pk, token) as they stand in the column: the cast keeps the field from decrypting."""
    rows = model._base_manager.exclude(**{f"{field.name}__isnull": True}).annotate(raw_token=_raw(field))
    return rows.exclude(raw_token="").values_list("pk", "raw_token")


def _raw(field):
    return Cast(field.name, models.TextField())


def _renew(model, field, pk, token):
    if _is_current(token):
        return 0
    fresh = models.Value(cipher().rotate(token.encode()).decode(), models.TextField())
    # Only over the value that was read: what somebody stored meanwhile is encrypted with the first key already.
    same = model._base_manager.annotate(raw_token=_raw(field)).filter(pk=pk, raw_token=token)
    return same.update(**{field.name: fresh})


def _is_current(token):
    try:
        Fernet(settings.ENCRYPTION_KEYS[0]).decrypt(token.encode())
    except InvalidToken:
        return False
    return True
