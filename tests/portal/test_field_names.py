"""Names that a model's field must not have."""

import inspect

from django.apps import apps

from foundation.journal.moves import move, revise


def test_no_field_is_named_like_an_argument_of_move_or_revise():
    """`revise(row, "correct", note=…)` would write a note into the journal and leave the field `note` as it was."""
    taken = {name for verb in (move, revise) for name in inspect.signature(verb).parameters} - {"changes"}
    clashes = [
        str(field)
        for model in apps.get_models()
        if any(field.name == "version" for field in model._meta.concrete_fields)
        for field in model._meta.concrete_fields
        if field.name in taken
    ]
    assert clashes == []
