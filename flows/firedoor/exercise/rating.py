"""Rates a drill: HSEEP's letters from facts, the worst rule that matches wins.

P performed without challenges, S with some, M with major challenges (harm was done or a rule
broken), U unable to be performed. INCONCLUSIVE is no letter: nothing was shown either way, and it
never passes. The letters: Homeland Security Exercise and Evaluation Program, 2020.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from firedoor.chain import Entry
from firedoor.evidence import Verification
from firedoor.exercise.facts import Scene, judge, late
from firedoor.exercise.probes import Probe, controls
from firedoor.runbook import Json
from firedoor.scenario import Rule, Scenario

INCONCLUSIVE = "INCONCLUSIVE"
ORDER = ("P", "S", "M", "U", INCONCLUSIVE)


class Reached(msgspec.Struct, frozen=True, kw_only=True):
    """One objective: reached or not, and why one can say so."""

    id: str
    title: str
    met: bool
    why: str
    critical: bool = True


class Rated(msgspec.Struct, frozen=True, kw_only=True):
    """The rating, and all that led to it. `rules`: every rule that matched, with its reason."""

    rating: str
    wanted: str
    passed: bool
    objectives: tuple[Reached, ...]
    proof: dict[str, bool | None]
    rules: tuple[tuple[str, str], ...]

    def told(self, scenario: Scenario) -> dict[str, Any]:
        """As the journal's `drill.rated` and the result of a drill tell it."""
        return {
            "scenario": scenario.metadata.id,
            "title": scenario.metadata.title,
            "rating": self.rating,
            "wanted": self.wanted,
            "passed": self.passed,
            "objectives": msgspec.to_builtins(list(self.objectives)),
            "proof": dict(self.proof),
            "rules": [{"rule": rule, "why": why} for rule, why in self.rules],
        }


def unproven(status: str, probes: Sequence[Probe], again: Sequence[dict[str, Json]]) -> str:
    """Why containment is not proven; "" when it is. `again`: what was read back once more."""
    through = [p for p in probes if p.phase == "after" and p.role == "attacker" and p.allowed]
    if through:
        told = ", ".join(f"{probe.who} {probe.call}" for probe in through)
        return f"the attacker still gets through: {told}"
    broken = [str(one["id"]) for one in again if one["holds"] is False]
    if broken:
        return f"read back later, it does not hold any more: {', '.join(broken)}"
    if status != "contained":
        return f"the run ended {status.replace('_', ' ')}"
    return ""


def rate(
    scenario: Scenario,
    scene: Scene,
    entries: Sequence[Entry],
    evidence: Verification,
) -> Rated:
    """The rating of a drill that has been played to its end."""
    objectives = tuple(
        Reached(
            id=objective.id,
            title=objective.task,
            met=(told := judge(objective, scene))[0],
            why=told[1],
            critical=objective.critical,
        )
        for objective in scenario.objectives
    )
    rules = tuple(_matching(scenario, scene, objectives, entries, evidence))
    letter = _letter(scenario, [name for name, _ in rules])
    wanted = scenario.modes.ci.fail_below
    return Rated(
        rating=letter,
        wanted=wanted,
        passed=ORDER.index(letter) <= ORDER.index(wanted),
        objectives=objectives,
        proof=controls(scene.probes),
        rules=rules,
    )


def _letter(scenario: Scenario, matched: Sequence[str]) -> str:
    # What failed for certain is worse than what could not be seen.
    if "proof_inconclusive" in matched and "proof_failed" not in matched:
        return INCONCLUSIVE
    for letter in ("U", "M", "S"):
        if set(matched) & set(getattr(scenario.rate, letter)):
            return letter
    return "P"


def _matching(
    scenario: Scenario,
    scene: Scene,
    objectives: Sequence[Reached],
    entries: Sequence[Entry],
    evidence: Verification,
) -> Iterator[tuple[Rule, str]]:
    if scene.proven:
        yield "proof_failed", scene.proven
    if doubt := _doubt(scene.probes):
        yield "proof_inconclusive", doubt
    for reached in objectives:
        if not reached.met:
            rule: Rule = "critical_task_not_done" if reached.critical else "task_not_done"
            yield rule, f"{reached.id}: {reached.why}"
    for probe in scene.probes:
        legitimate = probe.phase == "after" and probe.role != "attacker"
        if legitimate and not probe.allowed and not probe.inconclusive:
            told = f"{probe.who} ({probe.role}) is refused {probe.call}: {probe.code}"
            yield "innocent_broken", told
    for problem in evidence.problems:
        yield "evidence_lost", problem
    for why in _failed_evidence(entries):
        yield "evidence_lost", why
    for step in unapproved(entries):
        yield "unapproved_action", f"{step} changed something that nobody had agreed to"
    for act in scene.attacker.after():
        if act.lose:
            yield "attacker_goal_reached", f"{act.lose} ({act.who} {act.call})"
    for objective in scenario.objectives:
        if why := late(objective, scene.attacker):
            yield "late", f"{objective.id}: {why}, later than {objective.target}"


def _doubt(probes: Sequence[Probe]) -> str:
    """Why the probes show nothing; "" when they do."""
    before = [probe for probe in probes if probe.phase == "before"]
    never = [probe for probe in before if not probe.allowed]
    if never or not any(probe.role == "attacker" for probe in before):
        told = ", ".join(f"{probe.who} {probe.call} ({probe.code})" for probe in never)
        return f"not allowed even before containment: {told or 'no attacker was tried'}"
    odd = [probe for probe in probes if probe.phase == "after" and probe.inconclusive]
    if odd:
        told = ", ".join(f"{probe.who} {probe.call} ({probe.code})" for probe in odd)
        return f"neither carried out nor denied: {told}"
    return ""


def _failed_evidence(entries: Sequence[Entry]) -> Iterator[str]:
    for entry in entries:
        if entry.kind != "step.finished" or entry.data["phase"] != "evidence":
            continue
        status = entry.data["status"]
        if status in ("failed", "refused"):
            yield f"{entry.step} {status}: {entry.data.get('why', '')}"


def unapproved(entries: Sequence[Entry]) -> list[str]:
    """Steps with a change that neither the playbook nor a person had agreed to before it."""
    agreed: set[tuple[str, str]] = set()
    found: dict[str, None] = {}
    for entry in entries:
        if entry.kind == "approval.given":
            agreed |= {(entry.run or "", step) for step in entry.data["steps"]}
        elif entry.kind == "route.decided":
            agreed |= {("unasked", item["step"]) for item in entry.data["unasked"]}
        elif entry.kind == "step.receipt" and not _covered(entry, agreed):
            found[f"{entry.run}/{entry.step}"] = None
    return list(found)


def _covered(entry: Entry, agreed: set[tuple[str, str]]) -> bool:
    """Whether a step's own run, or a run that it is inside of, was agreed to.

    A sub-runbook's run is called `r1.spread.0`: it runs on the yes to `spread` in `r1`.
    """
    run, step = entry.run or "", (entry.step or "").partition(".")[0]
    if "." not in run and ("unasked", step) in agreed:
        return True
    while True:
        if (run, step) in agreed or (run, "*") in agreed:
            return True
        parts = run.split(".")
        while parts and parts[-1].isdigit():
            parts.pop()
        if len(parts) < 2:
            return False
        run, step = ".".join(parts[:-1]), parts[-1]
