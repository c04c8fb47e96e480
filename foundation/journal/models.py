"""The journal: who did what to which thing, and who looked at what. Rows are written once and never changed."""

import json

from django.apps import apps
from django.conf import settings
from django.core.exceptions import ObjectDoesNotExist
from django.core.serializers.json import DjangoJSONEncoder
from django.db import IntegrityError, models, transaction
from django.utils import timezone

from foundation.fields import EncryptedTextField, PathField

MOST_DATA = 2000  # characters of JSON: codes, numbers and ids, never a text somebody wrote


class AppendOnly(Exception):
    """Somebody tried to change what has been written down."""


class Conflict(Exception):
    """Somebody else was faster. `obj` is the thing both wanted to change (None when it must not be shown)."""

    def __init__(self, obj=None):
        super().__init__(str(obj) if obj is not None else "")
        self.obj = obj


class AlreadyDone(Exception):
    """The same person sent the same form before, and it was carried out: `entry` says what happened then."""

    def __init__(self, entry):
        super().__init__(str(entry))
        self.entry = entry


class AppendOnlyQuerySet(models.QuerySet):
    def update(self, *args, **changes):
        raise AppendOnly("Journal rows are never changed.")

    def delete(self):
        raise AppendOnly("Journal rows are never deleted.")

    bulk_update = update


class AppendOnlyModel(models.Model):
    """On PostgreSQL a trigger (see the first migration) guards the table against everybody else, too."""

    objects = AppendOnlyQuerySet.as_manager()

    class Meta:
        abstract = True

    def save(self, *args, **kwargs):
        if not self._state.adding:
            raise AppendOnly("Journal rows are never changed.")
        super().save(*args, **kwargs)

    def delete(self, *args, **kwargs):
        raise AppendOnly("Journal rows are never deleted.")


def _person(related_name):
    # No index: readers come by subject, by area, or by person and time, which have indexes of their own.
    return models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, db_index=False, related_name=related_name
    )


class Entry(AppendOnlyModel):
    """One step in the life of a thing. Holds the verb, states and names of fields; free text stands in `Note`.

    `actor` is empty when the clock acted; `on_behalf_of` names the person whom the actor stood in for.
    `key` is the key of the form, which makes sending it twice harmless.
    """

    subject_type = models.CharField(max_length=60)
    subject_id = models.BigIntegerField()
    verb = models.CharField(max_length=60)
    before = models.CharField(max_length=40, blank=True, default="")
    after = models.CharField(max_length=40, blank=True, default="")
    fields = models.JSONField(default=list, blank=True)
    data = models.JSONField(default=dict, blank=True, encoder=DjangoJSONEncoder)
    actor = _person("+")
    on_behalf_of = _person("+")
    area_path = PathField(blank=True, default="")
    at = models.DateTimeField(default=timezone.now)
    public = models.BooleanField(default=False)
    key = models.UUIDField(null=True, blank=True, unique=True)

    class Meta:
        verbose_name_plural = "entries"
        indexes = [
            models.Index(fields=["subject_type", "subject_id", "id"], name="journal_entry_subject"),
            models.Index(fields=["actor", "at"], name="journal_entry_actor"),
            models.Index(fields=["area_path", "at"], name="journal_entry_area"),
        ]

    def __str__(self):
        return f"{self.subject_label} {self.verb}"

    @property
    def subject_label(self):
        return f"{self.subject_type}:{self.subject_id}"

    @property
    def note_text(self):
        """The note's text, "" when there is none or it was purged."""
        try:
            return self.note.text
        except ObjectDoesNotExist:
            return ""


class Note(models.Model):
    """What somebody wrote at a step. Kept apart from the entry so that it can be purged."""

    entry = models.OneToOneField(Entry, models.PROTECT, related_name="note")
    text = models.TextField()
    public = models.BooleanField(default=False)

    def __str__(self):
        return f"note of {self.entry_id}"


