from uuid import uuid5

from django.db import models, transaction
from django.db.models import Case, Exists, OuterRef, Q, When
from django.utils.translation import gettext_lazy as _

from communities.access import Role, ScopedQuerySet, posts_of
from foundation.bigrams import BigramIndex, Searchable
from foundation.facts import Fact
from foundation.fields import PathField
from foundation.journal.moves import record
from foundation.paths import within
from issues.models import Issue
from issues.models.finding import is_confided_to
from issues.models.issue import Anonymity, Channel


class Handling(models.TextChoices):
    ANSWERED = "answered", _("answered")
    ON_SPOT = "on_spot", _("solved on the spot")
    REGISTER = "register", _("register as an issue")


def words_open_to(user):
    """The condition under which a user reads a line: a confidential one who wrote it down, the secretary, whoever may read its issue."""
    reach = Q(confidential=False) | Q(created_by=user)
    for post in posts_of(user):
        if post.role == Role.SECRETARY and post.division_id:
            reach |= within(post.path)
    return reach | Q(Exists(Issue.objects.filter(is_confided_to(user), pk=OuterRef("issue"))))


class OpinionQuerySet(ScopedQuerySet):
    def standing(self):
        return self.filter(voided_at__isnull=True, visit__voided_at__isnull=True)

    def in_period(self, since, until):
        return self.filter(visit__visited_at__gte=since, visit__visited_at__lt=until)

    def readable_by(self, user):
        """Those whose words the user may read; a search must not find the others by their words."""
        return self.filter(words_open_to(user))

    def with_words_for(self, user):
        """Adds `words_open`: whether the user may read what was said and by whom; the row itself is shown anyway."""
        return self.annotate(words_open=Case(When(words_open_to(user), then=True), default=False))

    def became_issues(self):
        return self.filter(issue__isnull=False).select_related("issue__category")

    def for_detail(self):
        """The lines of one visit, in the order in which they were written."""
        return self.select_related("category", "issue", "raised_by").order_by("position", "pk")

    def for_list(self):
        return self.select_related(
            "category", "issue", "raised_by", "visit__household__compound", "visit__household__building", "created_by"
        ).order_by("-visit__visited_at", "position", "pk")


class OpinionManager(models.Manager.from_queryset(OpinionQuerySet)):
    @transaction.atomic
    def add(
        self,
        *,
        by,
        visit,
        client_uuid,
        text,
        category,
        handling,
        spot_action="",
        raised_by=None,
        confidential=False,
        position=0,
    ):
        """Write one line of what was said. Registered, it becomes an issue; solved on the spot, an issue that is born closed.

        The issue's UUID is derived from the opinion's (uuid5), so that a repeated upload cannot make two.
        """
        handling = Handling(handling)
        spot_action = spot_action if handling == Handling.ON_SPOT else ""
        issue = None
        if handling != Handling.ANSWERED:
            issue = self._issue_of(
                by=by,
                visit=visit,
                client_uuid=uuid5(client_uuid, "issue"),
                source_key=f"opinion:{client_uuid}",
                text=text,
                category=category,
                how=spot_action if handling == Handling.ON_SPOT else None,
                resident=raised_by,
                anonymity=Anonymity.CONFIDENTIAL if confidential else Anonymity.NAMED,
                # the door would say who it was
                address="" if confidential else visit.household.place,
            )
        opinion = self.create(
            client_uuid=client_uuid,
            created_by=by,
            visit=visit,
            raised_by=raised_by,
            confidential=confidential,
            text=text,
            category=category,
            handling=handling,
            spot_action=spot_action,
            issue=issue,
            position=position,
            area_path=visit.area_path,
            area_path_then=visit.area_path,
        )
        record(opinion, "add", by=by, data={"handling": handling})
        return opinion

    def _issue_of(self, *, by, visit, how, **facts):
        household = visit.household
        facts |= {
            "by": by,
            "community": household.compound.community,
            "household": household,
            "compound": household.compound,
            "building": household.building,
            "channel": Channel.VISIT,
            "occurred_at": visit.visited_at,
        }
        if how is None:
            return Issue.objects.report(**facts)
        return Issue.objects.solve_on_spot(how=how, at=visit.visited_at, **facts)


class Opinion(Searchable, Fact):
    """意见建议: one line raised at a visit, in the words in which it was said; it points to the issue that it became."""

    TOPIC = "visits"
    AREA_FROM = ("visit",)
    SEARCH_FIELDS = ("text",)

    visit = models.ForeignKey("visits.Visit", on_delete=models.PROTECT, related_name="opinions")
    raised_by = models.ForeignKey(
        "communities.Resident", on_delete=models.PROTECT, null=True, blank=True, related_name="opinions"
    )
    confidential = models.BooleanField(
        _("confidential"),
        default=False,
        help_text=_("Only the community secretary and the handler read who said what."),
    )
    text = models.TextField(_("what was said"), max_length=1000)
    category = models.ForeignKey(
        "issues.Category", on_delete=models.PROTECT, related_name="opinions", verbose_name=_("category")
    )
    handling = models.CharField(_("handling"), max_length=10, choices=Handling.choices)
    spot_action = models.TextField(_("how it was solved"), blank=True, max_length=500)
    issue = models.ForeignKey("issues.Issue", on_delete=models.PROTECT, null=True, blank=True, related_name="opinions")
    position = models.PositiveSmallIntegerField(default=0)
    area_path = PathField(max_length=15, editable=False, db_index=True)
    area_path_then = PathField(max_length=15, editable=False)

    objects = OpinionManager()

    class Meta(Fact.Meta):
        ordering = ["visit", "position", "pk"]
        indexes = [BigramIndex(fields=["bigrams"], name="opinion_bigrams"), models.Index(fields=["area_path_then"])]
        constraints = [
            *Fact.Meta.constraints,
            models.CheckConstraint(
                condition=~Q(handling="on_spot") | ~Q(spot_action=""), name="opinion_on_spot_says_how"
            ),
            models.CheckConstraint(
                condition=Q(handling="answered", issue=None) | (~Q(handling="answered") & Q(issue__isnull=False)),
                name="opinion_became_issue",
            ),
        ]

    def __str__(self):
        return self.text[:40]
