"""Makes a plan: plays the same program as a run, with a stage that observes and never applies.

It reads AWS, keeps no evidence and journals nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from firedoor.actions.contract import Action, Aws, Case, Change
from firedoor.errors import FiredoorError, Refused
from firedoor.guardrails import forbidden
from firedoor.plan import (
    NEW_INCIDENT,
    PLANNED_RUN,
    Plan,
    PlannedStep,
    digest,
    identity,
    needed,
    permissions,
)
from firedoor.play import PLANNED, Play, open_scope
from firedoor.program import Program
from firedoor.response_plan import ResponsePlan
from firedoor.runbook import Json, Step
from firedoor.stages import Agreement, Node, StepResult

EVERYTHING_ASKS = ResponsePlan()
"""The rules where there are none: nothing is forbidden that is not always, everything asks."""


class _Planning:
    """The stage that only looks."""

    def __init__(
        self,
        aws: Aws,
        actions: Mapping[str, Action],
        case: Case,
        program: Program,
        rules: ResponsePlan,
        hunt: bool,
    ) -> None:
        self.aws = aws
        self.rules = rules
        self.actions = actions
        self.case = case
        self.steps: list[PlannedStep] = []
        steps = [step for book in program.runbooks.values() for step in book.all_steps()]
        self.named = needed(steps, actions, hunt=hunt)
        self.sharing = program.main.sharing()
        self.seen: set[tuple[str, str]] = set()

    async def perform(self, node: Node) -> StepResult:
        return await asyncio.to_thread(self._perform, node)

    def _perform(self, node: Node) -> StepResult:
        action = self.actions[node.step.action or ""]
        if not action.mutating and not self.refers_to(node):
            self._add(node, action, "planned")
            return self._result(node, "planned", None)
        try:
            if node.held:
                raise Refused(node.held)
            given = msgspec.convert(
                {key: value for key, value in node.given.items() if value is not None},
                action.Input,
            )
            seen = action.observe(self.aws, given, self.case)
            if not action.mutating:
                output = msgspec.to_builtins(seen)
                output.pop("keep", None)
                self._add(node, action, "planned")
                return self._result(node, "planned", output)
            assert action.changes
            changes = action.changes(given, seen, self.case)
            if changes:
                brake = forbidden(self.aws.principal, self.aws.account, changes, self.rules)
                if brake:
                    raise Refused(str(brake))
            output = (
                msgspec.to_builtins(action.output(given, seen, self.case))
                if action.output
                else None
            )
        except (FiredoorError, msgspec.ValidationError) as error:
            self._add(node, action, "failed", why=str(error))
            raise _as_error(error, node) from None
        self._add(node, action, "planned" if changes else "nothing_to_do", changes=changes)
        return self._result(node, "planned", output)

    def refers_to(self, node: Node) -> bool:
        """Whether another step needs what this one reads: evidence alone is not collected twice."""
        return node.step.id in self.named

    async def call(self, node: Node, program: Program) -> StepResult:
        key = (program.name, identity(node.given))
        if key in self.seen:
            return self._result(node, "skipped", None)
        self.seen.add(key)
        run = f"{node.run}.{node.id}"
        scope = open_scope(program, node.given, run)
        play = Play(program, run, scope, self, depth=node.depth + 1, authority=PLANNED)
        children = await play.run_all()
        return msgspec.structs.replace(
            self._result(node, "planned", None), children=tuple(children)
        )

    async def agree(self, nodes: Sequence[Node]) -> Agreement:
        return Agreement("yes", "planned")

    async def hold(self, results: Sequence[StepResult]) -> list[StepResult]:
        return list(results)

    async def answers(self) -> bool:
        return False

    def _add(
        self,
        node: Node,
        action: Action,
        status: str,
        *,
        changes: Sequence[Change] = (),
        why: str = "",
    ) -> None:
        approve = node.step.approve
        self.steps.append(
            PlannedStep(
                id=node.id,
                run=node.run,
                action=action.name,
                phase=node.phase.value,
                title=node.step.title or action.summary,
                status=status,
                changes=tuple(changes),
                reversible=not any(change.lost for change in changes),
                reopens=action.reopens.why if changes else "",
                approval=(approve.by if approve else "confirm") if action.mutating else "",
                shares=self._shares(node) if action.mutating else (),
                why=why,
            )
        )

    def _shares(self, node: Node) -> tuple[str, ...]:
        """Inside a sub-runbook the yes to the call counts: its steps are not asked about."""
        found = () if node.depth else self.sharing.get(node.step.id or "", ())
        return found if len(found) > 1 else ()

    def _result(self, node: Node, status: Any, output: Json) -> StepResult:
        return StepResult(
            id=node.id, run=node.run, phase=node.phase.value, status=status, output=output
        )


def _as_error(error: Exception, node: Node) -> FiredoorError:
    if isinstance(error, FiredoorError):
        return error
    return FiredoorError(str(error), where=f"step {node.id}")


def make_plan(
    program: Program,
    inputs: Mapping[str, Json],
    aws: Aws,
    actions: Mapping[str, Action],
    target: Mapping[str, str],
    *,
    incident: str = NEW_INCIDENT,
    rules: ResponsePlan = EVERYTHING_ASKS,
    hunt: bool = True,
) -> Plan:
    """Plan a run. Reads AWS; a step that cannot be planned is in the plan with its reason.

    `rules`: what people agreed beforehand; it forbids some changes to everybody. Without `hunt`,
    what only steps with their own question need is not read now: it is found, and asked about, when
    the run comes to it. The digest is the same either way: it is over what a yes covers.
    """
    case = Case(incident=incident, account=aws.account, now=aws.now(), partition=aws.partition)
    stage = _Planning(aws, actions, case, program, rules, hunt)
    stage.seen.add((program.name, identity(inputs)))
    scope = open_scope(program, inputs, PLANNED_RUN)
    results = asyncio.run(Play(program, PLANNED_RUN, scope, stage, authority=PLANNED).run_all())
    later = [] if hunt else [_later(step) for step in program.main.all_steps() if _asks(step)]
    steps = (*stage.steps, *later)
    unknown = tuple(
        dict.fromkeys(note for result in results for each in result.flat() for note in each.unknown)
    )
    return Plan(
        runbook=program.name,
        title=program.main.title,
        inputs={key: value for key, value in inputs.items() if value is not None},
        target=target,
        steps=steps,
        permissions=permissions(program, actions),
        unknown=unknown,
        digest=digest(program, inputs, target, steps, incident),
    )


def _asks(step: Step) -> bool:
    """Whether it is a loop with a question of its own."""
    return bool(step.approve and step.for_each)


def _later(step: Step) -> PlannedStep:
    return PlannedStep(
        id=step.id or "",
        run=PLANNED_RUN,
        action=step.action or "",
        phase=step.phase.value if step.phase else "",
        title=step.title,
        status="later",
        approval=step.approve.by if step.approve else "",
        why=f"for each of {(step.for_each or '').removeprefix('$')}, found and asked about then",
    )
