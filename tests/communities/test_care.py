"""The care register: entries with ground and consent, the yearly look, what stays hidden without a grant."""

from datetime import date, timedelta
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from communities import reference
from communities.models import CareCategory, CareEntry, CareGrant, ConsentText, Resident
from communities.models.care_entry import GuardianNeeded
from foundation.journal.models import AppendOnly, Entry
from foundation.journal.moves import Conflict
from tests.communities.conftest import filled

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate


def category(code):
    return CareCategory.objects.get(code=code)


def grant(user, group, place):
    return CareGrant.objects.grant(
        by=None, user=user, group=group, area_path=place.code, since=date(2020, 1, 1), reason="负责该项工作"
    )


def enter(town, code="living_alone", *, resident=None, **facts):
    """An entry of the town's resident with a consent of today, unless said otherwise."""
    defaults = {"consented_on": TODAY(), "consented_by": "self"}
    return CareEntry.objects.register(
        by=town.secretary,
        resident=resident or town.resident,
        category=category(code),
        client_uuid=uuid4(),
        **(defaults | facts),
    )


def child_of(town, name="王小宝", years=8):
    return Resident.objects.add(
        by=town.secretary,
        client_uuid=uuid4(),
        household=town.household,
        name=name,
        born_on=TODAY() - timedelta(days=365 * years + 40),
    )


class TestReference:
    def test_every_shipped_category_says_its_ground(self, town):
        assert CareCategory.objects.count() == 16
        assert not CareCategory.objects.filter(legal_ground="").exists()
        assert {row.code for row in CareCategory.objects.exclude(sensitive="")} == {
            "disabled_elderly", "dementia", "disability", "serious_illness", "bereaved",
            "child_in_difficulty", "unattended_child", "left_behind_child",
        }  # fmt: skip

    def test_loading_again_keeps_what_was_edited(self, town):
        row = category("living_alone")
        row.correct(by=town.system_admin, name="独居长者", legal_ground="区规〔2026〕1号")
        reference.load()
        row.refresh_from_db()
        assert (row.name, row.legal_ground) == ("独居长者", "区规〔2026〕1号")

    def test_rows_from_before_get_their_ground(self, town):
        CareCategory.objects.filter(code="minimum_living").update(legal_ground="", ground_kind="consent")
        reference.load()
        assert category("minimum_living").ground_kind == "statutory"

    def test_a_text_of_consent_is_never_changed(self, town):
        text = ConsentText.objects.in_force("care", TODAY())
        assert "第十三条" in text.body and "第二十九条" in text.body
        assert "第三十一条" in ConsentText.objects.in_force("care_guardian", TODAY()).body
        text.body = "anders"
        with pytest.raises(AppendOnly):
            text.save()
        with pytest.raises(AppendOnly):
            ConsentText.objects.filter(pk=text.pk).update(body="anders")


