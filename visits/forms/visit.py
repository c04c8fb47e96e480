"""Forms about a visit. Outcome first; the situation if somebody was met; everything else may stay empty."""

from datetime import timedelta

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from foundation.forms import FactForm, GuardedForm
from visits.models.visit import BACK_DATING_DAYS, MET, Mode, Outcome, Situation, Tag

# The clock of a phone may be fast; what lies less than this ahead is taken as now.
CLOCK_SKEW = timedelta(minutes=10)
MOMENT_FORMAT = "%Y-%m-%dT%H:%M"
MOST_PEOPLE = 200


class MomentField(forms.DateTimeField):
    """Day and time of day in local time, to the minute."""

    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format=MOMENT_FORMAT)


class VisitFields(forms.Form):
    """What can be said about a visit, named like the arguments of `Visit.objects.log` and `Visit.correct`."""

    outcome = forms.ChoiceField(label=_("Outcome"), choices=Outcome.choices, widget=forms.RadioSelect)
    situation = forms.ChoiceField(
        label=_("Situation"),
        choices=Situation.choices,
        widget=forms.RadioSelect,
        help_text=_("If somebody was met."),
        error_messages={"required": _("Somebody was met: please say how it stands.")},
    )
    mode = forms.ChoiceField(label=_("How"), choices=Mode.choices, initial=Mode.IN_PERSON, required=False)
    tags = forms.MultipleChoiceField(
        label=_("What it was about"), choices=Tag.choices, widget=forms.CheckboxSelectMultiple, required=False
    )
    summary = forms.CharField(
        label=_("What was seen and said"),
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("In plain words, dialect too. What should be solved or answered goes into the opinions below."),
    )
    people_met = forms.IntegerField(label=_("People met"), min_value=0, max_value=MOST_PEOPLE, required=False)
    visited_at = MomentField(
        label=_("Time of the visit"), required=False, help_text=_("Leave empty if the visit was just now.")
    )
    late_reason = forms.CharField(
        label=_("Why entered late"),
        max_length=200,
        required=False,
        help_text=_("Only for visits more than 7 days ago. Late entries count like all others."),
    )

    # Which fields are needed depends on the outcome; the browser cannot know.
    use_required_attribute = False
    # The moment of entry: a visit cannot lie behind it, and "late" counts from it.
    entered_at = None

    def clean_mode(self):
        return self.cleaned_data["mode"] or Mode.IN_PERSON

    def clean_visited_at(self):
        entered_at = self.entered_at or timezone.now()
        visited_at = self.cleaned_data["visited_at"] or entered_at
        if visited_at > entered_at + CLOCK_SKEW:
            raise forms.ValidationError(_("This lies in the future. A visit is entered after it has been made."))
        return min(visited_at, entered_at)

    def clean(self):
        cleaned = super().clean() or self.cleaned_data
        self.clean_whom_was_met(cleaned)
        self.clean_late(cleaned)
        return cleaned

    def clean_whom_was_met(self, cleaned):
        outcome = cleaned.get("outcome")
        if outcome in MET:
            cleaned["people_met"] = cleaned.get("people_met") or 1
            return
        self.errors.pop("situation", None)
        cleaned["situation"], cleaned["people_met"] = "", 0

    def clean_late(self, cleaned):
        visited_at, entered_at = cleaned.get("visited_at"), self.entered_at or timezone.now()
        if visited_at is None:
            return
        if entered_at - visited_at <= timedelta(days=BACK_DATING_DAYS):
            cleaned["late_reason"] = ""
        elif not cleaned.get("late_reason"):
            self.add_error(
                "late_reason",
                ngettext(
                    "The visit was more than %(days)s day ago: please say in a few words why it is entered only now.",
                    "The visit was more than %(days)s days ago: please say in a few words why it is entered only now.",
                    BACK_DATING_DAYS,
                )
                % {"days": BACK_DATING_DAYS},
            )


class VisitForm(VisitFields, FactForm):
    """A new visit."""

    source = forms.BooleanField(
        label=_("Copied from a paper sheet"),
        required=False,
        help_text=_("Keep the paper sheet as your community does."),
    )

    def clean_source(self):
        return "paper" if self.cleaned_data["source"] else "web"


class CorrectForm(VisitFields, GuardedForm):
    """The visitor corrects an entry of his own."""

    def __init__(self, *args, row, **kwargs):
        kwargs["initial"] = {name: getattr(row, name) for name in VisitFields.base_fields} | (
            kwargs.get("initial") or {}
        )
        super().__init__(*args, row=row, **kwargs)
        self.entered_at = row.created_at
        self.fields["visited_at"].help_text = ""

    def clean_visited_at(self):
        typed = self.cleaned_data["visited_at"]
        kept = self.row.visited_at
        # The field shows minutes only: what was not touched stays as it is, to the second.
        if typed is None or typed == kept.replace(second=0, microsecond=0):
            return kept
        return super().clean_visited_at()


class VoidForm(GuardedForm):
    reason = forms.CharField(
        label=_("Why the visit is voided"),
        min_length=2,
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("For example: entered twice; wrong household."),
    )


class ExportForm(forms.Form):
    purpose = forms.CharField(
        label=_("What the table is for"),
        min_length=2,
        max_length=200,
        help_text=_("Purpose, time and number of rows go into the access log."),
    )
    q = forms.CharField(required=False, max_length=60, widget=forms.HiddenInput)
