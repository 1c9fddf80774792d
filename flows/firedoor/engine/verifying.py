"""Reads back, any time later, whether what was contained still holds."""

from __future__ import annotations

import msgspec

from firedoor.actions.contract import Check
from firedoor.engine.desk import Desk
from firedoor.engine.perform import judge
from firedoor.engine.undo import Made, changes_made
from firedoor.errors import FiredoorError
from firedoor.runbook import Json


def verify_again(desk: Desk) -> list[dict[str, Json]]:
    """Prove every change that was made and not undone once more; each proof is journalled.

    One item per step: `{id, run, action, holds: true|false|null, checks}`.
    """
    steps: dict[tuple[str, str], Made] = {}
    for made in changes_made(desk):
        steps.setdefault((made.run, made.step), made)
    return [_verify_one(desk, made) for made in steps.values()]


def _verify_one(desk: Desk, made: Made) -> dict[str, Json]:
    action = made.action
    assert action.verify
    try:
        given = msgspec.convert(
            {key: value for key, value in made.given.items() if value is not None}, action.Input
        )
        checks: list[Check] = action.verify(desk.aws, given, desk.case())
    except FiredoorError as error:
        checks = [Check(what=f"read {action.name} back", holds=None, seen=str(error))]
    told = msgspec.to_builtins(checks)
    holds = judge(checks)
    desk.recorder.write(
        "proof.taken",
        {
            "action": action.name,
            "phase": "contain",
            "holds": holds,
            "kind": checks[0].kind if checks else "state",
            "checks": told,
            "again": True,
        },
        run=made.run,
        step=made.step,
    )
    return {
        "id": made.step,
        "run": made.run,
        "action": action.name,
        "holds": holds,
        "checks": told,
    }
