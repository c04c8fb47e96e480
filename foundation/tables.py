"""The rows of a list page, written by Python: a loop of fifty rows in a template costs more than all the queries of the page.

Cells are text, which is escaped, or HTML that is safe already (`chip`, `link`). The first cell of a row is its heading; on a phone a
row becomes a card, and a cell carries the title of its column along.
"""

from dataclasses import dataclass

from django.utils.html import conditional_escape
from django.utils.safestring import mark_safe


@dataclass(frozen=True)
class Column:
    """`css` are classes of its cells; a column whose cells speak for themselves is not `named` on a phone."""

    title: str
    css: str = ""
    named: bool = True

    def opens(self):
        label = f' data-label="{conditional_escape(self.title)}"' if self.named else ""
        return f"<td{self.classes}{label}>"

    @property
    def classes(self):
        return f' class="{self.css}"' if self.css else ""


def link(url, text, css=""):
    """A link; the address is ours and needs no escaping but for its ampersands."""
    classes = f' class="{css}"' if css else ""
    return mark_safe(f'<a{classes} href="{conditional_escape(url)}">{conditional_escape(text)}</a>')


def mute(text):
    return mark_safe(f'<span class="mute">{conditional_escape(text)}</span>') if text else ""


def small(text):
    """Beside the main thing of a cell."""
    return mark_safe(f' <span class="mute s">{conditional_escape(text)}</span>')


def below(text):
    """In a line of its own under the main thing of a cell."""
    return mark_safe(f'<br><small class="mute">{conditional_escape(text)}</small>')


def span(css, html):
    return mark_safe(f'<span class="{css}">{conditional_escape(html)}</span>')


def joined(*parts):
    """Several pieces of one cell."""
    return mark_safe("".join(conditional_escape(part) for part in parts if part))


@dataclass(frozen=True)
class Table:
    """`rows` are tuples of cells in the order of the `columns`."""

    columns: list
    rows: list

    @property
    def html(self):
        """Head and body; the template writes the `<table>` around them."""
        heads = "".join(
            f'<th scope="col"{column.classes}>{conditional_escape(column.title)}</th>' for column in self.columns
        )
        opens = [column.opens() for column in self.columns[1:]]
        body = "".join(line(opens, row) for row in self.rows)
        return mark_safe(f'<thead><tr>{heads}</tr></thead><tbody id="rows">{body}</tbody>')


def line(opens, row):
    first, *others = map(conditional_escape, row)
    cells = "</td>".join(start + cell for start, cell in zip(opens, others, strict=True))
    return f'<tr><th scope="row">{first}</th>{cells}</td></tr>\n'
