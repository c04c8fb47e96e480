"""What stood in the fields of a row before: the journal's former values in words, secrets masked, names instead of numbers."""

from dataclasses import dataclass

from accounts.models import User
from communities.models.suggestion import MASKS
from communities.words import verb_word
from foundation.acting import plain
from foundation.fields import EncryptedTextField
from foundation.journal.moves import history
from foundation.templatetags.portal import day, named


@dataclass(frozen=True)
class Change:
    """One entry of the journal with what it changed: (label, before, after) for each field."""

    entry: object
    words: str
    fields: list
    suggested_by: str = ""


def changes_of(row):
    """Everything that changed in a row's KEEP_FORMER fields, the latest first. Queries: one, and one for each kind of thing named."""
    told = history(row)
    columns = {column.name: column for column in row._meta.concrete_fields}
    now = {name: column.value_from_object(row) for name, column in columns.items()}
    names = names_for(told, now, columns)
    people = {entry.data.get("suggested_by") for entry, _former in told} - {None}
    suggesters = dict(User.objects.filter(pk__in=people).values_list("pk", "name")) if people else {}
    changes = []
    for entry, former in told:
        known = {name: value for name, value in former.items() if name in columns}
        fields = [
            (
                columns[name].verbose_name,
                words(columns[name], before, names),
                words(columns[name], now[name], names),
            )
            for name, before in known.items()
        ]
        now |= {name: columns[name].to_python(value) for name, value in known.items()}
        suggested_by = suggesters.get(entry.data.get("suggested_by"), "")
        changes.append(Change(entry, verb_word(entry.subject_type, entry.verb), fields, suggested_by))
    return changes


def names_for(told, now, columns):
    """{model: {pk: name}} of everything that the former and the present values refer to."""
    wanted = {}
    for _entry, former in told:
        for name, value in former.items():
            if name in columns and columns[name].is_relation:
                wanted.setdefault(columns[name].related_model, set()).update({value, now[name]} - {None})
    return {
        model: {
            pk: named(found) if hasattr(found, "name") else str(found)
            for pk, found in model._base_manager.in_bulk(pks).items()
        }
        for model, pks in wanted.items()
    }


def words(column, value, names):
    """A value as a person reads it."""
    if value in (None, ""):
        return "—"
    if column.is_relation:
        return names[column.related_model].get(value, f"{value}")
    if isinstance(column, EncryptedTextField):
        return MASKS[column.name](str(value))
    value = column.to_python(value)
    if hasattr(value, "month"):
        return day(value)
    return str(dict(column.flatchoices).get(value) or plain(value))
