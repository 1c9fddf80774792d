"""`check`, `list`, `show` and `schema`: what firedoor can do, and whether it is written right."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from firedoor.cli.terminal import columns, json_option, print_json
from firedoor.errors import NotFound
from firedoor.library import Library
from firedoor.runbook import Runbook, Step


@click.command("check")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path), metavar="[PATH…]")
@json_option
def check_command(paths: tuple[Path, ...], as_json: bool) -> None:
    """Check runbooks, playbooks and scenarios: every error at once, with file:line:column.

    Without a path, everything there is is checked.
    """
    from firedoor.check import check_paths

    for path in paths:
        if not path.exists():
            raise NotFound(f"there is no file or folder {str(path)!r}")
    library = Library.open()
    files = list(paths) or library.files()
    problems = check_paths(files, runbooks=library.runbooks())
    if as_json:
        told = [{"where": each.where, "message": each.message} for each in problems]
        print_json({"ok": not problems, "checked": [str(path) for path in files], "errors": told})
    elif problems:
        print("\n".join(str(each) for each in problems), file=sys.stderr)
        print(f"\n{len(problems)} error{'s' * (len(problems) != 1)}", file=sys.stderr)
    else:
        print(f"{len(files)} file{'s' * (len(files) != 1)}: no errors")
    sys.exit(1 if problems else 0)


@click.command("list")
@click.argument("what", type=click.Choice(["runbooks", "playbooks", "actions", "scenarios"]))
@json_option
def list_command(what: str, as_json: bool) -> None:
    """List what there is, with a line on each."""
    rows = {
        "runbooks": _runbooks,
        "playbooks": _playbooks,
        "actions": _actions,
        "scenarios": _scenarios,
    }[what]()
    if as_json:
        print_json(rows)
    else:
        print(columns([(row["name"], row["title"]) for row in rows], indent=""))


def _runbooks() -> list[dict[str, Any]]:
    library = Library.open()
    found = []
    for name in library.runbooks():
        book = library.load(name)
        found.append(
            {
                "name": name,
                "title": book.title,
                "attack": list(book.attack),
                "inputs": {key: spec.type for key, spec in book.inputs.items()},
                "steps": [step.id for step in book.all_steps()],
                "path": str(library.runbook(name)),
            }
        )
    return found


def _playbooks() -> list[dict[str, Any]]:
    from firedoor.playbook import load_playbooks

    return [
        {
            "name": book.playbook,
            "title": book.title,
            "runbook": book.runbook,
            "findings": list(book.findings),
            "path": str(path),
        }
        for path, book in load_playbooks(Library.open())
    ]


def _actions() -> list[dict[str, Any]]:
    from firedoor.actions.registry import registry

    return [
        {
            "name": action.name,
            "title": action.summary,
            "changes": action.mutating,
            "reversible": not action.irreversible,
            "reopens": bool(action.reopens.why),
            "permissions": [grant.action for grant in action.permissions],
        }
        for action in registry().values()
    ]


def _scenarios() -> list[dict[str, Any]]:
    from firedoor.scenario import load_scenario

    found = []
    for name, path in Library.open().scenarios().items():
        scenario = load_scenario(path)
        found.append(
            {
                "name": name,
                "title": scenario.metadata.title,
                "runbook": scenario.runbook.ref,
                "minutes": scenario.metadata.minutes,
                "path": str(path),
            }
        )
    return found


@click.command("show")
@click.argument("name")
@click.option("--graph", is_flag=True, help="Print the steps as a Mermaid graph.")
@json_option
def show_command(name: str, graph: bool, as_json: bool) -> None:
    """What a runbook or an action does, its inputs and permissions, and what undo leaves."""
    from firedoor.actions.registry import registry

    if name in registry():
        _show_action(name, as_json)
        return
    library = Library.open()
    book = library.load(name)
    if graph:
        if as_json:
            print_json({"name": book.runbook, "mermaid": mermaid(book)})
        else:
            print(mermaid(book))
        return
    told = _shown(book)
    if as_json:
        print_json(told)
        return
    print(f"{book.runbook}: {book.title}\n\n{book.summary.strip()}\n")
    if book.attack:
        print(f"ATT&CK       {', '.join(book.attack)}")
    print("Inputs")
    rows = [
        (key, each["type"], _need(each) + each["about"]) for key, each in told["inputs"].items()
    ]
    print(columns(rows))
    print("Steps")
    marks = [
        (
            "~" if each["changes"] else " ",
            each["id"],
            each["phase"],
            each["does"],
            each["note"],
        )
        for each in told["steps"]
    ]
    print(columns(marks))
    print("  (~ changes something)")
    print(f"Permissions\n{columns([(each,) for each in told['permissions']])}")


def _show_action(name: str, as_json: bool) -> None:
    from firedoor.actions.registry import registry

    action = registry()[name]
    if as_json:
        told = next(row for row in _actions() if row["name"] == name)
        print_json(told | {"about": action.about, "example": dict(action.example)})
        return
    print(f"{name}\n\n{action.about}\n")
    if action.irreversible:
        print(f"Cannot be undone: {action.irreversible}")
    if action.reopens.why:
        print(f"Undo keeps shut: {action.reopens.why}")
    print("Permissions")
    print(columns([(grant.action, grant.resource) for grant in action.permissions]))


def _need(spec: dict[str, Any]) -> str:
    if spec["default"] is not None:
        return f"(default {spec['default']}) "
    return "" if spec["required"] else "(optional) "


def _shown(book: Runbook) -> dict[str, Any]:
    from firedoor.actions.registry import registry

    actions = registry()
    steps = []
    grants: set[str] = set()
    for step in book.all_steps():
        action = actions.get(step.action or "")
        grants |= {grant.action for grant in action.permissions} if action else set()
        steps.append(
            {
                "id": step.id,
                "title": step.title or (action.summary if action else ""),
                "phase": step.phase.value if step.phase else "",
                "does": step.action or f"runbook {step.runbook}",
                "changes": bool(step.runbook) or bool(action and action.mutating),
                "note": _note(step),
                "irreversible": action.irreversible if action else "",
                "reopens": action.reopens.why if action else "",
            }
        )
    return {
        "name": book.runbook,
        "title": book.title,
        "summary": book.summary,
        "attack": list(book.attack),
        "inputs": {
            key: {
                "type": spec.type,
                "required": spec.required and spec.default is None,
                "default": spec.default,
                "about": spec.about,
            }
            for key, spec in book.inputs.items()
        },
        "one_of": list(book.one_of),
        "steps": steps,
        "permissions": sorted(grants),
    }


def _note(step: Step) -> str:
    notes = []
    if step.when:
        notes.append(f"when {step.when}")
    if step.for_each:
        notes.append(f"for each of {step.for_each}, at most {step.limit}")
    if step.approve:
        notes.append(f"asks {step.approve.by}")
    return "; ".join(notes)


COLOURS = {
    "triage": "#dbe4ff",
    "evidence": "#d3f9d8",
    "contain": "#ffd8a8",
    "eradicate": "#ffc9c9",
    "recover": "#c5f6fa",
    "report": "#e9ecef",
}
"""Fill colours of phases in graphs; black text on each has a contrast of at least 12:1."""


def mermaid(book: Runbook) -> str:
    """The runbook as a Mermaid flowchart: coloured by phase, a diamond where a person is asked."""
    lines = ["flowchart TD"]
    last = ["begin([begin])"]
    for entry in (*book.steps, *book.finally_):
        names = []
        for step in entry.parallel or (entry,):
            # `end` and others are words of Mermaid's own.
            name = f"step_{step.id}"
            label = f"{step.id}<br/>{step.action or f'runbook {step.runbook}'}"
            shape = f'{name}{{"{label}"}}' if step.approve else f'{name}["{label}"]'
            lines.extend(f"  {before} --> {shape}" for before in last)
            names.append(name)
        last = names
    lines.extend(f"  {before} --> finish([finish])" for before in last)
    for phase in dict.fromkeys(step.phase for step in book.all_steps() if step.phase):
        members = ",".join(f"step_{step.id}" for step in book.all_steps() if step.phase == phase)
        lines.append(
            f"  classDef {phase.value} fill:{COLOURS[phase.value]},color:#000,stroke:#868e96"
        )
        lines.append(f"  class {members} {phase.value}")
    return "\n".join(lines)


@click.command("schema")
@json_option
def schema_command(as_json: bool) -> None:
    """The JSON Schema of runbooks: editors complete and check with it."""
    from firedoor.schema import schema

    print_json(schema())
