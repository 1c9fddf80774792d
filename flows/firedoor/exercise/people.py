"""The people of a drill: they answer by script, and take their time.

Meanwhile the attacker goes on. A question is answered `decides_after` it was asked: people who are
asked several things at once think about them side by side.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta

from firedoor.approval import Answer, Question
from firedoor.chain import Entry
from firedoor.clock import Clock
from firedoor.kinds import parse_duration, parse_time
from firedoor.scenario import Scripted

YES, NO = "approve", "deny"


class ScriptedPeople:
    """Answers as the scenario's `modes.ci` says: by step id, else by `approve`."""

    def __init__(self, script: Scripted, clock: Clock) -> None:
        self.script = script
        self.clock = clock
        self.takes: timedelta = parse_duration(script.decides_after)
        self.read: Callable[[], Sequence[Entry]] = tuple

    def ask(self, question: Question) -> Answer | None:
        """The scripted answer, once the time for it has come; None: nobody answers."""
        # Several people where a quorum is asked for: each answers once.
        by = f"script:{question.by or 'responder'}"
        if question.heard:
            by = f"{by}-{len(question.heard) + 1}"
        said = next(
            (self.script.answers[step] for step in question.steps if step in self.script.answers),
            self.script.answers.get("approve", ""),
        )
        if said not in (YES, NO):
            return None
        begun = self.clock.now()
        asked = next(
            (
                parse_time(entry.at)
                for entry in self.read()
                if entry.kind == "approval.asked" and entry.data["id"] == question.id
            ),
            begun,
        )
        self.clock.wait((asked + self.takes - begun).total_seconds())
        return Answer(
            yes=said == YES,
            by=by,
            how="played by script",
            reason="as the scenario says",
            waited_seconds=round((self.clock.now() - asked).total_seconds(), 3),
        )
