"""What is logged with one tap on the phone: no typing, nothing preselected."""

from django import forms
from django.utils.translation import gettext_lazy as _

from foundation.forms import FactForm
from visits.models.visit import Mode, Outcome, Situation

# name of the button -> (its label, what it logs)
MET_TAPS = {
    "in_person": (_("Met · all is well"), {"outcome": Outcome.MET, "situation": Situation.NORMAL}),
    "phone": (
        _("By phone · all is well"),
        {"outcome": Outcome.MET, "situation": Situation.NORMAL, "mode": Mode.PHONE},
    ),
    "family": (_("Family member met · all is well"), {"outcome": Outcome.PROXY_MET, "situation": Situation.NORMAL}),
}
MISSED_TAPS = {
    "nobody_home": (_("Nobody at home"), {"outcome": Outcome.NOBODY_HOME}),
    "declined": (_("Visit declined"), {"outcome": Outcome.DECLINED}),
    "moved": (_("Moved away"), {"outcome": Outcome.MOVED}),
    "wrong_address": (_("Address not right"), {"outcome": Outcome.WRONG_ADDRESS}),
}

# The buttons that stand open on the sheet; the others are one tap further.
FIRST_TAPS = ("in_person", "nobody_home")


class TapForm(FactForm):
    """One tap: which button, and the number that makes a second tap harmless."""

    taps = {}
    tap = forms.CharField(max_length=20)

    def clean_tap(self):
        tap = self.cleaned_data["tap"]
        if tap not in self.taps:
            raise forms.ValidationError("unknown")
        return tap

    @property
    def facts(self):
        """Arguments of `Visit.objects.log`."""
        return {"client_uuid": self.cleaned_data["client_uuid"], **self.taps[self.cleaned_data["tap"]][1]}


class MetForm(TapForm):
    taps = MET_TAPS


class MissedForm(TapForm):
    taps = MISSED_TAPS
