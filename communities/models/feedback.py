from django.db import models, transaction
from django.db.models import Count, F, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from communities.access import READ, ScopedQuerySet
from foundation.facts import Fact, create_once
from foundation.fields import PathField
from foundation.journal.moves import record, revise
from foundation.notices.tell import tell


class FeedbackQuerySet(ScopedQuerySet):
    def scope(self, user, level):
        """What was said in the reader's area; one's own words and the answer to them everybody may read again."""
        reach = super().scope(user, level)
        return reach | Q(created_by=user.pk) if level == READ else reach

    def totals(self):
        """{"all": how many there are, "open": how many are not answered}; one query."""
        return self.aggregate(all=Count("pk"), open=Count("pk", filter=Q(answered_at__isnull=True)))

    def open(self):
        return self.filter(answered_at__isnull=True)

    def for_list(self):
        """Unanswered first, then the newest."""
        unanswered_first = F("answered_at").desc(nulls_first=True)
        return self.select_related("created_by", "answered_by").order_by(unanswered_first, "-created_at", "-pk")


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

    def __str__(self):
        return self.text[:40]

    def get_absolute_url(self):
        return reverse("feedback_detail", args=[self.pk])

    @transaction.atomic
    def reply(self, *, by, answer, key=None):
        """Answer, or correct the answer; whoever gave the feedback is told."""
        entry = revise(self, "answer", by=by, key=key, answer=answer, answered_at=timezone.now(), answered_by=by)
        tell([self.created_by], "feedback_answered", about=self, once=f"answered:{self.version}")
        return entry
