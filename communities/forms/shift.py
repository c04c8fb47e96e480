from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from communities.forms.staff import DayInput
from communities.models import Shift
from communities.models.shift import Part, colleagues_at
from foundation.forms import FactForm, GuardedForm
from foundation.templatetags.portal import day

LONGEST_DAYS = 92


class DayForm(forms.Form):
    """Who is on duty on one day; empty: nobody. What stood there on the page is compared when it is saved."""

    def __init__(self, *args, division, on, shifts, **kwargs):
        super().__init__(*args, **kwargs)
        people = colleagues_at(division, on)
        held = {shift.part: shift.user_id for shift in shifts}
        for part in Part:
            self.fields[part.value] = forms.ModelChoiceField(
                people | User.objects.filter(pk__in=held.values()),
                label=part.label,
                required=False,
                empty_label=_("nobody"),
                initial=held.get(part.value),
            )
            self.fields[f"seen_{part.value}"] = forms.IntegerField(
                required=False, widget=forms.HiddenInput, initial=held.get(part.value)
            )

    def chosen(self):
        """[(part, user or None, number of who stood there on the page)] where the two differ."""
        chosen = [(part, self.cleaned_data[part.value], self.cleaned_data[f"seen_{part.value}"]) for part in Part]
        return [(part, user, seen) for part, user, seen in chosen if (user and user.pk) != seen]

    def look_again(self, shifts):
        """Somebody was faster: who stands there now is named, and the next sending has seen it."""
        self.data, held = self.data.copy(), {shift.part: shift.user for shift in shifts}
        for part in Part:
            user = held.get(part.value)
            self.data[f"seen_{part.value}"] = user.pk if user else ""
            self.fields[part.value].help_text = user.name if user else _("nobody")


class RotationForm(forms.Form):
    """Fill the empty days of a period with people in turn."""

    since = forms.DateField(label=_("From (first day)"), widget=DayInput, initial=timezone.localdate)
    until = forms.DateField(label=_("Until (last day)"), widget=DayInput)
    parts = forms.MultipleChoiceField(
        label=_("Which shifts"),
        choices=Part.choices,
        initial=[Part.DAY, Part.NIGHT],
        widget=forms.CheckboxSelectMultiple,
    )
    order = forms.CharField(
        label=_("In this order"),
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text=_("One name a line, or pasted from a table; names repeated come up twice as often."),
    )

    def __init__(self, *args, division, **kwargs):
        super().__init__(*args, **kwargs)
        self.people = list(colleagues_at(division, timezone.localdate()))
        self.fields["order"].initial = "\n".join(person.name for person in self.people)

    def clean_order(self):
        """The people named, in order; an error names what fits nobody or more than one."""
        by_name = {}
        for person in self.people:
            by_name.setdefault(person.name, []).append(person)
            by_name.setdefault(person.username, []).append(person)
        chosen = []
        for name in self.cleaned_data["order"].replace("\t", "\n").replace("、", "\n").replace(",", "\n").split("\n"):
            name = name.strip()
            if not name:
                continue
            found = by_name.get(name, [])
            if not found:
                raise ValidationError(_("Nobody called “%(name)s” has a post here.") % {"name": name})
            if len(found) > 1:
                raise ValidationError(
                    _("“%(name)s” is the name of more than one person; give the user name instead.") % {"name": name}
                )
            chosen += found
        return chosen

    def clean(self):
        cleaned = super().clean()
        since, until = cleaned.get("since"), cleaned.get("until")
        if since and until and until < since:
            self.add_error("until", _("The last day lies before the first."))
        elif since and until and (until - since).days >= LONGEST_DAYS:
            self.add_error("until", _("At most three months at a time."))
        return cleaned


class SwapForm(FactForm):
    """Whom one asks to take the shift over, and for which of that person's shifts."""

    asked = forms.ModelChoiceField(User.objects.none(), label=_("Colleague"), empty_label="—")
    in_return = forms.ModelChoiceField(
        Shift.objects.none(), label=_("For this shift of the colleague"), required=False, empty_label=_("for nothing")
    )

    def __init__(self, *args, shift, **kwargs):
        super().__init__(*args, **kwargs)
        people = colleagues_at(shift.division, shift.on).exclude(pk=shift.user_id)
        self.fields["asked"].queryset = people
        ahead = Shift.objects.standing().ahead(timezone.now()).filter(division=shift.division)
        offered = ahead.exclude(user=shift.user_id).for_list()
        field = self.fields["in_return"]
        field.queryset = offered
        field.label_from_instance = lambda row: f"{day(row.on)} {row.get_part_display()} · {row.user.name}"

    def clean(self):
        cleaned = super().clean()
        theirs, asked = cleaned.get("in_return"), cleaned.get("asked")
        if theirs and asked and theirs.user_id != asked.pk:
            self.add_error("in_return", _("This shift belongs to somebody else."))
        return cleaned


class SwapMoveForm(GuardedForm):
    """Agree, decline, withdraw: nothing to fill in."""
