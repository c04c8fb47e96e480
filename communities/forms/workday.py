from django import forms
from django.utils.translation import gettext_lazy as _

from communities.forms.row import field_of
from foundation.workdays.models import Workday, Year


class WorkdayForm(forms.Form):
    """What a person decides about one day."""

    working = forms.TypedChoiceField(
        label=_("This day is"),
        choices=[("yes", _("a working day")), ("no", _("a day off"))],
        coerce=lambda value: value == "yes",
        widget=forms.RadioSelect,
    )
    name = field_of(Workday, "name", label=_("Name or occasion"), help_text=_("For example National Day, make-up day."))
    name_en = field_of(Workday, "name_en", label=_("English name"))
    source = field_of(Workday, "source", label=_("By which notice"))


class YearForm(forms.Form):
    """The notice by which a year's days are official."""

    source = field_of(
        Year,
        "source",
        label=_("Notice of the State Council"),
        required=True,
        help_text=_("Title and number, for example 国办发明电〔2025〕7号."),
    )
