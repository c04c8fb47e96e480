"""The resident's side of an issue: who raised it, and what was answered when somebody called back."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from foundation.fields import EncryptedTextField, keyed_hash, mask_name, mask_phone, normalise_phone


class Anonymity(models.TextChoices):
    NAMED = "named", _("named")
    CONFIDENTIAL = "confidential", _("confidential: only the community secretary and the handler see who it is")
    ANONYMOUS = "anonymous", _("anonymous")


class Reporter(models.Model):
    """Who raised the issue; a merged issue has several, and none of them sees another."""

    issue = models.ForeignKey("issues.Issue", on_delete=models.PROTECT, related_name="reporters")
    resident = models.ForeignKey("communities.Resident", on_delete=models.PROTECT, null=True, related_name="reports")
    name = models.CharField(_("name"), max_length=60, blank=True)
    phone = EncryptedTextField(_("phone"), blank=True, default="")
    phone_hash = models.CharField(max_length=64, blank=True, default="", db_index=True)
    phone_last4_hash = models.CharField(max_length=64, blank=True, default="", db_index=True)

    def __str__(self):
        return f"reporter of {self.issue_id}"

    def save(self, **options):
        self.phone = normalise_phone(self.phone)
        self.phone_hash, self.phone_last4_hash = keyed_hash(self.phone), keyed_hash(self.phone[-4:])
        super().save(**options)

    @property
    def has_died(self):
        """Whether nobody is to be called under this name any more; who reported for the resident under a name of his own still is."""
        return bool(self.resident) and self.resident.ended_reason == "died" and self.name in ("", self.resident.name)

    @property
    def contact_phone(self):
        if self.has_died:
            return ""
        return self.phone or (self.resident.phone if self.resident else "")

    @property
    def masked_name(self):
        return mask_name(self.name)

    @property
    def name_for_lists(self):
        """What lists, prints and tables say of whom to ask: nobody is sent to the dead by name."""
        return str(_("has died; the family can be contacted")) if self.has_died else self.masked_name

    @property
    def masked_phone(self):
        return mask_phone(self.contact_phone)


class Outcome(models.TextChoices):
    CONFIRMED = "confirmed", _("solved")
    NOT_SOLVED = "not_solved", _("not solved")
    NO_ANSWER = "no_answer", _("nobody reached")


class Satisfaction(models.TextChoices):
    """The resident's word; empty if he gave none. Who handled the issue never enters it."""

    SATISFIED = "satisfied", _("satisfied")
    BASICALLY = "basically", _("basically satisfied")
    DISSATISFIED = "dissatisfied", _("not satisfied")


class Callback(models.Model):
    """回访: one attempt to ask the resident, by somebody who did not handle the issue. Unreachable is not unsatisfied."""

    issue = models.ForeignKey("issues.Issue", on_delete=models.PROTECT, related_name="callbacks")
    round = models.PositiveSmallIntegerField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    outcome = models.CharField(max_length=12, choices=Outcome.choices)
    satisfaction = models.CharField(max_length=12, blank=True, choices=Satisfaction.choices)
    note = models.TextField(blank=True)

    class Meta:
        ordering = ["at", "pk"]
        indexes = [
            models.Index(fields=["issue", "round"]),
            models.Index(
                fields=["at"], include=["issue"], condition=models.Q(outcome="not_solved"), name="callback_said_no"
            ),
        ]

    def __str__(self):
        return f"{self.outcome} on {self.issue_id}"
