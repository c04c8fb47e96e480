"""Residents: adding, correcting, leaving, coming back, and numbers shown in full for a logged reason."""

from datetime import date
from uuid import uuid4

import pytest
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from communities.models import CareCategory, CareEntry, CareGrant, Resident
from foundation.fields import keyed_hash
from foundation.journal.models import Access, Entry
from tests.communities.conftest import filled
from tests.town import new_issue

pytestmark = pytest.mark.django_db


def with_check_digit(first17):
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return first17 + "10X98765432"[sum(int(d) * w for d, w in zip(first17, weights, strict=True)) % 11]


# The county code does not exist.
WOMAN_OF_1950 = with_check_digit("42019919500101004")
MAN_OF_2000 = with_check_digit("42019920000229001")
WRONG = WOMAN_OF_1950[:17] + ("0" if WOMAN_OF_1950[17] != "0" else "1")


def full_width(text):
    return "".join(chr(ord(letter) + 0xFEE0) for letter in text)


def category(code):
    return CareCategory.objects.get(code=code)


def grant(user, group, area_path):
    CareGrant.objects.create(user=user, group=group, area_path=area_path, since=date(2020, 1, 1))


class TestResidentDetail:
    def test_says_who_it_is_and_masks_the_numbers(self, town, sign_in):
        new_issue(town)
        body = sign_in(town.grid_worker).get(reverse("resident_detail", args=[town.resident.pk])).content.decode()
        assert "王秀英" in body and "130****0123" in body and "3号楼电梯异响" in body
        assert "13000000123" not in body and "420199194205060023" not in body

    def test_an_issue_in_confidence_is_not_told_here(self, town, sign_in):
        new_issue(town, anonymity="confidential")
        url = reverse("resident_detail", args=[town.resident.pk])
        assert not sign_in(town.grid_worker).get(url).context["issues"]
        assert sign_in(town.secretary).get(url).context["issues"]

    def test_readers_get_no_way_to_change(self, town, sign_in):
        url = reverse("resident_detail", args=[town.resident.pk])
        assert reverse("resident_edit", args=[town.resident.pk]) in sign_in(town.grid_worker).get(url).content.decode()
        assert reverse("resident_edit", args=[town.resident.pk]) not in sign_in(town.auditor).get(url).content.decode()
        assert sign_in(town.outsider).get(url).status_code == 404

    def test_a_fixed_number_of_queries(self, town, sign_in, sql_count):
        client = sign_in(town.grid_worker)
        for _number in range(12):
            new_issue(town)
        with sql_count(at_most=12):
            client.get(reverse("resident_detail", args=[town.resident.pk]))


class TestResidentCreate:
    @pytest.fixture
    def url(self, town):
        return reverse("resident_create", args=[town.household.pk])

    def test_only_the_name_is_needed(self, town, url, sign_in, submit):
        sign_in(town.grid_worker)
        assert submit(url, name="赵大海").url == town.household.get_absolute_url()
        resident = Resident.objects.get(name="赵大海")
        assert (resident.area_path, resident.created_by) == (town.grid_area.code, town.grid_worker)
        entry = Entry.objects.get(subject_type="communities.resident", subject_id=resident.pk)
        assert (entry.verb, entry.actor) == ("add", town.grid_worker)

    def test_digits_typed_full_width_and_with_gaps_are_the_same_digits(self, town, url, sign_in, submit):
        sign_in(town.grid_worker)
        number = f"{full_width(WOMAN_OF_1950[:6])} {WOMAN_OF_1950[6:14]}-{WOMAN_OF_1950[14:].lower()}"
        submit(url, name="赵大海", phone="１３０ 0000－0789", id_number=number)
        resident = Resident.objects.get(name="赵大海")
        assert (resident.phone, resident.id_number) == ("13000000789", WOMAN_OF_1950)
        assert resident.phone_hash == keyed_hash("13000000789")
        assert resident.phone_last4_hash == keyed_hash("0789")

    def test_birth_and_sex_follow_from_the_id_number(self, town, url, sign_in, submit):
        sign_in(town.grid_worker)
        submit(url, name="甲", id_number=WOMAN_OF_1950)
        submit(url, name="乙", id_number=MAN_OF_2000)
        facts = {row.name: (row.born_on, row.sex) for row in Resident.objects.exclude(pk=town.resident.pk)}
        assert facts == {"甲": (date(1950, 1, 1), "f"), "乙": (date(2000, 2, 29), "m")}

    def test_what_was_said_of_birth_and_sex_stands(self, town, url, sign_in, submit):
        sign_in(town.grid_worker)
        submit(url, name="甲", id_number=WOMAN_OF_1950, born_on="1949-12-30", sex="m")
        resident = Resident.objects.get(name="甲")
        assert (resident.born_on, resident.sex) == (date(1949, 12, 30), "m")

    def test_invalid_changes_nothing(self, town, url, sign_in, submit):
        sign_in(town.grid_worker)
        town.resident.correct(by=None, id_number=MAN_OF_2000)
        for typed in (
            {"name": ""},
            {"phone": "12345"},
            {"phone": "23000000789"},
            {"id_number": WRONG},
            {"id_number": "420199199902300019"},
            {"id_number": "12345"},
            {"id_number": MAN_OF_2000},
            {"born_on": "2999-01-01"},
            {"born_on": "gestern"},
            {"care_level": "9"},
            {"sex": "x"},
            {"categories": [category("dementia").pk]},
        ):
            answer = submit(url, **{"name": "赵大海"} | typed)
            assert answer.status_code == 200 and set(answer.context["form"].errors) == set(typed), typed
        assert Resident.objects.count() == 1

    def test_sent_twice_is_one_person(self, town, url, sign_in, client):
        sign_in(town.grid_worker)
        form = filled(client.get(url).context["form"]) | {"name": "赵大海", "id_number": WOMAN_OF_1950}
        assert client.post(url, form).status_code == client.post(url, form).status_code == 302
        assert Resident.objects.filter(name="赵大海").count() == 1

    def test_again_opens_the_next_form(self, town, url, sign_in, submit):
        sign_in(town.grid_worker)
        assert submit(url, name="赵大海", again="1").url == url

    def test_sensitive_categories_are_offered_by_grant(self, town, url, sign_in, submit):
        client = sign_in(town.grid_worker)
        offered = client.get(url).context["form"].fields["categories"].queryset
        assert not offered.exclude(sensitive="").exists()
        grant(town.grid_worker, "health", town.grid_area.code)
        submit(url, name="赵大海", categories=[category("dementia").pk, category("living_alone").pk])
        assert {row.code for row in Resident.objects.get(name="赵大海").categories.all()} == {
            "dementia",
            "living_alone",
        }

    def test_readers_are_refused_outsiders_see_nothing(self, town, url, sign_in):
        assert sign_in(town.auditor).post(url, {"name": "x"}).status_code == 403
        for who in (town.outsider, town.system_admin, town.handler):
            assert sign_in(who).post(url, {"name": "x"}).status_code == 404
        assert Resident.objects.count() == 1


