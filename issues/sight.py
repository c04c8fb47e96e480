"""What one reader sees of one issue. Lists, details, exports and prints ask here, so that nothing confidential slips out of one of them."""

from functools import cached_property
from types import SimpleNamespace

from django.urls import reverse

from foundation.columns import narrowed
from foundation.templatetags.portal import named
from issues.models.contact import Anonymity
from issues.workflow import TONES, Status

URGENT_TONES = {"urgent": "warn", "emergency": "bad"}
ICONS = {
    Status.SUBMITTED: "inbox",
    Status.REGISTERED: "issue",
    Status.DISPATCHED: "dispatch",
    Status.IN_PROGRESS: "clock",
    Status.VERIFYING: "phone",
    Status.CLOSED: "check",
}


class Sight:
    """An issue as `reader` may see it. A confidential one shows its category, its place down to the compound, and its course."""

    def __init__(self, issue, reader, url=""):
        self.issue = issue
        self.reader = reader
        self.url = url or issue.get_absolute_url()

    @cached_property
    def is_whole(self):
        """Whether words and reporter may be shown; lists bring the answer along (`for_reader`)."""
        confided = getattr(self.issue, "is_confided", None)
        return self.issue.shows_reporter_to(self.reader) if confided is None else confided

    @property
    def is_confidential(self):
        return self.issue.anonymity == Anonymity.CONFIDENTIAL

    @property
    def title(self):
        return self.issue.title if self.is_whole else named(self.issue.category)

    @property
    def text(self):
        return self.issue.text if self.is_whole else ""

    @property
    def place(self):
        """Where it is: compound (else community), and the exact place unless that would tell who reported."""
        issue = self.issue
        compound = issue.compound.name if issue.compound_id else ""
        exact = issue.address if self.is_whole else ""
        return " ".join(part for part in (compound, exact) if part) or named(issue.community)

    @property
    def holder(self):
        """Who has it now: the unit with the open work order, else the desk."""
        issue = self.issue
        if "lead_name" not in issue.__dict__:
            return named(issue.lead.unit if issue.lead else issue.desk)
        if issue.lead_name is None:
            return named(issue.desk)
        return named(SimpleNamespace(name=issue.lead_name, name_en=issue.lead_name_en))

    @property
    def tone(self):
        return TONES[self.issue.status]

    @property
    def icon(self):
        return ICONS[self.issue.status]

    @property
    def urgency_tone(self):
        """The tone of the urgency chip, "" for what is not urgent."""
        return URGENT_TONES.get(self.issue.urgency, "")

    @property
    def has_phone(self):
        return any(reporter.contact_phone for reporter in self.reporters)

    @cached_property
    def reporters(self):
        """The reporters, none where they are hidden or unknown; names and phones are to be masked by the page."""
        rows = self.issue.reporters.select_related("resident")
        return (
            list(narrowed(rows, resident="name phone purged_at ended_on ended_reason presence voided_at merged_into"))
            if self.is_whole
            else []
        )


def sights(issues, reader):
    """For a whole list; the address of the list is looked up once."""
    base = reverse("issue_list")
    return [Sight(issue, reader, f"{base}{issue.pk}/") for issue in issues]
