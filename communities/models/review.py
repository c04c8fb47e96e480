"""账号季度复核: every quarter somebody looks at each account of a district and says that its posts are still needed."""

import hashlib
import json

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import IntegrityError, models, transaction
from django.db.models import Count, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from communities.access import Role, ScopedQuerySet, inside
from communities.models.assignment import Assignment, CareGrant
from communities.models.staff import Staff
from communities.practice import ground_of
from foundation.fields import PathField
from foundation.journal.moves import NotAllowed, record, revise
from foundation.notices.tell import tell


class Decision(models.TextChoices):
    CONFIRM = "confirm", _("confirmed")
    CHANGE = "change", _("to be changed")
    END = "end", _("ended")


def grounds_of(area_path):
    """Where the accounts of a review have their posts: in the district and in its practice ground."""
    return [area_path, ground_of(area_path)]


class ReviewQuerySet(ScopedQuerySet):
    def open(self):
        return self.filter(finished_at__isnull=True)

    def overdue(self, today):
        return self.open().filter(due_on__lt=today)

    def with_progress(self):
        """Adds `total` and `decided`."""
        return self.annotate(total=Count("lines"), decided=Count("lines", filter=~Q(lines__decision="")))

    def for_list(self):
        rows = self.with_progress().select_related("place", "finished_by")
        return rows.order_by("-year", "-quarter", "area_path")


class ReviewManager(models.Manager.from_queryset(ReviewQuerySet)):
    def begin(self, *, place, year, quarter, now, due_on):
        """Write the list of one district (None: of the system admins) and tell who decides; None if there is one already."""
        try:
            with transaction.atomic():
                path = place.code if place else ""
                review = self.create(
                    place=place, area_path=path, year=year, quarter=quarter, opened_at=now, due_on=due_on
                )
                review.lines.bulk_create(lines_of(review, today=timezone.localdate(now)), batch_size=500)
                record(review, "review_open", by=None, data=review.gist)
                tell(review.deciders(), "review_opened", about=review, once="opened", params=review.gist)
                return review
        except IntegrityError:
            return None


class Review(models.Model):
    """The list of one quarter and district. `area_path` "" is that of the installation's own administrators."""

    TOPIC = "staff"

    place = models.ForeignKey("communities.Division", on_delete=models.PROTECT, null=True, related_name="+")
    area_path = PathField(max_length=15, blank=True, default="")
    year = models.PositiveSmallIntegerField()
    quarter = models.PositiveSmallIntegerField()
    opened_at = models.DateTimeField(default=timezone.now)
    due_on = models.DateField(_("to be finished by"))
    finished_at = models.DateTimeField(null=True)
    finished_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    # What the finished list said: whoever changed a line afterwards in the database would be found out.
    digest = models.CharField(max_length=64, blank=True, default="")
    version = models.PositiveIntegerField(default=1)

    objects = ReviewManager()

    class Meta:
        ordering = ["-year", "-quarter", "area_path"]
        constraints = [
            models.UniqueConstraint(fields=["area_path", "year", "quarter"], name="one_review_a_quarter"),
            models.CheckConstraint(condition=Q(quarter__gte=1, quarter__lte=4), name="review_quarter"),
        ]

    def __str__(self):
        return f"{self.year} Q{self.quarter} {self.area_path}"

    def get_absolute_url(self):
        return reverse("review_detail", args=[self.pk])

    @property
    def gist(self):
        return {"year": self.year, "quarter": self.quarter}

    def deciders(self):
        """Who is asked: the district's administrators, else those of the installation."""
        today = timezone.localdate()
        posts = Assignment.objects.current(today).filter(user__is_active=True).select_related("user")
        own = posts.of_role(Role.DISTRICT_ADMIN).filter(division=self.place) if self.place_id else posts.none()
        return [post.user for post in own] or [post.user for post in posts.of_role(Role.ADMIN)]

    @transaction.atomic
    def finish(self, *, by, key=None):
        """Close the list for good. NotAllowed while something is undecided or when it is closed."""
        review = type(self).objects.select_for_update().get(pk=self.pk)
        lines = list(review.lines.order_by("pk"))
        if any(line.decision == "" for line in lines):
            raise NotAllowed(self, "review_finish")
        digest = digest_of(lines)
        data = self.gist | {"lines": len(lines), "digest": digest}
        return revise(
            self,
            "review_finish",
            by=by,
            key=key,
            data=data,
            finished_at=timezone.now(),
            finished_by=by,
            digest=digest,
        )

    def is_untouched(self):
        """Whether a finished list still says what it said."""
        return self.digest == digest_of(list(self.lines.order_by("pk")))

    def remind(self, *, week):
        """Once a week, those who decide are told that the list is late."""
        return tell(self.deciders(), "review_overdue", about=self, once=f"week:{week}", params=self.gist)


