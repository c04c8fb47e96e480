from urllib.parse import urlsplit

from django import forms
from django.utils.translation import gettext_lazy as _

from communities.forms.row import field_of
from communities.models import Feedback
from foundation.forms import FactForm, GuardedForm


def page_path(address):
    """The path of one of our pages, without its query, which could hold what somebody searched for; "" for anything else."""
    page = urlsplit(address or "").path[:200]
    return page if page.startswith("/") and not page.startswith("//") else ""


class FeedbackForm(FactForm):
    """提意见: what somebody thinks of the portal, and on which page it came to mind."""

    page = forms.CharField(required=False, widget=forms.HiddenInput)
    text = field_of(
        Feedback,
        "text",
        label=_("What should be better?"),
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text=_("About the portal itself: what is missing, wrong or cumbersome. Please no names of residents."),
    )

    def clean_page(self):
        return page_path(self.cleaned_data["page"])


class AnswerForm(GuardedForm):
    answer = forms.CharField(label=_("Answer"), max_length=2000, widget=forms.Textarea(attrs={"rows": 5}))
