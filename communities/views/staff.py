from contextlib import suppress

from django.contrib import messages
from django.db import transaction
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from communities import lists
from communities.access import CHANGE, demand, may, may_in
from communities.forms.staff import (
    ConfirmForm,
    DisableForm,
    EnableForm,
    EndForm,
    KindForm,
    PostForm,
    StaffCreateForm,
    StaffForm,
)
from communities.models import Assignment, Staff
from communities.open_items import personal_items, release_all
from communities.words import lines
from foundation.acting import act
from foundation.journal.moves import AlreadyDone
from foundation.shortcuts import get_for, page_of, posted, words_of

HISTORY_SHOWN = 30


def staff_list(request):
    """The people of one's own subtree, with their posts. A name is searched by POST."""
    words = words_of(request)
    chosen, people = lists.staff(request.user, request.GET, words)
    context = {
        "page": page_of(request, people),
        "filter": chosen,
        "words": words,
        "today": timezone.localdate(),
        "may_add": may(request.user, "staff", CHANGE),
    }
    return render(request, "communities/staff_list.html", context)


def staff_detail(request, pk):
    """One person: posts with their history, how the account stands, what was done to it."""
    person = get_for(request.user, Staff.objects.for_detail(), pk=pk)
    posts = person.all_posts()
    context = {
        "person": person,
        "posts": posts,
        "today": timezone.localdate(),
        "sessions": person.live_sessions(timezone.now()),
        "entries": lines(person.history(posts)[:HISTORY_SHOWN]),
        "may_change": Staff.objects.changeable_by(request.user).filter(pk=pk).exists(),
        "may_end": endable(request.user, posts),
        "is_me": person.pk == request.user.pk,
        "enable": EnableForm(row=person) if person.lapsed_at else None,
        "grants": person.care_grants.visible_to(request.user).not_over(timezone.localdate()).for_list(),
    }
    return render(request, "communities/staff_detail.html", context)


def endable(user, posts):
    """Those of the posts that the user may end: in the own area, not the own ones, not over yet; no query."""
    today = timezone.localdate()
    return [
        post
        for post in posts
        if post.user_id != user.pk and not post.is_over(today) and may_in(user, "staff", CHANGE, post.area_path)
    ]


@never_cache
def staff_create(request):
    """Open an account: first the kind of post, then the person. The first password is shown once, on the answer to the form."""
    demand(request.user, "staff", CHANGE)
    step = KindForm(request.GET or None, user=request.user)
    kind, words = step.chosen
    form = kind and StaffCreateForm(posted(request), by=request.user, kind=kind, words=words)
    if form and request.method == "POST" and form.is_valid():
        try:
            person, password = Staff.objects.enlist(by=request.user, **form.account, **form.post)
        except AlreadyDone as repeat:
            return once_only(request, repeat.entry.subject_id)
        return shown_once(request, person, password)
    return render(request, "communities/staff_create.html", {"step": step, "kind": kind, "form": form})


def shown_once(request, person, password):
    """The page with a new password. Nothing keeps it: not the database, not the journal, not the browser's cache."""
    response = render(request, "communities/staff_password_shown.html", {"person": person, "password": password})
    response["Cache-Control"] = "no-store"
    return response


def once_only(request, pk):
    messages.warning(request, _("A password is shown only once. If it was not noted, issue a new one."))
    return redirect("staff_detail", pk)


def staff_edit(request, pk):
    person = get_for(request.user, Staff, pk=pk, change=True)
    form = StaffForm(posted(request), row=person)
    return act(request, form, person.correct, template="communities/staff_edit.html", context={"person": person})


@never_cache
def staff_password(request, pk):
    """Issue a new password, shown once; it ends all sessions of the person and must be changed at the next sign-in."""
    person = get_for(request.user, Staff, pk=pk, change=True)
    form = ConfirmForm(posted(request), row=person)
    issued = []
    response = act(
        request,
        form,
        lambda **facts: issued.append(person.issue_password(**facts)),
        template="communities/staff_password.html",
        context={"person": person},
    )
    if issued:
        return shown_once(request, person, issued[0])
    if response.status_code == 302:
        return once_only(request, pk)
    return response


def staff_second_factor(request, pk):
    """Take away the second factor of somebody who lost the device."""
    person = get_for(request.user, Staff.objects.for_detail(), pk=pk, change=True)
    form = ConfirmForm(posted(request), row=person)
    template = "communities/staff_second_factor.html"
    return act(request, form, person.drop_second_factor, template=template, context={"person": person})


def staff_sign_out(request, pk):
    """End all sessions of a person, for instance because a phone was lost."""
    person = get_for(request.user, Staff, pk=pk, change=True)
    form = ConfirmForm(posted(request), row=person)
    template = "communities/staff_sign_out.html"
    return act(request, form, person.sign_out_everywhere, template=template, context={"person": person})


def staff_disable(request, pk):
    person = get_for(request.user, Staff, pk=pk, change=True)
    items = personal_items(person)
    form = DisableForm(posted(request), row=person, items=items)
    verb = leaving_work(person.disable, items, by=request.user)
    context = {"person": person, "items": items}
    return act(request, form, verb, template="communities/staff_disable.html", context=context)


def leaving_work(verb, items, *, by):
    """The verb that takes somebody away, and with it the name off whatever is left to the office; one transaction.

    A post that ends on a later day leaves time to hand over: then the clock does it (`communities.left_work`).
    """
    today = timezone.localdate()

    @transaction.atomic
    def act_and_release(**facts):
        entry = verb(**facts)
        if (facts.get("on") or today) <= today:
            release_all(items, by=by)
        return entry

    return act_and_release


def staff_enable(request, pk):
    person = get_for(request.user, Staff, pk=pk, change=True)
    form = EnableForm(posted(request), row=person)
    return act(request, form, person.enable, template="communities/staff_enable.html", context={"person": person})


def assignment_create(request, pk):
    """Give a person a further post: first its kind, then where and how long."""
    person = get_for(request.user, Staff, pk=pk, change=True)
    step = KindForm(request.GET or None, user=request.user)
    kind, words = step.chosen
    form = kind and PostForm(posted(request), by=request.user, kind=kind, words=words, person=person)
    if form and request.method == "POST" and form.is_valid():
        with suppress(AlreadyDone):
            Assignment.objects.assign(by=request.user, user=person, key=form.cleaned_data["client_uuid"], **form.post)
        return redirect(person)
    context = {"person": person, "step": step, "kind": kind, "form": form}
    return render(request, "communities/assignment_create.html", context)


def assignment_end(request, pk):
    """End a post after a day or at once."""
    post = get_for(request.user, Assignment.objects.for_list(), pk=pk, change=True)
    items = personal_items(post.user) if post.is_last_own() else []
    form = EndForm(posted(request), row=post, items=items)
    context = {"post": post, "person": post.user, "items": items}
    to = Staff(pk=post.user_id).get_absolute_url()
    verb = leaving_work(post.end, items, by=request.user)
    return act(request, form, verb, template="communities/assignment_end.html", context=context, to=to)
