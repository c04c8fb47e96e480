from contextlib import suppress

from django.contrib import messages
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from communities.access import demand
from communities.forms.review import DecideForm, FinishForm
from communities.models import Review, ReviewLine
from communities.models.review import Decision
from foundation.acting import act
from foundation.journal.moves import Conflict, NotAllowed
from foundation.shortcuts import get_for, page_of, posted


@require_safe
def review_list(request):
    """The quarterly lists of one's own area, the latest first, with how far they are."""
    demand(request.user, "staff")
    page = page_of(request, Review.objects.visible_to(request.user).for_list())
    return render(request, "communities/review_list.html", {"page": page, "today": timezone.localdate()})


@require_safe
def review_detail(request, pk):
    """One list: what is undecided first; several lines can be confirmed at once."""
    review = get_for(request.user, Review.objects.for_list(), pk=pk)
    lines = review.lines.for_list()
    open_only = request.GET.get("show") == "open"
    context = {
        "review": review,
        "page": page_of(request, lines.undecided() if open_only else lines),
        "open_only": open_only,
        "today": timezone.localdate(),
        "mine": set(ReviewLine.objects.changeable_by(request.user).filter(review=pk).values_list("pk", flat=True)),
    }
    return render(request, "communities/review_detail.html", context)


@require_POST
def review_confirm(request, pk):
    """Confirm the lines that were ticked; what was decided meanwhile, or is one's own, stays as it is."""
    review = get_for(request.user, Review, pk=pk, change=True)
    chosen = [pk for pk in request.POST.getlist("line") if pk.isdecimal()]
    lines = ReviewLine.objects.changeable_by(request.user).filter(review=review, pk__in=chosen).undecided()
    done = 0
    for line in lines.select_related("review"):
        with suppress(Conflict, NotAllowed):
            line.decide(by=request.user, decision=Decision.CONFIRM)
            done += 1
    if done:
        messages.success(request, _("%(n)s accounts confirmed.") % {"n": done})
    else:
        messages.warning(request, _("Nothing was confirmed: tick the accounts first."))
    return redirect(review)


def review_decide(request, pk):
    """Confirm one account, mark it for a change, or end its posts."""
    line = get_for(request.user, ReviewLine.objects.for_list(), pk=pk, change=True)
    form = DecideForm(posted(request), row=line)
    return act(request, form, line.decide, template="communities/review_decide.html", context={"line": line})


def review_finish(request, pk):
    """Close the list for good."""
    review = get_for(request.user, Review.objects.for_list(), pk=pk, change=True)
    form = FinishForm(posted(request), row=review)
    context = {"review": review, "undecided": review.total - review.decided}
    if request.method == "POST" and context["undecided"]:
        return render(request, "communities/review_finish.html", {**context, "form": form}, status=409)
    return act(request, form, review.finish, template="communities/review_finish.html", context=context)


@require_safe
def review_print(request, pk):
    """The list as a sheet to sign and to file."""
    review = get_for(request.user, Review.objects.for_list(), pk=pk)
    lines = review.lines.select_related("user", "decided_by").order_by("user__name", "pk")
    context = {"review": review, "lines": lines, "untouched": not review.finished_at or review.is_untouched()}
    return render(request, "communities/review_print.html", context)
