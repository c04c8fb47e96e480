"""Intake at the counter: place step by step, reporter, one issue however often it is sent."""

from uuid import uuid4

import pytest

from communities.models import Compound
from issues.models import Issue, Reporter
from tests.issues.conftest import filled

URL = "/issues/add/"


@pytest.fixture
def typed(town):
    """What a clerk types for the town's household."""
    return {
        "client_uuid": str(uuid4()),
        "community": town.community.pk,
        "compound": town.compound.pk,
        "household": town.household.pk,
        "resident": town.resident.pk,
        "category": town.lift.pk,
        "text": "电梯门关不上，\n夹过人。",
        "channel": "telephone",
        "anonymity": "named",
    }


class TestIssueCreate:
    def test_works_and_lands_on_the_issue(self, town, at_work, typed, sql_count):
        browser = at_work(town.secretary)
        with sql_count(at_most=14):
            answer = browser.post(URL, typed)
        issue = Issue.objects.get()
        assert answer.url == issue.get_absolute_url()
        assert (issue.title, issue.status, issue.channel) == ("电梯门关不上，", "submitted", "telephone")
        assert (issue.community, issue.compound, issue.household) == (town.community, town.compound, town.household)
        assert (issue.address, issue.area_path) == (town.household.place, town.compound.area_path)
        assert issue.urgency == town.lift.urgency
        reporter = Reporter.objects.get()
        assert (reporter.resident, reporter.name) == (town.resident, "王秀英")

    def test_the_secretary_is_told_unless_it_was_herself(self, town, at_work, typed, sql_count):
        browser = at_work(town.cadre)
        # The category is urgent: one query more asks who is on duty.
        with sql_count(at_most=15):
            browser.post(URL, typed)
        assert town.secretary.notices.filter(kind="issue_reported").count() == 1
        at_work(town.secretary).post(URL, typed | {"client_uuid": str(uuid4())})
        assert town.secretary.notices.filter(kind="issue_reported").count() == 1
        assert town.deputy.notices.filter(kind="issue_reported").count() == 2

    def test_done_twice_is_one(self, town, at_work, typed):
        browser = at_work(town.secretary)
        assert {browser.post(URL, typed).url for _n in range(2)} == {Issue.objects.get().get_absolute_url()}

    def test_somebody_elses_uuid_is_a_conflict(self, town, at_work, typed):
        at_work(town.secretary).post(URL, typed)
        assert at_work(town.deputy).post(URL, typed).status_code == 409
        assert Issue.objects.count() == 1

    @pytest.mark.parametrize("who", ["auditor", "handler", "system_admin", "idle"])
    def test_who_does_not_record_is_refused(self, town, at_work, typed, who):
        browser = at_work(getattr(town, who))
        assert browser.get(URL).status_code == 403
        assert browser.post(URL, typed).status_code == 403
        assert not Issue.objects.exists()

    def test_grid_workers_and_cadres_record(self, town, at_work, typed):
        for user in (town.grid_worker, town.cadre):
            assert at_work(user).post(URL, typed | {"client_uuid": str(uuid4())}).status_code == 302

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("text", ""),
            ("category", ""),
            ("community", ""),
            ("household", 999999),
            ("resident", 999999),
            ("reporter_phone", "12"),
            ("anonymity", "anonymous"),
        ],
    )
    def test_invalid_changes_nothing_and_keeps_what_was_typed(self, town, at_work, typed, field, value):
        answer = at_work(town.secretary).post(URL, typed | {field: value})
        assert answer.status_code == 200
        assert answer.context["form"].errors
        assert "夹过人" in answer.content.decode() or field == "text"
        assert not Issue.objects.exists()

    def test_a_named_issue_needs_a_name(self, town, at_work, typed):
        del typed["resident"]
        answer = at_work(town.secretary).post(URL, typed)
        assert "reporter_name" in answer.context["form"].errors
        answer = at_work(town.secretary).post(URL, typed | {"reporter_name": "赵大爷", "reporter_phone": "13000000456"})
        assert answer.status_code == 302
        assert Reporter.objects.get().contact_phone == "13000000456"

    def test_an_anonymous_issue_has_no_reporter(self, town, at_work, typed):
        del typed["resident"]
        assert at_work(town.secretary).post(URL, typed | {"anonymity": "anonymous"}).status_code == 302
        assert not Reporter.objects.exists()

    def test_a_place_of_another_district_is_out_of_reach(self, town, at_work, typed):
        elsewhere = {"community": town.far_community.pk, "compound": town.far_compound.pk}
        base = {name: value for name, value in typed.items() if name not in ("household", "resident")}
        for place in (elsewhere, {"community": town.far_community.pk, "compound": ""}):
            answer = at_work(town.secretary).post(URL, base | place | {"reporter_name": "某人"})
            assert answer.status_code == 200 and answer.context["form"].errors
        assert at_work(town.outsider).post(URL, typed).status_code == 200
        assert not Issue.objects.exists()

    def test_steps_that_do_not_belong_together_are_refused(self, town, at_work, typed):
        other = Compound.objects.add(by=town.secretary, client_uuid=uuid4(), community=town.community, name="铁路西院")
        answer = at_work(town.secretary).post(URL, typed | {"compound": other.pk})
        assert "compound" in answer.context["form"].errors


class TestChoosingThePlace:
    def options(self, page, name):
        return [str(label) for _value, label in page.context["form"].fields[name].widget.choices][1:]

    def test_each_step_fills_the_next_and_saves_nothing(self, town, at_work):
        browser = at_work(town.coordinator)
        page = browser.get(URL)
        assert self.options(page, "community") == ["文明社区", "橡林社区"]
        assert "compound" not in page.context["form"].fields
        page = browser.post(URL, {"choose": "on", "community": town.community.pk, "text": "半句话"})
        assert self.options(page, "compound") == ["橡林小区"]
        assert "半句话" in page.content.decode()
        page = browser.post(URL, {"choose": "on", "community": town.community.pk, "compound": town.compound.pk})
        assert self.options(page, "household") == ["3号楼 1单元 201"]
        page = browser.post(
            URL,
            {
                "choose": "on",
                "community": town.community.pk,
                "compound": town.compound.pk,
                "household": town.household.pk,
            },
        )
        assert self.options(page, "resident") == ["王**"]
        assert not Issue.objects.exists()

    def test_the_only_community_is_preselected(self, town, at_work):
        form = at_work(town.secretary).get(URL).context["form"]
        assert form["community"].value() == town.community.pk
        assert "compound" in form.fields

    def test_a_link_brings_the_place_along(self, town, at_work):
        page = at_work(town.secretary).get(f"{URL}?household={town.household.pk}")
        assert filled(page) | {"household": town.household.pk, "compound": town.compound.pk} == filled(page)
        assert at_work(town.secretary).get(f"{URL}?compound={town.far_compound.pk}&household=x").status_code == 200
