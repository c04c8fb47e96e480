"""Forms of the rules that belong to a place: standards of the care levels, retention, grants."""

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from communities.access import CHANGE, inside, roots_of
from communities.forms.care import CategoryForm, day
from communities.forms.row import RowForm, field_of
from communities.models import CareCategory, CareGrant, CareStandard, Division, RetentionRule
from communities.models.retention import What
from foundation.forms import FactForm, GuardedForm
from foundation.templatetags.portal import named


class PlaceField(forms.ModelChoiceField):
    def label_from_instance(self, division):
        return named(division)


class OwnPlaceForm(FactForm):
    """A new rule: for which of one's own places."""

    place = PlaceField(Division.objects.none(), label=_("Place"), to_field_name="code", empty_label=None)

    def __init__(self, *args, user, **kwargs):
        super().__init__(*args, **kwargs)
        roots = roots_of(user, "care_rules", CHANGE)
        self.of_all = "" in roots
        # A district sets rules for itself and its streets; finer ones would be a rule for every door.
        self.fields["place"].queryset = Division.objects.filter(
            inside(roots, "code"), level__in=["district", "street"]
        ).order_by("code")
        if self.of_all:
            field = self.fields["place"]
            field.required, field.empty_label = False, _("the whole installation")
            field.queryset = field.queryset.filter(level="district")

    @property
    def facts(self):
        """What the manager's verb takes: the path instead of the place, the form's number as its key."""
        facts = {name: value for name, value in self.cleaned_data.items() if name not in ("client_uuid", "place")}
        place = self.cleaned_data["place"]
        return {"area_path": place.code if place else "", "key": self.cleaned_data["client_uuid"], **facts}


class CategoryCreateForm(CategoryForm, OwnPlaceForm):
    field_order = ["client_uuid", "place"]


class CategoryEditForm(CategoryForm, RowForm):
    active = field_of(
        CareCategory, "active", help_text=_("Out of use it is not offered any more; entries that exist stay.")
    )


class StandardFields(forms.Form):
    interval_days = forms.IntegerField(label=_("at least every so many days"), min_value=1, max_value=3650)
    phone_rule = field_of(CareStandard, "phone_rule", widget=forms.RadioSelect)
    legal_ground = field_of(CareStandard, "legal_ground")


class StandardCreateForm(StandardFields, OwnPlaceForm):
    level = forms.TypedChoiceField(
        label=_("Care level"), coerce=int, choices=CareStandard._meta.get_field("level").flatchoices
    )
    field_order = ["client_uuid", "place", "level"]


class StandardEditForm(StandardFields, RowForm):
    active = field_of(CareStandard, "active", help_text=_("Out of use, the standard of the place above holds again."))

    def __init__(self, *args, row, **kwargs):
        super().__init__(*args, row=row, **kwargs)
        if not row.area_path:
            del self.fields["active"]  # everybody falls back on it


class RetentionFields(forms.Form):
    months = forms.IntegerField(label=_("months kept after the end"), min_value=1, max_value=600)
    legal_ground = field_of(RetentionRule, "legal_ground")


class RetentionCreateForm(RetentionFields, OwnPlaceForm):
    what = forms.ChoiceField(label=_("What"), choices=What.choices)
    field_order = ["client_uuid", "place", "what"]


class RetentionEditForm(RetentionFields, RowForm):
    pass


class GrantForm(FactForm):
    """A group of sensitive categories for a person, where that person works and the giver administers."""

    group = field_of(CareGrant, "group", widget=forms.RadioSelect)
    place = PlaceField(Division.objects.none(), label=_("Place"), to_field_name="code", empty_label=None)
    since = day(_("From (first day)"), initial=timezone.localdate)
    until = day(_("Until (last day)"), required=False, help_text=_("Empty: until somebody ends it."))
    reason = forms.CharField(label=_("why it is needed"), min_length=4, max_length=200)

    def __init__(self, *args, person, user, **kwargs):
        super().__init__(*args, **kwargs)
        today = timezone.localdate()
        self.person = person
        posts = person.assignments.current(today).filter(division__isnull=False)
        self.fields["place"].queryset = Division.objects.filter(
            inside(roots_of(user, "staff", CHANGE), "code"), pk__in=posts.values("division")
        ).order_by("code")

    def clean_until(self):
        until = self.cleaned_data["until"]
        if until and until < timezone.localdate():
            raise ValidationError(_("This day has passed; such a permission would never count."))
        return until

    def clean(self):
        cleaned = super().clean()
        if cleaned.get("until") and cleaned.get("since") and cleaned["until"] < cleaned["since"]:
            self.add_error("until", _("The last day lies before the first."))
        return cleaned

    @property
    def facts(self):
        facts = {name: self.cleaned_data[name] for name in ("group", "since", "until", "reason")}
        return {**facts, "area_path": self.cleaned_data["place"].code, "key": self.cleaned_data["client_uuid"]}


class GrantEndForm(GuardedForm):
    note = forms.CharField(label=_("Reason"), required=False, max_length=200)
