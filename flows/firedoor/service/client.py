"""The caller's end: finds the resident of a home, hands over, and follows what it does."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from firedoor import __version__
from firedoor.approval import Nobody, People
from firedoor.chain import Entry
from firedoor.engine.running import Outcome
from firedoor.errors import BadInput, FiredoorError, Refused, RunFailed, StoreUnavailable
from firedoor.plan import Plan
from firedoor.service.address import SOCKET, connected, nobody_there
from firedoor.service.peer import peer_of
from firedoor.service.protocol import (
    MAX_BYTES,
    VERSION,
    Agreed,
    Answered,
    Asks,
    Began,
    Ended,
    Failed,
    FromResident,
    FromThere,
    Garbage,
    Gone,
    Heard,
    Here,
    Planned,
    Told,
    Wanted,
    Wire,
)

GREETING_SECONDS = 3.0
"""How long a resident may take to say that it is there. Nothing has been asked of it by then."""

PLAN_SECONDS = 300.0
"""How long it may take to make a plan: it reads AWS."""

Say = Callable[[str], None]


class Detached(FiredoorError):
    """The caller has gone away from a run that goes on."""

    kind = "detached"
    exit_code = 130


class Resident:
    """A connection to the resident of a home."""

    def __init__(self, wire: Wire, here: Here) -> None:
        self._wire = wire
        self.here = here
        self.incident = ""
        self._begun = False

    def ask(self, wanted: Wanted) -> None:
        """Say what is wanted."""
        try:
            self._wire.send(wanted)
        except Garbage:
            raise BadInput(
                f"larger than the {MAX_BYTES // 1024} KiB that the resident takes; "
                "FIREDOOR_RESIDENT=off takes it without"
            ) from None

    def plan(self) -> Plan:
        """The plan it has made."""
        told = self._next(PLAN_SECONDS)
        if not isinstance(told, Planned):
            raise RunFailed(f"the resident answered with something else than a plan: {told}")
        return told.plan

    def agree(self, plan: Plan, how: Any) -> None:
        """What was said to its plan: yes (`terminal` or `--yes`), or nothing ("")."""
        self._wire.send(Agreed(digest=plan.digest, how=how))
        self._begun = True

    def follow(
        self,
        hear: Callable[[Entry], None],
        say: Say,
        people: People | None = None,
        began: Callable[[Began], None] = lambda _: None,
    ) -> list[Outcome]:
        """Tell what happens until it is over. Ctrl-C goes away from it; it goes on."""
        self._begun = True
        asked = people or Nobody()
        try:
            while True:
                told = self._next(None)
                if isinstance(told, Ended):
                    return told.outcomes
                if isinstance(told, Began):
                    self.incident = told.incident
                    began(told)
                elif isinstance(told, Heard):
                    hear(told.entry)
                elif isinstance(told, Told):
                    say(told.text)
                elif isinstance(told, Asks):
                    self._answer(told, asked)
        except KeyboardInterrupt:
            raise Detached(self._goes_on()) from None

    def _answer(self, told: Asks, people: People) -> None:
        said = people.ask(told.question)
        how: Any = said.how if said and said.how in ("terminal", "--yes") else ""
        self._wire.send(
            Answered(
                id=told.question.id,
                said="later" if said is None else ("yes" if said.yes else "no"),
                how=how,
                reason=said.reason if said else "",
            )
        )

    def _next(self, seconds: float | None) -> Any:
        try:
            told = self._wire.receive(FromResident, seconds)
        except Gone as error:
            raise RunFailed(self._lost(error)) from None
        except Garbage as error:
            raise RunFailed(f"the resident says something unknown: {error}") from None
        if isinstance(told, Failed):
            if told.kind == StoreUnavailable.kind:
                # As it would be here: what to do by hand is printed.
                raise StoreUnavailable(told.message, where=told.where)
            raise FromThere(told)
        return told

    def _lost(self, error: Gone) -> str:
        if not self._begun:
            return f"the resident has gone ({error}); nothing was begun: give the command again"
        where = self.incident or "INCIDENT"
        listed = "" if self.incident else "`firedoor incidents`, then "
        return (
            f"the resident has gone ({error}). What was done is in the journal: {listed}"
            f"`firedoor status {where}`. It goes on when `firedoor serve` runs again, or with "
            f"`firedoor resume {where}`"
        )

    def _goes_on(self) -> str:
        where = self.incident or "the run"
        look = f"`firedoor status {self.incident}`" if self.incident else "`firedoor incidents`"
        return (
            f"you have left, and {where} goes on in the resident: {look} says how it stands, "
            "`firedoor approvals` what waits for a person"
        )


@contextmanager
def reached(home: Path, say: Say) -> Iterator[Resident | None]:
    """The resident of a home; None when there is none, or none is wanted.

    A socket that nobody listens at is said and ignored. Refused: something listens there that is
    not this home's resident, or one of another version.
    """
    with contextlib.ExitStack() as stack:
        yield _reached(home, say, stack)


def _reached(home: Path, say: Say, stack: contextlib.ExitStack) -> Resident | None:
    if not wanted():
        return None
    try:
        connection = stack.enter_context(connected(home, GREETING_SECONDS))
    except OSError as error:
        if not nobody_there(error):
            say(f"the resident does not answer at {home / SOCKET} ({error.strerror}); without it")
        return None
    peer = peer_of(connection)
    if peer.uid not in (0, home.stat().st_uid):
        raise Refused(
            f"{peer.name} listens at {home / SOCKET}, who does not own the home: nothing was handed"
            " over. FIREDOOR_RESIDENT=off runs without it"
        )
    wire = Wire(connection)
    try:
        here = wire.receive(Here | Failed, GREETING_SECONDS)
    except (Gone, Garbage) as error:
        say(f"the resident does not answer ({error}); without it")
        return None
    if isinstance(here, Failed):
        raise FromThere(here)
    if (here.version, here.firedoor) != (VERSION, __version__):
        raise Refused(
            f"the resident is firedoor {here.firedoor} and this is {__version__}: end it and start "
            "it again (`firedoor serve`), or FIREDOOR_RESIDENT=off runs without it"
        )
    return Resident(wire, here)


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """Whether a home's resident answers: its process, whether it is warm; or why not."""

    answers: bool
    pid: int = 0
    ready: bool = False
    why: str = ""


def standing(home: Path) -> Standing:
    """Ask the resident of a home for nothing but its greeting."""
    said: list[str] = []
    try:
        with reached(home, said.append) as resident:
            if resident is not None:
                here = resident.here
                return Standing(answers=True, pid=here.pid, ready=here.ready)
    except FiredoorError as error:
        said.append(str(error))
    return Standing(answers=False, why=" ".join(said) or "none is running in this home")


def wanted() -> bool:
    """FIREDOOR_RESIDENT: `off` hands nothing over."""
    said = os.environ.get("FIREDOOR_RESIDENT") or "on"
    if said not in ("on", "off"):
        raise BadInput(f"FIREDOOR_RESIDENT is on or off, not {said!r}")
    return said == "on"
