"""Numbers of the page of completeness that lead to the rows behind them."""

from django import template
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import mark_safe

register = template.Library()
NOTHING = mark_safe('<span class="mute">0</span>')


@register.simple_tag
def gap_number(row, kind, number):
    """A number as a link to its rows; nothing to click where there is nothing."""
    if not number:
        return NOTHING
    narrow = f"?compound={row.compound}" if row.compound else ""
    # Cheaper than an address by name in a table of many cells.
    return format_html(
        '<a class="number" href="{}{}/gaps/{}/{}">{}</a>', reverse("division_list"), row.code, kind, narrow, number
    )
