"""What a live exercise brings in besides the attack: messages, questions, hints.

A drill has no people and ignores these; they are part of the model so that one file serves both.
An inject arrives by time (`at`), by event (`when`) or by absence (`unless`).
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from firedoor.runbook import Identifier, Json, RoleName, Said

Offset = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^(0|-?[0-9]{1,6}(s|m|h|d))$",
        description="A time relative to the finding: -40m (before it), 0, 30s, 15m.",
    ),
]
Length = Annotated[
    str, msgspec.Meta(pattern=r"^[1-9][0-9]{0,5}(s|m|h|d)$", description="30s, 15m, 48h, 7d.")
]


class Expectation(Said, frozen=True, kw_only=True):
    """What somebody is expected to do about an inject, and how soon."""

    id: Identifier
    who: RoleName
    does: str
    within: Length | None = None
    objective: Identifier | None = None


class Option(Said, frozen=True, kw_only=True):
    """One answer to a question; `teaches` is for the facilitator until the end."""

    id: Identifier
    label: str
    score: int = 0
    sets: dict[str, Json] = msgspec.field(default_factory=dict)
    teaches: str = ""


class IfNobodyAnswers(Said, frozen=True, kw_only=True):
    """What counts as decided when nobody decided: a missed decision."""

    after: Length
    option: Identifier


class Ask(Said, frozen=True, kw_only=True):
    """A question that an inject puts to somebody."""

    id: Identifier
    who: RoleName
    within: Length
    options: Annotated[tuple[Option, ...], msgspec.Meta(min_length=2)]
    default: IfNobodyAnswers | None = None


class Happening(Said, frozen=True, kw_only=True):
    """An event that brings an inject, or whose absence does: exactly one is named."""

    attacker_did: str = ""
    reached: Literal["", "declared", "contained", "closed"] = ""
    option: str = ""

    def __post_init__(self) -> None:
        if sum(map(bool, (self.attacker_did, self.reached, self.option))) != 1:
            raise ValueError("needs exactly one of 'attacker_did', 'reached' and 'option'")


class Inject(Said, frozen=True, kw_only=True):
    """One thing that happens to the players."""

    id: Identifier
    kind: Literal["guardduty", "message", "hint", "call", "press"]
    at: Offset | None = None
    when: Happening | None = None
    unless: Happening | None = None
    to: RoleName
    from_: str = msgspec.field(name="from", default="")
    text: str = ""
    fixture: str = ""
    cost: Annotated[int, msgspec.Meta(ge=0, le=100)] = 0
    expect: tuple[Expectation, ...] = ()
    ask: Ask | None = None

    def __post_init__(self) -> None:
        if self.at is None and self.when is None:
            raise ValueError("needs 'at' (a time) or 'when' (an event)")
        if self.unless is not None and self.at is None:
            raise ValueError("'unless' needs 'at': the time by which it should have happened")
