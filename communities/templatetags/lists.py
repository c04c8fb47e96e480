"""What stands above a list: taking it away, printing it."""

from django import template
from django.urls import reverse

from communities.forms.sheet import PurposeForm

register = template.Library()


@register.inclusion_tag("communities/export_menu.html", takes_context=True)
def export_menu(context, export):
    """The button "Excel" of a list page, with the form for the purpose. `export` is the name of the export's address."""
    query = context["request"].GET.copy()
    query.pop("page", None)
    address = reverse(export) + (f"?{query.urlencode()}" if query else "")
    form = PurposeForm(initial={"q": context.get("words", "")}, auto_id="export_%s")
    return {"form": form, "address": address, "csrf_token": context.get("csrf_token")}
