"""Taking the lists of the registers away as a table: exactly what the list shows, for a purpose that goes into the access log."""

from django.contrib import messages
from django.core.exceptions import SuspiciousOperation
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from communities.forms.sheet import PurposeForm
from communities.lists import LISTS, MOST_ROWS, mark_of
from communities.models import Sheet
from foundation.jobs import start
from foundation.journal.moves import accessed
from foundation.sheets import file_response, sheet_response
from foundation.shortcuts import get_for, words_of

# A longer table is made by a worker and waits for a week.
MOST_AT_ONCE = 5_000


@require_POST
def household_export(request):
    return take_away(request, LISTS["households"])


@require_POST
def resident_export(request):
    return take_away(request, LISTS["residents"])


@require_POST
def care_export(request):
    return take_away(request, LISTS["care"])


@require_POST
def compound_export(request):
    return take_away(request, LISTS["compounds"])


@require_POST
def unit_export(request):
    return take_away(request, LISTS["units"])


@require_POST
def division_export(request):
    return take_away(request, LISTS["divisions"])


@require_POST
def staff_export(request):
    return take_away(request, LISTS["staff"])


def take_away(request, one):
    """The list as a table at once, or a job if it is long; without a purpose the page asks for it again."""
    words = words_of(request)
    _chosen, rows = one.ask(request.user, request.GET, words)
    form = PurposeForm(request.POST)
    number = rows.count()
    if form.is_valid() and number > MOST_ROWS:
        form.add_error(None, _("These are more than %(most)s rows. Please narrow the list.") % {"most": MOST_ROWS})
    if not form.is_valid():
        context = {"form": form, "one": one, "number": number}
        return render(request, "communities/sheet_create.html", context)
    purpose = form.cleaned_data["purpose"]
    if number > MOST_AT_ONCE:
        return redirect(ask_worker(request, one, words, number, **form.cleaned_data))
    accessed(one.model, f"export:{one.code}", by=request.user, reason=purpose, rows=number)
    mark = mark_of(request.user, purpose, number)
    return sheet_response(one.code, one.title, one.headings(), one.lines(rows), mark=mark)


def ask_worker(request, one, words, number, *, client_uuid, purpose, q):
    """The page of the job that makes the table; the same form again is the same job."""
    query = request.GET.urlencode()
    if len(query) > Sheet._meta.get_field("query").max_length:
        raise SuspiciousOperation("These filters are longer than any that the page makes.")
    sheet = Sheet.objects.ask(
        by=request.user,
        client_uuid=client_uuid,
        kind=one.code,
        query=query,
        words=words,
        purpose=purpose,
    )
    target = reverse("sheet_download", args=[sheet.pk])
    job = start("sheet", by=request.user, key=f"sheet:{sheet.pk}", target_url=target, total=number, sheet=sheet.pk)
    return job.get_absolute_url()


@never_cache
@require_safe
def sheet_download(request, pk):
    """A table that a worker has made, for the one who asked for it, as long as it is kept."""
    sheet = get_for(request.user, Sheet, pk=pk)
    if not sheet.file:
        messages.info(request, _("This table is not there any more, or not yet. It can be taken away again."))
        return redirect(f"{reverse(LISTS[sheet.kind].page)}?{sheet.query}")
    return file_response(sheet.kind, sheet.file)
