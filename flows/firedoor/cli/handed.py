"""Runs that the resident of this home takes over: what it plans is shown and asked here."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from firedoor.approval import Answer, People, Question
from firedoor.cli.asking import agree, refuse_other_plan
from firedoor.cli.planned import show_target
from firedoor.cli.progress import Progress

if TYPE_CHECKING:
    from rich.console import Console

    from firedoor.engine.running import Outcome
    from firedoor.service.client import Resident, Standing
    from firedoor.service.protocol import Began


NO_RESIDENT = "none is running in this home"


@contextmanager
def resident_of(home: Path, shown: Console, *, break_glass: bool) -> Iterator[Resident | None]:
    """The resident of a home, when one answers and the run may be handed over to it."""
    there = False
    with contextlib.suppress(OSError):
        there = (home / "resident.sock").exists()
    if break_glass or not there:
        yield None
        return
    from firedoor.service.client import reached  # lazy: most homes have no resident

    with reached(home, Progress(shown).say) as resident:
        yield resident


def standing_of(home: Path) -> Standing:
    """Whether the resident of a home answers."""
    from firedoor.service.client import Standing, standing  # lazy: most homes have no resident

    if not (home / "resident.sock").exists():
        return Standing(answers=False, why=NO_RESIDENT)
    return standing(home)


def run_there(
    resident: Resident,
    shown: Console,
    home: Path,
    *,
    runbook: str,
    inputs: Sequence[str],
    incident: str | None,
    account: str | None,
    region: str | None,
    yes: bool,
    digest: str | None,
    people: People | None,
    quiet: bool,
) -> Outcome:
    """`run` in the resident: show its plan, ask, follow. Refused as it would be here."""
    from firedoor.service.protocol import RunWanted
    from firedoor.service.surroundings import here

    resident.ask(
        RunWanted(
            surroundings=here(home),
            runbook=runbook,
            inputs=list(inputs),
            incident=incident or "",
            account=account or "",
            region=region or "",
            asks=people is not None,
        )
    )
    plan = resident.plan()
    refuse_other_plan(plan, digest)
    say_who(shown, resident)
    asks = people is not None
    resident.agree(plan, agree(shown, plan, new=incident is None, yes=yes, asks=asks))
    return _followed(resident, shown, people, quiet=quiet)[-1]


def go_on_there(
    resident: Resident, shown: Console, home: Path, incident: str, people: People | None
) -> Outcome:
    """`resume` in the resident."""
    from firedoor.service.protocol import ResumeWanted
    from firedoor.service.surroundings import here

    resident.ask(ResumeWanted(surroundings=here(home), incident=incident, asks=people is not None))
    say_who(shown, resident)
    return _followed(resident, shown, people, target=True)[-1]


def take_in_there(
    resident: Resident,
    shown: Console,
    home: Path,
    *,
    document: Any,
    account: str | None,
    region: str | None,
    people: People | None,
) -> Outcome:
    """`ingest` of one finding in the resident."""
    from firedoor.service.protocol import IngestWanted
    from firedoor.service.surroundings import here

    resident.ask(
        IngestWanted(
            surroundings=here(home),
            document=document,
            account=account or "",
            region=region or "",
            asks=people is not None,
        )
    )
    say_who(shown, resident)
    return _followed(resident, shown, people, target=True)[-1]


def say_who(shown: Console, resident: Resident) -> None:
    """That it is the resident who acts, and how to leave it."""
    shown.print(
        f"[quiet]The resident (pid {resident.here.pid}) takes it over; Ctrl-C leaves it, and it "
        "goes on.[/]"
    )


def _followed(
    resident: Resident,
    shown: Console,
    people: People | None,
    *,
    quiet: bool = False,
    target: bool = False,
) -> list[Outcome]:
    progress = Progress(shown)

    def began(told: Began) -> None:
        if target:
            show_target(shown, told.target)

    def nothing(_: Any) -> None:
        """Nobody looks on."""

    hear = nothing if quiet else progress
    return resident.follow(hear, progress.say, _AtTerminal(people) if people else None, began)


class _AtTerminal:
    """People whose Ctrl-C at a question leaves the run as anywhere else."""

    def __init__(self, people: People) -> None:
        self._people = people

    def ask(self, question: Question) -> Answer | None:
        try:
            return self._people.ask(question)
        except click.Abort:
            raise KeyboardInterrupt from None
