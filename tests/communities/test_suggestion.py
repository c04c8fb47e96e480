"""更正建议: who sees but may not change says what is wrong; who may change decides."""

from uuid import uuid4

import pytest
from django.urls import reverse

from communities.access import Role
from communities.models import Assignment, Compound, Suggestion
from communities.models.suggestion import SUGGESTIBLE
from foundation.journal.models import Access, Entry
from foundation.notices.models import Notice
from tests.town import LONG_AGO, issue_at, person

pytestmark = pytest.mark.django_db
LIST = "/communities/suggestions/"


def create_url(kind, row, field=""):
    return reverse("suggestion_create", args=[kind, row.pk]) + (f"?field={field}" if field else "")


def page(name, suggestion):
    return reverse(f"suggestion_{name}", args=[suggestion.pk])


@pytest.fixture
def address(town):
    """The grid worker says where the compound lies."""
    return Suggestion.objects.suggest(
        by=town.grid_worker,
        client_uuid=uuid4(),
        row=town.compound,
        field="address",
        value="橡林路8号",
        reason="门牌如此",
    )


@pytest.fixture
def phone(town):
    return Suggestion.objects.suggest(
        by=town.auditor, client_uuid=uuid4(), row=town.resident, field="phone", value="13000000777", reason="本人来电"
    )


class TestSuggestionCreate:
    def test_first_the_field_then_the_value(self, town, sign_in, submit):
        client = sign_in(town.grid_worker)
        offered = [name for name, _label in client.get(create_url("compound", town.compound)).context["fields"]]
        assert offered == list(SUGGESTIBLE["compound"])
        answer = submit(create_url("compound", town.compound, "built_year"), value="1986", reason="门口铭牌")
        suggestion = Suggestion.objects.get()
        assert answer.url == suggestion.get_absolute_url()
        assert (suggestion.kind, suggestion.field, suggestion.new_value) == ("compound", "built_year", 1986)
        assert (suggestion.status, suggestion.area_path) == ("open", town.compound.area_path)

    def test_the_secretary_is_told(self, town, address):
        told = Notice.objects.filter(kind="suggestion_made")
        assert {notice.recipient for notice in told} == {town.secretary, town.deputy}

    def test_the_value_is_checked_as_a_correction_is(self, town, sign_in, submit):
        sign_in(town.grid_worker)
        for field, typed in (
            ("built_year", "1600"),
            ("built_year", "x"),
            ("name", ""),
            ("kind", "moon"),
            ("name", "橡林小区"),
        ):
            answer = submit(create_url("compound", town.compound, field), value=typed, reason="门牌如此")
            assert answer.status_code == 200 and answer.context["form"].errors["value"], (field, typed)
            assert answer.context["form"]["reason"].value() == "门牌如此"
        sign_in(town.auditor)
        for field, typed in (("phone", "123"), ("id_number", "420199194205060024"), ("born_on", "2999-01-01")):
            answer = submit(create_url("resident", town.resident, field), value=typed, reason="本人说")
            assert answer.context["form"].errors["value"], (field, typed)
        assert not Suggestion.objects.exists()

    def test_a_door_that_is_taken_is_refused(self, town, sign_in, submit):
        town.compound.add_household(by=None, client_uuid=uuid4(), building="3号楼", stair="1", door="202")
        sign_in(town.auditor)
        answer = submit(create_url("household", town.household, "door"), value="202", reason="门牌如此")
        assert answer.context["form"].errors["value"]

    def test_only_fields_of_the_list(self, town, sign_in):
        client = sign_in(town.grid_worker)
        for field in ("remark", "responsible", "management", "area_path", "moon"):
            assert "form" not in client.get(create_url("compound", town.compound, field)).context
        assert client.get(reverse("suggestion_create", args=["issue", 1])).status_code == 404
        with pytest.raises(ValueError, match="remark"):
            Suggestion.objects.suggest(
                by=town.cadre, client_uuid=uuid4(), row=town.compound, field="remark", value="x", reason="y"
            )

    def test_who_may_change_corrects_at_once(self, town, sign_in):
        answer = sign_in(town.secretary).get(create_url("compound", town.compound))
        assert answer.url == reverse("compound_edit", args=[town.compound.pk])

    def test_outsiders_find_nothing(self, town, sign_in):
        for who in (town.outsider, town.handler, town.idle):
            assert sign_in(who).get(create_url("resident", town.resident)).status_code == 404

    def test_the_same_again_joins_and_is_no_second_one(self, town, address):
        again = Suggestion.objects.suggest(
            by=town.cadre, client_uuid=uuid4(), row=town.compound, field="address", value="橡林路8号", reason="我也看到"
        )
        assert again == address and list(address.backers.all()) == [town.cadre]
        address.join(by=town.cadre)
        address.join(by=town.grid_worker)
        assert address.backers.count() == 1
        assert Suggestion.objects.of(town.cadre).get() == address

    def test_the_same_form_twice_is_one(self, town, sign_in, client):
        sign_in(town.grid_worker)
        typed = {"client_uuid": str(uuid4()), "value": "橡林路8号", "reason": "门牌"}
        url = create_url("compound", town.compound, "address")
        assert client.post(url, typed).url == client.post(url, typed).url
        assert Suggestion.objects.count() == 1

    def test_a_secret_is_encrypted_and_masked_everywhere(self, town, phone, sign_in):
        from django.db import connection

        with connection.cursor() as cursor:
            cursor.execute("SELECT value, former, fingerprint FROM communities_suggestion")
            stored = " ".join(cursor.fetchone())
        assert "13000000777" not in stored and "13000000123" not in stored
        for who in (town.auditor, town.secretary):
            client = sign_in(who)
            for url in (phone.get_absolute_url(), f"{LIST}?show=all"):
                body = client.get(url).content.decode()
                assert "13000000777" not in body and "13000000123" not in body
                assert "130****0777" in body
        assert "13000000777" not in "".join(str(entry.data) for entry in Entry.objects.all())


