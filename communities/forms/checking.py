from django import forms
from django.utils.translation import gettext_lazy as _

from communities.models import Household
from foundation.forms import GuardedForm


class HouseholdsField(forms.ModelMultipleChoiceField):
    def label_from_instance(self, household):
        return household


class BuildingVerifyForm(GuardedForm):
    """The doors of a building that were found right, ticked in walking order."""

    households = HouseholdsField(
        Household.objects.none(),
        label=_("Households"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Tick the households that were checked.")},
    )

    def __init__(self, *args, row, households, **kwargs):
        super().__init__(*args, row=row, **kwargs)
        self.fields["households"].queryset = households
