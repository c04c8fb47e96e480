"""Places merge, split, move and are renamed: what moves, what stays, who is told, and that nothing is lost on the way."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.urls import reverse
from django.utils import timezone

from communities import reorganising
from communities.models import Assignment, Compound, Division, Household, Reorganisation, Unit
from communities.upkeep import keep_registers
from foundation.journal.models import Entry
from foundation.journal.moves import NotAllowed
from foundation.notices.models import Notice
from issues.models import DispatchRule
from tests.town import issue_at, new_issue
from visits.models import Visit

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate()


def draft(town, kind, sources, *, by=None, on=None, code="", name="", **more):
    return Reorganisation.objects.draw_up(
        by=by or town.admin_of_district,
        client_uuid=uuid4(),
        kind=kind,
        sources=sources,
        on=on or TODAY,
        target_code=code,
        target_name=name,
        **more,
    )


def done(change):
    change.confirm(by=change.created_by)
    assert change.status == "done"
    return change


@pytest.fixture
def lived_in(town):
    """The town with a visit, an opinion that became an issue, and open work in the community's own office."""
    town.issue = issue_at("registered", town)
    town.handled = issue_at("in_progress", town)
    town.visit = Visit.objects.log(
        by=town.cadre,
        client_uuid=uuid4(),
        household=town.household,
        outcome="met",
        situation="normal",
        opinions=[{"text": "楼道灯不亮", "category": town.sanitation, "handling": "answered"}],
    )
    town.loose = Compound.objects.add(by=None, client_uuid=uuid4(), community=town.community, name="铁路西院")
    town.loose_home = town.loose.add_household(by=None, client_uuid=uuid4(), building="1号楼", door="101")
    return town


def fresh(row):
    return type(row)._base_manager.get(pk=row.pk)


