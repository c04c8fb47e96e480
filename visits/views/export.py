"""Taking a list away as a table: exactly its rows, for a purpose that goes into the access log."""

from django.contrib import messages
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from foundation.journal.moves import accessed
from foundation.sheets import sheet_response
from visits.forms.visit import ExportForm

# A longer table is a job for the reports, not for one request.
MOST_ROWS = 20_000


def take_away(request, rows, *, name, title, back, table):
    """The `rows` (a queryset) as `name`.xlsx, or back to the list `back` with a word why not.

    `table(rows)` gives the headings and the lines.
    """
    form = ExportForm(request.POST)
    number = rows.count()
    refused = ""
    if not form.is_valid():
        refused = _("Nothing was exported: please say what the table is for.")
    elif number > MOST_ROWS:
        refused = _("Nothing was exported: more than %(rows)s rows. Please choose a shorter period.") % {
            "rows": MOST_ROWS
        }
    if refused:
        messages.error(request, refused)
        return redirect(f"{reverse(back)}?{request.GET.urlencode()}")
    accessed(rows.model, f"export:{name}", by=request.user, reason=form.cleaned_data["purpose"], rows=number)
    return sheet_response(name, title, *table(rows))
