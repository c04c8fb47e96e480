"""The tables of moves: every state is reached, every open one leads on, what is over stays so, and every verb is a method."""

import inspect

import pytest
from django.utils.translation import override

from communities.models import ManagementChange, Reorganisation, Suggestion
from communities.workflow import ADVICE_TONES, STEP_TONES, Advice, Step

TABLES = [
    (Suggestion, Advice, Advice.OPEN, {Advice.OPEN}),
    (ManagementChange, set(Step), Step.DRAFT, {Step.DRAFT, Step.PLANNED, Step.DONE}),
    (Reorganisation, set(Step) - {Step.UNDONE}, Step.DRAFT, {Step.DRAFT, Step.PLANNED}),
]


@pytest.mark.parametrize(("model", "states", "birth", "leading_on"), TABLES)
def test_the_graph(model, states, birth, leading_on):
    reached = {birth}
    while more := {step.after for step in model.MOVES.values() if reached & set(step.before)} - reached:
        reached |= more
    assert reached == set(states)
    assert {state for state in states if any(state in step.before for step in model.MOVES.values())} == leading_on
    assert model._meta.get_field("status").default == birth


@pytest.mark.parametrize("model", [Suggestion, ManagementChange, Reorganisation])
def test_every_verb_is_a_method_with_words(model):
    for verb, step in model.MOVES.items():
        assert callable(getattr(model, verb)) and inspect.signature(getattr(model, verb))
        for language in ("zh-hans", "en"):
            with override(language):
                assert str(step.label)


def test_every_state_has_a_look():
    assert set(STEP_TONES) == set(Step) and set(ADVICE_TONES) == set(Advice)
