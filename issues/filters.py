"""What the list of issues can be narrowed to, by GET parameters: codes, dates and states, nothing personal.

Other pages link to exactly their rows with these names. Days are inclusive and local. With `figure` (a number of a dashboard,
issues/figures.py) the days and the area are those of the figure; without it `since` and `until` mean the submission. `queue` is
what waits for the reader (issues/queues.py).
"""

from django import forms
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from communities.access import posts_of
from communities.models import Division
from communities.models.division import ancestors
from foundation.figures import Span, counted, place
from foundation.templatetags.portal import named
from issues.figures import FIGURES
from issues.models import Category
from issues.models.category import Urgency
from issues.models.contact import Satisfaction
from issues.models.finding import is_at_desk_of, is_due, is_with_unit_of
from issues.models.issue import Channel
from issues.models.work_order import WorkOrder
from issues.queues import QUEUES
from issues.workflow import OPEN, Reason, Status

ANY = ("", _("all"))
INDENT = "\u3000"
STATUSES = [("open", _("open")), ("overdue", _("overdue")), *Status.choices]
SORTS = {
    "urgent": _("what needs me first"),
    "newest": _("newest first"),
    "oldest": _("oldest first"),
    "closed": _("last closed first"),
}


class DayField(forms.DateField):
    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class IssueFilter(forms.Form):
    """The filters of the list. A value that makes no sense is reported at its field and left out; the others hold."""

    status = forms.ChoiceField(choices=[ANY, *STATUSES], required=False, label=_("Status"))
    category = forms.SlugField(required=False, widget=forms.Select, label=_("Category"))
    area = forms.RegexField(r"^\d{2,15}$", required=False, widget=forms.Select, label=_("Area"))
    urgency = forms.ChoiceField(choices=[ANY, *Urgency.choices], required=False, label=_("Urgency"))
    channel = forms.ChoiceField(choices=[ANY, *Channel.choices], required=False, label=_("Channel"))
    reason = forms.ChoiceField(choices=[ANY, *Reason.choices], required=False, label=_("Closed as"))
    satisfaction = forms.ChoiceField(choices=[ANY, *Satisfaction.choices], required=False, label=_("Satisfaction"))
    since = DayField(label=_("Submitted from"), required=False)
    until = DayField(label=_("Submitted until"), required=False)
    closed_since = DayField(label=_("Closed from"), required=False)
    closed_until = DayField(label=_("Closed until"), required=False)
    mine = forms.BooleanField(required=False, label=_("recorded by me"))
    desk = forms.BooleanField(required=False, label=_("on my desk"))
    unit = forms.BooleanField(required=False, label=_("with my unit"))
    queue = forms.SlugField(required=False, widget=forms.HiddenInput)
    figure = forms.SlugField(required=False, widget=forms.HiddenInput)
    direct = forms.BooleanField(required=False, widget=forms.HiddenInput)
    compound = forms.IntegerField(required=False, widget=forms.HiddenInput)
    household = forms.IntegerField(required=False, widget=forms.HiddenInput)
    sort = forms.ChoiceField(choices=SORTS.items(), required=False, label=_("Order"))

    def narrow(self, queryset, *, now, user=None):
        """The rows of `queryset` that were asked for. What asks for "me" has no rows without a user."""
        chosen = self.chosen
        if "figure" in chosen:
            queryset = counted(queryset, self.data, FIGURES, now=now)
        else:
            queryset = queryset.filter(
                Span(now, chosen.get("since"), chosen.get("until")).holds("submitted_at"),
                place(chosen.get("area", ""), direct=chosen.get("direct", False)),
            )
        condition = Span(now, chosen.get("closed_since"), chosen.get("closed_until")).holds("closed_at")
        for name in chosen:
            if name in ALONE:
                condition &= ALONE[name](chosen[name], now)
            elif name in ABOUT_ME:
                condition &= ABOUT_ME[name](chosen[name], user, now) if user else Q(pk__in=[])
        queryset = queryset.filter(condition)
        return queryset.rated(chosen["satisfaction"]) if "satisfaction" in chosen else queryset

    def sorted(self, queryset):
        order = self.chosen.get("sort", "urgent")
        if order == "newest":
            return queryset.order_by("-submitted_at", "-pk")
        if order == "oldest":
            return queryset.order_by("submitted_at", "pk")
        if order == "closed":
            return queryset.order_by("-closed_at", "-pk")
        return queryset.needed_first()

    def offer(self, user):
        """Fill the selects with what lies in the user's reach: one query for categories, one for places if there is a choice."""
        here = self.chosen.get("area", "")
        codes = [post.path for post in posts_of(user) if post.division_id]
        path = here or min(codes, key=len, default="")
        categories = {row.code: (row.code, named(row)) for row in Category.objects.offered(path)}
        self.fields["category"].widget.choices = [ANY, *categories.values()]
        if here or any(len(code) < 12 for code in codes):
            self.fields["area"].widget.choices = [ANY, *areas(user, here or path)]
        else:
            del self.fields["area"]

    @property
    def chosen(self):
        """The values in force, by name."""
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value not in (None, "", False)}

    @property
    def is_plain(self):
        """Whether the address asks for nothing at all; an empty value asks for everything, the order is no question."""
        return not any(name in self.data for name in self.fields if name != "sort")

    @property
    def is_narrow(self):
        """Whether something is in force that no quick filter shows."""
        return bool(set(self.chosen) - {"status", "sort", "mine", "desk", "unit", "queue"})

    @property
    def counted_as(self):
        """The figure or queue behind which these rows stand, or None."""
        chosen = self.chosen
        return FIGURES.get(chosen.get("figure")) or QUEUES.get(chosen.get("queue"))

    @property
    def shown(self):
        return [field for field in self if not field.is_hidden]

    @property
    def hidden(self):
        """What is in force without a field on the page; the form carries it along."""
        return [field for field in self if field.is_hidden and field.value()]


def by_status(value, now):
    if value == "open":
        return Q(status__in=OPEN)
    return is_due(None, now) if value == "overdue" else Q(status=value)


def by_queue(value, user, now):
    return QUEUES[value].rows(user, now) if value in QUEUES else Q(pk__in=[])


ALONE = {
    "status": by_status,
    # By code: a district's own category of this code stands in for the general one.
    "category": lambda code, now: Q(category__code=code),
    "urgency": lambda value, now: Q(urgency=value),
    "channel": lambda value, now: Q(channel=value),
    "reason": lambda value, now: Q(closure_reason=value),
    "compound": lambda pk, now: Q(compound=pk),
    "household": lambda pk, now: Q(household=pk),
}
ABOUT_ME = {
    "mine": lambda _on, user, now: Q(created_by=user.pk),
    "desk": lambda _on, user, now: Q(status__in=OPEN) & is_at_desk_of(user),
    "unit": lambda _on, user, now: is_with_unit_of(user, *WorkOrder.NAMED),
    "queue": by_queue,
}


def areas(user, here):
    """(code, name) of `here`, of the places above it and of those directly below, as far as the user sees them."""
    found = Division.objects.visible_to(user).filter(Q(parent__code=here) | Q(code__in=[*ancestors(here), here]))
    return [(row.code, f"{INDENT * max(len(row.code) // 3 - 2, 0)}{named(row)}") for row in found.order_by("code")]


def filter_issues(queryset, data, *, now, user=None):
    """The issues of `queryset` that the GET parameters in `data` ask for; `user` is the reader whom "mine" means."""
    return IssueFilter(data).narrow(queryset, now=now, user=user)
