"""What issues are about, who gets them by default and how long they may take. Rows come from issues/data/*.csv, per area."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from communities.models.inherited import InheritedQuerySet
from foundation.fields import PathField


class Duty(models.TextChoices):
    GRASSROOTS = "grassroots", _("the community's own")
    DEPARTMENT = "department", _("a department's: cannot be pushed down to a community")


class Urgency(models.TextChoices):
    GENERAL = "general", _("general")
    URGENT = "urgent", _("urgent")
    EMERGENCY = "emergency", _("emergency")


class CategoryQuerySet(InheritedQuerySet):
    def offered(self, path=""):
        return self.in_force_at(path).filter(active=True)


class Category(models.Model):
    """停车, 管网, 物业 …: `duty` says whose work it is; up to three levels by `parent`."""

    code = models.SlugField(max_length=40)
    area_path = PathField(max_length=15, blank=True, default="")
    parent = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="children")
    name = models.CharField(_("name"), max_length=40)
    name_en = models.CharField(_("English name"), max_length=60, blank=True)
    duty = models.CharField(max_length=12, choices=Duty.choices, default=Duty.GRASSROOTS)
    urgency = models.CharField(max_length=10, choices=Urgency.choices, default=Urgency.GENERAL)
    position = models.PositiveSmallIntegerField(default=0)
    active = models.BooleanField(default=True)

    objects = CategoryQuerySet.as_manager()

    class Meta:
        ordering = ["position", "code"]
        constraints = [models.UniqueConstraint(fields=["area_path", "code"], name="category_code_in_area")]

    def __str__(self):
        return self.name


class DispatchRule(models.Model):
    """派单目录: which unit gets issues of this category in this area, by reference, never by name."""

    category = models.ForeignKey(Category, on_delete=models.CASCADE, related_name="dispatch_rules")
    area_path = PathField(max_length=15, blank=True, default="")
    unit = models.ForeignKey("communities.Unit", on_delete=models.PROTECT, related_name="dispatch_rules")

    objects = InheritedQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["category", "area_path"], name="dispatch_rule_per_area")]


class Phase(models.TextChoices):
    SIGN = "sign", _("sign for the work order")
    HANDLE = "handle", _("handle")
    REWORK = "rework", _("handle again")


class TimeLimit(models.Model):
    """办理时限: so many working days for a phase; the nearest area wins, and in it category and urgency over none."""

    area_path = PathField(max_length=15, blank=True, default="")
    phase = models.CharField(max_length=10, choices=Phase.choices)
    category = models.ForeignKey(Category, on_delete=models.CASCADE, null=True, blank=True, related_name="time_limits")
    urgency = models.CharField(max_length=10, choices=Urgency.choices, blank=True, default="")
    workdays = models.PositiveSmallIntegerField(_("working days"))

    objects = InheritedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["area_path", "phase", "category", "urgency"], name="time_limit_of_category"
            ),
            models.UniqueConstraint(
                fields=["area_path", "phase", "urgency"], condition=models.Q(category=None), name="time_limit_of_all"
            ),
        ]

    @classmethod
    def workdays_for(cls, phase, *, path, category, urgency):
        """Working days allowed for a phase of such an issue in this place; LookupError if no row says so."""
        rows = [
            row
            for row in cls.objects.in_force_at(path).filter(phase=phase)
            if row.category_id in (None, category.pk) and row.urgency in ("", urgency)
        ]
        if not rows:
            raise LookupError(f"no time limit for {phase} at {path or 'the installation'}; run load_reference")
        return max(rows, key=lambda row: (len(row.area_path), row.category_id is not None, row.urgency != "")).workdays
