"""The practice ground: made with one click, renewed, and out of every figure, list, search and reminder of a real place."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from communities.access import Role, posts_of
from communities.models import Assignment, Compound, Division, Feedback, Household, Resident, Staff
from communities.models.assignment import TRAINED
from communities.models.practice import Ground, facts_with_place
from communities.practice import district_of, ground_of, is_practice
from communities.practice_cards import CARDS
from foundation.journal.models import Entry
from foundation.journal.moves import NotAllowed
from foundation.notices.models import Notice
from foundation.paths import within
from issues.models import Category, Issue
from issues.reminders import remind_issues
from tests.communities.conftest import filled
from tests.town import LONG_AGO, PASSWORD
from visits.models import Visit

pytestmark = pytest.mark.django_db
CODE = "994117020"


@pytest.fixture
def ground(town):
    ground = Ground(town.district)
    assert ground.create(by=town.admin_of_district)
    return ground


@pytest.fixture
def trainees(town, ground):
    """One trainee for each role that can be learnt, by role."""
    made = {}
    for role in TRAINED:
        person, _password = ground.enlist(
            by=town.admin_of_district, client_uuid=uuid4(), name=f"学员{role}", username=f"trainee-{role}", role=role
        )
        person.choose_password(PASSWORD)
        made[role] = User.objects.get(pk=person.pk)
    return made


def work_through(trainees):
    """What trainees do: visits, one of them urgent, an issue sent up, dispatched and signed for; returns the issue."""
    cadre, secretary = trainees[Role.STREET_CADRE], trainees[Role.SECRETARY]
    households = list(Household.objects.standing().filter(within(CODE)))
    for household in households[:5]:
        Visit.objects.log(by=cadre, client_uuid=uuid4(), household=household, outcome="met", situation="normal")
    opinion = {"text": "练习电梯老是坏", "category": Category.objects.get(code="lift"), "handling": "answered"}
    Visit.objects.log(
        by=cadre, client_uuid=uuid4(), household=households[6], outcome="met", situation="urgent", opinions=[opinion]
    )
    issue = Issue.objects.report(
        by=secretary,
        client_uuid=uuid4(),
        community=Division.objects.get(code=f"{CODE}001"),
        household=households[0],
        category=Category.objects.get(code="lift"),
        title="练习：电梯",
        text="练习电梯运行异响，请尽快处理。",
        channel="counter",
    )
    issue.register(by=secretary)
    issue.send_up(by=secretary, note="练习上报")
    issue.dispatch(
        by=trainees[Role.COORDINATOR], unit=Ground(Division.objects.get(code="411702")).desk_of(Role.HANDLER)["unit"]
    )
    issue.sign(by=trainees[Role.HANDLER])
    return issue


class TestCodes:
    def test_a_ground_is_made_of_its_districts_code(self):
        assert ground_of("411702") == CODE
        assert district_of(f"{CODE}001001") == "411702"
        assert district_of("411702007002") == "411702007002"
        assert is_practice(CODE)
        assert not is_practice("411702")


class TestMaking:
    """practice_list, practice_detail, practice_create"""

    def test_one_click(self, town, sign_in, client):
        sign_in(town.admin_of_district)
        assert client.get(reverse("practice_list"))["Location"] == reverse("practice_detail", args=["411702"])
        assert client.get(reverse("practice_detail", args=["411702"])).context["street"] is None
        for _time in range(2):
            assert client.post(reverse("practice_create", args=["411702"])).status_code == 302
        page = client.get(reverse("practice_detail", args=["411702"]))
        assert (page.context["street"].code, page.context["households"]) == (CODE, 19)
        assert Entry.objects.filter(verb="practice_create").count() == 1
        assert Resident.objects.here().filter(within(CODE)).count() == 24
        assert Compound.objects.standing().filter(within(CODE)).count() == 3

    def test_two_districts_of_one_city_have_their_own(self, town, ground):
        city = Division.objects.get(code="4117")
        other = Division.objects.establish(by=None, code="411725", name="确山县", parent=city)
        assert Ground(other).create(by=None)
        assert Ground(other).households.count() == ground.households.count() == 19
        assert not within_reach(town.admin_of_district, Ground(other).code)

    def test_only_for_a_real_district_and_only_once_for_a_stranger(self, town, ground, sign_in):
        client = sign_in(town.system_admin)
        for code in (CODE[:6], "411702007", "999999", "99"):
            assert client.post(reverse("practice_create", args=[code])).status_code == 404

    def test_the_installation_lists_its_districts(self, town, ground, sign_in):
        page = sign_in(town.system_admin).get(reverse("practice_list"))
        assert [district.code for district, _ground in page.context["grounds"]] == ["210202", "411702"]
        assert page.context["there"] == {CODE}


def within_reach(user, code):
    return Staff.objects.visible_to(user).filter(assignments__area_path__startswith=code).exists()


class TestTrainees:
    """practice_trainee_create"""

    def test_an_account_for_each_role_shown_once(self, town, ground, sign_in, client):
        sign_in(town.admin_of_district)
        url = reverse("practice_trainee_create", args=["411702"])
        for role in TRAINED:
            form = filled(client.get(url).context["form"]) | {"name": "新人", "username": f"new-{role}", "role": role}
            shown = client.post(url, form)
            assert shown.status_code == 200
            assert "no-store" in shown["Cache-Control"]
            assert client.post(url, form).status_code == 302  # sent again it is neither made nor shown
            post = User.objects.get(username=f"new-{role}").assignments.get()
            assert is_practice(post.area_path)
            assert post.role == role

    @pytest.mark.parametrize(
        "typed", [{"role": "district_admin"}, {"role": "admin"}, {"username": "secretary"}, {"name": ""}]
    )
    def test_invalid_changes_nothing(self, town, ground, sign_in, submit, typed):
        sign_in(town.admin_of_district)
        before = User.objects.count()
        facts = {"name": "新人", "username": "new", "role": "secretary"} | typed
        answer = submit(reverse("practice_trainee_create", args=["411702"]), **facts)
        assert list(answer.context["form"].errors) == list(typed)
        assert User.objects.count() == before

    def test_the_district_administers_them(self, town, trainees, sign_in, submit):
        trainee = trainees[Role.SECRETARY]
        client = sign_in(town.admin_of_district)
        assert Staff.objects.changeable_by(town.admin_of_district).filter(pk=trainee.pk).exists()
        assert client.get(reverse("staff_detail", args=[trainee.pk])).status_code == 200
        submit(reverse("staff_disable", args=[trainee.pk]), reason="培训结束")
        trainee.refresh_from_db()
        assert not trainee.is_active
        assert submit(reverse("assignment_end", args=[trainee.assignments.get().pk]), at_once="on").status_code == 302

    def test_another_district_does_not_know_them(self, town, trainees):
        other = User.objects.create_user("district2", PASSWORD, name="韩冰")
        division = Division.objects.get(code="210202")
        Assignment.objects.assign(by=None, user=other, role="district_admin", since=LONG_AGO, division=division)
        assert not Staff.objects.visible_to(other).filter(username__startswith="trainee").exists()

    def test_nobody_works_here_and_there(self, town, trainees):
        with pytest.raises(NotAllowed):
            Assignment.objects.assign(
                by=None, user=trainees[Role.SECRETARY], role="secretary", since=LONG_AGO, division=town.community
            )
        with pytest.raises(NotAllowed):
            Assignment.objects.assign(
                by=None,
                user=town.cadre,
                role="secretary",
                since=LONG_AGO,
                division=Division.objects.get(code=f"{CODE}001"),
            )
        with pytest.raises(NotAllowed):
            Assignment.objects.assign(by=None, user=trainees[Role.SECRETARY], role="admin", since=LONG_AGO)

    def test_the_form_says_so(self, town, trainees, sign_in, client):
        sign_in(town.admin_of_district)
        url = f"{reverse('assignment_create', args=[trainees[Role.SECRETARY].pk])}?kind=secretary"
        form = filled(client.get(url).context["form"]) | {"target": town.community.pk}
        assert "target" in client.post(url, form).context["form"].errors

    def test_nobody_leads_the_ground(self, town, ground):
        newcomer = User.objects.create_user("newcomer", PASSWORD, name="新人")
        with pytest.raises(NotAllowed):
            Assignment.objects.assign(
                by=None,
                user=newcomer,
                role="district_admin",
                since=LONG_AGO,
                division=Division.objects.get(code=CODE[:6]),
            )

    def test_every_page_of_a_trainee_says_that_nothing_counts(self, trainees):
        client = Client()
        client.force_login(trainees[Role.SECRETARY])
        household = Household.objects.standing().filter(within(CODE)).first()
        for name, args in (
            ("issue_desk", []),
            ("round_list", []),
            ("household_detail", [household.pk]),
            ("visit_sheet", [household.pk]),
            ("account_overview", []),
        ):
            assert "练习环境" in client.get(reverse(name, args=args)).content.decode(), name

    def test_nobody_elses(self, town, trainees):
        client = Client()
        client.force_login(town.secretary)
        assert "练习环境" not in client.get(reverse("issue_desk")).content.decode()

    def test_a_trainee_sees_the_ground_and_nothing_else(self, town, trainees):
        for role, trainee in trainees.items():
            posts = posts_of(User.objects.get(pk=trainee.pk))
            assert [is_practice(post.area_path) for post in posts] == [True], role
            for model in (Household, Resident, Compound, Division, Visit, Issue):
                field = "code" if model is Division else "area_path"
                seen = model.objects.visible_to(trainee).exclude(within("99", field))
                assert not seen.exists(), (role, model)


class TestRenewing:
    """practice_reset"""

    def test_what_was_done_is_gone_and_the_people_are_back(self, town, ground, trainees, sign_in, submit):
        issue = work_through(trainees)
        real = Household.objects.standing().exclude(within(CODE)).count()
        sign_in(town.admin_of_district)
        submit(reverse("practice_reset", args=["411702"]))
        issue.refresh_from_db()
        assert issue.is_void
        assert not Visit.objects.filter(within(CODE), voided_at__isnull=True).exists()
        assert ground.households.count() == 19
        assert Resident.objects.here().filter(within(CODE)).count() == 24
        assert Household.objects.standing().exclude(within(CODE)).count() == real
        trainee = trainees[Role.STREET_CADRE]
        assert not Issue.objects.visible_to(trainee).filter(voided_at__isnull=True).exists()
        assert Assignment.objects.current(timezone.localdate()).filter(user=trainee).exists()

    def test_twice_is_once(self, town, ground, sign_in, client):
        sign_in(town.admin_of_district)
        url = reverse("practice_reset", args=["411702"])
        form = filled(client.get(url).context["form"])
        for _time in range(2):
            assert client.post(url, form).status_code == 302
        assert Entry.objects.filter(verb="practice_reset").count() == 1
        assert Household.objects.filter(within(CODE)).count() == 38

    def test_facts_of_every_room_are_among_them(self):
        names = {model._meta.label for model in facts_with_place()}
        assert {"issues.Issue", "visits.Visit", "communities.Household", "communities.Resident"} <= names


class TestReachesNoFigure:
    """Whatever trainees do, pages, exports, searches, digests and reminders of real people stay what they were."""

    PAGES = (
        *("dashboard", "issue_desk", "issue_list", "visit_list", "opinion_list", "round_list"),
        *("household_list", "resident_list", "compound_list", "unit_list", "division_list", "completeness_list"),
    )
    REAL = ("admin_of_district", "coordinator", "secretary", "cadre", "auditor", "system_admin", "handler", "outsider")

    def look(self, town):
        """Every list and figure as each real person sees them, without what differs by itself."""
        seen = {}
        for who in self.REAL:
            client = Client()
            client.force_login(getattr(town, who))
            for name in self.PAGES:
                answer = client.get(reverse(name))
                seen[who, name] = (answer.status_code, stripped(answer.content.decode()))
            for name in ("issue_export", "visit_export", "opinion_export"):
                answer = client.post(reverse(name), {"purpose": "对照", "format": "csv"})
                seen[who, name] = (answer.status_code, len(answer.getvalue()) // 200)
            for words in ("练习", "演练", "13000009901", "9901"):
                found = client.post(reverse("search"), {"q": words}).content.decode()
                seen[who, words] = ("陈练习" in found, "练习花园" in found, "练习：电梯" in found)
        return seen

    @pytest.fixture
    def ready(self, town):
        """The ground is there before the first look, so that only what trainees do makes a difference."""
        Visit.objects.log(
            by=town.cadre, client_uuid=uuid4(), household=town.household, outcome="met", situation="normal"
        )
        return self.look(town)

    def test_pages_exports_and_searches(self, town, ready, trainees):
        work_through(trainees)
        after = self.look(town)
        assert {key: value for key, value in after.items() if ready[key] != value} == {}
        assert not any(any(value) for key, value in after.items() if key[1] in ("练习", "演练", "13000009901", "9901"))

    def test_querysets_of_every_topic(self, town, trainees):
        work_through(trainees)
        for who in self.REAL:
            user = User.objects.get(pk=getattr(town, who).pk)
            for model in (Household, Resident, Compound, Visit, Issue):
                assert not model.objects.visible_to(user).filter(within("99")).exists(), (who, model)
            assert not Division.objects.visible_to(user).filter(within("99", "code")).exists(), who

    def test_no_real_person_is_told_not_even_when_all_is_late(self, town, trainees):
        work_through(trainees)
        for days in (1, 3, 8, 15, 40, 90):
            remind_issues(now=timezone.now() + timedelta(days=days))
        told = {notice.recipient for notice in Notice.objects.all()}
        assert told <= set(trainees.values()), told

    def test_what_a_trainee_says_of_the_system_is_read_by_the_real_district(self, town, trainees):
        client = Client()
        client.force_login(trainees[Role.SECRETARY])
        client.post(
            reverse("feedback_create"), {"client_uuid": uuid4(), "page": "/issues/", "text": "练习时找不到按钮"}
        )
        assert Feedback.objects.visible_to(town.admin_of_district).get().area_path == "411702"


# What differs by itself: proofs of origin, keys of forms, the minute of the figures.
BY_ITSELF = ("csrf", "client_uuid", 'name="key"', "数据截至", "As of")


def stripped(page):
    return [line for line in page.splitlines() if not any(word in line for word in BY_ITSELF)]


class TestCards:
    """practice_card"""

    def test_each_role_has_one_page(self, town, sign_in):
        client = sign_in(town.admin_of_district)
        assert set(CARDS) == set(TRAINED)
        for role in CARDS:
            assert client.get(reverse("practice_card", args=[role])).status_code == 200
        assert client.get(reverse("practice_card", args=["king"])).status_code == 404

    def test_trainees_print_their_own(self, trainees):
        client = Client()
        client.force_login(trainees[Role.GRID_WORKER])
        assert client.get(reverse("practice_card", args=["grid_worker"])).status_code == 200


@pytest.mark.parametrize("more", [1, 20])
def test_queries(town, ground, sign_in, sql_count, more):
    for number in range(more):
        ground.enlist(by=None, client_uuid=uuid4(), name="学员", username=f"t-{number}", role=Role.SECRETARY)
    client = sign_in(town.admin_of_district)
    with sql_count(at_most=14):
        client.get(reverse("practice_detail", args=["411702"]))
