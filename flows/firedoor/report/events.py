"""What happened, as single events in four lanes; `timeline` gathers them into rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from firedoor.report.facts import Facts, Told
from firedoor.report.intruder import Act
from firedoor.report.moments import length, moment
from firedoor.report.said import Lane, Mark, Refs, Tone
from firedoor.report.text import line, listed, plural, shown, spoken
from firedoor.saying import short_resource

NOT_IN_IT = frozenset({"timeline", "detection"})
"""Sections whose notes stand in the timeline even without a time of their own."""


@dataclass(frozen=True)
class Event:
    """One thing that happened. Events of one `group`, close together, are told as one row."""

    at: datetime
    lane: Lane
    tone: Tone
    label: str
    text: str
    by: str
    refs: Refs
    mark: Mark = "event"
    minor: bool = False
    group: str = ""


def act_event(act: Act, era: int, *, late: bool) -> Event:
    """An act of the attacker: whether it succeeded is in its mark, which every document words.

    Acts of two eras are never told as one: one that succeeds after containment must stand out.
    """
    told = act.call
    if not act.allowed and act.code:
        told += f" ({act.code})"
    if act.about:
        told += f": {short_resource(act.about)}"
    if late:
        told += " – AFTER CONTAINMENT"
    return Event(
        at=act.when,
        lane="attacker",
        tone="bad" if act.succeeded else "quiet",
        label=act.call.split(":")[-1],
        text=told,
        by=short_resource(act.who) or "the attacker",
        refs=act.refs,
        mark="success" if act.allowed else "denied",
        minor=act.allowed and not act.succeeded,
        group=f"{era} {act.who} {act.call} {act.allowed} {act.code} {act.about}",
    )


def detections(facts: Facts) -> Iterator[Event]:
    """Findings, and changes of the severity."""
    for told in facts.of("finding.received"):
        found = told.part("finding")
        text = line(found.get("title")) or line(found.get("type"))
        yield Event(told.at, "detection", "warn", "finding", text, told.by, (told.seq,))
    for told in facts.of("severity.changed"):
        text = f"Severity set to {told.text('to')}"
        yield Event(told.at, "detection", "warn", "severity", text, told.by, (told.seq,))


def decisions(facts: Facts) -> Iterator[Event]:
    """Routes, questions, answers, notes, and what people decided of the incident."""
    for told in facts.of("route.decided"):
        yield _decision(told, "route", _route(told))
    for told in facts.of("approval.asked"):
        text = f"Asked: {told.text('question')}"
        yield _decision(told, "asked", text, tone="warn", mark="question")
    for told in facts.of("approval.given", "approval.denied"):
        yes = told.kind == "approval.given"
        text = "Agreed" if yes else "Said no"
        if told.text("id"):
            text += f" ({told.text('id')})"
        waited = told.data.get("waited_seconds")
        if isinstance(waited, int | float) and waited > 0:
            text += f" after {length(waited)}"
        if told.text("reason"):
            text += f": {told.text('reason')}"
        tone: Tone = "good" if yes else "bad"
        yield _decision(told, "yes" if yes else "no", text, tone=tone, mark="answer")
    for told in facts.of("status.changed"):
        yield _decision(told, "status", f"Incident {told.text('to')}")
    for told in facts.of("undo.planned"):
        text = f"Undo of {plural(len(told.items('steps')), 'change')} decided"
        if told.text("reopen"):
            text += f", opening again what was shut: {told.text('reopen')}"
        yield _decision(told, "undo", text, tone="warn", mark="answer")
    for told in facts.of("note.added"):
        when = moment(told.data.get("when"))
        if when or told.text("section") in NOT_IN_IT:
            author = told.text("author") or told.by
            text = f"Note: {told.text('text')}"
            yield Event(when or told.at, "decision", "quiet", "note", text, author, (told.seq,))


def doings(facts: Facts) -> Iterator[Event]:
    """What firedoor did: runs, changes, proofs, evidence, undoing, errors."""
    for told in facts.of("run.started", "run.resumed"):
        verb = "started" if told.kind == "run.started" else "resumed"
        text = f"Run {told.text('run')} of {told.text('runbook')} {verb}"
        yield _doing(told, "run", text, minor=True)
    for told in facts.of("evidence.kept"):
        text = told.text("about") or told.text("name")
        yield _doing(told, "evidence", f"Evidence kept: {text}", minor=True)
    for told in facts.of("step.receipt"):
        again = "Shut again: " if told.data.get("reapplied") else ""
        yield _doing(told, told.step, again + _changed(facts, told), tone="good")
    for told in facts.of("proof.taken"):
        yield _proof(told)
    for told in facts.of("step.finished"):
        # What a person refused stands there as their answer.
        status = told.text("status")
        if status == "failed" or (status == "refused" and told.text("rule")):
            text = f"{told.step} {status}: {told.text('why')}"
            yield _doing(told, told.step, text, tone="bad")
    for told in facts.of("undo.receipt"):
        resource = told.text("resource") or line(told.part("change").get("resource"))
        text = f"Undone: {told.step}, {spoken(resource)}"
        yield _doing(told, "undone", text, tone="warn")
    for told in facts.of("error"):
        text = f"Error in {told.text('where')}: {told.text('message')}"
        yield _doing(told, "error", text, tone="bad")
    for told in facts.of("run.finished"):
        status = told.text("status")
        tone = {"contained": "good", "done": "quiet", "waiting": "warn"}.get(status, "bad")
        text = f"Run {told.text('run') or told.run} ended: {status.replace('_', ' ')}"
        yield _doing(told, "ended", text, tone=cast(Tone, tone))


def _route(told: Told) -> str:
    unasked = [line(item.get("step")) for item in told.items("unasked") if isinstance(item, dict)]
    text = f"Routed to {told.text('runbook') or 'no runbook'}"
    if told.text("playbook"):
        text += f" by the playbook {told.text('playbook')}"
    return text + (f"; unasked: {listed(unasked)}" if unasked else "; nothing may run unasked")


def _changed(facts: Facts, told: Told) -> str:
    step = facts.steps.get((told.run, told.step))
    resource = told.text("resource")
    for intent in step.intents if step else ():
        change = intent.part("change")
        if line(change.get("resource")) == resource:
            before, after = (shown(change.get(key), width=40).short for key in ("from", "to"))
            return f"{told.step}: {spoken(resource)}, {before} → {after}"
    return f"{told.step}: {spoken(resource)} changed"


def _proof(told: Told) -> Event:
    holds = told.data.get("holds")
    again = " again" if told.data.get("again") else ""
    words, tone = "could not be read back", "warn"
    if isinstance(holds, bool):
        words, tone = ("proven to hold", "good") if holds else ("found NOT to hold", "bad")
    text = f"{told.step} {words}{again}"
    return _doing(told, "proof", text, tone=cast(Tone, tone), mark="proof")


def _decision(
    told: Told, label: str, text: str, *, tone: Tone = "quiet", mark: Mark = "event"
) -> Event:
    return Event(told.at, "decision", tone, label, text, told.by, (told.seq,), mark)


def _doing(
    told: Told,
    label: str,
    text: str,
    *,
    tone: Tone = "quiet",
    mark: Mark = "event",
    minor: bool = False,
) -> Event:
    group = text
    if told.kind == "step.receipt":
        group = f"{told.kind} {told.run} {told.step} {tone} {bool(told.data.get('reapplied'))}"
    return Event(told.at, "action", tone, label, text, told.by, (told.seq,), mark, minor, group)
