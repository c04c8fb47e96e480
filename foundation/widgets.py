"""Form controls written by Python instead of by templates: the same HTML for a tenth of the time.

A list page has a dozen selects, and Django renders each one, and each of its options, by templates of their own. Only the
plain controls are written here; everything else stays Django's (tests/foundation/test_widgets.py compares the two).
"""

from django.forms.renderers import DjangoTemplates
from django.utils.html import conditional_escape
from django.utils.safestring import mark_safe

FOLDER = "django/forms/widgets/"


def attributes(attrs):
    """As Django's attrs.html: False is left out, True has no value."""
    return "".join(
        f" {conditional_escape(name)}" if value is True else f' {conditional_escape(name)}="{text(value)}"'
        for name, value in attrs.items()
        if value is not False
    )


def text(value):
    return conditional_escape(str(value))


def control(widget):
    """`<input>` of any type."""
    value = "" if widget["value"] is None else f' value="{text(widget["value"])}"'
    return f'<input type="{text(widget["type"])}" name="{text(widget["name"])}"{value}{attributes(widget["attrs"])}>'


def select(widget):
    groups = (group(name, choices) for name, choices, _number in widget["optgroups"])
    return f'<select name="{text(widget["name"])}"{attributes(widget["attrs"])}>{"".join(groups)}\n</select>'


def group(name, choices):
    options = "".join(map(option, choices))
    return f'\n<optgroup label="{text(name)}">{options}\n</optgroup>' if name else options


def option(widget):
    return f'\n<option value="{text(widget["value"])}"{attributes(widget["attrs"])}>{text(widget["label"])}</option>'


def textarea(widget):
    value = text(widget["value"]) if widget["value"] else ""
    return f'<textarea name="{text(widget["name"])}"{attributes(widget["attrs"])}>\n{value}</textarea>'


INPUTS = ("input", "text", "number", "email", "url", "password", "hidden", "date", "datetime", "time", "checkbox")
WRITTEN = {
    **{f"{FOLDER}{name}.html": control for name in INPUTS},
    f"{FOLDER}select.html": select,
    f"{FOLDER}textarea.html": textarea,
}


class Controls(DjangoTemplates):
    """FORM_RENDERER of the settings."""

    def render(self, template_name, context, request=None):
        write = WRITTEN.get(template_name)
        if write is None:
            return super().render(template_name, context, request)
        return mark_safe(write(context["widget"]))
