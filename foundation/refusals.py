"""Refusals of the models as pages, so that no view has to catch them."""

from django.shortcuts import redirect, render

from foundation.journal.moves import AlreadyDone, Conflict, NotAllowed, subject


class Refusals:
    """Middleware: Conflict is a 409 page, NotAllowed a 403 page, a repeated form leads to what it did before."""

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
        return None
