"""Drills of logging, keys, models and mail: without any one containment step each of them fails."""

from __future__ import annotations

import msgspec
import pytest

from firedoor.library import Library
from firedoor.program import Program, compile_program
from firedoor.runbook import Runbook
from tests.exercise.conftest import Play

# Scenario, runbook, the step that is taken out, and an objective that then is not reached.
CASES = [
    ("stopped-trail", "tampered-logging", "named_trail", "trail"),
    ("stopped-trail", "tampered-logging", "trails", "narrowed"),
    ("stopped-trail", "tampered-logging", "detectors", "guardduty"),
    ("stopped-trail", "tampered-logging", "recorders", "config"),
    ("stopped-trail", "tampered-logging", "hubs", "hub"),
    ("stopped-trail", "tampered-logging", "query_logs", "dns"),
    ("stopped-trail", "tampered-logging", "flow_logs", "traffic"),
    ("stopped-trail", "tampered-logging", "model_logs", "models"),
    ("stopped-trail", "tampered-logging", "bucket_logs", "bucket"),
    ("stopped-trail", "tampered-logging", "filters", "filters"),
    ("stopped-trail", "tampered-logging", "ip_sets", "lists"),
    ("stopped-trail", "tampered-logging", "users", "who"),
    ("stopped-trail", "tampered-logging", "roles", "role"),
    ("key-deletion", "key-deletion", "cancel", "not_deleted"),
    ("key-deletion", "key-deletion", "enable", "enabled"),
    ("key-deletion", "key-deletion", "policy", "policy"),
    ("key-deletion", "key-deletion", "grants", "grants"),
    ("key-deletion", "key-deletion", "users", "who"),
    ("key-deletion", "key-deletion", "roles", "role"),
    ("model-abuse", "model-abuse", "deny", "models"),
    ("model-abuse", "model-abuse", "model_logs", "logged"),
    ("model-abuse", "model-abuse", "user_whole", "whole"),
    ("model-abuse", "model-abuse", "others", "others"),
    ("model-abuse", "model-abuse", "roles", "role"),
    ("borrowed-models", "model-abuse", "role_whole", "whole"),
    ("mail-abuse", "mail-abuse", "pause", "paused"),
    ("mail-abuse", "mail-abuse", "users", "who"),
    ("mail-abuse", "mail-abuse", "roles", "role"),
    ("mail-abuse", "mail-abuse", "smtp_users", "smtp"),
    ("mail-abuse", "mail-abuse", "policies", "policies"),
]
RUNBOOKS = sorted({runbook for _, runbook, _, _ in CASES})


def without(library: Library, runbook: str, taken: set[str]) -> Program:
    """The program with these steps of the runbook itself taken out."""

    def find(name: str) -> Runbook:
        book = library.load(name)
        kept = tuple(each for each in book.steps if name != runbook or each.id not in taken)
        return msgspec.structs.replace(book, steps=kept)

    return compile_program(runbook, find)


HALVES = [
    (scenario, half)
    for scenario in dict.fromkeys(scenario for scenario, *_ in CASES)
    for half in (0, 1)
    if [case for case in CASES if case[0] == scenario][half::2]
]


@pytest.mark.parametrize(("scenario", "half"), HALVES)
def test_without_a_containment_step_the_drill_fails_and_says_what_for(
    drill: Play, library: Library, scenario: str, half: int
) -> None:
    """Every second step is taken out at once, then the others: what is left makes up for none."""
    cases = [case for case in CASES if case[0] == scenario][half::2]
    taken = {step for _, _, step, _ in cases}
    drilled = drill(scenario, program=without(library, cases[0][1], taken))
    missed = {str(each["id"]) for each in drilled.objectives if not each["met"]}

    assert not drilled.passed
    assert {objective for _, _, _, objective in cases} <= missed


@pytest.mark.parametrize("runbook", RUNBOOKS)
def test_every_containment_step_is_taken_out_above(library: Library, runbook: str) -> None:
    steps = library.load(runbook).all_steps()
    taken = {step for _, book, step, _ in CASES if book == runbook}

    assert {step.id for step in steps if step.phase and step.phase.value == "contain"} == taken
