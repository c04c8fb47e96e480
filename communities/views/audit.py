from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from communities.access import demand
from communities.forms.audit import AccessFilter, EntryFilter, ExportForm
from communities.models import AuditAccess, AuditEntry, Staff
from communities.words import lines
from foundation.journal.moves import accessed
from foundation.sheets import sheet_response
from foundation.shortcuts import page_of, words_of

MOST_EXPORTED = 50_000


def entry_list(request):
    """The journal of the auditor's area: who did what to which thing, and when. Looking at it is not logged, taking it away is."""
    return journal_page(request, AuditEntry, EntryFilter, "communities/entry_list.html")


def access_list(request):
    """Every look at personal data and every export in the auditor's area, with its reason."""
    return journal_page(request, AuditAccess, AccessFilter, "communities/access_list.html")


def journal_page(request, model, filter_form, template, export=None):
    demand(request.user, "audit")
    chosen = filter_form(request.GET)
    words = words_of(request)
    page = page_of(request, rows_found(request, model, chosen, words).for_list())
    context = {
        "page": page,
        "lines": lines(page.object_list),
        "filter": chosen,
        "person": person_chosen(request.user, chosen),
        "words": words,
        "export": export or ExportForm(),
    }
    return render(request, template, context)


def rows_found(request, model, chosen, words):
    rows = chosen.narrow(model.objects.visible_to(request.user))
    return rows.by_person_like(words) if words else rows


def person_chosen(user, chosen):
    """The person whose acts are shown alone, if the reader may see that person."""
    pk = chosen.cleaned_data.get("person")
    return Staff.objects.visible_to(user).filter(pk=pk).first() if pk else None


@require_POST
def entry_export(request):
    """The lines that the list shows, as .xlsx, for a purpose that is logged."""
    demand(request.user, "audit")
    form = ExportForm(request.POST)
    found = taken_away(request, form, AuditEntry, EntryFilter, "entries")
    if found is None:
        return journal_page(request, AuditEntry, EntryFilter, "communities/entry_list.html", export=form)
    headings = [_("When"), _("Who"), _("On behalf of"), _("What was done"), _("About"), _("Details"), _("Place code")]
    return sheet_response("journal", _("Journal"), headings, map(entry_cells, found))


@require_POST
def access_export(request):
    """The same for the log of accesses."""
    demand(request.user, "audit")
    form = ExportForm(request.POST)
    found = taken_away(request, form, AuditAccess, AccessFilter, "accesses")
    if found is None:
        return journal_page(request, AuditAccess, AccessFilter, "communities/access_list.html", export=form)
    headings = [_("When"), _("Who"), _("On behalf of"), _("What"), _("Of"), _("Reason"), _("Occasion"), _("Rows")]
    return sheet_response("accesses", _("Log of accesses"), headings, map(access_cells, found))


def taken_away(request, form, model, filter_form, name):
    """The lines behind the list, logged as an export; None, and the reason in the form, if there is no purpose or there are too many."""
    if not form.is_valid():
        return None
    rows = rows_found(request, model, filter_form(request.GET), words_of(request)).for_list()
    found = lines(rows[: MOST_EXPORTED + 1])
    if len(found) > MOST_EXPORTED:
        form.add_error(
            None, _("These are more than %(most)s lines. Choose a shorter period.") % {"most": MOST_EXPORTED}
        )
        return None
    accessed(model, f"export:{name}", by=request.user, reason=form.cleaned_data["purpose"], rows=len(found))
    return found


def entry_cells(line):
    return [*people_cells(line.row), line.words, line.thing, line.details, line.row.area_path]


def access_cells(line):
    return [*people_cells(line.row), line.words, line.thing, line.row.reason, line.occasion, line.row.rows]


def people_cells(row):
    actor = row.actor.name if row.actor else _("The clock")
    return [row.at, actor, row.on_behalf_of.name if row.on_behalf_of else ""]
