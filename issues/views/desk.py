from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from issues.desk import Desk, last_steps
from issues.forms.intake import may_record

# Until which hour one says what.
GREETINGS = ((5, _("Good evening")), (12, _("Good morning")), (18, _("Good afternoon")), (24, _("Good evening")))


def greeting(hour, count):
    """ "上午好，今天有 4 件事等您"."""
    hello = next(words for until, words in GREETINGS if hour < until)
    if not count:
        return gettext("%(hello)s, nothing is waiting for you") % {"hello": hello}
    words = ngettext("%(hello)s, %(count)d thing waits for you", "%(hello)s, %(count)d things wait for you", count)
    return words % {"hello": hello, "count": count}


@require_safe
def issue_desk(request):
    """What came in, what is due, what is stuck, what must be verified: the morning's question of secretary, coordinator, handler."""
    now = timezone.now()
    desk = Desk(request.user, now)
    tasks = desk.tasks()
    context = {
        "desk": desk,
        "greeting": greeting(timezone.localtime(now).hour, desk.waiting),
        "tasks": tasks,
        "tiles": desk.tiles(),
        "first": tasks[0] if tasks else None,
        "lines": last_steps(tasks[0]) if tasks else [],
        "places": desk.places(),
        "may_record": may_record(request.user),
    }
    return render(request, "issues/issue_desk.html", context)
