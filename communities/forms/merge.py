"""Forms for the same record twice: which one stays and which facts it takes; splitting and joining of households."""

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from communities.duplicates import REASONS, places_to_look
from communities.forms.household import HouseholdCreateForm
from communities.merging import FIRST, SECOND
from communities.models import Household, Resident
from communities.models.division import DIGITS, Level
from communities.models.duplicate import Kind
from communities.models.merge import Why
from foundation.forms import FactForm, GuardedForm
from foundation.templatetags.portal import named

SHOWN = [
    ("suspected", _("perhaps the same")),
    ("elsewhere", _("also in another area")),
    ("declined", _("said to be two")),
]
RESIDENT_REASONS = ("id_number", "birth", "phone", "household")


class DuplicateFilter(forms.Form):
    """What the list of suspected doubles shows: codes only."""

    kind = forms.ChoiceField(required=False, choices=Kind.choices, label=_("What"))
    show = forms.ChoiceField(required=False, choices=SHOWN, label=_("Show"))
    place = forms.ChoiceField(required=False, label=_("Place"))
    reason = forms.ChoiceField(
        required=False,
        choices=[*((code, REASONS[code]) for code in RESIDENT_REASONS), ("all", _("all"))],
        label=_("Why"),
    )

    def __init__(self, data, *, user):
        super().__init__(data.copy())
        places = places_to_look(user)
        self.fields["place"].choices = [(place.code, named(place)) for place in places]
        self.is_valid()
        asked = {name: self.cleaned_data.get(name) for name in self.fields}
        self.kind = asked["kind"] or Kind.RESIDENT
        self.show = asked["show"] or "suspected"
        codes = [place.code for place in places]
        # Whoever else has an ID number is looked up person by person: one community at a time.
        fitting = [code for code in codes if self.show != "elsewhere" or len(code) >= DIGITS[Level.COMMUNITY]]
        # A team on a single compound has no place; its reach is small enough.
        self.place = asked["place"] if asked["place"] in fitting else next(iter(fitting), "")
        # In a street first what only the street can see: one number in two of its communities.
        small = not self.place or len(self.place) >= DIGITS[Level.COMMUNITY]
        self.reason = asked["reason"] or ("all" if small else "id_number")
        self.data.update({"show": self.show, "place": self.place, "reason": self.reason})


class MergeForm(FactForm):
    """Which of two records stays, and for each fact that differs whose value; versions as they were on the screen."""

    seen_first = forms.IntegerField(widget=forms.HiddenInput, required=False)
    seen_second = forms.IntegerField(widget=forms.HiddenInput, required=False)
    why = forms.ChoiceField(
        choices=[(Why.SAME, Why.SAME.label), (Why.JOINED, Why.JOINED.label)], widget=forms.HiddenInput
    )
    stays = forms.ChoiceField(label=_("Which record stays"), widget=forms.RadioSelect)

    def __init__(self, *args, two, why=Why.SAME, stays=None, **kwargs):
        self.two = two
        kwargs["initial"] = {
            "seen_first": two.first.version,
            "seen_second": two.second.version,
            "why": why,
            "stays": stays or two.fuller,
        }
        super().__init__(*args, **kwargs)
        self.fields["stays"].choices = [(FIRST, _("the first")), (SECOND, _("the second"))]
        for fact in two.facts:
            if fact.differs:
                self.fields[f"take_{fact.name}"] = forms.ChoiceField(
                    label=fact.label,
                    choices=[(FIRST, fact.first), (SECOND, fact.second)],
                    initial=fact.likelier,
                    widget=forms.RadioSelect,
                )

    def lines(self):
        """(fact, the two radio buttons or None), in the order of the facts."""
        return [(fact, list(self[f"take_{fact.name}"]) if fact.differs else None) for fact in self.two.facts]

    def merge_facts(self):
        """What `Merge.objects.merge` takes, besides who and on which form."""
        cleaned = self.cleaned_data
        stays = cleaned["stays"]
        seen = (cleaned["seen_first"], cleaned["seen_second"])
        rows = self.two.rows
        if stays == SECOND:
            rows, seen = rows[::-1], seen[::-1]
        take = [
            name.removeprefix("take_") for name, side in cleaned.items() if name.startswith("take_") and side != stays
        ]
        return {
            "kept": rows[0],
            "gone": rows[1],
            "take": take,
            "why": cleaned["why"],
            "seen": None if None in seen else seen,
        }


class DeclineForm(FactForm):
    """Two records are not the same."""

    reason = forms.CharField(label=_("Reason"), required=False, max_length=200)


class MergeUndoForm(GuardedForm):
    """Nothing to fill in."""


class DuplicateWithdrawForm(GuardedForm):
    """Nothing to fill in."""


class PeopleField(forms.ModelMultipleChoiceField):
    def label_from_instance(self, resident):
        return resident.name


class HouseholdSplitForm(HouseholdCreateForm):
    """Who goes, and behind which door; by default the same one with a number."""

    verified_on = None
    remark = None
    seen = forms.IntegerField(widget=forms.HiddenInput, required=False)
    residents = PeopleField(
        Resident.objects.none(), label=_("Who forms the new household"), widget=forms.CheckboxSelectMultiple
    )
    field_order = ["residents", "building"]

    def __init__(self, *args, household, **kwargs):
        kwargs["initial"] = {
            "seen": household.version,
            "building": household.building.name,
            "stair": household.stair,
            "door": free_door(household),
            "occupancy": household.occupancy,
        }
        super().__init__(*args, compound=household.compound, **kwargs)
        self.household = household
        self.fields["residents"].queryset = household.residents.here().order_by("-is_head", "pk")

    def clean_residents(self):
        chosen = list(self.cleaned_data["residents"])
        if len(chosen) == self.household.residents.here().count():
            raise ValidationError(_("Somebody must stay. If all of them move, correct the address instead."))
        return chosen


def free_door(household):
    """The same door with the first free number: "201" → "201(2)"."""
    doors = set(household.building.households.standing().filter(stair=household.stair).values_list("door", flat=True))
    number = 2
    while f"{household.door}({number})" in doors:
        number += 1
    return f"{household.door}({number})"[: Household._meta.get_field("door").max_length]
