"""Tables of the lists: exactly what is shown, masked as on the page, for a purpose that is logged."""

from io import BytesIO
from uuid import uuid4

import pytest
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook

from communities import kept_files, lists
from communities.access import Role
from communities.models import CareCategory, CareEntry, Resident, Sheet
from communities.views import sheet as sheet_views
from foundation.jobs.models import Job
from foundation.jobs.running import run_waiting
from foundation.journal.models import Access

pytestmark = pytest.mark.django_db
EXPORTS = ["household_export", "resident_export", "compound_export", "unit_export", "division_export", "care_export"]


def take(client, name, query="", **typed):
    return client.post(f"{reverse(name)}{query}", {"purpose": "核对台账", "client_uuid": uuid4(), **typed})


def rows_in(response):
    assert response["Content-Type"].endswith("spreadsheetml.sheet")
    return [list(row) for row in load_workbook(BytesIO(response.content)).active.values]


@pytest.fixture
def more(town):
    """赵六 in 501 with care level 2, and a household whose name would be a formula."""
    for door, name, facts in [("501", "赵六", {"care_level": 2}), ("502", "=1+1", {})]:
        household = town.compound.add_household(by=None, client_uuid=uuid4(), building="3号楼", stair="1", door=door)
        Resident.objects.add(by=None, client_uuid=uuid4(), household=household, name=name, **facts)


class TestExactlyTheList:
    def test_households_as_the_page_shows_them(self, town, more, sign_in):
        client = sign_in(town.secretary)
        rows = rows_in(take(client, "household_export"))
        page = client.get(reverse("household_list")).context["page"]
        assert rows[0] == lists.household_headings()
        assert [row[0] for row in rows[1:4]] == [row.address for row in page.object_list]
        assert rows[1] == ["橡林小区 3号楼 1单元 201", "王**", "重点", town.household.get_occupancy_display()]
        assert "王秀英" not in str(rows)

    def test_the_same_filters_and_words(self, town, more, sign_in):
        client = sign_in(town.secretary)
        assert [row[1] for row in rows_in(take(client, "household_export", "?care=2"))[1:2]] == ["赵*"]
        assert [row[1] for row in rows_in(take(client, "household_export", q="赵六"))[1:2]] == ["赵*"]
        assert rows_in(take(client, "resident_export", "?care=2", q="王秀"))[1][0] is None

    def test_a_name_is_never_a_formula(self, town, more, sign_in):
        client = sign_in(town.secretary)
        book = load_workbook(BytesIO(take(client, "household_export", q="502").content))
        cell = book.active["B2"]
        assert (cell.value, cell.data_type) == ("=***", "s")

    def test_who_when_and_what_for_stand_below_and_on_every_printed_page(self, town, sign_in):
        book = load_workbook(BytesIO(take(sign_in(town.secretary), "compound_export", purpose="A&B").content))
        last = list(book.active.values)[-1][0]
        assert "周建平 (secretary)" in last and f"{timezone.localtime():%Y-%m-%d}" in last and "A&B" in last
        assert "A&&B" in book.active.oddFooter.left.text or "A&B" in book.active.oddFooter.left.text

    def test_compounds_units_places_and_staff(self, town, sign_in):
        client = sign_in(town.coordinator)
        assert rows_in(take(client, "compound_export"))[1][:3] == [
            "橡林小区",
            "橡林社区",
            town.compound.get_management_display(),
        ]
        assert rows_in(take(client, "unit_export"))[1][0] == "安居物业公司"
        assert rows_in(take(client, "unit_export", "?kind=bureau"))[1][0] is None
        places = rows_in(take(client, "division_export", "?level=community"))
        assert [row[0] for row in places[1:3]] == ["文明社区", "橡林社区"]
        staff = rows_in(take(sign_in(town.admin_of_district), "staff_export", "?role=grid_worker"))
        assert staff[1][:3] == ["吴晓", "grid", f"橡林社区第一网格 {Role.GRID_WORKER.label}"]

    def test_the_care_register_without_what_is_not_granted(self, town, sign_in):
        plain, sensitive = (CareCategory.objects.filter(sensitive=group).first() for group in ("", "health"))
        CareEntry.objects.set_many([(town.resident, [plain, sensitive])], by=town.secretary)
        rows = rows_in(take(sign_in(town.secretary), "care_export"))
        assert [(row[0], row[2]) for row in rows[1:] if row[1]] == [("王**", plain.name)]

    @pytest.mark.parametrize("name", EXPORTS)
    def test_others_rows_are_not_in_it(self, town, more, sign_in, name):
        assert "橡林" not in str(rows_in(take(sign_in(town.outsider), name)))

    @pytest.mark.parametrize("name", [*EXPORTS, "staff_export"])
    def test_refused_without_the_right(self, town, sign_in, name):
        assert take(sign_in(town.idle), name).status_code == 403
        assert not Access.objects.exists()


