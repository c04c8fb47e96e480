from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from communities.forms.compound import CompoundForm
from communities.forms.division import DivisionForm
from communities.forms.household import HouseholdForm
from communities.forms.resident import ResidentForm
from communities.forms.row import field_of
from communities.forms.unit import UnitForm
from communities.models import Suggestion
from communities.models.resident import SECRETS
from communities.models.suggestion import SUGGESTIBLE
from foundation.forms import FactForm, GuardedForm

# The form with which the thing itself is corrected: a suggestion is checked exactly as a correction is.
EDITS = {
    "resident": ResidentForm,
    "household": HouseholdForm,
    "compound": CompoundForm,
    "unit": UnitForm,
    "division": DivisionForm,
}
TAKE_USER = {"resident", "compound"}


def edit_form(kind, row, user, data=None):
    extra = {"user": user} if kind in TAKE_USER else {}
    return EDITS[kind](data, row=row, **extra)


class SuggestionForm(FactForm):
    """One field of a thing as it should be, and how one knows. The value is a field of the thing's own form."""

    reason = field_of(Suggestion, "reason", widget=forms.Textarea(attrs={"rows": 3}))
    field_order = ["value", "reason"]

    def __init__(self, *args, kind, row, field, user, **kwargs):
        self.kind, self.row, self.name, self.user = kind, row, field, user
        form = edit_form(kind, row, user)
        initial = {} if field in SECRETS else {"value": form[field].value()}
        super().__init__(*args, **{**kwargs, "initial": initial | (kwargs.get("initial") or {})})
        self.fields["value"] = form.fields[field]
        self.fields["value"].label = _("As it should be")
        if field in SECRETS:
            self.fields["value"].help_text = _("It is kept encrypted and shown masked.")
        self.order_fields(self.field_order)
        self.fields["reason"].help_text = _(
            "For example: seen at the door, said by the person, stands on the nameplate."
        )

    def clean(self):
        cleaned = super().clean()
        if "value" in cleaned:
            cleaned["value"] = self.as_the_edit_form_says(self.data.get(self.add_prefix("value"), ""))
            if cleaned["value"] == getattr(self.row, self.name):
                self.add_error("value", _("That is what is recorded already."))
        return cleaned

    def as_the_edit_form_says(self, typed):
        """The value as the thing's own form cleans it; what that form would find wrong with it is wrong here, too."""
        before = edit_form(self.kind, self.row, self.user, self.sent(None))
        after = edit_form(self.kind, self.row, self.user, self.sent(typed))
        before.is_valid(), after.is_valid()
        for name, errors in after.errors.items():
            if name in SUGGESTIBLE[self.kind] and (name == self.name or name not in before.errors):
                self.add_error("value", ValidationError(errors))
        return after.cleaned_data.get(self.name, "")

    def sent(self, typed):
        """What a browser would send of the thing's own form, with this value typed over."""
        values = {bound.html_name: plain(bound.value()) for bound in edit_form(self.kind, self.row, self.user)}
        values |= {} if typed is None else {self.name: typed}
        return {name: value for name, value in values.items() if value not in (None, False, [])}


def plain(value):
    """A value as a browser sends it."""
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    value = getattr(value, "pk", value)
    return value if value is None or isinstance(value, bool) else str(value)


class SuggestionAcceptForm(GuardedForm):
    """Carry it out. `row_seen` is the version of the thing on the screen; of a thing changed since, a tick says that one has compared."""

    row_seen = forms.IntegerField(widget=forms.HiddenInput)
    compared = forms.BooleanField(label=_("I have compared both values; the suggested one is right."), required=False)

    def __init__(self, *args, row, **kwargs):
        kwargs["initial"] = {"row_seen": row.subject.version, **(kwargs.get("initial") or {})}
        super().__init__(*args, row=row, **kwargs)
        if not row.is_outdated:
            del self.fields["compared"]

    def clean(self):
        cleaned = super().clean()
        if "compared" in self.fields and not cleaned.pop("compared", False):
            self.add_error("compared", _("The thing has been changed since: compare, then tick."))
        return cleaned

    def look_again(self, row):
        super().look_again(row)
        self.data[self.add_prefix("row_seen")] = row.subject.version


class SuggestionDeclineForm(GuardedForm):
    answer = field_of(Suggestion, "answer", widget=forms.Textarea(attrs={"rows": 3}), required=True)


class SuggestionWithdrawForm(GuardedForm):
    """Nothing to fill in."""


class SuggestionRevealForm(forms.Form):
    reason = forms.CharField(
        label=_("Reason"),
        min_length=2,
        max_length=200,
        widget=forms.TextInput(attrs={"list": "reasons", "autocomplete": "off"}),
        help_text=_("It is logged with your name and read by the auditor."),
    )
