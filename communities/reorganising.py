"""Places merge, split and move: what goes where, counted before and carried out in one transaction.

Nothing here knows which tables there are: every model with an `area_path` or a foreign key to `Division` is found by looking. Rooms
above add what only they know (open work orders of an office that closes) with `@hands_over`.

`area_path` says where a row belongs now and is rewritten; `area_path_then` says where it was and stays, and so does the journal.
"""

from collections import Counter
from copy import copy
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache

from django.apps import apps
from django.db import IntegrityError, models, transaction
from django.db.models import F, Q
from django.db.models.base import ModelState
from django.utils import timezone
from django.utils.translation import gettext as _

from communities.access import inside
from communities.models.assignment import Assignment
from communities.models.compound import Building, Compound
from communities.models.division import DIGITS, LEVEL_BY_DIGITS, Division, Level
from communities.models.unit import Kind as UnitKind
from communities.models.unit import Unit, office_path
from foundation.journal.models import AppendOnlyModel
from foundation.journal.moves import record, revise
from foundation.paths import within

HANDS = []
# How far from a row its compound may stand: opinion → visit → household → compound.
LONGEST_CHAIN = 3
# Rows written while a place was being moved are swept up after it for this long.
SWEPT = timedelta(days=2)
ONE_DAY = timedelta(days=1)


def hands_over(function):
    """Register `function(old_office, new_office, area_path)`: what is open with an office goes to the new one.

    `area_path` is "" for everything, else only what now lies in this place.
    """
    HANDS.append(function)
    return function


@dataclass(frozen=True)
class Step:
    """One place whose rows go to the place with the code `code`."""

    old: Division
    code: str


@dataclass
class Plan:
    """What a reorganisation would do today. `steps` stand from the top down; `obstacles` are sentences."""

    reorganisation: models.Model
    sources: list
    steps: list = field(default_factory=list)
    compounds: list = field(default_factory=list)
    target: Division | None = None
    parent: Division | None = None
    obstacles: list = field(default_factory=list)

    @property
    def kind(self):
        return self.reorganisation.kind

    @property
    def moves(self):
        return {step.old.code: step.code for step in self.steps}

    @property
    def roots(self):
        """The topmost codes among the steps."""
        codes = sorted(self.moves)
        return [code for code in codes if not any(code != above and code.startswith(above) for above in codes)]

    @property
    def is_split(self):
        return self.kind == "split"

    def new_path(self, path):
        """Where a row of this path goes: the nearest moved place above decides; None if none does."""
        digits = [n for n in sorted(LEVEL_BY_DIGITS, reverse=True) if n <= len(path)]
        return next((self.moves[path[:n]] for n in digits if path[:n] in self.moves), None)


@dataclass
class Done:
    """What was done: `rows` rewritten, `people` whose posts moved or who work where something arrived."""

    rows: int = 0
    people: list = field(default_factory=list)


# --- what would happen ---


def plan_of(reorganisation, *, lock=False):
    """The plan as the places stand now; with `lock` two reorganisations of one place wait for each other."""
    sources = list(reorganisation.sources.order_by("code").select_related("parent"))
    plan = Plan(reorganisation, sources)
    if lock:
        codes = [place.code for place in sources] + [reorganisation.target_code]
        list(Division.objects.select_for_update(no_key=True).filter(code__in=codes).order_by("code"))
    if plan.kind == "rename":
        plan.obstacles = gone(plan)
        return plan
    code = reorganisation.target_code
    plan.target = Division.objects.filter(code=code).first()
    plan.parent = Division.objects.filter(code=code[: digits_above(code)]).first() if digits_above(code) else None
    if plan.is_split:
        plan.compounds = list(reorganisation.compounds.standing().order_by("name"))
        plan.steps = [
            step
            for child in reorganisation.children.order_by("code")
            for step in descend(child, code + child.code[len(sources[0].code) :], reorganisation.on)
        ]
    elif plan.kind == "move":
        plan.steps = descend(sources[0], code, reorganisation.on)
    else:
        plan.steps = merging(plan, reorganisation.on)
    plan.obstacles = obstacles_of(plan)
    return plan


def digits_above(code):
    return max((digits for digits in LEVEL_BY_DIGITS if digits < len(code)), default=0)