class TestSuggestionFind:
    URL = "/communities/suggestions/find/"

    def test_a_neighbour_may_say_that_a_sign_is_wrong(self, town, sign_in, submit):
        neighbour = person("neighbour", "韩梅", Role.SECRETARY, place=town.other_community.code)
        client = sign_in(neighbour)
        found = client.post(self.URL, {"q": "橡林小区"}).context["found"]
        assert [row for _kind, row, _thing in found] == [town.compound]
        assert client.get(town.compound.get_absolute_url()).status_code == 404
        answer = submit(create_url("compound", town.compound, "address"), value="橡林路8号", reason="路过看到")
        body = client.get(answer.url).content.decode()
        assert "橡林路8号" in body and town.compound.get_absolute_url() not in body

    def test_not_beyond_the_district_and_never_people(self, town, sign_in):
        client = sign_in(town.outsider)
        assert client.post(self.URL, {"q": "橡林小区"}).context["found"] == []
        neighbour = person("neighbour", "韩梅", Role.SECRETARY, place=town.other_community.code)
        client = sign_in(neighbour)
        assert client.post(self.URL, {"q": "王秀英"}).context["found"] == []
        for kind, row in (("resident", town.resident), ("household", town.household)):
            assert client.get(create_url(kind, row)).status_code == 404


