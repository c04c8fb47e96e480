"""Hand-over: the sheet of everything open, which the successor confirms; and work given to somebody else at once."""

from itertools import groupby

from django.core.exceptions import PermissionDenied
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from communities.access import CHANGE, READ, may, may_in
from communities.forms.handover import (
    CancelForm,
    ConfirmForm,
    HandoverForm,
    PrepareAgainForm,
    ReassignmentForm,
    SendBackForm,
)
from communities.forms.leave import people_led_by
from communities.models import Handover, Reassignment
from communities.open_items import SOURCES, open_items
from communities.words import lines
from foundation.acting import act
from foundation.journal.moves import NotAllowed, timeline
from foundation.shortcuts import get_for, page_of, posted


def answer_to(request, form, verb, template, context, to=None):
    """`act()`, with a step that is not open (any more) answered in words instead of a bare refusal."""
    try:
        return act(request, form, verb, template=template, context=context, to=to)
    except NotAllowed as refused:
        context = {"row": form.row, "refused": refused}
        return render(request, "communities/step_refused.html", context, status=409)


def groups_of(items):
    """[(label of the kind, its items)] for the page."""
    return [(SOURCES[kind].label, list(rows)) for kind, rows in groupby(items, key=lambda item: item.kind)]


def handover_list(request):
    rows = Handover.objects.visible_to(request.user)
    show = "open" if request.GET.get("show") != "all" else "all"
    if show == "open":
        rows = rows.open()
    context = {"page": page_of(request, rows.for_list()), "show": show, "leads": may(request.user, "team", CHANGE)}
    return render(request, "communities/handover_list.html", context)


def person_asked(request):
    """The person in the address, if the reader leads that person; else the reader."""
    pk = request.GET.get("person", "")
    found = people_led_by(request.user).filter(pk=pk).first() if pk.isdigit() else None
    return found or request.user


def handover_create(request):
    """Prepare a hand-over of the own work, or of somebody one leads (`?person=`)."""
    giver = person_asked(request)
    form = HandoverForm(posted(request), by=request.user, giver=giver)
    if request.method == "POST" and form.is_valid():
        return redirect(Handover.objects.prepare(by=request.user, giver=giver, **form.cleaned_data))
    items = shown_to(request.user, open_items(giver), giver)
    context = {"form": form, "giver": giver, "groups": groups_of(items), "count": len(items)}
    return render(request, "communities/handover_create.html", context)


def shown_to(user, items, *parties):
    """The two people concerned see the whole sheet, anybody else what lies in the own area."""
    if user.pk in {person.pk for person in parties}:
        return items
    return [item for item in items if may_in(user, "team", READ, item.row.area_path)]


def handover_detail(request, pk):
    """The sheet as it stands now, with what arose since it was prepared."""
    return render(request, "communities/handover_detail.html", sheet_context(request, pk))


def sheet_context(request, pk):
    handover = get_for(request.user, Handover.objects.for_list(), pk=pk)
    items = handover.items() if handover.status != "confirmed" else []
    items = shown_to(request.user, items, handover.giver, handover.taker)
    arisen = handover.arisen(items)
    changes = Handover.objects.changeable_by(request.user).filter(pk=pk).exists()
    return {
        "handover": handover,
        "groups": groups_of(items),
        "count": len(items),
        "arisen": {item.subject for item in arisen},
        "gone": handover.gone(items) if changes else 0,
        "may_read_remark": changes,
        "moved": [(SOURCES[kind].label, n) for kind, n in handover.moved.items() if kind in SOURCES],
        "entries": lines(timeline(handover)),
        "is_taker": handover.taker_id == request.user.pk,
        "may_prepare": changes and handover.taker_id != request.user.pk,
        "printed_at": timezone.now(),
    }


def handover_print(request, pk):
    """The sheet for A4, with lines for both signatures and for whoever witnesses it."""
    return render(request, "communities/handover_print.html", sheet_context(request, pk))


def reach(user, pk, *, taker):
    """The hand-over, for its successor or for the other side; PermissionDenied for whoever may only read."""
    handover = get_for(user, Handover.objects.for_list(), pk=pk, change=True)
    if (handover.taker_id == user.pk) != taker:
        raise PermissionDenied
    return handover


def handover_confirm(request, pk):
    """The successor confirms: everything personal gets the successor as its new owner, in one transaction."""
    handover = reach(request.user, pk, taker=True)
    items = [item for item in handover.items() if item.personal]
    form = ConfirmForm(posted(request), row=handover, initial={"subjects": ",".join(item.subject for item in items)})
    context = {"handover": handover, "groups": groups_of(items), "count": len(items)}
    return answer_to(request, form, handover.confirm, "communities/handover_confirm.html", context)


def handover_send_back(request, pk):
    handover = reach(request.user, pk, taker=True)
    form = SendBackForm(posted(request), row=handover)
    return answer_to(request, form, handover.send_back, "communities/handover_send_back.html", {"handover": handover})


def handover_prepare_again(request, pk):
    handover = reach(request.user, pk, taker=False)
    form = PrepareAgainForm(posted(request), row=handover, initial={"remark": handover.remark})
    template = "communities/handover_prepare_again.html"
    return answer_to(request, form, handover.prepare_again, template, {"handover": handover})


def handover_cancel(request, pk):
    handover = reach(request.user, pk, taker=False)
    form = CancelForm(posted(request), row=handover)
    return answer_to(request, form, handover.cancel, "communities/handover_cancel.html", {"handover": handover})


def reassignment_create(request):
    """Give personal items of somebody one leads to somebody else at once: choose the person, look through, carry out."""
    led = people_led_by(request.user)
    if not may(request.user, "team", CHANGE):
        raise PermissionDenied
    pk = request.GET.get("person", "")
    if not pk.isdigit():
        return render(request, "communities/reassignment_create.html", {"people": page_of(request, led)})
    giver = get_object_or_404(led, pk=pk)
    # Only what lies where the reader leads: the person may have posts elsewhere, too.
    items = [
        item for item in open_items(giver) if item.personal and may_in(request.user, "team", CHANGE, item.row.area_path)
    ]
    form = ReassignmentForm(posted(request), by=request.user, giver=giver, items=items)
    if request.method == "POST" and form.is_valid():
        try:
            return redirect(Reassignment.objects.carry_out(by=request.user, giver=giver, **form.cleaned_data))
        except NotAllowed as refused:
            form.add_error(
                "taker", _("This person has no post there and cannot take over “%(what)s”.") % {"what": refused.obj}
            )
    context = {"form": form, "giver": giver, "groups": groups_of(items), "count": len(items)}
    return render(request, "communities/reassignment_create.html", context)


def reassignment_detail(request, pk):
    row = get_for(request.user, Reassignment.objects.for_list(), pk=pk)
    moved = [(SOURCES[kind].label, n) for kind, n in row.moved.items() if kind in SOURCES]
    return render(request, "communities/reassignment_detail.html", {"reassignment": row, "moved": moved})
