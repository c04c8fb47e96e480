from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from communities.forms.row import RowForm, field_of, half_width
from communities.models import Building, Compound, Division, Unit
from communities.models.compound import Developer, Management
from communities.models.division import Level
from communities.models.unit import Kind
from communities.responsible import people_around
from foundation.forms import FactForm

ALL = ("", _("all"))
OLDEST = 1900


class CompoundFilter(forms.Form):
    """What the list of compounds can be narrowed to; the communities offered are those that have compounds in one's reach."""

    management = forms.ChoiceField(required=False, choices=[ALL, *Management.choices], label=_("Management"))
    developer_kind = forms.ChoiceField(required=False, choices=[ALL, *Developer.choices], label=_("Built by"))
    community = forms.ChoiceField(required=False, label=_("Community"))

    def __init__(self, *args, user, **kwargs):
        super().__init__(*args, **kwargs)
        places = Compound.objects.visible_to(user).standing().communities()
        self.fields["community"].choices = [ALL, *places]

    @property
    def is_narrow(self):
        """Whether anything is chosen."""
        return any(self.cleaned_data.values())

    def narrow(self, compounds):
        """Those that fit; a choice that does not exist is reported and left out."""
        self.is_valid()
        chosen = {name: value for name, value in self.cleaned_data.items() if value}
        if code := chosen.pop("community", None):
            chosen["community__code"] = code
        return compounds.filter(**chosen)


def companies_serving(community):
    return Unit.objects.active().of_kind(Kind.PROPERTY).serving(community)


class CompoundFacts(forms.Form):
    """The facts of a compound in one community; what can be chosen lies in that community."""

    name = field_of(Compound, "name")
    kind = field_of(Compound, "kind")
    management = field_of(Compound, "management")
    property_unit = field_of(Compound, "property_unit", queryset=Unit.objects.none())
    developer_kind = field_of(Compound, "developer_kind")
    built_year = field_of(Compound, "built_year", min_value=OLDEST)
    stated_buildings = field_of(Compound, "stated_buildings")
    stated_households = field_of(Compound, "stated_households")
    address = field_of(Compound, "address")
    grid = field_of(Compound, "grid", queryset=Division.objects.none())
    responsible = field_of(Compound, "responsible")
    remark = field_of(Compound, "remark", widget=forms.Textarea(attrs={"rows": 3}))

    def offer(self, community):
        """Grids, property companies and people of this community."""
        self.fields["grid"].queryset = community.children.of_level(Level.GRID).standing(timezone.localdate())
        self.fields["grid"].error_messages["invalid_choice"] = _("This grid is not in the community; choose again.")
        if "property_unit" in self.fields:
            self.fields["property_unit"].queryset = companies_serving(community)
        self.fields["responsible"].queryset = people_around(community)
        for name in {"grid", "property_unit", "responsible"} & set(self.fields):
            self.fields[name].empty_label = _("none")
        self.fields["stated_buildings"].help_text = _("As the ledger says; how many are recorded is counted.")

    def clean_name(self):
        return half_width(self.cleaned_data["name"])

    def clean_built_year(self):
        year = self.cleaned_data["built_year"]
        if year and year > timezone.localdate().year:
            raise ValidationError(_("This year has not come yet."))
        return year

    def clean(self):
        cleaned = super().clean()
        if cleaned.get("property_unit") and cleaned.get("management") != Management.PROPERTY:
            self.add_error(
                "property_unit", _("A compound with a property company is managed by it; choose that, or no company.")
            )
        return cleaned

    def refuse_taken(self, others, community):
        """An error at the name if another compound of the community has it."""
        name = self.cleaned_data.get("name")
        if name and others.filter(community=community, name=name).exists():
            self.add_error("name", _("This community has a compound of this name already."))


class CompoundCreateForm(CompoundFacts, FactForm):
    def __init__(self, *args, community, **kwargs):
        super().__init__(*args, **kwargs)
        self.place = community
        self.offer(community)

    def clean(self):
        cleaned = super().clean()
        others = Compound.objects.standing().exclude(client_uuid=cleaned.get("client_uuid"))
        self.refuse_taken(others, self.place)
        return cleaned


class CompoundForm(CompoundFacts, RowForm):
    """`user` must be able to change places in the community to which the compound is moved."""

    community = field_of(Compound, "community", queryset=Division.objects.none())
    field_order = ["name", "kind", "community", "grid"]
    # How it is managed changes by a dated act with a reason (`compound_manage`).
    management = property_unit = None

    def __init__(self, *args, row, user, **kwargs):
        super().__init__(*args, row=row, **kwargs)
        district = row.community.code[:6]
        places = Division.objects.changeable_by(user).of_level(Level.COMMUNITY).under(district)
        places = places.standing(timezone.localdate())
        self.fields["community"].queryset = places
        self.offer(self.chosen_community(places) or row.community)
        if not places.exclude(pk=row.community_id).exists():
            del self.fields["community"]

    def chosen_community(self, places):
        pk = self.data.get(self.add_prefix("community"), "") if self.is_bound else ""
        return places.filter(pk=pk).first() if pk.isdecimal() and int(pk) != self.row.community_id else None

    def clean(self):
        cleaned = super().clean()
        others = Compound.objects.standing().exclude(pk=self.row.pk)
        self.refuse_taken(others, cleaned.get("community") or self.row.community)
        return cleaned


class BuildingForm(RowForm):
    name = field_of(Building, "name")
    floors = field_of(Building, "floors", min_value=1, max_value=200)

    def clean_name(self):
        name = half_width(self.cleaned_data["name"])
        if self.row.compound.buildings.filter(name=name).exclude(pk=self.row.pk).exists():
            raise ValidationError(_("The compound has a building of this name already."))
        return name