class TestHandlers:
    """Who handles an issue calls the person who raised it, and may say that the number is wrong; nothing else."""

    def test_the_handler_of_an_open_order(self, town, sign_in, submit):
        issue_at("in_progress", town)
        client = sign_in(town.handler)
        [(name, _label)] = client.get(create_url("resident", town.resident)).context["fields"]
        assert name == "phone"
        answer = submit(create_url("resident", town.resident, "phone"), value="13000000888", reason="空号，家属告知")
        suggestion = Suggestion.objects.get()
        assert answer.url == suggestion.get_absolute_url()
        body = client.get(suggestion.get_absolute_url()).content.decode()
        assert "王秀英" not in body and "13000000123" not in body

    def test_not_after_the_work(self, town, sign_in):
        issue_at("closed", town)
        assert sign_in(town.handler).get(create_url("resident", town.resident)).status_code == 404
        assert sign_in(town.property_handler).get(create_url("resident", town.resident)).status_code == 404

    def test_a_team_on_one_compound(self, town, sign_in):
        Assignment.objects.assign(
            by=None, user=town.idle, role=Role.STREET_CADRE, since=LONG_AGO, compound=town.compound
        )
        client = sign_in(town.idle)
        assert client.get(create_url("compound", town.compound)).status_code == 200
        suggestion = Suggestion.objects.suggest(
            by=town.auditor, client_uuid=uuid4(), row=town.household, field="occupancy", value="tenant", reason="敲门"
        )
        assert client.get(suggestion.get_absolute_url()).status_code == 200
        assert suggestion.may_be_decided_by(town.idle)


class TestSuggestionAccept:
    def send(self, client, suggestion, **typed):
        form = client.get(suggestion.get_absolute_url()).context["accept_form"]
        values = {name: form[name].value() for name in ("seen", "key", "row_seen")}
        return client.post(page("accept", suggestion), values | typed), values

    def test_carries_the_correction_out(self, town, address, sign_in):
        answer, _sent = self.send(sign_in(town.secretary), address)
        assert answer.url == address.get_absolute_url()
        town.compound.refresh_from_db()
        address.refresh_from_db()
        assert (town.compound.address, address.status, address.decided_by) == ("橡林路8号", "accepted", town.secretary)
        entry = Entry.objects.get(subject_type="communities.compound", verb="correct")
        assert (entry.actor, entry.data["suggested_by"]) == (town.secretary, town.grid_worker.pk)
        history = sign_in(town.secretary).get(reverse("compound_history", args=[town.compound.pk])).content.decode()
        assert "吴晓" in history and "橡林路8号" in history

    def test_those_who_said_so_are_told(self, town, address, sign_in):
        address.join(by=town.cadre)
        self.send(sign_in(town.secretary), address)
        told = Notice.objects.filter(kind="suggestion_decided")
        assert {notice.recipient for notice in told} == {town.grid_worker, town.cadre}

    def test_a_secret_goes_into_its_place(self, town, phone, sign_in):
        self.send(sign_in(town.secretary), phone)
        town.resident.refresh_from_db()
        assert town.resident.phone == "13000000777"
        assert type(town.resident).objects.with_phone("13000000777").exists()

    def test_dates_and_numbers_come_back_as_such(self, town, sign_in):
        from datetime import date

        born = Suggestion.objects.suggest(
            by=town.auditor,
            client_uuid=uuid4(),
            row=town.resident,
            field="born_on",
            value=date(1942, 5, 7),
            reason="身份证",
        )
        self.send(sign_in(town.secretary), born)
        town.resident.refresh_from_db()
        assert town.resident.born_on == date(1942, 5, 7)

    def test_changed_since_it_must_be_compared(self, town, address, sign_in):
        town.compound.correct(by=town.secretary, address="橡林路9号")
        client = sign_in(town.secretary)
        answer, _sent = self.send(client, address)
        assert answer.status_code == 200 and answer.context["accept_form"].errors["compared"]
        body = answer.content.decode()
        assert "橡林路8号" in body and "橡林路9号" in body
        town.compound.refresh_from_db()
        assert town.compound.address == "橡林路9号"
        self.send(client, address, compared="on")
        town.compound.refresh_from_db()
        assert town.compound.address == "橡林路8号"

    def test_changed_while_it_was_on_the_screen_is_a_conflict(self, town, address, sign_in):
        client = sign_in(town.secretary)
        form = client.get(address.get_absolute_url()).context["accept_form"]
        values = {name: form[name].value() for name in ("seen", "key", "row_seen")}
        town.compound.correct(by=town.coordinator, built_year=1990)
        answer = client.post(page("accept", address), values)
        assert answer.status_code == 409
        address.refresh_from_db()
        town.compound.refresh_from_db()
        assert (address.status, town.compound.address) == ("open", "")

    def test_twice_is_once(self, town, address, sign_in):
        client = sign_in(town.secretary)
        _answer, sent = self.send(client, address)
        assert client.post(page("accept", address), sent).url == address.get_absolute_url()
        assert Entry.objects.filter(subject_type="communities.suggestion", verb="accept").count() == 1
        other = client.post(page("accept", address), sent | {"key": str(uuid4())})
        assert other.status_code in (403, 409)

    def test_readers_are_refused_outsiders_see_nothing(self, town, address, sign_in):
        for who in (town.cadre, town.grid_worker, town.auditor):
            assert sign_in(who).post(page("accept", address)).status_code == 403
        for who in (town.outsider, town.handler):
            assert sign_in(who).post(page("accept", address)).status_code == 404
        assert Compound.objects.get(pk=town.compound.pk).address == ""


