"""`drill`: plays scenarios against simulated AWS, and shows them as they go."""

from __future__ import annotations

import importlib.util
import sys
from typing import TYPE_CHECKING

import click

from firedoor.cli.terminal import console, json_option, print_json
from firedoor.errors import Refused

if TYPE_CHECKING:
    from pathlib import Path

    from firedoor.exercise.result import Drilled
    from firedoor.exercise.watching import Watching
    from firedoor.library import Library


@click.command("drill")
@click.argument("scenarios", nargs=-1, metavar="[SCENARIO…]")
@click.option("--all", "all_of_them", is_flag=True, help="Every scenario there is.")
@click.option("--undo", is_flag=True, help="Undo at the end, and compare the account with before.")
@click.option(
    "--break-glass", is_flag=True, help="Without Prefect: the same program, guardrails and journal."
)
@json_option
def drill_command(
    scenarios: tuple[str, ...], all_of_them: bool, undo: bool, break_glass: bool, as_json: bool
) -> None:
    """Play scenarios by script, in seconds. Nothing real is touched.

    Example: firedoor drill leaked-access-key --undo

    A SCENARIO is a name (`firedoor list scenarios`) or a file. Exit 1 when one is below the rating
    it must reach: attacker denied with everything he holds, innocents and fresh sessions allowed,
    every objective reached.
    """
    from firedoor.library import Library

    library = Library.open()
    paths = _paths(library, scenarios, all_of_them)
    watching = _watching(as_json)
    _check_extra()
    if not break_glass:
        from firedoor.engine.case import home_of  # lazy: the store
        from firedoor.engine.running import warm

        # It takes longest to start: before moto and botocore are imported.
        warm(home_of("DRILL-0"))
    from firedoor.exercise.drill import play  # lazy: moto, botocore and the store

    results: list[Drilled] = []
    for path in paths:
        results.append(
            play(path, library=library, undo=undo, break_glass=break_glass, watching=watching)
        )
    if as_json:
        print_json({"results": results})
    elif len(results) > 1:
        _summary(results)
    sys.exit(0 if all(each.passed and _undone(each) for each in results) else 1)


def _paths(library: Library, scenarios: tuple[str, ...], all_of_them: bool) -> list[Path]:
    """The files, all of them found before the first is played."""
    from pathlib import Path

    known = library.scenarios()
    if all_of_them:
        if scenarios:
            raise click.UsageError("give scenarios or --all, not both")
        if not known:
            raise click.UsageError("there are no scenarios in playbooks/exercises")
        return list(known.values())
    if not scenarios:
        raise click.UsageError(f"name a scenario, or --all; there are: {', '.join(known)}")
    found = []
    for name in scenarios:
        path = Path(name)
        is_file = path.suffix in (".yaml", ".yml") and path.is_file()
        found.append(path if is_file else library.scenario(name))
    return found


def _watching(as_json: bool) -> Watching | None:
    if as_json and not sys.stderr.isatty():
        return None
    from firedoor.cli.drilled import Shown

    return Shown(console(stderr=as_json))


def _check_extra() -> None:
    if importlib.util.find_spec("moto") is None:
        raise Refused(
            "drills need simulated AWS, which is not installed: pip install 'firedoor[exercise]'"
        )


def _undone(drilled: Drilled) -> bool:
    """Whether undo, when it was asked for, brought back all that it may."""
    return drilled.undo is None or (drilled.undo.same and drilled.undo.shut is not False)


def _summary(results: list[Drilled]) -> None:
    from firedoor.cli.terminal import clean

    shown = console()
    shown.print("\n[head]All drills[/]")
    for each in results:
        mark = "[good]✓[/]" if each.passed and _undone(each) else "[bad]✗[/]"
        shown.print(
            f"  {mark} {clean(each.scenario):<28} [head]{each.rating}[/]  "
            f"[quiet]{each.incident}  {each.seconds:.1f} s[/]"
        )
