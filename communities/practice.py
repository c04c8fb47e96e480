"""The practice ground (练习环境): where trainees work. Its codes lie in a province that does not exist, so nothing real contains it.

Every district has one: a street whose code is made of the district's (411702 → 994117020). No figure, list, search or reminder
of a real place reaches into it, because each of them asks for a subtree; the installation's own pages leave it out.
"""

PROVINCE = "99"
DISTRICT_DIGITS = 6


def is_practice(path):
    return path.startswith(PROVINCE)


def ground_of(district):
    """The code of the practice ground of the district with this code."""
    return f"{PROVINCE}{district}0"


def district_of(path):
    """The code of the real district whose practice ground contains this path; any other path as it is."""
    return path[len(PROVINCE) :][:DISTRICT_DIGITS] if is_practice(path) else path
