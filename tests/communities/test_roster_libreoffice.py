"""The same ledger as LibreOffice writes it, as .xlsx and as old .xls (tests/communities/files/README.md)."""

from datetime import date
from pathlib import Path

import pytest

from communities.models import Resident
from tests.communities.ledgers import at_work, checked, counts, faults, hints

pytestmark = pytest.mark.django_db
FILES = Path(__file__).resolve().parent / "files"
THIRD = date(1950, 1, 3)
LEFT_OUT = {
    (8, "id_number", "precision_lost"),
    (9, "name", "formula"),
    (10, "door", "merged"),
    (11, "door", "merged"),
}


def check(town, name):
    data = (FILES / name).read_bytes()
    return checked(town.secretary, "residents", town.community, data, name)


@pytest.mark.parametrize("name", ["residents.xlsx", "residents.xls"])
def test_every_fault_at_its_cell(town, name):
    roster = check(town, name)
    assert (roster.heading_row, faults(roster)) == (2, LEFT_OUT)
    assert hints(roster) == {(5, "born_on", "date_serial"), (5, "phone", "full_width")}
    assert counts(roster) == {"new": 5, "changed": 0, "same": 0, "faulty": 4}


@pytest.mark.parametrize("name", ["residents.xlsx", "residents.xls"])
def test_days_in_four_spellings_are_one_day(town, name):
    roster = check(town, name)
    roster.start_apply(by=town.secretary)
    at_work(roster)
    born = dict(
        Resident.objects.filter(household__door__in=["101", "102", "103", "104"]).values_list("name", "born_on")
    )
    assert born == {"甲日期": THIRD, "乙文字": THIRD, "丙序号": THIRD, "丁八位": THIRD}
    assert Resident.objects.with_phone("13000000451").get().name == "甲日期"
    assert Resident.objects.get(name="戊证号").id_number == "42019919500101004X"


def test_the_one_after_the_other_is_the_same_ledger(town):
    roster = check(town, "residents.xlsx")
    roster.start_apply(by=town.secretary)
    at_work(roster)
    again = check(town, "residents.xls")
    assert counts(again) == {"new": 0, "changed": 0, "same": 5, "faulty": 4}
