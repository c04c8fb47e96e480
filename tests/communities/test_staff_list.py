"""The list of staff: who sees whom, search, filters."""

import pytest

from communities.access import Role
from communities.models import Assignment, Staff
from tests.town import LONG_AGO, person

pytestmark = pytest.mark.django_db
LIST = "/staff/"
OWN = {
    "district", "street", "cadre", "secretary", "grid", "handler", "property", "deputy", "auditor",
}  # fmt: skip


def names(response):
    return {person.username for person in response.context["page"].object_list}


class TestWhoSeesWhom:
    def test_the_district_admin_sees_the_people_of_the_district(self, town, sign_in):
        assert names(sign_in(town.admin_of_district).get(LIST)) == OWN

    def test_so_does_the_auditor(self, town, sign_in):
        assert names(sign_in(town.auditor).get(LIST)) == OWN

    def test_the_system_admin_sees_everybody_also_without_a_post(self, town, sign_in):
        assert names(sign_in(town.system_admin).get(LIST)) == OWN | {"outsider", "admin", "idle"}

    def test_nobody_else(self, town, sign_in):
        for who in ("secretary", "coordinator", "cadre", "grid_worker", "handler", "outsider", "idle"):
            assert sign_in(getattr(town, who)).get(LIST).status_code == 403

    def test_a_stranger_is_sent_to_the_door(self, town, client):
        assert client.get(LIST).status_code == 302

    def test_who_left_the_district_is_still_seen_there_but_changed_where_the_work_is_now(self, town):
        for post in town.cadre.assignments.all():
            post.end(by=town.admin_of_district)
        Assignment.objects.assign(
            by=None, user=town.cadre, role=Role.SECRETARY, since=LONG_AGO, division=town.far_community
        )
        assert Staff.objects.visible_to(town.admin_of_district).filter(pk=town.cadre.pk).exists()
        assert not Staff.objects.changeable_by(town.admin_of_district).filter(pk=town.cadre.pk).exists()

    def test_a_post_elsewhere_puts_a_person_out_of_reach(self, town):
        Assignment.objects.assign(
            by=None, user=town.cadre, role=Role.SECRETARY, since=LONG_AGO, division=town.far_community
        )
        assert not Staff.objects.changeable_by(town.admin_of_district).filter(pk=town.cadre.pk).exists()

    def test_system_admins_are_out_of_a_districts_reach(self, town):
        Assignment.objects.assign(by=None, user=town.cadre, role=Role.ADMIN, since=LONG_AGO)
        assert not Staff.objects.changeable_by(town.admin_of_district).filter(pk=town.cadre.pk).exists()

    def test_nobody_changes_the_own_account(self, town):
        for who in (town.admin_of_district, town.system_admin):
            assert not Staff.objects.changeable_by(who).filter(pk=who.pk).exists()
            assert Staff.objects.visible_to(who).filter(pk=who.pk).exists()


class TestFinding:
    def test_by_name_or_user_name(self, town, sign_in):
        client = sign_in(town.admin_of_district)
        assert names(client.post(LIST, {"q": "建平"})) == {"secretary"}
        assert names(client.post(LIST, {"q": "COORD"})) == set()
        assert names(client.post(LIST, {"q": "stre"})) == {"street"}
        assert names(client.post(LIST, {"q": "王海"})) == set()

    def test_by_role_place_and_account(self, town, sign_in):
        town.cadre.disable(by=None, reason="离职")
        client = sign_in(town.admin_of_district)
        expected = [
            ({"role": "secretary"}, {"secretary", "deputy"}),
            ({"role": "handler"}, {"handler", "property"}),
            ({"place": "411702007"}, OWN - {"district", "handler", "auditor"}),
            ({"place": "411702007", "role": "secretary"}, {"secretary", "deputy"}),
            ({"status": "disabled"}, {"cadre"}),
            ({"status": "active"}, OWN - {"cadre"}),
            ({"status": "idle"}, set()),
            ({"role": "king"}, OWN),
            ({"place": "210202012"}, OWN),
        ]
        assert [(query, names(client.get(LIST, query))) for query, _found in expected] == expected

    def test_without_a_post(self, town, sign_in):
        town.cadre.assignments.get().end(by=town.admin_of_district)
        assert names(sign_in(town.admin_of_district).get(LIST, {"status": "idle"})) == {"cadre"}

    def test_what_was_searched_stands_in_no_address(self, town, sign_in):
        page = sign_in(town.admin_of_district).post(LIST, {"q": "建平"}).content.decode()
        assert "?q=" not in page

    def test_an_empty_list_says_so_and_offers_all(self, town, sign_in):
        page = sign_in(town.admin_of_district).post(LIST, {"q": "没有这个人"})
        assert LIST in page.content.decode()
        assert names(page) == set()

    def test_posts_stand_beside_the_name(self, town, sign_in):
        page = sign_in(town.admin_of_district).post(LIST, {"q": "冯雪"}).content.decode()
        assert "橡林社区" in page
        assert "周建平" in page


@pytest.mark.parametrize("rows", [1, 20])
def test_queries(town, sign_in, sql_count, rows):
    for number in range(rows):
        person(f"more-{number}", f"新人{number}", Role.SECRETARY, place="411702007001", stands_in_for=town.secretary)
    client = sign_in(town.admin_of_district)
    with sql_count(at_most=8):
        client.get(LIST)
    with sql_count(at_most=8):
        client.post(f"{LIST}?role=secretary&place=411702007&status=active", {"q": "新人"})
