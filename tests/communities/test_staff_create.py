"""Opening an account with its first post."""

import uuid

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from communities.access import Role, posts_of
from communities.models import AuditEntry, Staff, Unit
from foundation.journal.models import Entry
from foundation.journal.moves import NotAllowed
from tests.communities.conftest import filled

pytestmark = pytest.mark.django_db
ADD = "/staff/add/"


def at(kind, words=""):
    return f"{ADD}?kind={kind}" + (f"&words={words}" if words else "")


@pytest.fixture
def add(client):
    """`add(kind, target, …)` sends the form of this kind of post."""

    def adding(kind, where=None, **typed):
        form = filled(client.get(at(kind)).context["form"])
        facts = {"name": "新书记", "username": "new-secretary"} | ({"target": where.pk} if where else {})
        return client.post(at(kind), form | facts | typed)

    return adding


class TestWorks:
    def test_a_secretary(self, town, sign_in, add):
        sign_in(town.admin_of_district)
        answer = add("secretary", town.next_community, email="new@example.org", office_phone="0396-1234567")
        assert answer.status_code == 200
        assert "no-store" in answer["Cache-Control"]
        password = answer.context["password"]
        assert password in answer.content.decode()
        new = User.objects.get(username="new-secretary")
        assert [(post.role, post.path) for post in posts_of(new)] == [("secretary", "411702007001")]
        assert new.must_change_password
        stranger = Client()
        stranger.post(reverse("account_login"), {"login": "new-secretary", "password": password})
        assert stranger.get(reverse("home"))["Location"] == reverse("account_change_password")

    def test_a_handler_of_a_unit(self, town, sign_in, add):
        sign_in(town.admin_of_district)
        add("handler", town.bureau)
        new = User.objects.get(username="new-secretary")
        assert [post.unit for post in posts_of(new)] == [town.bureau]

    def test_a_substitute(self, town, sign_in, add):
        sign_in(town.admin_of_district)
        add("secretary", town.community, stands_in_for=town.secretary.pk)
        assert posts_of(User.objects.get(username="new-secretary"))[0].stands_in_for == town.secretary

    def test_a_team_on_one_compound_for_a_time(self, town, sign_in, add):
        sign_in(town.admin_of_district)
        assert add("street_cadre.compound", town.compound).status_code == 200
        assert not User.objects.filter(username="new-secretary").exists()
        add("street_cadre.compound", town.compound, until="2099-12-31")
        assert posts_of(User.objects.get(username="new-secretary"))[0].compound == town.compound

    def test_a_role_that_sees_a_district_needs_the_second_factor(self, town, sign_in, add):
        sign_in(town.admin_of_district)
        add("auditor", town.district)
        assert User.objects.get(username="new-secretary").second_factor_required

    def test_a_system_admin_by_a_system_admin(self, town, sign_in, add):
        sign_in(town.system_admin)
        add("admin")
        assert posts_of(User.objects.get(username="new-secretary"))[0].path == ""

    def test_the_auditor_of_the_district_sees_who_was_let_in(self, town, sign_in, add):
        sign_in(town.system_admin)
        add("secretary", town.next_community)
        seen = AuditEntry.objects.visible_to(town.auditor).filter(actor=town.system_admin)
        assert set(seen.values_list("verb", flat=True)) == {"enlist", "assign"}

    def test_no_password_stands_in_the_journal_or_the_database(self, town, sign_in, add):
        sign_in(town.admin_of_district)
        password = add("secretary", town.next_community).context["password"]
        assert password not in str(list(Entry.objects.values()))
        assert password not in str(list(User.objects.values()))


class TestTwice:
    def test_sent_twice_is_one_account_and_one_showing(self, town, sign_in, client):
        sign_in(town.admin_of_district)
        form = filled(client.get(at("secretary")).context["form"])
        form |= {"name": "新书记", "username": "new-secretary", "target": town.next_community.pk}
        first = client.post(at("secretary"), form)
        password = first.context["password"]
        again = client.post(at("secretary"), form)
        new = User.objects.get(username="new-secretary")
        assert again["Location"] == reverse("staff_detail", args=[new.pk])
        assert new.check_password(password)
        assert new.assignments.count() == 1

    def test_another_form_with_the_same_user_name_is_refused(self, town, sign_in, add):
        sign_in(town.admin_of_district)
        add("secretary", town.next_community)
        answer = add("secretary", town.next_community, username="New-Secretary", client_uuid=str(uuid.uuid4()))
        assert answer.status_code == 200
        assert "username" in answer.context["form"].errors
        assert User.objects.filter(username__iexact="new-secretary").count() == 1

    def test_the_form_of_somebody_else_is_a_conflict(self, town, sign_in, client):
        sign_in(town.admin_of_district)
        form = filled(client.get(at("secretary")).context["form"])
        form |= {"name": "新书记", "username": "new-secretary", "target": town.next_community.pk}
        client.post(at("secretary"), form)
        sign_in(town.system_admin)
        assert client.post(at("secretary"), form).status_code == 409


