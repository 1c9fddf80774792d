"""Runs a program for an incident: through Prefect, or without it when asked or when it is down."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import msgspec

from firedoor.chain import Entry
from firedoor.engine.breakglass import Plain
from firedoor.engine.desk import Desk
from firedoor.engine.lease import working
from firedoor.engine.outcome import status_of
from firedoor.engine.stage import conduct
from firedoor.errors import NotFound, PrefectUnavailable, RunFailed, StoreUnavailable
from firedoor.program import Program
from firedoor.runbook import Json
from firedoor.stages import StepResult


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What a run came to, as `run --json` tells it."""

    incident: str
    run: str
    status: str
    steps: list[dict[str, Json]]
    unknown: list[str]
    due: list[dict[str, str]]
    report: str
    engine: str
    target: dict[str, str]


def start(
    desk: Desk,
    program: Program,
    inputs: Mapping[str, Json],
    *,
    break_glass: bool = False,
    run: str = "",
    on_progress: Callable[[str], None] = lambda _: None,
) -> Outcome:
    """Run a program as a new run of the desk's incident (or go on with `run`).

    Refused while another process or thread works the incident.
    """
    with alone(desk):
        run = run or next_run(desk.recorder.entries())
        try:
            if break_glass:
                _plainly(desk, program, inputs, run)
            else:
                _through_prefect(desk, program, inputs, run, on_progress)
        except StoreUnavailable as error:
            _say_stopped(desk, run, error)
            raise
        desk.recorder.settle()
        return outcome(desk, run)


def _say_stopped(desk: Desk, run: str, error: StoreUnavailable) -> None:
    """Journal why a run stopped, where the vault alone cannot be written."""
    told = {"where": "store", "kind": error.kind, "message": str(error)}
    with contextlib.suppress(StoreUnavailable):
        desk.recorder.write("error", told, run=run)


def alone(desk: Desk) -> AbstractContextManager[None]:
    """The desk's incident, worked by nobody else meanwhile; Refused when somebody does."""
    return working(desk.recorder.journal, desk.incident, by=desk.recorder.by)


def resume(
    desk: Desk, *, break_glass: bool = False, on_progress: Callable[[str], None] = lambda _: None
) -> list[Outcome]:
    """Go on with every run of the incident that has not come to an end."""
    with alone(desk):
        # Read under the lease: what another process has just finished is not begun again.
        return [
            start(desk, program, inputs, break_glass=break_glass, run=run, on_progress=on_progress)
            for run, program, inputs in unfinished(desk.recorder.entries())
        ]


def unfinished(entries: Sequence[Entry]) -> list[tuple[str, Program, dict[str, Json]]]:
    """The top-level runs to go on with: waiting, cut off, or ended without being contained.

    With each the program that the journal keeps. What somebody refused, or took back since, is not
    begun again; what a rule refused is tried again, with other credentials perhaps.
    """
    undone = {(entry.run or "").split(".")[0] for entry in entries if entry.kind == "undo.receipt"}
    status = {
        entry.data["run"]: "failed" if _by_rule(entry.data["steps"]) else entry.data["status"]
        for entry in entries
        if entry.kind == "run.finished"
    }
    return [
        (
            entry.data["run"],
            msgspec.convert(entry.data["program"], Program),
            entry.data["inputs"],
        )
        for entry in entries
        if entry.kind == "run.started"
        and "program" in entry.data
        and entry.data["run"] not in undone
        and status.get(entry.data["run"], "waiting") in ("waiting", "failed", "not_contained")
    ]


def _by_rule(steps: Sequence[Mapping[str, Any]]) -> bool:
    """Whether a rule refused one of these steps, or of those below them."""
    return any(step.get("rule") or _by_rule(step.get("steps", ())) for step in steps)


def next_run(entries: Sequence[Entry]) -> str:
    """The id of the incident's next run: r1, r2, …"""
    started = [
        entry for entry in entries if entry.kind == "run.started" and not entry.data["parent"]
    ]
    return f"r{len(started) + 1}"


def outcome(desk: Desk, run: str) -> Outcome:
    """What the journal says of a run; RunFailed when it has not ended."""
    entries = desk.recorder.entries()
    finished: dict[str, Any] | None = None
    engine = ""
    report = ""
    for entry in entries:
        if entry.kind in ("run.started", "run.resumed") and entry.data["run"] == run:
            engine = entry.data["engine"]
        elif entry.run == run and entry.kind == "error" and gave_way(entry):
            engine = Plain.name
        elif entry.kind == "run.finished" and entry.data["run"] == run:
            finished = entry.data
        elif entry.kind == "report.written":
            report = entry.data["path"]
    if finished is None:
        raise RunFailed(
            f"run {run} did not come to an end; go on with `firedoor resume {desk.incident}`"
        )
    return Outcome(
        incident=desk.incident,
        run=run,
        status=finished["status"],
        steps=finished["steps"],
        unknown=finished["unknown"],
        due=finished["due"],
        report=report,
        engine=engine,
        target=dict(desk.target),
    )


def gave_way(entry: Entry) -> bool:
    """Whether an `error` entry says that the run went on without Prefect."""
    return (entry.data["where"], entry.data["kind"]) == ("prefect", "unavailable")


def warm(home: Path) -> None:
    """Begin to start Prefect for a home, beside whatever comes before the run (the plan, a person's
    reading of it). `start` uses it; it costs nothing but processor time when that never happens."""
    from firedoor.engine import server  # lazy: break-glass does without

    server.warm(home)


def _plainly(
    desk: Desk, program: Program, inputs: Mapping[str, Json], run: str
) -> list[StepResult]:
    return asyncio.run(conduct(desk, program, inputs, Plain(), run=run))


def _through_prefect(
    desk: Desk,
    program: Program,
    inputs: Mapping[str, Json],
    run: str,
    on_progress: Callable[[str], None],
) -> None:
    """Through Prefect; when that cannot be reached, the same without it: containment goes on."""
    # Lazy: Prefect takes seconds to import, and break-glass does without.
    from firedoor.engine.prefect_run import run_in_prefect

    try:
        run_in_prefect(desk, program, inputs, run, on_progress=on_progress)
    except PrefectUnavailable as error:
        on_progress(f"Prefect cannot be reached ({error}); going on without it (break-glass)")
        desk.recorder.write(
            "error",
            {"where": "prefect", "kind": "unavailable", "message": str(error)},
            run=run,
        )
        _plainly(desk, program, inputs, run)


def program_of(entries: Sequence[Entry], run: str) -> Program:
    """The program that a run of the journal runs; NotFound when there is no such run."""
    for entry in entries:
        if entry.kind == "run.started" and entry.data["run"] == run and "program" in entry.data:
            return msgspec.convert(entry.data["program"], Program)
    raise NotFound(f"no run {run!r} in this incident")


__all__ = ["Outcome", "next_run", "outcome", "program_of", "resume", "start", "status_of", "warm"]
