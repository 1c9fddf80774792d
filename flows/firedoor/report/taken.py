"""What was changed, from what to what, on whose word, and whether it holds."""

from __future__ import annotations

from typing import Literal

from firedoor.report.decided import agreed
from firedoor.report.facts import Facts, StepFacts, Told
from firedoor.report.model import Changed, Taken
from firedoor.report.text import line, shown, spoken


def taken(facts: Facts) -> tuple[Taken, ...]:
    """Every step that changed, or was to change, something; in the order they began."""
    return tuple(_taken(facts, step) for step in facts.steps.values() if step.mutating)


def reopens(facts: Facts, step: StepFacts) -> str:
    """Why undoing a step would let the attacker in again; "" when nothing says so."""
    for intent in step.intents:
        if intent.text("reopens"):
            return intent.text("reopens")
    for plan in facts.of("plan.made"):
        for planned in plan.items("steps"):
            same = isinstance(planned, dict) and line(planned.get("action")) == step.action
            if same and planned.get("reopens"):
                return line(planned["reopens"])
    for told in facts.of("undo.planned", "undo.finished"):
        for item in told.items("left"):
            if not isinstance(item, dict) or line(item.get("step")) != step.step:
                continue
            if line(item.get("verdict")) == "reopens":
                return line(item.get("why"))
    return ""


def _taken(facts: Facts, step: StepFacts) -> Taken:
    finished = step.finished
    places = [told.seq for told in (step.started, finished) if told]
    return Taken(
        run=step.run,
        step=step.step,
        action=step.action,
        title=step.title,
        phase=step.phase,
        status=step.status,
        why=finished.text("why") if finished else "",
        changes=tuple(_changed(facts, step, intent) for intent in _last(step.intents)),
        agreed=agreed(facts, step.run, step.step),
        proof=_proof(step),
        reopens=reopens(facts, step),
        refs=tuple(places),
    )


def _last(intents: list[Told]) -> list[Told]:
    """One intent a resource: a step that was done again meant the same thing twice."""
    found = {line(told.part("change").get("resource")): told for told in intents}
    return list(found.values())


def _proof(step: StepFacts) -> Literal["holds", "broken", "unknown", "none"]:
    if step.proof is None:
        return "none"
    holds = step.proof.data.get("holds")
    return "holds" if holds is True else "broken" if holds is False else "unknown"


def _changed(facts: Facts, step: StepFacts, intent: Told) -> Changed:
    change = intent.part("change")
    resource = line(change.get("resource"))
    receipt = step.receipts.get(resource)
    undone = step.undone.get(resource)
    requests = receipt.items("requests") if receipt else []
    return Changed(
        resource=resource,
        short_resource=spoken(resource),
        what=line(change.get("what")),
        before=shown(change.get("from")),
        after=shown(change.get("to")),
        made=receipt.stamp if receipt else "",
        relative=facts.rel(receipt.at) if receipt else "",
        lost=line(change.get("lost")),
        undone=undone.stamp if undone else "",
        requests=tuple(line(each) for each in requests[:20]),
        refs=tuple(told.seq for told in (intent, receipt, undone) if told),
    )
