from django import forms
from django.db.models import Prefetch, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from communities.access import CHANGE, inside, roots_of
from communities.forms.staff import DayInput
from communities.models import Assignment, Leave
from communities.models.division import DIGITS, Level
from communities.models.leave import Kind
from foundation.forms import FactForm, GuardedForm
from foundation.journal.moves import done_already
from foundation.paths import within
from foundation.templatetags.portal import named

# A substitute is chosen from people one knows; a longer list is no help.
MOST_OFFERED = 300
LONGEST_DAYS = 366


def people_led_by(user):
    """Accounts with a post in the places whose people the user leads."""
    today = timezone.localdate()
    posts = Assignment.objects.current(today).filter(inside(roots_of(user, "team", CHANGE)))
    return User.objects.filter(is_active=True, pk__in=posts.values("user")).order_by("name", "pk")


def colleagues_of(person):
    """Who could stand in for a person: people with a post in the same street or in the same unit, without the person."""
    today = timezone.localdate()
    reach = Q(pk__in=[])
    for post in person.assignments.current(today).for_access():
        reach |= Q(unit=post.unit_id) if post.unit_id else within(post.area_path[: DIGITS[Level.STREET]])
    posts = Assignment.objects.current(today).filter(reach)
    return User.objects.filter(is_active=True, pk__in=posts.values("user")).exclude(pk=person.pk)


def with_post(person):
    """ "冯雪 · 社区书记 橡林社区": the name with the first post, so that namesakes are told apart; needs `posts`."""
    if not person.posts:
        return person.name
    post = person.posts[0]
    return f"{person.name} · {post.get_role_display()}" + (f" {named(post.target)}" if post.target else "")


class LeaveForm(FactForm):
    """Who is away from when until when, and who stands in. Of others only those whom the reader leads can be chosen."""

    user = forms.ModelChoiceField(User.objects.none(), label=_("Who"), empty_label=None)
    kind = forms.ChoiceField(label=_("Kind"), choices=Kind.choices, widget=forms.RadioSelect, initial=Kind.LEAVE)
    since = forms.DateField(label=_("From (first day)"), widget=DayInput, initial=timezone.localdate)
    until = forms.DateField(label=_("Until (last day)"), widget=DayInput)
    substitute = forms.ModelChoiceField(
        User.objects.none(),
        label=_("Substitute"),
        required=False,
        help_text=_("Has the same posts for exactly these days; the timeline then names both people."),
    )

    def __init__(self, *args, by, person, **kwargs):
        super().__init__(*args, **kwargs)
        self.by, self.person = by, person
        own = User.objects.filter(pk=by.pk)
        self.fields["user"].queryset = own | User.objects.filter(pk__in=people_led_by(by).values("pk"))
        self.fields["user"].initial = person.pk
        offered = colleagues_of(person) | User.objects.filter(
            pk__in=people_led_by(by).exclude(pk=person.pk).values("pk")
        )
        self.fields["substitute"].queryset = offered.order_by("name", "pk")
        posts = Assignment.objects.current(timezone.localdate()).for_access()
        people = offered.order_by("name", "pk").prefetch_related(Prefetch("assignments", posts, to_attr="posts"))
        self.fields["substitute"].widget.choices = [
            ("", _("nobody")),
            *((row.pk, with_post(row)) for row in people[:MOST_OFFERED]),
        ]

    def clean(self):
        cleaned = super().clean()
        if done_already(cleaned.get("client_uuid"), self.by):
            return cleaned
        since, until, user = cleaned.get("since"), cleaned.get("until"), cleaned.get("user")
        if since and until:
            if until < since:
                self.add_error("until", _("The last day lies before the first."))
            elif until < timezone.localdate():
                self.add_error("until", _("These days have passed."))
            elif (until - since).days > LONGEST_DAYS:
                self.add_error("until", _("Longer than a year: please end the post instead."))
        if user and cleaned.get("substitute") == user:
            self.add_error("substitute", _("Nobody is the own substitute."))
        if not self.errors:
            self.refuse_overlap(user, since, until, cleaned)
        return cleaned

    def refuse_overlap(self, user, since, until, cleaned):
        others = Leave.objects.overlapping(since, until).exclude(status="declined")
        if others.filter(user=user).exclude(client_uuid=cleaned["client_uuid"]).exists():
            self.add_error("since", _("A leave for some of these days is recorded already."))
        substitute = cleaned.get("substitute")
        if substitute and others.filter(user=substitute).exists():
            self.add_error("substitute", _("This person is away on some of these days, too."))


class LeaveMoveForm(GuardedForm):
    """Confirm, withdraw, or come back earlier: nothing to fill in."""


class LeaveDeclineForm(GuardedForm):
    reason = forms.CharField(
        label=_("Reason"), max_length=300, widget=forms.Textarea(attrs={"rows": 3}), help_text=_("The person reads it.")
    )
