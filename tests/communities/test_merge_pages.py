"""Comparing, merging, proposing, undoing, splitting and joining on their pages; and where a merged record leads."""

from datetime import timedelta
from uuid import uuid4

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone

from communities.models import Building, Compound, Household, Merge, NotTheSame, Resident
from foundation.journal.models import Access, Entry
from foundation.notices.models import Notice
from tests.communities.conftest import filled
from tests.communities.test_resident import WOMAN_OF_1950
from tests.communities.twice import again, fingerprint, household, merge, resident, twins, visit
from visits.models import Visit

pytestmark = pytest.mark.django_db


def compare_url(one, other, kind="resident"):
    return reverse("merge_compare", args=[kind, one.pk, other.pk])


@pytest.fixture
def pair(town):
    return twins(town)


@pytest.fixture
def across(town):
    """One person in the secretary's community and in the next one of the street: only the street sees both."""
    other = Compound.objects.add(by=town.coordinator, client_uuid=uuid4(), community=town.next_community, name="文明院")
    there = household(town, "101", building=Building.objects.add(by=None, compound=other, name="1号楼"))
    town.resident.correct(by=None, id_number=WOMAN_OF_1950)
    return town.resident, resident(town, "欧阳长风", household=there, id_number=WOMAN_OF_1950)


class TestCompare:
    def test_side_by_side_masked_with_both_histories(self, town, pair, sign_in, sql_count):
        client = sign_in(town.secretary)
        with sql_count(at_most=60):
            answer = client.get(compare_url(*pair))
        page = answer.content.decode()
        assert "130****0123" in page and "130****0456" in page and "13000000" not in page
        form = answer.context["form"]
        assert {name for name in form.fields if name.startswith("take_")} == {
            *("take_name", "take_phone", "take_id_number", "take_is_head", "take_care_level", "take_remark", "take_sex")
        }
        history = {str(label): numbers for label, *numbers in answer.context["two"].history}
        assert [3, 3] not in (history,)
        assert sorted(map(tuple, history.values()), reverse=True)[0] == (3, 3)  # issues, one of them through an opinion

    def test_a_grid_worker_learns_nothing_of_what_was_said_in_confidence(self, town, pair, sign_in):
        history = sign_in(town.grid_worker).get(compare_url(*pair)).context["two"].history
        assert (2, 2) in {tuple(numbers) for _label, *numbers in history}
        assert (3, 3) not in {tuple(numbers) for _label, *numbers in history}

    def test_the_chosen_values_stay(self, town, pair, sign_in, submit):
        sign_in(town.secretary)
        answer = submit(compare_url(*pair), stays="second", take_name="first", take_phone="second", take_remark="first")
        done = Merge.objects.get()
        assert answer.url == done.get_absolute_url()
        kept, gone = again(pair[1]), again(pair[0])
        assert (done.kept_id, done.gone_id) == (kept.pk, gone.pk)
        assert (kept.name, kept.phone, kept.remark, gone.merged_into) == ("王秀英", "13000000456", "", kept)

    def test_what_is_offered_is_the_fuller(self, town, pair, sign_in):
        form = sign_in(town.secretary).get(compare_url(*pair)).context["form"]
        offered = {name: field.initial for name, field in form.fields.items() if name.startswith("take_")}
        assert offered["take_remark"] == "second" and offered["take_is_head"] == "first"
        assert offered["take_id_number"] == offered["take_care_level"] == "first"

    def test_sent_twice_is_one_merge(self, town, pair, sign_in, client):
        sign_in(town.secretary)
        url = compare_url(*pair)
        sent = filled(client.get(url).context["form"])
        assert client.post(url, sent).url == client.post(url, sent).url == Merge.objects.get().get_absolute_url()

    def test_of_two_who_compare_one_looks_again(self, town, pair, sign_in, client):
        sign_in(town.secretary)
        url = compare_url(*pair)
        sent = filled(client.get(url).context["form"])
        again(pair[1]).correct(by=town.cadre, remark="又改了")
        answer = client.post(url, sent)
        assert answer.status_code == 409 and "又改了" in answer.content.decode()
        assert not Merge.objects.exists()
        sent = filled(answer.context["form"])
        assert client.post(url, sent).status_code == 302

    def test_invalid_changes_nothing(self, town, pair, sign_in, submit):
        sign_in(town.secretary)
        for typed in ({"stays": "third"}, {"take_name": "x"}, {"why": "fun"}):
            answer = submit(compare_url(*pair), **typed)
            assert answer.status_code == 200 and set(answer.context["form"].errors) == set(typed)
        assert not Merge.objects.exists()

    def test_merged_already_leads_to_the_one(self, town, pair, sign_in):
        merge(town, *pair)
        answer = sign_in(town.secretary).get(compare_url(*pair))
        assert (answer.status_code, answer.url) == (302, pair[0].get_absolute_url())

    def test_readers_are_refused_outsiders_see_nothing(self, town, pair, sign_in):
        for url in (compare_url(*pair), reverse("merge_propose", args=["resident", pair[0].pk, pair[1].pk])):
            assert sign_in(town.auditor).post(url).status_code == 403
            assert sign_in(town.outsider).post(url).status_code == 404
        assert sign_in(town.secretary).get(reverse("merge_compare", args=["person", 1, 2])).status_code == 404
        assert sign_in(town.secretary).get(compare_url(pair[0], pair[0])).status_code == 404

    def test_what_was_said_before_stands_above(self, town, pair, sign_in):
        NotTheSame.objects.say(by=town.cadre, client_uuid=uuid4(), one=pair[0], other=pair[1], reason="姐妹")
        assert "姐妹" in sign_in(town.secretary).get(compare_url(*pair)).content.decode()


