"""Words, dates, chips and form fields as the pages show them. Cheap enough for a loop of fifty rows."""

from functools import cache

from django import forms, template
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import mark_safe
from django.utils.translation import get_language, gettext, gettext_lazy, ngettext

from foundation import fields
from foundation.workdays.calendar import workdays_between

register = template.Library()
register.filter("mask_name", fields.mask_name)
register.filter("mask_given_name", fields.mask_given_name)
register.filter("mask_ip", fields.mask_ip)
register.filter("mask_phone", fields.mask_phone)
register.filter("mask_id_number", fields.mask_id_number)


def is_chinese():
    return (get_language() or "zh").startswith("zh")


@register.filter
def named(row):
    """A row's name in the reader's language: Chinese, or its English name where there is one."""
    if row is None:
        return ""
    english = getattr(row, "name_en", "")
    return row.name if is_chinese() or not english else english


MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@register.filter
def day(value):
    """A day as people write it, with the year unless it is this one: "11月18日", "18 Nov 2022"."""
    if not value:
        return ""
    date = timezone.localtime(value).date() if hasattr(value, "hour") else value
    return day_words(date, chinese=is_chinese(), this_year=timezone.localdate().year)


@register.filter
def moment(value):
    """A day and the time of day: "11月18日 09:12"."""
    return moments()(value) if value else ""


def moments():
    """`moment` for many values: zone, language and year are asked once."""
    zone, chinese, this_year = timezone.get_current_timezone(), is_chinese(), timezone.localdate().year

    def write(value):
        local = value.astimezone(zone)
        return f"{day_words(local, chinese=chinese, this_year=this_year)} {local.hour:02d}:{local.minute:02d}"

    return write


def days():
    """`day` for many moments."""
    zone, chinese, this_year = timezone.get_current_timezone(), is_chinese(), timezone.localdate().year
    return lambda value: day_words(value.astimezone(zone), chinese=chinese, this_year=this_year)


def day_words(date, *, chinese, this_year):
    if chinese:
        return f"{date.month}月{date.day}日" if date.year == this_year else f"{date.year}年{date.month}月{date.day}日"
    return f"{date.day} {MONTHS[date.month - 1]}" + ("" if date.year == this_year else f" {date.year}")


