"""Rosters: a ledger that somebody sends in, what was found wrong with it, what it wrote, and how it is taken back."""

import base64
import json
from datetime import timedelta

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models, transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from communities.access import NOTHING, ScopedQuerySet, inside, may, may_in, roots_of
from communities.practice import PROVINCE
from foundation.facts import Fact, create_once
from foundation.fields import EncryptedTextField, PathField
from foundation.jobs import start
from foundation.journal.moves import Conflict, Move, move, record
from foundation.paths import within

PIECE = 768 * 1024  # bytes of a file in one row
# Listed for people; beyond this they are only counted.
MOST_FAULTS = 10_000


class RosterKind(models.TextChoices):
    COMPOUNDS = "compounds", _("compounds")
    HOUSEHOLDS = "households", _("households")
    RESIDENTS = "residents", _("residents")
    UNITS = "units", _("units")
    STAFF = "staff", _("staff")


# The right (access.RIGHTS) that each kind needs in its place.
TOPICS = {
    RosterKind.COMPOUNDS: "places",
    RosterKind.HOUSEHOLDS: "people",
    RosterKind.RESIDENTS: "people",
    RosterKind.UNITS: "places",
    RosterKind.STAFF: "staff",
}


class RosterStatus(models.TextChoices):
    UPLOADED = "uploaded", pgettext_lazy("import", "uploaded")
    CHECKING = "checking", pgettext_lazy("import", "being checked")
    CHECKED = "checked", pgettext_lazy("import", "checked")
    APPLYING = "applying", pgettext_lazy("import", "being entered")
    APPLIED = "applied", pgettext_lazy("import", "entered")
    REVERTING = "reverting", pgettext_lazy("import", "being taken back")
    REVERTED = "reverted", pgettext_lazy("import", "taken back")


S = RosterStatus
MOVES = {
    "map_columns": Move((S.UPLOADED, S.CHECKED), S.UPLOADED),
    "begin_check": Move((S.UPLOADED, S.CHECKED), S.CHECKING),
    "end_check": Move((S.CHECKING,), S.CHECKED),
    "drop_check": Move((S.CHECKING,), S.UPLOADED),
    "begin_apply": Move((S.CHECKED,), S.APPLYING),
    "end_apply": Move((S.APPLYING,), S.APPLIED),
    "drop_apply": Move((S.APPLYING,), S.CHECKED),
    "begin_revert": Move((S.APPLIED,), S.REVERTING),
    "end_revert": Move((S.REVERTING,), S.REVERTED),
    "drop_revert": Move((S.REVERTING,), S.APPLIED),
}
# Status -> the kind of job that is at work then.
AT_WORK = {S.CHECKING: "roster_check", S.APPLYING: "roster_apply", S.REVERTING: "roster_revert"}


def kinds_open_to(user, level):
    """The kinds of rosters that the user may bring in (or read) somewhere."""
    return [kind for kind in RosterKind if may(user, TOPICS[kind], level)]


class RosterQuerySet(ScopedQuerySet):
    def scope(self, user, level):
        """By place, and for each kind by the right that it needs there."""
        reach = NOTHING
        for topic in sorted(set(TOPICS.values())):
            kinds = [kind for kind in RosterKind if TOPICS[kind] == topic]
            roots = roots_of(user, topic, level)
            # The installation's lists are of real places; trainees' accounts are accounts.
            places = ~within(PROVINCE) if "" in roots and topic != "staff" else inside(roots)
            reach |= Q(kind__in=kinds) & places
        return reach

    def for_list(self):
        return self.select_related("division", "created_by", "job").order_by("-created_at", "-pk")

    def for_detail(self):
        return self.select_related("division__parent__parent__parent", "created_by", "job")

    def with_old_file(self, now):
        """Whose uploaded file has been kept long enough; not while it is being worked with."""
        old = now - timedelta(days=settings.ROSTER_DAYS_KEPT)
        return self.filter(created_at__lt=old, file_purged_at__isnull=True).exclude(status__in=AT_WORK)


class RosterManager(models.Manager.from_queryset(RosterQuerySet)):
    def receive(self, *, by, client_uuid, kind, division, file_name, data, outline):
        """Keep an uploaded file, encrypted; the same `client_uuid` again returns the same roster.

        `outline` is what the mapping page shows: [{"name": sheet, "rows": [[number, [texts]]]}].
        """

        def make():
            roster = self.create(
                client_uuid=client_uuid,
                created_by=by,
                kind=kind,
                division=division,
                area_path=division.code,
                file_name=file_name[-120:],
                file_size=len(data),
                outline_text=json.dumps(outline, ensure_ascii=False),
            )
            RosterPiece.objects.bulk_create(
                [
                    RosterPiece(
                        roster=roster, position=number, content=base64.b64encode(data[at : at + PIECE]).decode()
                    )
                    for number, at in enumerate(range(0, len(data), PIECE))
                ],
                batch_size=4,
            )
            record(roster, "receive", by=by, data={"kind": str(kind), "bytes": len(data)})
            return roster

        return create_once(self.model, client_uuid=client_uuid, by=by, make=make)[0]