class ReviewLineQuerySet(ScopedQuerySet):
    def changeable_by(self, user):
        # Nobody decides about himself.
        return super().changeable_by(user).filter(review__finished_at__isnull=True).exclude(user=user.pk)

    def undecided(self):
        return self.filter(decision="")

    def for_list(self):
        return self.select_related("user", "decided_by", "review").order_by("decision", "user__name", "pk")


class ReviewLine(models.Model):
    """One account as it stood when the list was written, and what was decided about it.

    `posts` and `grants` are copies: [{"role", "where", "until", "stands_in"}], [{"group", "where", "until"}].
    """

    TOPIC = "staff"
    AREA_FIELD = "review__area_path"

    review = models.ForeignKey(Review, on_delete=models.PROTECT, related_name="lines")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    posts = models.JSONField(default=list)
    grants = models.JSONField(default=list)
    last_login = models.DateTimeField(null=True)
    is_active = models.BooleanField(default=True)
    has_second_factor = models.BooleanField(default=False)
    second_factor_required = models.BooleanField(default=False)
    decision = models.CharField(_("decision"), max_length=10, choices=Decision.choices, blank=True, default="")
    remark = models.CharField(_("remark"), max_length=300, blank=True, default="")
    decided_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    version = models.PositiveIntegerField(default=1)

    objects = ReviewLineQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["review", "user"], name="one_review_line")]

    def __str__(self):
        return f"{self.review} {self.user_id}"

    def get_absolute_url(self):
        return self.review.get_absolute_url()

    @property
    def area_path(self):
        return self.review.area_path

    @property
    def role_names(self):
        """The posts as people read them: [(role, where, until, stands in)]."""
        roles = dict(Role.choices)
        return [(roles.get(p["role"], p["role"]), p["where"], p["until"], p["stands_in"]) for p in self.posts]

    @property
    def group_names(self):
        groups = dict(CareGrant._meta.get_field("group").choices)
        return [groups.get(grant["group"], grant["group"]) for grant in self.grants]

    @transaction.atomic
    def decide(self, *, by, decision, remark="", key=None):
        """Say what becomes of the account's posts; `end` ends them and its grants in this place at once.

        NotAllowed when the list is closed, for one's own line, and for posts that were ended: they are given anew instead.
        """
        review = Review.objects.select_for_update().get(pk=self.review_id)
        if review.finished_at or by.pk == self.user_id or self.decision == Decision.END:
            raise NotAllowed(self, "review_decide")
        facts = {"decision": decision, "remark": remark, "decided_at": timezone.now(), "decided_by": by}
        entry = revise(self, f"review_{decision}", by=by, key=key, data={"user": self.user_id}, **facts)
        if decision == Decision.END:
            self.end_all(by=by, note=remark)
        return entry

    def end_all(self, *, by, note):
        today = timezone.localdate()
        there = inside(grounds_of(self.area_path)) if self.area_path else Q(role=Role.ADMIN)
        for post in Assignment.objects.not_over(today).filter(there, user=self.user_id):
            post.end(by=by, note=note)
        if self.area_path:
            for grant in CareGrant.objects.not_over(today).filter(inside([self.area_path]), user=self.user_id):
                grant.end(by=by, note=note)


def lines_of(review, *, today):
    """A line for each account with a post in the review's place that counts or will; three queries."""
    place = inside(grounds_of(review.area_path)) if review.place_id else Q(role=Role.ADMIN)
    posts, grants = {}, {}
    for post in Assignment.objects.not_over(today).filter(place).for_access().order_by("since", "pk"):
        posts.setdefault(post.user_id, []).append(
            {
                "role": str(post.role),
                "where": str(post.target or ""),
                "until": post.until and post.until.isoformat(),
                "stands_in": str(post.stands_in_for or ""),
            }
        )
    for grant in CareGrant.objects.not_over(today).filter(user__in=posts, area_path__startswith=review.area_path):
        grants.setdefault(grant.user_id, []).append(
            {"group": grant.group, "where": grant.area_path, "until": grant.until and grant.until.isoformat()}
        )
    return [
        ReviewLine(
            review=review,
            user=person,
            posts=posts[person.pk],
            grants=grants.get(person.pk, []),
            last_login=person.last_login,
            is_active=person.is_active,
            has_second_factor=person.has_second_factor,
            second_factor_required=person.second_factor_required,
        )
        for person in Staff.objects.filter(pk__in=posts).for_detail().order_by("name", "pk")
    ]


def digest_of(lines):
    """SHA-256 over what the lines say, in the order in which they were written."""
    names = ("user_id", "posts", "grants", "last_login", "decision", "remark", "decided_at", "decided_by_id")
    text = json.dumps([[getattr(line, name) for name in names] for line in lines], cls=DjangoJSONEncoder)
    return hashlib.sha256(text.encode()).hexdigest()
