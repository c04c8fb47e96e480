"""Refusals of the models as pages, so that no view has to catch them."""

from django.shortcuts import redirect, render
from django.urls import reverse

from foundation.journal.moves import AlreadyDone, Conflict, NotAllowed, subject


class Merged(Exception):
    """The row that a page wanted was merged into another one: `row.survivor()` stands for it now."""

    def __init__(self, row):
        super().__init__(str(row.pk))
        self.row = row


class Refusals:
    """Middleware: Conflict is a 409 page, NotAllowed a 403 page.

    A repeated form leads to what it did before, a merged row to the one that stands for it.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        return self.get_response(request)

    def process_exception(self, request, exception):
        if isinstance(exception, AlreadyDone):
            done = subject(exception.entry.subject_label)
            return redirect(done if hasattr(done, "get_absolute_url") else "/")
        if isinstance(exception, Conflict):
            return render(request, "409.html", {"obj": exception.obj}, status=409)
        if isinstance(exception, NotAllowed):
            return render(request, "403.html", {"obj": exception.obj}, status=403)
        if isinstance(exception, Merged):
            return to_survivor(request, exception.row)
        return None


def to_survivor(request, row):
    """On to the same page of the row that stands for this one; a form is sent on with everything typed (307).

    Who may not see that row learns that there is one, and no more.
    """
    kept = row.survivor()
    if not type(row).objects.visible_to(request.user).filter(pk=kept.pk).exists():
        return render(request, "merged.html", status=404)
    match = request.resolver_match
    address = kept.get_absolute_url()
    if match.kwargs.get("pk") == row.pk:
        address = reverse(match.view_name, kwargs={**match.kwargs, "pk": kept.pk}, query=request.GET or None)
    return redirect(address, preserve_request=request.method != "GET")
