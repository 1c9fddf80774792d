"""The small parts of a report: a sentence, a value, a row of the timeline, a note, a rating."""

from __future__ import annotations

from typing import Literal

import msgspec

Tone = Literal["good", "bad", "warn", "quiet"]
Lane = Literal["attacker", "detection", "decision", "action"]
Mark = Literal["event", "success", "denied", "proof", "question", "answer"]
Refs = tuple[int, ...]


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """Base of all parts of a report."""


class Statement(Said, frozen=True, kw_only=True):
    """A sentence and the journal entries it rests on."""

    text: str
    refs: Refs = ()


class Shown(Said, frozen=True, kw_only=True):
    """A value: `short` for a line, `full` when there is more to it than that (else "")."""

    short: str
    full: str = ""


class Row(Said, frozen=True, kw_only=True):
    """One line of the timeline. `count` equal events from `at` to `until` are told in one.

    `seconds` counts from the detection, `lasts` is how long the equal events went on; `minor`
    events carry no name in the picture.
    """

    number: int
    seconds: float
    lasts: float
    at: str
    until: str
    relative: str
    lane: Lane
    tone: Tone
    label: str
    text: str
    by: str
    count: int = 1
    mark: Mark = "event"
    minor: bool = False
    refs: Refs = ()


class Open(Said, frozen=True, kw_only=True):
    """Something still to be done; `command` is what to type, where there is a command."""

    text: str
    command: str = ""
    at: str = ""
    refs: Refs = ()


class Note(Said, frozen=True, kw_only=True):
    """What a person wrote."""

    text: str
    author: str
    at: str
    refs: Refs = ()


class Human(Said, frozen=True, kw_only=True):
    """A section that only people can fill; `command` is what to type when it is empty."""

    id: str
    title: str
    asks: str
    command: str
    notes: tuple[Note, ...]


class Objective(Said, frozen=True, kw_only=True):
    """One objective of a drill."""

    id: str
    title: str
    met: bool
    why: str


class Drill(Said, frozen=True, kw_only=True):
    """How a drill was rated, and by which controls."""

    scenario: str
    rating: str
    tone: Tone
    symbol: str
    objectives: tuple[Objective, ...]
    proof: tuple[tuple[str, bool | None], ...]
    refs: Refs = ()
