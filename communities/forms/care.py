"""Forms of the care register: putting somebody on it, the consent, the yearly look, the end."""

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from communities.access import roots_of
from communities.forms.household import ALL
from communities.forms.resident import CategoryChoiceField
from communities.forms.row import choice_of, field_of, not_in_the_future
from communities.models import CareCategory, Division, Resident
from communities.models.care import CareLevel, Ground
from communities.models.care_entry import ConsentedBy, EndReason, agreed_by_guardian, grants_of, is_child
from communities.models.division import DIGITS, Level
from foundation.forms import FactForm, GuardedForm
from foundation.templatetags.portal import named

STATES = [
    ("", _("on the register")),
    ("consent", _("consent not documented")),
    ("review", _("to be looked at again")),
    ("ended", _("ended")),
]


def day(label, **options):
    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    return forms.DateField(label=label, widget=widget, **options)


class CareFilter(forms.Form):
    """What the register can be narrowed to. Of the sensitive categories only those stand here that the reader may see somewhere."""

    state = forms.ChoiceField(label=_("State"), required=False, choices=STATES)
    category = forms.ChoiceField(label=_("Care category"), required=False)
    level = forms.ChoiceField(
        label=_("Care level"),
        required=False,
        choices=[ALL, *((str(level), label) for level, label in CareLevel.choices), ("0", _("without a level"))],
    )
    place = forms.ChoiceField(label=_("Place"), required=False)

    def __init__(self, *args, user, **kwargs):
        super().__init__(*args, **kwargs)
        groups = {"", *(grant.group for grant in grants_of(user))}
        categories = CareCategory.objects.visible_for(user).filter(sensitive__in=groups)
        self.fields["category"].choices = [ALL, *((str(row.pk), named(row)) for row in categories)]
        self.offer_places(user)

    def offer_places(self, user):
        below = [root for root in roots_of(user, "people") if len(root) < DIGITS[Level.COMMUNITY]]
        if not below:
            del self.fields["place"]
            return
        rows = Division.objects.filter(parent__code__in=below).order_by("code")
        self.fields["place"].choices = [ALL, *((row.code, named(row)) for row in rows)]

    @property
    def is_narrow(self):
        return any(self.cleaned_data.values())

    def narrow(self, entries, today):
        """Those that fit; a choice that does not exist is reported and left out."""
        self.is_valid()
        chosen = self.cleaned_data
        entries = self.in_state(entries, chosen.get("state"), today)
        if chosen.get("category"):
            entries = entries.filter(category=chosen["category"])
        if chosen.get("level"):
            entries = entries.filter(resident__care_level=int(chosen["level"]) or None)
        if chosen.get("place"):
            entries = entries.inside_of(chosen["place"])
        return entries

    def in_state(self, entries, state, today):
        if state == "ended":
            return entries.standing().filter(ended_on__isnull=False)
        if state == "consent":
            return entries.current().without_consent()
        return entries.current().to_review(today) if state == "review" else entries.current()


class ConsentFields(forms.Form):
    """When who agreed. `needs_consent` and `child_on` say what is missing."""

    consented_on = day(_("consent given on"), required=False)
    consented_by = forms.ChoiceField(
        label=_("consent given by"), required=False, choices=ConsentedBy.choices, widget=forms.RadioSelect
    )
    guardian_name = forms.CharField(
        label=_("name of guardian or agent"), required=False, max_length=60, help_text=_("Kept encrypted.")
    )

    def clean_consented_on(self):
        return not_in_the_future(self.cleaned_data["consented_on"])

    def check_consent(self, cleaned, *, resident, needed):
        """Errors at the fields if a consent is incomplete, missing although it is needed, or not the guardian's of a child."""
        on, by, name = (cleaned.get(key) for key in ("consented_on", "consented_by", "guardian_name"))
        child = is_child(resident, on or timezone.localdate())
        if (needed or child or by or name) and not on and "consented_on" not in self.errors:
            self.add_error("consented_on", _("Say on which day the consent was given."))
        if on and not by:
            self.add_error("consented_by", _("Say who agreed."))
        if by in (ConsentedBy.GUARDIAN, ConsentedBy.AGENT) and not name:
            self.add_error("guardian_name", _("Please write down who it was."))
        if child and on and by and not agreed_by_guardian(on, by, name or "?"):
            self.add_error("consented_by", _("Under 14 a parent or other guardian must agree."))


