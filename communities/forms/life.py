"""What happened in a life: few fields, one form for each kind of entry. `arguments` is what the verb of `LifeEvent.objects` takes."""

import uuid

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from communities.forms.row import choice_of, citizen_number, half_width, not_in_the_future, phone_number
from communities.models import Household, Resident
from communities.models.division import DIGITS, Level
from communities.models.life import LifeKind, kinds_open_to
from communities.models.resident import Residency
from foundation.fields import keyed_hash
from foundation.forms import FactForm, GuardedForm
from foundation.paths import within

MOST_HOMES = 12
MOST_OTHERS = 9
ALL = ("", _("all"))


class DayField(forms.DateField):
    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class LifeForm(FactForm):
    """The day, and a remark. `TOGETHER`: several people may be entered at once."""

    TOGETHER = False
    joins = False

    on = DayField(label=pgettext_lazy("of a life event", "On which day"))
    remark = forms.CharField(
        label=_("Remark"),
        required=False,
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Only what the neighbours' work needs, for example who has the key. No diagnosis."),
    )

    def __init__(self, *args, household, kind, user, person=None, **kwargs):
        kwargs["initial"] = {"on": timezone.localdate(), **(kwargs.get("initial") or {})}
        super().__init__(*args, **kwargs)
        self.household, self.kind, self.user, self.person = household, kind, user, person
        self.fields["remark"] = self.fields.pop("remark")  # what matters comes first
        # [(person, what stands now)] if somebody else was faster
        self.overtaken = None

    def clean_on(self):
        return not_in_the_future(self.cleaned_data["on"])

    def say_overtaken(self, rows=()):
        """Somebody else was faster: the page shows what stands now."""
        self.overtaken = [(row, row.life_events.standing().for_list().first()) for row in rows]
        self.add_error(None, _("Meanwhile somebody else changed this. Nothing was saved a second time."))

    def look_again(self):
        """After somebody was faster: keep what was typed, but let the next sending say that the present state has been seen."""
        self.data = self.data.copy()
        self.data["client_uuid"] = uuid.uuid4()

    @property
    def common(self):
        names = ("client_uuid", "on", "remark", "until", "residency", "household_to")
        return {name: self.cleaned_data[name] for name in names if self.cleaned_data.get(name) not in (None, "")}


class OneOfThem(forms.RadioSelect):
    """Radio buttons whose one answer comes as a list, like that of check boxes."""

    def value_from_datadict(self, data, files, name):
        return data.getlist(name)


