"""Bar charts as geometry: the server draws them, the template writes the SVG. All lengths are units of the viewBox."""

from dataclasses import dataclass

WIDTH, HEIGHT = 420, 230
LEFT, RIGHT, TOP, BOTTOM = 38, 416, 40, 200
# More bars than this and their values no longer fit above them; the table beside says them all.
MOST_VALUES = 16
MOST_LABELS = 9
STEPS = (1, 2, 5)


@dataclass(frozen=True)
class Bar:
    x: float
    y: float
    width: float
    height: float
    value: int

    @property
    def middle(self):
        return round(self.x + self.width / 2, 1)

    @property
    def above(self):
        return round(self.y - 4, 1)


@dataclass(frozen=True)
class Chart:
    """`series`: [(name, [Bar])]; `labels`: [(x, text)]; `lines`: [(y, value)] of the grid."""

    series: list
    labels: list
    lines: list
    shows_values: bool

    width, height, left, right, bottom = WIDTH, HEIGHT, LEFT, RIGHT, BOTTOM
    axis_x = LEFT - 6
    label_y = BOTTOM + 18


def bars(names, groups, labels):
    """A chart of grouped bars: `groups` holds one list of values for each label, in the order of `names`."""
    step = nice_step(max((value for group in groups for value in group), default=0))
    highest = step * 4
    room = (RIGHT - LEFT) / max(len(groups), 1)
    thickness = room * 0.76 / len(names)
    series = [
        (
            name,
            [
                bar(room, thickness, group, place, value=values[place], highest=highest)
                for group, values in enumerate(groups)
            ],
        )
        for place, name in enumerate(names)
    ]
    every = -(-len(labels) // MOST_LABELS)
    return Chart(
        series=series,
        labels=[
            (round(LEFT + room * (position + 0.5), 1), label)
            for position, label in enumerate(labels)
            if (len(labels) - 1 - position) % every == 0
        ],
        lines=[(height_of(step * line, highest), step * line) for line in range(5)],
        shows_values=len(groups) * len(names) <= MOST_VALUES,
    )


def bar(room, thickness, group, place, *, value, highest):
    y = height_of(value, highest)
    x = LEFT + room * (group + 0.12) + thickness * place
    return Bar(round(x, 1), y, round(max(thickness - 1.5, 1), 1), round(BOTTOM - y, 1), value)


def height_of(value, highest):
    return round(BOTTOM - (BOTTOM - TOP) * value / highest, 1)


def nice_step(most):
    """The distance of four grid lines that hold `most`: 1, 2 or 5 times a power of ten."""
    power = 1
    while True:
        for step in STEPS:
            if step * power * 4 >= most:
                return step * power
        power *= 10