class TestResidentEdit:
    @pytest.fixture
    def url(self, town):
        return reverse("resident_edit", args=[town.resident.pk])

    def test_numbers_never_go_to_the_page_and_stay_if_left_empty(self, town, url, sign_in, submit):
        body = sign_in(town.grid_worker).get(url).content.decode()
        assert "130****0123" in body and "13000000123" not in body and "194205060023" not in body
        submit(url, name="王秀兰")
        town.resident.refresh_from_db()
        assert (town.resident.name, town.resident.phone) == ("王秀兰", "13000000123")
        assert town.resident.id_number == "420199194205060023"
        assert Entry.objects.get(subject_type="communities.resident", verb="correct").fields == ["name"]

    def test_a_new_number_replaces_the_old_and_its_hashes(self, town, url, sign_in, submit):
        sign_in(town.grid_worker)
        submit(url, phone="13000000999")
        town.resident.refresh_from_db()
        assert town.resident.phone == "13000000999"
        assert list(Resident.objects.with_phone("13000000999")) == [town.resident]
        assert not Resident.objects.with_phone("13000000123").exists()

    def test_a_tick_removes_a_number(self, town, url, sign_in, submit):
        sign_in(town.grid_worker)
        submit(url, drop_phone="on", drop_id_number="on")
        town.resident.refresh_from_db()
        assert (town.resident.phone, town.resident.phone_hash, town.resident.id_number) == ("", "", "")

    def test_categories_that_the_editor_may_not_see_stay(self, town, url, sign_in, submit):
        CareEntry.objects.set_categories(
            town.resident, [category("dementia"), category("living_alone")], by=town.secretary
        )
        body = sign_in(town.grid_worker).get(url).content.decode()
        assert "独居" in body and "失智" not in body
        submit(url, categories=[category("very_old").pk])
        assert {row.code for row in town.resident.categories.all()} == {"dementia", "very_old"}
        submit(url, name="王秀兰")
        assert {row.code for row in town.resident.categories.all()} == {"dementia", "very_old"}

    def test_with_a_grant_they_can_be_taken_away(self, town, url, sign_in, submit):
        CareEntry.objects.set_categories(town.resident, [category("dementia")], by=town.secretary)
        grant(town.grid_worker, "health", town.grid_area.code)
        sign_in(town.grid_worker)
        assert submit(url, categories=[]).status_code == 302
        assert not town.resident.categories.exists()

    def test_a_change_of_categories_alone_is_a_version_and_an_entry(self, town, url, sign_in, submit):
        sign_in(town.grid_worker)
        submit(url, categories=[category("living_alone").pk])
        town.resident.refresh_from_db()
        assert town.resident.version == 2
        entry = Entry.objects.get(subject_type="communities.resident", verb="categorise")
        assert entry.actor == town.grid_worker

    def test_nothing_changed_writes_nothing(self, town, url, sign_in, submit):
        sign_in(town.grid_worker)
        before = Entry.objects.count()
        assert submit(url).status_code == 302
        assert Entry.objects.count() == before

    def test_invalid_changes_nothing(self, town, url, sign_in, submit):
        sign_in(town.grid_worker)
        for typed in ({"name": ""}, {"phone": "1"}, {"id_number": WRONG}, {"categories": ["9999"]}):
            assert set(submit(url, **typed).context["form"].errors) == set(typed)
        town.resident.refresh_from_db()
        assert town.resident.version == 1

    def test_the_second_of_two_sees_both_versions_and_no_number_of_the_other(self, town, url, sign_in):
        client = sign_in(town.secretary)
        typed = filled(client.get(url).context["form"]) | {"name": "王秀梅", "phone": "13000000888"}
        town.resident.correct(by=town.grid_worker, name="王秀兰", phone="13000000777")
        answer = client.post(url, typed)
        body = answer.content.decode()
        assert answer.status_code == 409
        assert "王秀兰" in body and "王秀梅" in body and "130****0777" in body and "13000000777" not in body
        assert client.post(url, filled(answer.context["form"])).status_code == 302
        town.resident.refresh_from_db()
        assert (town.resident.name, town.resident.phone) == ("王秀梅", "13000000888")

    def test_readers_are_refused_outsiders_see_nothing(self, town, url, sign_in):
        assert sign_in(town.auditor).get(url).status_code == 403
        for who in (town.outsider, town.system_admin, town.handler):
            assert sign_in(who).get(url).status_code == 404


