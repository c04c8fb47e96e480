"""Which days a dashboard looks at: this week, month, quarter or year so far, the last thirty days, or from a day to a day."""

from datetime import timedelta
from urllib.parse import urlencode

from django import forms
from django.utils.translation import gettext_lazy as _

from foundation.figures import Span

DEFAULT = "days30"
CUSTOM = "custom"
FIRST_DAYS = {
    "week": lambda today: today - timedelta(days=today.weekday()),
    "month": lambda today: today.replace(day=1),
    "days30": lambda today: today - timedelta(days=29),
    "quarter": lambda today: today.replace(month=(today.month - 1) // 3 * 3 + 1, day=1),
    "year": lambda today: today.replace(month=1, day=1),
}
TITLES = {
    "week": _("This week"),
    "month": _("This month"),
    "days30": _("Last 30 days"),
    "quarter": _("This quarter"),
    "year": _("This year"),
}


class PeriodForm(forms.Form):
    """The days of one's own choice; both are included."""

    since = forms.DateField(label=_("From"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    until = forms.DateField(label=_("Until"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))

    def clean(self):
        cleaned = super().clean()
        since, until = cleaned.get("since"), cleaned.get("until")
        if since and until and since > until:
            raise forms.ValidationError(_("The first day lies after the last one."))
        if since and not 2000 <= since.year <= 2100:
            raise forms.ValidationError(_("There is nothing to count that far away."))
        return cleaned


class Period:
    """What the reader chose: `code` of a chip or "custom", the `span`, and the form of the days."""

    def __init__(self, params, *, now):
        self.now = now
        self.code = params.get("period", "")
        own = self.code == CUSTOM or (self.code not in FIRST_DAYS and (params.get("since") or params.get("until")))
        self.form = PeriodForm(params) if own else None
        if own and self.form.is_valid():
            self.code = CUSTOM
            self.span = Span(now, self.form.cleaned_data["since"], self.form.cleaned_data["until"])
            return
        if self.code not in FIRST_DAYS:
            self.code = DEFAULT
        today = Span(now).today
        self.span = Span(now, FIRST_DAYS[self.code](today), today)
        if self.form is None:
            self.form = PeriodForm(initial={"since": self.span.since, "until": self.span.until})

    @property
    def query(self):
        """The parameters that lead to this period again."""
        if self.code == CUSTOM:
            return {"period": CUSTOM, **self.days}
        return {"period": self.code}

    @property
    def query_string(self):
        return urlencode(self.query)

    @property
    def days(self):
        return {"since": self.span.since.isoformat(), "until": self.span.until.isoformat()}

    @property
    def chips(self):
        """[(title, query string, whether it is the chosen one)]"""
        return [(title, f"?period={code}", code == self.code) for code, title in TITLES.items()]
