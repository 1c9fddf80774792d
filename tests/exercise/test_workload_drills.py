"""The drills of functions, databases, containers and clusters: without a step its objective fails.

The containment steps of a scenario are taken out by halves: the objectives of one half fail then,
while those of the other half are reached. So each step is what its objective depends on, and a
scenario costs two drills instead of one for each step.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
import pytest

from firedoor.library import Library
from firedoor.program import Program, compile_program
from firedoor.runbook import Runbook
from tests.exercise.conftest import Play
from tests.exercise.test_drill import unmet

# Scenario: its runbook, and two halves of what it has to contain, each step with its objective.
HALVES: Mapping[str, tuple[str, dict[str, str], dict[str, str]]] = {
    "hijacked-function": (
        "compromised-function",
        {
            "url_back": "url_wants_a_signature",
            "statements": "not_let_in",
            "role": "role",
        },
        {"warm": "stopped", "stop": "stopped", "triggers": "not_fed", "public": "not_public"},
    ),
    "open-function": ("compromised-function", {"url": "url"}, {}),
    "exposed-database": (
        "compromised-database",
        {
            "protect": "protected",
            "isolate": "unreachable",
            "password": "password",
            "backups": "backups",
        },
        {
            "private": "off_the_internet",
            "restart": "connections",
            "sign_in": "sign_in",
            "shared": "shared",
        },
    ),
    "hijacked-task": (
        "compromised-ecs-task",
        {"shell": "shell", "service": "service"},
        {"role": "role", "images": "image"},
    ),
    "rogue-task": (
        "compromised-ecs-task",
        {"drain": "drained", "role": "role"},
        {"stop": "stopped", "host": "host"},
    ),
    "cluster-intruder": (
        "compromised-eks-workload",
        {"logging": "logs", "pods": "pods", "endpoint": "endpoint"},
        {"entry": "principal", "role": "pods"},
    ),
}
CASES = [
    (scenario, half) for scenario, (_, *halves) in HALVES.items() for half in (0, 1) if halves[half]
]
# Steps that no scenario plays, and why; their actions are tested by themselves.
NOT_PLAYED = {
    ("compromised-database", "shared_of_cluster"): "as `shared`, of a cluster",
    ("compromised-eks-workload", "host"): "as in rogue-task, of a node",
}


@pytest.mark.parametrize(("scenario", "half"), CASES)
def test_without_half_of_the_steps_their_objectives_fail_and_no_others(
    drill: Play, library: Library, scenario: str, half: int
) -> None:
    runbook, *halves = HALVES[scenario]
    out, kept = halves[half], halves[1 - half]
    drilled = drill(scenario, program=without(library, runbook, set(out)))

    assert (drilled.rating, drilled.passed) == ("U", False)
    assert set(out.values()) <= unmet(drilled)
    assert not (set(kept.values()) - set(out.values())) & unmet(drilled)


@pytest.mark.parametrize(("step", "objective"), [("warm", "stopped"), ("stop", "stopped")])
def test_stopping_a_function_takes_both_steps(
    drill: Play, library: Library, step: str, objective: str
) -> None:
    drilled = drill("hijacked-function", program=without(library, "compromised-function", {step}))

    assert objective in unmet(drilled)


def test_every_containment_step_is_taken_out_somewhere(library: Library) -> None:
    taken = {
        (runbook, step) for runbook, *halves in HALVES.values() for half in halves for step in half
    }
    steps = {
        (runbook, str(step.id))
        for runbook, *_ in HALVES.values()
        for step in library.load(runbook).all_steps()
        if step.phase and step.phase.value == "contain"
    }

    assert steps - set(NOT_PLAYED) == taken


def without(library: Library, runbook: str, out: set[str]) -> Program:
    """The runbook's program without some steps, and without those that are about them."""
    about = {"release"} if "stop" in out else set()

    def find(name: str) -> Runbook:
        book = library.load(name)
        if name != runbook:
            return book
        steps = tuple(step for step in book.steps if step.id not in out | about)
        return msgspec.structs.replace(book, steps=steps)

    return compile_program(runbook, find)
