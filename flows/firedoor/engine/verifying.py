"""Reads back, any time later, whether what was contained still holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from firedoor.actions.contract import Action, Check
from firedoor.engine.desk import Desk
from firedoor.engine.perform import judge
from firedoor.engine.undo import changes_made
from firedoor.errors import FiredoorError
from firedoor.runbook import Json


def verify_again(desk: Desk) -> list[dict[str, Json]]:
    """Prove every change that was made and not undone once more; each proof is journalled.

    One item per step: `{id, run, action, holds: true|false|null, checks}`.
    """
    steps: dict[tuple[str, str], Proving] = {}
    for made in changes_made(desk):
        steps.setdefault(
            (made.run, made.step), Proving(made.run, made.step, made.action, made.given)
        )
    watched = _watched(desk) if steps else []
    return [_verify_one(desk, each) for each in (*steps.values(), *watched)]


@dataclass(frozen=True)
class Proving:
    """A step whose proof is taken once more."""

    run: str
    step: str
    action: Action
    given: Mapping[str, Json]


def _watched(desk: Desk) -> list[Proving]:
    """The reading steps that gave proof: whether anything of theirs still succeeds."""
    entries = desk.recorder.entries()
    given = {
        (entry.run, entry.step): entry.data["given"]
        for entry in entries
        if entry.kind == "step.started"
    }
    found: dict[tuple[str | None, str | None], Proving] = {}
    for entry in entries:
        if entry.kind != "proof.taken":
            continue
        action = desk.actions.get(entry.data["action"])
        if action and not action.mutating:
            place = (entry.run, entry.step)
            found[place] = Proving(entry.run or "", entry.step or "", action, given.get(place, {}))
    return list(found.values())


def _checks(desk: Desk, one: Proving) -> list[Check]:
    given = msgspec.convert(
        {key: value for key, value in one.given.items() if value is not None}, one.action.Input
    )
    if one.action.verify:
        return one.action.verify(desk.aws, given, desk.case())
    seen = one.action.observe(desk.aws, given, desk.case())
    return list(getattr(seen, "checks", ()))


def _verify_one(desk: Desk, made: Proving) -> dict[str, Json]:
    action = made.action
    try:
        checks = _checks(desk, made)
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
