"""The table of moves itself: no dead end, no verb without a page, and the book says what the table says."""

import inspect
import re
from pathlib import Path

import pytest
from django.urls import reverse
from django.utils.translation import override

from issues.management.commands.issue_table import table
from issues.models import Issue
from issues.views import move
from issues.workflow import BIRTH_SENTENCES, BIRTHS, MOVES, OPEN, TONES, Party, Status

BOOK = Path(__file__).resolve().parents[2] / "docs" / "issues.md"
PLACES = ("who", "unit", "round", "handler")


def reached():
    states = set(BIRTHS.values())
    while more := {step.after for step in MOVES.values() if step.after and states & set(step.before)} - states:
        states |= more
    return states


def test_every_state_is_reachable():
    assert reached() == set(Status)


@pytest.mark.parametrize("state", OPEN)
def test_every_open_state_has_a_way_out(state):
    assert any(step.after not in (None, state) for step in MOVES.values() if state in step.before)


def test_closed_is_the_end():
    assert [verb for verb, step in MOVES.items() if Status.CLOSED in step.before] == []


@pytest.mark.parametrize("verb", MOVES)
def test_every_verb_has_a_method_a_view_and_an_address(verb):
    assert "by" in inspect.signature(getattr(Issue, verb)).parameters
    assert "key" in inspect.signature(getattr(Issue, verb)).parameters
    assert callable(getattr(move, f"issue_{verb}"))
    assert reverse(f"issue_{verb}", args=[1]) == f"/issues/1/{verb}/"


@pytest.mark.parametrize("verb", MOVES)
def test_every_verb_has_a_word_and_a_sentence(verb):
    step = MOVES[verb]
    for language in ("zh-hans", "en"):
        with override(language):
            assert str(step.label)
            said = str(step.sentence) % dict.fromkeys(PLACES, "someone")
            assert "someone" in said and "%" not in said


def test_births_have_sentences_and_states_have_tones():
    assert set(BIRTHS) == set(BIRTH_SENTENCES)
    assert set(TONES) == set(Status)


@pytest.mark.parametrize("state", Status)
def test_at_most_one_primary_move_for_each_party(state):
    for party in Party:
        primary = [verb for verb, step in MOVES.items() if state in step.before and step.who == party and step.primary]
        assert len(primary) <= 1


def test_the_book_has_the_table():
    stands = re.search(r"<!-- moves -->\n(.*?)\n<!-- /moves -->", BOOK.read_text(encoding="utf-8"), re.S).group(1)
    assert stands.strip() == table().strip(), "docs/issues.md is behind issues/workflow.py: manage.py issue_table"
