from django import forms
from django.utils.translation import gettext_lazy as _


class ExportForm(forms.Form):
    """What leaves the portal leaves it for a purpose, which the access log keeps."""

    purpose = forms.CharField(
        label=_("What the export is for"),
        min_length=4,
        max_length=200,
        help_text=_("Kept in the access log with your name and the number of rows."),
    )
