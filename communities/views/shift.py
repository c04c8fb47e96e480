"""值班表: the month of a place, who is on duty, and how two people swap."""

from calendar import Calendar
from datetime import timedelta

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from communities.access import CHANGE, READ, demand, may_in, posts_for
from communities.forms.shift import DayForm, RotationForm, SwapForm, SwapMoveForm
from communities.models import Division, Leave, Shift, Swap
from communities.models.division import DIGITS, Level
from communities.models.shift import Part, colleagues_at, first_of_month, month_url, on_duty
from communities.views.handover import answer_to
from foundation.journal.moves import Conflict
from foundation.shortcuts import get_for, posted

WEEKDAYS_FROM_MONDAY = 0
# Duty is kept at offices: a grid has none.
OFFICES = {Level.DISTRICT, Level.STREET, Level.COMMUNITY}


def places_of(user):
    """The places whose duty roster somebody may read, from the own post: the place itself, and one step below."""
    roots = [post.path for post in posts_for(user, "team", READ) if post.path is not None]
    wanted = set()
    for root in roots:
        wanted.add(root[: DIGITS[Level.COMMUNITY]])
    places = Division.objects.standing(timezone.localdate())
    own = list(places.filter(code__in=wanted, level__in=OFFICES).order_by("code"))
    below = places.filter(parent__in=own, level__in=OFFICES).order_by("code")
    return own, list(below)


def shift_list(request):
    """The month of one place (`?place=`, `?month=`): who is on duty each day, where nobody is, and who is away."""
    context = month_context(request)
    return render(request, "communities/shift_list.html", context)


def shift_print(request):
    """The month for the notice board: names and office phones, nothing private."""
    return render(request, "communities/shift_print.html", month_context(request))


def month_context(request):
    demand(request.user, "team")
    own, below = places_of(request.user)
    place = place_asked(request, [*own, *below])
    first = first_of_month(request.GET.get("month", ""))
    weeks = Calendar(WEEKDAYS_FROM_MONDAY).monthdatescalendar(first.year, first.month)
    since, until = weeks[0][0], weeks[-1][-1]
    shifts = {}
    if place:
        for shift in Shift.objects.standing().filter(division=place).between(since, until).for_list():
            shifts[shift.on, shift.part] = shift
    people = {shift.user_id for shift in shifts.values()}
    away = {
        leave.user_id: leave for leave in Leave.objects.confirmed().overlapping(since, until).filter(user__in=people)
    }
    today = timezone.localdate()
    return {
        "place": place,
        "places": [*own, *below],
        "first": first,
        "before": (first - timedelta(days=1)).replace(day=1),
        "after": (first + timedelta(days=32)).replace(day=1),
        "weeks": [[day_of(day, first, today, shifts, away) for day in week] for week in weeks],
        "empty": sum(1 for day in days_ahead(first, today) for part in Part if (day, part) not in shifts),
        "may_change": place is not None and may_in(request.user, "team", CHANGE, place.code),
        "today": today,
        "now_on_duty": on_duty(place.code, timezone.now()) if place else [],
        "asked_of_me": Swap.objects.filter(asked=request.user.pk).proposed().for_list(),
    }


def place_asked(request, places):
    """The place in the address if it is one of these, else the first; 404 for one that is none of the reader's."""
    code = request.GET.get("place", "")
    if not code:
        return places[0] if places else None
    found = next((place for place in places if place.code == code), None)
    if found is None:
        found = office_of(request.user, code)
    return found


def office_of(user, code):
    """The place of this code that keeps a duty roster, if the user may read it; else 404."""
    place = Division.objects.filter(code=code, level__in=OFFICES).first()
    if place is None or not may_in(user, "team", READ, code):
        raise Http404
    return place


def day_of(day, first, today, shifts, away):
    """One cell of the calendar: the day, whether it is of this month, and its two shifts with who is away then."""
    slots = []
    for part in Part:
        shift = shifts.get((day, part))
        leave = away.get(shift.user_id) if shift else None
        slots.append((part, shift, bool(leave and leave.since <= day <= leave.until)))
    return {"day": day, "is_month": day.month == first.month, "is_today": day == today, "slots": slots}


