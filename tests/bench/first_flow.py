"""Prefect's first flow of a process: one line on what it took. Run by bench.py.

FIREDOOR_HOME is the home whose embedded server is started. Nothing is changed anywhere: the program
has one step, which looks at a clock.
"""

from __future__ import annotations

import time

BEGAN = time.monotonic()

from contextlib import contextmanager  # noqa: E402 (the imports are a part of what is measured)
from datetime import UTC, datetime  # noqa: E402
from types import ModuleType, SimpleNamespace  # noqa: E402
from typing import Any  # noqa: E402

import msgspec  # noqa: E402

from firedoor import settings  # noqa: E402
from firedoor.actions.contract import Given, Output  # noqa: E402
from firedoor.actions.registry import read  # noqa: E402
from firedoor.engine.desk import Desk, Office, open_desk, opened  # noqa: E402
from firedoor.engine.running import start, warm  # noqa: E402
from firedoor.journal import Entry  # noqa: E402
from firedoor.program import Program, compile_program  # noqa: E402
from firedoor.runbook import Runbook  # noqa: E402

TARGET = {"account": "111122223333", "region": "us-east-1", "principal": "", "world": "simulated"}


class Nothing(Given, frozen=True, kw_only=True):
    """No input."""


class Time(Output, frozen=True, kw_only=True):
    """What the clock says."""

    now: str


def main() -> None:
    """Two runs: the first of the process, and one when everything is warm."""
    home = settings.home()
    warm(home)
    office = Office.open(home)
    first, second = timed(office), timed(office)
    whole = first[1] - BEGAN
    print(
        f"first step after {whole:.2f} s; warm: {second[1] - second[0]:.2f} s "
        f"to the first step, {second[2] - second[0]:.2f} s in all"
    )


def timed(office: Office) -> tuple[float, float, float]:
    """(call, first step, end) of a run."""
    heard: list[float] = []

    def listen(entry: Entry) -> None:
        if entry.kind == "step.started":
            heard.append(time.monotonic())

    began = time.monotonic()
    done = start(desk(office, listen), program(), {})
    if done.engine != "prefect":
        raise SystemExit(f"ran through {done.engine}: the figure would mean nothing")
    return began, heard[0], time.monotonic()


def desk(office: Office, listener: Any) -> Desk:
    """A desk at no AWS at all."""

    @contextmanager
    def requests() -> Any:
        yield []

    aws: Any = SimpleNamespace(
        now=lambda: datetime.now(UTC),
        account=TARGET["account"],
        region=TARGET["region"],
        principal="",
        partition="aws",
        requests=requests,
    )
    incident = opened(office, aws, TARGET, title="Bench", severity="low")
    opened_desk = open_desk(office, aws, TARGET, incident=incident, listeners=[listener])
    module = ModuleType("clock.look", "Looks at the clock.")
    module.__dict__.update(
        Input=Nothing,
        Output=Time,
        PERMISSIONS=(),
        EXAMPLE={},
        observe=lambda aws, given, case: Time(now=str(aws.now())),
    )
    return Desk(
        recorder=opened_desk.recorder,
        aws=aws,
        target=TARGET,
        actions={"clock.look": read("clock.look", module)},
    )


def program() -> Program:
    """One step."""
    book = msgspec.convert(
        {
            "runbook": "bench",
            "title": "Look at the clock",
            "summary": "Look.",
            "steps": [{"id": "look", "phase": "triage", "action": "clock.look"}],
        },
        Runbook,
    )
    return compile_program("bench", lambda _: book)


if __name__ == "__main__":
    main()
