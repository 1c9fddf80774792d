"""Shows a plan: each change from what to what, what undo can bring back, and what it cannot."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

from firedoor.cli.progress import change_lines
from firedoor.cli.terminal import clean, tell
from firedoor.errors import RunFailed
from firedoor.kinds import mask_key_id
from firedoor.plan import plan_json

if TYPE_CHECKING:
    from rich.console import Console

    from firedoor.plan import Plan


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
            tell(console, f"[bad]✗ {clean(step.id)}[/]  {clean(mask_key_id(step.why))}", indent=2)
        elif step.changes:
            asks = f"asks {step.approval}" if step.approval not in ("", "confirm") else ""
            if step.shares:
                asks += f", once for {', '.join(step.shares)}"
            inside = f"[quiet]{clean(step.run)}[/] " if "." in step.run else ""
            console.print(
                f"  [good]~[/] {inside}[name]{clean(step.id)}[/]  [quiet]{step.phase}[/]"
                + (f"  [warn]{clean(asks)}[/]" if asks else "")
            )
            for change in step.changes:
                for line in change_lines(change):
                    tell(console, line, indent=6)
    for step in plan.steps:
        if step.status == "later":
            tell(
                console,
                f"[warn]?[/] [name]{clean(step.id)}[/]  [quiet]{clean(step.why)}[/]"
                f"  [warn]asks {clean(step.approval)}[/]",
                indent=2,
            )
    # A sub-runbook's steps bear the same ids: what changes something there or here is not listed.
    told = {step.id for step in plan.steps if step.changes or step.status in ("failed", "later")}
    quiet = [step.id for step in plan.steps if step.id not in told]
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


def refuse_without_plan(plan: Plan) -> None:
    """RunFailed when nothing could be planned because it is not known whom it is about: a yes to
    that would cover nothing."""
    lost = [step for step in plan.steps if step.status == "failed" and step.phase == "triage"]
    if lost and not plan.changes:
        why = f"step {lost[0].id}: {mask_key_id(lost[0].why)}"
        raise RunFailed(f"nothing was changed, and no incident was opened. {why}")


def show_target(console: Console, target: Any) -> None:
    """Where it would act; loud when that is not AWS itself."""
    place = f"{target['account']}  {target['region']}  as {target['principal']}"
    if target.get("world") == "simulated":
        console.print("[warn]SIMULATED AWS: nothing real is touched[/]")
    elif target.get("endpoint"):
        console.print(f"[warn]NOT AWS'S OWN ENDPOINT: {clean(target['endpoint'])}[/]")
    tell(console, f"[head]Target[/]  {clean(place)}", hang=8)
    if target.get("chain"):
        tell(console, f"[quiet]{clean(target['chain'])}; {clean(target['scope'])}[/]", indent=8)


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

    if change.secret and change.to is not None:
        return ["# what is written there may hold secrets, so no command is printed for it"]
    say = registry()[action].commands
    if say is None:
        return [f"# no AWS CLI command is known for {action}"]
    return [shlex.join(["aws", *words]) for words in say(change)]


__all__ = ["commands", "plan_json", "show_plan", "show_target"]
