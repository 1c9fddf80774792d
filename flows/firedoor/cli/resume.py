"""`resume`: a run that was cut off, or that waited for a person, goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from firedoor.cli.asking import Terminal, YesToChanges
from firedoor.cli.ending import end
from firedoor.cli.handed import go_on_there, resident_of
from firedoor.cli.last_resort import last_resort
from firedoor.cli.options import break_glass_option
from firedoor.cli.planned import show_target
from firedoor.cli.prepared import plan_in
from firedoor.cli.progress import Progress
from firedoor.cli.terminal import can_ask, console, json_option
from firedoor.engine.case import connect_for, home_of, office_of
from firedoor.engine.desk import open_desk
from firedoor.engine.running import resume, unfinished, warm
from firedoor.errors import NotFound, StoreUnavailable

if TYPE_CHECKING:
    from firedoor.chain import Entry
    from firedoor.plan import Plan


@click.command("resume")
@click.argument("incident")
@click.option("--yes", is_flag=True, help="Answer the open confirmation of changes with yes.")
@break_glass_option
@json_option
def resume_command(incident: str, yes: bool, break_glass: bool, as_json: bool) -> None:
    """Go on with what was cut off or waited, from the program that the journal keeps."""
    shown = console(stderr=True)
    asks = can_ask() and not as_json
    people = YesToChanges() if yes else (Terminal(shown) if asks else None)
    home = home_of(incident)
    known: list[Entry] = []

    def plans() -> list[Plan]:
        """What is left of the runs that resume goes on with."""
        if not known:
            raise StoreUnavailable(f"the journal of {incident} cannot be read")
        aws, target = connect_for(known)
        return [
            plan_in(aws, target, program, given, hunt=True)
            for _, program, given in unfinished(known)
        ]

    def plans_there() -> list[Plan]:
        """The same after the resident could not go on: its journal may be read from here."""
        known.extend(office_of(incident).known(incident))
        return plans()

    with (
        last_resort(plans_there, break_glass=break_glass),
        resident_of(home, shown, break_glass=break_glass) as resident,
    ):
        if resident:
            end(go_on_there(resident, shown, home, incident, people), as_json)
    if not break_glass:
        warm(home)
    with last_resort(plans, break_glass=break_glass):
        office = office_of(incident, break_glass=break_glass)
        known += office.known(incident)
        aws, target = connect_for(known)
        show_target(shown, target)
        desk = open_desk(
            office,
            aws,
            target,
            incident=incident,
            people=people,
            listeners=(Progress(shown),),
        )
        done = resume(desk, break_glass=break_glass, on_progress=Progress(shown).say)
    if not done:
        raise NotFound(f"nothing of {incident} was cut off or waits; `firedoor status {incident}`")
    end(done[-1], as_json)
