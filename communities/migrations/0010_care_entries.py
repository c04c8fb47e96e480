"""The categories of a resident become care entries of their own; who stood under one stands there still, without a documented consent."""

from django.db import migrations
from django.utils import timezone

BATCH = 1000


def carry_over(apps, schema_editor):
    resident = apps.get_model("communities", "Resident")
    entry = apps.get_model("communities", "CareEntry")
    grounds = dict(apps.get_model("communities", "CareCategory").objects.values_list("pk", "ground_kind"))
    links = resident.categories.through.objects.values_list(
        "resident_id", "carecategory_id", "resident__area_path", "resident__created_at", "resident__created_by_id"
    )
    fresh = []
    for person, category, area_path, created_at, created_by in links.iterator(chunk_size=BATCH):
        fresh.append(
            entry(
                resident_id=person,
                category_id=category,
                since=timezone.localdate(created_at),
                basis=grounds[category],
                area_path_then=area_path,
                created_at=created_at,
                created_by_id=created_by,
            )
        )
        if len(fresh) == BATCH:
            entry.objects.bulk_create(fresh)
            fresh = []
    entry.objects.bulk_create(fresh)


class Migration(migrations.Migration):
    dependencies = [("communities", "0009_rosters")]

    operations = [
        migrations.RunPython(carry_over, migrations.RunPython.noop),
        migrations.RemoveField(model_name="resident", name="categories"),
    ]