class TestEntries:
    def test_a_consent_keeps_the_text_of_its_day(self, town):
        ConsentText.objects.create(
            code="care", version=2, title="新", title_en="new", body="新", body_en="new", valid_from=date(2026, 6, 1)
        )
        old = enter(town, consented_on=date(2026, 5, 31), since=date(2026, 5, 31))
        new = enter(town, "very_old", consented_on=date(2026, 6, 1), since=date(2026, 6, 1))
        assert (old.consent_text.version, new.consent_text.version) == (1, 2)

    def test_one_open_entry_of_a_category(self, town):
        entry = enter(town)
        with pytest.raises(Conflict) as refused:
            enter(town)
        assert refused.value.obj == entry
        entry.end(by=town.secretary, reason="no_longer")
        assert enter(town).pk != entry.pk

    def test_the_database_refuses_a_second_one_too(self, town):
        entry = enter(town)
        with pytest.raises(IntegrityError), transaction.atomic():
            CareEntry.objects.fresh(town.resident, entry.category, by=None, since=TODAY()).save()

    def test_under_fourteen_a_guardian_agrees_whatever_the_ground(self, town):
        child = child_of(town)
        for facts in (
            {},
            {"consented_by": "agent", "guardian_name": "王大明"},
            {"consented_by": "guardian", "guardian_name": ""},
            {"consented_on": None, "consented_by": "", "guardian_name": "王大明"},
        ):
            with pytest.raises(GuardianNeeded):
                enter(town, "left_behind_child", resident=child, **facts)
        assert not child.care_entries.exists()
        entry = enter(town, "left_behind_child", resident=child, consented_by="guardian", guardian_name="王大明")
        assert entry.consent_text.code == "care_guardian" and entry.basis == "statutory"
        with pytest.raises(GuardianNeeded):
            entry.agree(by=town.secretary, consented_on=TODAY(), consented_by="self")

    def test_at_fourteen_the_own_word_counts(self, town):
        born = TODAY().replace(year=TODAY().year - 14) if (TODAY().month, TODAY().day) != (2, 29) else date(2012, 2, 29)
        young = child_of(town)
        young.correct(by=town.secretary, born_on=born)
        assert enter(town, resident=young).consented_by == "self"
        young.correct(by=town.secretary, born_on=born + timedelta(days=1))
        with pytest.raises(GuardianNeeded):
            enter(town, "empty_nest", resident=young)

    def test_the_name_of_the_guardian_is_not_readable_in_the_table(self, town):
        from django.db import connection

        entry = enter(town, consented_by="agent", guardian_name="王大明")
        with connection.cursor() as cursor:
            cursor.execute("SELECT guardian_name FROM communities_careentry WHERE id = %s", [entry.pk])
            assert "王大明" not in cursor.fetchone()[0]
        entry.refresh_from_db()
        assert entry.guardian_name == "王大明"

    def test_categories_of_an_import_are_made_once_and_children_named(self, town):
        child = child_of(town)
        wanted = [
            (town.resident, [category("living_alone"), category("dementia")]),
            (child, [category("left_behind_child")]),
        ]
        first = CareEntry.objects.set_many(wanted, by=town.secretary)
        again = CareEntry.objects.set_many(wanted, by=town.secretary)
        assert (len(first.made), len(again.made)) == (2, 0)
        assert first.refused == again.refused == [(child, category("left_behind_child"))]
        assert CareEntry.objects.without_consent().count() == 2
        assert Entry.objects.filter(subject_type="communities.careentry", verb="enter_care").count() == 2

    def test_an_import_of_many_costs_the_same(self, town, sql_count):
        people = [child_of(town, name=f"王{number}", years=30) for number in range(20)]
        one, many = [(people[0], [category("living_alone")])], [(row, [category("very_old")]) for row in people]
        with sql_count() as few:
            CareEntry.objects.set_many(one, by=town.secretary)
        with sql_count(at_most=len(few)):
            assert len(CareEntry.objects.set_many(many, by=town.secretary).made) == 20

    def test_set_categories_ends_what_is_no_longer_right(self, town):
        enter(town)
        outcome = CareEntry.objects.set_categories(town.resident, [category("very_old")], by=town.grid_worker)
        assert outcome.changed and [row.ended_reason for row in outcome.ended] == ["no_longer"]
        assert {row.code for row in town.resident.categories} == {"very_old"}
        assert not CareEntry.objects.set_categories(town.resident, [category("very_old")], by=town.grid_worker).changed

    def test_who_has_died_is_not_on_the_register_and_is_again_if_it_was_a_mistake(self, town):
        enter(town)
        Resident.objects.filter(pk=town.resident.pk).update(ended_on=TODAY(), ended_reason="died")
        assert not CareEntry.objects.current().exists()
        Resident.objects.filter(pk=town.resident.pk).update(ended_on=None, ended_reason="")
        assert CareEntry.objects.current().exists()