class TestPurpose:
    def test_logged_with_its_purpose_and_the_number_of_rows(self, town, more, sign_in):
        take(sign_in(town.deputy), "household_export")
        seen = Access.objects.get()
        assert (seen.what, seen.rows, seen.reason) == ("export:households", 3, "核对台账")
        assert (seen.actor, seen.on_behalf_of) == (town.deputy, town.secretary)

    def test_without_one_nothing_leaves_and_the_words_stay(self, town, sign_in):
        answer = take(sign_in(town.secretary), "household_export", q="王秀", purpose="")
        assert answer.status_code == 200 and answer.context["form"].errors["purpose"]
        assert answer.context["form"]["q"].value() == "王秀"
        assert not Access.objects.exists()

    def test_the_list_offers_it_with_its_filters_and_words(self, town, sign_in):
        page = (
            sign_in(town.secretary).post(f"{reverse('household_list')}?care=1&page=2", {"q": "王秀"}).content.decode()
        )
        assert f'action="{reverse("household_export")}?care=1"' in page and 'name="q" value="王秀"' in page


class TestLongLists:
    @pytest.fixture
    def short(self, monkeypatch):
        monkeypatch.setattr(sheet_views, "MOST_AT_ONCE", 1)

    def test_a_worker_makes_it_and_it_waits_for_its_owner(self, town, more, short, sign_in):
        client = sign_in(town.secretary)
        answer = take(client, "household_export", q="3号楼")
        job = Job.objects.get()
        assert answer["Location"] == job.get_absolute_url()
        assert "3号楼" not in str(Job.objects.values().get())  # what was searched for may be a name
        assert not Access.objects.exists()
        assert run_waiting() == 1
        job.refresh_from_db()
        assert (job.state, job.result) == ("done", {"rows": 3})
        assert (Access.objects.get().rows, Access.objects.get().reason) == (3, "核对台账")
        rows = rows_in(client.get(job.target_url))
        assert [row[1] for row in rows[1:4]] == ["王**", "赵*", "=***"]
        assert sign_in(town.coordinator).get(job.target_url).status_code == 404

    def test_the_same_form_twice_is_one_job(self, town, more, short, sign_in):
        client, uuid = sign_in(town.secretary), uuid4()
        for _time in range(2):
            take(client, "household_export", client_uuid=uuid)
        assert (Sheet.objects.count(), Job.objects.count()) == (1, 1)

    def test_rights_are_asked_again_when_the_worker_comes(self, town, more, short, sign_in):
        take(sign_in(town.secretary), "household_export")
        town.secretary.assignments.get().end(by=town.admin_of_district)
        run_waiting()
        assert (Job.objects.get().state, Job.objects.get().error) == ("failed", "no_right")
        assert not Sheet.objects.get().file

    def test_kept_for_seven_days(self, town, more, short, sign_in):
        client = sign_in(town.secretary)
        take(client, "household_export")
        run_waiting()
        sheet = Sheet.objects.get()
        assert kept_files.throw_away(today=sheet.keep_until) == 0
        assert kept_files.throw_away(today=sheet.keep_until + timezone.timedelta(days=1)) == 1
        assert client.get(reverse("sheet_download", args=[sheet.pk]))["Location"] == reverse("household_list") + "?"

    def test_more_than_a_worker_takes_is_refused_with_a_word(self, town, more, sign_in, monkeypatch):
        monkeypatch.setattr(sheet_views, "MOST_ROWS", 1)
        assert take(sign_in(town.secretary), "household_export").context["form"].non_field_errors()


@pytest.mark.parametrize("name", EXPORTS)
def test_queries_do_not_grow_with_the_rows(town, sign_in, sql_count, name):
    client = sign_in(town.coordinator)
    take(client, name)
    with sql_count() as few:
        take(client, name)
    for number in range(20):
        household = town.compound.add_household(
            by=None, client_uuid=uuid4(), building="9号楼", stair="1", door=str(100 + number)
        )
        Resident.objects.add(by=None, client_uuid=uuid4(), household=household, name=f"李{number}号")
    with sql_count(at_most=len(few)):
        take(client, name)
