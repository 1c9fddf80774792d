"""What a drill came to."""

from __future__ import annotations

import msgspec

from firedoor.exercise.comeback import Undone
from firedoor.runbook import Json


class Drilled(msgspec.Struct, frozen=True, kw_only=True):
    """One drill's result: a line of `drill --json`.

    `rules`: every rule of the rating that matched, with its reason. `seconds`: what it took on the
    machine's clock. `refused_after`: seconds of simulated time from the finding to the attacker's
    last success; 0 when he had none. `report` and `evidence` are paths.
    """

    scenario: str
    title: str
    rating: str
    wanted: str
    passed: bool
    objectives: list[dict[str, Json]]
    proof: dict[str, bool | None]
    rules: list[dict[str, str]]
    incident: str
    status: str
    engine: str
    seconds: float
    refused_after: float
    report: str
    evidence: str
    unknown: list[str]
    undo: Undone | None = None
