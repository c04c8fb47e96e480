"""表格填报: bring a superior's blank Excel, say once what belongs where, choose rows, take it away filled."""

from functools import partial

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from communities import lists
from communities.access import may_reveal
from communities.blanks import filling, sources
from communities.blanks.registers import REGISTERS
from communities.forms.blank import BlankFillForm, BlankMapForm, BlankUploadForm
from communities.models import BlankFill, BlankForm
from communities.models.blank import MOST_ROWS, works_with_forms
from foundation.acting import act
from foundation.journal.moves import accessed
from foundation.sheets import file_response
from foundation.shortcuts import get_for, page_of, posted, words_of

PREVIEWED = 20
FILLS_SHOWN = 10


def demand_forms(user):
    if not works_with_forms(user):
        raise PermissionDenied


def blank_list(request):
    """Forms of the area, mapped once for everybody, and what one has filled in oneself."""
    demand_forms(request.user)
    page = page_of(request, BlankForm.objects.visible_to(request.user).standing().for_list())
    mine = BlankForm.objects.changeable_by(request.user).filter(pk__in=[form.pk for form in page.object_list])
    context = {
        "page": page,
        "changeable": set(mine.values_list("pk", flat=True)),
        "fills": BlankFill.objects.visible_to(request.user).for_list()[:FILLS_SHOWN],
    }
    return render(request, "communities/blank_list.html", context)


def blank_create(request):
    """Bring a blank form. One that the area knows goes straight to choosing rows; a new one asks what belongs where."""
    demand_forms(request.user)
    form = BlankUploadForm(posted(request), request.FILES or None, user=request.user)
    if request.method == "POST" and form.is_valid():
        fill = BlankFill.objects.begin(by=request.user, **form.cleaned_data)
        return redirect(next_step(request, fill))
    return render(request, "communities/blank_create.html", {"form": form})


def next_step(request, fill):
    """Where the draft goes on: mapping if nobody has said yet what belongs where, else choosing rows."""
    if fill.form.is_mapped:
        messages.success(
            request, _("This form is known here: %(name)s. Nothing needs to be mapped.") % {"name": fill.form}
        )
        return reverse("blank_rows", args=[fill.pk])
    return reverse("blank_map", args=[fill.form_id], query={"fill": fill.pk})


@require_POST
def blank_again(request, pk):
    """Fill the form again, in the empty copy that was brought last."""
    demand_forms(request.user)
    form = get_for(request.user, BlankForm, pk=pk)
    fill = BlankFill.objects.again(by=request.user, form=form)
    return redirect(next_step(request, fill))


def blank_map(request, pk):
    """Say of each heading what belongs under it. Choosing another register asks again, with its fields."""
    blank = get_for(request.user, BlankForm, pk=pk, change=True)
    form = BlankMapForm(posted(request), row=blank, user=request.user)
    if "again" in request.POST:
        form = chosen_again(form, request, blank)
    context = {"blank": blank, "fill": draft_of(request, blank)}
    to = context["fill"] and reverse("blank_rows", args=[context["fill"].pk])
    if "again" in request.POST:
        return render(request, "communities/blank_map.html", {"form": form, "conflict": None, **context})
    return act(request, form, blank.map, template="communities/blank_map.html", context=context, to=to or "blank_list")


def chosen_again(form, request, blank):
    """The same form, not judged yet, with suggestions from the registers that were just chosen."""
    blank.mapping = {part["block"]["key"]: {"register": part["register"].value(), "fields": {}} for part in form.parts}
    fresh = BlankMapForm(None, row=blank, user=request.user)
    fresh.initial["name"] = request.POST.get("name", blank.name)
    return fresh


def draft_of(request, blank):
    """The draft for which the mapping is asked, if the address names one of one's own."""
    asked = request.GET.get("fill", "")
    drafts = BlankFill.objects.visible_to(request.user).filter(form=blank, filled_at__isnull=True)
    return drafts.filter(pk=asked).first() if asked.isdecimal() else None


def mapped_draft(user, pk):
    """One's own draft whose form is mapped; a filled one is done (404), as is one whose files are gone."""
    fill = get_for(user, BlankFill.objects.select_related("form"), pk=pk)
    if fill.is_cleared or not fill.form.is_mapped:
        raise Http404
    return fill


def blank_rows(request, pk):
    """Choose who stands in the form: filters and words as in the list of the register, all that fit or ticked ones."""
    user = request.user
    fill = mapped_draft(user, pk)
    if fill.is_filled:
        return redirect(fill)
    block = block_asked_for(fill, request.GET.get("block"))
    register = REGISTERS[fill.form.mapping[block["key"]]["register"]]
    words = words_of(request)
    chosen, rows = rows_to_choose(register, user, request.GET, words)
    if request.method == "POST" and "take" in request.POST:
        return redirect(take(request, fill, block, rows))
    taken = fill.chosen(block["key"])
    page = page_of(request, rows)
    context = {
        "fill": fill,
        "block": block,
        "register": register,
        "filter": chosen,
        "words": words,
        "page": page,
        "rows": [(row, register.title(row), row.pk in set(taken)) for row in page.object_list],
        "taken": len(taken),
        "blocks": blocks_with_numbers(fill),
        "most": MOST_ROWS,
    }
    return render(request, "communities/blank_rows.html", context)


