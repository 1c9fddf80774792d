"""`check`, `list`, `show` and `schema`: what firedoor can do, and whether it is written right."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from firedoor.cli.terminal import columns, json_option, print_json
from firedoor.errors import NotFound
from firedoor.library import Library


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


@click.command("schema")
@json_option
def schema_command(as_json: bool) -> None:
    """The JSON Schema of runbooks: editors complete and check with it."""
    from firedoor.schema import schema

    print_json(schema())


@click.command("reference")
@click.option(
    "-o",
    "--output",
    "folder",
    metavar="DIR",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    default=Path(),
    help="The checkout to write it to; this folder by default.",
)
@json_option
def reference_command(folder: Path, as_json: bool) -> None:
    """Write the reference of runbooks and actions, with a picture of each runbook, as Markdown."""
    from firedoor.reference import reference
    from firedoor.scenario import load_scenario

    library = Library.open()
    drilled = {load_scenario(path).runbook.ref for path in library.scenarios().values()}
    pages = reference(library, frozenset(drilled))
    for name, page in pages.items():
        path = folder / name
        if not path.parent.is_dir():
            raise NotFound(f"{str(path.parent)!r} is not a folder: this is no checkout of firedoor")
        path.write_text(page, "utf-8")
    if as_json:
        print_json({"written": [str(folder / name) for name in pages]})
    else:
        print("\n".join(str(folder / name) for name in pages))
