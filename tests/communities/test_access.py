"""Who sees what of divisions, compounds, households and residents, and who may change it: the rule, without pages."""

from datetime import date, timedelta
from uuid import uuid4

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ImproperlyConfigured
from django.utils import timezone

from accounts.models import User
from communities.access import (
    CHANGE,
    READ,
    ScopedQuerySet,
    forget_posts,
    may,
    may_on,
    may_reveal,
    posts_of,
    stand_in,
)
from communities.models import Assignment, Building, CareCategory, CareGrant, Compound, Division, Household, Resident
from foundation.journal.models import Access, Entry
from tests.town import person

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(town):
    """The town, with a neighbouring compound in another grid's place of the same community, and one in the next community."""
    town.ungridded = Compound.objects.add(by=None, client_uuid=uuid4(), community=town.community, name="铁路西院")
    town.next_compound = Compound.objects.add(
        by=None, client_uuid=uuid4(), community=town.next_community, name="文明家园"
    )
    for compound in (town.ungridded, town.next_compound, town.far_compound):
        household = compound.add_household(by=None, client_uuid=uuid4(), building="1号楼", stair="", door="101")
        Resident.objects.add(by=None, client_uuid=uuid4(), household=household, name="赵大海", phone="13000000777")
    return town


def seen(user, model, level="visible_to"):
    """The names of the rows that the user sees (or may change)."""
    return {str(row) for row in getattr(model.objects, level)(user)}


ALL_COMPOUNDS = {"橡林小区", "铁路西院", "文明家园", "海景小区"}
# who -> compounds seen, compounds changed, names of the compounds whose people are seen, and whose people are changed
REACH = {
    "grid_worker": ({"橡林小区"}, set(), {"橡林小区"}, {"橡林小区"}),
    "secretary": ({"橡林小区", "铁路西院"},) * 4,
    "deputy": ({"橡林小区", "铁路西院"},) * 4,
    "cadre": ({"橡林小区", "铁路西院", "文明家园"}, set(), *({"橡林小区", "铁路西院", "文明家园"},) * 2),
    "coordinator": ({"橡林小区", "铁路西院", "文明家园"},) * 4,
    "admin_of_district": ({"橡林小区", "铁路西院", "文明家园"},) * 4,
    "auditor": ({"橡林小区", "铁路西院", "文明家园"}, set(), {"橡林小区", "铁路西院", "文明家园"}, set()),
    "outsider": ({"海景小区"},) * 4,
    "system_admin": (ALL_COMPOUNDS, ALL_COMPOUNDS, set(), set()),
    "handler": (set(),) * 4,
    "property_handler": (set(),) * 4,
    "idle": (set(),) * 4,
}


@pytest.mark.parametrize("who", REACH)
def test_reach_of_every_role(world, who):
    user = getattr(world, who)
    sees, changes, sees_people, changes_people = REACH[who]
    assert seen(user, Compound) == sees
    assert seen(user, Compound, "changeable_by") == changes
    assert {row.compound.name for row in Building.objects.visible_to(user)} == sees
    for model in (Household, Resident):
        assert {compound_of(row).name for row in model.objects.visible_to(user)} == sees_people
        assert {compound_of(row).name for row in model.objects.changeable_by(user)} == changes_people


def compound_of(row):
    return row.compound if isinstance(row, Household) else row.household.compound


@pytest.mark.parametrize("who", REACH)
def test_the_rule_in_memory_is_the_rule_of_the_query(world, who):
    user = getattr(world, who)
    for model, topic in ((Division, "places"), (Compound, "places"), (Household, "people"), (Resident, "people")):
        for level, scope in ((READ, "visible_to"), (CHANGE, "changeable_by")):
            in_memory = {row.pk for row in model.objects.all() if may_on(user, topic, level, row)}
            assert in_memory == set(getattr(model.objects, scope)(user).values_list("pk", flat=True))


def test_divisions_are_a_subtree(world):
    assert seen(world.grid_worker, Division) == {"橡林社区第一网格"}
    assert seen(world.secretary, Division) == {"橡林社区", "橡林社区第一网格"}
    assert seen(world.coordinator, Division) == {"橡林街道", "文明社区", "橡林社区", "橡林社区第一网格"}
    assert "人民街街道" in seen(world.admin_of_district, Division)
    assert "河南省" not in seen(world.admin_of_district, Division)
    assert seen(world.system_admin, Division) == {str(row) for row in Division.objects.all()}


def test_a_neighbour_whose_code_begins_alike_is_not_below(world):
    """…002 and …0021 or …0020: only whole levels lie below each other, and ranges end before the next code."""
    Division.objects.establish(by=None, code="411702007003", name="刘庄社区居委会", parent=world.street)
    assert "刘庄社区" not in seen(world.secretary, Division)


class TestTime:
    def post(self, user, world, since, until):
        Assignment.objects.assign(
            by=None, user=user, role="secretary", division=world.community, since=since, until=until
        )
        forget_posts(user)

    def test_an_ended_post_opens_nothing(self, world):
        yesterday = timezone.localdate() - timedelta(days=1)
        self.post(world.idle, world, date(2020, 1, 1), yesterday)
        assert seen(world.idle, Compound) == set()

    def test_a_post_counts_on_its_last_day(self, world):
        self.post(world.idle, world, date(2020, 1, 1), timezone.localdate())
        assert seen(world.idle, Compound) == {"橡林小区", "铁路西院"}

    def test_a_post_of_tomorrow_opens_nothing_today(self, world):
        self.post(world.idle, world, timezone.localdate() + timedelta(days=1), None)
        assert seen(world.idle, Household) == set()

    def test_ending_a_post_ends_the_rights(self, world):
        world.secretary.assignments.get().end(by=None, on=timezone.localdate() - timedelta(days=1))
        assert seen(User.objects.get(pk=world.secretary.pk), Compound) == set()


