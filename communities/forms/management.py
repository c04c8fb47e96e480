from datetime import timedelta

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from communities.forms.compound import companies_serving
from communities.forms.row import day_field, field_of
from communities.models import ManagementChange
from communities.models.management import can_follow
from communities.workflow import TRANSITIONS, Management
from foundation.forms import GuardedForm

FARTHEST = timedelta(days=2 * 366)
REGISTERS_BEGIN = 1949


class ManagementForm(GuardedForm):
    """How a compound is managed from a day on; only what the table of transitions allows from here is offered."""

    after = forms.ChoiceField(label=_("Managed from then on by"), widget=forms.RadioSelect)
    property_unit = field_of(ManagementChange, "property_unit")
    on = day_field(ManagementChange, "on")
    reason = field_of(ManagementChange, "reason", widget=forms.Textarea(attrs={"rows": 3}))

    def __init__(self, *args, row, **kwargs):
        kwargs["initial"] = {"on": timezone.localdate(), **(kwargs.get("initial") or {})}
        super().__init__(*args, row=row, **kwargs)
        self.fields["after"].choices = [
            (value, _("another property company") if value == row.management else Management(value).label)
            for value in TRANSITIONS[row.management]
        ]
        if len(TRANSITIONS[row.management]) == 1:
            self.fields["after"].initial = TRANSITIONS[row.management][0]
        self.fields["property_unit"].queryset = companies_serving(row.community)
        self.fields["property_unit"].empty_label = _("none")
        self.fields["property_unit"].help_text = _("Only where a property company manages it.")
        self.fields["on"].help_text = _("A later day is carried out by itself on its morning.")

    def clean_on(self):
        on = self.cleaned_data["on"]
        if on > timezone.localdate() + FARTHEST:
            raise ValidationError(_("That is too far ahead."))
        if on.year < REGISTERS_BEGIN:
            raise ValidationError(_("That is too long ago."))
        if not self.row.management_changes.comes_after_the_last(on):
            raise ValidationError(_("A later change has been entered already."))
        return on

    def clean(self):
        cleaned = super().clean()
        after, unit = cleaned.get("after"), cleaned.get("property_unit")
        if not after or can_follow(self.row, after, unit):
            return cleaned
        if after != Management.PROPERTY:
            self.add_error("property_unit", _("A company goes only with “property company”."))
        elif unit is None:
            self.add_error("property_unit", _("Choose the company. It is founded on the page of the place."))
        else:
            self.add_error("property_unit", _("This company manages it already."))
        return cleaned


class ManagementStepForm(GuardedForm):
    """Nothing to fill in: the last entry is taken back, or a plan given up."""