class Former(models.Model):
    """The values that fields had before an entry changed them, encrypted as a whole, and purgeable with the person.

    Kept for the fields that a model names in KEEP_FORMER. `values` is JSON: {field: value}, a row referred to by its number.
    """

    entry = models.OneToOneField(Entry, models.PROTECT, related_name="former")
    values = EncryptedTextField()

    def __str__(self):
        return f"former values of {self.entry_id}"

    def as_dict(self):
        return json.loads(self.values)


class AccessQuerySet(AppendOnlyQuerySet):
    def about(self, kind, pks):
        """Looks at these rows, and looks that one of them justified."""
        labels = [f"{kind}:{pk}" for pk in pks]
        return self.filter(models.Q(subject_type=kind, subject_id__in=pks) | models.Q(context__in=labels))

    def blank_reasons(self):
        """Clear what somebody typed as the reason: the one thing in the log that may be purged. Returns how many.

        Who looked, at what, and when stays; on PostgreSQL the trigger lets exactly this change through.
        """
        return models.QuerySet.update(self.exclude(reason=""), reason="")


class Access(AppendOnlyModel):
    """Somebody looked at personal data or took an export. `context` names the due visit or issue that justified it."""

    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, db_index=False, related_name="+")
    on_behalf_of = _person("+")
    subject_type = models.CharField(max_length=60, blank=True, default="")
    subject_id = models.BigIntegerField(null=True, blank=True)
    what = models.CharField(max_length=60)
    reason = models.CharField(max_length=300, blank=True, default="")
    context = models.CharField(max_length=80, blank=True, default="")
    area_path = PathField(blank=True, default="")
    at = models.DateTimeField(default=timezone.now)
    rows = models.PositiveIntegerField(default=1)

    objects = AccessQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "accesses"
        indexes = [
            models.Index(fields=["subject_type", "subject_id", "id"], name="journal_access_subject"),
            models.Index(fields=["actor", "at"], name="journal_access_actor"),
            models.Index(fields=["area_path", "at"], name="journal_access_area"),
        ]

    def __str__(self):
        return f"{self.what} of {self.subject_type}:{self.subject_id}"

    @property
    def subject_label(self):
        return f"{self.subject_type}:{self.subject_id}" if self.subject_type else ""


def label(obj):
    """The name of a row for journal and notices: "issues.issue:5"."""
    return f"{kind_of(obj)}:{obj.pk}"


def kind_of(obj):
    """The type of a row or model as the journal names it; a proxy is the same thing as what it stands for."""
    return obj._meta.concrete_model._meta.label_lower


def subject(name):
    """The row that a label names, None when it is not there. Says nothing about who may see it."""
    model_name, _, pk = name.rpartition(":")
    try:
        model = apps.get_model(model_name)
        return model._base_manager.filter(pk=int(pk)).first()
    except (LookupError, ValueError):
        return None


def record(
    obj,
    verb,
    *,
    by,
    fields=(),
    before="",
    after="",
    data=None,
    note="",
    public=False,
    public_note=False,
    key=None,
    on_behalf_of=None,
    area_path=None,
):
    """Write down that `by` (None: the clock) did `verb` to `obj`; `note` goes to a purgeable row.

    Raises AlreadyDone when the same actor carried out the form `key` before, Conflict when somebody else did.
    """
    data = _small(data or {})
    actor = by if getattr(by, "pk", None) else None
    try:
        with transaction.atomic():
            entry = Entry.objects.create(
                subject_type=kind_of(obj),
                subject_id=obj.pk,
                verb=verb,
                before=before,
                after=after,
                fields=sorted(fields),
                data=data,
                actor=actor,
                on_behalf_of=on_behalf_of or acting_for(actor, obj),
                area_path=_area_path(obj) if area_path is None else area_path,
                public=public,
                key=key,
            )
            if note:
                Note.objects.create(entry=entry, text=note, public=public_note)
    except IntegrityError:
        refuse_repeat(key, obj, verb, by=by)
        raise
    return entry


