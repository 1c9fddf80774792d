"""Performs one action step, write-ahead: intent and state before, change, receipt, proof.

After a crash the same call goes on: a finished step is answered from the journal; a change with an
intent and no receipt is observed again, and made only if it did not take.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal, Protocol

import msgspec

from firedoor.actions.contract import Action, Aws, Case, Change, Check, State
from firedoor.approval import Decision, Wanted, decide
from firedoor.chain import Entry
from firedoor.engine.recorder import Recorder, recordable
from firedoor.errors import AwsUnreachable, FiredoorError, Refused, RunFailed, StoreUnavailable
from firedoor.guardrails import Brake
from firedoor.play import Node, StepResult
from firedoor.runbook import Json

REPEATS = 3
"""How often a change is repeated after a lost reply that turns out not to have taken."""


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
        finished = self._finished(node)
        if finished is not None:
            return finished
        started = time.monotonic()
        self._write(
            node,
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
            self._write(
                node,
                "step.finished",
                {
                    "action": action.name,
                    "phase": node.phase.value,
                    "status": "failed",
                    "mutating": action.mutating,
                    "why": str(error),
                    "error": {**error.as_json(), "code": getattr(error, "code", None)},
                    "seconds": round(time.monotonic() - started, 3),
                },
            )
            return StepResult(
                id=node.id,
                run=node.run,
                phase=node.phase.value,
                status="failed",
                mutating=action.mutating,
                proof="broken" if action.mutating else "none",
                why=str(error),
            )
        self._write(
            node,
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
            raise Refused(node.held)
        given = read_given(action, node)
        began = self._now()
        with collect(self.aws) as requests:
            seen = action.observe(self.aws, given, self._case())
        if not action.mutating:
            output = self._keep(node, seen, began, requests)
            checks = msgspec.convert(output.pop("checks", ()), list[Check])
            proof = self._proven(node, action, checks) if checks else "none"
            return self._result(node, action, "done", output=output, proof=proof)
        return self._change(node, action, given, seen)

    def _change(self, node: Node, action: Action, given: Any, seen: State) -> StepResult:
        assert action.changes
        cut_off = self._cut_off(node)
        for intent in cut_off:
            # A crash came between the intent and the receipt: what took is not done again.
            if seen.parts.get(intent.resource) == intent.to:
                self._receipt(node, action, intent, [])
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
            "done" if changes or cut_off or self._acted(node) else "nothing_to_do",
            output=msgspec.to_builtins(output),
            proof=proof,
        )

    def _held_back(
        self, node: Node, action: Action, decision: Decision, changes: Sequence[Change]
    ) -> StepResult:
        status = "refused" if decision.verdict == "denied" else "waiting"
        result = self._result(node, action, status, why=decision.why)
        return msgspec.structs.replace(result, changes=tuple(changes), stops=decision.stops)

    def _make(
        self, node: Node, action: Action, given: Any, before: State, changes: list[Change]
    ) -> None:
        """Write-ahead: the state before and every intent, then change by change with receipts."""
        kept = self._keep_before(node, action, before)
        for change in changes:
            self._write(
                node,
                "step.intended",
                {
                    "action": action.name,
                    "change": msgspec.to_builtins(recordable(change)),
                    "before": kept,
                    **({"reopens": action.reopens.why} if action.reopens.why else {}),
                },
            )
        for change in changes:
            requests = apply_once(self.aws, action, given, change, self._case())
            self._receipt(node, action, change, requests)

    def _acted(self, node: Node) -> bool:
        """Whether this step changed something before it was cut off."""
        return any(entry.kind == "step.receipt" for entry in self._mine(node))

    def _cut_off(self, node: Node) -> list[Change]:
        """The changes of this step that were intended, and whose receipt is not in the journal."""
        last: dict[str, Change | None] = {}
        for entry in self._mine(node):
            if entry.kind == "step.intended":
                change = msgspec.convert(entry.data["change"], Change)
                last[change.resource] = change
            elif entry.kind == "step.receipt":
                last[entry.data["resource"]] = None
        return [change for change in last.values() if change]

    def _receipt(self, node: Node, action: Action, change: Change, requests: list[str]) -> None:
        self._write(
            node,
            "step.receipt",
            {"action": action.name, "resource": change.resource, "requests": requests},
        )

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
        self._write(
            node,
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
            changes=tuple(recordable(change) for change in changes),
            own=node.step.approve is not None,
        )
        decision = decide(self.recorder.entries(), wanted, now=self._now())
        if decision.verdict != "unasked" or self.guard is None:
            return decision
        held = self.guard.brakes(changes)
        if not held:
            return decision
        told = {"rules": msgspec.to_builtins(held), "preauthorised": decision.why}
        self._write(node, "guardrail.braked", told)
        return Decision(verdict="ask", why="; ".join(str(brake) for brake in held))

    def _refuse_forbidden(self, node: Node, changes: list[Change]) -> None:
        brake = self.guard.forbids(changes) if self.guard else None
        if brake:
            self._write(node, "guardrail.refused", msgspec.to_builtins(brake))
            raise Refused(str(brake))

    def _keep(self, node: Node, seen: Any, began: datetime, requests: list[str]) -> dict[str, Json]:
        output: dict[str, Json] = msgspec.to_builtins(seen)
        refs: list[Json] = []
        for artefact in output.pop("keep", None) or ():
            kept = self.recorder.keep(
                artefact["name"],
                artefact["content"],
                about=artefact.get("about", ""),
                source=self._source(),
                requests=requests,
                run=node.run,
                step=node.id,
                started=began,
            )
            refs.append({"artefact": kept.id, "sha256": kept.sha256})
        if refs:
            output["kept"] = refs
        self._journal_trail(node, output)
        return output

    def _journal_trail(self, node: Node, output: dict[str, Json]) -> None:
        """What CloudTrail shows of the attacker goes into the journal: reports are made from it."""
        seen, left_out = output.pop("seen", None), output.pop("seen_left_out", 0)
        if seen:
            self._write(node, "trail.seen", {"events": seen, "left_out": left_out})

    def _keep_before(self, node: Node, action: Action, before: State) -> dict[str, str]:
        kept = self.recorder.keep(
            f"before-{node.id}",
            msgspec.to_builtins(before),
            about=f"State before {action.name}: what undo puts back",
            source=self._source(),
            run=node.run,
            step=node.id,
        )
        return {"artefact": kept.id, "sha256": kept.sha256}

    def _finished(self, node: Node) -> StepResult | None:
        for entry in reversed(self._mine(node)):
            if entry.kind != "step.finished":
                continue
            if entry.data.get("proof", "none") in ("broken", "unknown"):
                # It did not hold when it was read back: going on means doing it again.
                return None
            if entry.data["status"] in ("done", "nothing_to_do"):
                return StepResult(
                    id=node.id,
                    run=node.run,
                    phase=node.phase.value,
                    status=entry.data["status"],
                    mutating=entry.data.get("mutating", False),
                    output=entry.data.get("output"),
                    proof=entry.data.get("proof", "none"),
                    why="already done",
                    unknown=tuple(entry.data.get("unknown", ())),
                )
        return None

    def _mine(self, node: Node) -> list[Entry]:
        return [
            entry
            for entry in self.recorder.entries()
            if entry.run == node.run and entry.step == node.id
        ]

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

    def _write(self, node: Node, kind: str, data: dict[str, Json]) -> None:
        self.recorder.write(kind, data, run=node.run, step=node.id)

    def _source(self) -> dict[str, str]:
        return {
            "account": self.aws.account,
            "region": self.aws.region,
            "principal": self.aws.principal,
        }

    def _case(self) -> Case:
        return replace(self.case, now=self._now())

    def _now(self) -> datetime:
        return self.aws.now()


def read_given(action: Action, node: Node) -> Any:
    """The step's `with`, resolved, as the action's Input; RunFailed when a value does not fit."""
    given = {key: value for key, value in node.given.items() if value is not None}
    try:
        return msgspec.convert(given, action.Input)
    except msgspec.ValidationError as error:
        raise RunFailed(
            f"{action.name} cannot start: {error}; an earlier step did not yield what it needs",
            where=f"step {node.id}",
        ) from None


def apply_once(aws: Aws, action: Action, given: Any, change: Change, case: Case) -> list[str]:
    """Make one change; after a lost reply observe, and repeat only if it did not take."""
    assert action.apply
    for attempt in range(REPEATS):
        with collect(aws) as requests:
            try:
                action.apply(aws, given, change, case)
                return requests
            except AwsUnreachable as error:
                lost = error
        seen: State = action.observe(aws, given, case)
        if seen.parts.get(change.resource) == change.to:
            return requests or [f"lost reply, observed done (attempt {attempt + 1})"]
    raise lost


def judge(checks: list[Check]) -> bool | None:
    """All hold: True. Any broken: False. Otherwise something could not be looked at: None."""
    if any(check.holds is False for check in checks):
        return False
    if not checks or any(check.holds is None for check in checks):
        return None
    return True


def collect(aws: Aws) -> AbstractContextManager[list[str]]:
    """A context manager that yields the request ids of the calls made inside it."""
    return aws.requests()
