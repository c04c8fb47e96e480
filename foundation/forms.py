"""Forms that are safe to send twice and safe to race: they carry who saw which version, and a key of their own."""

import uuid

from django import forms


class GuardedForm(forms.Form):
    """A form about a row that exists. `seen` is the version on the screen, `key` makes a repeat harmless (see foundation.acting).

    Neither is among `cleaned_data`: the rest is what the model's verb takes.
    """

    seen = forms.IntegerField(widget=forms.HiddenInput, required=False)
    key = forms.UUIDField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args, row, **kwargs):
        kwargs["initial"] = {"seen": row.version, "key": uuid.uuid4(), **(kwargs.get("initial") or {})}
        super().__init__(*args, **kwargs)
        self.row = row

    def clean(self):
        cleaned = super().clean() or self.cleaned_data
        self.seen = cleaned.pop("seen", None)
        self.key_sent = cleaned.pop("key", None)
        return cleaned

    def look_again(self, row):
        """After a conflict: keep what was typed, but let the next sending say that this version has been seen."""
        self.row = row
        self.data = self.data.copy()
        self.data[self.add_prefix("seen")] = row.version
        self.data[self.add_prefix("key")] = uuid.uuid4()


class FactForm(forms.Form):
    """A form that makes a new fact; `client_uuid` makes sending it twice harmless and is part of `cleaned_data`."""

    client_uuid = forms.UUIDField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args, **kwargs):
        kwargs["initial"] = {"client_uuid": uuid.uuid4(), **(kwargs.get("initial") or {})}
        super().__init__(*args, **kwargs)

    def clean_client_uuid(self):
        return self.cleaned_data["client_uuid"] or uuid.uuid4()
