"""Files that are kept for a while only: filled forms for thirty days, long tables for seven."""

from communities.models import BlankFill, Sheet


def throw_away(*, today):
    """Empty what has been kept long enough; the rows stay. Twice or days late: the same result. Returns how many."""
    return BlankFill.objects.clear_outlived(today) + Sheet.objects.clear_outlived(today)