class TestPropose:
    def test_who_sees_only_one_proposes_and_the_street_decides(self, town, across, sign_in):
        own, other = across
        client = sign_in(town.secretary)
        page = client.get(compare_url(own, other)).content.decode()
        assert "欧阳" not in page and "文明院" not in page and own.name in page
        url = reverse("merge_propose", args=["resident", own.pk, other.pk])
        assert client.post(url).status_code == client.post(url).status_code == 302
        notice = Notice.objects.get(kind="merge_proposed")
        assert notice.recipient == town.coordinator and notice.params == {}
        assert Entry.objects.filter(verb="propose_merge").count() == 1
        client = sign_in(town.coordinator)
        assert client.get(notice.url).status_code == 200
        assert "欧阳长风" in client.get(notice.url).content.decode()

    def test_she_cannot_merge_by_force(self, town, across, sign_in):
        answer = sign_in(town.secretary).post(compare_url(*across), {"stays": "first", "why": "same"})
        assert answer.status_code == 200 and not Merge.objects.exists()
        url = reverse("duplicate_decline", args=["resident", across[0].pk, across[1].pk])
        assert sign_in(town.secretary).post(url).status_code == 403

    def test_two_strangers_are_no_pair(self, town, across, sign_in):
        """Trying numbers tells nothing about people outside the own area."""
        stranger = resident(town, "李四", household=across[1].household)
        assert sign_in(town.secretary).get(compare_url(across[0], stranger)).status_code == 404

    def test_merged_across_areas_the_rights_are_those_of_the_one_that_stays(self, town, across, sign_in):
        own, other = across
        seen_by = resident(town, "李四", household=other.household)
        done = merge(town, other, again(own))
        client = sign_in(town.secretary)
        answer = client.get(own.get_absolute_url())
        assert answer.status_code == 404 and "欧阳" not in answer.content.decode()
        assert client.get(done.get_absolute_url()).status_code == 200
        assert "欧阳" not in client.get(done.get_absolute_url()).content.decode()
        assert client.get(reverse("merge_undo", args=[done.pk])).status_code == 403
        client = sign_in(town.coordinator)
        assert client.get(own.get_absolute_url()).url == other.get_absolute_url()
        assert client.get(reverse("merge_undo", args=[done.pk])).status_code == 200
        assert seen_by


class TestMergedPages:
    def test_pages_lead_on_and_forms_arrive(self, town, pair, sign_in, client):
        kept, gone = pair
        merge(town, kept, gone)
        sign_in(town.secretary)
        answer = client.get(reverse("resident_edit", args=[gone.pk]))
        assert (answer.status_code, answer.url) == (302, reverse("resident_edit", args=[kept.pk]))
        answer = client.get(reverse("resident_reveal", args=[gone.pk]) + "?what=phone")
        assert answer.url == reverse("resident_reveal", args=[kept.pk]) + "?what=phone"
        answer = client.post(
            reverse("resident_reveal", args=[gone.pk]), {"what": "phone", "reason": "预约走访"}, follow=True
        )
        assert "13000000123" in answer.content.decode()
        assert Access.objects.get().subject_id == kept.pk

    def test_a_visit_sent_for_the_old_household_is_logged_for_the_new(self, town, pair, sign_in, client):
        kept, gone = town.household, pair[1].household
        sign_in(town.secretary)
        url = reverse("visit_create", args=[gone.pk])
        sent = filled(client.get(url).context["form"]) | {"outcome": "nobody_home"}
        sent |= {"opinions-TOTAL_FORMS": "0", "opinions-INITIAL_FORMS": "0"}
        merge(town, kept, gone)
        number = Visit.objects.filter(household=kept).count()
        answer = client.post(url, sent)
        assert (answer.status_code, answer.url) == (307, reverse("visit_create", args=[kept.pk]))
        client.post(answer.url, sent)
        assert Visit.objects.filter(household=kept).count() == number + 1

    def test_lists_name_the_person_once(self, town, pair, sign_in):
        merge(town, town.household, pair[1].household)
        merge(town, *map(again, pair))
        page = sign_in(town.secretary).get("/communities/households/").content.decode()
        assert page.count("王**") == 1