class TestCareList:
    URL = "/communities/care/"

    def found(self, client, **query):
        return {row.category.code for row in client.get(reverse("care_list"), query).context["page"].object_list}

    def test_filters(self, town, sign_in):
        enter(town)
        old = enter(town, "very_old", since=TODAY() - timedelta(days=366))
        enter(town, "empty_nest", consented_on=None, consented_by="")
        enter(town, "veteran").end(by=town.secretary, reason="no_longer")
        client = sign_in(town.secretary)
        assert self.found(client) == {"living_alone", "very_old", "empty_nest"}
        assert self.found(client, state="consent") == {"empty_nest"}
        assert self.found(client, state="review") == {"very_old"}
        assert self.found(client, state="ended") == {"veteran"}
        assert self.found(client, category=old.category_id) == {"very_old"}
        assert self.found(client, level="1") == {"living_alone", "very_old", "empty_nest"} and not self.found(
            client, level="3"
        )
        assert self.found(sign_in(town.coordinator), place=town.next_community.code) == set()
        assert self.found(client, category="nonsense", level="9") == {"living_alone", "very_old", "empty_nest"}

    def test_names_are_masked(self, town, sign_in):
        enter(town)
        body = sign_in(town.secretary).get(reverse("care_list")).content.decode()
        assert "王**" in body and "王秀英" not in body

    def test_cost(self, town, sign_in, sql_count):
        client = sign_in(town.coordinator)
        enter(town)
        with sql_count(at_most=9) as few:
            client.get(reverse("care_list"))
        for number in range(20):
            enter(town, resident=child_of(town, name=f"王{number}", years=40))
        with sql_count(at_most=len(few)):
            assert len(client.get(reverse("care_list")).context["page"].object_list) == 21

    def test_outsiders_and_strangers_to_the_register(self, town, sign_in):
        enter(town)
        assert self.found(sign_in(town.outsider)) == set()
        for who in (town.handler, town.system_admin, town.idle):
            assert sign_in(who).get(reverse("care_list")).status_code == 403


class TestCareCreate:
    @pytest.fixture
    def url(self, town):
        return reverse("care_create", args=[town.resident.pk])

    def typed(self, **facts):
        return {
            "category": category("living_alone").pk,
            "consented_on": TODAY().isoformat(),
            "consented_by": "self",
        } | facts

    def test_works(self, town, url, sign_in, submit):
        sign_in(town.grid_worker)
        answer = submit(url, **self.typed())
        entry = CareEntry.objects.get()
        assert answer.url == reverse("care_detail", args=[entry.pk])
        assert (entry.basis, entry.created_by, entry.since) == ("consent", town.grid_worker, TODAY())
        town.resident.refresh_from_db()
        assert town.resident.care_level == 1  # the more urgent one stays

    def test_the_category_proposes_the_level(self, town, url, sign_in, submit):
        town.resident.correct(by=town.secretary, care_level=None)
        sign_in(town.grid_worker)
        submit(url, **self.typed())
        town.resident.refresh_from_db()
        assert town.resident.care_level == 2
        submit(url, **self.typed(category=category("very_old").pk, level="1"))
        town.resident.refresh_from_db()
        assert town.resident.care_level == 1

    def test_a_statutory_duty_needs_no_consent(self, town, url, sign_in, submit):
        sign_in(town.grid_worker)
        submit(url, category=category("minimum_living").pk)
        assert CareEntry.objects.get().basis == "statutory"

    def test_invalid_changes_nothing_and_keeps_what_was_typed(self, town, url, sign_in, submit):
        sign_in(town.grid_worker)
        tomorrow = (TODAY() + timedelta(days=1)).isoformat()
        for changed, wrong in (
            ({"category": ""}, {"category"}),
            ({"category": category("dementia").pk}, {"category"}),
            ({"consented_on": ""}, {"consented_on"}),
            ({"consented_on": tomorrow}, {"consented_on"}),
            ({"consented_by": ""}, {"consented_by"}),
            ({"consented_by": "agent"}, {"guardian_name"}),
            ({"since": tomorrow}, {"since"}),
            ({"since": "1900-01-01"}, {"since"}),
        ):
            answer = submit(url, **self.typed(guardian_name="") | changed)
            assert answer.status_code == 200 and set(answer.context["form"].errors) == wrong, changed
        answer = submit(url, **self.typed(consented_by="agent", guardian_name="李某某", since=tomorrow))
        assert "李某某" in answer.content.decode()
        assert not CareEntry.objects.exists()

    def test_a_child_needs_its_guardian(self, town, sign_in, submit):
        child = child_of(town)
        grant(town.grid_worker, "children", town.grid_area)
        sign_in(town.grid_worker)
        url = reverse("care_create", args=[child.pk])
        kind = category("child_in_difficulty").pk
        answer = submit(url, **self.typed(category=kind))
        assert set(answer.context["form"].errors) == {"consented_by"}
        assert set(submit(url, category=kind).context["form"].errors) == {"consented_on"}
        assert (
            submit(url, **self.typed(category=kind, consented_by="guardian", guardian_name="王大明")).status_code == 302
        )

    def test_twice_is_once(self, town, url, sign_in, client):
        sign_in(town.grid_worker)
        form = filled(client.get(url).context["form"]) | self.typed()
        assert client.post(url, form).url == client.post(url, form).url
        assert CareEntry.objects.count() == 1

    def test_readers_are_refused_outsiders_see_nothing(self, town, url, sign_in):
        assert sign_in(town.auditor).post(url, self.typed()).status_code == 403
        for who in (town.outsider, town.system_admin, town.handler):
            assert sign_in(who).post(url, self.typed()).status_code == 404
        assert not CareEntry.objects.exists()


