from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from foundation.fields import PathField


class Clock(models.TextChoices):
    HANDLE = "handle", _("handling limit")
    SIGN = "sign", _("signing limit")


class Told(models.TextChoices):
    HANDLER = "handler", _("handler")
    SECRETARY = "secretary", _("community secretary")
    STREET = "street", _("street coordinator")
    DISTRICT = "district", _("district admin")


class Rung(models.Model):
    """One rung of the reminder ladder: so many working days after the limit of a clock, this party is told, once.

    A negative offset reminds before the limit. A rung holds in its area and below; machines remind and list, a named person
    issues 督办 (product.md). Rows come from issues/data/rungs.csv.
    """

    area_path = PathField(max_length=15, blank=True, default="")
    clock = models.CharField(max_length=8, choices=Clock.choices)
    offset = models.SmallIntegerField(_("working days after the limit"))
    told = models.CharField(max_length=10, choices=Told.choices)
    active = models.BooleanField(default=True)

    class Meta:
        ordering = ["clock", "offset", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["area_path", "clock", "offset", "told"], name="one_rung_per_party"),
        ]

    def __str__(self):
        return f"{self.clock} {self.offset:+d} {self.told}"


class Reminded(models.Model):
    """This rung has fired for this issue in this round, or for this work order. The unique row is what makes "once" true."""

    issue = models.ForeignKey("issues.Issue", on_delete=models.CASCADE, related_name="reminded")
    work_order = models.ForeignKey("issues.WorkOrder", on_delete=models.CASCADE, null=True, related_name="reminded")
    rung = models.ForeignKey(Rung, on_delete=models.PROTECT, related_name="+")
    round = models.PositiveSmallIntegerField()
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["issue", "rung", "round"], condition=Q(work_order=None), name="rung_once_per_round"
            ),
            models.UniqueConstraint(
                fields=["work_order", "rung"], condition=Q(work_order__isnull=False), name="rung_once_per_order"
            ),
        ]
