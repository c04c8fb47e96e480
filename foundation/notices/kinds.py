"""The kinds of notices. Each app registers its own in `<app>/notices.py`, imported when the app is ready."""

from dataclasses import dataclass

from django.apps import apps

KINDS = {}
GROUPS = {}


@dataclass(frozen=True)
class Kind:
    """`title` is a lazy text with %(name)s places for the params; `group` puts related kinds together in the inbox."""

    code: str
    title: str
    group: str = ""


def kind(code, *, title, group=""):
    """Register a kind of notice. A code has one meaning: registering it twice is a mistake (ValueError)."""
    if code in KINDS:
        raise ValueError(f"The kind of notice {code!r} exists already.")
    KINDS[code] = Kind(code, title, group)
    return KINDS[code]


def name_group(code, title):
    """Give a group of kinds a name of its own (lazy text); without one it is called as the app whose label it bears."""
    GROUPS[code] = title


def group_name(group):
    if group in GROUPS:
        return GROUPS[group]
    try:
        return apps.get_app_config(group).verbose_name
    except LookupError:
        return group
