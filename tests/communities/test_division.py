"""Pages of divisions: list, detail, correction; and whom to look for there."""

from datetime import date, timedelta
from uuid import uuid4

import pytest
from django.urls import reverse
from django.utils import timezone

from communities.models import Assignment, Compound, Division, Unit
from communities.responsible import contacts_of_compound, contacts_of_division, first_contacts, first_contacts_at
from foundation.journal.models import Entry
from tests.town import person

pytestmark = pytest.mark.django_db
LIST = "/communities/"


def names(response):
    return [division.name for division, _contact, _indent in response.context["rows"]]


class TestDivisionList:
    def test_my_places_down_the_territory_with_whom_to_look_for(self, town, sign_in):
        page = sign_in(town.coordinator).get(reverse("division_list"))
        assert names(page) == ["橡林街道", "文明社区", "橡林社区", "橡林社区第一网格"]
        contacts = [contact and contact.name for _division, contact, _indent in page.context["rows"]]
        assert contacts == ["何立", None, "周建平", "吴晓"]

    def test_by_level(self, town, sign_in):
        page = sign_in(town.admin_of_district).get(LIST, {"level": "community"})
        assert names(page) == ["健康路社区", "文明社区", "橡林社区"]

    def test_only_levels_on_which_one_has_places_are_offered(self, town, sign_in):
        assert [value for value, _word in sign_in(town.secretary).get(LIST).context["levels"]] == [
            "",
            "community",
            "grid",
        ]
        assert len(sign_in(town.system_admin).get(LIST).context["levels"]) == 7

    def test_nonsense_as_level_shows_all(self, town, sign_in):
        assert len(names(sign_in(town.secretary).get(LIST, {"level": "moon"}))) == 2

    def test_search_by_two_characters_only_in_ones_own_area(self, town, sign_in):
        assert names(sign_in(town.coordinator).post(LIST, {"q": "文明"})) == ["文明社区"]
        assert names(sign_in(town.secretary).post(LIST, {"q": "文明"})) == []

    def test_places_that_ended_are_not_listed(self, town, sign_in):
        Division.objects.filter(pk=town.next_community.pk).update(until=timezone.localdate())
        assert "文明社区" not in names(sign_in(town.coordinator).get(LIST))

    def test_who_works_with_no_places_is_refused(self, town, sign_in):
        assert sign_in(town.handler).get(LIST).status_code == 403
        assert sign_in(town.idle).get(LIST).status_code == 403

    @pytest.mark.parametrize("rows", [1, 20])
    def test_queries(self, town, sign_in, sql_count, rows):
        for number in range(2, rows + 1):
            Division.objects.establish(
                by=None, code=f"411702007002{number:03d}", name=f"第{number}网格", parent=town.community
            )
        client = sign_in(town.secretary)
        with sql_count(at_most=8):
            assert len(names(client.get(LIST))) == rows + 1


