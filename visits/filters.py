"""What the lists of visits and opinions can be narrowed to, as GET parameters: codes and dates, nothing personal.

Other pages link to exactly their rows with these names, e.g. `visit_list?area=411702007&since=2026-11-01&until=2026-11-30&outcome=met`;
days are inclusive and those of the portal's time zone. `filter_visits` and `filter_opinions` apply the same parameters to a queryset.
"""

from django import forms
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from communities.access import CHANGE, RIGHTS, posts_for
from communities.models import Assignment, Compound, Division
from communities.models.division import DIGITS, Level, ancestors
from foundation.figures import Span, place
from foundation.paths import within
from foundation.templatetags.portal import named
from issues.models import Category
from issues.workflow import OPEN
from visits.figures import OPINION_FIGURES, VISIT_FIGURES
from visits.models.opinion import Handling
from visits.models.visit import MET, Mode, Outcome, Situation

VISITORS = [role for role, rights in RIGHTS.items() if rights.get("visits") == CHANGE]
ANY = ("", _("all"))
INDENT = "\u3000"
# "met" means both ways of meeting somebody: that is what is counted as met everywhere.
OUTCOMES = [
    ("met", _("met (also family members)")),
    ("not_met", _("not met")),
    *[(value, label) for value, label in Outcome.choices if value != Outcome.MET],
]


class DayField(forms.DateField):
    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class ListFilter(forms.Form):
    """The filters of a list; a parameter that makes no sense is reported and left out, the others hold."""

    MOMENT = "visited_at"
    FIGURES = VISIT_FIGURES

    area = forms.RegexField(r"^\d{2,15}$", required=False, widget=forms.Select, label=_("Area"))
    since = DayField(label=_("From"), required=False)
    until = DayField(label=_("Until"), required=False)
    compound = forms.IntegerField(required=False, widget=forms.Select, label=_("Compound"))
    figure = forms.SlugField(required=False, widget=forms.HiddenInput)
    direct = forms.BooleanField(required=False, widget=forms.HiddenInput)

    def narrow(self, queryset):
        """Apply what was chosen to a queryset."""
        self.is_valid()
        queryset = queryset.filter(self.span.holds(self.MOMENT))
        for name, value in self.cleaned_data.items():
            if value not in (None, "", False):
                queryset = getattr(self, f"by_{name}")(queryset, value)
        return queryset

    def offer(self, user):
        """Fill the selects with what lies in the user's reach: at most two queries, fewer choices than a screen holds.

        Who works in one community chooses a compound and a visitor; who works above it goes down by areas first.
        """
        paths = [post.path for post in posts_for(user, "visits") if post.division_id]
        chosen = self.chosen.get("area", "")
        within_one = bool(paths) and min(map(len, paths)) >= DIGITS[Level.COMMUNITY]
        here = chosen or (paths[0] if len(paths) == 1 else "")
        if not within_one:
            self.offer_choices("area", areas_below(user, here))
        if within_one:
            self.offer_choices("compound", compounds_in(user, here))
        self.offer_more(user, here, within_one=within_one)

    def offer_more(self, user, here, *, within_one):
        """One more query for what only this list is narrowed to."""

    def offer_choices(self, name, choices):
        self.fields[name].widget.choices = [ANY, *choices]

    @property
    def shown(self):
        """The fields that a reader can set: all but the selects for which nothing is offered."""
        return [
            field for field in self if not field.is_hidden and len(getattr(field.field.widget, "choices", "ab")) > 1
        ]

    @property
    def is_narrow(self):
        """Whether more is chosen than the links above the form show: days, one visitor, one handling."""
        return bool(set(self.chosen) - {"since", "until", "visitor", "handling", "household", "figure", "direct"})

    @property
    def kept(self):
        """(name, value) of what is in force but has no field on the page; the form carries it along."""
        shown = {field.name for field in self.shown}
        return [(name, value) for name, value in self.chosen.items() if name not in shown]

    @property
    def chosen(self):
        """The parameters in force, by name; what a link to these rows must carry."""
        self.is_valid()
        return {
            name: self.data.get(name) for name, value in self.cleaned_data.items() if value not in (None, "", False)
        }

    @property
    def span(self):
        self.is_valid()
        return Span(timezone.now(), self.cleaned_data.get("since"), self.cleaned_data.get("until"))

    @property
    def counted_as(self):
        """The figure of a dashboard behind which these rows stand, or None; the page says how it is counted."""
        return self.FIGURES.get(self.chosen.get("figure"))

    def by_since(self, queryset, _day):
        return queryset  # the span has both ends

    by_until = by_direct = by_since

    def by_area(self, queryset, code):
        return queryset.filter(place(code, direct=self.cleaned_data.get("direct", False)))

    def by_figure(self, queryset, name):
        figure = self.FIGURES.get(name)
        return queryset.filter(figure.condition(self.span)) if figure else queryset.none()