class TestUndoPage:
    @pytest.fixture
    def done(self, town, pair):
        return merge(town, *pair, take=["phone"])

    @pytest.fixture
    def url(self, done):
        return reverse("merge_undo", args=[done.pk])

    def test_undone_once(self, town, done, url, sign_in, client):
        sign_in(town.secretary)
        sent = filled(client.get(url).context["form"])
        assert client.post(url, sent).url == client.post(url, sent).url == done.get_absolute_url()
        assert Entry.objects.filter(verb="undo").count() == 1
        page = client.get(done.get_absolute_url()).content.decode()
        assert "周建平" in page and url not in page

    def test_too_late(self, town, done, url, sign_in, client):
        sign_in(town.secretary)
        sent = filled(client.get(url).context["form"])
        with time_machine.travel(timezone.now() + timedelta(days=31), tick=False):
            client.force_login(town.secretary)
            client.get("/inbox/")
            before = fingerprint()["communities.resident"]
            assert client.post(url, sent).status_code == 403
            assert fingerprint()["communities.resident"] == before
            assert url not in client.get(done.get_absolute_url()).content.decode()

    def test_the_list_names_them_masked(self, town, done, sign_in, sql_count):
        client = sign_in(town.secretary)
        page = client.get("/communities/merges/").content.decode()
        assert "王**" in page and "王秀英" not in page
        counts = []
        for number in (0, 19):
            for n in range(number):
                merge(town, resident(town, f"甲{n}"), resident(town, f"乙{n}"))
            with sql_count() as queries:
                assert len(client.get("/communities/merges/").context["rows"]) == number + 1
            counts.append(len(queries))
        assert counts[0] == counts[1]
        assert "merge_detail" and client.get(done.get_absolute_url()).status_code == 200

    def test_readers_read_outsiders_see_nothing(self, town, done, url, sign_in):
        client = sign_in(town.auditor)
        assert (client.get(done.get_absolute_url()).status_code, client.post(url).status_code) == (200, 403)
        client = sign_in(town.outsider)
        assert (client.get(done.get_absolute_url()).status_code, client.post(url).status_code) == (404, 404)
        assert client.get("/communities/merges/").context["rows"] == []
        assert sign_in(town.handler).get("/communities/merges/").status_code == 403


class TestHouseholdSplit:
    @pytest.fixture
    def url(self, town):
        return reverse("household_split", args=[town.household.pk])

    def test_the_same_door_with_a_number_is_offered(self, town, url, sign_in, submit):
        son = resident(town, "王小明")
        visit(town, town.household)
        sign_in(town.grid_worker)
        answer = submit(url, residents=[son.pk], occupancy="tenant")
        done = Merge.objects.get()
        assert answer.url == done.get_absolute_url()
        new = again(son).household
        assert (new.door, new.building, new.occupancy) == ("201(2)", town.building, "tenant")
        assert again(town.resident).household == town.household
        assert Visit.objects.get().household == town.household
        assert Entry.objects.filter(verb="split").count() == 3

    def test_sent_twice_is_one_household(self, town, url, sign_in, client):
        son = resident(town, "王小明")
        sign_in(town.secretary)
        sent = filled(client.get(url).context["form"]) | {"residents": [son.pk]}
        assert client.post(url, sent).url == client.post(url, sent).url
        assert Household.objects.count() == 2

    def test_invalid_changes_nothing(self, town, url, sign_in, submit):
        son = resident(town, "王小明")
        household(town, "202")
        sign_in(town.secretary)
        for wrong, typed in (
            ("residents", {"residents": []}),
            ("residents", {"residents": [son.pk, town.resident.pk]}),
            ("door", {"residents": [son.pk], "door": "202"}),
            ("building", {"residents": [son.pk], "building": ""}),
        ):
            answer = submit(url, **typed)
            assert answer.status_code == 200 and set(answer.context["form"].errors) == {wrong}, typed
        assert Household.objects.count() == 2 and not Merge.objects.exists()

    def test_readers_are_refused_outsiders_see_nothing(self, town, url, sign_in):
        join = reverse("household_join", args=[town.household.pk])
        for address in (url, join):
            assert sign_in(town.auditor).post(address).status_code == 403
            assert sign_in(town.outsider).post(address).status_code == 404


class TestHouseholdJoin:
    def test_found_compared_and_joined(self, town, pair, sign_in, submit):
        other = pair[1].household
        client = sign_in(town.secretary)
        url = reverse("household_join", args=[town.household.pk])
        link = compare_url(town.household, other, "household") + "?why=joined"
        assert link in client.get(url).content.decode()
        assert link in client.post(url, {"q": "202"}).content.decode()
        assert link not in client.post(url, {"q": "909"}).content.decode()
        page = client.get(link)
        assert page.context["form"]["stays"].value() == "first"
        submit(link)
        done = Merge.objects.get()
        assert (done.why, done.kept, done.gone) == ("joined", town.household, other)
        assert Resident.objects.filter(household=town.household).count() == 2
