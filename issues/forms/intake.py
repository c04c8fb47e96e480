"""The intake of an issue at the counter, on the telephone or at the desk: what was said, where, and by whom."""

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from communities.access import CHANGE, posts_for
from communities.models import Compound, Division, Household, Resident
from communities.models.division import Level
from foundation.fields import is_phone, mask_name
from foundation.forms import FactForm
from foundation.paths import within
from foundation.templatetags.portal import named
from issues.forms.move import NamedChoiceField
from issues.models import Category
from issues.models.category import Urgency
from issues.models.contact import Anonymity
from issues.models.issue import Channel

NOT_CHOSEN = ("", _("not chosen"))
AS_CATEGORY = ("", _("as usual for the category"))
PLACES = ("community", "compound", "household")
STEPS = (*PLACES, "resident")
MOST_HOUSEHOLDS = 2000  # more than that are chosen from the compound's own page


def intake_paths(user):
    """The places for which the user records what residents say: where he may write about people."""
    return [post.path for post in posts_for(user, "people", CHANGE) if post.division_id]


def may_record(user):
    return bool(posts_for(user, "people", CHANGE))


# With a script, a choice fills the next step at once; without, the button "choose" does.
FILLS_NEXT = {
    "hx-post": "",
    "hx-trigger": "change",
    "hx-vals": '{"choose": "on"}',
    "hx-select": "#where",
    "hx-target": "#where",
    "hx-swap": "outerHTML",
    "hx-select-oob": "#who",
}


def place_field(label, *, required=False, **attributes):
    return forms.IntegerField(label=label, required=required, widget=forms.Select(attrs=attributes))


