from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from communities.access import ScopedQuerySet
from foundation.facts import Fact, create_once
from foundation.fields import PathField
from foundation.journal.moves import record, revise


class FeedbackQuerySet(ScopedQuerySet):
    def open(self):
        return self.filter(answered_at__isnull=True)

    def for_list(self):
        return self.select_related("created_by", "answered_by").order_by("answered_at", "-created_at", "-pk")


class FeedbackManager(models.Manager.from_queryset(FeedbackQuerySet)):
    def give(self, *, by, client_uuid, page, text, area_path):
        """Keep what a user says of the system itself; `page` is the path it was said on, without its query."""

        def make():
            row = self.create(client_uuid=client_uuid, created_by=by, page=page, text=text, area_path=area_path)
            record(row, "give", by=by)
            return row

        return create_once(self.model, client_uuid=client_uuid, by=by, make=make)[0]


class Feedback(Fact):
    """提意见: what a user says of the system itself; the district admin reads and answers it (product.md, burden rule 10)."""

    TOPIC = "feedback"

    page = models.CharField(_("page"), max_length=200, blank=True)
    text = models.TextField(_("your opinion"), max_length=2000)
    area_path = PathField(max_length=15, blank=True, default="", db_index=True, editable=False)
    answer = models.TextField(_("answer"), blank=True)
    answered_at = models.DateTimeField(null=True, editable=False)
    answered_by = models.ForeignKey(
        "accounts.User", on_delete=models.PROTECT, null=True, related_name="+", editable=False
    )

    objects = FeedbackManager()

    class Meta(Fact.Meta):
        constraints = [
            *Fact.Meta.constraints,
            models.CheckConstraint(
                condition=Q(answered_at__isnull=True, answer="") | (Q(answered_at__isnull=False) & ~Q(answer="")),
                name="feedback_answered_with_text",
            ),
        ]

    def reply(self, *, by, answer, key=None):
        return revise(self, "answer", by=by, key=key, answer=answer, answered_at=timezone.now(), answered_by=by)
