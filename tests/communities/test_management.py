"""A compound changes its management by dated steps: none → interim → self-managed or property company, and back with a reason."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.urls import reverse
from django.utils import timezone

from communities.models import Compound, ManagementChange, Unit
from communities.upkeep import keep_registers
from communities.workflow import TRANSITIONS, Management
from foundation.journal.models import Entry
from foundation.journal.moves import Conflict, NotAllowed
from foundation.notices.models import Notice

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate()
SOON = TODAY + timedelta(days=10)


@pytest.fixture
def loose(town):
    """A compound that nobody manages."""
    return Compound.objects.add(by=None, client_uuid=uuid4(), community=town.community, name="铁路西院")


def url(compound):
    return reverse("compound_manage", args=[compound.pk])


def enter(compound, by, after, *, on=TODAY, unit=None, reason="居民会议决定"):
    fresh = Compound.objects.get(pk=compound.pk)
    return fresh.management_changes.enter(by=by, after=after, on=on, reason=reason, property_unit=unit)


def stands(compound):
    fresh = Compound.objects.get(pk=compound.pk)
    return fresh.management, fresh.property_unit


class TestTransitions:
    def test_every_way_of_management_leads_on_and_is_reached(self):
        assert set(TRANSITIONS) == set(Management)
        assert {after for ways in TRANSITIONS.values() for after in ways} == set(Management)

    @pytest.mark.parametrize("before", Management)
    @pytest.mark.parametrize("after", Management)
    def test_the_table_is_what_is_allowed(self, town, loose, before, after):
        unit = town.property_unit if before == "property" else None
        Compound.objects.filter(pk=loose.pk).update(management=before, property_unit=unit)
        other = Unit.objects.found(by=None, name="新物业", kind="property", division=town.community)
        company = other if after == "property" else None
        if after in TRANSITIONS[before]:
            enter(loose, town.secretary, after, unit=company)
            assert stands(loose) == (after, company)
        else:
            with pytest.raises(NotAllowed):
                enter(loose, town.secretary, after, unit=company)
            assert stands(loose) == (before, unit)

    def test_a_company_goes_with_property_only(self, town, loose):
        enter(loose, town.secretary, "interim")
        for after, unit in (("self", town.property_unit), ("property", None)):
            with pytest.raises(NotAllowed):
                enter(loose, town.secretary, after, unit=unit)


class TestCompoundManage:
    def test_one_step_with_its_day_and_reason(self, town, loose, sign_in, submit):
        sign_in(town.secretary)
        assert [
            value for value, _label in sign_in(town.secretary).get(url(loose)).context["form"]["after"].field.choices
        ] == ["interim"]
        answer = submit(url(loose), after="interim", on=TODAY.isoformat(), reason="社区代管，待居民会议")
        assert answer.url == loose.get_absolute_url()
        assert stands(loose) == ("interim", None)
        change = ManagementChange.objects.get()
        assert (change.before, change.after, change.status, change.created_by) == (
            "none",
            "interim",
            "done",
            town.secretary,
        )
        assert Entry.objects.get(subject_type="communities.compound", verb="manage").data["change"] == change.pk
        body = sign_in(town.auditor).get(loose.get_absolute_url()).content.decode()
        assert "社区代管，待居民会议" in body

    def test_the_company_changes_and_later_withdraws(self, town, sign_in, submit):
        other = Unit.objects.found(by=None, name="新物业", kind="property", division=town.community)
        sign_in(town.secretary)
        submit(url(town.compound), after="property", property_unit=other.pk, on=TODAY.isoformat(), reason="换聘")
        assert stands(town.compound) == ("property", other)
        submit(url(town.compound), after="none", property_unit="", on=TODAY.isoformat(), reason="物业撤场")
        assert stands(town.compound) == ("none", None)
        assert ManagementChange.objects.count() == 2

    def test_figures_of_unmanaged_compounds_follow(self, town, loose):
        assert Compound.objects.unmanaged().under(town.community.code).count() == 1
        enter(loose, town.secretary, "interim")
        assert Compound.objects.unmanaged().under(town.community.code).count() == 0

    def test_invalid_changes_nothing(self, town, loose, sign_in, submit):
        sign_in(town.secretary)
        facts = {"after": "interim", "on": TODAY.isoformat(), "reason": "社区代管"}
        for typed in (
            {"after": "self"},
            {"reason": ""},
            {"on": "2999-01-01"},
            {"on": "1900-01-01"},
            {"property_unit": town.property_unit.pk},
        ):
            answer = submit(url(loose), **facts | typed)
            assert answer.status_code == 200 and answer.context["form"].errors, typed
        assert stands(loose) == ("none", None)

    def test_not_before_the_last_one(self, town, loose, sign_in, submit):
        enter(loose, town.secretary, "interim")
        sign_in(town.secretary)
        yesterday = (TODAY - timedelta(days=1)).isoformat()
        answer = submit(url(loose), after="self", on=yesterday, reason="自管会成立")
        assert answer.context["form"].errors["on"]

    def test_the_same_form_twice_is_one_step(self, town, loose, sign_in, client):
        sign_in(town.secretary)
        form = client.get(url(loose)).context["form"]
        typed = {"seen": form["seen"].value(), "key": str(form["key"].value()), "after": "interim"}
        typed |= {"on": TODAY.isoformat(), "reason": "社区代管"}
        assert client.post(url(loose), typed).status_code == client.post(url(loose), typed).status_code == 302
        assert ManagementChange.objects.count() == 1

    def test_the_second_of_two_sees_what_the_first_did(self, town, loose, sign_in, client):
        sign_in(town.secretary)
        form = client.get(url(loose)).context["form"]
        loose.correct(by=town.coordinator, address="铁路西路8号")
        typed = {
            "seen": form["seen"].value(),
            "key": str(uuid4()),
            "after": "interim",
            "on": TODAY.isoformat(),
            "reason": "x",
        }
        assert client.post(url(loose), typed).status_code == 409
        assert stands(loose) == ("none", None)

    def test_the_form_of_facts_no_longer_changes_it(self, town, sign_in, submit):
        sign_in(town.secretary)
        submit(
            reverse("compound_edit", args=[town.compound.pk]), management="none", property_unit="", address="橡林路1号"
        )
        assert stands(town.compound) == ("property", town.property_unit)

    def test_readers_are_refused_outsiders_see_nothing(self, town, loose, sign_in):
        for who in (town.grid_worker, town.cadre, town.auditor):
            assert sign_in(who).post(url(loose), {"after": "interim"}).status_code in (403, 404)
        assert sign_in(town.cadre).post(url(loose), {"after": "interim"}).status_code == 403
        for who in (town.outsider, town.handler):
            assert sign_in(who).post(url(loose), {"after": "interim"}).status_code == 404


class TestPlanned:
    def test_waits_for_its_day_and_is_carried_out_by_the_clock(self, town, loose, time_machine):
        change = enter(loose, town.secretary, "interim", on=SOON)
        keep_registers(now=timezone.now())
        assert stands(loose) == ("none", None)
        time_machine.move_to(timezone.now() + timedelta(days=13))
        keep_registers(now=timezone.now())
        keep_registers(now=timezone.now())
        assert stands(loose) == ("interim", None)
        change.refresh_from_db()
        assert change.status == "done"
        entry = Entry.objects.get(subject_type="communities.compound", verb="manage")
        assert (entry.actor, entry.data["on"]) == (None, SOON.isoformat())

    def test_only_one_plan_at_a_time(self, town, loose):
        enter(loose, town.secretary, "interim", on=SOON)
        with pytest.raises(Conflict):
            enter(loose, town.secretary, "interim", on=SOON)

    def test_lapses_if_the_compound_stands_otherwise_by_then(self, town, loose, time_machine):
        change = enter(loose, town.secretary, "interim", on=SOON)
        enter(loose, town.secretary, "interim")
        enter(loose, town.secretary, "self")
        time_machine.move_to(timezone.now() + timedelta(days=13))
        keep_registers(now=timezone.now())
        change.refresh_from_db()
        assert (change.status, stands(loose)) == ("lapsed", ("self", None))
        assert Notice.objects.get(kind="management_lapsed").recipient == town.secretary

    def test_can_be_cancelled(self, town, loose, sign_in):
        change = enter(loose, town.secretary, "interim", on=SOON)
        cancel = reverse("management_cancel", args=[change.pk])
        assert sign_in(town.auditor).post(cancel).status_code == 403
        assert sign_in(town.outsider).post(cancel).status_code == 404
        assert sign_in(town.secretary).post(cancel, {"seen": change.version}).url == url(loose)
        change.refresh_from_db()
        assert change.status == "cancelled"


class TestManagementUndo:
    def undo(self, change):
        return reverse("management_undo", args=[change.pk])

    def test_a_slip_of_today(self, town, loose, sign_in):
        change = enter(loose, town.secretary, "interim")
        client = sign_in(town.secretary)
        assert self.undo(change) in client.get(url(loose)).content.decode()
        assert client.post(self.undo(change)).status_code == 302
        change.refresh_from_db()
        assert (change.status, stands(loose)) == ("undone", ("none", None))
        assert client.post(self.undo(change)).status_code == 403

    def test_not_on_another_day_and_only_the_last(self, town, loose, time_machine):
        first = enter(loose, town.secretary, "interim")
        second = enter(loose, town.secretary, "self")
        with pytest.raises(NotAllowed):
            ManagementChange.objects.get(pk=first.pk).undo(by=town.secretary)
        time_machine.move_to(timezone.now() + timedelta(days=1))
        with pytest.raises(NotAllowed):
            ManagementChange.objects.get(pk=second.pk).undo(by=town.secretary)
