"""What was said, line by line. The rows share their choices, so that twenty rows cost the queries of one."""

from uuid import uuid4

from django import forms
from django.utils.translation import gettext_lazy as _

from foundation.templatetags.portal import named
from issues.models import Category
from visits.models.opinion import Handling

MOST_OPINIONS = 30


class RowField(forms.TypedChoiceField):
    """A choice among rows that are at hand; gives the row, or None."""

    def offer(self, rows, label, empty):
        self.rows = {str(row.pk): row for row in rows}
        self.choices = [("", empty), *((pk, label(row)) for pk, row in self.rows.items())]

    def clean(self, value):
        value = super().clean(value)
        return self.rows.get(str(value)) if value else None


class OpinionForm(forms.Form):
    """One line; a row left empty is no line."""

    client_uuid = forms.UUIDField(widget=forms.HiddenInput, required=False)
    text = forms.CharField(
        label=_("What was said"),
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": _("Please write what was said.")},
    )
    category = RowField(label=_("Category"), error_messages={"required": _("Please choose what it is about.")})
    handling = forms.ChoiceField(
        label=_("What becomes of it"),
        choices=[
            (Handling.ANSWERED, _("Answered at once")),
            (Handling.ON_SPOT, _("Solved on the spot")),
            (Handling.REGISTER, _("Register as an issue")),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": _("Please say what becomes of it.")},
    )
    spot_action = forms.CharField(
        label=_("How it was solved"),
        max_length=500,
        help_text=_("One line; needed if it was solved on the spot."),
        error_messages={"required": _("Solved on the spot: please write in one line how.")},
    )
    raised_by = RowField(label=_("Who said it"), required=False)
    confidential = forms.BooleanField(
        label=_("Confidential"),
        required=False,
        help_text=_("Only the community secretary and the handler read who said what."),
    )
    # A row becomes a line as soon as one of these is filled.
    TELLING = {"text", "category", "handling", "spot_action", "confidential"}

    def __init__(self, *args, categories, residents, **kwargs):
        kwargs["initial"] = {"client_uuid": uuid4(), **(kwargs.get("initial") or {})}
        super().__init__(*args, **kwargs)
        self.fields["category"].offer(categories, named, _("please choose"))
        self.fields["raised_by"].offer(residents, str, _("not said"))

    def has_changed(self):
        return bool(self.TELLING & set(self.changed_data))

    def clean(self):
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("handling") != Handling.ON_SPOT:
            self.errors.pop("spot_action", None)
            cleaned["spot_action"] = ""
        return cleaned


class OpinionRows(forms.BaseFormSet):
    """The lines of one visit."""

    @property
    def lines(self):
        """Arguments of `Opinion.objects.add`, one dict for each line that is not blank."""
        lines = [dict(form.cleaned_data) for form in self.forms if form.has_changed()]
        seen = set()
        for line in lines:
            # A row that was copied in the browser carries the number of its pattern; the model gives it one of its own.
            if line["client_uuid"] in seen:
                line["client_uuid"] = None
            seen.add(line["client_uuid"])
        return lines


RowSet = forms.formset_factory(
    OpinionForm, formset=OpinionRows, extra=1, max_num=MOST_OPINIONS, absolute_max=MOST_OPINIONS, validate_max=True
)


def opinion_rows(data, household, *, typed=None):
    """The rows for a household whose `people_here` are at hand; one of them empty.

    `typed` are rows that were sent to get one more: they are filled again, without being judged yet.
    """
    if data is not None:
        data = data.copy()
        sent = data.get("opinions-TOTAL_FORMS", "")
        data["opinions-TOTAL_FORMS"] = min(int(sent) if sent.isdecimal() else 0, MOST_OPINIONS)
        data["opinions-INITIAL_FORMS"] = 0
    return RowSet(
        data,
        prefix="opinions",
        initial=[as_typed(row) for row in typed or ()],
        form_kwargs={
            "categories": list(Category.objects.offered(household.area_path)),
            "residents": household.people_here,
        },
    )


def as_typed(form):
    """What stands in the fields of a form that was sent, as the initial values of a fresh one."""
    return {bound.name: bound.data for bound in form}


def typed_so_far(form):
    """The same form, not yet judged: somebody asked for one more row before saving."""
    return type(form)(initial=as_typed(form))
