import json
from functools import reduce
from operator import or_

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import IntegrityError, models, transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from communities.access import NOTHING, READ, Role, ScopedQuerySet, posts_for
from communities.models.assignment import Assignment
from communities.models.division import line_of
from communities.models.resident import SECRETS
from communities.workflow import ADVICE_MOVES, ADVICE_TONES, Advice
from foundation.acting import plain
from foundation.facts import Fact, create_once
from foundation.fields import EncryptedTextField, PathField, keyed_hash, mask_id_number, mask_phone
from foundation.journal.moves import Conflict, accessed, label, move, record
from foundation.notices.tell import tell

# What may be suggested of which thing. Everything else about it is known only to those who may change it anyway.
SUGGESTIBLE = {
    "resident": ("name", "sex", "born_on", "phone", "id_number"),
    "household": ("stair", "door", "occupancy"),
    "compound": ("name", "kind", "developer_kind", "built_year", "stated_buildings", "stated_households", "address"),
    "unit": ("name", "phone", "address", "closed_on"),
    "division": ("full_name", "office_address", "office_phone"),
}
TOPICS = {"resident": "people", "household": "people", "compound": "places", "unit": "places", "division": "places"}
# The columns in which the thing's compound stands, for a team with a post on a single compound.
COMPOUND_FIELDS = {"people": ("household__compound", "resident__household__compound"), "places": ("compound",)}
# Who is asked to decide: those who answer for the place itself, or for the nearest one above that has somebody.
DECIDERS = (Role.SECRETARY, Role.COORDINATOR, Role.DISTRICT_ADMIN)
MASKS = {"phone": mask_phone, "id_number": mask_id_number}


class SuggestionQuerySet(ScopedQuerySet):
    def scope(self, user, level):
        """What is suggested of things in one's reach; what one suggested or joined oneself everybody may read."""
        reach = NOTHING
        for topic in ("people", "places"):
            about = Q(topic=topic)
            for post in posts_for(user, topic, level):
                reach |= about & self.of_post(post, topic)
        return reach | Q(created_by=user.pk) | Q(pk__in=self.joined_by(user)) if level == READ else reach

    def of_post(self, post, topic):
        if post.compound_id:
            return reduce(or_, (Q(**{field: post.compound_id}) for field in COMPOUND_FIELDS[topic]))
        return self.reach_of(post)

    def joined_by(self, user):
        return self.model.backers.through.objects.filter(user_id=user.pk).values("suggestion_id")

    def open(self):
        return self.filter(status=Advice.OPEN)

    def of(self, user):
        """What this person suggested or joined."""
        return self.filter(Q(created_by=user.pk) | Q(pk__in=self.joined_by(user)))

    def about(self, row):
        return self.filter(**{row._meta.model_name: row.pk})

    def for_list(self):
        """The oldest open first, then the latest."""
        things = ("household__compound", "resident__household", "compound", "unit", "division")
        return (
            self.select_related(*things, "created_by", "decided_by")
            .annotate(is_open=models.Case(models.When(status=Advice.OPEN, then=1), default=0))
            .order_by("-is_open", "-created_at", "-pk")
        )

    def for_detail(self):
        return self.select_related(
            "household__building",
            "household__compound__community__parent__parent",
            "resident__household__building",
            "resident__household__compound__community__parent__parent",
            "compound__community__parent__parent",
            "compound__grid",
            "unit__division__parent__parent__parent",
            "division__parent__parent__parent",
            "created_by",
            "decided_by",
        )


class SuggestionManager(models.Manager.from_queryset(SuggestionQuerySet)):
    def suggest(self, *, by, client_uuid, row, field, value, reason):
        """Suggest another value for one field of `row`; returns the suggestion, or the same one that is open already.

        ValueError for a field that is not among SUGGESTIBLE.
        """
        kind = row._meta.model_name
        if field not in SUGGESTIBLE[kind]:
            raise ValueError(field)
        packed = pack(value)
        facts = {
            kind: row,
            "topic": TOPICS[kind],
            "field": field,
            "value": packed,
            "former": pack(row._meta.get_field(field).value_from_object(row)),
            "reason": reason,
            "fingerprint": keyed_hash(f"{label(row)}|{field}|{packed}"),
            "area_path": row.area_path,
        }

        def make():
            suggestion = self.create(client_uuid=client_uuid, created_by=by, **facts)
            record(suggestion, "suggest", by=by, data={"field": field})
            tell(
                [user for user in deciders_at(row.area_path) if user != by],
                "suggestion_made",
                about=suggestion,
                once="made",
            )
            return suggestion

        try:
            return create_once(self.model, client_uuid=client_uuid, by=by, make=make)[0]
        except IntegrityError:
            same = self.open().filter(fingerprint=facts["fingerprint"]).first()
            if same is None:
                raise
            same.join(by=by)
            return same


def pack(value):
    """A field's value as JSON text."""
    return json.dumps(value, cls=DjangoJSONEncoder, ensure_ascii=False)


def deciders_at(area_path):
    """The users who answer for this place today, or for the nearest place above that has somebody; one query."""
    posts = Assignment.objects.current(timezone.localdate()).of_role(*DECIDERS)
    posts = posts.filter(division__code__in=line_of(area_path), user__is_active=True).select_related("user", "division")
    nearest = max((len(post.division.code) for post in posts), default=0)
    return [post.user for post in posts if len(post.division.code) == nearest]


