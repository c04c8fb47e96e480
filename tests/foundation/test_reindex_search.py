"""Tokens derived anew: all of them, in batches, to be stopped and gone on with."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from communities.models import Compound, Household, Resident
from foundation.management.commands.reindex_search import reindex_batch
from tests.foundation.shelf.models import Book

pytestmark = pytest.mark.django_db


def reindex(**options):
    said = StringIO()
    call_command("reindex_search", stdout=said, **options)
    return said.getvalue()


def test_every_row_is_found_again_as_saving_would_have_it(town):
    rows = [town.resident, town.household, town.compound, town.community, town.property_unit]
    wanted = [row.tokens() for row in rows]
    for row in rows:
        type(row).objects.filter(pk=row.pk).update(bigrams="old")
    said = reindex()
    assert [type(row).objects.get(pk=row.pk).bigrams for row in rows] == wanted
    assert "communities.resident: 1 rows, 1 renewed, done" in said
    assert "0 renewed" in reindex(only="communities.resident")


def test_it_changes_no_version_and_writes_nothing_that_is_right(town, sql_count):
    before = Resident.objects.values().get(pk=town.resident.pk)
    with sql_count() as queries:
        reindex(only="communities.resident")
    assert not [sql for sql in queries if sql.startswith("UPDATE")]
    assert Resident.objects.values().get(pk=town.resident.pk) == before


def test_what_doubles_are_found_by_is_renewed_too(town):
    """Rows from before there were such keys."""
    wanted = town.resident.name_key, town.household.door_key
    assert all(wanted)
    Resident.objects.update(name_key="")
    Household.objects.update(door_key="")
    reindex()
    assert (Resident.objects.get().name_key, Household.objects.get().door_key) == wanted


def test_batches_end_and_can_be_gone_on_with(town):
    Book.objects.bulk_create([Book(text=f"第{number}本") for number in range(7)])
    first, third = Book.objects.order_by("pk")[0], Book.objects.order_by("pk")[2]
    assert reindex_batch(Book, 0, 3) == (third.pk, 3, 3)
    assert Book.objects.exclude(bigrams="").count() == 3
    said = reindex(only="shelf.book", after=third.pk, batch=2)
    assert "4 rows, 4 renewed" in said
    assert not Book.objects.filter(bigrams="").exists()
    assert first.pk < third.pk


def test_a_wrong_name_is_refused():
    with pytest.raises(CommandError):
        reindex(only="communities.nobody")
    with pytest.raises(CommandError):
        reindex(after=5)


def test_nothing_else_is_touched(town):
    reindex()
    assert Household.objects.get(pk=town.household.pk).version == town.household.version
    assert Compound.objects.get(pk=town.compound.pk).version == town.compound.version
