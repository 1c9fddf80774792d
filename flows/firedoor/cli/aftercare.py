"""`verify`: whether containment holds, and shutting again what was opened since."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click
import msgspec

from firedoor.cli.planned import show_target
from firedoor.cli.progress import change_lines
from firedoor.cli.terminal import can_ask, clean, console, json_option, print_json, tell
from firedoor.engine.case import desk_of
from firedoor.engine.desk import Desk
from firedoor.engine.lease import working
from firedoor.engine.reapply import Reopened, reapply, reopened
from firedoor.engine.verifying import Verified, verify
from firedoor.errors import Refused
from firedoor.kinds import mask_key_id
from firedoor.summary import summarize

if TYPE_CHECKING:
    from rich.console import Console

UNDONE = ("undone", "partly_undone")


@click.command("verify")
@click.argument("incident")
@click.option("--reapply", "again", is_flag=True, help="Shut again what was opened since.")
@click.option("--yes", is_flag=True, help="Answer the question of --reapply with yes.")
@json_option
def verify_command(incident: str, again: bool, yes: bool, as_json: bool) -> None:
    """Read back whether everything that was contained still holds. Exit 1 if something does not.

    Makes the later checks whose time has come. With --reapply, what somebody opened since is shut
    again, as far as the approval that was given covers it: the same action on the same target, with
    the same things overwritten.
    """
    desk = desk_of(incident)
    found = verify(desk)
    opened = reopened(desk) if found.holds is False else []
    told: Mapping[str, Any] = {"reapplied": [], "left": []}
    shown = console(stderr=True)
    show_target(shown, desk.target)
    if again and opened:
        _show_opened(shown, opened)
        if any(one.allowed for one in opened):
            _confirm(yes, as_json)
        with working(desk.recorder.journal, incident, by=desk.recorder.by):
            if not yes and reopened(desk) != opened:
                raise Refused(
                    "nothing was shut again: it is not as you saw it any more. "
                    f"`firedoor verify {incident} --reapply` shows it as it is now"
                )
            told = reapply(desk, opened)
        if told["reapplied"]:
            found = verify(desk)
    if as_json:
        print_json(
            {
                "incident": incident,
                "holds": found.holds,
                "steps": found.steps,
                "done": found.done,
                "due": found.due,
                "last_success": found.last_success,
                "reopened": [msgspec.to_builtins(one.shown()) for one in opened],
                **told,
                "target": dict(desk.target),
            }
        )
    else:
        _show(console(), desk, found, opened, told)
    sys.exit(1 if found.holds is False else 0)


def _confirm(yes: bool, as_json: bool) -> None:
    if yes:
        return
    if as_json or not can_ask():
        raise Refused("nothing was shut again: without a terminal, --reapply needs --yes")
    answer = click.prompt(
        "\nShut these again? Only 'yes' does", default="no", show_default=False, err=True
    )
    if answer != "yes":
        raise Refused("nothing was shut again")


def _show(
    shown: Console,
    desk: Desk,
    found: Verified,
    opened: Sequence[Reopened],
    told: Mapping[str, Any],
) -> None:
    for each in found.steps:
        for check in each["checks"]:
            mark = {True: "[good]✓[/]", False: "[bad]✗[/]", None: "[warn]?[/]"}[check["holds"]]
            shown.print(
                f"{mark} [name]{clean(each['id'])}[/]  {clean(mask_key_id(check['what']))}"
                f"  [quiet]{clean(mask_key_id(check.get('seen', '')))}[/]"
            )
    for each in told["reapplied"]:
        shown.print(f"[good]shut again:[/] {clean(each['run'])}/{clean(each['step'])}")
    for each in told["left"]:
        place = f"{clean(each['run'])}/{clean(each['step'])}"
        shown.print(f"[bad]left open:[/] {place}: {clean(mask_key_id(each['why']))}")
    if found.last_success:
        success = found.last_success
        shown.print(
            f"[bad]last success of theirs:[/] {clean(success['event'])} at "
            f"{clean(success['when'])} from {clean(success['source_ip'])}",
            soft_wrap=True,
        )
    if found.holds is None:
        shown.print("Nothing of this incident is shut (any more): there is nothing to read back.")
    elif found.holds and summarize(desk.recorder.entries()).status in UNDONE:
        shown.print("[warn]What is still shut holds; the rest was undone, and is open.[/]")
    elif found.holds:
        shown.print("[good]Everything that was contained still holds.[/]")
    else:
        unread = all(each["holds"] is not False for each in found.steps)
        shown.print(
            "[warn]Not everything could be read back.[/]"
            if unread
            else "[bad]Something does not hold.[/]"
        )
        shut = any(one.allowed for one in opened) and not told["reapplied"]
        if shut:
            _show_opened(shown, opened)
        if not unread:
            shown.print("\nContain it again with:")
        if shut:
            shown.print(f"  firedoor verify {clean(desk.incident)} --reapply")
        for words in () if unread else _again(desk):
            shown.print(f"  {clean(words)}", soft_wrap=True)
    for each in found.due:
        shown.print(f"[quiet]due {each['at']}: firedoor verify {clean(desk.incident)}[/]")


def _show_opened(shown: Console, opened: Sequence[Reopened]) -> None:
    shown.print("\n[head]Opened since it was shut[/]")
    for one in opened:
        place = f"{one.run}/{one.step}"
        for words in one.found:
            text = clean(mask_key_id(words))
            shown.print(f"  [bad]✗[/] [name]{clean(place)}[/]  {text}", soft_wrap=True)
        for change in one.changes if one.allowed else ():
            for line in change_lines(change):
                tell(shown, f"[good]~[/] {line}", indent=4)
        said = f"agreed to by {one.allowed}" if one.allowed else one.why
        shown.print(f"    [quiet]{clean(mask_key_id(said))}[/]", soft_wrap=True)


def _again(desk: Desk) -> list[str]:
    """The commands that run the incident's runbooks once more, in the same incident."""
    commands = []
    for run in summarize(desk.recorder.entries()).runs:
        given = [f"{name}={value}" for name, value in run["inputs"].items()]
        words = ["firedoor", "run", run["runbook"], *given, "--incident", desk.incident]
        commands.append(shlex.join(words))
    return list(dict.fromkeys(commands))