class Suggestion(Fact):
    """更正建议: somebody who sees a thing but may not change it says what it should be; who may change it decides.

    `value` and `former` (what stood there when it was suggested) are JSON, encrypted whatever the field. The same suggestion
    by somebody else joins the open one (`backers`).
    """

    MOVES = ADVICE_MOVES
    TOPIC = "places"  # the scope asks `topic`; this only keeps a subclass from being open to all

    household = models.ForeignKey(
        "communities.Household", on_delete=models.PROTECT, null=True, related_name="suggestions"
    )
    resident = models.ForeignKey(
        "communities.Resident", on_delete=models.PROTECT, null=True, related_name="suggestions"
    )
    compound = models.ForeignKey(
        "communities.Compound", on_delete=models.PROTECT, null=True, related_name="suggestions"
    )
    unit = models.ForeignKey("communities.Unit", on_delete=models.PROTECT, null=True, related_name="suggestions")
    division = models.ForeignKey(
        "communities.Division", on_delete=models.PROTECT, null=True, related_name="suggestions"
    )
    topic = models.CharField(max_length=10, editable=False)
    field = models.CharField(_("what is wrong"), max_length=30)
    value = EncryptedTextField(_("as it should be"))
    former = EncryptedTextField()
    fingerprint = models.CharField(max_length=64, editable=False)
    reason = models.TextField(_("how you know"), max_length=500)
    status = models.CharField(_("status"), max_length=10, choices=Advice.choices, default=Advice.OPEN, editable=False)
    answer = models.TextField(_("reason"), max_length=500, blank=True)
    decided_at = models.DateTimeField(null=True, editable=False)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", editable=False
    )
    backers = models.ManyToManyField(settings.AUTH_USER_MODEL, related_name="+", editable=False)
    area_path = PathField(max_length=15, editable=False)

    objects = SuggestionManager()

    class Meta(Fact.Meta):
        ordering = ["-created_at", "-pk"]
        indexes = [models.Index(fields=["area_path", "topic", "status"], name="suggestion_area")]
        constraints = [
            *Fact.Meta.constraints,
            models.UniqueConstraint(fields=["fingerprint"], condition=Q(status="open"), name="one_open_suggestion"),
            models.CheckConstraint(
                condition=reduce(
                    or_,
                    (
                        Q(**{f"{name}__isnull": name != about for name in SUGGESTIBLE}, topic=TOPICS[about])
                        for about in SUGGESTIBLE
                    ),
                ),
                name="suggestion_about_one_thing",
            ),
            models.CheckConstraint(
                condition=~Q(status="declined") | ~Q(answer=""), name="suggestion_declined_says_why"
            ),
        ]

    def __str__(self):
        return f"{self.kind} {self.field}"

    def get_absolute_url(self):
        return reverse("suggestion_detail", args=[self.pk])

    @property
    def kind(self):
        """What it is about, as a word of SUGGESTIBLE."""
        return next(name for name in SUGGESTIBLE if getattr(self, f"{name}_id"))

    @property
    def subject(self):
        return getattr(self, self.kind)

    @property
    def tone(self):
        return ADVICE_TONES[self.status]

    @property
    def model_field(self):
        return self.subject._meta.get_field(self.field)

    @property
    def field_label(self):
        return self.model_field.verbose_name

    @property
    def is_secret(self):
        return self.kind == "resident" and self.field in SECRETS

    @property
    def new_value(self):
        return self.unpacked(self.value)

    @property
    def current_value(self):
        return self.model_field.value_from_object(self.subject)

    @property
    def is_outdated(self):
        """Whether the thing has got another value since: then two values are compared before one is chosen."""
        return self.status == Advice.OPEN and pack(self.current_value) != self.former

    def unpacked(self, text):
        return self.model_field.to_python(json.loads(text)) if text else None

    def words(self, value):
        """A value as a person reads it; a secret one is masked."""
        if self.is_secret:
            return MASKS[self.field](value or "") or "—"
        return str(dict(self.model_field.flatchoices).get(value) or plain(value))

    @property
    def new_words(self):
        return self.words(self.new_value)

    @property
    def former_words(self):
        return self.words(self.unpacked(self.former))

    @property
    def current_words(self):
        return self.words(self.current_value)

    @transaction.atomic
    def join(self, *, by):
        """Somebody else says the same."""
        if by.pk != self.created_by_id and not self.backers.filter(pk=by.pk).exists():
            self.backers.add(by)
            record(self, "join", by=by)

    @transaction.atomic
    def accept(self, *, by, row_seen, key=None):
        """Carry the correction out. Conflict if the thing is not the version `row_seen` that was on the screen.

        The journal of the thing names who decided, and in its data who suggested it.
        """
        row = self.subject
        if row.version != row_seen:
            raise Conflict(self)
        move(self, "accept", by=by, key=key, decided_by=by, decided_at=timezone.now())
        data = {"suggestion": self.pk, "suggested_by": self.created_by_id}
        row.correct(by=by, data=data, **{self.field: self.new_value})
        self.tell_those_who_said_so()

    @transaction.atomic
    def decline(self, *, by, answer, key=None):
        """Leave the thing as it is, for a reason that everybody who suggested it reads."""
        move(self, "decline", by=by, key=key, answer=answer, decided_by=by, decided_at=timezone.now())
        self.tell_those_who_said_so()

    def withdraw(self, *, by, key=None):
        """Whoever suggested it was mistaken."""
        return move(self, "withdraw", by=by, key=key)

    def tell_those_who_said_so(self):
        people = [self.created_by, *self.backers.all()]
        tell(people, "suggestion_decided", about=self, once=self.status, params={"status": self.status})

    @transaction.atomic
    def reveal(self, *, by, reason):
        """The suggested phone or ID number in full, for a reason that is logged before anything is shown."""
        accessed(self.subject, self.field, by=by, reason=reason, context=label(self))
        return self.new_value

    def may_be_decided_by(self, user):
        return self.status == Advice.OPEN and Suggestion.objects.changeable_by(user).filter(pk=self.pk).exists()