def standing_below(place, on):
    return list(Division.objects.under(place.code).standing(on).exclude(pk=place.pk).order_by("code"))


def descend(place, code, on):
    """The place and everything below it go to `code`; below it each keeps its own last digits."""
    return [
        Step(place, code),
        *(Step(below, code + below.code[len(place.code) :]) for below in standing_below(place, on)),
    ]


def merging(plan, on):
    """Every source but the target goes into it; places directly below get the next free number there."""
    code = plan.reorganisation.target_code
    taken = set(Division.objects.under(code).values_list("code", flat=True)) if plan.target else set()
    steps = []
    for source in plan.sources:
        if source.code == code:
            continue
        steps.append(Step(source, code))
        for child in [below for below in standing_below(source, on) if below.parent_id == source.pk]:
            new = free_code(code, child.code[len(source.code) :], taken)
            steps += descend(child, new, on)
            taken |= {step.code for step in steps}
    return steps


def free_code(above, wanted, taken):
    """`above` with the digits `wanted`, or with the first free number behind all that are taken; "" if there is none."""
    return above + wanted if above + wanted not in taken else code_behind(above, len(wanted), taken)


def code_behind(above, digits, taken):
    """The code behind the last that was ever used below `above`; "" if there is none left."""
    number = max((int(code[len(above) :]) for code in taken if len(code) == len(above) + digits), default=0) + 1
    return f"{above}{number:0{digits}d}" if number < 10**digits else ""


def next_code(parent):
    """A code for a new place directly below `parent`: behind the last one that was ever used; "" if all are."""
    digits = next((n for n in LEVEL_BY_DIGITS if n > len(parent.code)), None)
    if digits is None:
        return ""
    codes = Division.objects.filter(parent=parent).values_list("code", flat=True)
    return code_behind(parent.code, digits - len(parent.code), codes)


def gone(plan):
    """Sources that do not exist any more, or not yet, on the day."""
    on = plan.reorganisation.on
    found = []
    for place in plan.sources:
        if place.until and place.until <= on:
            found.append(_("%(name)s does not exist any more on that day.") % {"name": place.name})
        if place.since and place.since >= on:
            found.append(_("%(name)s exists only since %(day)s.") % {"name": place.name, "day": place.since})
    return found


def obstacles_of(plan):
    """What stands against it, as sentences; empty if it can be done."""
    change, code = plan.reorganisation, plan.reorganisation.target_code
    found = gone(plan)
    level = plan.sources[0].level
    if LEVEL_BY_DIGITS.get(len(code)) != level or any(place.level != level for place in plan.sources):
        found.append(_("The places are not of one level."))
    if plan.parent is None or (plan.parent.until and plan.parent.until <= change.on):
        found.append(_("The place above %(code)s does not exist.") % {"code": code})
    if plan.target is None:
        found += [] if change.target_name else [_("A new place needs a name.")]
    elif change.kind != "merge":
        found.append(_("The code %(code)s is taken: codes are never given twice.") % {"code": code})
    elif plan.target.until and plan.target.until <= change.on:
        found.append(_("%(name)s does not exist any more on that day.") % {"name": plan.target.name})
    if not plan.steps and not plan.compounds:
        found.append(_("Nothing would move."))
    if any(not step.code for step in plan.steps):
        found.append(_("There is no free code left in the new place."))
    return found + twice_named(plan) + crossed(plan)


def twice_named(plan):
    """Compounds that would have one name in one community."""
    names = Counter()
    for compound in arriving(plan):
        community = (plan.new_path(compound.area_path) or plan.reorganisation.target_code)[: DIGITS[Level.COMMUNITY]]
        names[community, compound.name] += 1
    communities = {community for community, _name in names}
    standing = Compound.objects.standing().filter(community__code__in=communities)
    for community, name in standing.values_list("community__code", "name"):
        if community not in plan.moves:
            names[community, name] += (community, name) in names
    sentence = _("Two compounds called %(name)s would lie in one community: rename one of them first.")
    return [sentence % {"name": name} for (_community, name), number in sorted(names.items()) if number > 1]


