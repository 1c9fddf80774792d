"""The drill of an attack sequence: without any one of its containment steps it fails."""

from __future__ import annotations

import msgspec
import pytest

from firedoor.library import Library
from firedoor.program import Program, compile_program
from firedoor.runbook import Runbook
from tests.exercise.conftest import Play

NAME = "attack-sequence"
CASES = [
    ("named_keys", "both_keys", "builder still got through"),
    ("users", "both_users", "minted still got through"),
    ("lone_keys", "lone_key", "reporter still got through"),
]


def without(library: Library, step_id: str) -> Program:
    """The program with one step of the runbook itself taken out."""

    def find(name: str) -> Runbook:
        book = library.load(name)
        kept = tuple(step for step in book.steps if name != NAME or step.id != step_id)
        return msgspec.structs.replace(book, steps=kept)

    return compile_program(NAME, find)


@pytest.mark.parametrize(("step", "objective", "why"), CASES)
def test_without_one_containment_step_the_drill_fails_and_says_what_for(
    drill: Play, library: Library, step: str, objective: str, why: str
) -> None:
    drilled = drill(NAME, program=without(library, step))
    said = {each["id"]: str(each["why"]) for each in drilled.objectives if not each["met"]}

    assert (drilled.rating, drilled.passed) == ("U", False)
    assert why in said[objective]


def test_every_containment_step_is_taken_out_above(library: Library) -> None:
    steps = library.load(NAME).all_steps()

    assert {step.id for step in steps if step.phase and step.phase.value == "contain"} == {
        step for step, _, _ in CASES
    }
