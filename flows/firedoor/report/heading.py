"""What the report is about: id, title, severity, target, who had a hand in it."""

from __future__ import annotations

from collections.abc import Sequence

from firedoor.chain import Entry, verify_chain
from firedoor.report.facts import Facts, Told
from firedoor.report.model import Head, Person
from firedoor.report.said import Statement
from firedoor.report.text import line

_DID = {
    "incident.opened": "opened the incident",
    "approval.given": "agreed",
    "approval.denied": "said no",
    "note.added": "wrote notes",
    "severity.changed": "set the severity",
    "status.changed": "set the status",
    "undo.planned": "undid",
    "run.resumed": "went on with a run",
    "run.started": "ran a runbook",
}


def head(facts: Facts, entries: Sequence[Entry]) -> Head:
    """The head; `made` is when the last entry was written, so that equal journals agree."""
    opened = facts.opened
    changes = facts.of("severity.changed")
    statuses = facts.of("status.changed")
    rated = facts.of("drill.rated")
    return Head(
        id=facts.incident,
        title=opened.text("title") or "Untitled incident",
        simulated=facts.simulated,
        scenario=opened.text("scenario") or (rated[-1].text("scenario") if rated else ""),
        severity=changes[-1].text("to") if changes else opened.text("severity") or "not set",
        severity_changes=tuple(
            Statement(text=f"{told.by} set the severity to {told.text('to')}.", refs=(told.seq,))
            for told in changes
        ),
        status=statuses[-1].text("to") if statuses else opened.text("status") or "open",
        people=_people(facts),
        target={key: line(value) for key, value in opened.part("target").items() if value},
        opened=opened.stamp,
        opened_by=opened.by,
        made=facts.last.stamp,
        entries=len(entries),
        head=facts.last.hash,
        chain=_chain(facts, entries),
        policy=opened.part("policy"),
    )


def _people(facts: Facts) -> tuple[Person, ...]:
    found: dict[str, list[Told]] = {}
    for told in facts.of(*_DID):
        name = told.text("author") if told.kind == "note.added" else told.by
        found.setdefault(name or told.by, []).append(told)
    return tuple(
        Person(
            person=name,
            did=tuple(dict.fromkeys(_DID[told.kind] for told in mine)),
            since=mine[0].stamp,
            refs=tuple(told.seq for told in mine[:20]),
        )
        for name, mine in found.items()
    )


def _chain(facts: Facts, entries: Sequence[Entry]) -> Statement:
    found = verify_chain(facts.incident, entries)
    if found.holds:
        text = f"The chain of {found.entries:,} entries was checked when this was made, and holds."
        return Statement(text=text, refs=(facts.last.seq,))
    problems = "; ".join(found.problems[:3])
    return Statement(text=f"THE JOURNAL DOES NOT HOLD: {problems}.")
