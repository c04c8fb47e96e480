from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from communities.access import READ, demand, may, may_reveal
from communities.forms.suggestion import (
    SuggestionAcceptForm,
    SuggestionDeclineForm,
    SuggestionForm,
    SuggestionRevealForm,
    SuggestionWithdrawForm,
)
from communities.models import Suggestion
from communities.suggesting import found_in_district, may_change, reachable
from communities.words import thing_word
from communities.workflow import Advice
from foundation.acting import act
from foundation.shortcuts import get_for, page_of, posted, words_of


@require_safe
def suggestion_list(request):
    """更正建议: what waits for the reader's decision, and what the reader suggested."""
    user = request.user
    show = request.GET.get("show", "")
    to_decide = Suggestion.objects.changeable_by(user).open()
    rows = {"mine": Suggestion.objects.of(user), "all": Suggestion.objects.visible_to(user)}.get(show, to_decide)
    context = {
        "page": page_of(request, rows.for_list()),
        "show": show if show in ("mine", "all") else "",
        "waiting": to_decide.count(),
        "finds": may(user, "places", READ),
        "crumbs": [(_("Registers"), reverse("register_home")), (_("Suggested corrections"), "")],
    }
    return render(request, "communities/suggestion_list.html", context)


def suggestion_find(request):
    """A place, compound or unit elsewhere in one's district, of which something is wrong."""
    demand(request.user, "places")
    words = words_of(request)
    context = {
        "words": words,
        "found": [
            (kind, row, thing_word(f"communities.{kind}")) for kind, row in found_in_district(request.user, words)
        ]
        if words
        else [],
        "crumbs": [
            (_("Registers"), reverse("register_home")),
            (_("Suggested corrections"), reverse("suggestion_list")),
            (_("Elsewhere in the district"), ""),
        ],
    }
    return render(request, "communities/suggestion_find.html", context)


def suggestion_create(request, kind, pk):
    """Suggest another value for one field of a thing that one sees but may not change. First the field, then the value."""
    row, fields = reachable(request.user, kind, pk)
    if may_change(request.user, row):
        return redirect(f"{kind}_edit", *([row.code] if kind == "division" else [pk]))
    field = request.GET.get("field", "")
    context = {"row": row, "thing": thing_word(f"communities.{kind}"), "field": field}
    if field not in fields:
        context["fields"] = [(name, row._meta.get_field(name).verbose_name) for name in fields]
        return render(request, "communities/suggestion_create.html", context)
    form = SuggestionForm(posted(request), kind=kind, row=row, field=field, user=request.user)
    if request.method == "POST" and form.is_valid():
        return redirect(Suggestion.objects.suggest(by=request.user, row=row, field=field, **form.cleaned_data))
    context |= {"form": form, "label": row._meta.get_field(field).verbose_name}
    return render(request, "communities/suggestion_create.html", context)


@require_safe
def suggestion_detail(request, pk):
    suggestion = get_for(request.user, Suggestion.objects.for_detail(), pk=pk)
    return render(request, "communities/suggestion_detail.html", facts(request, suggestion))


def facts(request, suggestion):
    """What the page shows: three values side by side, and the forms of those who decide."""
    user = request.user
    decides = suggestion.may_be_decided_by(user)
    return {
        "suggestion": suggestion,
        "thing": thing_word(f"communities.{suggestion.kind}"),
        "sees_thing": type(suggestion.subject).objects.visible_to(user).filter(pk=suggestion.subject.pk).exists(),
        "decides": decides,
        "may_withdraw": suggestion.status == Advice.OPEN and suggestion.created_by_id == user.pk,
        "may_reveal": suggestion.is_secret and may_reveal(user, suggestion.subject),
        "accept_form": SuggestionAcceptForm(row=suggestion) if decides else None,
        "crumbs": [
            (_("Registers"), reverse("register_home")),
            (_("Suggested corrections"), reverse("suggestion_list")),
            (suggestion.field_label, ""),
        ],
    }


def suggestion_accept(request, pk):
    """Carry the suggested correction out."""
    suggestion = get_for(request.user, Suggestion.objects.for_detail(), pk=pk, change=True)
    if request.method != "POST":
        return redirect(suggestion)
    form = SuggestionAcceptForm(request.POST, row=suggestion)
    context = facts(request, suggestion) | {"accept_form": form}
    return act(request, form, suggestion.accept, template="communities/suggestion_detail.html", context=context)


def suggestion_decline(request, pk):
    """Leave the thing as it is, for a reason."""
    suggestion = get_for(request.user, Suggestion.objects.for_detail(), pk=pk, change=True)
    form = SuggestionDeclineForm(posted(request), row=suggestion)
    context = {"suggestion": suggestion}
    return act(request, form, suggestion.decline, template="communities/suggestion_decline.html", context=context)


def suggestion_withdraw(request, pk):
    """Whoever suggested it was mistaken."""
    suggestion = get_for(request.user, Suggestion.objects.for_detail(), pk=pk)
    if suggestion.created_by_id != request.user.pk:
        raise PermissionDenied
    form = SuggestionWithdrawForm(posted(request), row=suggestion)
    context = {"suggestion": suggestion}
    return act(request, form, suggestion.withdraw, template="communities/suggestion_withdraw.html", context=context)


@never_cache
def suggestion_reveal(request, pk):
    """The suggested number in full, after a reason that is logged; shown in the answer to this one POST and kept nowhere."""
    suggestion = get_for(request.user, Suggestion.objects.for_detail(), pk=pk, change=True)
    if not suggestion.is_secret:
        raise Http404
    if not may_reveal(request.user, suggestion.subject):
        raise PermissionDenied
    form = SuggestionRevealForm(posted(request))
    context = {"suggestion": suggestion, "form": form}
    if request.method == "POST" and form.is_valid():
        context["shown"] = suggestion.reveal(by=request.user, **form.cleaned_data)
    return render(request, "communities/suggestion_reveal.html", context)
