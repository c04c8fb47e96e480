from django import forms
from django.utils.translation import gettext_lazy as _

from communities.forms.sheet import PurposeForm

NAMES = [("", _("without names")), ("head", _("with the name of the head of household"))]


class LabelForm(PurposeForm):
    """What stands on the labels. Names on paper leave the house, so they need a purpose."""

    names = forms.ChoiceField(label=_("Names"), required=False, choices=NAMES)
    field_order = ["names", "purpose"]

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["purpose"].required = False
        self.fields["purpose"].label = _("What they are for")
        self.fields["purpose"].help_text = _("Needed for names; it goes into the access log.")

    @property
    def wants_names(self):
        return self.cleaned_data["names"] == "head"

    def clean(self):
        cleaned = super().clean()
        if cleaned.get("names") and not cleaned.get("purpose") and "purpose" not in self.errors:
            self.add_error("purpose", _("Please say what the names are for."))
        return cleaned


class BuildingPrintForm(forms.Form):
    """Names in full on a list that is carried around."""

    purpose = forms.CharField(
        label=_("What the names in full are for"),
        min_length=2,
        max_length=300,
        help_text=_("It goes into the access log and stands on the paper."),
        error_messages={"required": _("Please say what the names are for.")},
    )
