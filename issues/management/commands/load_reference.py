import csv
from pathlib import Path

from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import transaction

from communities.models import CareCategory
from issues.models import Category, Rung, TimeLimit

ISSUES_DATA = Path(__file__).resolve().parents[2] / "data"
COMMUNITIES_DATA = ISSUES_DATA.parents[1] / "communities" / "data"


def rows_of(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


class Command(BaseCommand):
    help = "Write categories, time limits, reminder rungs, care categories and the working-day calendar where they are missing."

    @transaction.atomic
    def handle(self, **options):
        for position, row in enumerate(rows_of(COMMUNITIES_DATA / "care_categories.csv")):
            CareCategory.objects.get_or_create(code=row.pop("code"), defaults={**row, "position": position})
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
