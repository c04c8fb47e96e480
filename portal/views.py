from django.contrib.auth.decorators import login_not_required
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from foundation.shortcuts import words_of
from portal.health import reasons_not_ready
from portal.navigation import first_page
from portal.searching import FEWEST_LETTERS, find


def home(request):
    """Everybody's own first page: what this role must answer every morning (product.md)."""
    return redirect(first_page(request.user))


def search(request):
    """One box over everything that the reader may see. The words travel by POST: they may be somebody's name."""
    words = words_of(request)
    context = {"words": words, "groups": find(request.user, words), "too_short": 0 < len(words) < FEWEST_LETTERS}
    return render(request, "portal/search.html", context)


@login_not_required
@require_safe
@never_cache
def healthz(request):
    """The process lives."""
    return HttpResponse("ok", content_type="text/plain")


@login_not_required
@require_safe
@never_cache
def readyz(request):
    """200 if database, queue and clock work, else 503 with the reasons."""
    reasons = reasons_not_ready(now=timezone.now())
    return JsonResponse({"ready": not reasons, "reasons": reasons}, status=503 if reasons else 200)


@login_not_required
def csrf_failure(request, reason=""):
    """The form's proof of origin is missing or old; say what to do instead of a bare 403."""
    return render(request, "403.html", {"csrf": True}, status=403)
