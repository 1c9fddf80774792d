"""Performs one action step, write-ahead: intent and state before, change, receipt, proof.

After a crash the same call goes on: a finished step is answered from the journal; a change with an
intent and no receipt is observed again, and made only if it did not take.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal, Protocol

import msgspec

from firedoor.actions.contract import Action, Aws, Case, Change, Check, State
from firedoor.approval import Decision, Wanted, decide
from firedoor.engine.applying import apply_once, judge, read_given
from firedoor.engine.recorder import Recorder
from firedoor.engine.step_record import StepRecord
from firedoor.errors import FiredoorError, Refused, RunFailed, StoreUnavailable
from firedoor.guardrails import Brake
from firedoor.runbook import Json, Phase
from firedoor.stages import Node, StepResult


class Guards(Protocol):
    """The guardrails, as a step asks them; see `firedoor.engine.guard`."""

    def forbids(self, changes: Sequence[Change]) -> Brake | None: ...
    def brakes(self, changes: Sequence[Change]) -> Sequence[Brake]: ...


@dataclass(frozen=True)
class Performer:
    """What performing a step needs. Methods block: call them in a worker thread."""

    recorder: Recorder
    aws: Aws
    actions: Mapping[str, Action]
    runbook: str
    case: Case
    guard: Guards | None = None

    def perform(self, node: Node) -> StepResult:
        """The step's result; a FiredoorError when it failed (already journalled)."""
        action = self.actions[node.step.action or ""]
        finished = self._record(node).finished(node.phase.value)
        # A report tells how things stand: going on writes it anew.
        if finished is not None and node.phase is not Phase.REPORT:
            return finished
        started = time.monotonic()
        self._record(node).write(
            "step.started",
            {
                "action": action.name,
                "phase": node.phase.value,
                "title": node.step.title or action.summary,
                "given": dict(node.given),
            },
        )
        try:
            result = self._guarded(node, action)
        except StoreUnavailable:
            # Nothing can be written down: nothing further is done either.
            raise
        except FiredoorError as error:
            result = self._ended(node, action, error)
            self._record(node).write(
                "step.finished",
                {
                    "action": action.name,
                    "phase": node.phase.value,
                    "status": result.status,
                    "mutating": action.mutating,
                    "why": str(error),
                    **({"rule": result.rule, "instead": result.instead} if result.rule else {}),
                    "error": {**error.as_json(), "code": getattr(error, "code", None)},
                    "seconds": round(time.monotonic() - started, 3),
                },
            )
            return result
        self._record(node).write(
            "step.finished",
            {
                "action": action.name,
                "phase": node.phase.value,
                "status": result.status,
                "mutating": action.mutating,
                "output": result.output,
                "proof": result.proof,
                "why": result.why,
                "unknown": list(result.unknown),
                "seconds": round(time.monotonic() - started, 3),
            },
        )
        return result

    def _ended(self, node: Node, action: Action, error: FiredoorError) -> StepResult:
        """The result of a step that did not come through: a rule refused it, or it failed."""
        if isinstance(error, Refused):
            refused = self._result(node, action, "refused", why=str(error))
            rule = error.rule or action.name
            return msgspec.structs.replace(refused, rule=rule, instead=error.instead)
        proof = "broken" if action.mutating else "none"
        return self._result(node, action, "failed", why=str(error), proof=proof)

    def _guarded(self, node: Node, action: Action) -> StepResult:
        try:
            return self._do(node, action)
        except FiredoorError:
            raise
        except Exception as error:
            # An action (perhaps somebody else's) is faulty: its step fails, the run goes on.
            raise RunFailed(f"a fault in {action.name}: {type(error).__name__}: {error}") from error

    def _do(self, node: Node, action: Action) -> StepResult:
        if node.held:
            raise RunFailed(node.held)
        given = read_given(action, node)
        began = self._now()
        with self.aws.requests() as requests:
            seen = action.observe(self.aws, given, self._case())
        if not action.mutating:
            output = self._record(node).keep_output(seen, began, requests)
            checks = msgspec.convert(output.pop("checks", ()), list[Check])
            proof = self._proven(node, action, checks) if checks else "none"
            return self._result(node, action, "done", output=output, proof=proof)
        return self._change(node, action, given, seen)

    def _change(self, node: Node, action: Action, given: Any, seen: State) -> StepResult:
        assert action.changes
        record = self._record(node)
        cut_off = record.cut_off()
        for intent in cut_off:
            # A crash came between the intent and the receipt: what took is not done again.
            if seen.parts.get(intent.resource) == intent.to:
                record.receipt(action, intent, [])
        changes = action.changes(given, seen, self._case())
        if changes:
            self._refuse_forbidden(node, changes)
            decision = self._decide(node, action, changes)
            if not decision.allowed:
                # What was agreed to before the crash is finished, and nothing else.
                intended = {intent.resource: intent.from_ for intent in cut_off}
                changes = [
                    change
                    for change in changes
                    if change.resource in intended and change.from_ == intended[change.resource]
                ]
            if not changes:
                return self._held_back(
                    node, action, decision, action.changes(given, seen, self._case())
                )
            self._make(node, action, given, seen, changes)
        proof = self._prove(node, action, given)
        output = action.output(given, seen, self._case()) if action.output else None
        return self._result(
            node,
            action,
            "done" if changes or cut_off or record.acted() else "nothing_to_do",
            output=msgspec.to_builtins(output),
            proof=proof,
        )

    def _held_back(
        self, node: Node, action: Action, decision: Decision, changes: Sequence[Change]
    ) -> StepResult:
        status = "refused" if decision.verdict == "denied" else "waiting"
        result = self._result(node, action, status, why=decision.why)
        shown = tuple(self.recorder.seals.recordable(change) for change in changes)
        return msgspec.structs.replace(result, changes=shown, stops=decision.stops)

    def _make(
        self, node: Node, action: Action, given: Any, before: State, changes: list[Change]
    ) -> None:
        """Write-ahead: the state before and every intent, then change by change with receipts."""
        record = self._record(node)
        record.intend(action, before, changes)
        for change in changes:
            requests = apply_once(self.aws, action, given, change, self._case())
            record.receipt(action, change, requests)

    def _prove(
        self, node: Node, action: Action, given: Any
    ) -> Literal["holds", "broken", "unknown"]:
        assert action.verify
        try:
            checks: list[Check] = action.verify(self.aws, given, self._case())
        except FiredoorError as error:
            checks = [Check(what=f"read {action.name} back", holds=None, seen=str(error))]
        return self._proven(node, action, checks)

    def _proven(
        self, node: Node, action: Action, checks: list[Check]
    ) -> Literal["holds", "broken", "unknown"]:
        holds = judge(checks)
        self._record(node).write(
            "proof.taken",
            {
                "action": action.name,
                "phase": node.phase.value,
                "holds": holds,
                "kind": checks[0].kind if checks else "state",
                "checks": msgspec.to_builtins(checks),
            },
        )
        return {True: "holds", False: "broken", None: "unknown"}[holds]  # type: ignore[return-value]

    def _decide(self, node: Node, action: Action, changes: list[Change]) -> Decision:
        if node.authority:
            return Decision(verdict="agreed", why=node.authority)
        wanted = Wanted(
            run=node.run,
            step=node.id,
            name=f"{self.runbook}/{node.step.id}",
            action=action.name,
            changes=tuple(self.recorder.seals.recordable(change) for change in changes),
            own=node.step.approve is not None,
        )
        decision = decide(self.recorder.entries(), wanted, now=self._now())
        if decision.verdict != "unasked":
            return decision
        held = [*_unread(node), *(self.guard.brakes(changes) if self.guard else ())]
        if not held:
            return decision
        told = {"rules": msgspec.to_builtins(held), "preauthorised": decision.why}
        self._record(node).write("guardrail.braked", told)
        return Decision(verdict="ask", why="; ".join(str(brake) for brake in held))

    def _refuse_forbidden(self, node: Node, changes: list[Change]) -> None:
        brake = self.guard.forbids(changes) if self.guard else None
        if brake:
            self._record(node).write("guardrail.refused", msgspec.to_builtins(brake))
            raise Refused(str(brake), rule=brake.rule, instead=brake.instead)

    def _result(
        self,
        node: Node,
        action: Action,
        status: Any,
        *,
        output: Json = None,
        why: str = "",
        proof: Any = "none",
    ) -> StepResult:
        unknown = tuple(output.get("unknown", ())) if isinstance(output, dict) else ()
        return StepResult(
            id=node.id,
            run=node.run,
            phase=node.phase.value,
            status=status,
            mutating=action.mutating,
            output=output,
            proof=proof,
            why=why,
            unknown=unknown,
        )

    def _record(self, node: Node) -> StepRecord:
        return StepRecord(self.recorder, self.aws, node.run, node.id)

    def _case(self) -> Case:
        return replace(self.case, now=self._now())

    def _now(self) -> datetime:
        return self.aws.now()


def _unread(node: Node) -> list[Brake]:
    """What a condition would have said is not known: a door is not left open for that, but whether
    it may be shut without asking is for people to say."""
    if not node.unread:
        return []
    return [
        Brake(
            rule="condition",
            why=f"whether {node.step.when!r} holds could not be read, since "
            f"{', '.join(node.unread)} did not come to an end",
            instead="Look for yourself, then approve it",
        )
    ]
