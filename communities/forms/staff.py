from django import forms
from django.core.exceptions import ValidationError
from django.db.models.functions import Left
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.forms import PhoneField, PhoneOfRow, own_email, own_phone_number
from accounts.models import User
from communities.access import CHANGE, Role, inside, roots_of
from communities.forms.row import RowForm, field_of, half_width, office_phone
from communities.models import Assignment, Division
from communities.models.division import DIGITS, Level
from communities.posts import MOST_OFFERED, holders, kinds_open_to, where
from foundation.forms import FactForm, GuardedForm
from foundation.journal.moves import done_already
from foundation.templatetags.portal import named

ALL = ("", _("all"))
STATUSES = [
    ALL,
    ("active", _("may sign in")),
    ("disabled", _("disabled")),
    ("idle", _("without a post")),
    ("lapsed", _("closed because unused")),
]


class StaffFilter(forms.Form):
    """What the list of staff can be narrowed to; the places offered are those one step below one's own in which somebody works."""

    role = forms.ChoiceField(label=_("Role"), required=False, choices=[ALL, *Role.choices])
    place = forms.ChoiceField(label=_("Place"), required=False)
    status = forms.ChoiceField(label=_("Account"), required=False, choices=STATUSES)

    def __init__(self, *args, user, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["place"].choices = [ALL, *places_below(roots_of(user, "staff"))]

    def narrow(self, people, today):
        """Those that fit; a choice that does not exist is reported and left out."""
        self.is_valid()
        chosen = self.cleaned_data
        if chosen.get("role"):
            people = people.holding(today, role=chosen["role"])
        if chosen.get("place"):
            people = people.working_in(chosen["place"], today)
        if chosen.get("status") == "idle":
            return people.without_post(today)
        if chosen.get("status") == "lapsed":
            return people.filter(lapsed_at__isnull=False)
        if chosen.get("status"):
            return people.filter(is_active=chosen["status"] == "active")
        return people


def places_below(roots):
    """(code, name) of the districts of an installation, or of the streets of a district, in which somebody has a post."""
    digits = DIGITS[Level.DISTRICT if "" in roots else Level.STREET]
    codes = Assignment.objects.filter(inside(roots)).annotate(place=Left("area_path", digits)).values("place")
    return [(place.code, named(place)) for place in Division.objects.filter(code__in=codes).order_by("code")]


class KindForm(forms.Form):
    """The first step to a post: which role, and part of the name of the place. Codes and place names only, so it travels by GET."""

    kind = forms.ChoiceField(label=_("Role"))
    words = forms.CharField(
        label=_("Part of the place's or unit's name, or its code"), required=False, max_length=30, strip=True
    )

    def __init__(self, *args, user, **kwargs):
        super().__init__(*args, **kwargs)
        self.kinds = {kind.code: kind for kind in kinds_open_to(user)}
        self.fields["kind"].choices = [("", "—"), *((code, kind.label) for code, kind in self.kinds.items())]

    @property
    def chosen(self):
        """(the kind of post or None, the words)."""
        if not self.is_valid():
            return None, ""
        return self.kinds[self.cleaned_data["kind"]], self.cleaned_data["words"]


class DayInput(forms.DateInput):
    def __init__(self):
        super().__init__(attrs={"type": "date"}, format="%Y-%m-%d")


class PostForm(FactForm):
    """The second step: where, from when until when, and for whom as a substitute. Every choice lies in the giver's own area."""

    target = forms.ModelChoiceField(label=_("Place"), queryset=Division.objects.none())
    since = forms.DateField(label=_("From (first day)"), widget=DayInput, initial=timezone.localdate)
    until = forms.DateField(
        label=_("Until (last day)"), widget=DayInput, required=False, help_text=_("Empty: until somebody ends it.")
    )
    stands_in_for = forms.ModelChoiceField(
        label=_("As substitute for"),
        queryset=User.objects.none(),
        required=False,
        help_text=_("A substitute does the same work; the journal then names both people."),
    )

    def __init__(self, *args, by, kind, words="", person=None, **kwargs):
        super().__init__(*args, **kwargs)
        self.by, self.kind, self.person = by, kind, person
        targets = kind.targets(roots_of(by, "staff", CHANGE), words)
        self.offer_targets(targets)
        self.offer_principals(targets)

    def offer_targets(self, targets):
        self.is_cut = False
        if not self.kind.held_in:
            del self.fields["target"]
            return
        offered = list(targets[: MOST_OFFERED + 1])
        self.is_cut = len(offered) > MOST_OFFERED
        field = self.fields["target"]
        field.label, field.queryset = self.kind.target_label, targets
        field.widget.choices = [("", "—"), *((row.pk, where(row)) for row in offered[:MOST_OFFERED])]
        if self.kind.held_in == "compound":
            self.fields["until"].required = True
            self.fields["until"].help_text = _("A team on one compound works for the time of a campaign.")

    def offer_principals(self, targets):
        self.posts = {}
        for post in holders(self.kind, targets, timezone.localdate())[:MOST_OFFERED]:
            self.posts.setdefault(post.user_id, []).append(post)
        field = self.fields["stands_in_for"]
        field.queryset = User.objects.filter(pk__in=self.posts)
        names = [(pk, f"{posts[0].user.name} · {posts[0].target or '—'}") for pk, posts in self.posts.items()]
        field.widget.choices = [("", "—"), *names]

    def clean(self):
        cleaned = super().clean()
        if done_already(cleaned.get("client_uuid"), self.by):
            return cleaned  # a repeat: the model says so and the view leads to what was done
        since, until = cleaned.get("since"), cleaned.get("until")
        if since and until and until < since:
            self.add_error("until", _("The last day lies before the first."))
        elif until and until < timezone.localdate():
            self.add_error("until", _("This day has passed; such a post would never count."))
        self.check_person(cleaned.get("target"))
        self.check_principal(cleaned.get("stands_in_for"), cleaned.get("target"))
        return cleaned

    def check_person(self, target):
        """The same post twice is one too many."""
        if self.person is None or (self.kind.held_in and target is None):
            return
        at = {self.kind.held_in: target} if target else {}
        if self.person.assignments.not_over(timezone.localdate()).of_role(self.kind.role).filter(**at).exists():
            self.add_error(None, _("This person has this post already."))
        elif Assignment.objects.mixes(self.person, self.kind.role, target):
            self.add_error("target", _("A trainee works in the practice ground only, and nobody else works there."))

    def check_principal(self, principal, target):
        if principal is None:
            return
        if self.person is not None and principal.pk == self.person.pk:
            self.add_error("stands_in_for", _("Nobody is the own substitute."))
        elif target not in [post.target for post in self.posts.get(principal.pk, ())] and self.kind.held_in:
            self.add_error(
                "stands_in_for", _("This person does not hold this post there; choose the holder of the same place.")
            )

    @property
    def post(self):
        """What `Assignment.objects.assign` takes."""
        facts = {name: self.cleaned_data[name] for name in ("since", "until", "stands_in_for")}
        if self.kind.held_in:
            facts[self.kind.held_in] = self.cleaned_data["target"]
        return {"role": self.kind.role, **facts}


def free_username(username, but=None):
    """A user name of allowed letters that nobody else has, capitals aside; ValidationError otherwise."""
    User._meta.get_field("username").run_validators(username)
    if User.objects.filter(username__iexact=username).exclude(pk=getattr(but, "pk", None)).exists():
        raise ValidationError(_("This user name is taken."))
    return username


class StaffCreateForm(PostForm):
    """A new account with its first post."""

    # The form's key first: whether the user name is free depends on it.
    field_order = [
        "client_uuid",
        "name",
        "username",
        "phone",
        "email",
        "office_phone",
        "target",
        "since",
        "until",
        "stands_in_for",
    ]

    name = field_of(User, "name", label=_("Name"))
    username = field_of(
        User, "username", label=_("User name"), help_text=_("For signing in: letters, digits, hyphens; no blanks.")
    )
    phone = PhoneField(label=_("Mobile phone"), help_text=_("For signing in; shown to nobody in full."))
    email = field_of(
        User,
        "email",
        label=_("E-mail"),
        help_text=_("For signing in and for reminders; without one they wait in the inbox only."),
    )
    office_phone = field_of(User, "office_phone", label=_("Office phone"))

    def clean_name(self):
        return half_width(self.cleaned_data["name"])

    def clean_office_phone(self):
        return office_phone(self.cleaned_data["office_phone"])

    def clean_username(self):
        if done_already(self.cleaned_data.get("client_uuid"), self.by):
            return self.cleaned_data["username"]
        return free_username(self.cleaned_data["username"])

    def clean_phone(self):
        if done_already(self.cleaned_data.get("client_uuid"), self.by):
            return self.cleaned_data["phone"]
        return own_phone_number(self.cleaned_data["phone"])

    def clean_email(self):
        if done_already(self.cleaned_data.get("client_uuid"), self.by):
            return self.cleaned_data["email"]
        return own_email(self.cleaned_data["email"])

    @property
    def account(self):
        """The facts of the account, without the post."""
        names = ("client_uuid", "name", "username", "email", "phone", "office_phone")
        return {name: self.cleaned_data[name] for name in names}


class StaffForm(PhoneOfRow, RowForm):
    """Correct the facts of an account."""

    KEPT_BACK = ("phone",)

    name = field_of(User, "name", label=_("Name"))
    username = field_of(User, "username", label=_("User name"), help_text=None)
    email = field_of(User, "email", label=_("E-mail"))
    office_phone = field_of(User, "office_phone", label=_("Office phone"))

    def clean_name(self):
        return half_width(self.cleaned_data["name"])

    def clean_username(self):
        return free_username(self.cleaned_data["username"], but=self.row)

    def clean_office_phone(self):
        return office_phone(self.cleaned_data["office_phone"])


class ConfirmForm(GuardedForm):
    """An act that needs nothing but a second look."""


class ReasonForm(GuardedForm):
    reason = forms.CharField(
        label=_("Reason"),
        min_length=2,
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Kept in the journal."),
    )


class EnableForm(ReasonForm):
    """Whoever comes back after a long absence needs no reason: the account was closed by the clock."""

    def __init__(self, *args, row, **kwargs):
        super().__init__(*args, row=row, **kwargs)
        # … nor does the same form sent again, when the account is open already.
        self.fields["reason"].required = row.lapsed_at is None and not row.is_active


class AwayForm(GuardedForm):
    """Takes somebody away: open items that bear the person's name are handed over first, or left with the office on purpose."""

    leave_open = forms.BooleanField(
        label=_("Leave them with the office: compounds and shifts lose the name, work orders stay with the unit"),
        required=False,
    )

    def __init__(self, *args, items=(), **kwargs):
        super().__init__(*args, **kwargs)
        self.items = items
        if not items:
            del self.fields["leave_open"]

    def clean(self):
        cleaned = super().clean()
        if not cleaned.pop("leave_open", False) and self.items and self.is_at_once():
            self.add_error("leave_open", _("Hand these items over first, or leave them with the office."))
        return cleaned

    def is_at_once(self):
        """Whether the person is gone from now on; until a later day there is time to hand over."""
        return True


class DisableForm(AwayForm, ReasonForm):
    """Why an account is closed."""


class EndForm(AwayForm):
    """When a post ends: after a day, or at once."""

    at_once = forms.BooleanField(label=_("At once: the post no longer counts from this moment"), required=False)
    on = forms.DateField(label=_("Last day"), widget=DayInput, required=False, initial=timezone.localdate)
    note = forms.CharField(label=_("Remark"), required=False, max_length=300)

    def is_at_once(self):
        chosen = self.cleaned_data
        return bool(chosen.get("at_once") or (chosen.get("on") and chosen["on"] <= timezone.localdate()))

    def clean(self):
        cleaned = super().clean()
        if cleaned.pop("at_once", False):
            cleaned["on"] = None
        elif not self.errors and not cleaned.get("on"):
            self.add_error("on", _("Give the last day, or end the post at once."))
        elif cleaned.get("on") and cleaned["on"] < timezone.localdate():
            self.add_error("on", _("This day has passed. To end the post now, choose “at once”."))
        return cleaned
