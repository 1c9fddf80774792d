"""What an incident has changed, by its journal: what stands, taken back, or is unsure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import msgspec

from firedoor.actions.contract import Action, Change, State
from firedoor.chain import Entry
from firedoor.engine.desk import Desk
from firedoor.errors import FiredoorError, NotFound, RunFailed, StoreUnavailable
from firedoor.kinds import parse_time
from firedoor.masking import MASK, masked
from firedoor.runbook import Json


@dataclass(frozen=True)
class Made:
    """A change of the journal. `change.from_` is what was there before the first time it was made,
    `at` when it was made last.

    `sure`: it has a receipt; without one it was meant, and may have been made. `begun`: taking it
    back was begun, and cut off. `closed`: why what stood there, which was sealed, does not open.
    """

    run: str
    step: str
    action: str
    given: Mapping[str, Json]
    change: Change
    at: datetime
    sure: bool = True
    begun: bool = False
    closed: str = ""

    @property
    def place(self) -> str:
        """`r1/deny`: how the command line names it."""
        return f"{self.run}/{self.step}"


Key = tuple[str, str, str]


def changes_made(desk: Desk) -> list[Made]:
    """Every change with a receipt that has not been taken back, in the order they were made."""
    return [one for one in everything_meant(desk) if one.sure]


def everything_meant(desk: Desk) -> list[Made]:
    """Also what was meant and has no receipt: a lost answer may have been a yes."""
    given: dict[tuple[str, str], dict[str, Json]] = {}
    made: dict[Key, Made] = {}
    for entry in desk.recorder.entries():
        run, step, data = entry.run or "", entry.step or "", entry.data
        if entry.kind == "step.started":
            given[run, step] = data["given"]
        elif entry.kind == "step.intended":
            change, closed = _opened(desk, entry)
            key = (run, step, change.resource)
            known = made.get(key)
            if known is not None and known.sure:
                # Made once more: what there was before all of it is what undo puts back.
                change = msgspec.structs.replace(
                    change, from_=known.change.from_, seal=known.change.seal
                )
                made[key] = replace(known, change=change, closed=known.closed or closed)
                continue
            inputs = given.get((run, step), {})
            at = parse_time(entry.at)
            made[key] = Made(
                run, step, data["action"], inputs, change, at, sure=False, closed=closed
            )
        elif entry.kind == "step.receipt":
            key = (run, step, data["resource"])
            # The newest is the first to be taken back: it goes to the end of the list.
            made[key] = replace(made.pop(key), at=parse_time(entry.at), sure=True)
        elif entry.kind == "undo.intended" and (run, step, data["resource"]) in made:
            key = (run, step, data["resource"])
            made[key] = replace(made[key], begun=True)
        elif entry.kind == "undo.receipt":
            made.pop((run, step, data["resource"]), None)
    return list(made.values())


def _opened(desk: Desk, entry: Entry) -> tuple[Change, str]:
    """An intent as it was meant, or as it is written and why it does not open."""
    try:
        return desk.recorder.seals.intended(entry), ""
    except StoreUnavailable as error:
        return msgspec.convert(entry.data["change"], Change), str(error)


def standing(made: Sequence[Made]) -> list[Made]:
    """Of changes in the order in which they were made the newest of each thing.

    What a later step of ours changed on purpose (a deny taken off when its time has come, a key
    deleted that had been shut) is not somebody else's doing.
    """
    newest = {one.change.resource: one for one in made}
    return [one for one in made if newest[one.change.resource] is one]


def taken_back(desk: Desk) -> set[Key]:
    """What people took back and nothing has changed again since: run, step, resource."""
    found: set[Key] = set()
    for entry in desk.recorder.entries():
        if entry.kind in ("undo.receipt", "step.receipt"):
            key = (entry.run or "", entry.step or "", str(entry.data["resource"]))
            (found.add if entry.kind == "undo.receipt" else found.discard)(key)
    return found


def action_of(desk: Desk, name: str) -> Action:
    """The action of a change; NotFound when it is not installed (any more)."""
    action = desk.actions.get(name)
    if action is None:
        raise NotFound(
            f"the action {name!r}, which made this change, is not installed here; "
            "install the package that it came with and try again"
        )
    return action


def read_input(action: Action, given: Mapping[str, Json]) -> Any:
    """What the journal says a step was given, as the action's Input."""
    kept = {key: value for key, value in given.items() if value is not None}
    try:
        return msgspec.convert(kept, action.Input)
    except msgspec.ValidationError as error:
        raise RunFailed(
            f"{action.name} takes other inputs now than when it made this change: {error}"
        ) from None


def look(desk: Desk, name: str, given: Mapping[str, Json]) -> State:
    """What the things of a change are now."""
    action = action_of(desk, name)
    inputs = read_input(action, given)
    with faults(name):
        found: State = action.observe(desk.aws, inputs, desk.case())
    return found


@contextmanager
def faults(action: str) -> Iterator[None]:
    """A fault of an action (perhaps somebody else's) is a RunFailed, not a crash."""
    try:
        yield
    except FiredoorError:
        raise
    except Exception as error:
        raise RunFailed(f"a fault in {action}: {type(error).__name__}: {error}") from error


def short(value: Json, *, secret: bool = False) -> str:
    """A value for a sentence: absent, or at most 80 characters; masked where it may be a secret."""
    if value is None:
        return "absent"
    value = MASK if secret else masked(value)
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    return text if len(text) <= 80 else text[:79] + "…"
