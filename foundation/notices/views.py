from itertools import groupby

from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from foundation.notices.kinds import group_name
from foundation.notices.models import Notice
from foundation.shortcuts import get_for, page_of

LONGEST_ID = 18  # digits; more would not be the number of a row


@require_safe
def inbox_list(request):
    """What I was told: unread first, kind by kind, then what I have read. Looking and opening change nothing."""
    mine = Notice.objects.visible_to(request.user)
    page = page_of(request, mine.for_inbox(request.user))
    unread = [notice for notice in page.object_list if notice.read_at is None]
    context = {
        "page": page,
        "unread": by_group(unread),
        "read": [notice for notice in page.object_list if notice.read_at is not None],
    }
    return render(request, "notices/inbox_list.html", context)


def by_group(notices):
    """[(name of the group, its notices)], in the order in which the newest of each came in."""
    order = {group: number for number, group in enumerate(dict.fromkeys(notice.group for notice in notices))}
    sorted_notices = sorted(notices, key=lambda notice: order[notice.group])
    return [(group_name(group), list(rows)) for group, rows in groupby(sorted_notices, key=lambda notice: notice.group)]


@require_POST
def notice_read(request, pk):
    """Mark one notice as read; twice is once."""
    get_for(request.user, Notice, pk=pk)
    Notice.objects.visible_to(request.user).filter(pk=pk).mark_read(now=timezone.now())
    return redirect("inbox_list")


@require_POST
def inbox_read_all(request):
    """Mark as read what stood on the page: not what came in while it was read."""
    shown = [int(pk) for pk in request.POST.getlist("notice") if pk.isdecimal() and len(pk) <= LONGEST_ID]
    Notice.objects.visible_to(request.user).filter(pk__in=shown).mark_read(now=timezone.now())
    return redirect("inbox_list")
