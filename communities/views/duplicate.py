from django.core.exceptions import PermissionDenied
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from communities.access import CHANGE, demand, may
from communities.duplicates import compound_pairs, household_pairs, recorded_elsewhere, resident_pairs
from communities.forms.merge import DeclineForm, DuplicateFilter, DuplicateWithdrawForm
from communities.merging import two_for
from communities.models import NotTheSame
from communities.models.duplicate import MODELS, Kind
from foundation.acting import act
from foundation.shortcuts import get_for, page_of, posted

PER_PAGE = 25


@require_safe
def duplicate_list(request):
    """Records that may be one, in one place of one's reach: to compare, or to say that they are two."""
    demand(request.user, "people")
    chosen = DuplicateFilter(request.GET, user=request.user)
    page = page_of(request, found(request.user, chosen), PER_PAGE)
    page.object_list = with_rows(chosen.kind, page.object_list)
    if chosen.show == "declined":
        page.object_list = list(as_seen(request.user, chosen.kind, page.object_list))
    context = {"page": page, "filter": chosen, "kind": chosen.kind, "show": chosen.show}
    context["may_change"] = may(request.user, "people", CHANGE)
    return render(request, "communities/duplicate_list.html", context)


def found(user, chosen):
    """What the filter asks for: pairs, or statements that two are not the same."""
    if chosen.show == "declined":
        return NotTheSame.objects.visible_to(user).standing().of(chosen.kind).for_list()
    if chosen.kind == Kind.COMPOUND:
        return compound_pairs(user, chosen.place)
    if chosen.kind == Kind.HOUSEHOLD:
        return household_pairs(user, chosen.place)
    if chosen.show == "elsewhere":
        return recorded_elsewhere(user, chosen.place)
    return resident_pairs(user, chosen.place, chosen.reason)


def with_rows(kind, pairs):
    """[(pair, first row, second row)] with one query for all rows of the page."""
    pairs = [(pair, *numbers(pair)) for pair in pairs]
    pks = {pk for _pair, first, second in pairs for pk in (first, second)}
    rows = {row.pk: row for row in MODELS[kind].objects.filter(pk__in=pks).for_list()}
    return [(pair, rows[first], rows[second]) for pair, first, second in pairs if {first, second} <= set(rows)]


def as_seen(user, kind, lines):
    """The lines with the record that the reader sees first; None stands for one that lies outside the reader's area."""
    pks = {row.pk for _pair, *rows in lines for row in rows}
    seen = set(MODELS[kind].objects.visible_to(user).filter(pk__in=pks).values_list("pk", flat=True))
    for pair, *rows in lines:
        first, second = sorted(rows, key=lambda row: row.pk not in seen)
        yield pair, first, second if second.pk in seen else None


def numbers(pair):
    if isinstance(pair, tuple):
        return pair
    return (pair.first_id, pair.second_id) if isinstance(pair, NotTheSame) else (pair.first, pair.second)


@require_POST
def duplicate_decline(request, kind, first, second):
    """These two are not the same; they are not suggested again."""
    two = two_for(request.user, kind, first, second)
    if not two.may_merge:
        raise PermissionDenied
    form = DeclineForm(request.POST)
    form.is_valid()
    said = NotTheSame.objects.say(
        by=request.user,
        client_uuid=form.cleaned_data["client_uuid"],
        one=two.first,
        other=two.second,
        reason=form.cleaned_data.get("reason", ""),
    )
    return redirect(said)


def duplicate_withdraw(request, pk):
    """They may be the same after all."""
    said = get_for(request.user, NotTheSame, pk=pk, change=True)
    form = DuplicateWithdrawForm(posted(request), row=said)
    rows = with_rows(said.kind, [said])
    context = {"said": said, "rows": rows[0][1:] if rows else (), "title": _("They may be the same")}
    return act(request, form, said.withdraw, template="communities/duplicate_withdraw.html", context=context)