class VisitFilter(ListFilter):
    outcome = forms.ChoiceField(choices=[ANY, *OUTCOMES], required=False, label=_("Outcome"))
    situation = forms.ChoiceField(choices=[ANY, *Situation.choices], required=False, label=_("Situation"))
    mode = forms.ChoiceField(choices=[ANY, *Mode.choices], required=False, label=_("How"))
    visitor = forms.IntegerField(required=False, widget=forms.Select, label=_("Visitor"))
    household = forms.IntegerField(required=False, widget=forms.HiddenInput)
    opinions = forms.BooleanField(required=False, label=_("with opinions"))
    latest = forms.BooleanField(required=False, label=_("only the last visit of each household"))

    def offer_more(self, user, here, *, within_one):
        if within_one or len(here) == DIGITS[Level.STREET]:
            self.offer_choices("visitor", visitors_at(here, today=timezone.localdate()))
        elif len(here) >= DIGITS[Level.COMMUNITY]:
            self.offer_choices("compound", compounds_in(user, here))

    def narrow(self, queryset):
        # "The last of each household" is meant within everything else that was asked for, so it comes last.
        queryset = super().narrow(queryset)
        return queryset.latest_of_each_household() if self.cleaned_data.get("latest") else queryset

    def by_compound(self, queryset, pk):
        return queryset.filter(compound=pk)

    def by_outcome(self, queryset, outcome):
        if outcome == "met":
            return queryset.met()
        if outcome == "not_met":
            return queryset.exclude(outcome__in=MET)
        return queryset.filter(outcome=outcome)

    def by_situation(self, queryset, situation):
        return queryset.filter(situation=situation)

    def by_mode(self, queryset, mode):
        return queryset.filter(mode=mode)

    def by_visitor(self, queryset, pk):
        return queryset.filter(created_by=pk)

    def by_household(self, queryset, pk):
        return queryset.filter(household=pk)

    def by_opinions(self, queryset, _wanted):
        return queryset.with_opinions()

    def by_latest(self, queryset, _wanted):
        return queryset


class OpinionFilter(ListFilter):
    MOMENT = "visit__visited_at"
    FIGURES = OPINION_FIGURES

    handling = forms.ChoiceField(choices=[ANY, *Handling.choices], required=False, label=_("What became of it"))
    category = forms.SlugField(required=False, widget=forms.Select, label=_("Category"))
    state = forms.ChoiceField(
        choices=[ANY, ("open", _("issue still open")), ("closed", _("issue closed"))], required=False, label=_("Issue")
    )

    def offer_more(self, user, here, *, within_one):
        self.offer_choices("category", categories_at(here))

    def by_compound(self, queryset, pk):
        return queryset.filter(visit__compound=pk)

    def by_handling(self, queryset, handling):
        return queryset.filter(handling=handling)

    def by_category(self, queryset, code):
        # by code: a district's own category of this code stands in for the general one
        return queryset.filter(category__code=code)

    def by_state(self, queryset, state):
        is_open = Q(issue__status__in=OPEN)
        return queryset.filter(is_open) if state == "open" else queryset.filter(issue__isnull=False).exclude(is_open)


def areas_below(user, here):
    """(code, name) of `here`, of the places above it and of those directly below, as far as the user sees them."""
    below = Q(parent__code=here) if here else Q(level__in=(Level.DISTRICT, Level.STREET))
    divisions = Division.objects.visible_to(user).filter(below | Q(code__in=[*ancestors(here), here]))
    return [(row.code, f"{INDENT * (len(row.code) // 3 - 2)}{row}") for row in divisions.order_by("code")]


def compounds_in(user, here):
    return (
        Compound.objects.visible_to(user)
        .standing()
        .filter(within(here))
        .order_by("name", "pk")
        .values_list("pk", "name")
    )


def visitors_at(here, *, today):
    """(pk, name) of those who may log visits there: with posts in the place, below it, or above it."""
    posts = Assignment.objects.current(today).of_role(*VISITORS).filter(within(here) | Q(area_path__in=ancestors(here)))
    return list(dict.fromkeys(posts.order_by("user__name", "user").values_list("user", "user__name")))


def categories_at(path):
    """(code, name) of the categories offered there, each code once."""
    return list({row.code: (row.code, named(row)) for row in Category.objects.offered(path)}.values())


def filter_visits(queryset, data):
    """The visits of `queryset` (of `Visit`) that the GET parameters in `data` ask for."""
    return VisitFilter(data).narrow(queryset)


def filter_opinions(queryset, data):
    """The opinions of `queryset` (of `Opinion`) that the GET parameters in `data` ask for."""
    return OpinionFilter(data).narrow(queryset)
