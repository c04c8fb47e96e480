"""How issues look on pages: their status as a chip, their course as sentences."""

from django import template

from foundation.templatetags.portal import chip
from issues.sight import ICONS
from issues.story import story_of
from issues.workflow import TONES

register = template.Library()


@register.simple_tag
def status_chip(issue):
    """The state as colour, icon and word."""
    return chip(TONES[issue.status], ICONS[issue.status], issue.get_status_display())


@register.simple_tag
def story(entries):
    """Journal entries as lines to read (see issues/story.py)."""
    return story_of(entries)
