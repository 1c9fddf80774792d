"""Who may let a step run: what the playbook preauthorised, what a person confirmed or approved.

Everything is read from the journal, so that a run in another process, a resumed run and a run that
somebody starts in Prefect's own interface all find the same answer. Nothing here asks anybody.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Protocol

import msgspec

from firedoor.actions.contract import Change
from firedoor.journal import Entry

Verdict = Literal["unasked", "agreed", "ask", "denied"]


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """Whether a step may run now: `why` names the rule or the approval; `approval` its id."""

    verdict: Verdict
    why: str
    approval: str = ""

    @property
    def allowed(self) -> bool:
        """May it run now?"""
        return self.verdict in ("unasked", "agreed")


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """What a person is asked: these steps, making these changes."""

    id: str
    run: str
    steps: tuple[str, ...]
    text: str
    by: str
    changes: tuple[Change, ...] = ()


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What a person (or a script standing in for one) said."""

    yes: bool
    by: str
    how: str
    reason: str = ""
    waited_seconds: float = 0.0


class People(Protocol):
    """Those who can be asked while a run goes on. `None`: nobody is there to answer now."""

    def ask(self, question: Question) -> Answer | None: ...


class Nobody:
    """No terminal: nothing prompts, an approval is created and the run waits."""

    def ask(self, question: Question) -> Answer | None:
        """Nobody is there."""
        return None


class AlwaysTheSame:
    """Answers every question the same way; drills and tests."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer

    def ask(self, question: Question) -> Answer | None:
        """The one answer."""
        return self._answer


def decide(
    entries: Sequence[Entry],
    *,
    run: str,
    step: str,
    name: str,
    changes: Sequence[Change],
    own_approval: bool,
) -> Decision:
    """What the journal says of this step. `name` is `runbook/step`.

    `own_approval`: the step has its own `approve:`, which a confirmation of the whole run does not
    answer. An approval covers the resources it was asked about, not others named since.
    """
    for entry in reversed(entries):
        if entry.kind not in ("approval.given", "approval.denied"):
            continue
        if not _covers(entry, run, step, own_approval):
            continue
        if entry.kind == "approval.denied":
            return Decision(
                verdict="denied",
                why=f"{entry.by} said no"
                + (f": {entry.data['reason']}" if entry.data.get("reason") else ""),
                approval=entry.data["id"],
            )
        if _same_targets(entry, changes):
            return Decision(
                verdict="agreed", why=f"{entry.by} ({entry.data['how']})", approval=entry.data["id"]
            )
    for entry in entries:
        if entry.kind != "route.decided" or own_approval:
            continue
        for item in entry.data["unasked"]:
            if f"{entry.data['runbook']}/{item['step']}" == name and "." not in run:
                return Decision(verdict="unasked", why=item.get("why", "preauthorised"))
    return Decision(verdict="ask", why="nobody has agreed to it yet")


def _covers(entry: Entry, run: str, step: str, own_approval: bool) -> bool:
    steps = entry.data["steps"]
    if "*" in steps:
        return entry.run in (run, run.split(".")[0]) and not own_approval
    return entry.run == run and step.split(".")[0] in steps


def _same_targets(entry: Entry, changes: Sequence[Change]) -> bool:
    asked = entry.data.get("resources")
    if not asked:
        return True
    return all(change.resource in asked for change in changes)


def open_questions(entries: Sequence[Entry]) -> list[Entry]:
    """The `approval.asked` entries that nobody has answered."""
    answered = {
        entry.data["id"] for entry in entries if entry.kind in ("approval.given", "approval.denied")
    }
    return [
        entry
        for entry in entries
        if entry.kind == "approval.asked" and entry.data["id"] not in answered
    ]
