from django.contrib import messages
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from communities.access import CHANGE, demand, may
from communities.models import StaffDelivery
from communities.words import JOBS
from foundation.clock.models import Heartbeat
from foundation.shortcuts import get_for, page_of

# what ?show= can ask for (a condition of `StaffDelivery.objects`), and its chip
SHOWN = {
    "troubled": gettext_lazy("Not sent or not confirmed"),
    "tried_again": gettext_lazy("Failed, tried again by itself"),
}


@require_safe
def delivery_list(request):
    """What was not sent, or nobody knows whether it was; and whether the clock's jobs run. No addresses, no contents."""
    demand(request.user, "delivery")
    show = request.GET.get("show") if request.GET.get("show") in SHOWN else "troubled"
    rows = StaffDelivery.objects.visible_to(request.user)
    now = timezone.now()
    context = {
        "page": page_of(request, getattr(rows, show)().for_list()),
        "show": show,
        "chips": SHOWN.items(),
        "jobs": [(row, JOBS.get(row.job, row.job), row.is_late(now)) for row in Heartbeat.objects.all()],
        "may_retry": may(request.user, "delivery", CHANGE),
    }
    return render(request, "communities/delivery_list.html", context)


@require_POST
def delivery_retry(request, pk):
    """Send once more what failed or was not confirmed. A second press finds it waiting and does nothing."""
    delivery = get_for(request.user, StaffDelivery, pk=pk, change=True)
    if delivery.retry(by=request.user):
        messages.success(request, _("It will be sent again within a minute."))
    else:
        messages.info(request, _("It is already waiting to be sent, or has been sent."))
    return redirect("delivery_list")