class CareCreateForm(ConsentFields, FactForm):
    """A category for a person; the ground follows from the category."""

    category = CategoryChoiceField(
        CareCategory.objects.none(), label=_("Care category"), empty_label=_("please choose")
    )
    since = day(_("since"), initial=timezone.localdate)
    level = forms.TypedChoiceField(
        label=_("Care level"),
        required=False,
        coerce=int,
        empty_value=None,
        choices=[("", _("as usual for the category")), *CareLevel.choices],
    )
    field_order = ["client_uuid", "category", "since", "level"]

    def __init__(self, *args, resident, user, **kwargs):
        super().__init__(*args, **kwargs)
        self.resident = resident
        offered = CareCategory.objects.offered(resident.area_path).readable_by(user, resident.area_path)
        taken = resident.care_entries.open().exclude(client_uuid=self.uuid_sent)
        self.fields["category"].queryset = offered.exclude(pk__in=taken.values("category"))

    @property
    def uuid_sent(self):
        """The form's own number: sent again, its category is not taken."""
        try:
            return self.fields["client_uuid"].clean(self.data.get(self.add_prefix("client_uuid")))
        except ValidationError:
            return None

    def clean_since(self):
        since = not_in_the_future(self.cleaned_data["since"])
        if self.resident.born_on and since < self.resident.born_on:
            raise ValidationError(_("This is before the person was born."))
        return since

    def clean(self):
        cleaned = super().clean()
        category = cleaned.get("category")
        if category is not None:
            self.check_consent(cleaned, resident=self.resident, needed=category.ground_kind == Ground.CONSENT)
            cleaned["level"] = cleaned.get("level") or min(
                self.resident.care_level or category.default_level, category.default_level
            )
        return cleaned


class CareConsentForm(ConsentFields, GuardedForm):
    def clean(self):
        cleaned = super().clean()
        self.check_consent(cleaned, resident=self.row.resident, needed=True)
        return cleaned


def level_field(resident):
    """The person's care level, as it stands, to be changed or left."""
    field = choice_of(Resident, "care_level", empty=_("not on the care register"))
    field.label, field.initial = _("Care level from now on"), resident.care_level
    return field


class CareReviewForm(GuardedForm):
    """Once a year: is it still right? Who sends it says yes."""

    def __init__(self, *args, row, **kwargs):
        super().__init__(*args, row=row, **kwargs)
        self.fields["level"] = level_field(row.resident)


class CareEndForm(GuardedForm):
    reason = forms.ChoiceField(label=_("Why"), choices=EndReason.choices, widget=forms.RadioSelect)
    on = day(_("Since when"), initial=timezone.localdate)
    note = forms.CharField(label=_("Remark"), required=False, max_length=500, widget=forms.Textarea(attrs={"rows": 3}))

    def __init__(self, *args, row, **kwargs):
        super().__init__(*args, row=row, **kwargs)
        self.fields["level"] = level_field(row.resident)

    def clean_on(self):
        on = not_in_the_future(self.cleaned_data["on"])
        if on < self.row.since:
            raise ValidationError(_("This is before the entry began."))
        return on


class CategoryForm(forms.Form):
    """What a category is and on what it rests."""

    name = field_of(CareCategory, "name")
    name_en = field_of(CareCategory, "name_en")
    applies_to = field_of(CareCategory, "applies_to", widget=forms.Textarea(attrs={"rows": 2}))
    ground_kind = field_of(CareCategory, "ground_kind", widget=forms.RadioSelect)
    legal_ground = field_of(CareCategory, "legal_ground")
    sensitive = choice_of(CareCategory, "sensitive", empty=_("no: whoever sees the person sees it"))
    default_level = forms.TypedChoiceField(label=_("usual care level"), coerce=int, choices=CareLevel.choices)

    def clean(self):
        cleaned = super().clean()
        if cleaned.get("ground_kind") == Ground.STATUTORY and not cleaned.get("legal_ground"):
            self.add_error("legal_ground", _("A statutory duty names its norm."))
        return cleaned


class WishForm(GuardedForm):
    """婉谢走访: who said it, since when, and whether calls are unwelcome, too."""

    said_by = forms.ChoiceField(
        label=_("Who said it"),
        choices=Resident._meta.get_field("declines_said_by").flatchoices,
        widget=forms.RadioSelect,
    )
    calls = forms.TypedChoiceField(
        label=_("What is not wished"),
        choices=[("", _("no visits; calls are all right")), ("1", _("no visits and no calls"))],
        coerce=bool,
        empty_value=False,
        required=False,
        widget=forms.RadioSelect,
    )
    on = day(_("Since when"), initial=timezone.localdate)
    remark = forms.CharField(
        label=_("Remark"),
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("For example when a call is convenient. No reason needs to be given."),
    )

    def __init__(self, *args, row, **kwargs):
        if row.declines_visits_on:
            kwargs["initial"] = {
                "said_by": row.declines_said_by,
                "calls": "1" if row.declines_calls else "",
                "on": row.declines_visits_on,
                "remark": row.declines_remark,
            } | (kwargs.get("initial") or {})
        super().__init__(*args, row=row, **kwargs)

    def clean_on(self):
        return not_in_the_future(self.cleaned_data["on"])
