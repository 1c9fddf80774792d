"""The pinned message of an incident's channel: how it stands now, in one look."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from slack_sdk.models.blocks import Block

from firedoor.approval import asked_of
from firedoor.chain import Entry
from firedoor.engine.casework import roles_of
from firedoor.slack import wording
from firedoor.summary import Summary, summarize

STEPS = 40
"""Steps that are listed."""

MARKS = {
    "done": "✓",
    "nothing_to_do": "·",
    "skipped": "·",
    "waiting": "?",
    "failed": "✗",
    "refused": "✗",
    "not_run": "–",
    "running": "▸",
}
WORDS = {
    "contained": "contained: every containment was read back and holds",
    "not_contained": "NOT contained",
    "waiting": "waiting for a person",
    "refused": "refused",
    "failed": "failed",
    "done": "done; nothing was contained",
    "running": "running",
    "undone": "undone",
    "partly_undone": "partly undone",
    "open": "open",
    "closed": "closed",
    "merged": "merged into another incident",
}


def status_message(entries: Sequence[Entry], now: datetime) -> dict[str, Any]:
    """The whole message, from the journal."""
    found = summarize(entries)
    word = WORDS.get(found.status, found.status.replace("_", " "))
    blocks: list[Block] = [
        wording.header(f"{found.id} · {found.severity or 'not rated'} · {word}"),
        wording.section("\n".join(_facts(found, entries))),
    ]
    steps = [
        f"{MARKS.get(status, ' ')} {wording.name(step, 80)} {phase}"
        + (f" {status.replace('_', ' ')}" if status in ("failed", "refused", "waiting") else "")
        + (" *DOES NOT HOLD*" if broken else "")
        for step, phase, status, broken in _steps(entries, found)
    ]
    left = len(steps) - STEPS
    shown = steps[:STEPS] + ([f"and {left} more"] if left > 0 else [])
    blocks += wording.paragraphs(shown)
    blocks.append(wording.context(" · ".join(_small(found, entries, now))))
    unknown = [f"not known: {wording.said(note, 300)}" for note in found.unknown[:5]]
    if unknown:
        blocks.append(wording.context(wording.cut("\n".join(unknown), wording.CONTEXT)))
    text = wording.flat(f"{found.id}: {word}", 300)
    return wording.message(text, blocks)


def topic(entries: Sequence[Entry]) -> str:
    """Severity, status and commander, for the channel's topic (250 characters at most)."""
    found = summarize(entries)
    commander = roles_of(entries).get("commander", "nobody yet")
    parts = (
        found.severity or "not rated",
        found.status.replace("_", " "),
        f"commander: {wording.flat(commander, 60)}",
        found.id,
    )
    return wording.cut(" · ".join(parts), 250)


def _facts(found: Summary, entries: Sequence[Entry]) -> list[str]:
    target = found.target
    where = f"account {wording.name(target.get('account', '?'), 40)}"
    if target.get("region"):
        where += f" in {wording.name(target['region'], 40)}"
    lines = [f"*{wording.said(found.title or found.id, 300)}*", f"{where}, since "]
    lines[-1] += wording.moment(found.opened)
    if target.get("endpoint"):
        lines.append(f"*NOT AWS'S OWN ENDPOINT*: {wording.name(target['endpoint'], 100)}")
    phase = next((e.data.get("phase") for e in reversed(entries) if e.data.get("phase")), "")
    if phase and found.status in ("running", "waiting"):
        lines.append(f"phase: {wording.said(phase, 40)}")
    if found.contained_at:
        lines.append(f"contained at {wording.moment(found.contained_at)}")
    if found.last_success:
        when = wording.moment(str(found.last_success.get("when")))
        event = wording.name(found.last_success.get("event", "?"), 80)
        lines.append(f"last call of theirs that got through: {event} at {when}")
    return lines


def _small(found: Summary, entries: Sequence[Entry], now: datetime) -> list[str]:
    kept = sum(entry.kind == "evidence.kept" for entry in entries)
    parts = [f"{found.findings} finding(s)", f"{kept} pieces of evidence"]
    waiting = [wording.name(asked.id, 60) for asked in asked_of(entries, now) if asked.open]
    if waiting:
        parts.append(f"waits for an answer: {', '.join(waiting[:10])}")
    roles = roles_of(entries)
    parts += [f"{role}: {wording.said(person, 60)}" for role, person in roles.items()]
    if found.due:
        parts.append(f"next check due {wording.moment(found.due[0]['at'])}")
    if found.report:
        parts.append(f"report: {wording.name('firedoor report ' + found.id)}")
    return parts


def _steps(entries: Sequence[Entry], found: Summary) -> list[tuple[str, str, str, bool]]:
    """Each step of the incident's own runs: id, phase, how it stands, whether it broke since."""
    listed: dict[tuple[str, str], tuple[str, str]] = {}
    for entry in entries:
        if entry.kind == "run.started" and not entry.data.get("parent"):
            for step in _program_steps(entry.data):
                listed[entry.data["run"], step["id"]] = (str(step.get("phase") or ""), "")
        elif entry.run is None or entry.step is None or "." in entry.run:
            continue
        elif entry.kind in ("step.started", "step.intended", "step.finished"):
            place = (entry.run, entry.step.split(".")[0])
            phase = str(entry.data.get("phase") or listed.get(place, ("", ""))[0])
            status = entry.data["status"] if entry.kind == "step.finished" else "running"
            listed[place] = (phase, status)
    current = {run["run"] for run in found.runs}
    latest = {run["runbook"]: run["run"] for run in found.runs}
    broken = set(found.broken)
    return [
        (step, phase, status, f"{run}/{step}" in broken)
        for (run, step), (phase, status) in listed.items()
        if run in current and (run in latest.values())
    ]


def _program_steps(data: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    program = data.get("program") or {}
    book = (program.get("runbooks") or {}).get(program.get("name") or "") or {}
    steps: list[Mapping[str, Any]] = []
    for step in [*(book.get("steps") or ()), *(book.get("finally") or ())]:
        steps += step["parallel"] if step.get("parallel") else [step]
    return [step for step in steps if step.get("id")]
