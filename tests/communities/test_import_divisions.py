"""import_divisions: every row is checked before any is written; twice is once; names change with a date."""

import io
from datetime import date
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from communities.importing import import_divisions
from communities.models import Division, Unit
from foundation.journal.models import Entry

pytestmark = pytest.mark.django_db
HEAD = "code12,name,level,parent_code12\n"
GOOD = HEAD + (
    "420000000000,湖北省,province,\n"
    "420100000000,武汉市,city,420000000000\n"
    "420111000000,洪山区,district,420100000000\n"
    "420111001000,珞南街道,street,420111000000\n"
    "420111001009,晒湖社区居委会,community,420111001000\n"
    "420111001201,火西村委会,village,420111001000\n"
)
SINCE = date(2023, 6, 30)


def read(text, **options):
    return import_divisions(io.StringIO(text), since=SINCE, source="test", **options)


def counts(report):
    return report.new, report.renamed, report.same


class TestWriting:
    def test_levels_parents_dates_and_names(self):
        assert counts(read(GOOD)) == (6, 0, 0)
        community = Division.objects.get(code="420111001009")
        assert (community.name, community.full_name, community.kind) == ("晒湖社区", "晒湖社区居委会", "urban")
        assert (community.since, community.source, community.parent.code) == (SINCE, "test", "420111001")
        village = Division.objects.get(code="420111001201")
        assert (village.name, village.kind, village.level) == ("火西村", "village", "community")

    def test_every_place_has_an_office_of_its_own(self):
        read(GOOD)
        offices = Unit.objects.offices()
        assert offices.count() == 6
        office = offices.get(division__code="420111001")
        assert (office.name, office.path, office.area_path) == ("珞南街道", "A420111001", "420111001")

    def test_places_and_offices_can_be_searched(self):
        read(GOOD)
        assert Division.objects.get(code="420111001009").bigrams
        assert not Unit.objects.filter(bigrams="").exists()

    def test_each_new_place_stands_in_the_journal(self):
        read(GOOD)
        assert Entry.objects.filter(subject_type="communities.division", verb="establish", actor=None).count() == 6

    def test_the_order_of_the_rows_does_not_matter(self):
        head, *rows = GOOD.strip().split("\n")
        assert counts(read("\n".join([head, *reversed(rows)]))) == (6, 0, 0)
        assert Division.objects.get(code="4201").parent.code == "42"

    def test_parents_may_stand_in_the_database(self):
        read(GOOD)
        assert counts(read(HEAD + "420111001010,新村社区居委会,community,420111001000\n")) == (1, 0, 0)

    def test_the_committed_file_of_the_demonstration(self):
        path = Path(__file__).resolve().parents[2] / "communities" / "data" / "divisions.csv"
        with path.open(encoding="utf-8", newline="") as file:
            report = import_divisions(file, since=SINCE, source="test")
        assert report.errors == []
        assert Division.objects.count() == Unit.objects.count() == report.new


class TestAgain:
    def test_twice_is_once(self):
        read(GOOD)
        entries = Entry.objects.count()
        assert counts(read(GOOD)) == (0, 0, 6)
        assert Division.objects.count() == Unit.objects.count() == 6
        assert Entry.objects.count() == entries

    def test_a_file_of_one_street_removes_nothing(self):
        read(GOOD)
        read(HEAD + "420111001000,珞南街道,street,420111000000\n")
        assert Division.objects.count() == 6

    def test_a_new_name_is_dated_journaled_and_carried_by_the_office(self):
        read(GOOD)
        later = import_divisions(
            io.StringIO(GOOD.replace("晒湖社区", "晒湖畔社区")), since=date(2026, 1, 1), source="later"
        )
        assert counts(later) == (0, 1, 5)
        division = Division.objects.get(code="420111001009")
        assert (division.name, division.full_name, division.since) == ("晒湖畔社区", "晒湖畔社区居委会", SINCE)
        assert division.units.offices().get().name == "晒湖畔社区"
        entry = Entry.objects.get(subject_type="communities.division", verb="rename")
        assert entry.data == {"on": "2026-01-01", "was": "晒湖社区居委会"}
        assert (entry.subject_id, entry.area_path) == (division.pk, "420111001009")
        assert "湖畔" in division.bigrams


class TestDryRun:
    def test_says_what_it_would_do_and_writes_nothing(self):
        assert counts(read(GOOD, dry_run=True)) == (6, 0, 0)
        assert Division.objects.count() == Unit.objects.count() == Entry.objects.count() == 0


class TestBadRows:
    @pytest.mark.parametrize(
        ("row", "words"),
        [
            ("420112000000,东西湖区,county,420100000000", "unknown level 'county'"),
            ("420111001009001,第一网格,grid,420111001009", "unknown level 'grid'"),
            ("42011,洪山区,district,420100000000", "not a code of 12 digits"),
            ("4201110000００,洪山区,district,420100000000", "not a code of 12 digits"),
            ("４２０１１２００００００,东西湖区,district,420100000000", "not a code of 12 digits"),
            ("420111001000,洪山区,district,420100000000", "digits behind those of a district"),
            ("420112000000,,district,420100000000", "has no name"),
            (f"420112000000,{'区' * 200},district,420100000000", "longer than"),
            ("420112000000,东西湖区,district,410100000000", "cannot be below 410100000000"),
            ("430101000000,芙蓉区,district,430100000000", "the division above, 4301, is not known"),
            ("420111000000,洪山区,district,420100000000", "twice in the file"),
            ("420112000000", "unknown level ''"),
        ],
    )
    def test_is_named_with_its_line_and_nothing_is_written(self, row, words):
        report = read(f"{GOOD}{row}\n")
        assert [line for line, _message in report.errors] == [8]
        assert words in report.errors[0][1]
        assert Division.objects.count() == 0

    def test_all_of_them_are_named_at_once(self):
        report = read(GOOD + "x,y,z,\n420112000000,,district,\n")
        assert [line for line, _message in report.errors] == [8, 9]

    def test_missing_columns(self):
        assert read("code,name\n1,2\n").errors == [(1, "columns missing: code12, level, parent_code12")]

    def test_an_empty_file(self):
        assert read("").errors[0][0] == 1


class TestCommand:
    def run(self, tmp_path, text, *options, capsys=None):
        path = tmp_path / "divisions.csv"
        path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8-sig"))
        call_command("import_divisions", str(path), *options)
        return capsys.readouterr().out if capsys else ""

    def test_writes_and_reports(self, tmp_path, capsys):
        assert "6 are new, 0 renamed, 0 unchanged" in self.run(tmp_path, GOOD, "--since=2023-06-30", capsys=capsys)
        assert Division.objects.get(code="42").since == SINCE

    def test_dry_run(self, tmp_path, capsys):
        assert "6 would be new" in self.run(tmp_path, GOOD, "--dry-run", capsys=capsys)
        assert Division.objects.count() == 0

    def test_bad_rows_fail_and_are_listed(self, tmp_path, capsys):
        with pytest.raises(CommandError, match="1 bad rows, nothing written"):
            self.run(tmp_path, GOOD + "x,y,z,\n")
        assert "line 8: unknown level 'z'" in capsys.readouterr().err

    def test_a_file_that_is_not_there_or_no_text(self, tmp_path):
        with pytest.raises(CommandError):
            call_command("import_divisions", str(tmp_path / "none.csv"))
        with pytest.raises(CommandError):
            self.run(tmp_path, b"\xff\xfe\x00")
