"""The journal itself: one line an entry, with what it says and its hash."""

from __future__ import annotations

from firedoor.report.facts import Facts, Told
from firedoor.report.model import Line
from firedoor.report.text import encoded, line, plural, shortened

MAX_LINES = 3000
"""Entries that are shown; the first and the last half of them."""
MAX_DATA = 1500
"""Characters of one entry's data."""
ALL_DATA = 300_000
"""Characters of all entries' data together."""

_TELLING = (
    "title",
    "question",
    "text",
    "why",
    "message",
    "status",
    "about",
    "resource",
    "runbook",
    "action",
    "call",
    "path",
    "to",
)


def appendix(facts: Facts) -> tuple[tuple[Line, ...], tuple[str, ...]]:
    """The lines, and what was left out of them."""
    told = list(facts.entries)
    lost: list[str] = []
    if len(told) > MAX_LINES:
        half = MAX_LINES // 2
        first, last = told[half].seq, told[-half - 1].seq
        lost.append(
            f"{plural(len(told) - MAX_LINES, 'journal entry', 'journal entries')} "
            f"(#{first} to #{last})."
        )
        told = [*told[:half], *told[-half:]]
    each = min(MAX_DATA, max(80, ALL_DATA // max(1, len(told))))
    lines: list[Line] = []
    cut = 0
    for entry in told:
        data = encoded(entry.data)
        cut += len(data) > each
        lines.append(_line(facts, entry, shortened(data, each)))
    if cut:
        entries = plural(cut, "journal entry", "journal entries")
        lost.append(f"The data of {entries}, beyond {each:,} characters each.")
    return tuple(lines), tuple(lost)


def _line(facts: Facts, told: Told, data: str) -> Line:
    text = next((told.text(key) for key in _TELLING if told.text(key)), "")
    if told.kind == "proof.taken":
        holds = told.data.get("holds")
        text = "not known" if holds is None else "holds" if holds else "does not hold"
    elif told.kind == "finding.received":
        text = line(told.part("finding").get("type"))
    elif told.kind == "trail.seen":
        text = plural(len(told.items("events")), "event")
    elif told.kind == "step.intended":
        text = line(told.part("change").get("resource"))
    return Line(
        seq=told.seq,
        at=told.stamp,
        relative=facts.rel(told.at),
        kind=told.kind,
        by=told.by,
        place="/".join(part for part in (told.run, told.step) if part),
        text=shortened(text, 160),
        data=data,
        hash=told.hash,
    )
