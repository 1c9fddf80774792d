"""Undo: put back what was recorded, last change first, and only that.

What was changed by somebody else since is left alone; what cannot come back is said beforehand;
what would hand access back to the attacker stays shut unless a reason names why. Each change is
journalled before and after it is made, so that an undo that was cut off goes on when it is called
again, and nothing is made twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from firedoor.chain import Entry
from firedoor.engine.applying import apply_once
from firedoor.engine.desk import Desk
from firedoor.engine.lease import working
from firedoor.engine.made import action_of, faults, look, read_input, short
from firedoor.engine.undo_plan import LEFT, Undoing, Verdict, plan_undo
from firedoor.errors import FiredoorError, Refused, StoreUnavailable
from firedoor.runbook import Json


def refuse_unfinished(entries: Sequence[Entry]) -> None:
    """Refused while a run of the incident has not come to its end: it would go on changing what
    undo takes back."""
    ended: dict[str, str] = {}
    for entry in entries:
        if entry.kind in ("run.started", "run.resumed") and not entry.data.get("parent"):
            ended[entry.data["run"]] = "running"
        elif entry.kind == "run.finished" and entry.data["run"] in ended:
            ended[entry.data["run"]] = entry.data["status"]
    incident = entries[0].data["id"]
    answered = {
        entry.data["id"]
        for entry in entries
        if entry.kind in ("approval.given", "approval.denied", "approval.expired")
    }
    for run, status in ended.items():
        if status == "running":
            raise Refused(
                f"run {run} has not come to its end. Let it end first, or, if it was cut off: "
                f"`firedoor resume {incident}`; then undo"
            )
        if status == "waiting":
            open_ = [
                entry.data["id"]
                for entry in entries
                if entry.kind == "approval.asked"
                and entry.data["id"] not in answered
                and (entry.run or "").split(".")[0] == run
            ]
            first = f"`firedoor deny {open_[-1]}` (or approve), " if open_ else ""
            raise Refused(
                f"run {run} waits for a person and would go on after the undo. First {first}"
                f"`firedoor resume {incident}`; then undo"
            )


def undo(desk: Desk, planned: Sequence[Undoing], *, reopen: str = "") -> dict[str, list[Json]]:
    """Do what was planned: `undone`, `left` (each with its reason) and `back`, already as it was.

    A change that AWS refuses is left with its reason, and a later undo takes it up. Refused while
    another process works the incident.
    """
    with working(desk.recorder.journal, desk.incident, by=desk.recorder.by):
        return _undo(desk, planned, reopen)


def _undo(desk: Desk, planned: Sequence[Undoing], reopen: str) -> dict[str, list[Json]]:
    left = [_told(one, one.why) for one in planned if one.verdict in LEFT]
    todo = [one for one in planned if one.verdict == "undo"]
    already = [one for one in planned if one.verdict == "back"]
    if not (left or todo or already):
        return {"undone": [], "left": [], "back": []}
    desk.recorder.write(
        "undo.planned",
        {
            "steps": [msgspec.to_builtins(one.shown()) for one in todo],
            "left": left,
            "reopen": reopen,
        },
    )
    undone: list[Json] = []
    for one in todo:
        try:
            _take_back(desk, one, reopen)
            undone.append(_told(one, one.why))
        except StoreUnavailable:
            # Nothing can be written down: nothing further is done either.
            raise
        except FiredoorError as error:
            left.append(_told(one, str(error)))
    back: list[Json] = []
    for one in already:
        # It may have been planned to be back by a change before it that AWS then refused.
        if _is_back(desk, one):
            _write(desk, "undo.receipt", one, requests=[], observed=True)
            back.append(_told(one, one.why))
        else:
            left.append(_told(one, "it is not back: what was to be undone before it was left"))
    desk.recorder.write("undo.finished", {"undone": undone, "left": left, "back": back})
    return {"undone": undone, "left": left, "back": back}


def _is_back(desk: Desk, one: Undoing) -> bool:
    try:
        found = look(desk, one.action, one.given).parts.get(one.change.resource)
    except StoreUnavailable:
        raise
    except FiredoorError:
        return False
    return bool(found == one.change.to)


def _take_back(desk: Desk, one: Undoing, reopen: str) -> None:
    """Look once more, then intent, change, receipt. Refused when somebody was faster."""
    action = action_of(desk, one.action)
    value = look(desk, one.action, one.given).parts.get(one.change.resource)
    if value == one.change.to:
        _write(desk, "undo.receipt", one, requests=[], observed=True)
        return
    if value != one.seen:
        raise Refused(
            f"somebody changed it while you were deciding: it is "
            f"{short(value, secret=one.change.secret)} now, not "
            f"{short(one.seen, secret=one.change.secret)}; undo again to see and decide anew"
        )
    more: dict[str, Json] = {"reopen": reopen} if one.reopens else {}
    if one.forced and one.seen != one.change.from_:
        more["overwrites"] = one.shown().seen
    _write(desk, "undo.intended", one, **more)
    given = read_input(action, one.given)
    with faults(one.action):
        requests = apply_once(desk.aws, action, given, one.change, desk.case())
    _write(desk, "undo.receipt", one, requests=requests)


def _write(desk: Desk, kind: str, one: Undoing, **more: Any) -> None:
    data: dict[str, Json] = {
        "action": one.action,
        "resource": one.change.resource,
        "change": msgspec.to_builtins(one.change.shown()),
        **more,
    }
    desk.recorder.write(kind, data, run=one.run, step=one.step)


def _told(one: Undoing, why: str) -> dict[str, Json]:
    return {
        "step": one.step,
        "run": one.run,
        "resource": one.change.resource,
        "verdict": one.verdict,
        "why": why,
    }


__all__ = ["LEFT", "Undoing", "Verdict", "plan_undo", "refuse_unfinished", "undo"]