class Roster(Fact):
    """One uploaded ledger and its way into the register: uploaded → checked → entered → perhaps taken back.

    `mapping` is {position of a column: code of the column}; `counts` what the last check or entry found; `applied_row` how far the
    entry has come, so that a killed worker's successor goes on there. The file stands in `RosterPiece`, encrypted, for thirty days.
    """

    MOVES = MOVES

    kind = models.CharField(_("kind"), max_length=12, choices=RosterKind.choices)
    division = models.ForeignKey(
        "communities.Division", on_delete=models.PROTECT, related_name="+", verbose_name=_("place")
    )
    area_path = PathField(max_length=15, db_index=True, editable=False)
    status = models.CharField(_("state"), max_length=10, choices=RosterStatus.choices, default=RosterStatus.UPLOADED)
    file_name = models.CharField(_("file"), max_length=120)
    file_size = models.PositiveIntegerField()
    file_purged_at = models.DateTimeField(null=True, editable=False)
    # The first rows of each sheet, for the mapping page: names and numbers of people stand in them.
    outline_text = EncryptedTextField(blank=True, default="")
    sheet = models.CharField(_("sheet"), max_length=120, blank=True, default="")
    heading_row = models.PositiveIntegerField(_("heading row"), null=True, blank=True)
    mapping = models.JSONField(default=dict, blank=True)
    counts = models.JSONField(default=dict, blank=True, encoder=DjangoJSONEncoder)
    applied_row = models.PositiveIntegerField(default=0)
    checked_at = models.DateTimeField(null=True, blank=True)
    applied_at = models.DateTimeField(null=True, blank=True)
    reverted_at = models.DateTimeField(null=True, blank=True)
    job = models.ForeignKey("jobs.Job", on_delete=models.SET_NULL, null=True, blank=True, related_name="+")

    objects = RosterManager()

    class Meta(Fact.Meta):
        ordering = ["-created_at", "-pk"]

    def __str__(self):
        return self.file_name

    def get_absolute_url(self):
        return reverse("roster_detail", args=[self.pk])

    @property
    def outline(self):
        """[{"name": sheet, "hidden": bool, "rows": [[number, [texts]]]}] of the uploaded file; [] once it is deleted."""
        return json.loads(self.outline_text) if self.outline_text else []

    @property
    def TOPIC(self):  # as the rule of access asks every row for its topic
        return TOPICS[self.kind]

    @property
    def label(self):
        return f"communities.roster:{self.pk}"

    @property
    def columns(self):
        """{position: code of the column}, positions as numbers."""
        return {int(position): code for position, code in self.mapping.items()}

    @property
    def is_at_work(self):
        return self.status in AT_WORK

    @property
    def has_file(self):
        return self.file_purged_at is None

    def may_be_changed_by(self, user, level):
        """Whether the user still has the right that this kind needs, in this place; asked again by every job."""
        return may_in(user, self.TOPIC, level, self.area_path)

    def content(self):
        """The uploaded bytes; b"" once they have been deleted. One piece in memory beside the whole."""
        data = bytearray()
        for piece in self.pieces.order_by("position").iterator(chunk_size=2):
            data += base64.b64decode(piece.content)
        return bytes(data)

    @transaction.atomic
    def map_columns(self, *, by, sheet, heading_row, mapping, fingerprint="", key=None):
        """Say which column is what, and remember it for ledgers with the same headings."""
        mapping = {str(position): code for position, code in mapping.items()}
        facts = {"sheet": sheet, "heading_row": heading_row, "mapping": mapping, "counts": {}}
        entry = move(self, "map_columns", by=by, key=key, **facts)
        self.faults.all().delete()
        if fingerprint:
            RosterMapping.objects.update_or_create(
                kind=self.kind,
                fingerprint=fingerprint,
                area_path=self.area_path,
                defaults={"mapping": mapping, "used_at": timezone.now()},
            )
        return entry

    def begin(self, verb, *, by, key=None, note="", **changes):
        """Take the step `verb` (begin_check, begin_apply, begin_revert) and start its job, in one transaction; returns the job."""
        with transaction.atomic():
            move(self, verb, by=by, key=key, note=note, **changes)
            job = start(
                AT_WORK[self.status],
                by=by,
                subject=self.label,
                area_path=self.area_path,
                key=f"{self.label}:{verb}:{self.version}",
                target_url=self.get_absolute_url(),
                roster=self.pk,
            )
            Roster.objects.filter(pk=self.pk).update(job=job)
            self.job = job
        return job

    def start_check(self, *, by, key=None):
        """Begin the dry run: read everything, write nothing but what was found."""
        return self.begin("begin_check", by=by, key=key)

    @transaction.atomic
    def map_and_check(self, *, by, key=None, **mapping):
        """Say which column is what, and begin the dry run with it."""
        self.map_columns(by=by, key=key, **mapping)
        return self.start_check(by=by)

    def start_apply(self, *, by, key=None):
        """Begin to enter the good rows."""
        return self.begin("begin_apply", by=by, key=key, applied_row=0)

    def start_revert(self, *, by, reason, key=None):
        """Begin to take the whole import back, for a reason that the journal keeps."""
        return self.begin("begin_revert", by=by, key=key, note=reason)

    def advance(self, before, after):
        """Within a batch's transaction: claim the rows up to `after`. Conflict if another worker has gone on meanwhile."""
        ours = Roster.objects.filter(pk=self.pk, status=RosterStatus.APPLYING, applied_row=before)
        if not ours.update(applied_row=after):
            raise Conflict(self)
        self.applied_row = after

    @transaction.atomic
    def show_slips(self, *, by):
        """[(account, first password)] of accounts whose password nobody has seen; they are deleted along, so nobody sees them again."""
        slips = list(self.slips.select_for_update(of=("self",)).select_related("user").order_by("user__name", "pk"))
        if slips:
            record(self, "show_slips", by=by, data={"n": len(slips)})
            RosterSlip.objects.filter(pk__in=[slip.pk for slip in slips]).delete()
        return [(slip.user, slip.password) for slip in slips]

    @transaction.atomic
    def purge_file(self, *, now):
        """Delete the uploaded file and what was shown of it; what it wrote stays, and how to take it back."""
        self.pieces.all().delete()
        Roster.objects.filter(pk=self.pk).update(file_purged_at=now, outline_text="")
        record(self, "purge_file", by=None)