class TestMerge:
    @pytest.fixture
    def change(self, lived_in):
        town = lived_in
        return draft(
            town, "merge", [town.community, town.next_community], code=town.next_community.code, name="文明社区"
        )

    def test_everything_of_the_old_place_lies_in_the_new_one(self, lived_in, change):
        town = lived_in
        done(change)
        grid = Division.objects.get(code="411702007001001")
        assert (grid.name, grid.parent, grid.since) == ("橡林社区第一网格", town.next_community, TODAY)
        for row in (town.compound, town.household, town.resident, town.issue, town.visit):
            assert fresh(row).area_path == grid.code
        assert fresh(town.loose_home).area_path == town.next_community.code
        compound = fresh(town.compound)
        assert (compound.community, compound.grid) == (town.next_community, grid)
        assert fresh(town.issue).community == town.next_community
        assert town.visit.opinions.get().area_path == grid.code

    def test_statistics_keep_the_place_of_then(self, lived_in, change):
        town = lived_in
        done(change)
        assert fresh(town.issue).area_path_then == fresh(town.visit).area_path_then == town.grid_area.code
        assert Entry.objects.filter(area_path=town.grid_area.code).exists()

    def test_the_old_place_ends_and_says_where_it_went(self, lived_in, change, sign_in):
        town = lived_in
        done(change)
        assert fresh(town.community).until == fresh(town.grid_area).until == TODAY
        assert town.community.units.offices().get().closed_on == TODAY
        body = sign_in(town.admin_of_district).get(town.community.get_absolute_url()).content.decode()
        assert town.next_community.get_absolute_url() in body

    def test_open_work_goes_to_the_office_that_takes_over(self, lived_in, change):
        town = lived_in
        town.issue.take(by=town.secretary)
        done(change)
        office = town.next_community.units.offices().get()
        assert fresh(town.issue).desk == office
        assert town.issue.work_orders.get(state="signed").unit == office
        assert town.handled.work_orders.get(state="signed").unit == town.bureau
        assert fresh(town.handled).is_open

    def test_units_hang_under_the_new_office(self, lived_in, change):
        town = lived_in
        done(change)
        office = town.next_community.units.offices().get()
        unit = fresh(town.property_unit)
        assert (unit.division, unit.parent, unit.area_path) == (town.next_community, office, town.next_community.code)
        assert unit.path == f"{office.path}/{unit.pk:08d}"
        assert list(Unit.objects.under(office.path).exclude(kind="office")) == [unit]

    def test_posts_end_and_go_on_in_the_new_place(self, lived_in, change):
        town = lived_in
        done(change)
        tomorrow = TODAY + timedelta(days=1)
        old = town.secretary.assignments.get(division=town.community)
        new = town.secretary.assignments.get(division=town.next_community)
        assert (old.until, new.since, new.until) == (TODAY - timedelta(days=1), TODAY, None)
        assert town.deputy.assignments.get(division=town.next_community).stands_in_for == town.secretary
        assert Household.objects.visible_to(fresh(town.secretary)).filter(pk=town.household.pk).exists()
        assert not Assignment.objects.current(tomorrow).filter(division=town.community).exists()

    def test_the_people_concerned_are_told_once(self, lived_in, change):
        town = lived_in
        done(change)
        told = Notice.objects.filter(kind="reorganised")
        assert {n.recipient for n in told} >= {town.secretary, town.deputy, town.grid_worker, town.admin_of_district}
        keep_registers(now=timezone.now())
        assert told.count() == len({n.recipient_id for n in told})

    def test_into_a_new_place_of_its_own_code(self, lived_in):
        town = lived_in
        change = draft(town, "merge", [town.community, town.next_community], code="411702007009", name="新橡社区居委会")
        done(change)
        place = Division.objects.get(code="411702007009")
        assert (place.name, place.parent, place.since) == ("新橡社区", town.street, TODAY)
        assert fresh(town.household).area_path == "411702007009001"
        assert fresh(town.next_community).until == TODAY

    def test_twice_is_once(self, lived_in, change):
        done(change)
        before = Division.objects.count(), Entry.objects.count()
        again = fresh(change)
        with pytest.raises(Exception, match="carry_out"):
            again.carry_out(by=None)
        keep_registers(now=timezone.now())
        assert (Division.objects.count(), Entry.objects.count()) == before

    def test_rules_of_both_places_stand_side_by_side(self, lived_in, change):
        """Where the new place has a rule of its own, that one counts; the old place's stays behind with it."""
        town = lived_in
        own = DispatchRule.objects.create(
            category=town.sanitation, area_path=town.next_community.code, unit=town.bureau
        )
        done(change)
        rules = DispatchRule.objects.filter(category=town.sanitation)
        assert {rule.area_path for rule in rules} == {town.community.code, town.next_community.code}
        assert rules.get(area_path=town.next_community.code) == own

    def test_who_worked_in_the_old_place_still_finds_its_page(self, lived_in, change, sign_in):
        town = lived_in
        done(change)
        client = sign_in(fresh(town.secretary))
        body = client.get(town.community.get_absolute_url()).content.decode()
        assert town.next_community.get_absolute_url() in body
        assert sign_in(town.outsider).get(town.community.get_absolute_url()).status_code == 404

    def test_a_substitute_for_a_leave_goes_on_for_that_leave(self, lived_in, change):
        town = lived_in
        post = town.deputy.assignments.get()
        Assignment.objects.filter(pk=post.pk).update(until=TODAY + timedelta(days=9))
        done(change)
        new = town.deputy.assignments.get(division=town.next_community)
        assert (new.until, new.leave_id, new.role) == (TODAY + timedelta(days=9), post.leave_id, post.role)


