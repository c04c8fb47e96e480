"""What the lists of places and people share."""

MOST_LETTERS = 60


def words_of(request):
    """The words of a search. They come by POST only: they may be somebody's name or number, and addresses are logged."""
    return request.POST.get("q", "").strip()[:MOST_LETTERS]