def arriving(plan):
    """Standing compounds that get another community."""
    moved = Q(pk__in=[compound.pk for compound in plan.compounds])
    if plan.steps:
        moved |= inside(plan.roots)
    rows = Compound.objects.standing().filter(moved)
    return rows if len(plan.sources[0].code) < DIGITS[Level.GRID] else rows.none()


def crossed(plan):
    """Other confirmed changes of the same places."""
    codes = [*plan.moves, *(place.code for place in plan.sources), plan.reorganisation.target_code]
    others = type(plan.reorganisation).objects.planned().exclude(pk=plan.reorganisation.pk)
    if others.filter(Q(sources__code__in=codes) | Q(target_code__in=[code for code in codes if code])).exists():
        return [_("Another change of one of these places is planned already.")]
    return []


def figures(plan):
    """How many rows would move, by model, most first; and how many keep the old place (`area_path_then`, the journal)."""
    moving, staying = Counter(), 0
    for model in models_with("area_path") if plan.steps or plan.compounds else ():
        rows = current(model).filter(in_plan(plan, model))
        if number := rows.count():
            moving[model._meta.label_lower] = number
            if "area_path_then" in names_of(model):
                staying += rows.count()
    moving["communities.division"] = len(plan.steps)
    buildings = Building.objects.filter(compound__in=Compound.objects.filter(in_plan(plan, Compound))).count()
    if buildings:
        moving["communities.building"] = buildings
    entries = apps.get_model("journal.Entry").objects.filter(inside(plan.roots)).count() if plan.roots else 0
    return moving.most_common(), staying, entries


def size(plan):
    """How many rows would move."""
    moving, _staying, _entries = figures(plan)
    return sum(number for _model, number in moving)


def in_plan(plan, model):
    """The condition "this row moves"."""
    condition = inside(plan.roots)
    if plan.compounds:
        pks = [compound.pk for compound in plan.compounds]
        for chain in chains(model):
            condition |= Q(**{f"{chain}__in": pks}) & within(plan.sources[0].code)
    return condition


# --- which tables ---


def names_of(model):
    return {column.name for column in model._meta.concrete_fields}


@cache
def models_with(name):
    """Every table with this column that is not written once for all."""
    return [
        model
        for model in apps.get_models()
        if not model._meta.proxy and not issubclass(model, AppendOnlyModel) and name in names_of(model)
    ]


@cache
def keys_to_division():
    """(model, name of the column) for every foreign key to a place that says where a row belongs now."""
    own = {"communities.division", "communities.assignment", "communities.succession"}
    return [
        (model, column.name)
        for model in apps.get_models()
        if not model._meta.proxy and model._meta.label_lower not in own and not issubclass(model, AppendOnlyModel)
        for column in model._meta.concrete_fields
        if column.is_relation and column.related_model is Division
    ]


@cache
def chains(model, depth=LONGEST_CHAIN):
    """The ways from a row to its compound: ["compound"], ["household__compound"] …; ["pk"] for the compound itself."""
    if model is Compound:
        return ["pk"]
    columns = [column for column in model._meta.concrete_fields if column.is_relation and column.related_model != model]
    if any(column.related_model is Compound for column in columns):
        return [column.name for column in columns if column.related_model is Compound]
    if depth == 1:
        return []
    return [
        f"{column.name}__{rest}"
        for column in columns
        if column.name not in ("created_by", "voided_by", "division", "unit")
        for rest in chains(column.related_model, depth - 1)
        if rest != "pk"
    ]


def current(model):
    """The rows of a model that belong somewhere now: posts and offices of a place go their own way."""
    if model is Unit:
        return Unit.objects.exclude(kind=UnitKind.OFFICE)
    if model is Assignment:
        return Assignment.objects.filter(division__isnull=True)
    return model._base_manager.all()


# --- doing it ---


def carry_out(plan, *, by):
    """Do what the plan says; to be called in a transaction. Returns `Done`."""
    change = plan.reorganisation
    if plan.kind == "rename":
        for place in plan.sources:
            place.rename(by=by, full_name=change.target_name, on=change.on)
        return Done(people=people_at([place.code for place in plan.sources]))
    places = establish(plan, by=by)
    done = Done(people=people_at([*plan.roots, change.target_code, *(place.code for place in plan.sources)]))
    succeed(plan, places)
    move_units(plan, places)
    move_posts(plan, places, by=by)
    done.rows = move_rows(plan, places)
    hand_over(plan, places)
    close(plan, places, by=by)
    return done


