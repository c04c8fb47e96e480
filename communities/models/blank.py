"""表格填报: a superior's blank Excel, mapped once, filled from the registers as often as it comes."""

import uuid
from datetime import timedelta

from django.db import IntegrityError, models, transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from communities.access import CHANGE, NOTHING, READ, RIGHTS, ScopedQuerySet, posts_for
from communities.models.division import line_of
from foundation.facts import Fact
from foundation.fields import EncryptedBytesField, PathField
from foundation.journal.moves import Conflict, record, revise

# A filled form is for handing in; what it says stands in the registers.
DAYS_KEPT = 30
MOST_ROWS = 2000


def works_with_forms(user):
    """Whether the user may bring and fill forms: somebody who keeps one of the registers, not somebody who only looks on."""
    return any(keeps_registers(post) for post in posts_for(user, "places"))


def keeps_registers(post):
    return CHANGE in (RIGHTS[post.role].get("places"), RIGHTS[post.role].get("people"))


def area_of(post):
    """The area of a post; that of a team is its compound's."""
    return post.compound.area_path if post.compound_id else post.path


class BlankFormQuerySet(ScopedQuerySet):
    def scope(self, user, level):
        """Forms of one's own area; to be used also those that were mapped above it, for the street maps what the district sends."""
        reach = NOTHING
        for post in posts_for(user, "places"):
            if level == READ:
                reach |= self.reach_of(post) | Q(area_path__in=["", *line_of(area_of(post) or "")])
            elif keeps_registers(post):
                reach |= self.reach_of(post)
        if level == CHANGE and works_with_forms(user):
            reach |= Q(created_by=user)
        return reach

    def standing(self):
        return self.filter(voided_at__isnull=True)

    def like(self, fingerprint):
        """Forms with these headings, the one nearest to the reader's own place first."""
        return self.standing().filter(fingerprint=fingerprint).order_by("-mapped_at", "-area_path", "pk")

    def light(self):
        """Without the files."""
        return self.defer("file")

    def for_list(self):
        return self.light().select_related("created_by").order_by("-used_at", "-pk")


class BlankForm(Fact):
    """A form as its headings make it: another file name, title, or order of sheets is the same form.

    `layout` says where headings and cells are (communities.blanks.layout), `mapping` what belongs into them: {block: {"register",
    "fields": {heading: {"field", "text"}}}, "fixed": {label: {"field", "text"}}}. `file` is the newest empty copy.
    """

    TOPIC = "places"

    name = models.CharField(_("name"), max_length=120)
    area_path = PathField(max_length=15, blank=True, default="", db_index=True, editable=False)
    fingerprint = models.CharField(max_length=64, db_index=True, editable=False)
    layout = models.JSONField(default=dict, editable=False)
    mapping = models.JSONField(default=dict, editable=False)
    mapped_at = models.DateTimeField(null=True, editable=False)
    used_at = models.DateTimeField(default=timezone.now, editable=False)
    file = EncryptedBytesField(default=b"", editable=False)

    objects = BlankFormQuerySet.as_manager()

    class Meta(Fact.Meta):
        ordering = ["-used_at", "-pk"]
        constraints = [
            *Fact.Meta.constraints,
            models.UniqueConstraint(
                fields=["area_path", "fingerprint"],
                condition=Q(voided_at__isnull=True),
                name="blank_form_once_in_area",
            ),
        ]

    def __str__(self):
        return self.name

    def get_absolute_url(self):
        return reverse("blank_map", args=[self.pk])

    @property
    def is_mapped(self):
        return self.mapped_at is not None

    def map(self, *, by, name, mapping, key=None):
        """Say what belongs under which heading; from now on the form is recognised and nobody is asked again."""
        return revise(self, "map", by=by, key=key, name=name, mapping=mapping, mapped_at=timezone.now())


class BlankFillQuerySet(ScopedQuerySet):
    def scope(self, user, level):
        """One's own only: a filled form holds what its maker may see."""
        return super().scope(user, READ) & Q(created_by=user) if works_with_forms(user) else NOTHING

    def reach_of(self, post):
        return super().reach_of(post) | Q(area_path__in=["", *line_of(area_of(post) or "")])

    def finished(self):
        return self.filter(filled_at__isnull=False)

    def for_list(self):
        return self.select_related("form").defer("file", "result", "trace", "form__file").order_by("-pk")

    def outlived(self, today):
        """Fills whose files are to be thrown away by this day."""
        return self.filter(keep_until__lt=today, cleared_at__isnull=True)