class TestRefused:
    def test_the_first_step_offers_only_what_one_may_give(self, town, sign_in):
        kinds = sign_in(town.admin_of_district).get(ADD).context["step"].kinds
        assert "admin" not in kinds
        assert "secretary" in kinds
        assert "admin" in sign_in(town.system_admin).get(ADD).context["step"].kinds

    def test_no_system_admin_by_a_district(self, town, sign_in, client):
        sign_in(town.admin_of_district)
        page = client.post(at("admin"), {"name": "某某", "username": "king", "since": "2026-01-01"})
        assert page.status_code == 200
        assert page.context["form"] is None
        assert not User.objects.filter(username="king").exists()

    def test_places_outside_or_of_another_level(self, town, sign_in, add):
        sign_in(town.admin_of_district)
        for kind, target in (
            ("secretary", town.far_community),  # not in the district
            ("secretary", town.street),  # not on this level
            ("coordinator", town.community),
            ("grid_worker", town.street),
            ("handler", town.far_bureau),
            ("street_cadre.compound", town.far_compound),
        ):
            assert "target" in add(kind, target, until="2099-12-31").context["form"].errors
        assert not User.objects.filter(username="new-secretary").exists()

    def test_an_area_office_has_no_handlers_of_its_own(self, town, sign_in, add):
        sign_in(town.admin_of_district)
        office = Unit.objects.get(kind="office", division=town.street)
        assert "target" in add("handler", office).context["form"].errors

    def test_invalid_changes_nothing(self, town, sign_in, add):
        sign_in(town.admin_of_district)
        accounts, entries = User.objects.count(), Entry.objects.count()
        for wrong in (
            {"name": ""},
            {"username": ""},
            {"username": "secretary"},
            {"username": "has blank"},
            {"email": "no"},
            {"target": ""},
            {"since": ""},
            {"since": "2026-02-30"},
            {"until": "2026-04-01", "since": "2026-05-01"},
            {"until": "2021-01-01", "since": "2020-01-01"},
            {"office_phone": "call me"},
        ):
            answer = add("secretary", town.next_community, **wrong)
            assert list(answer.context["form"].errors) == [next(iter(wrong))]
        assert (User.objects.count(), Entry.objects.count()) == (accounts, entries)

    def test_a_substitute_of_somebody_who_works_elsewhere(self, town, sign_in, add):
        sign_in(town.admin_of_district)
        answer = add("secretary", town.next_community, stands_in_for=town.secretary.pk)
        assert "stands_in_for" in answer.context["form"].errors

    def test_who_may_not(self, town, sign_in):
        for who in (town.auditor, town.secretary, town.outsider, town.idle):
            client = sign_in(who)
            assert client.get(ADD).status_code == 403
            assert client.post(at("secretary"), {"name": "某某", "username": "king"}).status_code == 403


class TestFindingThePlace:
    def offered(self, page):
        return [label for value, label in page.context["form"].fields["target"].widget.choices if value]

    def test_places_of_the_right_level_in_the_own_area(self, town, sign_in):
        page = sign_in(town.admin_of_district).get(at("secretary"))
        assert self.offered(page) == ["人民街街道 › 健康路社区", "橡林街道 › 文明社区", "橡林街道 › 橡林社区"]

    def test_part_of_a_name_or_the_code_narrows(self, town, sign_in):
        client = sign_in(town.system_admin)
        assert self.offered(client.get(at("secretary", "橡林"))) == ["橡林街道 › 橡林社区"]
        assert self.offered(client.get(at("secretary", "2102"))) == ["老虎滩街道 › 中兴社区"]
        assert self.offered(client.get(at("handler", "住房"))) == [
            "中山区 › 中山区住房和城乡建设局",
            "驿城区 › 驿城区住房和城乡建设局",
        ]

    def test_a_long_list_is_cut_and_says_so(self, town, sign_in, monkeypatch):
        monkeypatch.setattr("communities.forms.staff.MOST_OFFERED", 2)
        page = sign_in(town.admin_of_district).get(at("secretary"))
        assert len(self.offered(page)) == 2
        assert page.context["form"].is_cut

    def test_who_is_chosen_beyond_the_cut_is_still_valid(self, town, sign_in, add, monkeypatch):
        monkeypatch.setattr("communities.forms.staff.MOST_OFFERED", 1)
        sign_in(town.admin_of_district)
        add("secretary", town.community)
        assert User.objects.filter(username="new-secretary").exists()


def test_the_verb_itself_refuses_a_role_that_does_not_fit(town):
    with pytest.raises(NotAllowed):
        Staff.objects.enlist(
            by=town.system_admin,
            client_uuid=uuid.uuid4(),
            name="某某",
            username="king",
            role=Role.SECRETARY,
            since="2026-01-01",
            division=town.street,
        )
    assert not User.objects.filter(username="king").exists()
