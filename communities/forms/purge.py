"""Forms of clearing data."""

from django import forms
from django.utils.translation import gettext_lazy as _

from foundation.forms import FactForm, GuardedForm

MOST = 500


class ProposeAllForm(forms.Form):
    """What was ticked on the list: numbers of people and of care entries."""

    people = forms.TypedMultipleChoiceField(coerce=int, required=False)
    entries = forms.TypedMultipleChoiceField(coerce=int, required=False)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            sent = self.data.getlist(name) if self.is_bound else []
            field.choices = [(value, value) for value in sent[:MOST] if value.isdecimal()]

    def clean(self):
        cleaned = super().clean()
        if not cleaned.get("people") and not cleaned.get("entries"):
            raise forms.ValidationError(_("Nothing was ticked."))
        return cleaned


class PurgeProposeForm(FactForm):
    reason = forms.CharField(
        label=_("How the person asked for it"),
        min_length=4,
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("For example: in writing on this day, identity checked. Cleared with the rest."),
    )


class CarePurgeForm(PurgeProposeForm):
    pass


class PurgeConfirmForm(GuardedForm):
    sure = forms.BooleanField(label=_("I have looked through it. The data can be cleared; there is no way back."))

    def clean(self):
        cleaned = super().clean()
        cleaned.pop("sure", None)
        return cleaned


class PurgeWithdrawForm(GuardedForm):
    note = forms.CharField(label=_("Why the data are kept"), min_length=4, max_length=300)