def block_asked_for(fill, number):
    return (
        fill.blocks[int(number)] if number and number.isdecimal() and int(number) < len(fill.blocks) else fill.blocks[0]
    )


def blocks_with_numbers(fill):
    return [(number, block, len(fill.chosen(block["key"]))) for number, block in enumerate(fill.blocks)]


def rows_to_choose(register, user, query, words):
    """(filter, rows) as the list of the register shows them."""
    chosen, rows = lists.LISTS[register.code].ask(user, query, words)
    # The list of the care register also shows what has ended; a form is about those who count today.
    return chosen, rows.current() if register.code == "care" else rows


def take(request, fill, block, rows):
    """Add all rows that fit, or the ticked ones; or begin anew. Returns where to go on."""
    taken = fill.chosen(block["key"])
    how = request.POST["take"]
    if how == "none":
        wanted = []
    else:
        if how == "ticked":
            ticked = [int(pk) for pk in request.POST.getlist("row") if pk.isdecimal()]
            rows = rows.filter(pk__in=ticked)
        fitting = list(rows.order_by().values_list("pk", flat=True)[: MOST_ROWS + 1])
        wanted = list(dict.fromkeys([*taken, *fitting]))
    if len(wanted) > MOST_ROWS:
        messages.error(
            request, _("A form takes %(most)s rows at most. Please narrow the choice.") % {"most": MOST_ROWS}
        )
    else:
        fill.choose(by=request.user, block=block["key"], pks=wanted)
    return f"{request.path}?{request.GET.urlencode()}"


@never_cache
def blank_fill(request, pk):
    """Look at what would stand in the form, numbers masked, and fill it for a purpose."""
    fill = mapped_draft(request.user, pk)
    if request.method == "GET" and fill.is_filled:
        return redirect(fill)
    if not any(fill.chosen(block["key"]) for block in fill.blocks):
        messages.info(request, _("Nothing is chosen yet."))
        return redirect("blank_rows", pk)
    parts = filling.answer(fill, request.user)
    secrets = filling.wants_secrets(fill) and any(
        may_reveal(request.user, row) for part in parts for row in part.rows[:PREVIEWED]
    )
    form = BlankFillForm(posted(request), row=fill, secrets=secrets)
    context = {
        "fill": fill,
        "parts": [preview(part) for part in parts],
        "gaps": sum(part.gaps for part in parts),
        "asks_secrets": filling.wants_secrets(fill),
        "most": PREVIEWED,
    }
    verb = partial(filling.carry_out, fill)
    return act(request, form, verb, template="communities/blank_fill.html", context=context)


def preview(part):
    """What the page shows of a block: its headings and first rows."""
    return {"block": part.block, "lines": part.lines[:PREVIEWED], "number": len(part.lines), "gaps": part.gaps}


def blank_fill_detail(request, pk):
    """A filled form: taking it away, its gaps with where to mend them, and of every cell where it comes from."""
    fill = get_for(request.user, BlankFill.objects.select_related("form"), pk=pk)
    if not fill.is_filled:
        return redirect(next_step(request, fill))
    context = {"fill": fill}
    if not fill.is_cleared:
        lines = sources.lines(fill)
        context |= {"gaps": gaps_by_record(lines), "page": page_of(request, by_record(lines))}
    return render(request, "communities/blank_fill_detail.html", context)


def by_record(lines):
    """The cells gathered by the record they come from: [(title, url, [line])], in the order of the form."""
    found = {}
    for line in lines:
        if not line.is_serial:
            found.setdefault(line.record, []).append(line)
    return [(group[0].title, group[0].url, group) for group in found.values()]


def gaps_by_record(lines):
    """What is missing, by record: [(title, where to mend it, [heading])]."""
    found = {}
    for line in lines:
        if line.is_gap:
            fix = line.fix
            address = sources.fix_page(fix) if fix else ""
            found.setdefault((line.record, address), []).append(line)
    return [(group[0].title, address, group) for (_record, address), group in found.items()]


@require_POST
def blank_fill_download(request, pk):
    """The working copy with its sources, or with `copy=clean` the form alone, to be handed in. Each leaves an access row."""
    fill = get_for(request.user, BlankFill.objects.select_related("form"), pk=pk)
    if not fill.is_filled or fill.is_cleared:
        raise Http404
    clean = request.POST.get("copy") == "clean"
    accessed(fill, "export:blank_forms", by=request.user, reason=fill.purpose, rows=fill.rows)
    return file_response(f"form-{fill.pk}", fill.result if clean else sources.working_copy(fill))
