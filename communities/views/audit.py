from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from communities.access import demand
from communities.forms.audit import AccessFilter, EntryFilter, ExportForm
from communities.models import AuditAccess, AuditEntry, Staff
from communities.views.lists import words_of
from communities.words import lines
from foundation.journal.moves import accessed
from foundation.sheets import sheet_response
from foundation.shortcuts import page_of

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
    form = ExportForm(request.POST)
    if not form.is_valid():
        return journal_page(request, AuditEntry, EntryFilter, "communities/entry_list.html", export=form)
    headings = [_("When"), _("Who"), _("On behalf of"), _("What was done"), _("About"), _("Details"), _("Place code")]
    found = taken_away(request, AuditEntry, EntryFilter, "entries", **form.cleaned_data)
    return sheet_response("journal", _("Journal"), headings, map(entry_cells, found))


@require_POST
def access_export(request):
    """The same for the log of accesses."""
    form = ExportForm(request.POST)
    if not form.is_valid():
        return journal_page(request, AuditAccess, AccessFilter, "communities/access_list.html", export=form)
    headings = [_("When"), _("Who"), _("On behalf of"), _("What"), _("Of"), _("Reason"), _("Occasion"), _("Rows")]
    found = taken_away(request, AuditAccess, AccessFilter, "accesses", **form.cleaned_data)
    return sheet_response("accesses", _("Log of accesses"), headings, map(access_cells, found))


def taken_away(request, model, filter_form, name, *, purpose):
    """The lines behind the list, logged as an export."""
    demand(request.user, "audit")
    rows = rows_found(request, model, filter_form(request.GET), words_of(request)).for_list()
    found = lines(rows[:MOST_EXPORTED])
    accessed(model, f"export:{name}", by=request.user, reason=purpose, rows=len(found))
    return found


def entry_cells(line):
    return [*people_cells(line.row), line.words, line.thing, line.details, line.row.area_path]


def access_cells(line):
    return [*people_cells(line.row), line.words, line.thing, line.row.reason, line.occasion, line.row.rows]


def people_cells(row):
    actor = row.actor.name if row.actor else _("The clock")
    return [row.at, actor, row.on_behalf_of.name if row.on_behalf_of else ""]
