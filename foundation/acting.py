"""The one way in which a page changes a row that others may be changing, too."""

from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from foundation.journal.moves import AlreadyDone, Conflict, done_already, timeline


def act(request, form, verb, *, template, context=None, to=None):
    """Show the form, or let `verb(by=…, key=…, **what was typed)` act and go to `to` (by default the row's page).

    `form` is a `GuardedForm`. Two people on one page: the second gets the page again with status 409, what the first did, both
    versions side by side, and everything typed still in the form. Sending the same form twice is one act.
    """
    row = form.row
    status = 200
    conflict = None
    if request.method == "POST" and form.is_valid():
        try:
            perform(request, form, verb)
            return redirect(to or row)
        except AlreadyDone:
            return redirect(to or row)
        except Conflict:
            fresh = type(row)._base_manager.get(pk=row.pk)
            conflict = both_versions(form, fresh)
            form.look_again(fresh)
            status = 409
    return render(request, template, {"form": form, "conflict": conflict, **(context or {})}, status=status)


def perform(request, form, verb):
    """Call the verb unless this very form has been carried out, or the row is not the one that was on the screen."""
    if done_already(form.key_sent, request.user):
        return
    if form.seen is not None and form.seen != form.row.version:
        raise Conflict(form.row)
    verb(by=request.user, key=form.key_sent, **form.cleaned_data)


def both_versions(form, fresh):
    """What happened since the reader's version, and for each field of the form that differs: (label, theirs, mine)."""
    missed = max(fresh.version - (form.seen or fresh.version), 1)
    fields = []
    for name, mine in form.cleaned_data.items():
        if hasattr(fresh, name) and not hasattr(getattr(fresh, name), "all"):
            theirs = getattr(fresh, name)
            if theirs != mine:
                fields.append(
                    (form.fields[name].label or name, shown(fresh, name, theirs), shown_choice(form, name, mine))
                )
    return {"entries": timeline(fresh)[-missed:], "fields": fields}


def shown(row, name, value):
    display = getattr(row, f"get_{name}_display", None)
    return display() if display else plain(value)


def shown_choice(form, name, value):
    choices = dict(getattr(form.fields[name], "choices", None) or ()) if not hasattr(value, "pk") else {}
    return choices.get(value) or plain(value)


def plain(value):
    """A value as a person reads it."""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return "—" if value in (None, "") else str(value)