def establish(plan, *, by):
    """The places that take over, by code; those that are not there yet are founded with their offices."""
    change = plan.reorganisation
    codes = {change.target_code, *plan.moves.values()}
    places = {place.code: place for place in Division.objects.filter(code__in=codes)}
    models_of = {step.code: step.old for step in reversed(plan.steps)}
    if plan.is_split:
        models_of[change.target_code] = plan.sources[0]
    for code in sorted(codes - set(places), key=len):
        like = models_of[code]
        is_target = code == change.target_code
        parent = plan.parent if is_target else places[code[: digits_above(code)]]
        place = Division.objects.establish(
            by=by,
            code=code,
            name=change.target_name if is_target else like.full_name,
            parent=parent,
            since=change.on,
            kind=like.kind,
        )
        if not (plan.is_split and is_target):
            facts = {name: getattr(like, name) for name in ("office_address", "office_phone")}
            place.correct(by=by, **facts, **({} if is_target else {"name_en": like.name_en}))
        places[code] = place
    return places


def succeed(plan, places):
    Succession = plan.reorganisation.successions.model
    Succession.objects.bulk_create(
        Succession(reorganisation=plan.reorganisation, old=step.old, new=places[step.code]) for step in plan.steps
    )


def move_units(plan, places):
    """Units that worked for a place work for its successor: under its office, in its area."""
    offices = offices_of(plan, places)
    for old, new in offices.values():
        Unit.objects.filter(parent=old).exclude(kind=UnitKind.OFFICE).update(parent=new)
        for unit in Unit.objects.under(f"{old.path}/"):
            Unit.objects.filter(pk=unit.pk).update(path=new.path + unit.path[len(old.path) :])


def offices_of(plan, places):
    """{code of the old place: (its office, the office that takes over)}."""
    codes = {*plan.moves, *plan.moves.values()}
    offices = {unit.path: unit for unit in Unit.objects.offices().filter(path__in=[office_path(c) for c in codes])}
    return {
        old: (offices[office_path(old)], offices[office_path(new)])
        for old, new in plan.moves.items()
        if office_path(old) in offices
    }


def move_posts(plan, places, *, by):
    """Who holds a post in an old place holds it in the new one from the day on; what is over stays where it was."""
    on = plan.reorganisation.on
    posts = Assignment.objects.not_over(on).filter(division__in=[step.old for step in plan.steps])
    for post in posts.select_related("division"):
        new = places[plan.moves[post.division.code]]
        if post.since >= on:
            Assignment.objects.filter(pk=post.pk).update(division=new, area_path=new.code, version=F("version") + 1)
            continue
        facts = {"user": post.user_id, "role": post.role, "stands_in_for": post.stands_in_for_id}
        has_it = Assignment.objects.not_over(on).filter(division=new, **facts)
        if not has_it.exists():
            follower = copy(post)
            # Whatever else the post says (whom it stands in for, for which leave) it goes on saying.
            follower.pk, follower._state = None, ModelState()
            follower.division, follower.area_path, follower.since, follower.version = new, new.code, on, 1
            follower.save(force_insert=True)
            record(follower, "assign", by=by, data={"user": post.user_id, "role": post.role})
        revise(post, "end", by=by, data={"user": post.user_id, "role": post.role}, until=on - ONE_DAY)


def move_rows(plan, places):
    """Rewrite `area_path` and foreign keys of every table; returns how many paths were rewritten. Doing it again changes nothing."""
    rows = 0
    if plan.compounds:
        rows += move_compounds(plan, places)
    if plan.steps:
        rows += sum(rewrite(model, plan) for model in models_with("area_path") if model is not Division)
        repoint(plan, places)
    if plan.is_split:
        follow_path(plan, places)
    return rows


