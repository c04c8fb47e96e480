from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from communities.models.division import line_of


class CareLevel(models.IntegerChoices):
    """重点/关注/一般. No colour words: at a door they recall the health code (product.md)."""

    PRIORITY = 1, _("priority")
    WATCH = 2, _("watch")
    GENERAL = 3, _("general")


class CareCategoryQuerySet(models.QuerySet):
    def readable_by(self, user, area_path):
        """Categories without a sensitive group, and those of the groups that the user is granted in this place today.

        No query of its own: the grants are a condition of this one.
        """
        grants = user.care_grants.current(timezone.localdate()).filter(area_path__in=line_of(area_path))
        return self.filter(models.Q(sensitive="") | models.Q(sensitive__in=grants.values("group")))

    def offered(self):
        return self.filter(active=True)


class CareCategory(models.Model):
    """Why somebody is on the care register (独居老人, 低保 …). Rows come from communities/data/care_categories.csv."""

    code = models.SlugField(max_length=40, unique=True)
    name = models.CharField(_("name"), max_length=60)
    name_en = models.CharField(_("English name"), max_length=60, blank=True)
    sensitive = models.CharField(max_length=10, blank=True, default="")
    position = models.PositiveSmallIntegerField(default=0)
    active = models.BooleanField(default=True)

    objects = CareCategoryQuerySet.as_manager()

    class Meta:
        ordering = ["position", "code"]

    def __str__(self):
        return self.name
