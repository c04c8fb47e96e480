"""What every view does: reach one row, read the form, turn the page."""

from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404
from django.shortcuts import get_object_or_404

from foundation import drafts
from foundation.refusals import Merged


def get_for(user, model, *, change=False, **lookup):
    """The one row of `model` (or of a queryset, which may join what the page needs) that `user` may see, or with `change` may change.

    A row outside the user's view answers as if it did not exist (Http404); one that is only readable refuses
    (PermissionDenied). The queryset must offer `visible_to(user)` and `changeable_by(user)`. A row that was merged into another
    one leads there (Merged).
    """
    rows = getattr(model, "objects", model)
    try:
        row = get_object_or_404(rows.visible_to(user), **lookup)
    except Http404:
        # A queryset of standing rows does not know the merged one.
        row = merged_one(rows.model, user, lookup)
        if row is None:
            raise
    if getattr(row, "merged_into_id", None):
        raise Merged(row)
    if change and not rows.changeable_by(user).filter(pk=row.pk).exists():
        raise PermissionDenied
    return row


def merged_one(model, user, lookup):
    """The row that this lookup means, if the user may see it and it was merged into another one."""
    if not hasattr(model, "merged_into"):
        return None
    return model.objects.visible_to(user).filter(merged_into__isnull=False, **lookup).first()


def posted(request):
    """The data for a view's form: of this POST, or of the form that an expired session left behind; else None.

    Kept data fills the form again, it never saves by itself: views act only `if request.method == "POST"`.
    """
    if request.method == "POST":
        return request.POST
    return drafts.kept_form(request)


def page_of(request, queryset, per_page=50, *, count=None):
    """The page that `page` asks for; the first for nonsense, the last for a number beyond.

    A search travels by POST and turns its pages by POST, too. `count` saves the query where the page knows it already.
    """
    paginator = Paginator(queryset, per_page)
    if count is not None:
        paginator.count = count
    return paginator.get_page(asked_page(request))


MOST_COUNTED = 1000


class BoundedPaginator(Paginator):
    """Pages over the keys of rows, of which there may be one more than `MOST_COUNTED`: then there are more than can be turned to."""

    @property
    def is_cut(self):
        return len(self.object_list) > MOST_COUNTED

    @property
    def count(self):
        return min(len(self.object_list), MOST_COUNTED)


def bounded_page_of(request, rows, *, fetch, sums=(), per_page=50):
    """As `page_of`, for a list that may hold a whole district.

    To count 300,000 rows takes a hundred times as long as to show fifty, and nobody turns a thousand pages: so the list leads, and
    counts, no further than `MOST_COUNTED` rows. Their keys come first, in order and from the narrow table alone; `fetch` is
    given those of the page and returns the rows with everything that the page shows. Columns in `sums` are added up over all rows
    that were counted: `page.paginator.sums`.
    """
    found = list(rows.values_list("pk", *sums)[: MOST_COUNTED + 1])
    page = BoundedPaginator([row[0] for row in found], per_page).get_page(asked_page(request))
    page.paginator.sums = {name: sum(row[place] for row in found) for place, name in enumerate(sums, 1)}
    page.object_list = in_order(fetch(page.object_list), page.object_list)
    return page


def in_order(rows, keys):
    """These rows in the order of their keys; without those that have gone meanwhile."""
    found = {row.pk: row for row in rows}
    return [found[key] for key in keys if key in found]


def asked_page(request):
    return (request.POST if request.method == "POST" else request.GET).get("page")


MOST_LETTERS = 60


def words_of(request):
    """The words of a search. They come by POST only: they may be somebody's name or number, and addresses are logged.

    Without NUL characters, which PostgreSQL refuses; at most `MOST_LETTERS` long.
    """
    return request.POST.get("q", "").replace("\0", "").strip()[:MOST_LETTERS]
