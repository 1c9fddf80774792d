"""A drill: a scenario played by script, against simulated AWS, in virtual time.

Everything that a real incident would go through is the real thing: the finding is read and routed,
confirmed with GuardDuty, the shipped runbook is compiled and run, people are asked. Only AWS, the
clock and the people are played.
"""

from __future__ import annotations

from datetime import timedelta

import msgspec

from firedoor.runbook import Json

DECIDES_AFTER = timedelta(minutes=4)
"""How long the scripted approver takes: the attacker goes on meanwhile."""

SESSIONS_LAST = timedelta(hours=36)
"""When undoing the deny no longer hands access back: the longest life of a minted session."""


class Undone(msgspec.Struct, frozen=True, kw_only=True):
    """What undo brought back, what it left and why, and whether the account is as before."""

    undone: int
    left: list[Json]
    same: bool
    differs: list[str]


class Drilled(msgspec.Struct, frozen=True, kw_only=True):
    """One drill's result: a line of `drill --json`."""

    scenario: str
    title: str
    rating: str
    wanted: str
    passed: bool
    objectives: list[dict[str, Json]]
    proof: dict[str, bool | None]
    incident: str
    status: str
    seconds: float
    report: str
    evidence: str
    unknown: list[str]
    undo: Undone | None = None
