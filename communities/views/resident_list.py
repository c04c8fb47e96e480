"""The list of residents in one's reach."""

from dataclasses import dataclass

from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from communities import lists
from communities.models import Resident
from communities.models.care import CareLevel
from communities.models.resident import Presence
from foundation.shortcuts import bounded_page_of, words_of
from foundation.tables import Column, Table, joined, link, mute
from foundation.templatetags.portal import chip

CARE_CHIPS = {
    CareLevel.PRIORITY: ("warn", "alert"),
    CareLevel.WATCH: ("calm", "eye"),
    CareLevel.GENERAL: ("calm", "check"),
}


@dataclass(frozen=True)
class Row:
    """A resident as the list shows it: words, ready to be written."""

    name: str
    url: str
    address: str
    age: int | str
    care: str
    presence: str
    residency: str
    gaps: str


def rows_of(residents):
    """The rows of a page; addresses and words that come again and again are made once."""
    base = reverse("household_list")
    care = {level: chip(*look, CareLevel(level).label) for level, look in CARE_CHIPS.items()}
    away = {code: chip("calm", "clock", label) for code, label in Presence.choices if code != Presence.HOME}
    return [
        Row(
            name=resident.masked_name,
            url=f"{base}{resident.household_id}/",
            address=resident.household.address,
            age="—" if resident.age is None else resident.age,
            care=care.get(resident.care_level, ""),
            presence=away.get(resident.presence, ""),
            residency=resident.get_residency_display() if resident.residency else "",
            gaps=" · ".join(str(word) for field, word in lists.GAPS.items() if not getattr(resident, field)),
        )
        for resident in residents
    ]


def table_of(rows):
    columns = [
        Column(pgettext("of a person", "Name")),
        Column(_("Address")),
        Column(_("Age"), css="num"),
        Column(_("Care level"), named=False),
        Column(_("Residence and registration")),
        Column(_("Still missing")),
    ]
    cells = [
        (
            link(row.url, row.name, "t"),
            row.address,
            row.age,
            joined(row.care, row.presence),
            row.residency,
            mute(row.gaps),
        )
        for row in rows
    ]
    return Table(columns, cells)


def residents_asked_for(request):
    """(the filter, the words searched for, the residents) of the list that the request names."""
    words = words_of(request)
    chosen, residents = lists.residents(request.user, request.GET, words)
    return chosen, words, residents


def resident_list(request):
    """Residents, names masked; searched by name, pinyin or phone number, by POST. Each leads to the household."""
    chosen, words, residents = residents_asked_for(request)
    page = bounded_page_of(request, residents, fetch=lambda pks: Resident.objects.filter(pk__in=pks).for_page())
    rows = rows_of(page.object_list)
    context = {"page": page, "rows": rows, "table": table_of(rows), "filter": chosen, "words": words}
    return render(request, "communities/resident_list.html", context)