def move_compounds(plan, places):
    """The compounds chosen in a split, with everything that hangs on them, go to the new place itself."""
    source, target = plan.sources[0], places[plan.reorganisation.target_code]
    pks = [compound.pk for compound in plan.compounds]
    stay = within(source.code)
    rows = 0
    for model in models_with("area_path"):
        for chain in chains(model):
            if model is not Compound:
                rows += written(current(model).filter(stay, **{f"{chain}__in": pks}), area_path=target.code)
    # The compounds come last: the rows that hang on them are found by where they lie, not by where they lay.
    compounds = Compound.objects.filter(stay, pk__in=pks)
    grids = {"grid": None} if source.level == Level.COMMUNITY else {"grid": target}
    return rows + written(compounds, area_path=target.code, **grids)


def rewrite(model, plan):
    """Give every row in the moved places the path of its new one."""
    rows = current(model)
    paths = rows.filter(inside(plan.roots)).order_by().values_list("area_path", flat=True).distinct()
    return sum(written(rows.filter(area_path=path), area_path=plan.new_path(path)) for path in list(paths))


def repoint(plan, places):
    """Let every foreign key to a moved place name its successor."""
    successor = {step.old.pk: places[step.code].pk for step in plan.steps}
    for model, name in keys_to_division():
        rows = current(model)
        named = rows.filter(**{f"{name}__in": list(successor)}).order_by().values_list(name, flat=True).distinct()
        for pk in list(named):
            written(rows.filter(**{name: pk}), **{name: successor[pk]})


def follow_path(plan, places):
    """After a split: what now lies in the new place no longer names the old one."""
    source, target = plan.sources[0], places[plan.reorganisation.target_code]
    for model, name in keys_to_division():
        if "area_path" in names_of(model):
            written(current(model).filter(within(target.code), **{name: source}), **{name: target})


def written(rows, **values):
    """Update these rows and return their number; a row that would break a rule of its table (one per place) stays as it is."""
    if rows.model in (Compound, Unit):
        # Whoever has the old facts on the screen shall see the new ones before saving.
        values["version"] = F("version") + 1
    try:
        with transaction.atomic():
            return rows.update(**values)
    except IntegrityError:
        return sum(written_alone(rows.model, pk, values) for pk in list(rows.values_list("pk", flat=True)))


def written_alone(model, pk, values):
    try:
        with transaction.atomic():
            return model._base_manager.filter(pk=pk).update(**values)
    except IntegrityError:
        return 0


def hand_over(plan, places):
    """What is open with an office that closes goes to the one that takes over; of a split, what now lies in the new place."""
    for old, new in offices_of(plan, places).values():
        for function in HANDS:
            function(old, new, "")
    if plan.is_split:
        source, target = plan.sources[0], places[plan.reorganisation.target_code]
        old, new = (place.units.offices().first() for place in (source, target))
        for function in HANDS:
            function(old, new, target.code)


def close(plan, places, *, by):
    """The old places end on the day, their offices with them; one entry for each says where it went."""
    change = plan.reorganisation
    for step in plan.steps:
        data = {"into": step.code, "reorganisation": change.pk}
        revise(step.old, "reorganise", by=by, data=data, until=change.on)
        for office in step.old.units.offices():
            office.correct(by=by, closed_on=change.on)
    if plan.is_split:
        record(plan.sources[0], "split_off", by=by, data={"into": change.target_code, "reorganisation": change.pk})


def people_at(codes):
    """Who holds a post today in one of these places or below."""
    posts = Assignment.objects.current(timezone.localdate()).filter(inside(codes), user__is_active=True)
    return list({post.user_id: post.user for post in posts.select_related("user")}.values())


def sweep(reorganisation):
    """Once more for rows that somebody wrote, under the old path, while the place was being moved; usually there are none."""
    successions = list(reorganisation.successions.select_related("old", "new"))
    plan = Plan(reorganisation, list(reorganisation.sources.select_related("parent")))
    plan.steps = [Step(row.old, row.new.code) for row in successions]
    target = Division.objects.filter(code=reorganisation.target_code).first()
    places = {row.new.code: row.new for row in successions} | ({target.code: target} if target else {})
    if plan.is_split:
        # Only those that are still where the split put them.
        plan.compounds = list(reorganisation.compounds.filter(area_path=reorganisation.target_code))
    with transaction.atomic():
        return move_rows(plan, places)