class TestSplit:
    @pytest.fixture
    def second(self, lived_in):
        """A second grid with a compound of its own."""
        town = lived_in
        grid = Division.objects.establish(by=None, code="411702007002002", name="第二网格", parent=town.community)
        town.north = Compound.objects.add(
            by=None, client_uuid=uuid4(), community=town.community, grid=grid, name="北苑"
        )
        town.north_home = town.north.add_household(by=None, client_uuid=uuid4(), building="1号楼", door="101")
        return grid

    def split(self, town, **what):
        return done(draft(town, "split", [town.community], code="411702007008", name="北苑社区居委会", **what))

    def test_chosen_grids_go_along_with_everything_in_them(self, lived_in, second):
        town = lived_in
        self.split(town, children=[second])
        place = Division.objects.get(code="411702007008")
        grid = Division.objects.get(code="411702007008002")
        north = fresh(town.north)
        assert (north.community, north.grid, north.area_path) == (place, grid, grid.code)
        assert fresh(town.north_home).area_path == grid.code
        assert fresh(town.compound).area_path == fresh(town.household).area_path == town.grid_area.code
        assert fresh(town.community).until is None and fresh(second).until == TODAY

    def test_chosen_compounds_take_along_people_visits_and_issues(self, lived_in, second):
        town = lived_in
        self.split(town, compounds=[town.compound])
        place = Division.objects.get(code="411702007008")
        compound = fresh(town.compound)
        assert (compound.community, compound.grid, compound.area_path) == (place, None, place.code)
        for row in (town.household, town.resident, town.visit, town.visit.opinions.get(), town.issue):
            assert fresh(row).area_path == place.code, row
        assert fresh(town.issue).community == place
        assert fresh(town.loose_home).area_path == town.community.code

    def test_their_open_work_goes_to_the_new_office_the_rest_stays(self, lived_in, second):
        town = lived_in
        other = new_issue(town, compound=town.loose, household=town.loose_home, resident=None)
        self.split(town, compounds=[town.compound])
        office = Division.objects.get(code="411702007008").units.offices().get()
        assert fresh(town.issue).desk == office
        assert fresh(other).desk == town.community.units.offices().get()

    def test_nothing_chosen_cannot_be_confirmed(self, lived_in):
        change = draft(lived_in, "split", [lived_in.community], code="411702007008", name="北苑社区居委会")
        assert change.plan().obstacles
        with pytest.raises(NotAllowed):
            change.confirm(by=lived_in.admin_of_district)


class TestMove:
    def test_to_another_street_with_everything_below(self, lived_in):
        town = lived_in
        change = draft(town, "move", [town.community], code="411702001009", name=town.community.full_name)
        done(change)
        place = Division.objects.get(code="411702001009")
        assert (place.name, place.parent) == ("橡林社区", town.other_street)
        assert fresh(town.household).area_path == "411702001009001"
        assert fresh(town.compound).grid == Division.objects.get(code="411702001009001")
        secretary = fresh(town.secretary)
        assert Household.objects.visible_to(secretary).filter(pk=town.household.pk).exists()
        assert not Household.objects.visible_to(fresh(town.coordinator)).filter(pk=town.household.pk).exists()

    def test_two_streets_become_one(self, lived_in):
        town = lived_in
        change = draft(town, "merge", [town.street, town.other_street], code=town.other_street.code, name="人民街街道")
        done(change)
        codes = set(Division.objects.standing(TODAY).under(town.other_street.code).values_list("code", flat=True))
        assert codes == {
            "411702001",
            "411702001001",
            "411702001002",
            "411702001002001",
            "411702001004",
        }
        assert fresh(town.household).area_path == "411702001002001"
        assert fresh(town.compound).community.code == "411702001002"


class TestRename:
    def test_by_its_day(self, lived_in, time_machine):
        town = lived_in
        on = TODAY + timedelta(days=5)
        change = draft(town, "rename", [town.community], name="橡树社区居委会", on=on)
        change.confirm(by=town.admin_of_district)
        keep_registers(now=timezone.now())
        assert fresh(town.community).name == "橡林社区"
        time_machine.move_to(timezone.now() + timedelta(days=6))
        keep_registers(now=timezone.now())
        place = fresh(town.community)
        assert (place.name, place.code, place.units.offices().get().name) == (
            "橡树社区",
            town.community.code,
            "橡树社区",
        )
        assert fresh(change).status == "done"