class TestDivisionDetail:
    def url(self, division):
        return reverse("division_detail", args=[division.code])

    def test_shows_office_people_and_what_lies_in_it(self, town, sign_in):
        town.community.correct(by=None, office_phone="0396-1234567", office_address="橡林路1号")
        body = sign_in(town.secretary).get(self.url(town.community)).content.decode()
        for text in (
            "0396-1234567",
            "橡林路1号",
            "周建平",
            "吴晓",
            "何立",
            "橡林小区",
            "安居物业公司",
            "橡林社区第一网格",
        ):
            assert text in body

    def test_breadcrumb_links_only_what_one_may_open(self, town, sign_in):
        crumbs = sign_in(town.coordinator).get(self.url(town.grid_area)).context["crumbs"]
        assert [name for name, _url in crumbs] == ["驿城区", "橡林街道", "橡林社区", "橡林社区第一网格"]
        assert [bool(url) for _name, url in crumbs] == [False, True, True, False]

    def test_a_street_counts_the_compounds_of_its_communities(self, town, sign_in):
        page = sign_in(town.coordinator).get(self.url(town.street))
        counts = {row.name: (row.compound_count, row.unmanaged_count) for row in page.context["children"]}
        assert counts == {"文明社区": (0, 0), "橡林社区": (1, 0)}

    def test_what_is_voided_is_neither_listed_nor_counted(self, town, sign_in):
        town.compound.void(by=town.secretary, reason="重复登记")
        client = sign_in(town.coordinator)
        assert "橡林小区" not in client.get(self.url(town.community)).content.decode()
        page = client.get(self.url(town.street))
        assert [row.compound_count for row in page.context["children"]] == [0, 0]

    def test_outsiders_and_visitors(self, town, client, sign_in):
        assert client.get(self.url(town.community)).status_code == 302
        for who in (town.outsider, town.handler, town.idle):
            assert sign_in(who).get(self.url(town.community)).status_code == 404
        assert sign_in(town.secretary).get(self.url(town.street)).status_code == 404

    def test_the_auditor_and_the_system_admin_read(self, town, sign_in):
        page = sign_in(town.auditor).get(self.url(town.community))
        assert (
            page.status_code == 200
            and reverse("division_edit", args=[town.community.code]) not in page.content.decode()
        )
        assert sign_in(town.system_admin).get(self.url(town.far_community)).status_code == 200

    @pytest.mark.parametrize("rows", [1, 20])
    def test_queries(self, town, sign_in, sql_count, rows):
        for number in range(rows):
            Compound.objects.add(by=None, client_uuid=uuid4(), community=town.community, name=f"第{number}院")
            Unit.objects.found(by=None, name=f"服务队{number}", kind="team", division=town.community)
        client = sign_in(town.secretary)
        with sql_count(at_most=11):
            client.get(self.url(town.community))


class TestDivisionEdit:
    def url(self, division):
        return reverse("division_edit", args=[division.code])

    def test_corrects_and_the_office_carries_the_name(self, town, sign_in, submit):
        sign_in(town.secretary)
        answer = submit(self.url(town.community), name="橡林新社区", office_phone="０３９６－１２３４５６７")
        assert answer.url == reverse("division_detail", args=[town.community.code])
        town.community.refresh_from_db()
        assert (town.community.name, town.community.office_phone) == ("橡林新社区", "0396-1234567")
        assert town.community.units.offices().get().name == "橡林新社区"
        entry = Entry.objects.filter(subject_type="communities.division", verb="correct").get()
        assert (entry.actor, entry.fields) == (town.secretary, ["name", "office_phone"])

    def test_nothing_changed_writes_nothing(self, town, sign_in, submit):
        sign_in(town.secretary)
        before = Entry.objects.count()
        assert submit(self.url(town.community)).status_code == 302
        assert Entry.objects.count() == before

    @pytest.mark.parametrize(
        "typed", [{"name": ""}, {"full_name": ""}, {"office_phone": "打给小王"}, {"name": "文明社区"}, {"kind": "moon"}]
    )
    def test_invalid_changes_nothing(self, town, sign_in, submit, typed):
        sign_in(town.coordinator)
        answer = submit(self.url(town.community), **typed)
        assert answer.status_code == 200 and answer.context["form"].errors
        town.community.refresh_from_db()
        assert (town.community.name, town.community.version) == ("橡林社区", 1)

    def test_readers_are_refused_outsiders_see_nothing(self, town, sign_in):
        for who in (town.grid_worker, town.cadre, town.auditor):
            assert sign_in(who).get(self.url(town.grid_area)).status_code == 403
        assert sign_in(town.outsider).post(self.url(town.community), {"name": "x"}).status_code == 404

    def test_twice_is_once_and_the_second_person_sees_both_versions(self, town, sign_in, client):
        url = self.url(town.community)
        form = {"full_name": "橡林社区居委会", "seen": 1, "key": "a2f1c6a0-0f5a-4a53-9b52-0a2b7a1c0001", "kind": ""}
        sign_in(town.secretary)
        assert client.post(url, form | {"name": "甲社区"}).status_code == 302
        assert client.post(url, form | {"name": "甲社区"}).status_code == 302
        assert Entry.objects.filter(subject_type="communities.division", verb="correct").count() == 1
        sign_in(town.coordinator)
        late = client.post(url, form | {"name": "乙社区", "key": "a2f1c6a0-0f5a-4a53-9b52-0a2b7a1c0002"})
        body = late.content.decode()
        assert late.status_code == 409 and "甲社区" in body and "乙社区" in body
        again = {
            **form,
            "name": "乙社区",
            "seen": late.context["form"]["seen"].value(),
            "key": "a2f1c6a0-0f5a-4a53-9b52-0a2b7a1c0003",
        }
        assert client.post(url, again).status_code == 302
        town.community.refresh_from_db()
        assert town.community.name == "乙社区"