class TestTeamOnOneCompound:
    """A post on a compound: its buildings, households and people, and nothing else of the community."""

    @pytest.fixture
    def member(self, world):
        user = person("team", "马骏")
        Assignment.objects.assign(
            by=None, user=user, role="street_cadre", compound=world.ungridded, since=date(2020, 1, 1)
        )
        return user

    def test_sees_only_this_compound(self, member, world):
        assert seen(member, Compound) == {"铁路西院"}
        assert seen(member, Division) == set()
        assert {row.compound.name for row in Household.objects.changeable_by(member)} == {"铁路西院"}
        assert [row.name for row in Resident.objects.visible_to(member)] == ["赵大海"]
        assert seen(member, Compound, "changeable_by") == set()

    def test_reveals_there_and_only_there(self, member, world):
        assert may_reveal(member, Resident.objects.get(household__compound=world.ungridded))
        assert not may_reveal(member, world.resident)

    def test_reads_the_posts_once(self, member, world, django_assert_num_queries):
        user = User.objects.get(pk=member.pk)
        with django_assert_num_queries(3):
            list(Compound.objects.visible_to(user))
            list(Household.objects.visible_to(user))


class TestSubstitute:
    def test_acts_for_the_principal_and_the_journal_names_both(self, world):
        assert stand_in(world.deputy, world.compound) == world.secretary
        world.compound.correct(by=world.deputy, remark="新装了门禁")
        entry = Entry.objects.filter(verb="correct").latest("pk")
        assert (entry.actor, entry.on_behalf_of) == (world.deputy, world.secretary)

    def test_reveals_for_the_principal(self, world):
        world.resident.reveal(by=world.deputy, what="phone", reason="预约走访")
        access = Access.objects.get()
        assert (access.actor, access.on_behalf_of) == (world.deputy, world.secretary)

    @pytest.mark.parametrize(("role", "on_compound"), [("coordinator", None), ("street_cadre", "secretary")])
    def test_with_a_post_of_his_own_that_gives_as_much_he_acts_for_himself(self, world, role, on_compound):
        """A cadre may write down people, but not change places: there he acts for the secretary."""
        Assignment.objects.assign(by=None, user=world.deputy, role=role, division=world.street, since=date(2020, 1, 1))
        forget_posts(world.deputy)
        assert stand_in(world.deputy, world.household) is None
        assert stand_in(world.deputy, world.compound) == (on_compound and getattr(world, on_compound))


class TestReveal:
    @pytest.mark.parametrize("who", ["grid_worker", "cadre", "secretary", "deputy", "coordinator", "admin_of_district"])
    def test_who_works_with_people_may(self, town, who):
        assert may_reveal(getattr(town, who), town.resident)

    @pytest.mark.parametrize("who", ["auditor", "system_admin", "handler", "property_handler", "outsider", "idle"])
    def test_nobody_else_may(self, town, who):
        assert not may_reveal(getattr(town, who), town.resident)


class TestSensitiveCategories:
    """children, bereaved, health: the area alone does not open them."""

    def readable(self, user, area_path):
        return set(CareCategory.objects.readable_by(user, area_path).values_list("code", flat=True))

    def grant(self, user, group, area_path, **facts):
        CareGrant.objects.create(
            user=user, group=group, area_path=area_path, since=facts.pop("since", date(2020, 1, 1)), **facts
        )

    def test_open_ones_need_no_grant(self, town):
        codes = self.readable(town.secretary, "411702007002")
        assert "living_alone" in codes
        assert not codes & {"dementia", "bereaved", "child_in_difficulty"}

    def test_a_grant_opens_its_group_in_its_area_and_below(self, town):
        self.grant(town.secretary, "health", "411702007002")
        assert "dementia" in self.readable(town.secretary, "411702007002001")
        assert "bereaved" not in self.readable(town.secretary, "411702007002001")
        assert "dementia" not in self.readable(town.secretary, "411702007001")
        assert "dementia" not in self.readable(town.secretary, "411702007")

    def test_an_ended_grant_opens_nothing(self, town):
        self.grant(town.secretary, "health", "411702007002", until=timezone.localdate() - timedelta(days=1))
        assert "dementia" not in self.readable(town.secretary, "411702007002")

    def test_a_grant_is_personal(self, town):
        self.grant(town.secretary, "health", "411702007002")
        assert "dementia" not in self.readable(town.deputy, "411702007002")

    def test_costs_no_query_of_its_own(self, town, django_assert_num_queries):
        with django_assert_num_queries(1):
            list(CareCategory.objects.readable_by(town.secretary, "411702007002"))


class TestFailsClosed:
    def test_visitors_and_closed_accounts_see_nothing(self, world):
        world.secretary.is_active = False
        for user in (AnonymousUser(), world.secretary):
            assert posts_of(user) == []
            assert seen(user, Compound) == seen(user, Household) == set()
            assert not may(user, "places")

    def test_a_model_without_a_topic_is_an_error_and_not_open(self, town):
        rows = ScopedQuerySet(model=Entry)
        with pytest.raises(ImproperlyConfigured):
            rows.visible_to(town.system_admin)

    def test_a_topic_nobody_was_given_is_closed(self, world, monkeypatch):
        monkeypatch.setattr(Compound, "TOPIC", "treasure")
        for who in ("system_admin", "admin_of_district", "secretary"):
            assert seen(getattr(world, who), Compound) == set()
