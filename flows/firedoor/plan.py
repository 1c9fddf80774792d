"""The plan: the resolved steps and the exact changes they would make, with a digest.

`firedoor.planning` makes one.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from firedoor.actions.contract import Action, Change
from firedoor.play import names_of
from firedoor.program import Program, canonical
from firedoor.runbook import Json, Step

NEW_INCIDENT = "INC-NEW"
"""Stands for the incident's id in a plan made before there is an incident."""

PLANNED_RUN = "r1"
"""The run's id in a plan; runs inside it are `r1.step.0`."""


class PlannedStep(msgspec.Struct, frozen=True, kw_only=True):
    """One step of a plan. `why` says why it is skipped or could not be planned; `shares` are the
    steps that one approval is for, itself among them."""

    id: str
    run: str
    action: str
    phase: str
    title: str
    status: str
    changes: tuple[Change, ...] = ()
    reversible: bool = True
    reopens: str = ""
    approval: str = ""
    shares: tuple[str, ...] = ()
    why: str = ""


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What a run would do now. `digest` is over steps and changes, not over ids and clocks."""

    runbook: str
    title: str
    inputs: Mapping[str, Json]
    target: Mapping[str, str]
    steps: tuple[PlannedStep, ...]
    permissions: tuple[str, ...]
    unknown: tuple[str, ...]
    digest: str

    @property
    def changes(self) -> list[Change]:
        """All changes, in order."""
        return [change for step in self.steps for change in step.changes]

    def shown(self) -> Plan:
        """The plan as people may have it: secrets masked."""
        steps = [
            msgspec.structs.replace(step, changes=tuple(each.shown() for each in step.changes))
            for step in self.steps
        ]
        return msgspec.structs.replace(self, steps=tuple(steps))


def plan_json(plan: Plan) -> dict[str, Any]:
    """The document of `plan --json`, whose steps are those of `plan.made`."""
    return {
        "digest": plan.digest,
        "runbook": plan.runbook,
        "inputs": plan.inputs,
        "target": plan.target,
        "steps": [msgspec.to_builtins(step) | _always(step) for step in plan.steps],
        "permissions": plan.permissions,
        "unknown": plan.unknown,
    }


def _always(step: PlannedStep) -> dict[str, Any]:
    """Fields of the contract that stand there even when they are empty."""
    return {
        "changes": [
            {"resource": change.resource, "what": change.what, "from": change.from_}
            | {"to": change.to, "lost": change.lost}
            | ({"secret": True} if change.secret else {})
            | ({"seal": change.seal} if change.seal else {})
            for change in map(Change.shown, step.changes)
        ],
        "reversible": step.reversible,
        "reopens": bool(step.reopens),
        "reopens_why": step.reopens,
        "approval": step.approval or None,
        "shares": list(step.shares),
    }


def identity(inputs: Mapping[str, Json]) -> str:
    """What makes two runs of a runbook the same: its inputs, but for how far back they look."""
    kept = {key: value for key, value in inputs.items() if value is not None and key != "lookback"}
    return canonical(kept).decode()


def needed(steps: Sequence[Step], actions: Mapping[str, Action], *, hunt: bool = True) -> set[str]:
    """The names of steps whose output a plan needs: those that other steps refer to.

    Without `hunt`, only for what a yes to the plan covers: not for steps with their own question.
    """
    if hunt:
        return {name for step in steps for name in names_of(step)}
    found: set[str] = set()
    wanted = [step for step in steps if not step.approve and _changes(step, actions)]
    while wanted:
        names = {name for step in wanted for name in names_of(step)} - found
        found |= names
        wanted = [step for step in steps if step.id in names]
    return found


def _changes(step: Step, actions: Mapping[str, Action]) -> bool:
    return bool(step.runbook) or actions[step.action or ""].mutating


def permissions(program: Program, actions: Mapping[str, Action]) -> tuple[str, ...]:
    """The IAM actions that the program's steps call, sorted."""
    steps = [step for book in program.runbooks.values() for step in book.all_steps()]
    return tuple(
        sorted(
            {
                grant.action
                for step in steps
                if step.action
                for grant in actions[step.action].permissions
            }
        )
    )


def digest(
    program: Program,
    inputs: Mapping[str, Json],
    target: Mapping[str, str],
    steps: Sequence[PlannedStep],
    incident: str,
) -> str:
    """SHA-256 over what a yes covers; the incident's id and the clock are placeholders.

    Loops and steps with their own question are not in it: they show their own list when they ask.
    """
    told = [
        [step.run, step.id, step.action, step.status, msgspec.to_builtins(_shown(step))]
        for step in sorted(steps, key=lambda step: step.id)
        if step.run == PLANNED_RUN and "." not in step.id and step.approval in ("", "confirm")
    ]
    place = {key: target.get(key) for key in ("account", "region", "endpoint", "world")}
    text = canonical([program.digest, dict(inputs), place, told]).decode()
    text = text.replace(incident, NEW_INCIDENT)
    return hashlib.sha256(_CLOCK.sub("<time>", text).encode()).hexdigest()


def _shown(step: PlannedStep) -> list[Change]:
    """Masked: a digest over a short secret would be a way to find it out."""
    return [change.shown() for change in step.changes]


_CLOCK = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|\+00:00)")
