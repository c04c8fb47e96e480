import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import foundation.bigrams
import foundation.fields


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Book",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("bigrams", foundation.bigrams.BigramsField(blank=True, default="", editable=False)),
                ("title", models.CharField(blank=True, max_length=200)),
                ("text", models.TextField(blank=True)),
                ("status", models.CharField(default="in", max_length=20)),
                ("version", models.PositiveIntegerField(default=1)),
                ("phone", foundation.fields.EncryptedTextField(blank=True, default="")),
                ("area_path", foundation.fields.PathField(blank=True, default="", max_length=64)),
                ("changed_at", models.DateTimeField(auto_now=True)),
                (
                    "handler",
                    models.ForeignKey(
                        blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "indexes": [
                    foundation.bigrams.BigramIndex(fields=["bigrams"], name="shelf_book_bigrams"),
                    models.Index(fields=["area_path"], name="shelf_book_area"),
                ],
            },
        ),
    ]
