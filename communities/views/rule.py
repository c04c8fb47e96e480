"""Pages of the rules: care categories, standards of the care levels, retention; and who may see sensitive categories."""

from contextlib import suppress

from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from communities.access import CHANGE, demand, may
from communities.forms.rule import (
    CategoryCreateForm,
    CategoryEditForm,
    GrantEndForm,
    GrantForm,
    RetentionCreateForm,
    RetentionEditForm,
    StandardCreateForm,
    StandardEditForm,
)
from communities.models import CareCategory, CareGrant, CareStandard, Division, RetentionRule, Staff
from foundation.acting import act
from foundation.journal.moves import AlreadyDone, Conflict, history
from foundation.shortcuts import get_for, page_of, posted


def category_list(request):
    return rules_page(request, CareCategory, "communities/category_list.html")


def category_create(request):
    return rule_page(
        request, CategoryCreateForm, CareCategory.objects.add, "category_list", "communities/category_create.html"
    )


def category_edit(request, pk):
    return edit_page(request, CareCategory, pk, CategoryEditForm, "category_list", "communities/category_edit.html")


def standard_list(request):
    return rules_page(request, CareStandard, "communities/standard_list.html")


def standard_create(request):
    """A standard of a place's own, instead of the one above."""
    return rule_page(
        request, StandardCreateForm, set_for(CareStandard), "standard_list", "communities/standard_create.html"
    )


def standard_edit(request, pk):
    return edit_page(request, CareStandard, pk, StandardEditForm, "standard_list", "communities/standard_edit.html")


def retention_list(request):
    return rules_page(request, RetentionRule, "communities/retention_list.html")


def retention_create(request):
    return rule_page(
        request, RetentionCreateForm, set_for(RetentionRule), "retention_list", "communities/retention_create.html"
    )


def retention_edit(request, pk):
    return edit_page(request, RetentionRule, pk, RetentionEditForm, "retention_list", "communities/retention_edit.html")


def set_for(model):
    return lambda area_path, **facts: model.objects.set_for(area_path, **facts)


def rules_page(request, model, template):
    """The rules that hold for the reader's places, those of the whole installation first."""
    user = request.user
    demand(user, "care_rules")
    rules = list(model.objects.visible_to(user).for_list())
    places = {place.code: place for place in Division.objects.filter(code__in={row.area_path for row in rules})}
    mine = set(model.objects.changeable_by(user).values_list("pk", flat=True))
    context = {
        "rules": [(row, places.get(row.area_path), row.pk in mine) for row in rules],
        "may_change": may(user, "care_rules", CHANGE),
    }
    return render(request, template, context)


def rule_page(request, form_class, verb, to, template):
    """A new rule of a place."""
    demand(request.user, "care_rules", CHANGE)
    form = form_class(posted(request), user=request.user)
    if request.method == "POST" and form.is_valid():
        try:
            with suppress(AlreadyDone):
                verb(by=request.user, **form.facts)
            return redirect(to)
        except Conflict:
            form.add_error(None, _("This place has a rule of its own already: please correct that one."))
    return render(request, template, {"form": form})


def edit_page(request, model, pk, form_class, to, template):
    rule = get_for(request.user, model, pk=pk, change=True)
    form = form_class(posted(request), row=rule)
    context = {"rule": rule, "place": Division.objects.filter(code=rule.area_path).first(), "past": history(rule)}
    return act(request, form, rule.correct, template=template, context=context, to=to)


def grant_list(request):
    """Who may see which group of sensitive categories, and where; what is over stands behind a link."""
    demand(request.user, "staff")
    today = timezone.localdate()
    grants = CareGrant.objects.visible_to(request.user)
    show = "all" if request.GET.get("show") == "all" else ""
    if not show:
        grants = grants.not_over(today)
    page = page_of(request, grants.for_list())
    places = {place.code: place for place in Division.objects.filter(code__in={row.area_path for row in page})}
    context = {
        "page": page,
        "rows": [(row, places.get(row.area_path), row.is_over(today)) for row in page],
        "show": show,
        "endable": set(CareGrant.objects.changeable_by(request.user).not_over(today).values_list("pk", flat=True)),
    }
    return render(request, "communities/grant_list.html", context)


def grant_create(request, pk):
    """Let the person `pk` see a group of sensitive categories. Never oneself."""
    person = get_for(request.user, Staff, pk=pk, change=True)
    form = GrantForm(posted(request), person=person, user=request.user)
    if request.method == "POST" and form.is_valid():
        try:
            with suppress(AlreadyDone):
                CareGrant.objects.grant(by=request.user, user=person, **form.facts)
            return redirect(person)
        except Conflict:
            form.add_error("group", _("This person has this permission there from the same day already."))
    return render(request, "communities/grant_create.html", {"person": person, "form": form})


def grant_end(request, pk):
    """Take the permission away at once."""
    grant = get_for(request.user, CareGrant.objects.for_list(), pk=pk, change=True)
    form = GrantEndForm(posted(request), row=grant)
    place = Division.objects.filter(code=grant.area_path).first()
    context = {"grant": grant, "person": grant.user, "place": place}
    return act(request, form, grant.end, template="communities/grant_end.html", context=context)
