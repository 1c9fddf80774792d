"""How the incident stands: contained or not, by the runs, the later proofs, the undo and the trail.

A run's own ending is one witness of several. A proof that was taken again and failed, an act of the
attacker that succeeded afterwards, a change that was undone since: each overrules it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from firedoor.report.facts import Facts, RunFacts, StepFacts, Told
from firedoor.report.intruder import Act
from firedoor.report.moments import moment
from firedoor.report.text import encoded

WORST = (
    "not_contained",
    "failed",
    "refused",
    "waiting",
    "running",
    "undone",
    "partly_undone",
    "contained",
    "done",
    "open",
)
"""Statuses, worst first: the worst of the runs is the incident's."""


@dataclass(frozen=True)
class Standing:
    """`contained_at` is when containment was proven (where something was opened and shut again
    since, when that was read back), `claimed_at` the same even where later facts overrule it,
    `believed_at` when the last containing change was made; None when that did not happen.
    `proven_by`: the entry that says it. `shut_again`: changes that had to be made again.
    `success`: the last call of theirs that watching steps saw get through after containment, None
    when they saw none; `watched_until`, how far they looked, "" when nothing watched.
    `provisional`: a run has not come to its end."""

    status: str
    runs: tuple[tuple[RunFacts, str], ...]
    provisional: bool
    contained_at: datetime | None
    claimed_at: datetime | None
    believed_at: datetime | None
    broken: tuple[StepFacts, ...]
    undone: tuple[StepFacts, ...]
    proven_by: int
    shut_again: tuple[Told, ...]
    success: Told | None
    watched_until: str
    late: tuple[Act, ...]
    got_through: tuple[Told, ...]


def standing(facts: Facts, done: list[Act]) -> Standing:
    """How the incident stands by the end of its journal."""
    runs = tuple((run, run_status(facts, run)) for run in _latest(facts))
    containing = [step for step in facts.steps.values() if step.phase == "contain"]
    broken = tuple(step for step in facts.steps.values() if _broken(step))
    undone = tuple(step for step in containing if step.undone)
    status = min((each for _, each in runs), key=_rank, default="open")
    proven = _contained_at(facts, runs) if status == "contained" else None
    contained = claimed = proven[0] if proven else None
    success, watched = _watched(facts)
    late = tuple(act for act in done if contained and act.when > contained and act.succeeded)
    got_through = tuple(
        told
        for told in facts.of("probe.made")
        if told.text("phase") == "after"
        and told.text("role") == "attacker"
        and told.data.get("allowed") is True
    )
    receipts = [told.at for step in containing for told in step.receipts.values()]
    if status == "contained":
        if broken or late or got_through or _after(success, contained):
            status, contained = "not_contained", None
        elif undone:
            status = "partly_undone" if any(_stands(step) for step in containing) else "undone"
    return Standing(
        status=status,
        runs=runs,
        provisional=any(not run.ended for run, _ in runs),
        contained_at=contained,
        claimed_at=claimed,
        believed_at=max(receipts, default=None),
        broken=broken,
        undone=undone,
        proven_by=proven[1] if proven else 0,
        shut_again=tuple(
            told
            for step in containing
            for told in step.receipts.values()
            if told.data.get("reapplied")
        ),
        success=success,
        watched_until=watched,
        late=late,
        got_through=got_through,
    )


def run_status(facts: Facts, run: RunFacts) -> str:
    """How a run ended; while it goes on, what its steps say so far, by the rules of its ending."""
    if run.ended and run.finished:
        return run.finished.text("status") or "failed"
    if any(_within(told.run, run.run) for told in facts.open_questions()):
        return "waiting"
    begun = [told for told in facts.of("step.started") if _within(told.run, run.run)]
    # The last step of a run writes the report: then everything before it has come to its end.
    if not begun or begun[-1].run != run.run or begun[-1].text("phase") != "report":
        return "running"
    mine = [step for step in facts.steps.values() if _within(step.run, run.run)]
    refused = any(_within(told.run, run.run) for told in facts.of("approval.denied"))
    refused = refused or any(step.status == "refused" for step in mine)
    stopped = any(
        step.status == "failed" and step.phase in ("triage", "eradicate", "recover")
        for step in mine
    )
    containing = [
        step
        for step in mine
        if step.phase == "contain" and step.mutating and step.status != "refused"
    ]
    if not containing and not refused:
        return "failed" if any(step.status == "failed" for step in mine) else "done"
    if any(step.status in ("failed", "waiting", "running") for step in containing):
        return "not_contained"
    looked = containing if refused else mine
    if any(not step.proof for step in containing) or any(_broken(step) for step in looked):
        return "not_contained"
    if stopped:
        return "failed"
    return "refused" if refused else "contained"


