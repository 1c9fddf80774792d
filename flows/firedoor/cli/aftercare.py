"""`verify` and `undo`."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence

import click
import msgspec

from firedoor.cli.planned import show_target
from firedoor.cli.progress import change_line
from firedoor.cli.terminal import can_ask, clean, console, json_option, print_json
from firedoor.engine.case import desk_of
from firedoor.engine.desk import Desk
from firedoor.engine.undo import Undoing, plan_undo, undo
from firedoor.engine.verifying import verify_again
from firedoor.errors import Refused
from firedoor.kinds import mask_key_id
from firedoor.summary import summarize


@click.command("verify")
@click.argument("incident")
@json_option
def verify_command(incident: str, as_json: bool) -> None:
    """Read back whether everything that was contained still holds. Exit 1 if something does not."""
    desk = desk_of(incident)
    found = verify_again(desk)
    holds = all(each["holds"] is True for each in found)
    if as_json:
        print_json(
            {"incident": incident, "holds": holds, "steps": found, "target": dict(desk.target)}
        )
    else:
        shown = console()
        for each in found:
            for check in each["checks"]:
                mark = {True: "[good]✓[/]", False: "[bad]✗[/]", None: "[warn]?[/]"}[check["holds"]]
                shown.print(
                    f"{mark} [name]{clean(each['id'])}[/]  {clean(mask_key_id(check['what']))}"
                    f"  [quiet]{clean(mask_key_id(check.get('seen', '')))}[/]"
                )
        shown.print(
            "[good]Everything that was contained still holds.[/]"
            if holds
            else "[bad]Something does not hold.[/] Contain it again with:"
        )
        for words in () if holds else _again(desk):
            shown.print(f"  {clean(words)}", soft_wrap=True)
    sys.exit(0 if holds else 1)


def _again(desk: Desk) -> list[str]:
    """The commands that run the incident's runbooks once more, in the same incident."""
    commands = []
    for run in summarize(desk.recorder.entries()).runs:
        given = [f"{name}={value}" for name, value in run["inputs"].items()]
        words = ["firedoor", "run", run["runbook"], *given, "--incident", desk.incident]
        commands.append(shlex.join(words))
    return list(dict.fromkeys(commands))


@click.command("undo")
@click.argument("incident")
@click.argument("steps", nargs=-1, metavar="[STEP…]")
@click.option("--yes", is_flag=True, help="Answer the question with yes.")
@click.option(
    "--reopen", metavar="REASON", default="", help="Also what hands access back, and why."
)
@click.option("--force", metavar="STEP", multiple=True, help="Overwrite what others changed since.")
@json_option
def undo_command(
    incident: str,
    steps: tuple[str, ...],
    yes: bool,
    reopen: str,
    force: tuple[str, ...],
    as_json: bool,
) -> None:
    """Put back what was changed, in reverse order, from the recorded state before.

    What cannot come back and what would let the attacker in again are said first. Exit 1 when
    something that was asked for is left.
    """
    desk = desk_of(incident)
    planned = plan_undo(desk, steps=steps, reopen=reopen, force=force)
    shown = console(stderr=True)
    show_target(shown, desk.target)
    show_undo(shown, planned)
    todo = [each for each in planned if each.verdict == "undo"]
    if todo and not yes:
        if as_json or not can_ask():
            raise Refused("nothing was undone: without a terminal, undo needs --yes")
        answer = click.prompt(
            "\nUndo these? Only 'yes' does", default="no", show_default=False, err=True
        )
        if answer != "yes":
            raise Refused("nothing was undone")
    done = undo(desk, planned, reopen=reopen)
    if as_json:
        print_json({"incident": incident, **done, "target": dict(desk.target)})
    else:
        console().print(f"Undone: {len(done['undone'])}. Left: {len(done['left'])}.")
    sys.exit(1 if done["left"] else 0)


def show_undo(shown: object, planned: Sequence[Undoing]) -> None:
    """Print what undo would do, and what it would leave and why."""
    from rich.console import Console

    assert isinstance(shown, Console)
    shown.print("\n[head]Undo[/]  [quiet]last change first[/]")
    if not planned:
        shown.print("  [quiet]nothing was changed[/]")
    titles = {
        "lost": "[warn]cannot come back[/]",
        "reopens": "[warn]stays shut[/]",
        "drift": "[warn]left alone[/]",
        "back": "[quiet]already back[/]",
    }
    for each in planned:
        if each.verdict == "undo":
            note = f"  [warn]{clean(each.why)}[/]" if each.why else ""
            change = change_line(msgspec.to_builtins(each.change))
            shown.print(f"  [good]~[/] [name]{clean(each.step)}[/]  {change}{note}")
        else:
            shown.print(
                f"  [quiet]–[/] [name]{clean(each.step)}[/]  {titles[each.verdict]}: "
                f"{clean(mask_key_id(each.why))}"
            )
