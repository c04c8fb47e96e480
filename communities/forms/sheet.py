from django import forms
from django.utils.translation import gettext_lazy as _

from foundation.forms import FactForm
from foundation.shortcuts import MOST_LETTERS


class PurposeForm(FactForm):
    """What a table is taken away for; the words of the search travel along unseen."""

    purpose = forms.CharField(
        label=_("What the table is for"),
        min_length=2,
        max_length=300,
        help_text=_("Purpose, time and number of rows go into the access log and stand in the table."),
        error_messages={"required": _("Please say what the table is for.")},
    )
    q = forms.CharField(required=False, max_length=MOST_LETTERS, widget=forms.HiddenInput)