class TestStepsOfAnEntry:
    def test_care_consent_is_documented_later(self, town, sign_in, submit):
        entry = enter(town, consented_on=None, consented_by="")
        sign_in(town.grid_worker)
        url = reverse("care_consent", args=[entry.pk])
        assert set(submit(url).context["form"].errors) == {"consented_on"}
        assert submit(url, consented_on=TODAY().isoformat(), consented_by="self").status_code == 302
        entry.refresh_from_db()
        assert entry.consent_text.code == "care" and not entry.wants_consent
        assert Entry.objects.filter(verb="agree", actor=town.grid_worker).exists()

    def test_care_review_counts_for_a_year(self, town, sign_in, submit):
        entry = enter(town, since=TODAY() - timedelta(days=500))
        sign_in(town.grid_worker)
        assert submit(reverse("care_review", args=[entry.pk]), level="2").status_code == 302
        entry.refresh_from_db()
        assert entry.reviewed_on == TODAY() and not CareEntry.objects.to_review(TODAY()).exists()
        assert entry.resident.care_level == 2
        assert CareEntry.objects.to_review(TODAY() + timedelta(days=365)).exists()

    def test_care_end(self, town, sign_in, submit):
        entry = enter(town)
        sign_in(town.grid_worker)
        url = reverse("care_end", args=[entry.pk])
        assert set(submit(url, reason="").context["form"].errors) == {"reason"}
        assert set(submit(url, reason="withdrawn", on="2000-01-01").context["form"].errors) == {"on"}
        assert submit(url, reason="withdrawn", level="", note="本人电话告知").status_code == 302
        entry.refresh_from_db()
        assert (entry.ended_on, entry.ended_reason, entry.resident.care_level) == (TODAY(), "withdrawn", None)
        assert sign_in(town.grid_worker).get(url).url == entry.get_absolute_url()

    def test_sent_twice_is_once_and_the_second_of_two_is_told(self, town, sign_in, client):
        entry = enter(town)
        sign_in(town.grid_worker)
        url = reverse("care_end", args=[entry.pk])
        form = filled(client.get(url).context["form"]) | {"reason": "no_longer"}
        assert client.post(url, form).status_code == client.post(url, form).status_code == 302
        assert Entry.objects.filter(verb="end_care").count() == 1
        other = enter(town, "very_old")
        url = reverse("care_review", args=[other.pk])
        form = filled(client.get(url).context["form"])
        other.agree(by=town.secretary, consented_on=TODAY() - timedelta(days=1), consented_by="self")
        assert client.post(url, form).status_code == 409

    @pytest.mark.parametrize("page", ["care_consent", "care_review", "care_end"])
    def test_readers_are_refused_outsiders_see_nothing(self, town, sign_in, page):
        url = reverse(page, args=[enter(town).pk])
        assert sign_in(town.auditor).post(url).status_code == 403
        assert sign_in(town.outsider).post(url).status_code == 404
        assert sign_in(town.auditor).get(reverse("care_detail", args=[CareEntry.objects.get().pk])).status_code == 200


class TestConsentPrint:
    def test_the_text_in_force_with_blanks(self, town, sign_in):
        body = sign_in(town.secretary).get(reverse("consent_print", args=[town.resident.pk])).content.decode()
        assert "王秀英" in body and "第二十九条" in body and 'class="blank"' in body

    def test_for_a_child_that_of_the_guardian(self, town, sign_in):
        body = sign_in(town.secretary).get(reverse("consent_print", args=[child_of(town).pk])).content.decode()
        assert "第三十一条" in body

    def test_readers_are_refused_outsiders_see_nothing(self, town, sign_in):
        url = reverse("consent_print", args=[town.resident.pk])
        assert sign_in(town.auditor).get(url).status_code == 403
        assert sign_in(town.outsider).get(url).status_code == 404
