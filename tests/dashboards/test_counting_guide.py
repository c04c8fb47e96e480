"""The guide to the numbers names every figure, and no other."""

import re
from pathlib import Path

from dashboards.counts import FIGURES

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "counting.md"
TABLE_ROW = re.compile(r"^\|([^|]+)\|", re.MULTILINE)


def test_every_figure_is_explained():
    rows = TABLE_ROW.findall(GUIDE.read_text(encoding="utf-8"))
    assert {name for row in rows for name in re.findall(r"`(\w+)`", row)} == set(FIGURES)


def test_figures_say_how_they_are_counted():
    assert [name for name, figure in FIGURES.items() if len(str(figure.how)) < 10] == []