class IntakeForm(FactForm):
    """Place goes step by step: each choice fills the next one. Only the deepest one is looked up, and only in the user's reach."""

    community = place_field(_("Community"), required=True, **FILLS_NEXT)
    compound = place_field(_("Compound"), **FILLS_NEXT)
    household = place_field(_("Household"), **FILLS_NEXT)
    address = forms.CharField(
        label=_("Where exactly"), max_length=160, required=False, help_text=_("For example: in front of block 3.")
    )
    category = NamedChoiceField(Category.objects.none(), label=_("Category"), empty_label=_("not chosen"))
    text = forms.CharField(
        label=_("What the resident said"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=_("In the resident's own words."),
    )
    title = forms.CharField(
        label=_("Title"),
        max_length=80,
        required=False,
        help_text=_("Left empty, it is the first line of what was said."),
    )
    urgency = forms.ChoiceField(label=_("Urgency"), choices=[AS_CATEGORY, *Urgency.choices], required=False)
    channel = forms.ChoiceField(
        label=_("How it came in"),
        choices=[(value, label) for value, label in Channel.choices if value != Channel.VISIT],
        initial=Channel.COUNTER,
        widget=forms.RadioSelect,
    )
    anonymity = forms.ChoiceField(
        label=_("Name and confidentiality"),
        choices=Anonymity.choices,
        initial=Anonymity.NAMED,
        widget=forms.RadioSelect,
    )
    resident = place_field(_("Resident of the household"))
    reporter_name = forms.CharField(label=_("Name"), max_length=60, required=False)
    reporter_phone = forms.CharField(
        label=_("Telephone"), max_length=30, required=False, widget=forms.TextInput(attrs={"inputmode": "tel"})
    )

    def __init__(self, *args, user, **kwargs):
        super().__init__(*args, **kwargs)
        self.user = user
        paths = intake_paths(user)
        self.within_reach = Q(pk__in=[])
        for path in paths:
            self.within_reach |= within(path)
        self.fields["category"].queryset = Category.objects.offered(min(paths, key=len, default=""))

    # --- choices, asked for only where the form is shown ---

    def offer(self):
        """Fill the selects: one query for each step that has been reached."""
        communities = list(self.communities())
        if len(communities) == 1:
            # Before anything asks for the field's value, which is then remembered.
            self.initial.setdefault("community", communities[0].pk)
        self.choose("community", [(row.pk, named(row)) for row in communities])
        compounds = self.compounds().filter(community=self.picked("community")) if self.picked("community") else ()
        self.choose("compound", [(row.pk, row.name) for row in compounds])
        households = self.households()[:MOST_HOUSEHOLDS] if self.picked("compound") else ()
        self.choose("household", [(row.pk, row.place) for row in households])
        residents = self.residents() if self.picked("household") else ()
        self.choose("resident", [(row.pk, mask_name(row.name)) for row in residents])

    def choose(self, name, choices):
        """Offer these; a step that has nothing to choose yet is left out."""
        if not choices:
            del self.fields[name]
            return
        self.fields[name].widget.choices = [NOT_CHOSEN, *choices]

    @property
    def place_fields(self):
        return [self[name] for name in PLACES if name in self.fields]

    @property
    def resident_field(self):
        return self["resident"] if "resident" in self.fields else None

    def picked(self, name):
        """The number chosen at this step as far as it makes sense, else None."""
        value = self[name].value() if name in self.fields else None
        return int(value) if str(value or "").isdigit() else None

    def communities(self):
        reach = Q(pk__in=[])
        for path in intake_paths(self.user):
            # Somebody with a post in a grid records for its community.
            reach |= within(path[:12], "code")
        standing = Division.objects.standing(timezone.localdate())
        return standing.filter(reach, level=Level.COMMUNITY).order_by("code")

    def compounds(self):
        return Compound.objects.standing().filter(self.within_reach).order_by("name", "pk")

    def households(self):
        own = Household.objects.changeable_by(self.user).standing()
        return own.filter(compound=self.picked("compound")).select_related("building").order_by("walk_order", "pk")

    def residents(self):
        return Resident.objects.changeable_by(self.user).here().filter(household=self.picked("household"))

    # --- what is left of the steps: one row ---

    @cached_property
    def household_row(self):
        rows = Household.objects.changeable_by(self.user).standing().select_related("compound__community", "building")
        return self.row_of(rows, "household")

    def row_of(self, rows, name):
        row = rows.filter(pk=self.cleaned_data[name]).first()
        if row is None:
            raise ValidationError({name: _("This place is not in your area. Choose it again.")})
        return row

    def clean(self):
        cleaned = super().clean() or self.cleaned_data
        cleaned |= self.place()
        self.check_reporter(cleaned)
        if not cleaned.get("urgency"):
            cleaned.pop("urgency", None)
        return cleaned

    def place(self):
        """Community, compound, building, household and address from the deepest step that was chosen."""
        typed = self.cleaned_data.get("address", "")
        if self.cleaned_data.get("household"):
            row = self.household_row
            self.must_agree("compound", row.compound_id)
            return {
                "community": row.compound.community,
                "compound": row.compound,
                "building": row.building,
                "household": row,
                "address": typed or row.place,
                "resident": self.resident_row(row),
            }
        if self.cleaned_data.get("compound"):
            row = self.row_of(self.compounds().select_related("community"), "compound")
            self.must_agree("community", row.community_id)
            return {"community": row.community, "compound": row, "household": None, "resident": None}
        if self.cleaned_data.get("community"):
            return {
                "community": self.row_of(self.communities(), "community"),
                "compound": None,
                "household": None,
                "resident": None,
            }
        return {}

    def must_agree(self, name, pk):
        if self.cleaned_data.get(name) not in (None, pk):
            raise ValidationError({name: _("This does not belong together with the household or compound below it.")})

    def resident_row(self, household):
        pk = self.cleaned_data.get("resident")
        if not pk:
            return None
        return self.row_of(household.residents.here(), "resident")

    def check_reporter(self, cleaned):
        name, phone = cleaned.get("reporter_name"), cleaned.get("reporter_phone")
        if phone and not is_phone(phone):
            self.add_error("reporter_phone", _("This is no telephone number; a landline needs its area code."))
        known = bool(name or phone or cleaned.get("resident"))
        if cleaned.get("anonymity") == Anonymity.ANONYMOUS and known:
            self.add_error(
                "anonymity", _("An anonymous issue has no reporter: clear the fields below or choose another.")
            )
        elif cleaned.get("anonymity") != Anonymity.ANONYMOUS and not (name or cleaned.get("resident")):
            self.add_error("reporter_name", _("Who reports? Choose a resident of the household or enter a name."))
