"""The auditor's pages: the journal and the log of accesses of the own area, in plain words, read only."""

import ast
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
from django.apps import apps
from django.urls import reverse
from django.utils import timezone, translation
from openpyxl import load_workbook

from communities.models import AuditAccess, AuditEntry, Division
from communities.words import ACCESSES, EXPORTS, THINGS, VERBS, verb_word
from foundation.journal.models import Access, Entry
from foundation.journal.moves import accessed, record
from foundation.workdays.models import Workday
from issues.models import Issue
from tests.town import issue_at, new_issue

pytestmark = pytest.mark.django_db
ENTRIES, ACCESS = "/audit/", "/audit/accesses/"
ROOT = Path(__file__).resolve().parent.parent.parent


def room(model):
    return model.__module__.partition(".")[0]


def shown(page):
    return [(line.row.actor and line.row.actor.username, line.row.verb) for line in page.context["lines"]]


def verbs(page):
    return {line.row.verb for line in page.context["lines"]}


class TestWhoReads:
    def test_only_the_auditor(self, town, sign_in):
        for who in ("admin_of_district", "system_admin", "secretary", "coordinator", "cadre", "handler", "idle"):
            client = sign_in(getattr(town, who))
            assert [client.get(url).status_code for url in (ENTRIES, ACCESS)] == [403, 403]
            assert client.post(reverse("entry_export"), {"purpose": "看看"}).status_code == 403
        client = sign_in(town.auditor)
        assert [client.get(url).status_code for url in (ENTRIES, ACCESS)] == [200, 200]

    def test_what_happened_in_the_own_district_and_nothing_else(self, town, sign_in):
        issue = new_issue(town)
        page = sign_in(town.auditor).get(ENTRIES, {"thing": "issues.issue"})
        assert shown(page) == [("cadre", "report")]
        assert page.context["lines"][0].url == issue.get_absolute_url()
        assert not AuditEntry.objects.visible_to(town.auditor).filter(area_path__startswith="2102").exists()

    def test_what_the_own_people_did_to_things_that_lie_nowhere(self, town, sign_in):
        Workday.objects.decide(timezone.localdate(), False, "停电", town.admin_of_district)
        Workday.objects.decide(timezone.localdate() + timedelta(days=1), False, "停电", town.system_admin)
        page = sign_in(town.auditor).get(ENTRIES, {"verb": "decide"})
        assert shown(page) == [("district", "decide")]

    def test_looking_is_not_logged(self, town, sign_in):
        client = sign_in(town.auditor)
        before = Entry.objects.count(), Access.objects.count()
        client.get(ENTRIES)
        client.post(ACCESS, {"q": "李"})
        assert (Entry.objects.count(), Access.objects.count()) == before

    def test_nothing_can_be_sent_but_a_search(self, town, sign_in):
        client = sign_in(town.auditor)
        assert client.get(reverse("entry_export")).status_code == 405
        assert client.get(reverse("access_export")).status_code == 405


class TestFinding:
    def test_filters(self, town, sign_in):
        new_issue(town)
        town.cadre.disable(by=town.admin_of_district, reason="离职")
        record(town.community, "rename", by=None)
        client = sign_in(town.auditor)
        assert verbs(client.get(ENTRIES, {"thing": "accounts.user"})) == {"disable"}
        assert verbs(client.get(ENTRIES, {"verb": "report"})) == {"report"}
        assert verbs(client.get(ENTRIES, {"person": town.cadre.pk})) == {"report"}
        assert shown(client.get(ENTRIES, {"by": "clock", "verb": "rename"})) == [(None, "rename")]
        assert verbs(client.get(ENTRIES, {"by": "people", "verb": "rename"})) == set()
        assert verbs(client.get(ENTRIES, {"thing": "nonsense", "verb": "report"})) == {"report"}

    def test_by_name_also_of_whom_somebody_stood_in_for(self, town, sign_in):
        town.deputy_issue = new_issue(town)
        town.deputy_issue.register(by=town.deputy)
        client = sign_in(town.auditor)
        assert shown(client.post(f"{ENTRIES}?verb=register", {"q": "冯雪"})) == [("deputy", "register")]
        page = client.post(f"{ENTRIES}?verb=register", {"q": "周建平"})
        assert shown(page) == [("deputy", "register")]
        assert "周建平" in page.content.decode()

    def test_the_last_thirty_days_unless_said_otherwise(self, town, sign_in):
        old = timezone.now() - timedelta(days=40)
        entry = Entry(subject_type="communities.division", subject_id=town.community.pk, verb="rename")
        entry.actor, entry.area_path, entry.at = town.coordinator, "411702007002", old
        entry.save()
        client = sign_in(town.auditor)
        assert "rename" not in verbs(client.get(ENTRIES))
        since = (old - timedelta(days=1)).date().isoformat()
        until = (old + timedelta(days=1)).date().isoformat()
        assert verbs(client.get(ENTRIES, {"since": since, "until": until})) == {"rename"}
        assert "rename" not in verbs(client.get(ENTRIES, {"until": since}))
        assert client.get(ENTRIES, {"since": "nonsense"}).status_code == 200

    def test_both_ends_of_a_period_are_included(self, town, sign_in):
        new_issue(town)
        today = timezone.localdate().isoformat()
        assert "report" in verbs(sign_in(town.auditor).get(ENTRIES, {"since": today, "until": today}))

    def test_a_person_of_another_district_is_not_named(self, town, sign_in):
        page = sign_in(town.auditor).get(ENTRIES, {"person": town.outsider.pk})
        assert page.context["person"] is None
        assert "王海" not in page.content.decode()


