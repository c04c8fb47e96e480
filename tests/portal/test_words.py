"""One word per feature: the name of an address is the name of its view, of its template, and stands in a test."""

import re
from pathlib import Path

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("portal", "dashboards", "visits", "issues", "communities", "accounts", "foundation")
TEMPLATES = {path.stem for path in (ROOT / "templates").rglob("*.html")}
TESTS = "\n".join(
    path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py") if path.name != "test_words.py"
)


def our_patterns(resolver=None):
    for pattern in (resolver or get_resolver()).url_patterns:
        if isinstance(pattern, URLResolver):
            yield from our_patterns(pattern)
        elif isinstance(pattern, URLPattern) and pattern.callback.__module__.split(".")[0] in ROOMS:
            yield pattern


PATTERNS = {pattern.name: pattern for pattern in our_patterns() if pattern.name}


def view_source(pattern):
    """The text of the view's function, from its module; decorators do not hide it."""
    module = ROOT / (pattern.callback.__module__.replace(".", "/") + ".py")
    text = module.read_text(encoding="utf-8")
    found = re.search(rf"^def {pattern.name}\(.*?(?=^\S|\Z)", text, re.M | re.S)
    return found.group() if found else ""


@pytest.mark.parametrize("name", sorted(PATTERNS))
def test_the_view_is_called_like_its_address(name):
    assert PATTERNS[name].callback.__name__ == name


@pytest.mark.parametrize("name", sorted(PATTERNS))
def test_a_page_of_its_own_has_a_template_of_its_name(name):
    shown = re.findall(r'"[a-z]+/([a-z_]+)\.html', view_source(PATTERNS[name]))
    if shown:
        assert name in shown or name in TEMPLATES or shown[0].split("_")[0] == name.split("_")[0], shown


@pytest.mark.parametrize("name", sorted(PATTERNS))
def test_some_test_names_it(name):
    assert re.search(rf"\b{name}\b", TESTS), f"no test mentions {name}"
