from datetime import timedelta

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from communities.access import CHANGE, inside, roots_of
from communities.forms.row import day_field, field_of, half_width
from communities.models import Compound, Division, Reorganisation
from communities.models.division import DIGITS, LEVEL_BY_DIGITS, Level
from communities.models.reorganisation import Kind, may_reorganise
from communities.reorganising import digits_above, next_code
from foundation.forms import FactForm, GuardedForm
from foundation.templatetags.portal import named

FARTHEST = timedelta(days=3 * 366)


class PlaceField(forms.ModelChoiceField):
    def label_from_instance(self, place):
        return f"{named(place)} ({place.code})"


class PlacesField(forms.ModelMultipleChoiceField):
    def label_from_instance(self, place):
        return named(place)


class ReorganisationForm(FactForm):
    """What all kinds have in common: from when on, and on whose decision. `place` is the place that changes."""

    on = day_field(Reorganisation, "on")
    reason = field_of(Reorganisation, "reason")

    def __init__(self, *args, place, user, **kwargs):
        super().__init__(*args, **kwargs)
        self.place, self.user = place, user
        self.fields["on"].help_text = _("A day that has come is carried out at once, a later one on its morning.")
        self.fields["reason"].help_text = _("For example the number of the document.")

    def clean_on(self):
        on = self.cleaned_data["on"]
        if on > timezone.localdate() + FARTHEST:
            raise ValidationError(_("That is too far ahead."))
        if self.place.since and on <= self.place.since:
            raise ValidationError(_("The place exists only since then."))
        return on

    def siblings(self):
        places = Division.objects.standing(timezone.localdate()).filter(parent=self.place.parent_id)
        return places.exclude(pk=self.place.pk).order_by("code")

    def clean_target_name(self):
        return half_width(self.cleaned_data["target_name"])

    def own_code(self, cleaned, parent):
        """The code that was typed for a new place, or the next free one; an error if it does not fit."""
        code = cleaned.get("target_code") or next_code(parent)
        digits = next((n for n in LEVEL_BY_DIGITS if n > len(parent.code)), 0)
        if len(code) != digits or not code.isdigit() or not code.startswith(parent.code):
            message = _("The code has %(digits)s digits and begins with %(above)s.")
            self.add_error("target_code", message % {"digits": digits, "above": parent.code})
        elif Division.objects.filter(code=code).exists():
            self.add_error("target_code", _("This code is taken: codes are never given twice."))
        elif not may_reorganise(self.user, code):
            self.add_error("target_code", _("That place is not yours to change."))
        return code

    def clean(self):
        cleaned = super().clean()
        cleaned["kind"] = self.KIND
        cleaned.setdefault("sources", [self.place])
        cleaned.setdefault("target_code", "")
        return cleaned


def code_field():
    return forms.CharField(
        label=_("Code of the new place"),
        required=False,
        max_length=15,
        help_text=_("Left empty, it gets the next free one."),
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )


class MergeForm(ReorganisationForm):
    KIND = Kind.MERGE

    together = PlacesField(
        Division.objects.none(),
        label=_("Together with"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Other places that go into the same one."),
    )
    into = PlaceField(
        Division.objects.none(),
        label=_("Into which place"),
        required=False,
        empty_label=_("a new place"),
    )
    target_name = field_of(Reorganisation, "target_name", required=False, label=_("Full name of the new place"))
    target_code = code_field()
    field_order = ["into", "target_name", "target_code", "together", "on", "reason"]

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for name in ("together", "into"):
            self.fields[name].queryset = self.siblings()
        self.fields["target_name"].help_text = _("Only for a new place.")

    def clean(self):
        cleaned = super().clean()
        into, together = cleaned.pop("into", None), list(cleaned.pop("together", ()))
        cleaned["sources"] = [self.place, *(place for place in together if place != into)]
        if into:
            cleaned |= {"target_code": into.code, "target_name": into.full_name}
            cleaned["sources"].append(into)
        elif not cleaned.get("target_name"):
            self.add_error("target_name", _("A new place needs a name."))
        else:
            cleaned["target_code"] = self.own_code(cleaned, self.place.parent)
        return cleaned


class SplitForm(ReorganisationForm):
    KIND = Kind.SPLIT

    target_name = field_of(Reorganisation, "target_name", label=_("Full name of the new place"))
    target_code = code_field()
    children = PlacesField(
        Division.objects.none(),
        label=_("Places that go along"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    compounds = PlacesField(
        Compound.objects.none(),
        label=_("Compounds that go along"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Compounds of a chosen grid go along anyway."),
    )
    field_order = ["target_name", "target_code", "children", "compounds", "on", "reason"]

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        below = Division.objects.standing(timezone.localdate()).filter(parent=self.place).order_by("code")
        self.fields["children"].queryset = below
        compounds = Compound.objects.standing().under(self.place.code).order_by("name", "pk")
        has_compounds = self.place.level in (Level.COMMUNITY, Level.GRID)
        self.fields["compounds"].queryset = compounds if has_compounds else compounds.none()
        for name in ("children", "compounds"):
            if not self.fields[name].queryset.exists():
                del self.fields[name]

    def clean(self):
        cleaned = super().clean()
        cleaned["target_code"] = self.own_code(cleaned, self.place.parent)
        chosen = [*cleaned.get("children", ()), *cleaned.get("compounds", ())]
        if not chosen and not self.errors:
            raise ValidationError(_("Choose what goes to the new place."))
        return cleaned


class MoveForm(ReorganisationForm):
    KIND = Kind.MOVE

    parent = PlaceField(Division.objects.none(), label=_("To which place above"), empty_label=None)
    target_code = code_field()
    field_order = ["parent", "target_code", "on", "reason"]

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        level = LEVEL_BY_DIGITS[digits_above(self.place.code)]
        places = Division.objects.standing(timezone.localdate()).of_level(level).exclude(pk=self.place.parent_id)
        near = self.place.code[: min(DIGITS[Level.CITY], digits_above(self.place.code))]
        reach = inside(roots_of(self.user, "territory", CHANGE), "code")
        self.fields["parent"].queryset = places.filter(reach).under(near).order_by("code")

    def clean(self):
        cleaned = super().clean()
        parent = cleaned.pop("parent", None)
        cleaned["target_name"] = self.place.full_name
        if parent:
            cleaned["target_code"] = self.own_code(cleaned, parent)
        return cleaned


class RenameForm(ReorganisationForm):
    KIND = Kind.RENAME

    target_name = field_of(Reorganisation, "target_name", label=_("New full name"))
    field_order = ["target_name", "on", "reason"]

    def clean_target_name(self):
        name = super().clean_target_name()
        if name == self.place.full_name:
            raise ValidationError(_("That is its name already."))
        return name


FORMS = {form.KIND: form for form in (MergeForm, SplitForm, MoveForm, RenameForm)}


class ReorganisationConfirmForm(GuardedForm):
    """Nothing to fill in: who sends it has looked at the preview."""


class ReorganisationCancelForm(GuardedForm):
    """Nothing to fill in."""
