"""Load days that differ from Monday to Friday. Running it again changes nothing; what people decided stays."""

import csv
import datetime as dt
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from foundation.workdays.models import Workday

SHIPPED = Path(__file__).resolve().parents[2] / "calendar.csv"
WORDS = {"yes": True, "no": False}


class Command(BaseCommand):
    help = "Load working days and holidays from a CSV file (date,working,name,name_en,source,official)."

    def add_arguments(self, parser):
        parser.add_argument("file", nargs="?", type=Path, default=SHIPPED)
        parser.add_argument("--dry-run", action="store_true", help="Say what would change and change nothing.")

    def handle(self, *, file, dry_run, **options):
        done = Workday.objects.take_over(read_days(file), dry_run=dry_run)
        words = ", ".join(f"{number} {word}" for word, number in done.items())
        self.stdout.write(f"{'Would be' if dry_run else 'Done'}: {words}.")


def read_days(file):
    """The days of a CSV file as unsaved Workdays; any bad line refuses the whole file (CommandError)."""
    days, mistakes = {}, []
    for number, row in enumerate(_rows(file), 2):
        try:
            day = _day(row)
            if day.date in days:
                raise ValueError(f"{day.date} stands here twice")
            days[day.date] = day
        except (KeyError, ValueError, AttributeError) as error:
            mistakes.append(f"line {number}: {error}")
    if mistakes or not days:
        raise CommandError("Nothing was loaded. " + ("; ".join(mistakes) or "The file has no days."))
    return list(days.values())


def _rows(file):
    try:
        with open(file, encoding="utf-8-sig", newline="") as lines:
            return list(csv.DictReader(lines))
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"{file} cannot be read: {error}") from error


def _day(row):
    return Workday(
        date=dt.date.fromisoformat(row["date"].strip()),
        working=WORDS[row["working"].strip()],
        name=row["name"].strip(),
        name_en=row["name_en"].strip(),
        source=row["source"].strip(),
        official=WORDS[row["official"].strip()],
    )
