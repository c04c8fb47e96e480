from datetime import timedelta

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from communities.forms.staff import ALL, DayInput
from communities.words import THINGS, VERBS
from foundation.figures import Span

DAYS_SHOWN = 30


class PeriodFilter(forms.Form):
    """From which day to which, the last thirty days if nothing is said, and by whom."""

    since = forms.DateField(label=_("From"), required=False, widget=DayInput)
    until = forms.DateField(label=_("Until"), required=False, widget=DayInput)
    person = forms.IntegerField(required=False, min_value=1, max_value=2**62, widget=forms.HiddenInput)

    def __init__(self, data, **kwargs):
        # The fields show the period that holds, whether it was chosen or not.
        data = data.copy()
        if not data.get("since") and not data.get("until"):
            data["since"] = (timezone.localdate() - timedelta(days=DAYS_SHOWN)).isoformat()
        super().__init__(data, **kwargs)

    def narrow(self, rows):
        """Those that fit; what makes no sense is reported at its field and left out."""
        self.is_valid()
        chosen = self.cleaned_data
        rows = rows.filter(Span(timezone.now(), chosen.get("since"), chosen.get("until")).holds("at"))
        return rows.filter(actor=chosen["person"]) if chosen.get("person") else rows


class EntryFilter(PeriodFilter):
    thing = forms.ChoiceField(
        label=_("About"), required=False, choices=[ALL, *((code, name) for code, (name, _page) in THINGS.items())]
    )
    verb = forms.ChoiceField(label=_("What was done"), required=False, choices=[ALL, *VERBS.items()])
    by = forms.ChoiceField(
        label=_("Who"), required=False, choices=[ALL, ("people", _("people")), ("clock", _("The clock"))]
    )
    field_order = ["by", "thing", "verb", "since", "until"]

    def narrow(self, rows):
        rows = super().narrow(rows)
        if self.cleaned_data.get("by"):
            rows = rows.filter(actor__isnull=self.cleaned_data["by"] == "clock")
        if self.cleaned_data.get("thing"):
            rows = rows.filter(subject_type=self.cleaned_data["thing"])
        if self.cleaned_data.get("verb"):
            rows = rows.filter(verb=self.cleaned_data["verb"])
        return rows


class AccessFilter(PeriodFilter):
    kind = forms.ChoiceField(
        label=_("Kind"),
        required=False,
        choices=[ALL, ("reveals", _("personal data shown")), ("exports", _("exports"))],
    )
    field_order = ["kind", "since", "until"]

    def narrow(self, rows):
        rows = super().narrow(rows)
        kind = self.cleaned_data.get("kind")
        return getattr(rows, kind)() if kind else rows


class ExportForm(forms.Form):
    """What an export is for; it is logged with it."""

    purpose = forms.CharField(label=_("What is the export for?"), min_length=2, max_length=300)
