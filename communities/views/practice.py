from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from communities.access import CHANGE, READ, Role, demand, may, may_in, posts_of
from communities.forms.practice import ResetForm, TraineeForm
from communities.models import Division
from communities.models.practice import Ground
from communities.practice import is_practice
from communities.practice_cards import CARDS
from communities.views.staff import once_only, shown_once
from foundation.acting import act
from foundation.journal.moves import AlreadyDone
from foundation.shortcuts import page_of, posted


def ground_for(user, code, level):
    """The practice ground of a district whose accounts the user sees (else 404) or, by `level`, administers (else 403)."""
    district = get_object_or_404(Division.objects.for_detail(), code=code, level="district")
    if is_practice(code) or not may_in(user, "staff", READ, code):
        raise Http404
    if not may_in(user, "staff", level, code):
        raise PermissionDenied
    return Ground(district)


@require_safe
def practice_list(request):
    """The districts in which one administers accounts, and whether they have a practice ground; who has one district goes there."""
    demand(request.user, "staff")
    page = page_of(request, Division.objects.with_staff_of(request.user))
    if page.paginator.count == 1:
        return redirect("practice_detail", page.object_list[0].code)
    grounds = [(district, Ground(district)) for district in page.object_list]
    there = set(Division.objects.filter(code__in=[g.code for _d, g in grounds]).values_list("code", flat=True))
    return render(request, "communities/practice_list.html", {"page": page, "grounds": grounds, "there": there})


@require_safe
def practice_detail(request, code):
    """One practice ground: what stands there, who practises, the cards to print."""
    ground = ground_for(request.user, code, READ)
    street = ground.street
    today = timezone.localdate()
    context = {
        "ground": ground,
        "street": street,
        "page": page_of(request, ground.trainees.for_list(today)),
        "households": ground.households.count() if street else 0,
        "cards": [(role, Role(role).label) for role in CARDS],
        "may_change": may_in(request.user, "staff", CHANGE, code),
        "today": today,
    }
    return render(request, "communities/practice_detail.html", context)


@require_POST
def practice_create(request, code):
    """Make the practice ground of a district; one that exists stays as it is."""
    if ground_for(request.user, code, CHANGE).create(by=request.user):
        messages.success(request, _("The practice ground is there. Now open an account for a trainee."))
    return redirect("practice_detail", code)


def practice_reset(request, code):
    """Clear away what trainees did and begin with the same people again."""
    ground = ground_for(request.user, code, CHANGE)
    street = ground.street
    if street is None:
        return redirect("practice_detail", code)
    form = ResetForm(posted(request), row=street)
    context = {"ground": ground, "households": ground.households.count()}
    template = "communities/practice_reset.html"
    answer = act(request, form, ground.reset, template=template, context=context, to="practice_list")
    return redirect("practice_detail", code) if answer.status_code == 302 else answer


@never_cache
def practice_trainee_create(request, code):
    """Open an account that can only practise. The first password is shown once, on the answer to the form."""
    ground = ground_for(request.user, code, CHANGE)
    if ground.street is None:
        return redirect("practice_detail", code)
    form = TraineeForm(posted(request), by=request.user)
    if request.method == "POST" and form.is_valid():
        try:
            person, password = ground.enlist(by=request.user, **form.cleaned_data)
        except AlreadyDone as repeat:
            return once_only(request, repeat.entry.subject_id)
        return shown_once(request, person, password)
    return render(request, "communities/practice_trainee_create.html", {"ground": ground, "form": form})


def practice_card(request, role):
    """One page to print: what this role does in the portal, step by step."""
    trains = any(is_practice(post.area_path) for post in posts_of(request.user))
    if not (trains or may(request.user, "staff")):
        raise PermissionDenied
    if role not in CARDS:
        raise Http404
    return render(request, "communities/practice_card.html", {"role": Role(role).label, "card": CARDS[role]})
