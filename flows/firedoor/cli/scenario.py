"""`scenario new`: a scenario to begin with."""

from __future__ import annotations

from pathlib import Path

import click

from firedoor.cli.terminal import console, json_option, print_json


@click.group("scenario")
def scenario_command() -> None:
    """Write scenarios: what drills and exercises play."""


@scenario_command.command("new")
@click.argument("name", metavar="NAME")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write it here. Without it: beside your own scenarios, or into the current folder.",
)
@json_option
def new_command(name: str, output: Path | None, as_json: bool) -> None:
    """Write a small scenario with comments, which checks and drills as it is.

    Example: firedoor scenario new stolen-laptop

    A file that is there already is never overwritten.
    """
    from firedoor.errors import BadInput
    from firedoor.exercise.skeleton import skeleton

    text = skeleton(name)
    path = output or _place(name)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x") as file:
            file.write(text)
    except FileExistsError:
        raise BadInput(f"{path} is there already; choose another NAME, or --output") from None
    except OSError as error:
        raise BadInput(f"{path} cannot be written: {error.strerror}") from None
    if as_json:
        print_json({"scenario": name, "file": str(path)})
        return
    out = console()
    out.print(f"Wrote {path}. It checks and drills as it is; change it bit by bit:")
    out.print(f"  firedoor check {path}")
    out.print(f"  firedoor drill {path}")


def _place(name: str) -> Path:
    """Beside one's own scenarios. Those that firedoor ships are not a place to write to."""
    from firedoor.library import Library, shipped

    folder = Library.open().playbook_folder.path
    own = folder != shipped("playbooks") or folder == Path.cwd() / "playbooks"
    return folder / "exercises" / f"{name}.yaml" if own else Path(f"{name}.yaml")
