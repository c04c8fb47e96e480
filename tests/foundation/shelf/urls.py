"""A page with a form, a public one and a place to sign in: enough to try the middlewares on."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpResponse, JsonResponse
from django.urls import path

from foundation.journal.moves import AlreadyDone, Conflict, NotAllowed, done_already
from foundation.shortcuts import posted
from tests.foundation.shelf.models import Book


def form(request, pk):
    """Answers with what the form would show; a POST with a title goes through."""
    data = posted(request)
    if request.method == "POST" and data.get("title"):
        return HttpResponse(status=302, headers={"Location": "/done/"})
    return JsonResponse({"data": dict(data.lists()) if data else None, "kept": hasattr(request, "form_was_kept")})


def refusal(request, kind):
    book = Book.objects.first()
    if kind == "repeat":
        raise AlreadyDone(done_already(request.GET["key"], request.user))
    raise {"conflict": Conflict(book), "not-allowed": NotAllowed(book, "lend"), "bug": ZeroDivisionError()}[kind]


@login_not_required
def public(request):
    return HttpResponse("anonymous" if request.user.is_anonymous else "known")


urlpatterns = [
    path("forms/<int:pk>/", form),
    path("refusals/<str:kind>/", refusal),
    path("public/", public),
    path("accounts/login/", public, name="account_login"),
]