def record_all(objects, verb, *, by=None, data=None, public=False):
    """One entry for each of these rows, in one query: what a job did to many. No notes, no keys."""
    actor = by if getattr(by, "pk", None) else None
    Entry.objects.bulk_create(
        [
            Entry(
                subject_type=kind_of(obj),
                subject_id=obj.pk,
                verb=verb,
                data=_small(data or {}),
                actor=actor,
                area_path=_area_path(obj),
                public=public,
            )
            for obj in objects
        ],
        batch_size=500,
    )


def refuse_repeat(key, obj, verb, *, by):
    """Raise AlreadyDone or Conflict if the form `key` has been carried out; else nothing.

    A repeat that creates a thing made a second one before it came here, so the type of the subject is compared,
    not its number.
    """
    done = done_already(key, by) if key else None
    if done is None:
        return
    if (done.subject_type, done.verb) != (kind_of(obj), verb):
        raise Conflict(obj)
    raise AlreadyDone(done)


def done_already(key, by):
    """The entry of the form `key` if `by` carried it out before, None if nobody did; somebody else: Conflict."""
    entry = Entry.objects.filter(key=key).first() if key else None
    if entry is not None and entry.actor_id != getattr(by, "pk", None):
        raise Conflict
    return entry


def keep_former(entry, stored, changed):
    """Beside `entry`, keep what `stored` had in those of the `changed` fields that its model names in KEEP_FORMER."""
    kept = set(getattr(stored, "KEEP_FORMER", ())) & set(changed)
    if kept:
        fields = {name: stored._meta.get_field(name) for name in kept}
        values = {name: field.value_from_object(stored) for name, field in fields.items()}
        Former.objects.create(entry=entry, values=json.dumps(values, cls=DjangoJSONEncoder, ensure_ascii=False))


def history(obj):
    """What changed in the fields that the model names in KEEP_FORMER, latest first: [(entry, {field: value before})]; one query."""
    entries = entries_of(obj).filter(former__isnull=False)
    entries = entries.select_related("actor", "on_behalf_of", "former").order_by("-pk")
    return [(entry, entry.former.as_dict()) for entry in entries]


def accessed(obj, what, *, by, reason="", context="", rows=1, on_behalf_of=None):
    """Write down that `by` saw `what` of `obj`. For an export `obj` is the model, or the place it was taken of."""
    is_row = isinstance(obj, models.Model)
    return Access.objects.create(
        actor=by,
        on_behalf_of=on_behalf_of or acting_for(by, obj),
        subject_type=kind_of(obj) if obj is not None else "",
        subject_id=obj.pk if is_row else None,
        what=what,
        reason=reason,
        context=context,
        area_path=_area_path(obj) if is_row else "",
        rows=rows,
    )


def accessed_all(objects, what, *, by, reason="", context=""):
    """One row for each of these rows, in one query: a form that shows the numbers of many people."""
    Access.objects.bulk_create(
        [
            Access(
                actor=by,
                on_behalf_of=acting_for(by, obj),
                subject_type=kind_of(obj),
                subject_id=obj.pk,
                what=what,
                reason=reason,
                context=context,
                area_path=_area_path(obj),
            )
            for obj in objects
        ],
        batch_size=500,
    )


def entries_of(obj):
    """The journal of one row, and of rows that were merged into it (`absorbed`): their story is its story."""
    absorbed = getattr(obj, "absorbed", None)
    return Entry.objects.filter(subject_type=kind_of(obj), subject_id__in=[obj.pk, *(absorbed() if absorbed else ())])


def timeline(obj):
    """The entries of one row, oldest first, with people and notes, in one query."""
    return list(entries_of(obj).select_related("actor", "on_behalf_of", "note").order_by("pk"))


def acting_for(user, obj):
    """Whom `user` stands in for when touching `obj`: the user's attribute or method `acting_for`, else None."""
    principal = getattr(user, "acting_for", None)
    return principal(obj) if callable(principal) else principal


def _area_path(obj):
    return getattr(obj, "area_path", "") or ""


def _small(data):
    if len(json.dumps(data, cls=DjangoJSONEncoder)) > MOST_DATA:
        raise ValueError("The data of an entry are codes and numbers; longer texts belong in a note.")
    return data
