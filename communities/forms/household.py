from django import forms
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from communities.access import posts_for, roots_of
from communities.forms.row import RowForm, day_field, field_of, half_width, not_in_the_future
from communities.models import Building, Compound, Division, Household
from communities.models.care import CareLevel
from communities.models.compound import number_in
from communities.models.division import DIGITS, Level
from foundation.forms import FactForm
from foundation.paths import within
from foundation.templatetags.portal import named

ALL = ("", _("all"))
INDENT = "\u3000"


class HouseholdFilter(forms.Form):
    """What the list of households can be narrowed to: codes only, nothing personal.

    Who works in one community chooses a compound; who works above it goes down by places first. One query for the choices, and
    never more of them than a street has communities or a district streets. `community` is the code of any place.
    """

    community = forms.ChoiceField(required=False, label=_("Area"))
    compound = forms.ChoiceField(required=False, label=_("Compound"))
    care = forms.ChoiceField(
        required=False,
        choices=[ALL, ("any", _("on the care register")), *((str(level), label) for level, label in CareLevel.choices)],
        label=_("Care level"),
    )
    occupancy = forms.ChoiceField(
        required=False, choices=[ALL, *Household._meta.get_field("occupancy").choices], label=_("Occupancy")
    )

    def __init__(self, *args, user, **kwargs):
        super().__init__(*args, **kwargs)
        chosen = self.data.get("community") or ""
        if len(chosen) >= DIGITS[Level.COMMUNITY] or self.is_of_one_community(user):
            self.offer_compounds(Compound.objects.visible_to(user).standing(), chosen)
        else:
            self.offer_places(user, chosen)
            del self.fields["compound"]

    def is_of_one_community(self, user):
        posts = posts_for(user, "people")
        return bool(posts) and all(
            post.compound_id or len(post.path or "") >= DIGITS[Level.COMMUNITY] for post in posts
        )

    def offer_places(self, user, chosen):
        """The places directly below the chosen one, or below one's own, and that itself."""
        here = [chosen] if chosen else roots_of(user, "people")
        rows = Division.objects.visible_to(user).standing(timezone.localdate())
        found = rows.filter(Q(parent__code__in=here) | Q(code__in=here)).order_by("code")
        self.fields["community"].choices = [
            ALL,
            *(
                (row.code, f"{INDENT * (row.code not in here)}{named(row)}")
                for row in found.only("code", "name", "name_en")
            ),
        ]

    def offer_compounds(self, compounds, community):
        rows = compounds.filter(community__code=community) if community else compounds
        self.fields["compound"].choices = [
            ALL,
            *((str(pk), name) for pk, name in rows.order_by("name", "pk").values_list("pk", "name")),
        ]
        self.fields["community"].widget = forms.HiddenInput()
        self.fields["community"].choices = [ALL, (community, community)]

    @property
    def is_narrow(self):
        """Whether anything is chosen."""
        return any(self.cleaned_data.values())

    def narrow(self, households):
        """Those that fit; a choice that does not exist is reported and left out."""
        self.is_valid()
        chosen = self.cleaned_data
        conditions = {
            "compound": chosen.get("compound"),
            "occupancy": chosen.get("occupancy"),
        }
        care = chosen.get("care")
        level = Q(care_level__isnull=False) if care == "any" else Q(care_level=care) if care else Q()
        here = within(chosen.get("community", ""))
        return households.filter(level, here, **{name: value for name, value in conditions.items() if value})


class HouseholdFacts(forms.Form):
    stair = field_of(Household, "stair")
    door = field_of(Household, "door")
    occupancy = field_of(Household, "occupancy")
    verified_on = day_field(Household, "verified_on")
    remark = field_of(Household, "remark", widget=forms.Textarea(attrs={"rows": 3}))

    def clean_stair(self):
        return half_width(self.cleaned_data["stair"]).removesuffix("单元")

    def clean_door(self):
        return half_width(self.cleaned_data["door"])

    def clean_verified_on(self):
        return not_in_the_future(self.cleaned_data["verified_on"])

    def refuse_taken(self, others):
        """An error at the door if one of `others` lives behind it."""
        cleaned = self.cleaned_data
        if others.filter(stair=cleaned.get("stair", ""), door=cleaned.get("door", "")).exists():
            self.add_error("door", _("This door has a household already."))


class HouseholdCreateForm(HouseholdFacts, FactForm):
    """`building` is a name: one that the compound has, or a new one."""

    building = forms.CharField(
        label=_("building"),
        max_length=40,
        help_text=_("For example 3号楼; a new name adds the building."),
        widget=forms.TextInput(attrs={"list": "buildings", "autocomplete": "off"}),
    )
    field_order = ["building"]

    def __init__(self, *args, compound, **kwargs):
        super().__init__(*args, **kwargs)
        self.compound = compound
        self.buildings = list(compound.buildings.all())

    def clean_building(self):
        """A bare number is the building of this number, whatever its name is."""
        name = half_width(self.cleaned_data["building"])
        if not name.isdecimal():
            return name
        same = [building.name for building in self.buildings if number_in(building.name) == int(name)]
        return same[0] if same else f"{int(name)}号楼"

    def clean(self):
        cleaned = super().clean()
        others = self.compound.households.standing().filter(building__name=cleaned.get("building", ""))
        self.refuse_taken(others.exclude(client_uuid=cleaned.get("client_uuid")))
        return cleaned


class HouseholdForm(HouseholdFacts, RowForm):
    building = field_of(Household, "building", queryset=Building.objects.none())
    field_order = ["building"]

    def __init__(self, *args, row, **kwargs):
        super().__init__(*args, row=row, **kwargs)
        self.fields["building"].queryset = row.compound.buildings.all()

    def clean(self):
        cleaned = super().clean()
        if building := cleaned.get("building"):
            self.refuse_taken(building.households.standing().exclude(pk=self.row.pk))
        return cleaned
