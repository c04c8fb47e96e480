import csv
from pathlib import Path

from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import transaction

from communities import reference
from issues.models import Category, Rung, TimeLimit

ISSUES_DATA = Path(__file__).resolve().parents[2] / "data"


def rows_of(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


class Command(BaseCommand):
    help = (
        "Write categories, limits, reminder rungs, rules of the care register and the calendar where they are missing."
    )

    @transaction.atomic
    def handle(self, **options):
        reference.load()
        for position, row in enumerate(rows_of(ISSUES_DATA / "categories.csv")):
            Category.objects.get_or_create(code=row.pop("code"), area_path="", defaults={**row, "position": position})
        categories = {category.code: category for category in Category.objects.filter(area_path="")}
        for row in rows_of(ISSUES_DATA / "time_limits.csv"):
            workdays = int(row.pop("workdays"))
            TimeLimit.objects.get_or_create(
                phase=row["phase"],
                urgency=row["urgency"],
                category=categories.get(row["category"]),
                area_path="",
                defaults={"workdays": workdays},
            )
        for row in rows_of(ISSUES_DATA / "rungs.csv"):
            Rung.objects.get_or_create(area_path="", clock=row["clock"], offset=int(row["offset"]), told=row["told"])
        call_command("load_workdays", stdout=self.stdout)
        self.stdout.write(f"{len(categories)} categories are there")