class PeopleForm(LifeForm):
    """Something happened to people of the household. `seen` carries which version of each stood on the screen."""

    people = forms.TypedMultipleChoiceField(label=_("Who"), coerce=int, widget=forms.CheckboxSelectMultiple)
    seen = forms.CharField(required=False, widget=forms.HiddenInput)
    field_order = ["client_uuid", "seen", "people", "on"]

    def __init__(self, *args, household, kind, person=None, **kwargs):
        self.rows = {row.pk: row for row in household.residents.of_record()}
        self.open_rows = self.open_to(kind, person)
        kwargs["initial"] = {
            "people": self.chosen_at_first(person),
            "seen": ",".join(f"{row.pk}:{row.version}" for row in self.rows.values()),
            **(kwargs.get("initial") or {}),
        }
        super().__init__(*args, household=household, kind=kind, person=person, **kwargs)
        if not self.TOGETHER:
            self.fields["people"].widget = OneOfThem()
        self.fields["people"].choices = [(row.pk, row.name) for row in self.open_rows]

    def open_to(self, kind, person):
        """The people for whom this entry makes sense: who live here, who is named in the address, and who may return."""
        rows = [row for row in self.rows.values() if kind in kinds_open_to(row)]
        return [row for row in rows if row.is_here or row == person or kind == LifeKind.MOVE_IN]

    def chosen_at_first(self, person):
        if person is not None:
            return [person.pk] if self.TOGETHER else person.pk
        if len(self.open_rows) == 1:
            return [self.open_rows[0].pk] if self.TOGETHER else self.open_rows[0].pk
        return None

    def _clean_fields(self):
        # Whom somebody else has just entered is no longer on the page; that is told in words, not as a wrong choice.
        chosen = {int(pk) for pk in self.data.getlist("people") if pk.isdigit()} if self.is_bound else set()
        self.overtaken_rows = [self.rows[pk] for pk in sorted(chosen & set(self.rows)) if self.has_changed_since(pk)]
        if self.overtaken_rows:
            self.fields["people"].required = False
            self.fields["people"].choices = [(row.pk, row.name) for row in self.rows.values()]
        super()._clean_fields()

    def has_changed_since(self, pk):
        return self.versions_seen.get(pk) not in (None, self.rows[pk].version)

    @property
    def versions_seen(self):
        pairs = (pair.partition(":") for pair in self.data.get("seen", "").split(","))
        return {int(pk): int(version) for pk, _colon, version in pairs if pk.isdigit() and version.isdigit()}

    def clean(self):
        cleaned = super().clean() or self.cleaned_data
        if self.overtaken_rows:
            self.say_overtaken(self.overtaken_rows)
            return cleaned
        people = [self.rows[pk] for pk in cleaned.get("people", ())]
        if not self.TOGETHER and len(people) > 1:
            raise ValidationError(_("Please choose one person."))
        self.refuse_days(people, cleaned.get("on"))
        self.people = people
        return cleaned

    def refuse_days(self, people, on):
        for row in people:
            if on is None:
                return
            if row.born_on and on < row.born_on:
                self.add_error("on", _("This is before %(name)s was born.") % {"name": row.name})
            last = row.life_events.standing().in_order().first()
            if last is not None and on < last.on:
                words = _("For %(name)s something later is recorded: %(what)s, %(day)s. Please take that back first.")
                self.add_error("on", words % {"name": row.name, "what": last.get_kind_display(), "day": last.on})

    def look_again(self):
        super().look_again()
        self.rows = {row.pk: row for row in self.household.residents.of_record()}
        self.open_rows = self.open_to(self.kind, self.person)
        self.data["seen"] = ",".join(f"{row.pk}:{row.version}" for row in self.rows.values())
        self.fields["people"].choices = [(row.pk, row.name) for row in self.open_rows]

    @property
    def arguments(self):
        return {"residents": self.people, "seen": self.versions_seen, **self.common}


class LeaveForm(PeopleForm):
    """Moved away, one or all."""

    TOGETHER = True

    def chosen_at_first(self, person):
        return super().chosen_at_first(person) or [row.pk for row in self.open_rows]


