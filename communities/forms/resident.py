from datetime import date
from uuid import uuid4

from django import forms
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from communities.duplicates import alike, is_elsewhere
from communities.forms.row import (
    RowForm,
    choice_of,
    citizen_number,
    day_field,
    field_of,
    half_width,
    not_in_the_future,
    phone_number,
)
from communities.models import CareCategory, NotTheSame, Resident
from communities.models.care_entry import is_child
from communities.models.resident import SECRETS
from foundation.fields import keyed_hash
from foundation.forms import FactForm
from foundation.templatetags.portal import named


class CategoryField(forms.ModelMultipleChoiceField):
    def label_from_instance(self, category):
        return named(category)


class CategoryChoiceField(forms.ModelChoiceField):
    def label_from_instance(self, category):
        return named(category)


class ResidentFacts(forms.Form):
    """The facts of a person. Digits may be typed full width; an ID number tells birth and sex if these are left empty."""

    name = field_of(Resident, "name")
    sex = choice_of(Resident, "sex", empty=_("not stated"))
    id_number = forms.CharField(label=_("ID number"), required=False, max_length=40)
    born_on = day_field(Resident, "born_on")
    phone = forms.CharField(label=_("phone"), required=False, max_length=40)
    is_head = field_of(Resident, "is_head")
    care_level = choice_of(Resident, "care_level", empty=_("not on the care register"))
    categories = CategoryField(
        CareCategory.objects.none(),
        label=_("care categories"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    remark = field_of(Resident, "remark", widget=forms.Textarea(attrs={"rows": 3}))

    def clean_name(self):
        return half_width(self.cleaned_data["name"])

    def clean_phone(self):
        return phone_number(self.cleaned_data["phone"])

    def clean_id_number(self):
        return citizen_number(self.cleaned_data["id_number"])

    def clean_born_on(self):
        return not_in_the_future(self.cleaned_data["born_on"])

    def complete(self, cleaned, number):
        """Birth and sex from the ID number, where nothing else was said."""
        if number:
            cleaned["born_on"] = cleaned.get("born_on") or date(
                int(number[6:10]), int(number[10:12]), int(number[12:14])
            )
            cleaned["sex"] = cleaned.get("sex") or ("m" if int(number[16]) % 2 else "f")

    def ask_guardian(self, cleaned, there):
        """An error at the categories if one is new and a child under 14 needs a guardian's consent first."""
        child = Resident(born_on=cleaned.get("born_on"))
        if set(cleaned.get("categories") or ()) - set(there) and is_child(child, timezone.localdate()):
            self.add_error(
                "categories",
                _("Under 14 a parent or other guardian must agree first: please enter it in the care register."),
            )

    def refuse_twice(self, others, number):
        """An error at the ID number if one of `others` has it."""
        if number and others.filter(id_number_hash=keyed_hash(number)).exists():
            self.add_error("id_number", _("A person with this ID number is recorded in this household already."))


class LookAlikes(forms.Form):
    """Perhaps the person is recorded already: the form asks once, with links, and saves as soon as it is told that it is another one."""

    another = forms.BooleanField(label=_("I have looked: it is somebody else"), required=False)
    alike = ()
    is_elsewhere = False

    def ask_about_others(self, cleaned, number, *, user, household, row=None):
        """Fill `alike`, and an error at the tick if somebody is found and it is not set; not before everything else is right."""
        ticked = cleaned.pop("another", False)
        if self.errors:
            return
        facts = {name: cleaned.get(name) or "" for name in ("name", "phone")} | {"id_number": number or ""}
        if row is not None and row.pk:
            facts["phone"] = cleaned.get("phone", row.phone)
        but = [row.pk, *NotTheSame.objects.partners_of(row)] if row is not None and row.pk else []
        self.alike = alike(user, household, born_on=cleaned.get("born_on"), but=but, **facts)
        self.alike = [other for other in self.alike if str(other.client_uuid) != str(cleaned.get("client_uuid"))]
        self.is_elsewhere = is_elsewhere(user, household, number)
        if (self.alike or self.is_elsewhere) and not ticked:
            self.add_error(
                "another", _("Perhaps this person is recorded already. Please look, then tick the box to save.")
            )

    def keep_apart(self, resident, *, by):
        """Remember for whom the tick was set, so that the pair is not suggested afterwards."""
        for other in self.alike:
            NotTheSame.objects.say(by=by, client_uuid=uuid4(), one=resident, other=other)


class ResidentCreateForm(ResidentFacts, LookAlikes, FactForm):
    def __init__(self, *args, household, user, **kwargs):
        super().__init__(*args, **kwargs)
        self.household = household
        self.user = user
        self.fields["categories"].queryset = CareCategory.objects.offered(household.area_path).readable_by(
            user, household.area_path
        )

    def clean(self):
        cleaned = super().clean()
        number = cleaned.get("id_number")
        self.complete(cleaned, number)
        others = self.household.residents.here().exclude(client_uuid=cleaned.get("client_uuid"))
        self.refuse_twice(others, number)
        self.ask_guardian(cleaned, there=())
        self.ask_about_others(cleaned, number, user=self.user, household=self.household)
        return cleaned


class ResidentForm(ResidentFacts, LookAlikes, RowForm):
    """Phone and ID number never go to the page: left empty they stay, a new one replaces them, a tick removes them.

    Categories that the editor may not see are no choice of the form and stay with the person.
    """

    KEPT_BACK = ("phone", "id_number")

    drop_phone = forms.BooleanField(label=_("Remove the stored phone number"), required=False)
    drop_id_number = forms.BooleanField(label=_("Remove the stored ID number"), required=False)
    field_order = ["name", "sex", "id_number", "drop_id_number", "born_on", "phone", "drop_phone"]

    def __init__(self, *args, row, user, **kwargs):
        kwargs["initial"] = {"categories": list(row.categories.values_list("pk", flat=True))} | (
            kwargs.get("initial") or {}
        )
        super().__init__(*args, row=row, **kwargs)
        self.user = user
        readable = CareCategory.objects.readable_by(user, row.area_path)
        offered = CareCategory.objects.offered(row.area_path).values("pk")
        self.fields["categories"].queryset = readable.filter(Q(pk__in=offered) | Q(pk__in=row.categories.values("pk")))
        for name in self.KEPT_BACK:
            self.say_what_is_stored(name)

    def say_what_is_stored(self, name):
        if not getattr(self.row, name):
            del self.fields[f"drop_{name}"]
            return
        masked = getattr(self.row, f"masked_{name}")
        self.fields[name].help_text = _("Stored: %(masked)s. Left empty, it stays; a new one replaces it.") % {
            "masked": masked
        }

    def clean_categories(self):
        offered = self.fields["categories"].queryset.values("pk")
        return [*self.cleaned_data["categories"], *self.row.categories.exclude(pk__in=offered)]

    def clean(self):
        cleaned = super().clean()
        for name in self.KEPT_BACK:
            dropped = cleaned.pop(f"drop_{name}", False)
            if not cleaned.get(name) and not dropped:
                cleaned.pop(name, None)
        number = cleaned.get("id_number", self.row.id_number)
        self.complete(cleaned, number)
        self.refuse_twice(self.row.household.residents.here().exclude(pk=self.row.pk), number)
        self.ask_guardian(cleaned, there=self.row.categories.all())
        if self.says_who(cleaned, number):
            self.ask_about_others(cleaned, number, user=self.user, household=self.row.household, row=self.row)
        cleaned.pop("another", None)
        return cleaned

    def says_who(self, cleaned, number):
        """Whether something by which people are told apart was changed."""
        was = (self.row.name, self.row.born_on, self.row.phone, self.row.id_number)
        return was != (cleaned.get("name"), cleaned.get("born_on"), cleaned.get("phone", self.row.phone), number)


class ResidentRevealForm(forms.Form):
    """Which of the stored secrets to show in full, and why; the reason is logged before anything is shown."""

    what = forms.ChoiceField(label=_("What"), widget=forms.RadioSelect)
    reason = forms.CharField(
        label=_("Reason"),
        min_length=2,
        max_length=200,
        widget=forms.TextInput(attrs={"list": "reasons", "autocomplete": "off"}),
        help_text=_("It is logged with your name and read by the auditor."),
    )

    def __init__(self, *args, row, **kwargs):
        super().__init__(*args, **kwargs)
        stored = [name for name in SECRETS if getattr(row, name)]
        self.fields["what"].choices = [(name, row._meta.get_field(name).verbose_name) for name in stored]