class TestWords:
    def test_every_verb_that_the_code_writes_has_words(self):
        """A verb is the second argument of record, move, revise and their like, or a key of a table of moves."""
        written = set()
        for path in ROOT.glob("*/**/*.py"):
            if path.parts[len(ROOT.parts)] in {".venv", "tests", "scripts"}:
                continue
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and getattr(node.func, "id", "") in {
                    "record",
                    "record_all",
                    "move",
                    "revise",
                }:
                    written |= {arg.value for arg in node.args[1:2] if isinstance(arg, ast.Constant)}
        written |= {
            verb for model in apps.get_models() if room(model) != "tests" for verb in getattr(model, "MOVES", {})
        }
        assert {
            verb for verb in written if verb_word("", verb) == verb.replace("_", " ") and verb not in VERBS
        } == set()

    def test_everything_in_the_town_has_a_name_a_page_and_chinese_words(self, town, sign_in):
        issue_at("closed", town)
        town.cadre.correct(by=town.admin_of_district, email="li@example.org")
        types = set(Entry.objects.values_list("subject_type", flat=True))
        assert types <= set(THINGS)
        page = sign_in(town.auditor).get(ENTRIES)
        client = sign_in(town.auditor)
        with translation.override("zh-hans"):
            for line in page.context["lines"]:
                if line.url:
                    assert client.get(line.url).status_code == 200, line

    def test_states_and_fields_stand_there_but_no_contents(self, town, sign_in):
        issue = new_issue(town)
        issue.register(by=town.secretary)
        town.cadre.correct(by=town.admin_of_district, email="li@example.org")
        page = sign_in(town.auditor).get(ENTRIES)
        details = {line.row.verb: line.details for line in page.context["lines"]}
        assert "→" in details["register"]
        assert details["correct"]
        assert "li@example.org" not in page.content.decode()

    def test_residents_are_masked_and_lead_to_the_household(self, town, sign_in):
        page = sign_in(town.auditor).get(ENTRIES, {"thing": "communities.resident"})
        line = page.context["lines"][0]
        assert "王**" in line.thing
        assert line.url == town.resident.get_absolute_url()
        assert "王秀英" not in page.content.decode()

    def test_unknown_words_stay_readable(self, town, sign_in):
        Entry.objects.create(
            subject_type="gone.model", subject_id=5, verb="did_something", area_path="411702", actor=town.cadre
        )
        page = sign_in(town.auditor).get(ENTRIES)
        assert "did something" in page.content.decode()


