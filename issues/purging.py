"""What issues hold about a person: contact and words of what was reported, and whatever names the person in others' issues."""

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from communities.models.retention import OBSTACLES
from foundation.fields import keyed_hash
from foundation.journal.purging import forget_about, forget_naming
from foundation.paths import within
from foundation.purging import PURGED, blank, blank_where_named, blank_where_sure, holds_nothing, purges
from issues.models import Callback, Issue, Reporter, WorkOrder

holds_nothing("issues.Category", "rules")
WORDS = ("title", "text", "address", "result", "voided_reason")


@purges(
    "issues",
    _("issues: contact and words"),
    *("issues.Issue", "issues.Reporter", "issues.Callback", "issues.WorkOrder"),
)
def purge_issues(person):
    """Issues keep their number, category, place and days. What the person reported loses its words; others' lose what names the person."""
    mine = Reporter.objects.filter(is_reporter(person))
    reported = set(mine.values_list("issue", flat=True))
    shared = set(
        Reporter.objects.filter(issue__in=reported).exclude(is_reporter(person)).values_list("issue", flat=True)
    )
    own = reported - shared
    done = mine.update(name=PURGED, phone="", phone_hash="", phone_last4_hash="")
    done += blank(Issue.objects.filter(pk__in=own), "title", "text", "address", "voided_reason")
    done += blank(Callback.objects.filter(issue__in=own), "note")
    done += forget_about("issues.issue", own)
    near = Issue.objects.filter(Q(pk__in=reported) | Q(household__in=person.near["homes"]))
    pks = list(near.values_list("pk", flat=True))
    done += blank_where_named(person, Issue.objects.filter(pk__in=pks), *WORDS)
    done += blank_where_named(person, WorkOrder.objects.filter(issue__in=pks), "result")
    done += blank_where_named(person, Callback.objects.filter(issue__in=pks), "note")
    done += forget_naming(person, "issues.issue", pks)
    around = within(person.area_path[:12])
    done += blank_where_sure(person, Issue.objects.filter(around), *WORDS)
    done += blank_where_sure(
        person, WorkOrder.objects.filter(within(person.area_path[:12], "issue__area_path")), "result"
    )
    return done


def is_reporter(person):
    hashes = [keyed_hash(word) for word in person.sure]
    return Q(resident__in=person.pks) | (Q(phone_hash__in=hashes) & ~Q(phone_hash=""))


def has_open_issue(resident):
    if Issue.objects.open().filter(reporters__resident=resident).exists():
        return [_("An issue that the person reported is still open.")]
    return []


OBSTACLES.append(has_open_issue)
