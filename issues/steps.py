"""What a reader may do next with an issue, as buttons: the table's word and icon with the address of the page."""

from dataclasses import dataclass

from django.urls import reverse

from issues.parties import moves_for, next_move
from issues.workflow import MOVES


@dataclass(frozen=True)
class Step:
    verb: str
    label: str
    icon: str
    url: str


def step_of(issue, verb):
    move = MOVES[verb]
    return Step(verb, move.label, move.icon, reverse(f"issue_{verb}", args=[issue.pk]))


def steps_for(user, issue, among=MOVES):
    """(the one next step or None, the other steps) that the user may take now."""
    verbs = moves_for(user, issue, among=among)
    first = next_move(issue, verbs)
    return first and step_of(issue, first), [step_of(issue, verb) for verb in verbs if verb != first]
