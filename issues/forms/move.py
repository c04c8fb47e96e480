"""The forms of the moves in workflow.py: fields named like the verb's arguments, every choice scoped to the user and the issue."""

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from foundation.forms import GuardedForm
from foundation.templatetags.portal import named
from issues.models import Category
from issues.models.category import Urgency
from issues.models.contact import Satisfaction
from issues.models.issue import CONFIRMED
from issues.workflow import Reason

SHORTEST_RESULT = 10
FEW = 8
SAID_NOTHING = ("", _("did not say"))


def note(label, *, required=False, help_text="", **options):
    return forms.CharField(
        label=label,
        required=required,
        help_text=help_text,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 4}),
        **options,
    )


class MoveForm(GuardedForm):
    """A move without questions. `intro` says what it brings about."""

    intro = ""

    def __init__(self, *args, user, **kwargs):
        super().__init__(*args, **kwargs)
        self.user = user


class NamedChoiceField(forms.ModelChoiceField):
    """Rows by their name in the reader's language."""

    def label_from_instance(self, row):
        return named(row)


class RegisterForm(MoveForm):
    intro = _("Check category, urgency and title. With the registration the handling limit begins to run.")

    title = forms.CharField(label=_("Title"), max_length=80)
    category = NamedChoiceField(Category.objects.none(), label=_("Category"), empty_label=None)
    urgency = forms.ChoiceField(label=_("Urgency"), choices=Urgency.choices, widget=forms.RadioSelect)

    def __init__(self, *args, row, **kwargs):
        initial = {"title": row.title, "category": row.category_id, "urgency": row.urgency}
        super().__init__(*args, row=row, initial=initial, **kwargs)
        self.fields["category"].queryset = Category.objects.offered(row.area_path)
        if not row.shows_reporter_to(self.user):
            # The title may tell who reported; it stays as it is.
            del self.fields["title"]


class TakeForm(MoveForm):
    intro = _("Your office handles it itself. Somebody who did not handle it will ask the resident afterwards.")


class UnitForm(MoveForm):
    """To which unit; the one that the catalogue names for the category comes first."""

    unit = NamedChoiceField(None, label=_("Unit"), empty_label=None, widget=forms.RadioSelect)

    def __init__(self, *args, row, user, **kwargs):
        suggested = row.suggested_unit(user)
        super().__init__(*args, row=row, user=user, initial={"unit": suggested and suggested.pk}, **kwargs)
        targets = list(row.targets_for(user))
        field = self.fields["unit"]
        # Accepted is a little more than offered: whoever was overtaken by a dispatch to the same unit shall be told so.
        field.queryset = row.commanded_by(user)
        field.choices = [(unit.pk, named(unit)) for unit in targets]
        if suggested:
            field.help_text = _("Preselected: the unit that the dispatch catalogue names for this category here.")
        if len(targets) > FEW:
            field.widget = forms.Select(choices=field.choices)
        self.has_targets = bool(targets)


class DispatchForm(UnitForm):
    intro = _("The unit gets a work order and is told at once. The handling limit stays as it is.")

    note = note(_("Instruction"), help_text=_("For the unit; residents do not see it."))


class ReassignForm(UnitForm):
    intro = _("The present work order is taken back and another unit gets one. The handling limit stays as it is.")

    note = note(_("Why"), required=True, help_text=_("For those who work on it; residents do not see it."))


class SendUpForm(MoveForm):
    intro = _("The office above decides from now on. The community stays the first receiver and sees everything.")

    note = note(_("Why it cannot be solved here"), required=True, help_text=_("Residents do not see it."))


class SignForm(MoveForm):
    intro = _("You accept the work order and become its handler.")


class HandOnForm(MoveForm):
    intro = _("The colleague becomes the handler and is told. The limits stay as they are.")

    handler = NamedChoiceField(User.objects.none(), label=_("Colleague"), empty_label=None, widget=forms.RadioSelect)

    def __init__(self, *args, row, user, **kwargs):
        super().__init__(*args, row=row, user=user, **kwargs)
        colleagues = row.lead.colleagues() if row.lead else []
        self.fields["handler"].queryset = User.objects.filter(pk__in=[person.pk for person in colleagues])
        self.has_targets = bool(colleagues)


class ReportDoneForm(MoveForm):
    intro = _("Afterwards somebody who did not handle it asks the resident.")

    result = note(
        _("What was done"),
        required=True,
        min_length=SHORTEST_RESULT,
        help_text=_("Residents may read this. No names and no telephone numbers."),
    )


class ConfirmForm(MoveForm):
    intro = _("You have asked the resident. Enter what he or she said, not what you think of it.")

    reason = forms.ChoiceField(
        label=_("Result"),
        choices=[(reason.value, reason.label) for reason in CONFIRMED],
        initial=Reason.RESOLVED,
        widget=forms.RadioSelect,
    )
    satisfaction = forms.ChoiceField(
        label=_("Satisfaction, in the resident's words"),
        choices=[*Satisfaction.choices, SAID_NOTHING],
        required=False,
        widget=forms.RadioSelect,
    )
    note = note(_("What the resident said"), help_text=_("Residents do not see it."))


class ConfirmNotForm(MoveForm):
    intro = _("It goes back to the same unit, with the limit for handling again. Nobody may shorten what was promised.")

    note = note(_("What is still not solved"), required=True, help_text=_("For the unit; residents do not see it."))
    satisfaction = forms.ChoiceField(
        label=_("Satisfaction, in the resident's words"),
        choices=[*Satisfaction.choices, SAID_NOTHING],
        required=False,
        widget=forms.RadioSelect,
    )


class NoAnswerForm(MoveForm):
    intro = _(
        "The attempt is noted with its time. After three attempts on two days the issue may be closed as not reachable."
    )

    note = note(_("Note"), help_text=_("For example: no answer at 10:30."))


class CloseUnreachableForm(MoveForm):
    intro = _(
        "Nobody could be reached in several attempts. The issue is closed and stays out of every satisfaction figure."
    )


class CommentForm(MoveForm):
    text = note(_("Your note"), required=True)
    public = forms.BooleanField(
        label=_("Residents may read this note"), required=False, help_text=_("Otherwise it stays inside.")
    )


class RevealForm(forms.Form):
    """Why somebody wants to see a phone that his present work does not open."""

    reason = forms.CharField(
        label=_("Why do you need the telephone number?"),
        min_length=4,
        max_length=200,
        help_text=_("The reason is stored in the access log together with your name."),
    )
