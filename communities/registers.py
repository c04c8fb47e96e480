"""The tools of the registers on one page: whoever has the right sees the tool, nobody else."""

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from communities.access import READ, may
from communities.models.blank import works_with_forms

# (topic, level) of the right or a question about the user, label, URL name (without arguments), icon, what it is for
TOOLS = [
    (
        None,
        _("Imports"),
        "roster_list",
        "upload",
        _(
            "Ledgers of compounds, households, residents, units and staff in Excel: checked first, entered once, taken back as a whole."
        ),
    ),
    (
        ("people", READ),
        _("Perhaps entered twice"),
        "duplicate_list",
        "people",
        _("People, households and compounds that seem to be recorded twice: compare, merge, undo within thirty days."),
    ),
    (
        ("people", READ),
        _("Births, deaths, moves"),
        "life_list",
        "calendar",
        _("What happened in your area, by its day: who was born, died, moved, is in hospital or away."),
    ),
    (
        ("people", READ),
        _("Completeness"),
        "completeness_list",
        "chart",
        _("What is recorded, what is missing, and how long ago somebody looked."),
    ),
    (
        None,
        _("Suggested corrections"),
        "suggestion_list",
        "edit",
        _("What others found wrong in the registers of your area, and what you suggested yourself."),
    ),
    (
        works_with_forms,
        _("Forms to fill"),
        "blank_list",
        "note",
        _("A superior's blank Excel, filled from the registers; mapped once, recognised the next time."),
    ),
    (
        ("people", READ),
        _("Care register"),
        "care_list",
        "people",
        _("Who needs care, on what ground, whose consent is missing, and who wishes no visits."),
    ),
    (
        ("care_rules", READ),
        _("Categories, levels, retention"),
        "category_list",
        "check",
        _("What the care register knows, how often which level is visited, how long data are kept."),
    ),
    (
        ("retention", READ),
        _("Clearing data"),
        "purge_list",
        "lock",
        _("What has been kept long enough, proposed by one and confirmed by another."),
    ),
    (
        ("territory", READ),
        _("Changes of the territory"),
        "reorganisation_list",
        "compound",
        _("Places merged, split, moved or renamed from a day on, with a preview of what moves."),
    ),
]


def tools_for(user):
    """The tools open to this user as (label, address, icon, help); None as a right means everybody who gets here."""
    return [(label, reverse(name), icon, help) for right, label, name, icon, help in TOOLS if is_open(right, user)]


def is_open(right, user):
    if right is None:
        return True
    return right(user) if callable(right) else may(user, *right)


def opens_registers(user):
    """Whether the page of the registers has anything for this user."""
    return may(user, "people", READ) or may(user, "places", READ)
