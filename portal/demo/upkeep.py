"""How the registers are kept true: doors that were checked, what is still missing, suggestions, a compound's way out of neglect,
and a change of the territory that is planned."""

from datetime import date, datetime, time, timedelta
from random import Random
from uuid import UUID

from django.db.models import F
from django.utils import timezone

from communities.models import Compound, Household, Reorganisation, Resident, Suggestion
from foundation.journal.models import Entry
from foundation.workdays.calendar import ZONE
from portal.demo.cast import HOME, XIANGLIN

# How households were checked: share of them, days ago from … to. The rest was never checked.
CHECKED = [(0.35, 1, 60), (0.25, 61, 200), (0.12, 201, 360), (0.16, 380, 900)]
RESIDENCIES = ["same"] * 11 + ["elsewhere", "tenant", "absent"]
COURTYARD = "和合大院"


class Told:
    """The dice and numbers of this chapter alone, so that those of the others stay what they are."""

    def __init__(self, cast):
        self.cast, self.users = cast, cast.users
        self.today = timezone.localdate(cast.now)
        self.dice = Random(20220801)

    def uuid(self):
        return UUID(int=self.dice.getrandbits(128), version=4)

    def ago(self, days):
        return self.today - timedelta(days=days)


def keep(cast):
    told = Told(cast)
    check_doors(told)
    leave_gaps(told)
    suggest(told)
    manage(told)
    reorganise(told)


def check_doors(told):
    """Two years of knocking: most doors of the home community were checked within the year, the oldest long ago."""
    by_day, entries = {}, []
    for household in told.cast.of_community(XIANGLIN):
        day = day_of_check(told)
        if day:
            by_day.setdefault(day, []).append(household.pk)
            entries.append(checked(told, household, day))
    for day, pks in by_day.items():
        Household.objects.filter(pk__in=pks).update(verified_on=day, version=F("version") + 1)
        Resident.objects.here().filter(household__in=pks).update(verified_on=day)
    Entry.objects.bulk_create(entries, batch_size=500)


def day_of_check(told):
    throw = told.dice.random()
    for share, newest, oldest in CHECKED:
        if throw < share:
            return told.ago(told.dice.randint(newest, oldest))
        throw -= share
    return None


def checked(told, household, day):
    return Entry(
        subject_type="communities.household",
        subject_id=household.pk,
        verb="verify",
        fields=["verified_on"],
        data={"people": {}},
        actor=told.users["grid"] if household.area_path.startswith(HOME) else told.users["cadre"],
        area_path=household.area_path,
        at=datetime.combine(day, time(9 + told.dice.randrange(9), told.dice.randrange(60)), ZONE),
    )


def leave_gaps(told):
    """Of most people it is known whether they are registered where they live; of a few the phone is missing."""
    people = Resident.objects.here().filter(area_path__startswith=XIANGLIN, residency="").order_by("pk")
    by_residency, silent = {}, []
    for pk in people.values_list("pk", flat=True):
        if told.dice.random() < 0.8:
            by_residency.setdefault(told.dice.choice(RESIDENCIES), []).append(pk)
        if told.dice.random() < 0.06:
            silent.append(pk)
    for residency, pks in by_residency.items():
        Resident.objects.filter(pk__in=pks).update(residency=residency)
    for resident in Resident.objects.filter(pk__in=silent, care_level=None):
        resident.phone = ""
        resident.save()


def suggest(told):
    """Three that wait for the secretary, one that she took up, one that she did not."""
    users, secretary = told.users, told.users["secretary"]
    home = Compound.objects.get(community__code=HOME, name="橡林小区")
    courtyard = Compound.objects.get(community__code=HOME, name="纺织厂家属院")
    company = told.cast.units["安居物业服务有限公司"]

    def say(by, row, field, value, reason):
        return Suggestion.objects.suggest(
            by=users[by], client_uuid=told.uuid(), row=row, field=field, value=value, reason=reason
        )

    taken = say("grid", home, "address", "文化路与橡林路交叉口东北角", "路口新换了路牌")
    taken.accept(by=secretary, row_seen=home.version)
    refused = say("cadre", courtyard, "stated_households", 60, "听门卫说有六十户")
    refused.decline(by=secretary, answer="台账为四十户，门卫把出租的单间也算了进去")
    say("grid", courtyard, "built_year", 1984, "门洞上有落成石碑").join(by=users["cadre"])
    say("grid", company, "phone", "0396-000-0101", "物业换了值班电话")
    household = Household.objects.filter(compound=home, residents__isnull=False).order_by("walk_order").first()
    say("auditor", household, "occupancy", "tenant", "抽查时租户开门，房主已搬走")


def manage(told):
    """和合大院, abandoned and turned round from 2013 on; the home compound's company; and one that is taken over next month."""
    courtyard = Compound.objects.get(name=COURTYARD)
    Compound.objects.filter(pk=courtyard.pk).update(management="none")
    chain = [
        (date(2013, 4, 1), "interim", "原单位改制后弃管，社区先行托底保洁和路灯"),
        (date(2013, 10, 8), "self", "居民会议选出自管会，成立楼院党支部"),
    ]
    for on, after, reason in chain:
        enter(courtyard, told.users["outsider"], after, on, reason)
    home = Compound.objects.get(community__code=HOME, name="橡林小区")
    company = home.property_unit
    Compound.objects.filter(pk=home.pk).update(management="interim", property_unit=None)
    enter(home, told.users["secretary"], "property", date(2022, 12, 1), "业主大会表决通过，选聘物业", company)
    railway = Compound.objects.get(community__code=HOME, name="铁路西院")
    enter(railway, told.users["secretary"], "interim", told.ago(-20), "与原单位签了移交协议，社区先行托管")


def enter(compound, by, after, on, reason, unit=None):
    fresh = Compound.objects.get(pk=compound.pk)
    fresh.management_changes.enter(by=by, after=after, on=on, reason=reason, property_unit=unit)


def reorganise(told):
    """The third grid of the home community goes into the second, in a month; the division of a large community is only drawn up."""
    district = told.users["district"]
    divisions = told.cast.divisions
    second, third = divisions[f"{HOME}002"], divisions[f"{HOME}003"]
    merger = Reorganisation.objects.draw_up(
        by=district,
        client_uuid=told.uuid(),
        kind="merge",
        sources=[third, second],
        on=told.ago(-30),
        reason="驿城区网格优化方案",
        target_code=second.code,
        target_name=second.full_name,
    )
    merger.confirm(by=district)
    Reorganisation.objects.draw_up(
        by=district,
        client_uuid=told.uuid(),
        kind="rename",
        sources=[divisions[told.cast.places(XIANGLIN)[-1].code]],
        on=told.ago(-60),
        reason="居民征求意见中",
        target_code="",
        target_name="梧桐社区居委会",
    )
