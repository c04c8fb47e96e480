"""The job that makes a long table."""

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from communities.lists import LISTS, MOST_ROWS, mark_of
from communities.models import Sheet
from foundation.jobs import JobFailed, runs
from foundation.journal.moves import accessed
from foundation.sheets import sheet as workbook

EVERY = 200


@runs(
    "sheet",
    label=_("Table of a list"),
    outcome=_("%(rows)s rows. The table is kept for seven days, for you alone."),
    failures={
        "no_right": _("You may no longer see this list."),
        "too_long": _("The list has become too long. Please narrow it."),
    },
)
def make_sheet(job):
    """Ask the list again with the owner's rights of this moment, write it as a stream, keep it encrypted."""
    asked, user = Sheet.objects.get(pk=job.params["sheet"]), job.owner
    one = LISTS[asked.kind]
    with override(user.language or settings.LANGUAGE_CODE):
        try:
            _chosen, rows = one.ask(user, QueryDict(asked.query), asked.words)
        except PermissionDenied:
            raise JobFailed("no_right") from None
        number = rows.count()
        if number > MOST_ROWS:
            raise JobFailed("too_long")
        mark = mark_of(user, asked.purpose, number)
        file = workbook(one.title, one.headings(), counted(job, one.lines(rows), number), mark=mark)
    with transaction.atomic():
        accessed(one.model, f"export:{one.code}", by=user, reason=asked.purpose, rows=number)
        asked.keep(file=file, rows=number)
    return {"rows": number}


def counted(job, lines, total):
    """The lines, with a word about the progress now and then."""
    for number, line in enumerate(lines, 1):
        if number % EVERY == 0:
            job.progress(number, total)
        yield line
