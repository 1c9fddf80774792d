"""`resume`: a run that was cut off, or that waited for a person, goes on."""

from __future__ import annotations

import click

from firedoor.cli.asking import Terminal, YesToChanges
from firedoor.cli.ending import end
from firedoor.cli.options import break_glass_option
from firedoor.cli.progress import Progress
from firedoor.cli.terminal import can_ask, console, json_option
from firedoor.engine.case import desk_of, home_of
from firedoor.engine.running import resume, warm
from firedoor.errors import NotFound


@click.command("resume")
@click.argument("incident")
@click.option("--yes", is_flag=True, help="Answer the open confirmation of changes with yes.")
@break_glass_option
@json_option
def resume_command(incident: str, yes: bool, break_glass: bool, as_json: bool) -> None:
    """Go on with what was cut off or waited, from the program that the journal keeps."""
    shown = console(stderr=True)
    asks = can_ask() and not as_json
    if not break_glass:
        warm(home_of(incident))
    desk = desk_of(
        incident,
        people=YesToChanges() if yes else (Terminal(shown) if asks else None),
        listeners=(Progress(shown),),
        break_glass=break_glass,
    )
    done = resume(desk, break_glass=break_glass, on_progress=Progress(shown).say)
    if not done:
        raise NotFound(f"nothing of {incident} was cut off or waits; `firedoor status {incident}`")
    end(done[-1], as_json)
