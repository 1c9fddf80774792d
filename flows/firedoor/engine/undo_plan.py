"""What an undo would do, change by change, last change first; what is left says why."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Literal

import msgspec

from firedoor.actions.contract import Change
from firedoor.chain import Entry
from firedoor.engine.desk import Desk
from firedoor.engine.made import Made, action_of, everything_meant, look, short
from firedoor.engine.naming import named
from firedoor.errors import FiredoorError, StoreUnavailable
from firedoor.masking import MASK, masked
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

    def shown(self) -> Undoing:
        """As people and the journal may have it: secrets masked."""
        seen = MASK if self.change.secret and self.seen is not None else masked(self.seen)
        return msgspec.structs.replace(self, change=self.change.shown(), seen=seen)


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
        if one.closed:
            return "unread", f"what stood there was sealed: {one.closed}", None
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
            return "undo", f"overwrites {_short(one, value)}", value
        if value is None:
            why = f"somebody has deleted it since; --force {one.place} tries to put it back"
            return "drift", why, value
        return (
            "drift",
            f"somebody has changed it since: it is {_short(one, value)}, not "
            f"{_short(one, one.change.to)}; "
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


def _short(one: Made, value: Json) -> str:
    return short(value, secret=one.change.secret)


def _said_lost(entries: Sequence[Entry]) -> set[tuple[str, str, str]]:
    """What an earlier undo said cannot come back: nothing is left to do about it."""
    return {
        (item["run"], item["step"], item["resource"])
        for entry in entries
        if entry.kind == "undo.finished"
        for item in entry.data["left"]
        if item.get("verdict") == "lost"
    }