class TestPlanned:
    @pytest.fixture
    def change(self, lived_in):
        town = lived_in
        change = draft(
            town,
            "merge",
            [town.community, town.next_community],
            code=town.next_community.code,
            name="文明社区",
            on=TODAY + timedelta(days=5),
        )
        change.confirm(by=town.admin_of_district)
        return change

    def test_waits_and_is_carried_out_by_the_clock_however_late(self, lived_in, change, time_machine):
        keep_registers(now=timezone.now())
        assert fresh(lived_in.household).area_path == lived_in.grid_area.code
        time_machine.move_to(timezone.now() + timedelta(days=9))
        keep_registers(now=timezone.now())
        keep_registers(now=timezone.now())
        assert fresh(lived_in.household).area_path == "411702007001001"
        assert Entry.objects.filter(verb="reorganise").count() == 2

    def test_can_be_cancelled_before_its_day(self, lived_in, change, time_machine):
        change.cancel(by=lived_in.admin_of_district)
        time_machine.move_to(timezone.now() + timedelta(days=9))
        keep_registers(now=timezone.now())
        assert fresh(lived_in.household).area_path == lived_in.grid_area.code
        with pytest.raises(NotAllowed):
            fresh(change).confirm(by=lived_in.admin_of_district)

    def test_lapses_when_something_has_come_to_stand_against_it(self, lived_in, change, time_machine):
        Compound.objects.add(by=None, client_uuid=uuid4(), community=lived_in.next_community, name="橡林小区")
        time_machine.move_to(timezone.now() + timedelta(days=9))
        keep_registers(now=timezone.now())
        assert fresh(change).status == "lapsed"
        assert fresh(lived_in.household).area_path == lived_in.grid_area.code
        assert Notice.objects.get(kind="reorganisation_lapsed").recipient == lived_in.admin_of_district

    def test_a_kill_in_the_middle_leaves_nothing_behind(self, lived_in, change, monkeypatch, time_machine):
        time_machine.move_to(timezone.now() + timedelta(days=9))
        before = Division.objects.count()

        def killed(*_args, **_kwargs):
            raise KeyboardInterrupt

        monkeypatch.setattr(reorganising, "close", killed)
        with pytest.raises(KeyboardInterrupt):
            keep_registers(now=timezone.now())
        assert (Division.objects.count(), fresh(change).status) == (before, "planned")
        assert fresh(lived_in.household).area_path == lived_in.grid_area.code
        monkeypatch.undo()
        keep_registers(now=timezone.now())
        assert fresh(change).status == "done"

    def test_another_change_of_the_same_place_is_refused(self, lived_in, change):
        other = draft(lived_in, "rename", [lived_in.community], name="橡树社区居委会")
        rival = draft(lived_in, "move", [lived_in.community], code="411702001009", name="橡林社区居委会")
        assert not other.plan().obstacles  # a name does not stand in the way of a merger
        assert rival.plan().obstacles

    def test_the_place_says_what_is_planned(self, lived_in, change, sign_in):
        body = sign_in(lived_in.secretary).get(lived_in.community.get_absolute_url()).content.decode()
        assert change.get_absolute_url() in body


class TestObstacles:
    def test_two_compounds_of_one_name(self, lived_in):
        town = lived_in
        Compound.objects.add(by=None, client_uuid=uuid4(), community=town.next_community, name="橡林小区")
        change = draft(
            town, "merge", [town.community, town.next_community], code=town.next_community.code, name="文明社区"
        )
        assert any("橡林小区" in sentence for sentence in change.plan().obstacles)

    def test_codes_that_do_not_fit(self, lived_in):
        town = lived_in
        for kind, code in (("move", "411702001004"), ("move", "4117020010"), ("move", "411799001009")):
            assert draft(town, kind, [town.community], code=code, name="某社区").plan().obstacles, code

    def test_places_that_are_gone(self, lived_in):
        town = lived_in
        Division.objects.filter(pk=town.community.pk).update(until=TODAY)
        assert draft(town, "rename", [town.community], name="橡树社区居委会").plan().obstacles


class TestSweep:
    def test_rows_written_under_the_old_path_meanwhile_are_found(self, lived_in):
        town = lived_in
        change = done(
            draft(town, "merge", [town.community, town.next_community], code=town.next_community.code, name="文明社区")
        )
        late = town.household.residents.create(
            client_uuid=uuid4(), created_by=town.cadre, name="迟到", area_path=town.grid_area.code
        )
        assert reorganising.sweep(change) == 1
        assert fresh(late).area_path == "411702007001001"
        assert reorganising.sweep(change) == 0

    def test_of_a_split_compound(self, lived_in):
        town = lived_in
        change = done(
            draft(
                town, "split", [town.community], code="411702007008", name="北苑社区居委会", compounds=[town.compound]
            )
        )
        late = town.household.residents.create(
            client_uuid=uuid4(), created_by=town.cadre, name="迟到", area_path=town.grid_area.code
        )
        keep_registers(now=timezone.now())
        assert fresh(late).area_path == "411702007008"
        assert fresh(change).status == "done"


