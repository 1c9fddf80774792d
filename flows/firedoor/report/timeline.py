"""Gathers events into the rows of the timeline; equal ones that follow each other become one."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta

from firedoor.kinds import time_text
from firedoor.report.events import Event, act_event, decisions, detections, doings
from firedoor.report.facts import Facts
from firedoor.report.intruder import Act
from firedoor.report.said import Row
from firedoor.report.standing import Standing
from firedoor.report.text import plural, shortened

MAX_ROWS = 300
"""Rows of the timeline and of the attacker's acts; the journal has the rest."""

TOGETHER = timedelta(minutes=30)
"""Equal events that follow each other within this are one row."""

CHARACTERS = 300


@dataclass
class _Gathered:
    first: Event
    last: Event
    events: list[Event] = field(default_factory=list)


def timeline(facts: Facts, his: list[Event]) -> tuple[tuple[Row, ...], str]:
    """All rows, the attacker's among them, oldest first, and what was left out ("" for nothing)."""
    events = [
        *his,
        *detections(facts),
        *decisions(facts),
        *doings(facts),
    ]
    return _cut(_rows(facts, events), "timeline")


def act_rows(facts: Facts, his: list[Event]) -> tuple[tuple[Row, ...], str]:
    """The attacker's acts alone."""
    return _cut(_rows(facts, his), "list of the attacker's acts")


def act_events(facts: Facts, done: list[Act], stands: Standing) -> list[Event]:
    """His acts; equal ones on two sides of the detection or the containment stay two."""
    turns = sorted(at for at in (facts.origin, stands.claimed_at, stands.believed_at) if at)
    late = set(stands.late)
    return [act_event(act, bisect_left(turns, act.when), late=act in late) for act in done]


def _rows(facts: Facts, events: Iterable[Event]) -> list[Row]:
    gathered: list[_Gathered] = []
    recent: dict[str, int] = {}
    for event in sorted(events, key=lambda event: (event.at, event.refs)):
        key = f"{event.lane} {event.group}" if event.group else ""
        place = recent.get(key) if key else None
        if place is not None and _joins(gathered, place, event):
            gathered[place].events.append(event)
            gathered[place].last = event
            continue
        recent[key] = len(gathered)
        gathered.append(_Gathered(event, event, [event]))
    return [_row(facts, number, each) for number, each in enumerate(gathered, start=1)]


def _joins(gathered: list[_Gathered], place: int, event: Event) -> bool:
    """The attacker's equal acts join across what others did; everything else only neighbours."""
    if event.lane == "attacker":
        return event.at - gathered[place].last.at <= TOGETHER
    return place == len(gathered) - 1


def _row(facts: Facts, number: int, each: _Gathered) -> Row:
    first = each.first
    text = first.text
    if len(each.events) > 1 and first.lane == "action":
        others = len(each.events) - 1
        text = f"{text}, and {plural(others, 'more change')}" if first.tone == "good" else text
    return Row(
        number=number,
        seconds=round((first.at - facts.origin).total_seconds(), 3),
        lasts=round((each.last.at - first.at).total_seconds(), 3),
        at=time_text(first.at),
        until=time_text(each.last.at) if each.last.at > first.at else "",
        relative=facts.rel(first.at),
        lane=first.lane,
        tone=first.tone,
        label=shortened(first.label, 40),
        text=shortened(text, CHARACTERS),
        by=shortened(first.by, 120),
        count=len(each.events),
        mark=first.mark,
        minor=first.minor,
        refs=tuple(dict.fromkeys(ref for event in each.events for ref in event.refs))[:50],
    )


def _cut(rows: list[Row], what: str) -> tuple[tuple[Row, ...], str]:
    """The first and the last rows; what stands between them is left out, and said."""
    if len(rows) <= MAX_ROWS:
        return tuple(rows), ""
    half = MAX_ROWS // 2
    lost = len(rows) - MAX_ROWS
    told = f"{plural(lost, 'row')} from the middle of the {what} (numbers {half + 1} to "
    return (*rows[:half], *rows[-half:]), told + f"{half + lost})."
