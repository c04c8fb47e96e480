"""The care register: who is on it, on what ground, whether that is still right; and who wishes no visits."""

from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from communities import lists
from communities.access import CHANGE, demand, may_on
from communities.forms.care import CareConsentForm, CareCreateForm, CareEndForm, CareReviewForm, WishForm
from communities.models import CareEntry, ConsentText, Resident
from communities.models.care_entry import is_child
from communities.views.resident import crumbs_of
from communities.words import lines
from foundation.acting import act
from foundation.forms import GuardedForm
from foundation.journal.moves import Conflict, timeline
from foundation.shortcuts import get_for, page_of, posted, words_of
from foundation.templatetags.portal import is_chinese, named


def care_list(request):
    """The register of one's own area. Sensitive categories without a grant are in no row, no count and no filter."""
    chosen, entries = lists.care_entries(request.user, request.GET, words_of(request))
    context = {"page": page_of(request, entries), "filter": chosen, "today": timezone.localdate()}
    return render(request, "communities/care_list.html", context)


def care_detail(request, pk):
    user = request.user
    entry = get_for(user, CareEntry.objects.for_detail(), pk=pk)
    context = {
        "entry": entry,
        "resident": entry.resident,
        "crumbs": crumbs_of(user, entry.resident.household, named(entry.category)),
        "entries": lines(timeline(entry)),
        "may_change": may_on(user, "people", CHANGE, entry),
        "may_propose": may_on(user, "retention", CHANGE, entry),
        "today": timezone.localdate(),
    }
    return render(request, "communities/care_detail.html", context)


def care_create(request, pk):
    """Put the resident `pk` on the care register."""
    user = request.user
    resident = get_for(user, Resident.objects.for_detail(), pk=pk, change=True)
    form = CareCreateForm(posted(request), resident=resident, user=user)
    if request.method == "POST" and form.is_valid():
        try:
            return redirect(CareEntry.objects.register(by=user, resident=resident, **form.cleaned_data))
        except Conflict:
            form.add_error("category", _("The person is registered under this category already."))
    context = {
        "form": form,
        "resident": resident,
        "child": is_child(resident, timezone.localdate()),
        "crumbs": crumbs_of(user, resident.household, _("Put on the care register")),
    }
    return render(request, "communities/care_create.html", context)


def care_consent(request, pk):
    """Document who agreed, or that somebody agreed to a newer text."""
    return about_entry(
        request, pk, CareConsentForm, "agree", "communities/care_consent.html", _("Document the consent")
    )


def care_review(request, pk):
    """The yearly look: is it still right?"""
    return about_entry(request, pk, CareReviewForm, "review", "communities/care_review.html", _("Still right?"))


def care_end(request, pk):
    return about_entry(request, pk, CareEndForm, "end", "communities/care_end.html", _("End the care entry"))


def about_entry(request, pk, form_class, verb, template, title):
    entry = get_for(request.user, CareEntry.objects.for_detail(), pk=pk, change=True)
    if request.method == "GET" and not entry.is_open:
        return redirect(entry)
    form = form_class(posted(request), row=entry)
    context = {
        "entry": entry,
        "resident": entry.resident,
        "crumbs": crumbs_of(request.user, entry.resident.household, title),
    }
    return act(request, form, getattr(entry, verb), template=template, context=context)


def consent_print(request, pk):
    """The consent to sign on paper, with the text in force today; for a child that of the guardian."""
    resident = get_for(request.user, Resident.objects.for_detail(), pk=pk, change=True)
    today = timezone.localdate()
    code = ConsentText.Code.GUARDIAN if is_child(resident, today) else ConsentText.Code.OWN
    text = ConsentText.objects.in_force(code, today)
    context = {
        "resident": resident,
        "text": text,
        "title": text.title if is_chinese() else text.title_en,
        "body": text.body if is_chinese() else text.body_en,
        "is_guardian": code == ConsentText.Code.GUARDIAN,
    }
    return render(request, "communities/consent_print.html", context)


def wish_list(request):
    """Who wishes no visits, those to be asked again first."""
    demand(request.user, "people")
    today = timezone.localdate()
    people = Resident.objects.visible_to(request.user).declining()
    show = "review" if request.GET.get("show") == "review" else ""
    if show:
        people = people.wish_to_review(today)
    page = page_of(request, people.select_related("household").order_by("declines_visits_on", "pk"))
    return render(request, "communities/wish_list.html", {"page": page, "show": show, "today": today})


def wish_create(request, pk):
    """The resident wishes no visits, or what was written down about that is corrected."""
    resident = get_for(request.user, Resident.objects.for_detail(), pk=pk, change=True)
    form = WishForm(posted(request), row=resident)
    return about_wish(request, resident, form, resident.decline_visits, "communities/wish_create.html")


def wish_review(request, pk):
    """Asked again after a year: the wish stands."""
    resident = get_for(request.user, Resident.objects.for_detail(), pk=pk, change=True)
    if request.method == "GET" and resident.declines_visits_on is None:
        return redirect(resident)
    form = GuardedForm(posted(request), row=resident)
    return about_wish(request, resident, form, resident.confirm_wish, "communities/wish_review.html")


def wish_end(request, pk):
    """Visits are welcome again."""
    resident = get_for(request.user, Resident.objects.for_detail(), pk=pk, change=True)
    if request.method == "GET" and resident.declines_visits_on is None:
        return redirect(resident)
    form = GuardedForm(posted(request), row=resident)
    return about_wish(request, resident, form, resident.accept_visits, "communities/wish_end.html")


def about_wish(request, resident, form, verb, template):
    crumbs = crumbs_of(request.user, resident.household, _("A wish not to be visited"))
    return act(request, form, verb, template=template, context={"resident": resident, "crumbs": crumbs})