def snapshot():
    """{(table, pk): {column: value}} of every table that knows where its rows belong."""
    return {
        (model._meta.label_lower, row["pk"]): row
        for model in reorganising.models_with("area_path")
        for row in model._base_manager.values("pk", *reorganising.names_of(model))
    }


MOVES = (
    "area_path",
    "community",
    "grid",
    "division",
    "version",
    "desk",
    "unit",
    "until",
    "parent",
    "path",
    "closed_on",
)


class TestNothingElseChanges:
    """Whatever is merged or moved: a row that lay in the old place lies in the new one, and no other column differs."""

    @pytest.mark.parametrize(
        ("kind", "sources", "code"),
        [
            ("merge", ["community", "next_community"], "411702007001"),
            ("merge", ["community", "next_community"], "411702007002"),
            ("merge", ["community", "next_community"], "411702007050"),
            ("merge", ["street", "other_street"], "411702001"),
            ("merge", ["street", "other_street"], "411702050"),
            ("move", ["community"], "411702001050"),
            ("move", ["grid_area"], "411702001004001"),
            ("move", ["street"], "210202050"),
        ],
    )
    def test_paths(self, lived_in, kind, sources, code):
        town = lived_in
        places = [getattr(town, name) for name in sources]
        change = draft(town, kind, places, by=town.system_admin, code=code, name="新地方")
        plan = change.plan()
        assert plan.obstacles == []
        before = snapshot()
        done(change)
        after = snapshot()
        assert set(before) <= set(after)
        moves, ended = plan.moves, {step.old.code for step in plan.steps}
        for key, row in before.items():
            now, table = after[key], key[0]
            new = plan.new_path(row["area_path"])
            is_of_old_place = table in ("communities.assignment", "communities.unit") and now["area_path"] in ended
            if not is_of_old_place:
                assert now["area_path"] == (new or row["area_path"]), key
            changed = {name for name in row if row[name] != now[name]}
            assert changed <= {*MOVES, *(f"{name}_id" for name in MOVES)} | (
                {"status", "done_at", "moved_rows"} if table == "communities.reorganisation" else set()
            ), (key, changed)
            if new is None and table not in ("communities.reorganisation", "communities.unit"):
                assert "area_path" not in changed
        # A place that has become another one holds nothing any more but what is over.
        assert all(not Household.objects.filter(area_path=old).exists() for old in moves)


