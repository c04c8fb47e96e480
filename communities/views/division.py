from django.http import Http404
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _

from communities import lists
from communities.access import CHANGE, may_on, roots_of
from communities.breadcrumb import way_to
from communities.forms.division import DivisionForm
from communities.models import Compound, Division, Reorganisation, Unit
from communities.models.division import DIGITS, Level
from communities.models.reorganisation import may_reorganise
from communities.responsible import contacts_of_division, first_contacts_at
from foundation.acting import act
from foundation.shortcuts import get_for, page_of, posted, words_of

# Places in which compounds are listed one by one; above them they are counted by community.
LISTS_COMPOUNDS = (Level.COMMUNITY, Level.GRID)
INDENT = "\u3000"


def division_list(request):
    """Places in one's reach, down the territory, with whom to look for in each."""
    words = words_of(request)
    chosen, divisions = lists.divisions(request.user, request.GET, words)
    level = chosen.is_valid() and chosen.cleaned_data["level"]
    page = page_of(request, divisions)
    context = {
        "page": page,
        "rows": rows_of(page.object_list),
        "tree": not (level or words),
        "levels": levels_for(request.user),
        "level": level,
        "words": words,
    }
    return render(request, "communities/division_list.html", context)


def levels_for(user):
    """(value, word) of the levels on which the user has places, "all" first."""
    top = min((len(path) for path in roots_of(user, "places")), default=0)
    return [("", _("all")), *((level.value, level.label) for level in Level if DIGITS[level] >= top)]


def rows_of(divisions):
    """(place, whom to look for, indent) for each place; the codes stand in the order of the tree."""
    divisions = list(divisions)
    contacts = first_contacts_at(divisions)
    levels = sorted({len(division.code) for division in divisions})
    return [
        (division, contacts.get(division.code), INDENT * levels.index(len(division.code))) for division in divisions
    ]


def division_detail(request, code):
    """A place: its office, whom to look for, what lies in it, who works in it."""
    user = request.user
    division = standing_or_former(user, code)
    compounds = Compound.objects.visible_to(user).standing().under(code).for_list()
    context = {
        "division": division,
        "crumbs": way_to(user, division.line),
        "contacts": contacts_of_division(division),
        "children": division.children.standing(timezone.localdate()).with_compounds().order_by("code"),
        "lists_compounds": division.level in LISTS_COMPOUNDS,
        "compounds": compounds if division.level in LISTS_COMPOUNDS else (),
        "units": Unit.objects.visible_to(user).active().of_area(division).order_by("kind", "name"),
        "may_change": may_on(user, "places", CHANGE, division),
        "may_reorganise": may_reorganise(user, division.code) and not division.until,
        "became": division.successors.for_page(),
        "came_from": division.predecessors.for_page(),
        "ahead": Reorganisation.objects.of_place(division),
    }
    return render(request, "communities/division_detail.html", context)


def standing_or_former(user, code):
    """The place; also one that has become part of a place in the user's reach, so that old links lead on."""
    try:
        return get_for(user, Division.objects.for_detail(), code=code)
    except Http404:
        division = Division.objects.for_detail().become(Division.objects.visible_to(user)).filter(code=code).first()
        if division is None:
            raise
        return division


def division_edit(request, code):
    division = get_for(request.user, Division.objects.for_detail(), code=code, change=True)
    form = DivisionForm(posted(request), row=division)
    context = {"division": division, "crumbs": way_to(request.user, division.line, (_("Correct"), ""))}
    return act(request, form, division.correct, template="communities/division_edit.html", context=context)