class TestWhomToLookFor:
    def post(self, user, role, division, **facts):
        return Assignment.objects.assign(
            by=None, user=user, role=role, division=division, since=date(2020, 1, 1), **facts
        )

    def test_own_office_first_then_grid_workers_then_the_street(self, town, django_assert_num_queries):
        town.community.correct(by=None, office_phone="0396-7654321")
        with django_assert_num_queries(1):
            contacts = contacts_of_division(town.community)
        assert [(contact.name, contact.stands_in_for) for contact in contacts] == [
            ("周建平", ""),
            ("冯雪", "周建平"),
            ("吴晓", ""),
            ("何立", ""),
        ]
        assert contacts[0].phone == "0396-7654321"

    def test_a_persons_own_office_phone_comes_first(self, town):
        town.secretary.office_phone = "0396-1111111"
        town.secretary.save()
        assert contacts_of_division(town.community)[0].phone == "0396-1111111"

    def test_of_a_grid_and_of_the_district(self, town):
        assert [contact.name for contact in contacts_of_division(town.grid_area)] == ["吴晓", "周建平", "冯雪", "何立"]
        assert [contact.name for contact in contacts_of_division(town.district)] == ["郑敏"]

    def test_ended_posts_and_closed_accounts_are_not_named(self, town):
        town.secretary.assignments.get().end(by=None, on=timezone.localdate() - timedelta(days=1))
        town.deputy.disable(by=None, reason="离职")
        assert [contact.name for contact in contacts_of_division(town.community)] == ["吴晓", "何立"]

    def test_who_holds_another_role_there_does_not_answer_for_the_place(self, town):
        self.post(person("visitor", "韩冬"), "street_cadre", town.community)
        assert "韩冬" not in [contact.name for contact in contacts_of_division(town.community)]

    def test_of_a_compound_grid_worker_first_or_the_person_it_names(self, town, django_assert_num_queries):
        with django_assert_num_queries(1):
            assert contacts_of_compound(town.compound)[0].name == "吴晓"
        town.compound.correct(by=town.secretary, responsible=town.cadre)
        assert [contact.name for contact in contacts_of_compound(town.compound)][:2] == ["李秀兰", "吴晓"]
        town.cadre.is_active = False
        assert contacts_of_compound(town.compound)[0].name == "吴晓"

    def test_of_many_in_one_query(self, town, django_assert_num_queries):
        compounds = list(Compound.objects.for_list())
        with django_assert_num_queries(1):
            first = first_contacts(compounds)
        assert (first[town.compound.pk].name, first[town.far_compound.pk].name) == ("吴晓", "王海")
        with django_assert_num_queries(1):
            assert first_contacts_at([town.community, town.grid_area])["411702007002"].name == "周建平"
        with django_assert_num_queries(0):
            assert first_contacts([]) == first_contacts_at([]) == {}
