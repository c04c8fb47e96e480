"""The shipped rows of the care register, from communities/data: written where they are missing, never over what was edited."""

import csv
from datetime import date
from pathlib import Path

from communities import standards
from communities.models import CareCategory, CareStandard, ConsentText, RetentionRule

DATA = Path(__file__).resolve().parent / "data"


def rows_of(name):
    with (DATA / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def load():
    load_categories()
    for row in rows_of("care_standards"):
        CareStandard.objects.get_or_create(area_path="", level=row.pop("level"), defaults=row)
    for row in rows_of("retention_rules"):
        RetentionRule.objects.get_or_create(area_path="", what=row.pop("what"), defaults=row)
    load_consent_texts()
    standards.forget()


def load_categories():
    for position, row in enumerate(rows_of("care_categories")):
        code = row.pop("code")
        _category, is_new = CareCategory.objects.get_or_create(code=code, defaults={**row, "position": position})
        if not is_new:
            # Rows from before grounds were kept; whoever has edited one since has said what holds.
            CareCategory.objects.filter(code=code, legal_ground="", version=1).update(
                **{name: row[name] for name in ("ground_kind", "default_level", "legal_ground", "applies_to")}
            )


def load_consent_texts():
    for row in rows_of("consent_texts"):
        name = f"{row['code']}-{row['version']}"
        ConsentText.objects.get_or_create(
            code=row["code"],
            version=int(row["version"]),
            defaults={
                "title": row["title"],
                "title_en": row["title_en"],
                "valid_from": date.fromisoformat(row["valid_from"]),
                "body": body_of(name, "zh"),
                "body_en": body_of(name, "en"),
            },
        )


def body_of(name, language):
    return (DATA / "consent" / f"{name}.{language}.txt").read_text(encoding="utf-8").strip()
