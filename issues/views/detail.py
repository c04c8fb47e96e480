"""One issue: where it stands, what comes next, what happened so far; its sheet on paper; the reporter's telephone."""

from dataclasses import replace

from django.core.exceptions import PermissionDenied
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from communities.access import READ, may_in
from foundation.journal.moves import timeline
from issues.forms.move import RevealForm
from issues.sight import Sight
from issues.steps import steps_for
from issues.story import story_of
from issues.views.move import reach, way_of


@require_safe
def issue_detail(request, pk):
    return render(request, "issues/issue_detail.html", page_of_issue(request, pk))


@require_safe
def issue_print(request, pk):
    """The sheet on A4. Paper wanders: internal notes are on it only if asked for, and what is hidden from the reader never is."""
    context = page_of_issue(request, pk) | {"printed_at": timezone.now(), "may_open_people": False}
    context["with_notes"] = "notes" in request.GET
    if not context["with_notes"]:
        context["lines"] = [replace(line, note=line.note if line.is_public else "") for line in context["lines"]]
    return render(request, "issues/issue_print.html", context)


def page_of_issue(request, pk):
    issue = reach(request.user, pk)
    first, others = steps_for(request.user, issue)
    return {
        "issue": issue,
        "sight": Sight(issue, request.user),
        "first": first,
        "others": others,
        "lines": story_of(timeline(issue)),
        "callbacks": issue.callbacks.all(),
        "way": way_of(request.user, issue),
        "may_call": issue.is_in_work_of(request.user) and issue.reveals_phone_to(request.user),
        "may_reveal": issue.reveals_phone_to(request.user),
        "may_open_people": may_in(request.user, "people", READ, issue.area_path),
    }


@never_cache
def issue_reveal(request, pk):
    """The reporter's phone, logged before it is shown: with the issue as context for whom it is work, else with a reason."""
    issue = reach(request.user, pk)
    is_work = issue.is_in_work_of(request.user)
    if not issue.reveals_phone_to(request.user):
        raise PermissionDenied
    if request.method != "POST" and is_work:
        return redirect(issue)
    form = RevealForm(request.POST if request.method == "POST" and not is_work else None)
    context = {"issue": issue, "form": form, "way": way_of(request.user, issue)}
    if request.method == "POST" and (is_work or form.is_valid()):
        reason = "" if is_work else form.cleaned_data["reason"]
        context["contacts"] = issue.reveal_phone(by=request.user, reason=reason)
    return render(request, "issues/issue_reveal.html", context)
