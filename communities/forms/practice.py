from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from communities.access import Role
from communities.forms.row import field_of, half_width
from communities.forms.staff import free_username
from communities.models.assignment import TRAINED
from foundation.forms import FactForm, GuardedForm
from foundation.journal.moves import done_already


class TraineeForm(FactForm):
    """An account for practising: who, and which role is learnt."""

    field_order = ["client_uuid", "name", "username", "role"]

    name = field_of(User, "name", label=_("Name"))
    username = field_of(
        User, "username", label=_("User name"), help_text=_("Not the user name of the later real account.")
    )
    role = forms.ChoiceField(label=_("Role to learn"), choices=[(role, Role(role).label) for role in TRAINED])

    def __init__(self, *args, by, **kwargs):
        super().__init__(*args, **kwargs)
        self.by = by

    def clean_name(self):
        return half_width(self.cleaned_data["name"])

    def clean_username(self):
        if done_already(self.cleaned_data.get("client_uuid"), self.by):
            return self.cleaned_data["username"]
        return free_username(self.cleaned_data["username"])

    def clean_role(self):
        return Role(self.cleaned_data["role"])


class ResetForm(GuardedForm):
    """Renewing the ground needs nothing but a second look."""
