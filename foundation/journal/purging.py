"""What the journal holds of a person: notes, former values, and the reasons of accesses. Its entries hold nothing and stay."""

from foundation.journal.models import Access, Former, Note
from foundation.purging import PURGED


def forget_about(kind, pks):
    """Blank every note, former value and reason about these rows of this kind; returns how many."""
    pks = list(pks)
    subject = {"entry__subject_type": kind, "entry__subject_id__in": pks}
    notes = Note.objects.filter(**subject).exclude(text=PURGED).update(text=PURGED)
    formers = Former.objects.filter(**subject).delete()[0]
    return notes + formers + Access.objects.about(kind, pks).blank_reasons()


def forget_naming(person, kind, pks):
    """The same for those about these rows that name the person; a reason given for looking at them goes anyway if it does."""
    pks = list(pks)
    subject = {"entry__subject_type": kind, "entry__subject_id__in": pks}
    notes = [row.pk for row in Note.objects.filter(**subject) if person.is_named_in(row.text)]
    formers = [row.pk for row in Former.objects.filter(**subject) if person.is_named_in(row.values)]
    reasons = [row.pk for row in Access.objects.about(kind, pks) if person.is_named_in(row.reason)]
    return (
        Note.objects.filter(pk__in=notes).update(text=PURGED)
        + Former.objects.filter(pk__in=formers).delete()[0]
        + Access.objects.filter(pk__in=reasons).blank_reasons()
    )


def forget_sure(person, area_path):
    """Reasons and notes of this place in which a number of the person stands; returns how many."""
    done = 0
    for word in person.sure:
        here = Note.objects.filter(entry__area_path__startswith=area_path)
        done += here.filter(text__contains=word).update(text=PURGED)
        done += Access.objects.filter(area_path__startswith=area_path, reason__contains=word).blank_reasons()
    return done
