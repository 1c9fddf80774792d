"""Shows a plan: each change from what to what, what undo can bring back, and what it cannot."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

import msgspec

from firedoor.cli.progress import change_lines
from firedoor.cli.terminal import clean, tell
from firedoor.kinds import mask_key_id

if TYPE_CHECKING:
    from rich.console import Console

    from firedoor.plan import Plan, PlannedStep


def plan_json(plan: Plan) -> dict[str, Any]:
    """The document of `plan --json`."""
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
            for change in step.changes
        ],
        "reversible": step.reversible,
        "reopens": bool(step.reopens),
        "reopens_why": step.reopens,
        "approval": step.approval or None,
    }


def show_plan(console: Console, plan: Plan) -> None:
    """Print a plan for people."""
    show_target(console, plan.target)
    count = len(plan.changes)
    console.print(
        f"\n[head]Plan[/]  {plan.runbook}  [quiet]{count} change{'s' * (count != 1)}, "
        f"digest {plan.digest[:12]}[/]"
    )
    for step in plan.steps:
        if step.status == "failed":
            console.print(f"  [bad]✗ {clean(step.id)}[/]  {clean(mask_key_id(step.why))}")
        elif step.changes:
            asks = f"asks {step.approval}" if step.approval not in ("", "confirm") else ""
            inside = f"[quiet]{clean(step.run)}[/] " if "." in step.run else ""
            console.print(
                f"  [good]~[/] {inside}[name]{clean(step.id)}[/]  [quiet]{step.phase}[/]"
                + (f"  [warn]{asks}[/]" if asks else "")
            )
            for change in step.changes:
                for line in change_lines(msgspec.to_builtins(change)):
                    tell(console, line, indent=6)
    for step in plan.steps:
        if step.status == "later":
            console.print(
                f"  [warn]?[/] [name]{clean(step.id)}[/]  [quiet]{clean(step.why)}[/]"
                f"  [warn]asks {clean(step.approval)}[/]"
            )
    quiet = [
        step.id
        for step in plan.steps
        if not step.changes and step.status not in ("failed", "later")
    ]
    if quiet:
        tell(
            console,
            f"[quiet]changes nothing: {clean(', '.join(dict.fromkeys(quiet)))}[/]",
            indent=2,
        )
    opens = list(dict.fromkeys(step.reopens for step in plan.steps if step.reopens))
    for why in opens:
        tell(console, f"[quiet]undo keeps shut: {clean(why)}[/]", indent=2)
    for note in plan.unknown:
        tell(console, f"[warn]not known:[/] {clean(mask_key_id(note))}", indent=2)


def show_target(console: Console, target: Any) -> None:
    """Where it would act; loud when that is not AWS itself."""
    place = f"{target['account']}  {target['region']}  as {target['principal']}"
    if target.get("world") == "simulated":
        console.print("[warn]SIMULATED AWS: nothing real is touched[/]")
    elif target.get("endpoint"):
        console.print(f"[warn]NOT AWS'S OWN ENDPOINT: {clean(target['endpoint'])}[/]")
    tell(console, f"[head]Target[/]  {clean(place)}", hang=8)


def commands(plan: Plan) -> list[str]:
    """The AWS CLI commands that make the planned changes, for hands when nothing else works."""
    found: list[str] = []
    for step in plan.steps:
        for change in step.changes:
            found.extend(f"# {line}" for line in f"{step.id}: {change.resource}".splitlines())
            found.extend(_commands(step.action, change))
    return found


def _commands(action: str, change: Any) -> list[str]:
    from firedoor.actions.registry import registry

    say = registry()[action].commands
    if say is None:
        return [f"# no AWS CLI command is known for {action}"]
    return [shlex.join(["aws", *words]) for words in say(change)]
