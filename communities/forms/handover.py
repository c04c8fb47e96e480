from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from communities.forms.leave import colleagues_of, people_led_by
from communities.models.handover import Reason
from foundation.forms import FactForm, GuardedForm


class HandoverForm(FactForm):
    """Who hands over to whom. The sheet is written from what is open at the moment of sending."""

    taker = forms.ModelChoiceField(User.objects.none(), label=_("Successor"), empty_label="—")
    reason = forms.ChoiceField(label=_("Reason"), choices=Reason.choices, widget=forms.RadioSelect, initial=Reason.POST)
    remark = forms.CharField(
        label=_("What the successor should know"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("Promises given, keys, contacts. No ID numbers and no illnesses."),
    )

    def __init__(self, *args, by, giver, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["taker"].queryset = takers_for(by, giver)


def takers_for(by, giver):
    """Who may take over: colleagues, and whomever the reader leads."""
    led = people_led_by(by).exclude(pk=giver.pk)
    return (colleagues_of(giver) | User.objects.filter(pk__in=led.values("pk"))).order_by("name", "pk")


class ConfirmForm(GuardedForm):
    """The successor has read the sheet; `subjects` are the personal items that stood on the page."""

    subjects = forms.CharField(widget=forms.HiddenInput, required=False)
    read = forms.BooleanField(label=_("I have read the sheet and take these items over."))

    def clean(self):
        cleaned = super().clean()
        cleaned.pop("read", None)
        cleaned["seen_subjects"] = [name for name in cleaned.pop("subjects", "").split(",") if name]
        return cleaned

    def look_again(self, row):
        """What arose meanwhile now stands on the page, so the next sending has seen it."""
        super().look_again(row)
        self.data["subjects"] = ",".join(item.subject for item in row.items() if item.personal)


class SendBackForm(GuardedForm):
    reason = forms.CharField(label=_("What is missing"), max_length=300, widget=forms.Textarea(attrs={"rows": 3}))


class PrepareAgainForm(GuardedForm):
    remark = forms.CharField(
        label=_("What the successor should know"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4}),
    )


class CancelForm(GuardedForm):
    """Nothing to fill in."""


class ReassignmentForm(FactForm):
    """Which personal items of one person go to another at once."""

    taker = forms.ModelChoiceField(User.objects.none(), label=_("To whom"), empty_label="—")
    subjects = forms.MultipleChoiceField(label=_("What"), widget=forms.CheckboxSelectMultiple)

    def __init__(self, *args, by, giver, items, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["taker"].queryset = takers_for(by, giver)
        self.fields["subjects"].choices = [(item.subject, f"{item.title} · {item.state}") for item in items]
        self.fields["subjects"].initial = [item.subject for item in items]

    def clean_subjects(self):
        if not self.cleaned_data["subjects"]:
            raise ValidationError(_("Choose at least one item."))
        return self.cleaned_data["subjects"]