# The first that occurs in a browser's own description decides: most of them also claim to be Chrome or Safari.
BROWSERS = (
    ("MicroMessenger", gettext_lazy("WeChat")),
    ("DingTalk", gettext_lazy("DingTalk")),
    ("Edg", "Edge"),
    ("HuaweiBrowser", gettext_lazy("Huawei browser")),
    ("Firefox", "Firefox"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)
SYSTEMS = (
    ("HarmonyOS", "HarmonyOS"),
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS", "macOS"),
    ("Linux", "Linux"),
)


@register.filter
def browser(user_agent):
    """A browser's description of itself in two words: "Chrome · Windows"."""
    found = [next((name for mark, name in names if mark in user_agent), "") for names in (BROWSERS, SYSTEMS)]
    return " · ".join(str(name) for name in found if name) or gettext("unknown browser")


@register.simple_tag
@cache
def icon(name):
    """An icon of the sprite; decoration only, the word stands beside it."""
    return format_html(
        '<svg class="icon" aria-hidden="true" focusable="false"><use href="{}#{}"></use></svg>',
        static("icons.svg"),
        name,
    )


@register.simple_tag
def chip(tone, name, text):
    """A status as colour, icon and word. `tone` is ok, warn, bad or calm."""
    return mark_safe(f'<span class="chip {tone}">{icon(name)}{conditional_escape(text)}</span>')


@register.simple_tag
def due_chip(row):
    """How a limit stands: days left, due today, or overdue. `row` has `due_at`, `due_provisional` and `clock_runs`."""
    if not row.due_at or not row.clock_runs:
        return ""
    tone, name, text = due_words(row.due_at, timezone.now())
    if row.due_provisional:
        text = gettext("%(due)s (provisional)") % {"due": text}
    return chip(tone, name, text)


def due_words(due_at, now):
    """(tone, icon, words) for a limit at this moment."""
    due, today = timezone.localtime(due_at), timezone.localdate(now)
    if due_at < now:
        days = (today - due.date()).days
        words = ngettext("overdue by %(days)d day", "overdue by %(days)d days", days) % {"days": days}
        return "bad", "alert", words if days else gettext("overdue since today")
    if due.date() == today:
        return "warn", "clock", gettext("due today, %(time)s") % {"time": f"{due:%H:%M}"}
    left = workdays_between(today, due.date())
    tone = "warn" if left <= 1 else "calm"
    return tone, "clock", ngettext("%(left)d working day left", "%(left)d working days left", left) % {"left": left}


@register.simple_tag(takes_context=True)
def with_query(context, **changes):
    """The present query string with these keys replaced; an empty value drops the key."""
    query = context["request"].GET.copy()
    for name, value in changes.items():
        if value in (None, ""):
            query.pop(name, None)
        else:
            query[name] = value
    return f"?{query.urlencode()}" if query else "?"


def is_group(bound):
    """Whether the field is a set of tiles to choose from rather than one control."""
    return isinstance(bound.field.widget, forms.RadioSelect)  # CheckboxSelectMultiple is one too


@register.simple_tag
def field(bound, look="", label="", help=""):
    """A form field with label, help and errors tied to it.

    `look="segmented"`: two to four short choices in one strip. `label` and `help` replace those of a form that is not ours. Written
    here and not in a template, because a list page has a dozen of them.
    """
    help, label = help or bound.help_text, conditional_escape(label or bound.label)
    described = [f"{bound.auto_id}_{part}" for part, there in (("help", help), ("error", bound.errors)) if there]
    attrs = {"aria-describedby": " ".join(described)} if described else {}
    if bound.errors:
        attrs["aria-invalid"] = "true"
    wrong = " wrong" if bound.errors else ""
    end = (help_below(bound, help) if help else "") + (errors_below(bound) if bound.errors else "")
    optional = "" if bound.field.required else f' <span class="optional">{gettext("optional")}</span>'
    if is_group(bound):
        by = f' aria-describedby="{" ".join(described)}"' if described else ""
        start = f'<fieldset class="field{" " * bool(look)}{look}{wrong}" id="{bound.auto_id}"{by}>'
        return mark_safe(
            f'{start}<legend>{label}{optional}</legend><div class="tiles">{tiles(bound)}</div>{end}</fieldset>'
        )
    widget, target = bound.as_widget(attrs=attrs), bound.id_for_label
    if isinstance(bound.field.widget, forms.CheckboxInput):
        tile = f'<label class="tile" for="{target}">{widget}<span>{label}</span></label>'
        return mark_safe(f'<div class="field check{wrong}">{tile}{end}</div>')
    return mark_safe(f'<div class="field{wrong}"><label for="{target}">{label}{optional}</label>{widget}{end}</div>')


def tiles(bound):
    return "".join(
        f'<label class="tile" for="{choice.id_for_label}">{choice.tag()}<span>{conditional_escape(choice.choice_label)}</span></label>'
        for choice in bound
    )


def help_below(bound, help):
    # Help is ours, not a user's; some of it has marks of its own.
    return f'<div class="help" id="{bound.auto_id}_help">{help}</div>'


def errors_below(bound):
    errors = " ".join(conditional_escape(error) for error in bound.errors)
    return f'<p class="error" id="{bound.auto_id}_error">{icon("alert")}<span>{errors} </span></p>'


@register.filter
def nav_links(items):
    """Links of the navigation: icon, word, how many wait; the page one is on is marked."""
    return mark_safe("".join(map(nav_link, items)))


def nav_link(item):
    current = ' aria-current="page"' if item.current else ""
    count = f'<span class="n">{item.count}</span>' if item.count else ""
    return f'<a href="{item.url}"{current}>{icon(item.icon)}{conditional_escape(item.label)}{count}</a>'


@register.inclusion_tag("includes/form_errors.html")
def form_errors(form, saves=True):
    """The summary on top of a form that was refused: every error with a jump to the control that it is about.

    `saves=False` where nothing would have been kept anyway (signing in, a code): no word about what is saved.
    """
    wrong = [bound for bound in form if bound.errors] if form.is_bound else []
    return {
        "form": form,
        "saves": saves,
        "wrong": [(bound, f"{bound.auto_id}_0" if is_group(bound) else bound.auto_id) for bound in wrong],
    }


@register.inclusion_tag("includes/pages.html", takes_context=True)
def pages(context, page):
    return {"page": page, "request": context["request"]}


@register.inclusion_tag("includes/crumbs.html")
def crumbs(places):
    """The way down the territory: [(name, url or "")]."""
    return {"places": places}