class TestAccesses:
    @pytest.fixture
    def looks(self, town):
        issue = new_issue(town)
        accessed(town.resident, "phone", by=town.cadre, reason="核对探访时间")
        accessed(issue, "phone", by=town.secretary, context=f"issues.issue:{issue.pk}")
        accessed(Issue, "export:issues", by=town.coordinator, reason="月度汇总", rows=17)
        accessed(Issue, "export:issues", by=town.outsider, reason="别区的", rows=3)
        return issue

    def test_every_reveal_and_export_of_the_district_with_reason(self, town, sign_in, looks):
        page = sign_in(town.auditor).get(ACCESS)
        seen = [
            (line.row.actor.username, line.row.what, line.row.reason, line.row.rows) for line in page.context["lines"]
        ]
        assert seen == [
            ("street", "export:issues", "月度汇总", 17),
            ("secretary", "phone", "", 1),
            ("cadre", "phone", "核对探访时间", 1),
        ]
        text = page.content.decode()
        assert "王**" in text
        assert looks.get_absolute_url() in text

    def test_filters(self, town, sign_in, looks):
        client = sign_in(town.auditor)

        def actors(page):
            return [line.row.actor.username for line in page.context["lines"]]

        assert actors(client.get(ACCESS, {"kind": "exports"})) == ["street"]
        assert actors(client.get(ACCESS, {"kind": "reveals"})) == ["secretary", "cadre"]
        assert actors(client.get(ACCESS, {"person": town.cadre.pk})) == ["cadre"]
        assert actors(client.post(ACCESS, {"q": "何立"})) == ["street"]

    def test_everything_that_is_looked_at_has_a_word(self):
        looked = set()
        for path in ROOT.glob("*/**/*.py"):
            if path.parts[len(ROOT.parts)] in {".venv", "tests", "scripts"}:
                continue
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "accessed":
                    looked |= {arg.value for arg in node.args[1:2] if isinstance(arg, ast.Constant)}
        known = set(ACCESSES) | {f"export:{name}" for name in EXPORTS}
        assert looked <= known


class TestExport:
    def test_exactly_what_is_shown_and_itself_logged(self, town, sign_in):
        issue_at("dispatched", town)
        client = sign_in(town.auditor)
        listed = client.get(ENTRIES, {"thing": "issues.issue"})
        answer = client.post(f"{reverse('entry_export')}?thing=issues.issue", {"purpose": "年度审计"})
        sheet = load_workbook(BytesIO(answer.content)).active
        assert sheet.max_row - 1 == listed.context["page"].paginator.count
        access = AuditAccess.objects.visible_to(town.auditor).get()
        assert (access.what, access.reason, access.rows) == ("export:entries", "年度审计", sheet.max_row - 1)
        assert "no-store" in answer["Cache-Control"]

    def test_accesses_too(self, town, sign_in):
        accessed(town.resident, "phone", by=town.cadre, reason="=HYPERLINK(1)")
        answer = sign_in(town.auditor).post(reverse("access_export"), {"purpose": "抽查"})
        cells = [cell.value for row in load_workbook(BytesIO(answer.content)).active.iter_rows() for cell in row]
        assert "=HYPERLINK(1)" in cells
        assert Access.objects.filter(what="export:accesses", rows=1).count() == 1

    def test_a_search_is_carried_along(self, town, sign_in):
        new_issue(town)
        answer = sign_in(town.auditor).post(reverse("entry_export"), {"purpose": "抽查", "q": "李秀兰"})
        names = {row[1].value for row in list(load_workbook(BytesIO(answer.content)).active.iter_rows())[1:]}
        assert names == {"李秀兰"}

    def test_without_a_purpose_nothing_leaves(self, town, sign_in):
        client = sign_in(town.auditor)
        for purpose in ("", " ", "x" * 301):
            answer = client.post(reverse("entry_export"), {"purpose": purpose})
            assert answer.context["export"].errors
        assert not Access.objects.exists()

    def test_what_is_too_much_for_one_file_is_refused_not_cut(self, town, sign_in, monkeypatch):
        monkeypatch.setattr("communities.views.audit.MOST_EXPORTED", 2)
        answer = sign_in(town.auditor).post(reverse("entry_export"), {"purpose": "抽查"})
        assert answer.context["export"].non_field_errors()
        assert not Access.objects.exists()


@pytest.mark.parametrize("rows", [1, 20])
def test_queries(town, sign_in, sql_count, rows):
    for number in range(rows):
        division = Division.objects.get(pk=town.community.pk)
        record(division, "rename", by=town.cadre, note=f"{number}")
        record(town.resident, "correct", by=town.deputy)
        accessed(town.resident, "phone", by=town.deputy, reason="核对")
    client = sign_in(town.auditor)
    with sql_count(at_most=8):
        client.get(ENTRIES, {"person": town.cadre.pk})
    with sql_count(at_most=8):
        client.post(ENTRIES, {"q": "李"})
    with sql_count(at_most=8):
        client.get(ACCESS, {"person": town.deputy.pk})
