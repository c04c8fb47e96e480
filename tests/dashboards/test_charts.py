"""Bars stand on the ground, in proportion, inside the picture; labels thin out instead of touching."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboards.charts import BOTTOM, LEFT, MOST_LABELS, RIGHT, TOP, bars, nice_step

values = st.lists(st.lists(st.integers(0, 100_000), min_size=2, max_size=2), min_size=1, max_size=53)


@given(values)
def test_every_bar_stands_inside_the_picture(groups):
    chart = bars(["raised", "closed"], groups, [str(number) for number in range(len(groups))])
    for place, (_name, series) in enumerate(chart.series):
        assert [bar.value for bar in series] == [group[place] for group in groups]
        for bar in series:
            assert LEFT <= bar.x <= bar.x + bar.width <= RIGHT + 1
            assert TOP - 0.1 <= bar.y <= BOTTOM
            assert bar.y + bar.height == pytest.approx(BOTTOM)


@given(values)
def test_heights_are_in_proportion(groups):
    (_name, series) = bars(["visits"], [[group[0]] for group in groups], [""] * len(groups)).series[0]
    most = max(series, key=lambda bar: bar.value)
    for bar in series:
        if most.value:
            assert bar.height == pytest.approx(most.height * bar.value / most.value, abs=0.11)


@pytest.mark.parametrize(
    ("most", "step"), [(0, 1), (1, 1), (4, 1), (5, 2), (8, 2), (9, 5), (20, 5), (21, 10), (401, 200)]
)
def test_grid_lines_are_round_numbers(most, step):
    assert nice_step(most) == step


@pytest.mark.parametrize("weeks", [1, 8, 9, 10, 53])
def test_labels_thin_out_and_name_the_last_week(weeks):
    labels = [f"{number:02d}" for number in range(weeks)]
    shown = [text for _x, text in bars(["visits"], [[1]] * weeks, labels).labels]
    assert len(shown) <= MOST_LABELS
    assert shown[-1] == labels[-1]


def test_values_stand_above_the_bars_while_there_is_room():
    assert bars(["visits"], [[1]] * 8, [""] * 8).shows_values
    assert not bars(["visits"], [[1]] * 53, [""] * 53).shows_values
