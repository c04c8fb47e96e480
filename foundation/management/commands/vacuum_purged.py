"""Overwrite what was cleared: until then old rows lie unreachable in the files of the database."""

from django.apps import apps
from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from foundation.purging import covered

# Tables that purgers change besides the models they name.
ALSO = ("journal.note", "journal.former", "journal.access")


class Command(BaseCommand):
    help = "Rewrite the tables in which personal data are cleared, so that nothing of them is left in the database's files."

    def handle(self, **options):
        if connection.in_atomic_block:
            raise CommandError("Not inside a transaction.")
        with connection.cursor() as cursor:
            if connection.vendor == "sqlite":
                cursor.execute("VACUUM")
                cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            else:
                for table in tables():
                    cursor.execute(f"VACUUM (FULL, ANALYZE) {connection.ops.quote_name(table)}")
                    if options["verbosity"]:
                        self.stdout.write(table)


def tables():
    """The tables to rewrite, each locked while it is written anew: run it when nobody works."""
    return sorted(apps.get_model(label)._meta.db_table for label in covered() | set(ALSO))
