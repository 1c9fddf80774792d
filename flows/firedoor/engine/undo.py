"""Undo: put back what was recorded, in reverse order, and only that.

What was changed by somebody else since is left alone; what cannot come back is said beforehand;
what would hand access back to the attacker stays shut unless a reason names why.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import msgspec

from firedoor.actions.contract import Action, Change, State
from firedoor.engine.desk import Desk
from firedoor.engine.perform import apply_once
from firedoor.errors import FiredoorError, NotFound
from firedoor.journal import Entry
from firedoor.kinds import parse_time
from firedoor.runbook import Json

Verdict = Literal["undo", "lost", "reopens", "drift", "back"]


class Undoing(msgspec.Struct, frozen=True, kw_only=True):
    """One change to take back, or the reason why it is left."""

    step: str
    run: str
    action: str
    given: dict[str, Json]
    change: Change
    verdict: Verdict
    why: str = ""


@dataclass(frozen=True)
class Made:
    """A change that has a receipt."""

    run: str
    step: str
    action: Action
    given: dict[str, Json]
    change: Change
    entry: Entry


def plan_undo(
    desk: Desk,
    *,
    steps: Collection[str] = (),
    reopen: str = "",
    force: Collection[str] = (),
) -> list[Undoing]:
    """What undoing now would do, last change first. Reads AWS, changes nothing."""
    made = changes_made(desk)
    known = {one.step for one in made} | {f"{one.run}/{one.step}" for one in made}
    unknown = [step for step in (*steps, *force) if step not in known]
    if unknown:
        raise NotFound(
            f"no step {unknown[0]!r} with a change to undo; there are: "
            + (", ".join(sorted(one.step for one in made)) or "none")
        )
    wanted = [one for one in made if not steps or _named(one, steps)]
    return [_judge(desk, one, reopen, _named(one, force)) for one in reversed(wanted)]


def changes_made(desk: Desk) -> list[Made]:
    """Every change with a receipt that has not been undone, in the order they were made."""
    entries = desk.recorder.entries()
    given = {
        (entry.run, entry.step): entry.data["given"]
        for entry in entries
        if entry.kind == "step.started"
    }
    made: dict[tuple[str | None, str | None, str], Made] = {}
    intents: dict[tuple[str | None, str | None, str], Change] = {}
    for entry in entries:
        if entry.kind == "step.intended":
            change = msgspec.convert(entry.data["change"], Change)
            intents[entry.run, entry.step, change.resource] = change
        elif entry.kind == "step.receipt":
            key = (entry.run, entry.step, entry.data["resource"])
            made[key] = Made(
                run=entry.run or "",
                step=entry.step or "",
                action=desk.actions[entry.data["action"]],
                given=given.get((entry.run, entry.step), {}),
                change=intents[key],
                entry=entry,
            )
        elif entry.kind == "undo.receipt":
            made.pop((entry.run, entry.step, entry.data["resource"]), None)
    return list(made.values())


def _judge(desk: Desk, one: Made, reopen: str, forced: bool) -> Undoing:
    def verdict(name: Verdict, why: str = "") -> Undoing:
        return Undoing(
            step=one.step,
            run=one.run,
            action=one.action.name,
            given=one.given,
            change=one.change.inverse(),
            verdict=name,
            why=why,
        )

    if one.change.lost:
        return verdict("lost", one.change.lost)
    opened = one.action.reopens.at(parse_time(one.entry.at), desk.aws.now())
    if opened and not reopen:
        return verdict("reopens", opened)
    seen: State = one.action.observe(desk.aws, _given(one), desk.case())
    value = seen.parts.get(one.change.resource)
    if value == one.change.from_:
        return verdict("back", "it is as it was before already")
    if value != one.change.to and not forced:
        return verdict(
            "drift",
            f"somebody has changed it since: it is {short(value)}, not {short(one.change.to)}; "
            f"--force {one.step} overwrites that",
        )
    return verdict("undo", f"overwrites {short(value)}" if value != one.change.to else "")


def undo(desk: Desk, planned: Sequence[Undoing], *, reopen: str = "") -> dict[str, list[Json]]:
    """Do what was planned; `undone` and `left` as the command line tells them."""
    left: list[Json] = [
        {"step": one.step, "run": one.run, "resource": one.change.resource, "why": one.why}
        for one in planned
        if one.verdict in ("lost", "reopens", "drift")
    ]
    todo = [one for one in planned if one.verdict == "undo"]
    desk.recorder.write(
        "undo.planned",
        {"steps": [msgspec.to_builtins(one) for one in todo], "left": left, "reopen": reopen},
    )
    undone: list[Json] = []
    for one in todo:
        try:
            undone.append(_take_back(desk, one))
        except FiredoorError as error:
            left.append(
                {
                    "step": one.step,
                    "run": one.run,
                    "resource": one.change.resource,
                    "why": str(error),
                }
            )
    desk.recorder.write("undo.finished", {"undone": undone, "left": left})
    return {"undone": undone, "left": left}


def _take_back(desk: Desk, one: Undoing) -> Json:
    action = desk.actions[one.action]
    given = msgspec.convert(
        {key: value for key, value in one.given.items() if value is not None}, action.Input
    )
    data: dict[str, Any] = {
        "action": one.action,
        "resource": one.change.resource,
        "change": msgspec.to_builtins(one.change),
    }
    desk.recorder.write("undo.intended", data, run=one.run, step=one.step)
    requests = apply_once(desk.aws, action, given, one.change, desk.case())
    desk.recorder.write("undo.receipt", {**data, "requests": requests}, run=one.run, step=one.step)
    return {"step": one.step, "run": one.run, "resource": one.change.resource}


def _given(one: Made) -> Any:
    given = {key: value for key, value in one.given.items() if value is not None}
    return msgspec.convert(given, one.action.Input)


def _named(one: Made, steps: Collection[str]) -> bool:
    return one.step in steps or one.step.split(".")[0] in steps or f"{one.run}/{one.step}" in steps


def short(value: Json) -> str:
    """A value for a sentence: absent, or at most 80 characters."""
    if value is None:
        return "absent"
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    return text if len(text) <= 80 else text[:79] + "…"
