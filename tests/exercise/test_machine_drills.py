"""Drills of instances, miners and shared snapshots: passed as shipped, failed without any step.

A drill takes seconds, and there are many steps: one of each runbook is taken out in every run of
the tests, and each of them with FIREDOOR_MUTATION=all.
"""

from __future__ import annotations

import os
from typing import Any

import msgspec
import pytest

from firedoor.exercise.result import Drilled
from firedoor.library import Library
from firedoor.program import Program, compile_program
from firedoor.runbook import Runbook, Step
from tests.exercise.conftest import Play

DRILLS = {
    "compromised-instance": "mining-instance",
    "coin-mining": "mining-spree",
    "shared-snapshot": "public-snapshot",
}
NOT_PLAYED = {"compromised-instance": {"stop"}}
"""Steps that only run when they are wished for, and would do what the others do."""
MISSING = [
    ("compromised-instance", "memory", "memory"),
    ("compromised-instance", "role_sessions", "role"),
    ("compromised-instance", "metadata", "metadata"),
    ("compromised-instance", "profile", "profile"),
    ("compromised-instance", "standby", "group"),
    ("compromised-instance", "load_balancers", "load_balancers"),
    ("compromised-instance", "sessions", "sessions"),
    ("compromised-instance", "isolate", "network"),
    ("compromised-instance", "address", "shell"),
    ("coin-mining", "user_denied", "launcher"),
    ("coin-mining", "role_cut", "session"),
    ("coin-mining", "groups", "group"),
    ("coin-mining", "requests", "spot"),
    ("coin-mining", "stopped", "there"),
    ("coin-mining", "host", "host"),
    ("coin-mining", "by_host", "by_host"),
    ("shared-snapshot", "user_denied", "user"),
    ("shared-snapshot", "role_cut", "session"),
    ("shared-snapshot", "taken_back", "public"),
    ("shared-snapshot", "public_snapshot", "public"),
    ("shared-snapshot", "public_image", "image"),
    ("shared-snapshot", "public_disks", "image"),
    ("shared-snapshot", "public_database", "database"),
    ("shared-snapshot", "named_snapshot", "named"),
    ("shared-snapshot", "named_image", "image"),
    ("shared-snapshot", "named_disks", "image"),
    ("shared-snapshot", "named_database", "database"),
]


ALWAYS = {"isolate", "stopped", "taken_back"}
CASES = [
    pytest.param(
        *case,
        marks=pytest.mark.skipif(
            case[1] not in ALWAYS and os.environ.get("FIREDOOR_MUTATION") != "all",
            reason="one step of each runbook; all of them with FIREDOOR_MUTATION=all",
        ),
    )
    for case in MISSING
]


def unmet(drilled: Drilled) -> set[Any]:
    return {each["id"] for each in drilled.objectives if not each["met"]}


def without(library: Library, runbook: str, step_id: str) -> Program:
    """The program with one step taken out, wherever its runbook is called."""

    def lacking(step: Step) -> Step:
        kept = {
            name: value
            for name, value in step.with_.items()
            if not str(value).startswith(f"${step_id}.")
        }
        return msgspec.structs.replace(step, with_=kept)

    def find(name: str) -> Runbook:
        book = library.load(name)
        if name != runbook:
            return book
        steps = tuple(lacking(step) for step in book.steps if step.id != step_id)
        return msgspec.structs.replace(book, steps=steps)

    return compile_program(runbook, find)


@pytest.mark.parametrize("scenario", DRILLS.values())
def test_the_shipped_drill_is_performed_without_challenges(drill: Play, scenario: str) -> None:
    drilled = drill(scenario)

    assert (drilled.rating, drilled.status) == ("P", "contained")
    assert unmet(drilled) == set()
    assert set(drilled.proof.values()) == {True}


@pytest.mark.parametrize(("runbook", "step", "objective"), CASES)
def test_without_one_containment_step_the_drill_fails(
    drill: Play, library: Library, runbook: str, step: str, objective: str
) -> None:
    drilled = drill(DRILLS[runbook], program=without(library, runbook, step))

    assert not drilled.passed
    assert objective in unmet(drilled)


@pytest.mark.parametrize("runbook", DRILLS)
def test_every_containment_step_is_taken_out_above(library: Library, runbook: str) -> None:
    taken = {step for name, step, _ in MISSING if name == runbook}
    steps = library.load(runbook).all_steps()
    contain = {step.id for step in steps if step.phase and step.phase.value == "contain"}

    assert contain - NOT_PLAYED.get(runbook, set()) == taken
