"""Giving a further post and ending one."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from communities.access import Role, posts_of
from communities.models import Assignment
from foundation.journal.models import Entry
from foundation.journal.moves import NotAllowed
from tests.communities.conftest import filled
from tests.town import LONG_AGO

pytestmark = pytest.mark.django_db


def roles(user):
    return {(post.role, post.path) for post in posts_of(User.objects.get(pk=user.pk))}


@pytest.fixture
def give(client):
    def giving(user, kind, target, times=1, **typed):
        url = f"{reverse('assignment_create', args=[user.pk])}?kind={kind}"
        form = filled(client.get(url).context["form"]) | {"target": target.pk} | typed
        answers = [client.post(url, form) for _time in range(times)]
        return answers[-1]

    return giving


class TestGive:
    def test_works(self, town, sign_in, give):
        sign_in(town.admin_of_district)
        answer = give(town.cadre, "coordinator", town.street)
        assert answer["Location"] == reverse("staff_detail", args=[town.cadre.pk])
        assert roles(town.cadre) == {("street_cadre", "411702007"), ("coordinator", "411702007")}

    def test_twice_is_once(self, town, sign_in, give):
        sign_in(town.admin_of_district)
        assert give(town.cadre, "coordinator", town.street, times=2).status_code == 302
        assert town.cadre.assignments.count() == 2

    def test_the_same_post_again_is_refused(self, town, sign_in, give):
        sign_in(town.admin_of_district)
        answer = give(town.cadre, "street_cadre", town.street)
        assert answer.context["form"].non_field_errors()
        assert town.cadre.assignments.count() == 1

    def test_one_that_begins_later_does_not_count_yet(self, town, sign_in, give):
        sign_in(town.admin_of_district)
        give(town.cadre, "coordinator", town.street, since="2099-01-01")
        assert roles(town.cadre) == {("street_cadre", "411702007")}

    def test_nobody_is_the_own_substitute(self, town, sign_in, give):
        sign_in(town.admin_of_district)
        answer = give(town.secretary, "secretary", town.community, stands_in_for=town.secretary.pk)
        assert answer.status_code == 200
        assert town.secretary.assignments.count() == 1

    def test_not_outside_the_own_district(self, town, sign_in, give):
        sign_in(town.admin_of_district)
        assert "target" in give(town.cadre, "secretary", town.far_community).context["form"].errors
        assert town.cadre.assignments.count() == 1

    def test_the_model_knows_where_a_role_can_be_held(self, town):
        for role, where in (
            (Role.SECRETARY, {"division": town.street}),
            (Role.SECRETARY, {"compound": town.compound}),
            (Role.SECRETARY, {}),
            (Role.HANDLER, {"division": town.community}),
            (Role.ADMIN, {"division": town.district}),
            (Role.DISTRICT_ADMIN, {"unit": town.bureau}),
        ):
            with pytest.raises(NotAllowed):
                Assignment.objects.assign(by=None, user=town.idle, role=role, since=LONG_AGO, **where)


class TestEnd:
    @pytest.fixture
    def post(self, town):
        return town.cadre.assignments.get()

    def url(self, post):
        return reverse("assignment_end", args=[post.pk])

    def test_after_a_day(self, town, sign_in, submit, post):
        sign_in(town.admin_of_district)
        tomorrow = timezone.localdate() + timedelta(days=1)
        submit(self.url(post), on=tomorrow.isoformat())
        post.refresh_from_db()
        assert post.until == tomorrow
        assert roles(town.cadre) == {("street_cadre", "411702007")}

    def test_at_once(self, town, sign_in, submit, post):
        sign_in(town.admin_of_district)
        answer = submit(self.url(post), at_once="on", note="调离")
        assert answer["Location"] == reverse("staff_detail", args=[town.cadre.pk])
        assert roles(town.cadre) == set()
        post.refresh_from_db()
        assert post.until == timezone.localdate()
        assert post.revoked_at

    def test_rights_are_gone_with_the_next_page(self, town, client, sign_in, post):
        sign_in(town.cadre)
        assert client.get(reverse("household_list")).status_code == 200
        post.end(by=town.admin_of_district)
        assert client.get(reverse("household_list")).status_code == 403

    def test_the_journal_names_person_role_and_place(self, town, post):
        post.end(by=town.admin_of_district, note="调离")
        entry = Entry.objects.get(verb="end")
        assert entry.data == {"user": town.cadre.pk, "role": "street_cadre"}
        assert (entry.area_path, entry.note_text) == ("411702007", "调离")

    def test_invalid_changes_nothing(self, town, sign_in, submit, post):
        sign_in(town.admin_of_district)
        for wrong in ("", "2020-01-01", "soon"):
            assert list(submit(self.url(post), on=wrong).context["form"].errors) == ["on"]
        post.refresh_from_db()
        assert post.until is None

    def test_twice_is_once(self, town, sign_in, client, post):
        sign_in(town.admin_of_district)
        form = filled(client.get(self.url(post)).context["form"]) | {"at_once": "on"}
        for _time in range(2):
            assert client.post(self.url(post), form).status_code == 302
        assert Entry.objects.filter(verb="end").count() == 1

    def test_two_administrators(self, town, sign_in, client, post):
        sign_in(town.admin_of_district)
        form = filled(client.get(self.url(post)).context["form"]) | {"on": "2099-01-01"}
        Assignment.objects.get(pk=post.pk).end(by=town.system_admin)
        assert client.post(self.url(post), form).status_code == 409

    def test_the_auditor_reads_only(self, town, sign_in, post):
        assert sign_in(town.auditor).get(self.url(post)).status_code == 403

    def test_nobody_ends_the_own_post(self, town, sign_in):
        own = town.admin_of_district.assignments.get()
        assert sign_in(town.admin_of_district).post(self.url(own), {"at_once": "on"}).status_code == 403

    def test_it_exists_for_nobody_else(self, town, sign_in, post):
        for who in (town.outsider, town.secretary, town.cadre):
            assert sign_in(who).get(self.url(post)).status_code == 404

    def test_posts_of_other_districts_and_of_the_installation(self, town, sign_in):
        client = sign_in(town.admin_of_district)
        for whom in (town.outsider, town.system_admin):
            assert client.get(self.url(whom.assignments.get())).status_code == 404

    def test_a_post_here_of_somebody_who_also_works_elsewhere(self, town, sign_in, submit, post):
        Assignment.objects.assign(
            by=None, user=town.cadre, role=Role.SECRETARY, since=LONG_AGO, division=town.far_community
        )
        sign_in(town.admin_of_district)
        submit(self.url(post), at_once="on")
        assert roles(town.cadre) == {("secretary", "210202012004")}
