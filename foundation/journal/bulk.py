"""The journal for work on many rows at once: the same entries as `record` and `revise` write, in a few queries."""

import json

from django.core.serializers.json import DjangoJSONEncoder

from foundation.journal.models import Entry, Former, kind_of

BATCH = 500


def record_each(objects, verb, *, by=None, on_behalf_of=None, data=None, fields=()):
    """One entry for each of these rows, in their order; `fields` are the changed ones of each, if there are any. No notes, no keys."""
    fields = list(fields) or [()] * len(objects)
    return Entry.objects.bulk_create(
        [
            Entry(
                subject_type=kind_of(obj),
                subject_id=obj.pk,
                verb=verb,
                fields=sorted(changed),
                data=data or {},
                actor=by,
                on_behalf_of=on_behalf_of,
                area_path=getattr(obj, "area_path", "") or "",
            )
            for obj, changed in zip(objects, fields, strict=True)
        ],
        batch_size=BATCH,
    )


def revise_each(changes, verb, *, by=None, on_behalf_of=None, data=None):
    """Write `changes`, [(row, {field: value})] of one model, with what follows from them, the next version and an entry each.

    The rows must have been read in this transaction, locked (`select_for_update`): nobody else's change can come between. Returns
    what stood there before, {field: plain value} in the order of `changes`.
    """
    if not changes:
        return []
    model, written, formers = type(changes[0][0]), {"version"}, []
    for row, new in changes:
        formers.append({name: model._meta.get_field(name).value_from_object(row) for name in new})
        for name, value in new.items():
            setattr(row, name, value)
        row.version += 1
        written |= {*new, *(row.derive() if hasattr(row, "derive") else ())}
    rows = [row for row, _new in changes]
    # The rows are there, so every one of these inserts is an update: one statement instead of a CASE for each field of each row.
    model._base_manager.bulk_create(
        rows, update_conflicts=True, unique_fields=["pk"], update_fields=sorted(written), batch_size=BATCH
    )
    entries = record_each(
        rows, verb, by=by, on_behalf_of=on_behalf_of, data=data, fields=[new for _row, new in changes]
    )
    keep_formers(model, entries, formers)
    return formers


def keep_formers(model, entries, formers):
    """Beside each entry what its row had before in the fields of KEEP_FORMER."""
    kept = set(getattr(model, "KEEP_FORMER", ()))
    rows = []
    for entry, former in zip(entries, formers, strict=True):
        values = {name: value for name, value in former.items() if name in kept}
        if values:
            rows.append(Former(entry=entry, values=as_text(values)))
    Former.objects.bulk_create(rows, batch_size=BATCH)


def as_text(values):
    return json.dumps(values, cls=DjangoJSONEncoder, ensure_ascii=False)
