"""What is stored about me: a sheet for the person, in plain words, from every room of the house (PIPL art. 44–48)."""

from django import forms
from django.core.exceptions import PermissionDenied
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache

from communities.access import CHANGE, Role, holds, may_on, may_reveal
from communities.models import Assignment, Resident, RetentionRule
from communities.models.care import SENSITIVE
from communities.models.care_entry import grants_of
from communities.models.resident import SECRETS
from communities.views.resident import crumbs_of
from communities.words import access_word
from foundation.journal.models import Access
from foundation.paths import is_within
from foundation.shortcuts import get_for, posted
from issues.models import Issue, Reporter
from visits.models import Opinion, Visit

# Fields of the register in the order in which the sheet names them; secrets stand apart.
FACTS = ("name", "sex", "born_on", "is_head", "care_level", "residency", "presence", "remark", "verified_on")


class ExtractForm(forms.Form):
    """How it was made sure that it is the person; logged before anything is shown."""

    reason = forms.CharField(
        label=gettext_lazy("How the identity was checked"),
        min_length=4,
        max_length=200,
        widget=forms.TextInput(attrs={"list": "reasons", "autocomplete": "off"}),
        help_text=gettext_lazy(
            "It is logged with your name. The sheet goes to the person, or to a guardian or agent with proof."
        ),
    )
    in_full = forms.BooleanField(label=gettext_lazy("With phone and ID number in full"), required=False)


@never_cache
def resident_extract(request, pk):
    """First the check of identity, then the sheet, shown in the answer to this one POST and kept nowhere."""
    user = request.user
    resident = get_for(user, Resident.objects.for_detail(), pk=pk)
    if not may_reveal(user, resident) or not may_on(user, "people", CHANGE, resident):
        raise PermissionDenied
    form = ExtractForm(posted(request))
    if request.method == "POST" and form.is_valid():
        resident.extract(by=user, reason=form.cleaned_data["reason"])
        return render(
            request, "portal/resident_extract_sheet.html", sheet_of(resident, user, form.cleaned_data["in_full"])
        )
    crumbs = crumbs_of(user, resident.household, _("What is stored about this person"))
    return render(request, "portal/resident_extract.html", {"resident": resident, "form": form, "crumbs": crumbs})


def sheet_of(resident, user, in_full):
    """Everything that the sheet says."""
    now = timezone.now()
    return {
        "resident": resident,
        "facts": facts_of(resident),
        "secrets": [(label_of(name), shown(resident, name, in_full)) for name in SECRETS if getattr(resident, name)],
        "care_entries": resident.care_entries.visible_to(user).standing().for_detail().order_by("since", "pk"),
        "is_partly_hidden": len(groups_open_to(user, resident)) < len(SENSITIVE),
        "is_confided": holds(user, Role.SECRETARY, resident.area_path),
        "life_events": resident.life_events.standing().in_order(),
        "visits": Visit.objects.standing().filter(household=resident.household_id).for_list(),
        "opinions": Opinion.objects.standing().readable_by(user).filter(raised_by=resident).for_list(),
        "reports": Reporter.objects.filter(resident=resident)
        .filter(issue__in=Issue.objects.for_reader(user).filter(is_confided=True).values("pk"))
        .select_related("issue__category")
        .order_by("-issue__submitted_at", "-pk"),
        "accesses": accesses_of(resident),
        "rules": rules_at(resident.area_path),
        "made_at": now,
        "made_by": user,
    }


def groups_open_to(user, resident):
    """The sensitive groups of which the user may know where this person lives."""
    return {grant.group for grant in grants_of(user) if is_within(resident.area_path, grant.area_path)}


def label_of(name):
    return Resident._meta.get_field(name).verbose_name


def shown(resident, name, in_full):
    return getattr(resident, name) if in_full else getattr(resident, f"masked_{name}")


def facts_of(resident):
    """[(label, value)] of what is filled in; choices in words."""
    found = []
    for name in FACTS:
        display = getattr(resident, f"get_{name}_display", None)
        value = display() if display else getattr(resident, name)
        if value not in (None, "", False):
            found.append((label_of(name), value))
    return found


def accesses_of(resident):
    """Who looked at what, and when: [(access, word, role and place)], the latest first. Two queries."""
    looks = list(
        Access.objects.filter(subject_type="communities.resident", subject_id__in=[resident.pk, *resident.absorbed()])
        .select_related("actor")
        .order_by("-pk")
    )
    posts = Assignment.objects.filter(user__in={look.actor_id for look in looks}).for_access().order_by("since", "pk")
    office = {post.user_id: f"{post.get_role_display()} · {post.target or '—'}" for post in posts}
    return [(look, access_word(look.what), office.get(look.actor_id, "")) for look in looks]


def rules_at(path):
    """The rules of retention in force here, one of each kind."""
    nearest = {}
    for rule in sorted(RetentionRule.objects.in_force_at(path), key=lambda rule: len(rule.area_path)):
        nearest[rule.what] = rule
    return list(nearest.values())
