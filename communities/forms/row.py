"""What the forms of places and people have in common: fields as the models name them, facts of a row to begin with."""

import re

from django import forms
from django.core.exceptions import ValidationError
from django.forms.models import model_to_dict
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from foundation.fields import TO_HALF_WIDTH, is_id_number, is_phone, normalise_id_number, normalise_phone
from foundation.forms import GuardedForm

OFFICE_PHONE = re.compile(r"[0-9+()\- ]{5,30}", re.ASCII)


def field_of(model, name, **options):
    """The form field of a model's field, with its label, help and limits."""
    return model._meta.get_field(name).formfield(**options)


def choice_of(model, name, *, empty):
    """The select of a model's field that may stay empty; `empty` is the word for that."""
    field = field_of(model, name)
    field.choices = [("", empty), *model._meta.get_field(name).flatchoices]
    return field


def day_field(model, name):
    return field_of(model, name, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))


def half_width(text):
    """Digits and letters as they are typed without a Chinese input method, one blank between words."""
    return " ".join((text or "").translate(TO_HALF_WIDTH).split())


def office_phone(text):
    """An office phone as it is printed, extension included; ValidationError if it cannot be one."""
    text = half_width(text)
    if text and not OFFICE_PHONE.fullmatch(text):
        raise ValidationError(_("Digits and hyphens only, for example 0396-1234567."))
    return text


def phone_number(text):
    """A person's phone in its stored form, "" for none; ValidationError if it cannot be one."""
    phone = normalise_phone(text)
    if phone and not is_phone(phone):
        raise ValidationError(_("Not a phone number: eleven digits, or a landline with its area code."))
    return phone


def citizen_number(text):
    """An ID number in its stored form, "" for none; ValidationError if it does not check."""
    number = normalise_id_number(text)
    if number and not is_id_number(number):
        raise ValidationError(_("Not a valid ID number: please compare the 18 characters."))
    return number


def not_in_the_future(day):
    if day and day > timezone.localdate():
        raise ValidationError(_("This day has not come yet."))
    return day


class RowForm(GuardedForm):
    """A guarded form that begins with the facts of its row. `KEPT_BACK` names fields whose value never goes to the page."""

    KEPT_BACK = ()

    def __init__(self, *args, row, **kwargs):
        names = set(self.base_fields) - {"seen", "key", *self.KEPT_BACK}
        kwargs["initial"] = model_to_dict(row, fields=names) | (kwargs.get("initial") or {})
        super().__init__(*args, row=row, **kwargs)
