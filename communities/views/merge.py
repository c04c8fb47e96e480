from django.contrib import messages
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from communities.access import demand
from communities.breadcrumb import way_to
from communities.forms.merge import DeclineForm, HouseholdSplitForm, MergeForm, MergeUndoForm
from communities.merging import REFUSALS, counts_of, names_in, place_of, two_for
from communities.models import Household, Merge
from communities.models.duplicate import MODELS
from communities.models.merge import Why
from communities.views.household import tail_of
from communities.words import field_words
from foundation.acting import act
from foundation.journal.models import Conflict
from foundation.refusals import Merged
from foundation.shortcuts import get_for, page_of, posted, words_of


def merge_compare(request, kind, first, second):
    """Two records side by side; the choice which one stays and which values, or a proposal where one lies in another area."""
    two = two_for(request.user, kind, first, second)
    if not two.may_merge:
        return render(request, "communities/merge_propose.html", {"two": two, "place": place_of(two.own)})
    if two.merged and request.method != "POST":
        raise Merged(two.merged)
    joined = request.GET.get("why") == Why.JOINED
    form = MergeForm(
        posted(request), two=two, why=Why.JOINED if joined else Why.SAME, stays="first" if joined else None
    )
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            merge = Merge.objects.merge(
                by=request.user, client_uuid=form.cleaned_data["client_uuid"], **form.merge_facts()
            )
            return redirect(merge)
        except Conflict:
            two = two_for(request.user, kind, first, second)
            if two.merged:
                raise
            form, status = MergeForm(two=two, why=form.cleaned_data["why"], stays=form.cleaned_data["stays"]), 409
    context = {
        "two": two,
        "form": form,
        "decline": DeclineForm(),
        "places": [(place_of(row), names_in(row)) for row in two.rows],
    }
    return render(request, "communities/merge_compare.html", context | {"changed": status == 409}, status=status)


@require_POST
def merge_propose(request, kind, first, second):
    """Ask those who answer for both areas to merge."""
    two = two_for(request.user, kind, first, second)
    if two.may_merge:
        return redirect("merge_compare", kind=kind, first=first, second=second)
    people = two.propose()
    if people:
        messages.success(request, _("Proposed to %(names)s.") % {"names": _(", ").join(user.name for user in people)})
    else:
        messages.warning(request, _("Nobody answers for both areas at present; please tell the district."))
    return redirect(two.own)


@require_safe
def merge_list(request):
    """What was merged and split in one's reach, the latest first."""
    demand(request.user, "people")
    page = page_of(request, Merge.objects.visible_to(request.user).whole().for_list(), 25)
    context = {"page": page, "rows": with_both(request.user, page.object_list), "now": timezone.now()}
    return render(request, "communities/merge_list.html", context)


def with_both(user, merges):
    """[(merge, kept or None, gone or None)]: a record that the reader does not see stays away; one query for each kind."""
    rows = {}
    for kind, model in MODELS.items():
        pks = {pk for merge in merges if merge.kind == kind for pk in (merge.kept_id, merge.gone_id)}
        if pks:
            found = model.objects.visible_to(user).filter(pk__in=pks).for_list()
            rows |= {(kind, row.pk): row for row in found}
    return [(merge, rows.get((merge.kind, merge.kept_id)), rows.get((merge.kind, merge.gone_id))) for merge in merges]


def merge_detail(request, pk):
    """One merge: who, when, what was moved, what stayed behind, and until when it can be undone."""
    merge = get_for(request.user, Merge.objects.for_list(), pk=pk)
    (_merge, kept, gone), *_rest = with_both(request.user, [merge])
    return render(request, "communities/merge_detail.html", facts_of(request.user, merge, kept, gone))


def facts_of(user, merge, kept, gone):
    now = timezone.now()
    refusal = merge.undo_refusal(now)
    return {
        "merge": merge,
        "kept": kept,
        "gone": gone,
        "moved": counts_of(
            user, [move for move in merge.moved if move[1] not in ("area_path", "compound_id", "building_id")]
        ),
        "stayed": counts_of(user, merge.stayed),
        "left": counts_of(user, merge.left),
        "taken": field_words(merge.model._meta.label_lower, merge.taken),
        "refusal": REFUSALS.get(refusal, ""),
        "may_undo": not refusal and Merge.objects.changeable_by(user).filter(pk=merge.pk).exists(),
        "parts": merge.parts.count(),
    }


def merge_undo(request, pk):
    """Put back what was moved, within thirty days."""
    merge = get_for(request.user, Merge.objects.for_list(), pk=pk, change=True)
    form = MergeUndoForm(posted(request), row=merge)
    (_merge, kept, gone), *_rest = with_both(request.user, [merge])
    context = facts_of(request.user, merge, kept, gone)
    return act(request, form, merge.undo, template="communities/merge_undo.html", context=context)


def household_split(request, pk):
    """Some who live here form a household of their own."""
    user = request.user
    household = get_for(user, Household.objects.for_detail(), pk=pk, change=True)
    form = HouseholdSplitForm(posted(request), household=household)
    if request.method == "POST":
        if done := sent_before(user, form):
            return redirect(done)
        if form.is_valid():
            facts = form.cleaned_data
            return redirect(Merge.objects.split(by=user, household=household, **facts))
    context = {
        "household": household,
        "form": form,
        "visits": household.visits.visible_to(user).standing().count(),
        "issues": household.issues.visible_to(user).for_reader(user).filter(is_confided=True).count(),
        "crumbs": way_to(user, household.compound.line, *tail_of(household, (_("Split the household"), ""))),
    }
    return render(request, "communities/household_split.html", context)


def sent_before(user, form):
    """What this very form has made already, so that sending it twice is no second act and no error."""
    uuid = form.fields["client_uuid"].to_python(form["client_uuid"].value() or None) if form.is_bound else None
    return Merge.objects.visible_to(user).filter(client_uuid=uuid, created_by=user).first() if uuid else None


def household_join(request, pk):
    """Which household of the compound joins this one; the comparison of both is the preview."""
    user = request.user
    household = get_for(user, Household.objects.for_detail(), pk=pk, change=True)
    words = words_of(request)
    others = household.compound.households.standing().exclude(pk=pk)
    others = others.found_by(words) if words else others.filter(building=household.building)
    page = page_of(request, others.for_list(), 25)
    crumbs = way_to(user, household.compound.line, *tail_of(household, (_("Join with another household"), "")))
    context = {"household": household, "page": page, "words": words, "crumbs": crumbs}
    return render(request, "communities/household_join.html", context)
