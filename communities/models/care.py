"""关爱服务对象: the categories, the levels and the texts of consent, each as rows with the ground on which they stand."""

from uuid import uuid4

from django.db import IntegrityError, models, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from communities import standards
from communities.access import inside, roots_of
from communities.models.division import line_of
from communities.models.inherited import RuleQuerySet
from communities.standards import PhoneRule, Standards
from foundation.fields import PathField
from foundation.journal.models import AppendOnlyModel, AppendOnlyQuerySet, refuse_repeat
from foundation.journal.moves import Conflict, record, revise


class CareLevel(models.IntegerChoices):
    """重点/关注/一般. No colour words: at a door they recall the health code (product.md)."""

    PRIORITY = 1, _("priority")
    WATCH = 2, _("watch")
    GENERAL = 3, _("general")


class Ground(models.TextChoices):
    """On what somebody is on the register (PIPL art. 13): the person agreed, or a law makes it the office's duty."""

    CONSENT = "consent", _("consent of the person")
    STATUTORY = "statutory", _("statutory duty")


# Groups of categories that need a grant of their own besides the area (CareGrant).
SENSITIVE = [("children", _("children")), ("bereaved", _("bereaved only-child families")), ("health", _("health"))]


class CareCategoryQuerySet(RuleQuerySet):
    def readable_by(self, user, area_path):
        """Categories without a sensitive group, and those of the groups that the user is granted in this place today.

        No query of its own: the grants are a condition of this one.
        """
        grants = user.care_grants.current(timezone.localdate()).filter(area_path__in=line_of(area_path))
        return self.filter(Q(sensitive="") | Q(sensitive__in=grants.values("group")))

    def offered(self, path=""):
        """What may be chosen in this place: the installation's own, and those of the places above."""
        return self.in_force_at(path).filter(active=True)

    def visible_for(self, user):
        """Those in force for the people of this user's places, and below them."""
        roots = roots_of(user, "people")
        above = {path for root in roots for path in ["", *line_of(root)]}
        return self.filter(inside(roots) | Q(area_path__in=above))

    def for_list(self):
        return self.order_by("area_path", "position", "code")


class CareCategoryManager(models.Manager.from_queryset(CareCategoryQuerySet)):
    @transaction.atomic
    def add(self, *, by, area_path, key=None, **facts):
        """Write a category of a place's own; AlreadyDone if the form `key` was carried out before."""
        last = self.aggregate(last=models.Max("position"))["last"] or 0
        row = self.create(code=f"own_{uuid4().hex[:12]}", area_path=area_path, position=last + 1, **facts)
        record(row, "add", by=by, key=key)
        return row


class CareCategory(models.Model):
    """Why somebody is on the care register (独居老人, 低保 …). Shipped rows come from communities/data/care_categories.csv.

    A category is taken out of use, never deleted: whoever is registered under it stays so until the entry ends.
    """

    TOPIC = "care_rules"
    KEEP_FORMER = (
        "name",
        "name_en",
        "sensitive",
        "ground_kind",
        "legal_ground",
        "default_level",
        "applies_to",
        "active",
    )

    code = models.SlugField(max_length=40, unique=True)
    area_path = PathField(max_length=15, blank=True, default="", editable=False)
    name = models.CharField(_("name"), max_length=60)
    name_en = models.CharField(_("English name"), max_length=60, blank=True)
    sensitive = models.CharField(_("sensitive group"), max_length=10, blank=True, default="", choices=SENSITIVE)
    ground_kind = models.CharField(_("ground"), max_length=10, choices=Ground.choices, default=Ground.CONSENT)
    legal_ground = models.CharField(
        _("norm"), max_length=200, blank=True, help_text=_("The law or document, with its article.")
    )
    default_level = models.PositiveSmallIntegerField(
        _("usual care level"), choices=CareLevel.choices, default=CareLevel.WATCH
    )
    applies_to = models.CharField(_("who belongs to it"), max_length=200, blank=True)
    position = models.PositiveSmallIntegerField(default=0)
    active = models.BooleanField(_("in use"), default=True)
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = CareCategoryManager()

    class Meta:
        ordering = ["position", "code"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ground_kind="consent") | ~Q(legal_ground=""), name="care_category_duty_names_its_norm"
            )
        ]

    def __str__(self):
        return self.name

    def correct(self, *, by, key=None, **changes):
        return revise(self, "correct", by=by, key=key, **changes)


