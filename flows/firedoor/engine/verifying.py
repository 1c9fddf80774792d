"""Reads back, any time later, whether what was contained still holds.

Of the checks that are due at +10 s, +60 s and +10 min after a run, one reading makes all whose time
has come. Each proof is journalled, and what the reading came to.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import msgspec

from firedoor.actions.contract import Check
from firedoor.engine.applying import judge
from firedoor.engine.desk import Desk
from firedoor.engine.lease import working
from firedoor.engine.made import action_of, changes_made, faults, read_input, standing, taken_back
from firedoor.engine.outcome import last_success
from firedoor.errors import FiredoorError, StoreUnavailable
from firedoor.kinds import parse_time
from firedoor.runbook import Json
from firedoor.side_by_side import in_threads
from firedoor.summary import checks_due

FINISHED = ("done", "nothing_to_do")


class Verified(msgspec.Struct, frozen=True, kw_only=True):
    """What one reading came to. `holds` None: there is nothing (any more) that could hold.

    `steps` are `{id, run, action, holds: true|false|null, checks}`; `done` are the due checks that
    this reading made, `due` those still to come; `last_success` the last call of theirs that got
    through after containment (`{when, event, source_ip, key}`), None when none was seen.
    """

    holds: bool | None
    steps: list[dict[str, Json]]
    done: list[dict[str, str]]
    due: list[dict[str, str]]
    last_success: dict[str, Json] | None = None


@dataclass(frozen=True)
class Proving:
    """A step whose proof is taken once more."""

    run: str
    step: str
    action: str
    given: Mapping[str, Json]
    phase: str = "contain"


def verify(desk: Desk) -> Verified:
    """Prove everything that was contained and not undone once more; all of it is journalled.

    Refused while another process works the incident: what it is just changing proves nothing.
    """
    with working(desk.recorder.journal, desk.incident, by=desk.recorder.by):
        return read_back(desk)


def read_back(desk: Desk) -> Verified:
    """`verify` for the process that works the incident already."""
    proving = to_prove(desk)
    now = desk.aws.now()
    looked = in_threads(proving, partial(_verify_one, desk))
    steps = [told for told, _ in looked]
    successes = [each for _, found in looked for each in found]
    due = checks_due(desk.recorder.entries())
    # A reading that could read nothing back has made no check.
    read = any(each["holds"] is not None for each in steps)
    done = [each for each in due if read and parse_time(each["at"]) <= now]
    verified = Verified(
        holds=all(each["holds"] is True for each in steps) if steps else None,
        steps=steps,
        done=done,
        due=[each for each in due if each not in done],
        last_success=last_success([{"successes": successes}]),
    )
    if steps:
        desk.recorder.write(
            "verify.finished",
            {
                "holds": verified.holds,
                "checks_due_done": done,
                "last_success": verified.last_success,
            },
        )
    return verified


def verify_again(desk: Desk) -> list[dict[str, Json]]:
    """The steps of `verify`."""
    return verify(desk).steps


def to_prove(desk: Desk) -> list[Proving]:
    """The steps that shut something, or found it shut, and have not been undone; then the reading
    ones that gave proof."""
    undone = {(run, step) for run, step, _ in taken_back(desk)}
    made = changes_made(desk)
    places = {(one.run, one.step) for one in made}
    stands = {(one.run, one.step) for one in standing(made)}
    if undone and not places:
        return []
    given: dict[tuple[str, str], tuple[Mapping[str, Json], str]] = {}
    shut: dict[tuple[str, str], Proving] = {}
    watched: dict[tuple[str, str], Proving] = {}
    for entry in desk.recorder.entries():
        place = (entry.run or "", entry.step or "")
        if entry.kind == "step.started":
            given[place] = (entry.data["given"], entry.data["phase"])
        elif entry.kind == "step.receipt" or (
            entry.kind == "step.finished"
            and entry.data.get("mutating")
            and entry.data["status"] in FINISHED
        ):
            shut[place] = Proving(*place, entry.data["action"], *given.get(place, ({}, "contain")))
        elif entry.kind == "proof.taken":
            action = desk.actions.get(entry.data["action"])
            if action and not action.mutating:
                inputs, phase = given.get(place, ({}, "recover"))
                watched[place] = Proving(*place, action.name, inputs, phase)
    held = [
        one
        for place, one in shut.items()
        if place in stands or (place not in places and place not in undone)
    ]
    return [*held, *watched.values()] if held else []


def _verify_one(desk: Desk, one: Proving) -> tuple[dict[str, Json], list[Any]]:
    """The step as it is told, and the calls that a watching step saw get through."""
    successes: list[Any] = []
    try:
        checks, successes = _checks(desk, one)
    except StoreUnavailable:
        raise
    except FiredoorError as error:
        checks = [Check(what=f"read {one.action} back", holds=None, seen=str(error))]
    told = msgspec.to_builtins(checks)
    holds = judge(checks)
    desk.recorder.write(
        "proof.taken",
        {
            "action": one.action,
            "phase": one.phase,
            "holds": holds,
            "kind": checks[0].kind if checks else "state",
            "checks": told,
            "again": True,
        },
        run=one.run,
        step=one.step,
    )
    step = {"id": one.step, "run": one.run, "action": one.action, "holds": holds, "checks": told}
    return step, successes


def _checks(desk: Desk, one: Proving) -> tuple[list[Check], list[Any]]:
    action = action_of(desk, one.action)
    given = read_input(action, one.given)
    with faults(one.action):
        if action.verify:
            return action.verify(desk.aws, given, desk.case()), []
        seen = action.observe(desk.aws, given, desk.case())
    return list(getattr(seen, "checks", ())), msgspec.to_builtins(getattr(seen, "successes", []))
