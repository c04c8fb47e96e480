from django.contrib import messages
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from communities.access import may, posts_of
from communities.forms.feedback import AnswerForm, FeedbackForm, page_path
from communities.models import Feedback
from communities.practice import district_of
from foundation.acting import act
from foundation.shortcuts import get_for, page_of, posted


def feedback_create(request):
    """Say what should be better about the portal; reachable from every page, which it remembers."""
    form = FeedbackForm(posted(request), initial={"page": request.GET.get("page", "")})
    if request.method == "POST" and form.is_valid():
        feedback = Feedback.objects.give(by=request.user, area_path=home_of(request.user), **form.cleaned_data)
        messages.success(
            request, _("Thank you. Your feedback has been passed on; you will be told when it is answered.")
        )
        return redirect(feedback)
    back = page_path(form["page"].value())
    return render(request, "communities/feedback_create.html", {"form": form, "back": back})


def home_of(user):
    """The area whose administrator reads what this user says: that of the first post, of a trainee the real district."""
    return district_of(next((post.area_path for post in posts_of(user)), ""))


@require_safe
def feedback_list(request):
    """For those who answer: what was said in their area. For everybody else: what they said themselves."""
    rows = Feedback.objects.visible_to(request.user)
    counts = rows.totals()
    show = request.GET.get("show", "all")
    if show == "open":
        rows = rows.open()
    context = {
        "page": page_of(request, rows.for_list()),
        "counts": counts,
        "show": show,
        "answers": may(request.user, "feedback"),
    }
    return render(request, "communities/feedback_list.html", context)


@require_safe
def feedback_detail(request, pk):
    feedback = get_for(request.user, Feedback.objects.for_list(), pk=pk)
    may_answer = Feedback.objects.changeable_by(request.user).filter(pk=pk).exists()
    return render(request, "communities/feedback_detail.html", {"feedback": feedback, "may_answer": may_answer})


def feedback_answer(request, pk):
    feedback = get_for(request.user, Feedback.objects.for_list(), pk=pk, change=True)
    form = AnswerForm(posted(request), row=feedback, initial={"answer": feedback.answer})
    context = {"feedback": feedback}
    return act(request, form, feedback.reply, template="communities/feedback_answer.html", context=context)
