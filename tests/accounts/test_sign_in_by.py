"""Signing in by mobile phone, e-mail or user name: three names of one account, and never of two."""

import logging

import pytest
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.db import connection
from django.urls import reverse

from accounts.models import User
from foundation.fields import keyed_hash
from foundation.journal.models import Entry
from foundation.journal.moves import Conflict
from tests.town import PASSWORD

pytestmark = pytest.mark.django_db
PHONE = "13000000777"
SPELLINGS = ["secretary", "Secretary", "SECRETARY@example.org", PHONE, "+86 130-0000-0777", "１３０００００ ０７７７"]


@pytest.fixture
def phone(town):
    town.secretary.correct(by=town.admin_of_district, phone="130 0000 0777")
    return PHONE


def sign_in(client, login, password=PASSWORD):
    return client.post(reverse("account_login"), {"login": login, "password": password})


class TestOneBox:
    @pytest.mark.parametrize("login", SPELLINGS)
    def test_each_spelling_opens(self, client, town, phone, login):
        assert sign_in(client, login).status_code == 302
        assert client.session["_auth_user_id"] == str(town.secretary.pk)

    @pytest.mark.parametrize("login", ["13000000778", "nobody@example.org", "", " ", "@", "1"])
    def test_what_belongs_to_nobody_opens_nothing(self, client, town, phone, login):
        assert sign_in(client, login).status_code == 200
        assert "_auth_user_id" not in client.session

    def test_people_without_phone_and_mail_are_not_found_by_nothing(self, town):
        assert User.objects.called("") is None
        assert User.objects.called("@") is None

    def test_it_is_one_query_whatever_is_typed(self, town, phone, sql_count):
        for login in SPELLINGS:
            with sql_count(at_most=1):
                assert User.objects.called(login) == town.secretary

    def test_three_spellings_do_not_give_three_times_the_tries(self, client, town, phone):
        for number, login in enumerate(SPELLINGS[:5]):
            post = {"login": login, "password": "not-the-password"}
            client.post(reverse("account_login"), post, REMOTE_ADDR=f"10.0.0.{number}")
        for login in SPELLINGS:
            assert sign_in(client, login).status_code == 200
        assert "_auth_user_id" not in client.session

    def test_a_wrong_password_reads_the_same_for_known_and_unknown(self, client, town, phone):
        answers = [
            sign_in(client, login, "not-it").context["form"].errors for login in (PHONE, "13000000999", "x@y.org")
        ]
        assert answers[0] == answers[1] == answers[2]

    def test_nothing_of_it_is_logged(self, client, town, phone, caplog):
        with caplog.at_level(logging.DEBUG):
            sign_in(client, "130 0000 0777", "a-typed-password")
            sign_in(client, "secretary@example.org", "a-typed-password")
        logged = "\n".join(record.getMessage() for record in caplog.records if record.name != "django.db.backends")
        assert not any(secret in logged for secret in (PHONE, "0777", "secretary@", "a-typed-password"))

    def test_neither_phone_nor_mail_stands_in_the_session(self, client, town, phone):
        sign_in(client, PHONE)
        assert PHONE not in str(dict(client.session))

    def test_disabled_is_disabled_by_every_name(self, client, town, phone):
        town.secretary.disable(by=None, reason="离职")
        for login in SPELLINGS:
            cache.clear()
            sign_in(client, login)
        assert "_auth_user_id" not in client.session


class TestNoTwo:
    @pytest.mark.parametrize("name", ["13000000777", "+8613000000777", "x@y.org", "0396-1234567"])
    def test_a_user_name_that_looks_like_an_address_is_refused(self, town, name):
        with pytest.raises(ValidationError):
            User.objects.create_user(name, PASSWORD, name="新人")

    def test_the_same_phone_twice(self, town, phone):
        with pytest.raises(Conflict):
            town.cadre.correct(by=None, phone="130-0000-0777")
        town.cadre.refresh_from_db()
        assert town.cadre.phone == ""

    def test_the_same_mail_in_capitals(self, town):
        with pytest.raises(Conflict):
            town.cadre.correct(by=None, email="Secretary@Example.org")

    def test_many_may_have_none(self, town):
        assert User.objects.filter(phone_hash="", email="").count() > 1

    def test_it_lies_encrypted(self, town, phone):
        stored = User.objects.values_list("phone_hash", flat=True).get(pk=town.secretary.pk)
        assert stored == keyed_hash(PHONE)
        with connection.cursor() as cursor:
            cursor.execute("SELECT phone FROM accounts_user WHERE id = %s", [town.secretary.pk])
            assert PHONE not in cursor.fetchone()[0]


class TestOwnPage:
    """account_edit"""

    @pytest.fixture
    def signed_in(self, client, town):
        sign_in(client, "secretary")
        return client

    def form(self, client, **typed):
        shown = client.get(reverse("account_edit")).context["form"]
        return {"seen": shown["seen"].value(), "key": shown["key"].value(), "email": "secretary@example.org"} | typed

    def test_works_and_the_journal_holds_names_of_fields_only(self, signed_in, town):
        answer = signed_in.post(
            reverse("account_edit"), self.form(signed_in, phone="130 0000 0555", email="zhou@example.org")
        )
        assert answer["Location"] == reverse("account_overview")
        town.secretary.refresh_from_db()
        assert (town.secretary.phone, town.secretary.email) == ("13000000555", "zhou@example.org")
        entry = Entry.objects.get(verb="correct", subject_id=town.secretary.pk, subject_type="accounts.user")
        assert entry.fields == ["email", "phone"]
        assert "555" not in str(entry.data)
        page = signed_in.get(reverse("account_overview")).content.decode()
        assert "130****0555" in page
        assert "13000000555" not in page

    def test_an_empty_field_keeps_the_number_and_the_tick_takes_it_away(self, signed_in, town, phone):
        page = signed_in.get(reverse("account_edit")).content.decode()
        assert PHONE not in page
        assert "130****0777" in page
        signed_in.post(reverse("account_edit"), self.form(signed_in))
        town.secretary.refresh_from_db()
        assert town.secretary.phone == PHONE
        signed_in.post(reverse("account_edit"), self.form(signed_in, drop_phone="on"))
        town.secretary.refresh_from_db()
        assert (town.secretary.phone, town.secretary.phone_hash) == ("", "")

    @pytest.mark.parametrize(
        ("field", "value"),
        [("phone", "12345"), ("phone", "13000000666"), ("email", "DISTRICT@example.org"), ("email", "x")],
    )
    def test_invalid_changes_nothing(self, signed_in, town, field, value):
        town.cadre.correct(by=None, phone="13000000666")
        answer = signed_in.post(reverse("account_edit"), self.form(signed_in, **{field: value}))
        assert list(answer.context["form"].errors) == [field]
        town.secretary.refresh_from_db()
        assert (town.secretary.phone, town.secretary.email) == ("", "secretary@example.org")

    def test_twice_is_once(self, signed_in, town):
        form = self.form(signed_in, phone="13000000555")
        for _time in range(2):
            assert signed_in.post(reverse("account_edit"), form).status_code == 302
        town.secretary.refresh_from_db()
        assert town.secretary.version == 2

    def test_long_after_signing_in_one_says_again_who_one_is(self, signed_in, town):
        form = self.form(signed_in, phone="13000000555")
        session = signed_in.session
        session["account_authentication_methods"] = []
        session.save()
        assert signed_in.post(reverse("account_edit"), form)["Location"].startswith(reverse("account_reauthenticate"))
        town.secretary.refresh_from_db()
        assert town.secretary.phone == ""