class TestPages:
    def create_url(self, place, kind="merge"):
        return reverse("reorganisation_create", args=[place.code]) + f"?kind={kind}"

    def test_draw_up_look_confirm(self, lived_in, sign_in, submit):
        town = lived_in
        client = sign_in(town.admin_of_district)
        answer = submit(
            self.create_url(town.community), into=town.next_community.pk, on=TODAY.isoformat(), reason="驿政〔2026〕1号"
        )
        change = Reorganisation.objects.get()
        assert (answer.url, change.status, change.area_path) == (change.get_absolute_url(), "draft", town.street.code)
        assert fresh(town.household).area_path == town.grid_area.code
        page = client.get(change.get_absolute_url())
        moving = dict(page.context["moving"])
        assert {"Household", "住户", "户"} & set(map(str, moving)) and page.context["total"] > 8
        form = page.context["form"]
        confirm = reverse("reorganisation_confirm", args=[change.pk])
        sent = {"seen": form["seen"].value(), "key": str(form["key"].value())}
        assert client.post(confirm, sent).url == client.post(confirm, sent).url == change.get_absolute_url()
        assert fresh(town.household).area_path == "411702007001001"
        assert client.get(change.get_absolute_url()).context["successions"]

    def test_what_the_preview_counts_is_what_moves(self, lived_in):
        town = lived_in
        change = draft(
            town, "merge", [town.community, town.next_community], code=town.next_community.code, name="文明社区"
        )
        moving, staying, entries = reorganising.figures(change.plan())
        counts = dict(moving)
        assert counts["communities.household"] == 2 and counts["issues.issue"] == 2 and counts["visits.visit"] == 1
        assert staying >= 4 and entries > 0

    def test_the_other_kinds(self, lived_in, sign_in, submit):
        town = lived_in
        sign_in(town.admin_of_district)
        on = TODAY.isoformat()
        submit(self.create_url(town.community, "rename"), target_name="橡树社区居委会", on=on)
        submit(self.create_url(town.community, "move"), parent=town.other_street.pk, on=on)
        submit(self.create_url(town.community, "split"), target_name="北苑社区居委会", compounds=[town.loose.pk], on=on)
        submit(self.create_url(town.community), into="", target_name="新橡社区居委会", on=on)
        drawn = Reorganisation.objects.order_by("pk").values_list("kind", "target_code")
        assert list(drawn) == [
            ("rename", ""),
            ("move", "411702001005"),
            ("split", "411702007003"),
            ("merge", "411702007003"),
        ]

    def test_invalid_changes_nothing(self, lived_in, sign_in, submit):
        town = lived_in
        sign_in(town.admin_of_district)
        on = TODAY.isoformat()
        for kind, typed in (
            ("rename", {"target_name": town.community.full_name, "on": on}),
            ("rename", {"target_name": "新名", "on": "2999-01-01"}),
            ("rename", {"target_name": "新名", "on": "2019-01-01"}),
            ("merge", {"on": on}),
            ("merge", {"into": town.far_community.pk, "on": on}),
            ("merge", {"target_name": "新社区", "target_code": town.next_community.code, "on": on}),
            ("merge", {"target_name": "新社区", "target_code": "411702007", "on": on}),
            ("move", {"parent": town.far_community.parent_id, "on": on}),
            ("split", {"target_name": "新社区", "on": on}),
        ):
            answer = submit(self.create_url(town.community, kind), **typed)
            assert answer.status_code == 200 and answer.context["form"].errors, (kind, typed)
        assert not Reorganisation.objects.exists()

    def test_the_same_form_twice_is_one(self, lived_in, sign_in, client):
        town = lived_in
        sign_in(town.admin_of_district)
        typed = {"client_uuid": str(uuid4()), "target_name": "橡树社区居委会", "on": TODAY.isoformat()}
        url = self.create_url(town.community, "rename")
        assert client.post(url, typed).url == client.post(url, typed).url
        assert Reorganisation.objects.count() == 1

    def test_the_own_district_is_the_system_admins(self, town, sign_in):
        url = self.create_url(town.district, "rename")
        assert sign_in(town.admin_of_district).get(url).status_code == 403
        assert sign_in(town.system_admin).get(url).status_code == 200
        assert sign_in(town.system_admin).get(self.create_url(town.district, "moon")).status_code == 404

    def test_cancel(self, lived_in, sign_in, submit):
        change = draft(lived_in, "rename", [lived_in.community], name="橡树社区居委会", on=TODAY + timedelta(days=3))
        sign_in(lived_in.admin_of_district)
        submit(reverse("reorganisation_cancel", args=[change.pk]))
        assert fresh(change).status == "cancelled"

    def test_who_lives_with_it_may_read_it(self, lived_in, sign_in):
        change = draft(lived_in, "rename", [lived_in.street], name="橡树街道", on=TODAY + timedelta(days=3))
        assert sign_in(lived_in.secretary).get(change.get_absolute_url()).status_code == 200
        assert sign_in(lived_in.outsider).get(change.get_absolute_url()).status_code == 404

    @pytest.mark.parametrize("rows", [1, 20])
    def test_queries_of_the_list(self, lived_in, sign_in, sql_count, rows):
        for number in range(rows):
            draft(lived_in, "rename", [lived_in.community], name=f"第{number}社区居委会")
        client = sign_in(lived_in.admin_of_district)
        with sql_count(at_most=7):
            assert len(client.get("/communities/reorganisations/").context["page"].object_list) == rows
