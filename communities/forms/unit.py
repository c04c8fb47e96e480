from django import forms
from django.utils.translation import gettext_lazy as _

from communities.forms.row import RowForm, day_field, field_of, half_width, not_in_the_future, office_phone
from communities.models import Unit
from communities.models.division import DIGITS, Level
from communities.models.unit import DEPARTMENTS, Kind
from foundation.forms import FactForm
from foundation.journal.moves import done_already

ALL = ("", _("all"))
# An area office comes with its place and is never founded by hand.
FOUNDED = [(kind, label) for kind, label in Kind.choices if kind != Kind.OFFICE]


class UnitFilter(forms.Form):
    kind = forms.ChoiceField(required=False, choices=[ALL, *Kind.choices], label=_("Kind"))


def kinds_at(division):
    """Kinds of units that work in a place: departments are commanded by a street or the district, not by a community."""
    if len(division.code) >= DIGITS[Level.COMMUNITY]:
        return [(kind, label) for kind, label in FOUNDED if kind not in DEPARTMENTS]
    return FOUNDED


class UnitFacts(forms.Form):
    name = field_of(Unit, "name")
    name_en = field_of(Unit, "name_en")
    kind = forms.ChoiceField(label=_("kind"))
    phone = field_of(Unit, "phone")
    address = field_of(Unit, "address")

    def clean_name(self):
        return half_width(self.cleaned_data["name"])

    def clean_phone(self):
        return office_phone(self.cleaned_data["phone"])

    def refuse_taken(self, others):
        """An error at the name if one of `others` has it."""
        if others.active().filter(name=self.cleaned_data.get("name")).exists():
            self.add_error("name", _("The area has a unit of this name already."))


class UnitCreateForm(UnitFacts, FactForm):
    parent = field_of(
        Unit,
        "parent",
        queryset=Unit.objects.none(),
        label=_("Part of"),
        help_text=_("Left empty, it stands under the area's own office."),
    )

    def __init__(self, *args, division, user, **kwargs):
        super().__init__(*args, **kwargs)
        self.division, self.user = division, user
        self.fields["kind"].choices = kinds_at(division)
        self.fields["parent"].queryset = division.units.active().of_kind(*[kind for kind, _label in FOUNDED])

    def clean(self):
        """`client_uuid` is the key of the entry (a unit has none of its own); the same form again is no second unit of this name."""
        cleaned = super().clean()
        cleaned["key"] = cleaned.pop("client_uuid", None)
        if not done_already(cleaned["key"], self.user):
            self.refuse_taken(self.division.units.all())
        return cleaned


class UnitForm(UnitFacts, RowForm):
    closed_on = day_field(Unit, "closed_on")

    def __init__(self, *args, row, **kwargs):
        super().__init__(*args, row=row, **kwargs)
        self.fields["kind"].choices = kinds_at(row.division)
        self.fields["closed_on"].help_text = _("From this day on the unit gets no more work.")

    def clean_closed_on(self):
        return not_in_the_future(self.cleaned_data["closed_on"])

    def clean(self):
        cleaned = super().clean()
        self.refuse_taken(self.row.division.units.exclude(pk=self.row.pk))
        return cleaned