def _stands(step: StepFacts) -> bool:
    """Whether something of a step is still as it was made, and could be put back."""
    lost = {
        told.part("change").get("resource")
        for told in step.intents
        if told.part("change").get("lost")
    }
    return any(what not in step.undone and what not in lost for what in step.receipts)


def _watched(facts: Facts) -> tuple[Told | None, str]:
    """The entry that tells of the last success of theirs, and until when they were watched."""
    success: Told | None = None
    until = ""
    for told in facts.of("run.finished", "verify.finished"):
        if "last_success" not in told.data:
            continue
        # A later reading watches too where a step of the run did.
        if told.kind == "run.finished" or until:
            until = max(until, told.text("watched_until") or told.stamp)
        found = told.part("last_success")
        if found and (
            success is None or str(found.get("when")) >= str(success_of(success).get("when"))
        ):
            success = told
    return success, until


def success_of(told: Told) -> dict[str, Any]:
    """The call that a `run.finished` or `verify.finished` says got through: `when`, `event`…"""
    return told.part("last_success")


def _after(success: Told | None, contained: datetime | None) -> bool:
    when = moment(success_of(success).get("when")) if success else None
    return bool(when and contained and when > contained)


def _rank(status: str) -> int:
    return WORST.index(status) if status in WORST else 1


def _latest(facts: Facts) -> list[RunFacts]:
    """Of runs of one runbook with one input, the last; an earlier one does not count any more."""
    found: dict[str, RunFacts] = {}
    for run in facts.top_runs():
        inputs = {
            key: value for key, value in run.started.part("inputs").items() if key != "lookback"
        }
        found[f"{run.started.text('runbook')} {encoded(inputs)}"] = run
    return list(found.values())


def _within(run: str, top: str) -> bool:
    return run == top or run.startswith(f"{top}.")


def _broken(step: StepFacts) -> bool:
    """Whether its last proof speaks against it: of a change, everything but "it holds" does; of a
    reading step, only what was seen to be otherwise."""
    if step.proof is None or step.open_again:
        return False
    holds = step.proof.data.get("holds")
    return holds is not True if step.mutating else holds is False


def _contained_at(
    facts: Facts, runs: tuple[tuple[RunFacts, str], ...]
) -> tuple[datetime, int] | None:
    """The last moment at which a run was proven, and the entry that says so; of one that goes on,
    that of its last proof. What was shut again since is proven when it was read back after that."""
    found: list[tuple[datetime, int]] = []
    for run, status in runs:
        if status != "contained":
            continue
        told = run.finished
        if told and run.ended:
            found.append((moment(told.data.get("contained_at")) or told.at, told.seq))
            found.extend(_read_back(facts, run, told.seq))
            continue
        found.extend(
            (proof.at, proof.seq)
            for step in facts.steps.values()
            if _within(step.run, run.run) and step.phase != "report"
            for proof in step.proofs
            if not proof.data.get("again")
        )
    return max(found, default=None)


def _read_back(facts: Facts, run: RunFacts, ended: int) -> Iterator[tuple[datetime, int]]:
    """When what was changed after a run's end was first read back and found to hold."""
    for step in facts.steps.values():
        if not _within(step.run, run.run) or step.phase != "contain":
            continue
        last = max((told.seq for told in step.receipts.values()), default=0)
        if last < ended:
            continue
        for proof in step.proofs:
            if proof.seq > last and proof.data.get("holds") is True:
                yield proof.at, proof.seq
                break
