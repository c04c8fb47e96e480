"""One page for each verb of workflow.py. Reach the issue, read the form, call the verb; whose move it is, the model decides."""

import uuid

from django.core.exceptions import PermissionDenied
from django.shortcuts import redirect, render
from django.utils import timezone

from communities.breadcrumb import way_to
from foundation.acting import act
from foundation.journal.moves import NotAllowed, done_already
from foundation.shortcuts import get_for, posted
from issues.forms import move as forms
from issues.models import Issue
from issues.parties import moves_for, works_on
from issues.sight import Sight
from issues.steps import steps_for
from issues.workflow import MOVES


def reach(user, pk):
    """The issue with everything its pages need; one outside the user's view does not exist (Http404)."""
    return get_for(user, Issue.objects.for_detail(timezone.localdate()), pk=pk)


def way_of(user, issue):
    """From the district down to the community, then the issue itself."""
    street = issue.community.parent
    line = [place for place in (street and street.parent, street, issue.community) if place is not None]
    return way_to(user, line, (issue.number, ""))


def make_move(request, pk, verb, form_class):
    """Show the form of a verb, or carry it out.

    Who has no business with the issue is refused (403). Whose page has been overtaken sees both versions and keeps what was typed
    (409, foundation.acting). A step that is not open to a person or a state is refused with a word why (403 or 409).
    """
    issue = reach(request.user, pk)
    if not works_on(request.user, issue):
        raise PermissionDenied
    if is_repeat(request):
        return redirect(issue)
    if not is_overtaken(request, issue) and verb not in moves_for(request.user, issue):
        return refuse(request, issue, verb)
    form = form_class(posted(request), row=issue, user=request.user)
    context = {"issue": issue, "sight": Sight(issue, request.user), "step": MOVES[verb]}
    context["way"] = way_of(request.user, issue)
    # Asked only when the page is shown: after a conflict the form carries the fresh row.
    context["is_open"] = lambda: verb in moves_for(request.user, form.row)
    try:
        return act(request, form, getattr(issue, verb), template="issues/issue_move.html", context=context)
    except NotAllowed:
        return refuse(request, issue, verb)


def is_repeat(request):
    """The very form that this person sent before; asked first, because what was right then may be refused now."""
    try:
        key = uuid.UUID(request.POST.get("key", ""))
    except ValueError:
        return False
    return request.method == "POST" and done_already(key, request.user) is not None


def is_overtaken(request, issue):
    """Whether the form shows an older version than the present one: foundation.acting answers that with both."""
    seen = request.POST.get("seen", "")
    return seen.isdigit() and int(seen) != issue.version


def refuse(request, issue, verb):
    """Not in this state (409), or not by this person (403); with what is possible instead."""
    step = MOVES[verb]
    is_state = issue.status not in step.before or not issue.move_makes_sense(verb)
    first, others = steps_for(request.user, issue)
    context = {
        "issue": issue,
        "step": step,
        "party": step.who.label,
        "is_state": is_state,
        "open_steps": [first, *others] if first else others,
        "way": way_of(request.user, issue),
    }
    return render(request, "issues/issue_refused.html", context, status=409 if is_state else 403)


def issue_register(request, pk):
    return make_move(request, pk, "register", forms.RegisterForm)


def issue_take(request, pk):
    return make_move(request, pk, "take", forms.TakeForm)


def issue_dispatch(request, pk):
    return make_move(request, pk, "dispatch", forms.DispatchForm)


def issue_send_up(request, pk):
    return make_move(request, pk, "send_up", forms.SendUpForm)


def issue_reassign(request, pk):
    return make_move(request, pk, "reassign", forms.ReassignForm)


def issue_sign(request, pk):
    return make_move(request, pk, "sign", forms.SignForm)


def issue_hand_on(request, pk):
    return make_move(request, pk, "hand_on", forms.HandOnForm)


def issue_report_done(request, pk):
    return make_move(request, pk, "report_done", forms.ReportDoneForm)


def issue_confirm(request, pk):
    return make_move(request, pk, "confirm", forms.ConfirmForm)


def issue_confirm_not(request, pk):
    return make_move(request, pk, "confirm_not", forms.ConfirmNotForm)


def issue_no_answer(request, pk):
    return make_move(request, pk, "no_answer", forms.NoAnswerForm)


def issue_close_unreachable(request, pk):
    return make_move(request, pk, "close_unreachable", forms.CloseUnreachableForm)


def issue_comment(request, pk):
    return make_move(request, pk, "comment", forms.CommentForm)
