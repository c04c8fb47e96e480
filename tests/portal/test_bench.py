"""What `make bench` is made of, without its servers: the rows that it writes are those that saving would write."""

import json
from types import SimpleNamespace

import bench
import bench_world
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from communities.models import Division, Household, Resident
from issues.models import Category, Issue


class TestSize:
    def test_the_whole_and_a_look(self):
        whole, look = bench_world.Size(1_000_000), bench_world.Size(20_000)
        assert (whole.communities, look.communities) == (3000, 60)
        for size in (whole, look):
            assert len(size.codes) == len(set(size.codes)) == size.communities
            assert {len(code) for code in size.codes} == {12}
            assert all(code.startswith(bench_world.PROVINCE) for code in size.codes)
        assert sum(code.startswith(bench_world.FIRST_DISTRICT) for code in whole.codes) == 900

    def test_numbers_of_issues_are_all_different(self):
        assert len({bench_world.letters(number) for number in range(5000)}) == 5000

    def test_copy_escapes(self):
        assert bench_world.copied("a\tb\\c\n") == "a\\tb\\\\c\\n"
        assert [bench_world.copied(value) for value in (None, True, False, 3)] == ["\\N", "t", "f", "3"]


@pytest.mark.usefixtures("reference")
def test_rows_are_those_that_saving_would_write():
    frame = bench_world.Frame(bench_world.Size(1000))
    categories = dict(Category.objects.filter(area_path="").values_list("code", "pk"))
    rows = {word: bench_world.Rows(model) for word, model in bench_world.tables().items()}
    frame.write()
    community = bench_world.Community(frame, 1, categories, timezone.now().replace(microsecond=0))
    community.write(rows)
    assert {
        word: len(table.lines) for word, table in rows.items() if word in ("household", "resident", "visit", "issue")
    } == {
        "household": bench_world.HOUSEHOLDS,
        "resident": bench_world.RESIDENTS,
        "visit": bench_world.VISITS,
        "issue": bench_world.ISSUES,
    }
    assert Division.objects.filter(code=community.code, level="community").exists()

    person = line_of(rows["resident"], 5)
    again = Resident(name=person["name"], phone=f"1300{int(person['id']) % 10_000_000:07d}")
    again.derive()
    assert person["bigrams"] == again.bigrams and person["phone_hash"] == again.phone_hash
    door = line_of(rows["household"], 30)
    saved = Household(
        building_id=int(door["building_id"]),
        compound_id=int(door["compound_id"]),
        stair=door["stair"],
        door=door["door"],
    )
    saved.derive()
    assert all(door[name] == str(getattr(saved, name)) for name in ("address", "walk_order", "bigrams"))
    issue = line_of(rows["issue"], 3)
    assert issue["bigrams"] == Issue(**{name: issue[name] for name in ("number", "title", "text", "address")}).tokens()


def line_of(table, number):
    return dict(zip((field.attname for field in table.fields), table.lines[number].split("\t"), strict=True))


class TestVerdict:
    def page(self, **facts):
        page = bench.Page("list", "user", "/", ratio=2, sql=8, kib=60, **facts)
        page.times = [20.0, 10.0, 15.0]
        return page

    def test_met_and_missed(self):
        floor = SimpleNamespace(p50=8)
        assert bench.verdict(self.page(statements=8), floor) == ""
        assert "9 SQL" in bench.verdict(self.page(statements=9), floor)
        assert "1.9x" not in bench.verdict(self.page(statements=8), floor)
        assert "3.0x of the floor" in bench.verdict(self.page(statements=8), SimpleNamespace(p50=5))
        assert "over 60 KiB" in bench.verdict(self.page(statements=8, size=61 * 1024), floor)

    def test_without_a_floor_milliseconds_count(self):
        page = bench.Page("search", "user", "/", quiet_ms=100)
        page.times = [120.0]
        assert bench.verdict(page, None) == "over 100 ms"

    def test_the_table_names_every_page_and_every_scan(self):
        page = self.page(statements=8, scans={"visits_visit"})
        floor = SimpleNamespace(p50=8)
        lines = bench.table_of([page], {"list": floor})
        assert "1.9x" in lines[1] and lines[1].endswith("yes")
        assert lines[2] == "sequential scan of visits_visit: list"


def test_keys_are_kept_with_the_database(tmp_path):
    maker = SimpleNamespace(generate_key=lambda: b"key")
    first = bench.kept_keys(tmp_path / "keys.json", maker)
    assert bench.kept_keys(tmp_path / "keys.json", maker) == first == json.loads((tmp_path / "keys.json").read_text())


@pytest.mark.postgres
@pytest.mark.django_db
def test_a_sequential_scan_is_seen():
    with CaptureQueriesContext(connection) as captured:
        list(Issue.objects.filter(text="nowhere")[:1])
    assert bench.scanned(captured[0]["sql"]) <= {"issues_issue"}
