"""What a run came to: from the steps' results, never from Prefect's state."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Literal

from firedoor.engine.desk import Desk
from firedoor.kinds import time_text
from firedoor.program import Program
from firedoor.runbook import Json, Phase
from firedoor.stages import StepResult

RunStatus = Literal["contained", "not_contained", "done", "waiting", "refused", "failed"]

_STOPPING = (Phase.TRIAGE.value, Phase.ERADICATE.value, Phase.RECOVER.value)

AFTERWARDS = (Phase.ERADICATE.value, Phase.RECOVER.value)

LATER = (timedelta(seconds=10), timedelta(seconds=60), timedelta(minutes=10))
"""When containment is read back again: an attacker with IAM rights has seconds to undo it."""


def status_of(results: Sequence[StepResult]) -> RunStatus:
    """`contained` only when every containing step was settled and read back to hold.

    `refused`: a person or a rule said no to a step, and no other step has failed. What was not run
    after a no has not failed, and that somebody still gets through is what was to be expected.
    """
    flat = [each for result in results for each in result.flat()]
    if any(each.status == "waiting" for each in flat):
        return "waiting"
    # What comes after containment may be put off: that does not open anything.
    refused = any(each.status == "refused" and each.phase not in AFTERWARDS for each in flat)
    lost = ("failed",) if refused else ("failed", "not_run")
    containing = [
        each
        for each in flat
        if each.phase == Phase.CONTAIN.value and not each.children and each.status != "refused"
    ]
    acting = [each for each in containing if each.mutating]
    if not acting and not refused:
        return "failed" if any(each.status in lost for each in flat) else "done"
    if any(each.status in lost for each in containing):
        return "not_contained"
    if any(each.proof != "holds" for each in acting):
        return "not_contained"
    # A reading step can disprove it: something of theirs succeeded afterwards.
    if not refused and any(each.proof == "broken" for each in flat):
        return "not_contained"
    if any(each.status in lost and each.phase in _STOPPING for each in flat):
        return "failed"
    return "refused" if refused else "contained"


def unknown_of(results: Sequence[StepResult]) -> list[str]:
    """What could not be looked at, once each, in order."""
    notes: dict[str, None] = {}
    for result in results:
        for each in result.flat():
            for note in each.unknown:
                notes[note] = None
            if each.proof == "unknown" and not each.children:
                notes[f"whether {each.id} ({each.run}) holds could not be read back"] = None
            if each.status in ("failed", "refused") and each.phase in ("evidence", "triage"):
                notes[f"{each.id} {each.status}: {each.why}"] = None
    return list(notes)


def finish(desk: Desk, program: Program, run: str, results: Sequence[StepResult]) -> None:
    """Write `run.finished`."""
    now = desk.aws.now()
    status = status_of(results)
    data: dict[str, Json] = {
        "run": run,
        "runbook": program.name,
        "status": status,
        "steps": [step_json(result) for result in results],
        "unknown": unknown_of(results),
        "due": due(desk, results),
    }
    if status == "contained":
        data["contained_at"] = time_text(now)
    watched = [out for out in _outputs(results) if "successes" in out]
    if watched:
        data["last_success"] = last_success(watched)
        data["watched_until"] = max(str(out.get("watched_until") or "") for out in watched)
    desk.recorder.write("run.finished", data, run=run)


def last_success(outputs: Iterable[Mapping[str, Json]]) -> dict[str, Json] | None:
    """The last call of theirs that got through after containment, as watching steps saw it; None
    when they saw none: `{when, event, source_ip, key}`."""
    successes = [each for out in outputs for each in out.get("successes") or ()]
    return max(successes, key=lambda each: str(each.get("when")), default=None)


def _outputs(results: Sequence[StepResult]) -> list[Mapping[str, Json]]:
    """Of the steps that gave proof: one that could read nothing has watched nothing."""
    every = [each for result in results for each in result.flat()]
    found = [each.output for each in every if each.proof != "none"]
    return [output for output in found if isinstance(output, dict)]


def due(desk: Desk, results: Sequence[StepResult]) -> list[dict[str, str]]:
    """The later checks of what was contained, with their times."""
    if not any(each.proof == "holds" for result in results for each in result.flat()):
        return []
    now = desk.aws.now()
    return [
        {"at": time_text(now + delay), "what": "read every containment back again"}
        for delay in LATER
    ]


def step_json(result: StepResult) -> dict[str, Json]:
    """A step as `run --json` shows it; children of loops and sub-runbooks below it."""
    told: dict[str, Json] = {
        "id": result.id,
        "phase": result.phase,
        "status": result.status,
        "proof": result.proof,
    }
    if result.why:
        told["why"] = result.why
    if result.rule:
        told |= {"rule": result.rule, "instead": result.instead}
    if result.children:
        told["steps"] = [{"run": child.run, **step_json(child)} for child in result.children]
    return told