class BlankFillManager(models.Manager.from_queryset(BlankFillQuerySet)):
    def begin(self, *, by, client_uuid, name, data, layout, fingerprint, area_path):
        """Take in an empty copy. A form with these headings that the user may see is recognised, else it is written as new.

        The same `client_uuid` again returns the same fill; Conflict if it is somebody else's.
        """
        found = self.filter(client_uuid=client_uuid).first()
        if found is not None:
            if found.created_by_id != by.pk:
                raise Conflict(found)
            return found
        try:
            with transaction.atomic():
                form = self.form_like(by, fingerprint) or self.new_form(by, name, data, layout, fingerprint, area_path)
                return self.write(by=by, form=form, client_uuid=client_uuid, data=data, layout=layout)
        except IntegrityError:
            # A colleague brought the same form, or this very request came twice.
            found = self.filter(client_uuid=client_uuid, created_by=by).first()
            form = self.form_like(by, fingerprint)
            if found or form is None:
                return found
            return self.write(by=by, form=form, client_uuid=client_uuid, data=data, layout=layout)

    def form_like(self, user, fingerprint):
        return BlankForm.objects.visible_to(user).like(fingerprint).first()

    def new_form(self, by, name, data, layout, fingerprint, area_path):
        form = BlankForm.objects.create(
            created_by=by, name=name, area_path=area_path, fingerprint=fingerprint, layout=layout, file=data
        )
        record(form, "add", by=by)
        return form

    @transaction.atomic
    def write(self, *, by, form, client_uuid, data, layout):
        """A draft of this copy; the form keeps it as its newest one."""
        fill = self.create(
            created_by=by,
            client_uuid=client_uuid,
            form=form,
            area_path=form.area_path,
            file=data,
            layout=layout,
            keep_until=timezone.localdate() + timedelta(days=DAYS_KEPT),
        )
        BlankForm.objects.filter(pk=form.pk).update(used_at=timezone.now())
        record(fill, "add", by=by)
        return fill

    def again(self, *, by, form, client_uuid=None):
        """A draft of the copy that the form keeps."""
        client_uuid = client_uuid or uuid.uuid4()
        found = self.filter(client_uuid=client_uuid, created_by=by).first()
        return found or self.write(by=by, form=form, client_uuid=client_uuid, data=form.file, layout=form.layout)

    def clear_outlived(self, today):
        """Throw away the files of fills that have been kept long enough; returns how many."""
        return self.outlived(today).update(file=b"", result=b"", trace=[], selection={}, cleared_at=timezone.now())

    def clear_of(self, record_label):
        """Throw away the files in which this record stands, such as "communities.resident:5": it has been purged."""
        kept = self.filter(cleared_at__isnull=True).defer("file", "result")
        gone = [fill.pk for fill in kept.iterator(chunk_size=20) if fill.names(record_label)]
        return self.filter(pk__in=gone).update(file=b"", result=b"", trace=[], selection={}, cleared_at=timezone.now())


class BlankFill(Fact):
    """One copy of a form on its way: brought, rows chosen, filled. Its files are thrown away after `DAYS_KEPT` days.

    `selection` is {block: [primary keys]}; `trace` a list of [block, sheet, row, column, record, field, is_gap], where a record
    is the label of a row of a register or "" for what is computed; for a cell that is answered once, block is "once:" and its label.
    No value of a cell stands outside the encrypted files.
    """

    TOPIC = "places"

    form = models.ForeignKey(BlankForm, on_delete=models.PROTECT, related_name="fills")
    area_path = PathField(max_length=15, blank=True, default="", editable=False)
    layout = models.JSONField(default=dict, editable=False)
    selection = models.JSONField(default=dict, editable=False)
    trace = models.JSONField(default=list, editable=False)
    purpose = models.CharField(_("What the form is for"), max_length=300, blank=True, editable=False)
    in_full = models.BooleanField(default=False, editable=False)
    file = EncryptedBytesField(default=b"", editable=False)
    result = EncryptedBytesField(default=b"", editable=False)
    rows = models.PositiveIntegerField(default=0, editable=False)
    gaps = models.PositiveIntegerField(default=0, editable=False)
    filled_at = models.DateTimeField(null=True, editable=False)
    keep_until = models.DateField(editable=False, db_index=True)
    cleared_at = models.DateTimeField(null=True, editable=False)

    objects = BlankFillManager()

    class Meta(Fact.Meta):
        ordering = ["-pk"]
        indexes = [models.Index(fields=["created_by", "id"], name="blank_fill_of_person")]

    def __str__(self):
        return self.form.name

    def get_absolute_url(self):
        return reverse("blank_fill_detail", args=[self.pk])

    @property
    def is_filled(self):
        return self.filled_at is not None

    @property
    def is_cleared(self):
        return self.cleared_at is not None

    @property
    def blocks(self):
        return self.layout.get("blocks", [])

    def chosen(self, block):
        """The primary keys chosen for this block, in the order in which they were chosen."""
        return self.selection.get(block, [])

    def choose(self, *, by, block, pks, key=None):
        """From now on exactly these rows belong into the block."""
        return revise(self, "choose", by=by, key=key, selection={**self.selection, block: list(pks)})

    def finish(self, *, by, purpose, in_full, result, trace, rows, gaps, key=None):
        """Keep the filled form and where each of its cells comes from."""
        return revise(
            self,
            "fill",
            by=by,
            key=key,
            data={"rows": rows, "gaps": gaps},
            purpose=purpose,
            in_full=in_full,
            result=result,
            trace=trace,
            rows=rows,
            gaps=gaps,
            filled_at=timezone.now(),
            keep_until=timezone.localdate() + timedelta(days=DAYS_KEPT),
        )

    def names(self, record_label):
        """Whether this record stands in the filled form."""
        return any(line[4] == record_label for line in self.trace)
