"""The same person twice, with everything that can hang on a person; and a fingerprint of the whole database."""

import hashlib
import json
from datetime import date
from uuid import uuid4

from django.apps import apps
from django.core.serializers.json import DjangoJSONEncoder

from communities.models import CareCategory, CareEntry, CareGrant, Household, Merge, NotTheSame, Resident
from foundation.journal.models import Access, Entry, Former, Note
from issues.models.contact import Reporter
from tests.town import new_issue
from visits.models import Visit

# What a merge leaves behind on purpose: its own row, the journal, the log of accesses.
TRACES = {Merge, NotTheSame, Entry, Note, Former, Access}


def fingerprint():
    """{table: hash of all its rows}, without traces; versions only count changes, so they are left out."""
    tables = {}
    for model in apps.get_models(include_auto_created=True):
        if model in TRACES or model._meta.proxy or not model._meta.managed:
            continue
        columns = [field.attname for field in model._meta.concrete_fields if field.name != "version"]
        rows = list(model._base_manager.order_by("pk").values_list(*columns))
        text = json.dumps(rows, cls=DjangoJSONEncoder, default=str, ensure_ascii=False)
        tables[model._meta.label_lower] = (len(rows), hashlib.sha256(text.encode()).hexdigest())
    return tables


def sizes():
    return {table: number for table, (number, _hash) in fingerprint().items()}


def resident(town, name="王秀英", *, household=None, **facts):
    household = household or town.household
    return Resident.objects.add(by=town.secretary, client_uuid=uuid4(), household=household, name=name, **facts)


def household(town, door, *, building=None, stair="1"):
    return Household.objects.add(
        by=town.secretary, client_uuid=uuid4(), building=building or town.building, stair=stair, door=door
    )


def visit(town, at, raised_by=None, handling="answered", **facts):
    line = {"text": "楼道灯不亮", "category": town.sanitation, "handling": handling}
    return Visit.objects.log(
        by=town.cadre,
        client_uuid=uuid4(),
        household=at,
        outcome="met",
        situation="normal",
        opinions=[line | {"raised_by": raised_by}],
        **facts,
    )


def care(town, person, code):
    category = CareCategory.objects.get(code=code)
    return CareEntry.objects.register(
        by=town.secretary, resident=person, category=category, client_uuid=uuid4(), since=date(2024, 1, 1)
    )


def twins(town):
    """(kept, gone): the town's resident, and the same person entered again next door, each with a life of their own."""
    kept = town.resident
    next_door = household(town, "202")
    gone = resident(
        town, "王秀瑛", household=next_door, born_on=date(1942, 5, 6), phone="13000000456", remark="听力不好"
    )
    CareGrant.objects.create(user=town.secretary, group="health", area_path=town.community.code, since=date(2020, 1, 1))
    for person in (kept, gone):
        visit(town, person.household, raised_by=person)
        visit(town, person.household, raised_by=person, handling="register")
        new_issue(town, household=person.household, resident=person)
        new_issue(town, household=person.household, resident=person, anonymity="confidential")
        care(town, person, "living_alone")
    care(town, gone, "dementia")
    assert Reporter.objects.filter(resident=gone).count() == 3
    return kept, Resident.objects.get(pk=gone.pk)


def merge(town, kept, gone, **facts):
    return Merge.objects.merge(by=town.secretary, client_uuid=uuid4(), kept=kept, gone=gone, **facts)


def again(row):
    return type(row)._base_manager.get(pk=row.pk)
