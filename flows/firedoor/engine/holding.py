"""Holds what a run has shut until the run's end: looks once more, and shuts again what was opened.

An attacker with IAM rights has about four seconds before a deny is in force everywhere, and as long
as he has another door, he can take it away whenever he likes. Only when his last door is shut does
what was shut before stay so. This is why the look comes last.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import msgspec

from firedoor.engine.desk import Desk
from firedoor.engine.reapply import reopened, shut_again
from firedoor.engine.verifying import read_back
from firedoor.stages import StepResult

ROUNDS = 3
"""How often what was opened is shut again before the run ends; more is for people to look at."""

Proof = Literal["holds", "broken", "unknown"]


def hold(desk: Desk, results: Sequence[StepResult]) -> list[StepResult]:
    """The results with their proofs as they are at the end. What is opened after this is found by
    the later checks."""
    broken = any(each.proof == "broken" for result in results for each in result.flat())
    again = False
    for _ in range(ROUNDS):
        opened = [one for one in reopened(desk) if one.allowed]
        if not opened:
            break
        shut_again(desk, opened)
        again = True
    if not again and not broken:
        return list(results)
    proofs = {(step["run"], step["id"]): _proof(step["holds"]) for step in read_back(desk).steps}
    return [_told_anew(result, proofs) for result in results]


def _proof(holds: bool | None) -> Proof:
    return "unknown" if holds is None else "holds" if holds else "broken"


def _told_anew(result: StepResult, proofs: Mapping[tuple[str, str], Proof]) -> StepResult:
    children = tuple(_told_anew(child, proofs) for child in result.children)
    proof = proofs.get((result.run, result.id), result.proof)
    if children and result.proof != "none":
        inside = [each.proof for child in children for each in child.flat() if each.mutating]
        proof = next((worst for worst in ("broken", "unknown") if worst in inside), "holds")
    status = result.status
    if status == "failed" and proof == "holds":
        status = "done"
    return msgspec.structs.replace(result, proof=proof, children=children, status=status)