class StandardQuerySet(RuleQuerySet):
    def in_use(self):
        return self.filter(active=True)

    def for_list(self):
        return self.order_by("area_path", "level")


class StandardManager(models.Manager.from_queryset(StandardQuerySet)):
    @transaction.atomic
    def set_for(self, area_path, *, by, level, key=None, **facts):
        """A standard of a place's own. Conflict if it has one; AlreadyDone if the form `key` was carried out before."""
        refuse_repeat(key, self.model(), "add", by=by)
        try:
            with transaction.atomic():
                row = self.create(area_path=area_path, level=level, **facts)
        except IntegrityError:
            raise Conflict(self.filter(area_path=area_path, level=level).first()) from None
        record(row, "add", by=by, key=key)
        transaction.on_commit(standards.forget)
        return row

    def current(self):
        """The standards in use, as `Standards`, from the memory of this process."""
        return standards.kept(lambda: Standards(tuple(self.in_use())))


class CareStandard(models.Model):
    """How often a household of a care level is visited. The nearest place with a standard of its own decides.

    Level 0 is the ordinary household. A standard of a place is taken out of use, not deleted; then the one above holds again.
    """

    TOPIC = "care_rules"
    ORDINARY = standards.ORDINARY
    KEEP_FORMER = ("interval_days", "phone_rule", "legal_ground", "active")

    area_path = PathField(max_length=15, blank=True, default="", editable=False)
    level = models.PositiveSmallIntegerField(
        _("care level"), choices=[*CareLevel.choices, (ORDINARY, _("ordinary household"))], editable=False
    )
    interval_days = models.PositiveSmallIntegerField(_("at least every so many days"))
    phone_rule = models.CharField(_("calls"), max_length=10, choices=PhoneRule.choices, default=PhoneRule.ALWAYS)
    legal_ground = models.CharField(_("norm"), max_length=200, blank=True)
    active = models.BooleanField(_("in use"), default=True)
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = StandardManager()

    class Meta:
        ordering = ["area_path", "level"]
        constraints = [
            models.UniqueConstraint(fields=["area_path", "level"], name="one_care_standard"),
            models.CheckConstraint(condition=Q(interval_days__gte=1), name="care_standard_has_an_interval"),
            # The installation's own standards are what everybody falls back on.
            models.CheckConstraint(condition=~Q(area_path="") | Q(active=True), name="care_standard_of_all_in_use"),
        ]

    def __str__(self):
        return f"{self.area_path} {self.level}"

    def correct(self, *, by, key=None, **changes):
        entry = revise(self, "correct", by=by, key=key, **changes)
        transaction.on_commit(standards.forget)
        return entry


class ConsentTextQuerySet(AppendOnlyQuerySet):
    def in_force(self, code, today):
        """The version of this text that is handed out on this day, None without any."""
        return self.filter(code=code, valid_from__lte=today).order_by("-valid_from", "-version").first()


class ConsentText(AppendOnlyModel):
    """What people agree to, word for word. A version is never changed; a new wording is a new version.

    Shipped versions stand in communities/data/consent/.
    """

    class Code(models.TextChoices):
        OWN = "care", _("consent to be cared for")
        GUARDIAN = "care_guardian", _("consent of a guardian, under 14")

    code = models.CharField(max_length=20, choices=Code.choices)
    version = models.PositiveSmallIntegerField()
    title = models.CharField(max_length=100)
    title_en = models.CharField(max_length=160)
    body = models.TextField()
    body_en = models.TextField()
    valid_from = models.DateField()

    objects = ConsentTextQuerySet.as_manager()

    class Meta:
        ordering = ["code", "-version"]
        constraints = [models.UniqueConstraint(fields=["code", "version"], name="one_consent_text")]

    def __str__(self):
        return f"{self.title} {self.version}"
