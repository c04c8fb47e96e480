"""Searches of a district on PostgreSQL begin with what was searched for, and read no table from end to end."""

from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from communities.models import Household, Resident
from portal.searching import find

pytestmark = [pytest.mark.django_db, pytest.mark.postgres]
NAMES = ("李建国", "张伟", "刘洋", "陈静", "杨勇", "黄敏", "赵磊", "吴芳")
PEOPLE = 6000
INDEXES = ["resident_bigrams", "household_bigrams"]


@pytest.fixture
def crowd(town):
    """Six thousand neighbours, of whom 王秀英 is one, with the statistics that a database in use has."""
    door = town.household
    rows = [
        Household(
            client_uuid=uuid4(),
            compound=door.compound,
            building=door.building,
            stair=str(n // 50 + 2),
            door=str(n % 50 + 1),
        )
        for n in range(PEOPLE)
    ]
    for row in rows:
        row.area_path = door.area_path
        row.derive()
    Household.objects.bulk_create(rows, batch_size=1000)
    people = [
        Resident(
            client_uuid=uuid4(), household=row, area_path=row.area_path, name=NAMES[n % 8], phone=f"1300001{n:04d}"
        )
        for n, row in enumerate(rows)
    ]
    for person in people:
        person.derive()
    Resident.objects.bulk_create(people, batch_size=1000)
    with connection.cursor() as cursor:
        # What autovacuum does after such a load: entries of the index that still wait in a list make it look dear.
        cursor.execute("SELECT gin_clean_pending_list(index) FROM unnest(%s::regclass[]) index", [INDEXES])
        cursor.execute("ANALYZE communities_resident; ANALYZE communities_household")
    return town


def plans(user, words, table):
    """The plans of the statements about this table that the search makes."""
    with CaptureQueriesContext(connection) as captured:
        found = find(user, words)
    statements = [query["sql"] for query in captured if f'FROM "{table}"' in query["sql"]]
    assert statements
    with connection.cursor() as cursor:
        # The question is whether the indexes fit, not what is cheaper for a few thousand rows.
        cursor.execute("SET LOCAL enable_seqscan = off")
        texts = []
        for statement in statements:
            cursor.execute(f"EXPLAIN {statement}")
            texts.append("\n".join(row[0] for row in cursor.fetchall()))
    return found, "\n".join(texts)


@pytest.mark.parametrize(
    ("words", "table", "index"),
    [
        ("秀英", "communities_resident", "resident_bigrams"),
        ("wxy", "communities_resident", "resident_bigrams"),
        ("wangxiuying", "communities_resident", "resident_bigrams"),
        ("0123", "communities_resident", "phone_last4_hash"),
        ("13000000123", "communities_resident", "phone_hash"),
        ("3-1-201", "communities_household", "household_bigrams"),
        ("1单元 201", "communities_household", "household_bigrams"),
    ],
)
@pytest.mark.parametrize("who", ["secretary", "coordinator", "admin_of_district"])
def test_an_index_answers(crowd, who, words, table, index):
    found, plan = plans(getattr(crowd, who), words, table)
    assert found, words
    # A community is small: there the planner may begin with the place instead.
    assert index in plan or who == "secretary", plan
    assert f"Seq Scan on {table}" not in plan, plan
