"""Leave: who is away, who stands in, and who confirms it."""

from django.core.exceptions import PermissionDenied
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from communities.access import CHANGE, may
from communities.forms.leave import LeaveDeclineForm, LeaveForm, LeaveMoveForm
from communities.models import Leave
from communities.open_items import personal_items
from communities.views.handover import answer_to, person_asked
from communities.words import lines
from foundation.journal.moves import timeline
from foundation.shortcuts import get_for, page_of, posted

SHOWS = ("ahead", "requested", "past", "mine")


def leave_list(request):
    """The leaves one may know of: ahead, waiting for an answer, past, or the own ones."""
    show = request.GET.get("show", "ahead")
    if show not in SHOWS:
        show = "ahead"
    today = timezone.localdate()
    rows = Leave.objects.visible_to(request.user)
    rows = {
        "ahead": rows.not_over(today).exclude(status="declined"),
        "requested": rows.requested(),
        "past": rows.exclude(pk__in=rows.not_over(today).values("pk")),
        "mine": rows.filter(user=request.user.pk),
    }[show]
    context = {
        "page": page_of(request, rows.for_list()),
        "show": show,
        "shows": [
            ("ahead", _("now and ahead")),
            ("requested", _("to be confirmed")),
            ("mine", _("my own")),
            ("past", _("past")),
        ],
        "today": today,
        "leads": may(request.user, "team", CHANGE),
    }
    return render(request, "communities/leave_list.html", context)


def leave_detail(request, pk):
    leave = get_for(request.user, Leave.objects.for_list(), pk=pk)
    leads = Leave.objects.changeable_by(request.user).filter(pk=pk).exists()
    own = leave.user_id == request.user.pk
    context = {
        "leave": leave,
        "entries": lines(timeline(leave)),
        "posts": leave.assignments.for_list(),
        "today": timezone.localdate(),
        "items": len(personal_items(leave.user)) if own or leads else 0,
        "may_answer": leads and leave.status == "requested",
        "may_withdraw": (own or leads) and may_withdraw(leave),
        "may_return": (own or leads) and leave.is_running,
    }
    return render(request, "communities/leave_detail.html", context)


def may_withdraw(leave):
    return leave.status in ("requested", "confirmed") and leave.since > timezone.localdate()


def leave_create(request):
    """The own leave, or that of somebody one leads (`?person=`), with the substitute for these days."""
    person = person_asked(request)
    form = LeaveForm(posted(request), by=request.user, person=person)
    if request.method == "POST" and form.is_valid():
        return redirect(Leave.objects.take(by=request.user, **form.cleaned_data))
    return render(request, "communities/leave_create.html", {"form": form, "person": person})


def leave_confirm(request, pk):
    leave = get_for(request.user, Leave.objects.for_list(), pk=pk, change=True)
    form = LeaveMoveForm(posted(request), row=leave)
    return answer_to(request, form, leave.confirm, "communities/leave_confirm.html", {"leave": leave})


def leave_decline(request, pk):
    leave = get_for(request.user, Leave.objects.for_list(), pk=pk, change=True)
    form = LeaveDeclineForm(posted(request), row=leave)
    return answer_to(request, form, leave.decline, "communities/leave_decline.html", {"leave": leave})


def leave_withdraw(request, pk):
    """It does not happen: by the person itself, or by who leads there, before it has begun."""
    leave = own_or_led(request.user, pk)
    form = LeaveMoveForm(posted(request), row=leave)
    return answer_to(request, form, leave.withdraw, "communities/leave_withdraw.html", {"leave": leave})


def leave_return(request, pk):
    """Back earlier than planned: the substitute's posts end at once."""
    leave = own_or_led(request.user, pk)
    form = LeaveMoveForm(posted(request), row=leave)
    return answer_to(request, form, leave.return_early, "communities/leave_return.html", {"leave": leave})


def own_or_led(user, pk):
    leave = get_for(user, Leave.objects.for_list(), pk=pk)
    if leave.user_id != user.pk and not Leave.objects.changeable_by(user).filter(pk=pk).exists():
        raise PermissionDenied
    return leave
