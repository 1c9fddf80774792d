"""Undo: put back what was recorded, last change first, and only that.

What was changed by somebody else since is left alone; what cannot come back is said beforehand;
what would hand access back to the attacker stays shut unless a reason names why. Each change is
journalled before and after it is made, so that an undo that was cut off goes on when it is called
again, and nothing is made twice.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, Literal

import msgspec

from firedoor.actions.contract import Change
from firedoor.engine.desk import Desk
from firedoor.engine.made import (
    Made,
    action_of,
    changes_made,
    everything_meant,
    faults,
    look,
    read_input,
    short,
)
from firedoor.engine.naming import named
from firedoor.engine.perform import apply_once
from firedoor.errors import FiredoorError, Refused, StoreUnavailable
from firedoor.journal import Entry
from firedoor.runbook import Json

Verdict = Literal["undo", "lost", "reopens", "drift", "unread", "back", "gone"]
"""`lost`: cannot come back; `gone`: the same, and an earlier undo has said so."""
LEFT = ("lost", "reopens", "drift", "unread")
"""The verdicts that leave a change where it is although it was asked for."""


class Undoing(msgspec.Struct, frozen=True, kw_only=True):
    """One change to take back, or the reason why it is left.

    `seen`: what is there now, and what taking it back overwrites. `reopens`: why taking it back
    hands access to the attacker again; `forced`: somebody said to overwrite what others did.
    """

    step: str
    run: str
    action: str
    given: dict[str, Json]
    change: Change
    verdict: Verdict
    why: str = ""
    seen: Json = None
    reopens: str = ""
    forced: bool = False


def plan_undo(
    desk: Desk,
    *,
    steps: Collection[str] = (),
    reopen: str = "",
    force: Collection[str] = (),
) -> list[Undoing]:
    """What undoing now would do, last change first. Reads AWS, changes nothing.

    `steps` and `force` name steps as `deny`, `r2/deny`, `r1.spread.0/deny`, or a loop or
    sub-runbook for all that it did; NotFound when there is none of that name.
    """
    made = everything_meant(desk)
    entries = desk.recorder.entries()
    wanted = named(entries, steps)
    forced = named(entries, force)
    asked = [one for one in made if not steps or one.place in wanted]
    said = set() if steps else _said_lost(entries)
    planner = _Planner(desk, reopen, forced, said)
    for one in reversed(made):
        if one in asked:
            planner.judge(one)
        elif one.sure:
            planner.standing[one.change.resource] = one
    return planner.found


class _Planner:
    """Judges change after change, each as the account will be when those before it are back."""

    def __init__(
        self,
        desk: Desk,
        reopen: str,
        forced: Collection[str],
        said: Collection[tuple[str, str, str]],
    ) -> None:
        self.desk = desk
        self.reopen = reopen
        self.forced = forced
        self.said = said
        self.found: list[Undoing] = []
        self.standing: dict[str, Made] = {}
        self._after: dict[str, Json] = {}
        self._seen: dict[str, dict[str, Json] | FiredoorError] = {}

    def judge(self, one: Made) -> None:
        """Add what is to be done about a change."""
        resource = one.change.resource
        verdict, why, seen = self._verdict(one)
        if not one.sure and verdict == "back":
            # It was never made.
            return
        if verdict == "lost" and (one.run, one.step, resource) in self.said:
            verdict = "gone"
        if verdict == "undo":
            self._after[resource] = one.change.from_
        elif verdict != "back":
            self.standing[resource] = one
        self.found.append(
            Undoing(
                step=one.step,
                run=one.run,
                action=one.action,
                given=dict(one.given),
                change=one.change.inverse(),
                verdict=verdict,
                why=why,
                seen=seen,
                reopens=self._reopens(one) if verdict == "undo" else "",
                forced=one.place in self.forced,
            )
        )

    def _verdict(self, one: Made) -> tuple[Verdict, str, Json]:
        if one.change.lost and one.sure:
            return "lost", one.change.lost, None
        try:
            value = self._value(one)
            opened = self._reopens(one)
        except FiredoorError as error:
            return "unread", f"what is there now cannot be read: {error}", None
        if value == one.change.from_:
            return "back", "it is as it was before already", value
        if one.change.lost:
            return "lost", one.change.lost, value
        later = self.standing.get(one.change.resource)
        if later is not None:
            return "drift", f"{later.place} changed it after this and stays: undo that first", value
        if opened and not self.reopen:
            return "reopens", opened, value
        if value != one.change.to:
            return self._drifted(one, value)
        return "undo", "it was begun before, and cut off" if one.begun else "", value

    def _drifted(self, one: Made, value: Json) -> tuple[Verdict, str, Json]:
        if one.place in self.forced:
            return "undo", f"overwrites {short(value)}", value
        if value is None:
            why = f"somebody has deleted it since; --force {one.place} tries to put it back"
            return "drift", why, value
        return (
            "drift",
            f"somebody has changed it since: it is {short(value)}, not {short(one.change.to)}; "
            f"--force {one.place} overwrites that",
            value,
        )

    def _value(self, one: Made) -> Json:
        """What is there when everything before it in the plan has been taken back."""
        if one.change.resource in self._after:
            return self._after[one.change.resource]
        # One look a step, however many things it changed.
        if one.place not in self._seen:
            try:
                self._seen[one.place] = dict(look(self.desk, one.action, one.given).parts)
            except StoreUnavailable:
                raise
            except FiredoorError as error:
                self._seen[one.place] = error
        found = self._seen[one.place]
        if isinstance(found, FiredoorError):
            raise found
        return found.get(one.change.resource)

    def _reopens(self, one: Made) -> str:
        return action_of(self.desk, one.action).reopens.at(one.at, self.desk.aws.now())


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
    """Do what was planned: `undone`, `left` (each with its reason) and `back`, which needed nothing.

    A change that AWS refuses is left with its reason, and a later undo takes it up.
    """
    left = [_told(one, one.why) for one in planned if one.verdict in LEFT]
    todo = [one for one in planned if one.verdict == "undo"]
    already = [one for one in planned if one.verdict == "back"]
    if not (left or todo or already):
        return {"undone": [], "left": [], "back": []}
    desk.recorder.write(
        "undo.planned",
        {"steps": [msgspec.to_builtins(one) for one in todo], "left": left, "reopen": reopen},
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


def _said_lost(entries: Sequence[Entry]) -> set[tuple[str, str, str]]:
    """What an earlier undo said cannot come back: nothing is left to do about it."""
    return {
        (item["run"], item["step"], item["resource"])
        for entry in entries
        if entry.kind == "undo.finished"
        for item in entry.data["left"]
        if item.get("verdict") == "lost"
    }


def _take_back(desk: Desk, one: Undoing, reopen: str) -> None:
    """Look once more, then intent, change, receipt. Refused when somebody was faster."""
    action = action_of(desk, one.action)
    value = look(desk, one.action, one.given).parts.get(one.change.resource)
    if value == one.change.to:
        _write(desk, "undo.receipt", one, requests=[], observed=True)
        return
    if value != one.seen:
        raise Refused(
            f"somebody changed it while you were deciding: it is {short(value)} now, "
            f"not {short(one.seen)}; undo again to see and decide anew"
        )
    more: dict[str, Json] = {"reopen": reopen} if one.reopens else {}
    if one.forced and one.seen != one.change.from_:
        more["overwrites"] = one.seen
    _write(desk, "undo.intended", one, **more)
    given = read_input(action, one.given)
    with faults(one.action):
        requests = apply_once(desk.aws, action, given, one.change, desk.case())
    _write(desk, "undo.receipt", one, requests=requests)


def _write(desk: Desk, kind: str, one: Undoing, **more: Any) -> None:
    data: dict[str, Json] = {
        "action": one.action,
        "resource": one.change.resource,
        "change": msgspec.to_builtins(one.change),
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


__all__ = [
    "LEFT",
    "Undoing",
    "Verdict",
    "changes_made",
    "plan_undo",
    "refuse_unfinished",
    "short",
    "undo",
]
