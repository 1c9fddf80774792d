"""Who was asked what, who answered, and how long it took."""

from __future__ import annotations

from typing import Literal

from firedoor.report.facts import Facts, Told
from firedoor.report.model import Agreed, Decided
from firedoor.report.moments import length, moment
from firedoor.report.text import line


def decided(facts: Facts) -> tuple[Decided, ...]:
    """Every question with its answer, and every yes that nobody was asked for in writing."""
    answers = {told.text("id"): told for told in facts.of("approval.given", "approval.denied")}
    asked = facts.of("approval.asked")
    known = {told.text("id") for told in asked}
    plain = [told for id_, told in answers.items() if id_ not in known]
    found = [_decided(told, answers.get(told.text("id"))) for told in asked]
    found += [_decided(None, told) for told in plain]
    return tuple(sorted(found, key=lambda each: each.refs))


def agreed(facts: Facts, run: str, step: str) -> Agreed:
    """On whose word a step ran: an approval, or what the playbook lets run unasked."""
    for told in reversed(facts.of("approval.given")):
        steps = [line(each) for each in told.items("steps")]
        top = run.split(".")[0]
        mine = told.run == run and (step.split(".")[0] in steps or step in steps)
        # A sub-runbook runs on the word that was given for its call.
        above = run.startswith(f"{told.run}.") and run[len(told.run) + 1 :].split(".")[0] in steps
        if mine or above or ("*" in steps and told.run in (run, top)):
            words = f"{told.by}, {told.text('how')}" if told.text("how") else told.by
            return Agreed(words=words, waited=_waited(told), refs=(told.seq,))
    for told in facts.of("route.decided"):
        for item in told.items("unasked"):
            if isinstance(item, dict) and line(item.get("step")) == step and "." not in run:
                why = line(item.get("why")) or "preauthorised"
                return Agreed(words=f"unasked: {why}", refs=(told.seq,))
    return Agreed(words="not in the journal")


def _decided(asked: Told | None, answer: Told | None) -> Decided:
    told = asked or answer
    assert told is not None
    waited = answer.data.get("waited_seconds") if answer else None
    seconds = float(waited) if isinstance(waited, int | float) else None
    if seconds is None and asked and answer:
        seconds = (answer.at - asked.at).total_seconds()
    kind: Literal["", "yes", "no"] = ""
    if answer:
        kind = "yes" if answer.kind == "approval.given" else "no"
    expires = moment(asked.data.get("expires")) if asked else None
    return Decided(
        id=told.text("id"),
        question=asked.text("question") if asked else "The plan as it was shown: make its changes?",
        asked=told.stamp,
        by_roles=tuple(line(each).replace("_", " ") for each in asked.items("by")) if asked else (),
        expires=asked.text("expires") if asked and expires else "",
        on_timeout=asked.text("on_timeout") if asked else "",
        steps=tuple("every step" if s == "*" else line(s) for s in told.items("steps")),
        changes=len(asked.items("changes")) if asked else 0,
        answer=kind,
        who=answer.by if answer else "",
        how=answer.text("how") if answer else "",
        reason=answer.text("reason") if answer else "",
        waited_seconds=seconds,
        waited=length(seconds) if seconds is not None else "",
        refs=tuple(each.seq for each in (asked, answer) if each),
    )


def _waited(told: Told) -> str:
    waited = told.data.get("waited_seconds")
    return length(waited) if isinstance(waited, int | float) and waited > 0 else ""