class TestResidentReveal:
    REASON = "预约明天的走访"

    @pytest.fixture
    def url(self, town):
        return reverse("resident_reveal", args=[town.resident.pk])

    def test_shows_the_number_once_and_logs_who_and_why_first(self, town, url, sign_in):
        answer = sign_in(town.grid_worker).post(url, {"what": "phone", "reason": self.REASON})
        assert "13000000123" in answer.content.decode() and "420199194205060023" not in answer.content.decode()
        assert "no-store" in answer["Cache-Control"]
        access = Access.objects.get()
        assert (access.actor, access.what, access.reason) == (town.grid_worker, "phone", self.REASON)
        assert (access.subject_label, access.area_path) == (
            f"communities.resident:{town.resident.pk}",
            town.grid_area.code,
        )

    def test_the_id_number_is_another_look(self, town, url, sign_in):
        client = sign_in(town.secretary)
        for what in ("phone", "id_number"):
            client.post(url, {"what": what, "reason": self.REASON})
        assert [row.what for row in Access.objects.order_by("pk")] == ["phone", "id_number"]

    def test_no_reason_no_number_no_entry(self, town, url, sign_in):
        client = sign_in(town.grid_worker)
        for typed in ({}, {"what": "phone"}, {"what": "phone", "reason": " "}, {"what": "name", "reason": self.REASON}):
            answer = client.post(url, typed)
            assert answer.context["form"].errors and "13000000123" not in answer.content.decode()
        assert "13000000123" not in client.get(url, {"what": "phone", "reason": self.REASON}).content.decode()
        assert not Access.objects.exists()

    def test_what_is_not_stored_is_not_offered(self, town, url, sign_in):
        town.resident.correct(by=None, phone="")
        client = sign_in(town.grid_worker)
        assert client.post(url, {"what": "phone", "reason": self.REASON}).context["form"].errors
        town.resident.correct(by=None, id_number="")
        assert client.get(url).status_code == 404

    def test_the_auditor_reads_and_never_reveals(self, town, url, sign_in):
        client = sign_in(town.auditor)
        for answer in (client.get(url), client.post(url, {"what": "phone", "reason": self.REASON})):
            assert answer.status_code == 403 and "13000000123" not in answer.content.decode()
        assert not Access.objects.exists()

    def test_outsiders_and_the_system_admin_see_nothing(self, town, url, sign_in):
        for who in (town.outsider, town.system_admin, town.handler, town.property_handler, town.idle):
            assert sign_in(who).post(url, {"what": "phone", "reason": self.REASON}).status_code == 404
        assert not Access.objects.exists()


class TestModel:
    def test_numbers_stand_encrypted_in_the_database(self, town):
        with connection.cursor() as cursor:
            cursor.execute("SELECT phone, id_number FROM communities_resident")
            assert not {"13000000123", "420199194205060023"} & set(cursor.fetchone())

    def test_age_counts_birthdays(self, town):
        today = timezone.localdate()
        town.resident.born_on = today.replace(year=today.year - 80, day=1, month=1)
        assert town.resident.age == 80
        town.resident.born_on = None
        assert town.resident.age is None

    def test_the_same_uuid_is_the_same_person(self, town):
        uuid = uuid4()
        first, second = (
            Resident.objects.add(by=town.secretary, client_uuid=uuid, household=town.household, name="赵大海")
            for _n in range(2)
        )
        assert first == second