def days_ahead(first, today):
    """The days of this month that are not past."""
    last = (first + timedelta(days=32)).replace(day=1) - timedelta(days=1)
    begin = max(first, today)
    return [begin + timedelta(days=n) for n in range((last - begin).days + 1)]


def place_led(user, code):
    """A place whose roster the user makes: 404 for one out of sight, 403 for who only reads it."""
    place = office_of(user, code)
    if not may_in(user, "team", CHANGE, code):
        raise PermissionDenied
    return place


def shift_edit(request, code, day):
    """Who is on duty on one day. Whoever is overtaken sees who stands there now and keeps the own choice."""
    place = place_led(request.user, code)
    shifts = list(Shift.objects.standing().filter(division=place, on=day).for_list())
    form = DayForm(posted(request), division=place, on=day, shifts=shifts)
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            with transaction.atomic():
                for part, user, seen in form.chosen():
                    Shift.objects.put(by=request.user, division=place, on=day, part=part, user=user, seen=seen)
            return redirect(month_url(place, day))
        except Conflict:
            form.look_again(Shift.objects.standing().filter(division=place, on=day).for_list())
            form.add_error(None, _("Somebody else has just filled this day. Look at it once more, then save again."))
            status = 409
    context = {
        "form": form,
        "place": place,
        "day": day,
        "leaves": Leave.objects.on(day).filter(user__in=colleagues_at(place, day)).for_list(),
    }
    return render(request, "communities/shift_edit.html", context, status=status)


def shift_rotate(request, code):
    """Fill the empty days of a period with people in turn; who is on leave is passed over."""
    place = place_led(request.user, code)
    form = RotationForm(posted(request), division=place)
    if request.method == "POST" and form.is_valid():
        chosen = form.cleaned_data
        since, until = chosen["since"], chosen["until"]
        count = Shift.objects.rotate(
            by=request.user,
            division=place,
            people=chosen["order"],
            since=since,
            until=until,
            parts=chosen["parts"],
            absences=Leave.objects.confirmed().overlapping(since, until).filter(user__in=chosen["order"]),
        )
        words = ngettext("%(n)d shift was filled.", "%(n)d shifts were filled.", count)
        messages.success(request, words % {"n": count})
        return redirect(month_url(place, since))
    return render(request, "communities/shift_rotate.html", {"form": form, "place": place})


def swap_create(request, pk):
    """Ask a colleague to take over the own shift."""
    shift = get_for(request.user, Shift.objects.for_list(), pk=pk)
    if shift.user_id != request.user.pk:
        raise PermissionDenied
    form = SwapForm(posted(request), shift=shift)
    if request.method == "POST" and form.is_valid():
        try:
            return redirect(Swap.objects.propose(by=request.user, shift=shift, **form.cleaned_data))
        except Conflict:
            form.add_error(None, _("Somebody has been asked for this shift already."))
    return render(request, "communities/swap_create.html", {"form": form, "shift": shift})


def swap_detail(request, pk):
    swap = get_for(request.user, Swap.objects.for_list(), pk=pk)
    form = SwapMoveForm(row=swap)
    return render(request, "communities/swap_detail.html", {"swap": swap, "form": form, "me": request.user.pk})


def swap_accept(request, pk):
    return answer_swap(request, pk, "accept")


def swap_decline(request, pk):
    return answer_swap(request, pk, "decline")


def swap_withdraw(request, pk):
    return answer_swap(request, pk, "withdraw")


def answer_swap(request, pk, verb):
    """One button each; a step that belongs to the other side is refused (403)."""
    swap = get_for(request.user, Swap.objects.for_list(), pk=pk)
    form = SwapMoveForm(posted(request), row=swap)
    mine = swap.created_by_id if verb == "withdraw" else swap.asked_id
    if mine != request.user.pk:
        raise PermissionDenied
    context = {"swap": swap, "me": request.user.pk}
    return answer_to(request, form, getattr(swap, verb), "communities/swap_detail.html", context)
