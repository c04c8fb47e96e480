from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from communities.forms.row import RowForm, choice_of, field_of, office_phone
from communities.models import Division
from communities.models.division import Level


class DivisionFilter(forms.Form):
    """The list narrowed to one level of the territory."""

    level = forms.ChoiceField(required=False, choices=[("", _("all")), *Level.choices], label=_("Level"))


class DivisionForm(RowForm):
    """Names and office of a place. Its code and its level are not corrected here."""

    name = field_of(Division, "name")
    full_name = field_of(Division, "full_name")
    name_en = field_of(Division, "name_en")
    kind = choice_of(Division, "kind", empty=_("not stated"))
    office_address = field_of(Division, "office_address")
    office_phone = field_of(Division, "office_phone")

    def __init__(self, *args, row, **kwargs):
        super().__init__(*args, row=row, **kwargs)
        if row.level != Level.COMMUNITY:
            del self.fields["kind"]

    def clean_name(self):
        name = self.cleaned_data["name"]
        if self.row.namesakes(name).exists():
            raise ValidationError(_("A place beside it has this name already."))
        return name

    def clean_office_phone(self):
        return office_phone(self.cleaned_data["office_phone"])
