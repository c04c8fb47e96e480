from django import forms
from django.utils.translation import gettext_lazy as _

from communities.models.review import Decision
from foundation.forms import GuardedForm


class DecideForm(GuardedForm):
    """What becomes of one account's posts."""

    decision = forms.ChoiceField(label=_("Decision"), widget=forms.RadioSelect)
    remark = forms.CharField(
        label=_("Remark"), required=False, max_length=300, help_text=_("Needed unless you confirm.")
    )

    def __init__(self, *args, row, **kwargs):
        kwargs["initial"] = {"decision": row.decision, "remark": row.remark} | (kwargs.get("initial") or {})
        super().__init__(*args, row=row, **kwargs)
        self.fields["decision"].choices = [
            (Decision.CONFIRM, _("Confirm: still needed")),
            (Decision.CHANGE, _("Change: to be corrected on the page of the person")),
            (Decision.END, _("End: all posts and sensitive permissions here, at once")),
        ]

    def clean(self):
        cleaned = super().clean()
        if cleaned.get("decision") in (Decision.CHANGE, Decision.END) and len(cleaned.get("remark", "").strip()) < 2:
            self.add_error("remark", _("Say in a few words why."))
        return cleaned


class FinishForm(GuardedForm):
    """Closing a list for good needs nothing but a second look."""
