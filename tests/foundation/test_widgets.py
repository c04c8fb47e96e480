"""Controls written by Python are those that Django's templates write."""

import datetime as dt
import re

import pytest
from django import forms
from django.forms.renderers import DjangoTemplates, get_default_renderer
from django.utils.safestring import mark_safe
from django.utils.translation import gettext_lazy as _

from foundation.widgets import Controls

EVIL = """<b> "quoted" & 'single' >"""
CHOICES = [
    ("", _("all")),
    ("a", EVIL),
    (1, 1234),
    (EVIL, mark_safe("<i>safe</i>")),
    ("Group <1>", [("x", "X"), ("y", _("all"))]),
]


class Form(forms.Form):
    words = forms.CharField(max_length=60)
    address = forms.EmailField(required=False, initial=EVIL)
    link = forms.URLField(required=False, assume_scheme="https")
    number = forms.IntegerField(min_value=0, initial=0)
    big = forms.DecimalField(initial=1234567.5)
    word = forms.CharField(widget=forms.PasswordInput(render_value=True), initial=EVIL)
    key = forms.UUIDField(widget=forms.HiddenInput)
    day = forms.DateField(
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"), initial=dt.date(2026, 1, 2)
    )
    moment = forms.DateTimeField(initial=dt.datetime(2026, 1, 2, 3, 4, 5))  # noqa: DTZ001
    hour = forms.TimeField(initial=dt.time(3, 4))
    yes = forms.BooleanField(initial=True)
    no = forms.BooleanField(required=False)
    one = forms.ChoiceField(choices=CHOICES, initial="a")
    many = forms.MultipleChoiceField(choices=CHOICES, initial=["x", EVIL], required=False)
    tiles = forms.ChoiceField(choices=CHOICES, widget=forms.RadioSelect)
    boxes = forms.MultipleChoiceField(choices=CHOICES, widget=forms.CheckboxSelectMultiple)
    text = forms.CharField(widget=forms.Textarea(attrs={"rows": 3, "data-x": EVIL}), initial=EVIL)
    none = forms.CharField(widget=forms.Textarea, required=False)
    attrs = forms.CharField(
        widget=forms.TextInput(attrs={"autofocus": True, "disabled": False, "data-n": 0, "x": EVIL})
    )


def html(name, renderer, data=None):
    bound = Form(data, renderer=renderer)[name]
    return re.sub(r"\s*\n\s*", "", bound.as_widget(attrs={"aria-describedby": "help <x>"}))


@pytest.mark.parametrize(
    "data", [None, {"words": EVIL, "one": EVIL, "many": ["a", "1"], "text": "\n" + EVIL, "yes": "on", "number": "x"}]
)
@pytest.mark.parametrize("name", Form.base_fields)
def test_same_as_by_templates(name, data):
    assert html(name, Controls(), data) == html(name, DjangoTemplates(), data)


def test_the_portal_writes_its_controls_so():
    assert isinstance(get_default_renderer(), Controls)