class TenantLeaveForm(LeaveForm):
    """Tenants first: if any are recorded as such, only they are offered."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        tenants = [row for row in self.open_rows if row.residency == Residency.TENANT]
        if tenants and not self.is_bound:
            self.open_rows = tenants
            self.initial["people"] = [row.pk for row in tenants]
            self.fields["people"].choices = [(row.pk, row.name) for row in tenants]


class AbsenceForm(PeopleForm):
    """In hospital, or away for a time."""

    until = DayField(
        label=_("Expected back on"),
        required=False,
        help_text=_("May stay empty. Visits rest until the return is entered."),
    )
    field_order = [*PeopleForm.field_order, "until"]

    def clean(self):
        cleaned = super().clean()
        on, until = cleaned.get("on"), cleaned.get("until")
        if on and until and until < on:
            self.add_error("until", _("This is before the day on which it began."))
        return cleaned


class AwayForm(AbsenceForm):
    TOGETHER = True


class BackForm(PeopleForm):
    TOGETHER = True


class ResidencyForm(PeopleForm):
    residency = choice_of(Resident, "residency", empty=_("not known"))
    field_order = [*PeopleForm.field_order[:3], "residency", "on"]
    TOGETHER = True

    def clean(self):
        cleaned = super().clean()
        same = [row.name for row in getattr(self, "people", ()) if row.residency == cleaned.get("residency")]
        if same:
            self.add_error("residency", _("This is recorded already: %(names)s.") % {"names": "、".join(same)})
        return cleaned

    @property
    def arguments(self):
        # "not known" is an answer, too
        return super().arguments | {"residency": self.cleaned_data["residency"]}


class ReturnForm(PeopleForm):
    """Somebody who moved away lives here again."""

    TOGETHER = True

    @property
    def arguments(self):
        return super().arguments | {"household_to": self.household}


class MoveForm(PeopleForm):
    """To another home in one's reach, found by its door number or address; if several fit, one is chosen."""

    TOGETHER = True

    where = forms.CharField(
        label=_("Where to"),
        required=False,
        max_length=60,
        help_text=_("Door number or address, for example 3-1-201."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    household_to = forms.ModelChoiceField(
        Household.objects.none(), label=_("Which home"), required=False, widget=forms.RadioSelect, empty_label=None
    )
    field_order = [*PeopleForm.field_order[:3], "where", "household_to", "on"]

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.homes = Household.objects.changeable_by(self.user).standing().exclude(pk=self.household.pk)
        self.fields["household_to"].queryset = self.homes
        self.fields["household_to"].choices = []
        self.offer_typed()

    def offer_typed(self):
        """The homes that fit what was typed; those of the same community first."""
        typed = self.data.get("where", "").replace("\0", "").strip()[:60] if self.is_bound else ""
        self.found = []
        if not typed:
            return
        fitting = self.homes.found_by(typed).select_related("compound", "building").in_walking_order()
        near = fitting.filter(compound__community=self.household.compound.community_id)
        self.found = list(near[:MOST_HOMES]) or list(fitting[:MOST_HOMES])
        self.fields["household_to"].choices = [(row.pk, row.address) for row in self.found]

    @property
    def shows_homes(self):
        return len(self.found) > 1

    def clean(self):
        cleaned = super().clean()
        if "household_to" in self.errors or cleaned.get("household_to"):
            return cleaned
        if not self.found:
            self.add_error("where", _("No home in your area fits. Please type the door number, for example 3-1-201."))
        elif len(self.found) > 1:
            self.add_error("household_to", _("Several homes fit: please choose one."))
        else:
            cleaned["household_to"] = self.found[0]
        return cleaned


class NewcomerForm(LifeForm):
    """Somebody who was not here: name and what is at hand. An ID number known elsewhere in the portal continues that record."""

    joins = True

    name = forms.CharField(label=_("Name"), max_length=60)
    sex = choice_of(Resident, "sex", empty=_("not stated"))
    id_number = forms.CharField(
        label=_("ID number"),
        required=False,
        max_length=40,
        help_text=_("Birth and sex follow from it. Whoever lived elsewhere in the portal keeps the history."),
    )
    phone = forms.CharField(label=_("Phone"), required=False, max_length=40)
    is_head = forms.BooleanField(label=_("Head of household"), required=False)
    residency = choice_of(Resident, "residency", empty=_("not known"))
    others = forms.CharField(
        label=_("Who comes along"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("One name on each line; everything else can be added later."),
    )
    field_order = ["client_uuid", "name", "on"]

    def clean_name(self):
        return half_width(self.cleaned_data["name"])

    def clean_phone(self):
        return phone_number(self.cleaned_data["phone"])

    def clean_id_number(self):
        return citizen_number(self.cleaned_data["id_number"])

    def clean_others(self):
        names = [half_width(line)[:60] for line in self.cleaned_data["others"].splitlines() if line.strip()]
        if len(names) > MOST_OTHERS:
            raise ValidationError(_("At most %(n)s people at a time.") % {"n": MOST_OTHERS})
        return names

    def clean(self):
        cleaned = super().clean() or self.cleaned_data
        self.known = self.look_up(cleaned.get("id_number"), cleaned.get("name"))
        return cleaned

    def look_up(self, number, name):
        """The person with this ID number who moved away from somewhere in the district; None for somebody new.

        Beyond the district nothing is looked up: a number would tell who died or left there.
        """
        if not number or not name:
            return None
        district = self.household.area_path[: DIGITS[Level.DISTRICT]]
        known = Resident.objects.of_record().filter(within(district), purged_at__isnull=True)
        same = known.filter(id_number_hash=keyed_hash(number))
        for row in same.select_related("household"):
            if row.household_id == self.household.pk and row.is_here:
                self.add_error("id_number", _("A person with this ID number is recorded in this household already."))
            elif row.ended_reason == "died":
                self.add_error("id_number", _("With this ID number a death is recorded. Please compare the number."))
            elif row.ended_on and row.name != name:
                self.add_error("name", _("With this ID number another name is recorded. Please compare both."))
            elif row.ended_on:
                return row
            elif Resident.objects.changeable_by(self.user).filter(pk=row.pk).exists():
                words = _("This person is recorded at %(address)s. Please enter the move there.")
                self.add_error("id_number", words % {"address": row.household.address})
        return None

    @property
    def newcomers(self):
        """The people as `enter_newcomers` takes them."""
        cleaned = self.cleaned_data
        number = cleaned["id_number"]
        first = {
            "name": cleaned["name"],
            "sex": cleaned["sex"] or (("m" if int(number[16]) % 2 else "f") if number else ""),
            "id_number": number,
            "phone": cleaned["phone"],
            "is_head": cleaned["is_head"],
            "residency": cleaned["residency"],
        }
        if number:
            first["born_on"] = f"{number[6:10]}-{number[10:12]}-{number[12:14]}"
        others = [{"name": name, "residency": cleaned["residency"]} for name in cleaned["others"]]
        return [self.known or first, *others]

    @property
    def arguments(self):
        return {"household": self.household, "people": self.newcomers, **self.common}


class TenantForm(NewcomerForm):
    """As newcomers, with the residence known."""

    residency = None

    def clean(self):
        self.cleaned_data["residency"] = Residency.TENANT
        return super().clean()


class BirthForm(LifeForm):
    """A child was born: no ID number yet; the name may be the one that is used at home."""

    joins = True

    name = forms.CharField(
        label=_("Name of the child"), max_length=60, help_text=_("A pet name will do until the child is registered.")
    )
    sex = choice_of(Resident, "sex", empty=_("not stated"))
    field_order = ["client_uuid", "name", "sex", "on"]

    def clean_name(self):
        return half_width(self.cleaned_data["name"])

    @property
    def arguments(self):
        child = {"name": self.cleaned_data["name"], "sex": self.cleaned_data["sex"], "residency": Residency.SAME}
        return {"household": self.household, "people": [child], **self.common}


FORMS = {
    LifeKind.BIRTH: BirthForm,
    LifeKind.MOVE_IN: NewcomerForm,
    LifeKind.TENANT_IN: TenantForm,
    LifeKind.DEATH: PeopleForm,
    LifeKind.MOVE_OUT: LeaveForm,
    LifeKind.TENANT_OUT: TenantLeaveForm,
    LifeKind.MOVE: MoveForm,
    LifeKind.HOSPITAL_IN: AbsenceForm,
    LifeKind.HOSPITAL_OUT: PeopleForm,
    LifeKind.AWAY: AwayForm,
    LifeKind.BACK: BackForm,
    LifeKind.RESIDENCY: ResidencyForm,
}


def form_for(kind, *, person):
    """The form of a kind of entry; a former resident who returns is chosen, not typed again."""
    return ReturnForm if kind == LifeKind.MOVE_IN and person is not None else FORMS[kind]


class LifeUndoForm(GuardedForm):
    reason = forms.CharField(
        label=_("Why it is taken back"),
        min_length=2,
        max_length=200,
        help_text=_("For example: wrong person; wrong household."),
    )
    together = forms.BooleanField(label=_("For everybody who was entered together"), required=False, initial=True)

    def __init__(self, *args, row, **kwargs):
        super().__init__(*args, row=row, **kwargs)
        self.companions = list(row.companions().for_list())
        if not self.companions:
            del self.fields["together"]


class HeadForm(forms.Form):
    """Who is the head of the household now."""

    head = forms.ModelChoiceField(Resident.objects.none(), label=_("Head of household"), widget=forms.RadioSelect)

    def __init__(self, *args, household, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["head"].queryset = household.residents.here().order_by("born_on", "pk")
        self.fields["head"].empty_label = None


class LifeFilter(forms.Form):
    """What the list of entries can be narrowed to: codes and days, nothing personal."""

    kind = forms.ChoiceField(required=False, choices=[ALL, *LifeKind.choices], label=_("Kind"))
    since = DayField(label=_("From"), required=False)
    until = DayField(label=_("Until"), required=False)
    undone = forms.BooleanField(label=_("also those taken back"), required=False)

    @property
    def is_narrow(self):
        return any(self.cleaned_data.values())

    def narrow(self, events):
        """Those that fit; a parameter that makes no sense is reported and left out."""
        self.is_valid()
        chosen = self.cleaned_data
        conditions = {"kind": chosen.get("kind"), "on__gte": chosen.get("since"), "on__lte": chosen.get("until")}
        events = events.filter(**{name: value for name, value in conditions.items() if value})
        return events if chosen.get("undone") else events.standing()