class TestSuggestionDecline:
    def test_needs_a_reason_which_is_read_by_who_suggested(self, town, address, sign_in, submit):
        sign_in(town.secretary)
        assert submit(page("decline", address), answer="").context["form"].errors["answer"]
        assert submit(page("decline", address), answer="那是北门，地址以南门为准").url == address.get_absolute_url()
        address.refresh_from_db()
        assert (address.status, address.decided_by) == ("declined", town.secretary)
        assert "南门" in sign_in(town.grid_worker).get(address.get_absolute_url()).content.decode()
        assert Compound.objects.get(pk=town.compound.pk).address == ""

    def test_then_it_may_be_suggested_again(self, town, address):
        address.decline(by=town.secretary, answer="再核实")
        again = Suggestion.objects.suggest(
            by=town.cadre, client_uuid=uuid4(), row=town.compound, field="address", value="橡林路8号", reason="门牌"
        )
        assert again.pk != address.pk


class TestSuggestionWithdraw:
    def test_by_who_made_it_only(self, town, address, sign_in, submit):
        assert sign_in(town.secretary).post(page("withdraw", address)).status_code == 403
        sign_in(town.grid_worker)
        submit(page("withdraw", address))
        address.refresh_from_db()
        assert address.status == "withdrawn"
        assert sign_in(town.secretary).get(LIST).context["waiting"] == 0


class TestSuggestionReveal:
    def test_for_a_reason_that_is_logged(self, town, phone, sign_in, submit):
        client = sign_in(town.secretary)
        assert submit(page("reveal", phone), reason="").context["form"].errors
        answer = submit(page("reveal", phone), reason="核对号码")
        assert "13000000777" in answer.content.decode() and "no-store" in answer["Cache-Control"]
        access = Access.objects.get()
        assert (access.actor, access.what, access.reason, access.subject_id) == (
            town.secretary,
            "phone",
            "核对号码",
            town.resident.pk,
        )
        assert "13000000777" not in client.get(page("reveal", phone)).content.decode()

    def test_nothing_to_reveal_of_an_address(self, town, address, sign_in):
        assert sign_in(town.secretary).get(page("reveal", address)).status_code == 404


class TestSuggestionList:
    def test_to_decide_mine_and_all(self, town, address, phone, sign_in):
        def shown(who, show=""):
            return [row.pk for row in sign_in(who).get(LIST, {"show": show}).context["page"].object_list]

        assert shown(town.secretary) == [phone.pk, address.pk]
        assert shown(town.grid_worker) == [phone.pk]  # people he may change himself
        assert shown(town.grid_worker, "mine") == [address.pk]
        assert shown(town.outsider, "all") == shown(town.handler, "all") == []

    @pytest.mark.parametrize("rows", [1, 20])
    def test_queries(self, town, sign_in, sql_count, rows):
        for number in range(rows):
            Suggestion.objects.suggest(
                by=town.auditor, client_uuid=uuid4(), row=town.household, field="door", value=f"{number}", reason="门牌"
            )
        client = sign_in(town.secretary)
        with sql_count(at_most=8):
            assert len(client.get(LIST).context["page"].object_list) == rows
