"""What the list of residents can be narrowed to."""

from datetime import timedelta

from django import forms
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from communities.forms.household import ALL, HouseholdFilter
from communities.models.resident import Presence, Residency
from foundation.paths import within

# Bands of age in years: from, to (None: and older).
BANDS = {
    "0-6": (_("under 7"), 0, 6),
    "7-17": (_("7 to 17"), 7, 17),
    "18-59": (_("18 to 59"), 18, 59),
    "60-79": (_("60 to 79"), 60, 79),
    "80": (_("80 and older"), 80, None),
}
CHECKED_WITHIN_DAYS = 365
GAPS = {
    "phone": (_("without a phone number"), Q(phone_hash="")),
    "id_number": (_("without an ID number"), Q(id_number_hash="")),
    "born_on": (_("without a date of birth"), Q(born_on__isnull=True)),
}


def of_age(youngest, oldest, today):
    """The condition "so many years old on this day", both ends included; `oldest` None: and older."""
    born = Q(born_on__lte=years_before(today, youngest))
    return born if oldest is None else born & Q(born_on__gt=years_before(today, oldest + 1))


def years_before(day, years):
    """The same day so many years earlier; for 29 February the 28th, so that nobody is older by the formula than by birthday."""
    try:
        return day.replace(year=day.year - years)
    except ValueError:
        return day.replace(year=day.year - years, day=28)


class ResidentFilter(HouseholdFilter):
    """Codes only, nothing personal. Place as in the list of households; "tenants" also counts who lives in a rented home."""

    occupancy = None
    age = forms.ChoiceField(
        required=False, choices=[ALL, *((code, band[0]) for code, band in BANDS.items())], label=_("Age")
    )
    residency = forms.ChoiceField(
        required=False,
        choices=[ALL, ("unknown", Residency.UNKNOWN.label), *[row for row in Residency.choices if row[0]]],
        label=_("Residence and registration"),
    )
    tenants = forms.BooleanField(required=False, label=_("Tenants and rented homes"))
    presence = forms.ChoiceField(required=False, choices=[ALL, *Presence.choices], label=_("Presence"))
    gap = forms.ChoiceField(
        required=False, choices=[ALL, *((code, gap[0]) for code, gap in GAPS.items())], label=_("What is missing")
    )
    unchecked = forms.BooleanField(required=False, label=_("Not checked for a year"))

    field_order = ["community", "compound", "care", "age"]

    def narrow(self, residents, *, today):
        """Those that fit; a choice that does not exist is reported and left out."""
        self.is_valid()
        chosen = {name: value for name, value in self.cleaned_data.items() if value}
        conditions = {
            "community": lambda code: within(code),
            "compound": lambda pk: Q(household__compound=pk),
            "care": lambda level: Q(care_level__isnull=False) if level == "any" else Q(care_level=level),
            "age": lambda band: of_age(*BANDS[band][1:], today),
            "residency": lambda code: Q(residency="" if code == "unknown" else code),
            "tenants": lambda _yes: Q(residency=Residency.TENANT) | Q(household__occupancy="tenant"),
            "presence": lambda code: Q(presence=code),
            "gap": lambda code: GAPS[code][1],
            "unchecked": lambda _yes: not_checked_since(today - timedelta(days=CHECKED_WITHIN_DAYS)),
        }
        return residents.filter(*(conditions[name](value) for name, value in chosen.items() if name in conditions))


def not_checked_since(day):
    return Q(verified_on__isnull=True) | Q(verified_on__lt=day)