class RosterPiece(models.Model):
    """A part of the uploaded file: base64, encrypted like every personal text, so that keys are rotated over it, too."""

    roster = models.ForeignKey(Roster, on_delete=models.CASCADE, related_name="pieces")
    position = models.PositiveIntegerField()
    content = EncryptedTextField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["roster", "position"], name="one_roster_piece")]

    def __str__(self):
        return f"{self.roster_id}/{self.position}"


class RosterFault(models.Model):
    """What is wrong with a row or a cell of the file (`is_hint`: only told). Codes and numbers; never what stood in the cell."""

    roster = models.ForeignKey(Roster, on_delete=models.CASCADE, related_name="faults")
    row = models.PositiveIntegerField()
    # Position of the column in the sheet and its code; null and "" where the whole row is meant.
    position = models.PositiveSmallIntegerField(null=True, blank=True)
    column = models.CharField(max_length=20, blank=True, default="")
    code = models.CharField(max_length=30)
    facts = models.JSONField(default=dict, blank=True)
    is_hint = models.BooleanField(default=False)

    class Meta:
        ordering = ["row", "position", "pk"]
        indexes = [models.Index(fields=["roster", "is_hint", "row"])]

    def __str__(self):
        return f"{self.row}: {self.code}"


class RosterLine(models.Model):
    """One row of the register that an import wrote: what is needed to take it back exactly.

    `made`: the import added the row; else `former` holds what it changed, as JSON, encrypted. `version` is the row's version after the
    import: another one means that somebody has worked on it since.
    """

    roster = models.ForeignKey(Roster, on_delete=models.CASCADE, related_name="lines")
    model = models.CharField(max_length=20)
    object_id = models.BigIntegerField()
    made = models.BooleanField()
    version = models.PositiveIntegerField(default=1)
    former = EncryptedTextField(blank=True, default="")

    class Meta:
        indexes = [
            models.Index(fields=["roster", "model", "object_id"], name="roster_line_object"),
            models.Index(fields=["model", "object_id"], name="roster_line_of"),
        ]

    def __str__(self):
        return f"{self.model}:{self.object_id}"


class RosterMapping(models.Model):
    """Which column was what, for ledgers with the same headings in the same place: the next one needs no mapping."""

    kind = models.CharField(max_length=12, choices=RosterKind.choices)
    fingerprint = models.CharField(max_length=64)
    area_path = PathField(max_length=15)
    mapping = models.JSONField(default=dict)
    used_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["kind", "fingerprint", "area_path"], name="one_roster_mapping"),
        ]

    def __str__(self):
        return f"{self.kind} {self.fingerprint[:8]}"


class RosterSlip(models.Model):
    """The first password of an account that an import opened: encrypted, deleted when it is shown or after a week."""

    roster = models.ForeignKey(Roster, on_delete=models.CASCADE, related_name="slips")
    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    password = EncryptedTextField()
    made_at = models.DateTimeField(default=timezone.now)

    def __str__(self):
        return f"slip of {self.user_id}"


def places_open_to(user, kind, level):
    """The codes of the places in which the user may bring in this kind of roster; "" is the whole installation."""
    return roots_of(user, TOPICS[kind], level)
