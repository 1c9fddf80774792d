"""The questions of a run: what waits is written down as approvals, answers go through the door."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from firedoor.actions.contract import Change
from firedoor.approval import Answer, Asked, Question, asked_of
from firedoor.engine.desk import Desk
from firedoor.engine.door import Who, answer
from firedoor.errors import Refused
from firedoor.kinds import parse_duration, time_text
from firedoor.render import plain
from firedoor.runbook import Approval
from firedoor.stages import Node, StepResult

Waiting = tuple[list[Node], StepResult | None]
"""A step that waits: its calls, and what it would change (None for a loop or sub-runbook)."""

ESCALATES_TO = "incident_commander"
"""The role that is asked as well when nobody answered in time."""


@dataclass(frozen=True)
class Questions:
    """What one run asks. `sharing`: steps of a `parallel` group that one question is about."""

    desk: Desk
    run: str
    sharing: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def open(self) -> list[Question]:
        """The questions of this run that somebody can still answer."""
        return [
            Question(
                id=asked.id,
                run=self.run,
                steps=tuple(asked.entry.data["steps"]),
                text=asked.entry.data["question"],
                by=", ".join(asked.entry.data["by"]),
                changes=msgspec.convert(asked.entry.data["changes"], tuple[Change, ...]),
                items=tuple(asked.entry.data["items"]),
                heard=self._heard(asked.id),
            )
            for asked in self._asked()
            if asked.open
        ]

    def hear(self, question: Question, said: Answer) -> bool:
        """Take an answer in; False, and why in the journal, when it does not count."""
        desk = self.desk
        ids = (said.by,) if desk.shared else (said.by, desk.aws.principal)
        who = Who(ids=ids, played=desk.target.get("world") == "simulated")
        try:
            answer(desk.recorder, question.id, said, who=who, plan=desk.plan, now=desk.aws.now())
        except Refused as error:
            desk.recorder.write(
                "approval.refused",
                {"id": question.id, "why": str(error)},
                run=self.run,
                by=said.by,
            )
            return False
        return True

    def _heard(self, id_: str) -> tuple[str, ...]:
        return tuple(
            entry.by
            for entry in self.desk.recorder.entries()
            if entry.kind == "approval.given" and entry.data["id"] == id_
        )

    def write(self, waiting: Mapping[str, Waiting]) -> None:
        """One question for the steps without their own `approve:`, one for each that has it; and
        one for those of a `parallel` group that share theirs."""
        asked = {step for question in self.open() for step in question.steps}
        fresh = {step: waits for step, waits in waiting.items() if step not in asked}
        shared = {step: waits for step, waits in fresh.items() if not _asks_itself(waits[0][0])}
        if shared:
            count = sum(len(result.changes) for _, result in shared.values() if result)
            these = "this change" if count == 1 else f"these {count} changes"
            self._ask(shared, f"Make {these} ({', '.join(shared)})?", None)
        for group in self._groups([step for step in fresh if step not in shared]):
            nodes = fresh[group[0]][0]
            self._ask({step: fresh[step] for step in group}, _text(nodes), nodes[0].step.approve)

    def _groups(self, steps: Sequence[str]) -> list[list[str]]:
        """The steps that are asked about together, in the order in which they wait."""
        groups: list[list[str]] = []
        for step in steps:
            together = self.sharing.get(step, ())
            known = next((each for each in groups if each[0] in together), None)
            if known is None:
                groups.append([step])
            else:
                known.append(step)
        return groups

    def _asked(self) -> list[Asked]:
        every = asked_of(self.desk.recorder.entries(), self.desk.aws.now())
        return [asked for asked in every if asked.entry.run == self.run]

    def _ask(self, waits: Mapping[str, Waiting], text: str, approve: Approval | None) -> None:
        rule = approve or Approval()
        now = self.desk.aws.now()
        # Asked before, and nobody answered in time: now somebody above is asked as well.
        unanswered = [
            asked.id
            for asked in self._asked()
            if asked.expired and set(asked.entry.data["steps"]) & set(waits)
        ]
        covers = [
            {
                "step": step,
                "action": nodes[0].step.action or "",
                "changes": msgspec.to_builtins(result.changes),
            }
            for step, (nodes, result) in waits.items()
            if result
        ]
        calls = [call_of(node) for nodes, result in waits.values() if not result for node in nodes]
        asked = self.desk.recorder.write(
            "approval.asked",
            {
                "id": self._next_id(),
                "steps": list(waits),
                "question": text,
                "by": list(dict.fromkeys([rule.by, *([ESCALATES_TO] if unanswered else [])])),
                **({"escalates": unanswered[-1]} if unanswered else {}),
                "quorum": rule.quorum,
                "expires": time_text(now + parse_duration(rule.within)),
                "on_timeout": rule.on_timeout,
                "changes": [change for each in covers for change in each["changes"]],
                "covers": covers,
                "items": calls,
                "why": [result.why for _, result in waits.values() if result and result.why],
            },
            run=self.run,
        )
        from firedoor.engine.alerting import alert  # lazy: mail and HTTP; most steps ask nothing

        alert(self.desk, asked)

    def _next_id(self) -> str:
        entries = self.desk.recorder.entries()
        number = sum(entry.kind == "approval.asked" for entry in entries) + 1
        return f"{self.desk.incident}-A{number}"


def call_of(node: Node) -> str:
    """One call of a loop or sub-runbook as text: what runs, and for what."""
    words = [node.step.runbook or node.step.action or ""]
    given = {key: value for key, value in node.given.items() if value is not None}
    # Sorted: a program that was read back from the journal has its keys in another order.
    words += [f"{key}={value}" for key, value in sorted(given.items()) if key != "lookback"]
    return " ".join(words)


def _text(nodes: list[Node]) -> str:
    step = nodes[0].step
    if step.approve and step.approve.ask:
        text = plain(step.approve.ask, nodes[0].scope)
    else:
        text = f"Run {step.title or step.id} for {len(nodes)} item(s)?"
    return f"{text} ({nodes[0].question})" if nodes[0].question else text


def _asks_itself(node: Node) -> bool:
    """Whether a step has a question of its own: an `approve:`, a loop, a sub-runbook."""
    return bool(node.step.approve or node.step.for_each or node.step.runbook)
