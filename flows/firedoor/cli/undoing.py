"""`undo`: puts back what was changed, after it has said what that means."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click
import msgspec

from firedoor.cli.planned import show_target
from firedoor.cli.progress import change_lines
from firedoor.cli.terminal import can_ask, clean, console, json_option, print_json, tell
from firedoor.engine.case import desk_of
from firedoor.engine.lease import working
from firedoor.engine.undo import LEFT, Undoing, plan_undo, refuse_unfinished, undo
from firedoor.errors import Refused
from firedoor.kinds import mask_key_id

if TYPE_CHECKING:
    from rich.console import Console

TITLES = {
    "lost": "[warn]cannot come back[/]",
    "reopens": "[warn]stays shut[/]",
    "drift": "[warn]left alone[/]",
    "unread": "[warn]left alone[/]",
    "back": "[quiet]already back[/]",
    "gone": "[quiet]cannot come back, as was said[/]",
}


@click.command("undo")
@click.argument("incident")
@click.argument("steps", nargs=-1, metavar="[STEP…]")
@click.option("--yes", is_flag=True, help="Answer the question with yes.")
@click.option("--reopen", metavar="REASON", help="Also what hands access back, and why.")
@click.option("--force", metavar="STEP", multiple=True, help="Overwrite what others changed since.")
@json_option
def undo_command(
    incident: str,
    steps: tuple[str, ...],
    yes: bool,
    reopen: str | None,
    force: tuple[str, ...],
    as_json: bool,
) -> None:
    """Put back what was changed, in reverse order, from the recorded state before.

    A STEP is named `deny`, `r2/deny`, `r1.spread.0/deny`, or `spread` for all that it did. What
    cannot come back and what would let the attacker in again are said first; --yes alone never
    reopens. Exit 1 when something that was asked for is left.
    """
    if reopen is not None and not reopen.strip():
        raise click.UsageError("--reopen needs a reason: it stands in the journal and the report")
    reason = (reopen or "").strip()
    desk = desk_of(incident)
    refuse_unfinished(desk.recorder.entries())
    planned = plan_undo(desk, steps=steps, reopen=reason, force=force)
    shown = console(stderr=True)
    show_target(shown, desk.target)
    show_undo(shown, planned)
    todo = [each for each in planned if each.verdict == "undo"]
    if todo and not yes:
        refused = Refused("nothing was undone: without a terminal, undo needs --yes")
        if as_json:
            _print_plan(incident, planned, dict(desk.target), refused)
            sys.exit(refused.exit_code)
        if not can_ask():
            raise refused
        answer = click.prompt(
            "\nUndo these? Only 'yes' does", default="no", show_default=False, err=True
        )
        if answer != "yes":
            raise Refused("nothing was undone")
    with working(desk.recorder.journal, incident, by=desk.recorder.by):
        refuse_unfinished(desk.recorder.entries())
        if not yes and plan_undo(desk, steps=steps, reopen=reason, force=force) != planned:
            raise Refused(
                "nothing was undone: it is not as you saw it any more; "
                "the same command shows it as it is now"
            )
        done = undo(desk, planned, reopen=reason)
    if as_json:
        print_json({"incident": incident, **done, "target": dict(desk.target)})
    else:
        said = console()
        said.print(f"Undone: {len(done['undone'])}. Left: {len(done['left'])}.")
        planned_so = {(each.run, each.step, each.change.resource) for each in todo}
        for each in done["left"]:
            # What was left although it was to be undone was not said before.
            if (each["run"], each["step"], each["resource"]) in planned_so:
                place = f"{clean(each['run'])}/{clean(each['step'])}"
                said.print(f"[bad]left:[/] {place}: {clean(mask_key_id(each['why']))}")
    sys.exit(1 if done["left"] else 0)


def _print_plan(
    incident: str, planned: Sequence[Undoing], target: dict[str, str], refused: Refused
) -> None:
    """What undo would do, and that it has not: with `--json` and without `--yes` nobody agreed."""
    told = [msgspec.to_builtins(each.shown()) for each in planned]
    print_json(
        {
            "error": refused.as_json(),
            "incident": incident,
            "plan": [each for each in told if each["verdict"] == "undo"],
            "left": [each for each in told if each["verdict"] in LEFT],
            "target": target,
        }
    )


def show_undo(shown: Console, planned: Sequence[Undoing]) -> None:
    """Print what undo would do, and what it would leave and why."""
    shown.print("\n[head]Undo[/]  [quiet]last change first[/]")
    if not any(each.verdict != "gone" for each in planned):
        shown.print("  [quiet]nothing to undo[/]")
    for each in planned:
        name = f"[name]{clean(each.step)}[/]"
        if "." in each.run or each.run != planned[0].run:
            name = f"[name]{clean(each.run)}/{clean(each.step)}[/]"
        if each.verdict == "undo":
            notes = [each.why, f"hands access back: {each.reopens}" if each.reopens else ""]
            said = "; ".join(note for note in notes if note)
            note = f"  [warn]{clean(mask_key_id(said))}[/]" if said else ""
            line = change_lines(each.change)[0]
            tell(shown, f"[good]~[/] {name}  {line}{note}", indent=2)
        else:
            why = clean(mask_key_id(each.why))
            tell(shown, f"[quiet]–[/] {name}  {TITLES[each.verdict]}: {why}", indent=2)
    if any(each.verdict == "reopens" for each in planned):
        told = 'What stays shut is opened only with a reason: --reopen "WHY"'
        tell(shown, f"[warn]{told}[/]", indent=2)
