"""Plays a program: which step runs next, which waits for a person, which is skipped.

One interpreter serves plan, the Prefect flow and break-glass; they differ in their `Stage`, which
performs a step and runs a sub-runbook. Order is the file's. A step that waits for a person holds
back only what refers to it and the phases after its own: what may run unasked never stands in a
queue behind a question.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import msgspec

from firedoor.conditions import evaluate, names
from firedoor.errors import FiredoorError, StoreUnavailable
from firedoor.program import MAX_DEPTH, Program, canonical
from firedoor.references import names_in, resolve
from firedoor.runbook import Json, Phase, Runbook, Step, default_on_error
from firedoor.side_by_side import side_by_side
from firedoor.stages import SETTLED, Node, Stage, Status, StepResult, worst_proof

_ORDER = list(Phase)
PLANNED = "planned"
"""The authority of a plan, in which nothing is done."""


@dataclass
class Play:
    """One run of one program."""

    program: Program
    run: str
    scope: dict[str, Json]
    stage: Stage
    depth: int = 0
    authority: str | None = None
    results: dict[str, StepResult] = field(default_factory=dict)
    stopped: str = ""
    answered: bool = False

    async def run_all(self) -> list[StepResult]:
        """All steps, then `finally`; never raises for a step's failure.

        StoreUnavailable ends it at once: what cannot be written down is not done.
        """
        runbook = self.program.main
        writable = True
        try:
            await self._run_body(runbook)
            if self.depth == 0:
                held = await self.stage.hold(list(self.results.values()))
                self.results = {result.id: result for result in held}
        except StoreUnavailable:
            writable = False
            raise
        finally:
            for step in runbook.finally_ if writable else ():
                await self._settle(step)
        return list(self.results.values())

    async def _run_body(self, runbook: Runbook) -> None:
        # Each round either settles a step or ends: a question is put at most once a round.
        for _ in range(2 * len(runbook.all_steps()) + 2):
            progressed = await self._round(runbook)
            self.answered = False
            waiting = [result for result in self.results.values() if _waits(result)]
            if self.stopped or (not waiting and not progressed):
                break
            if waiting and not progressed:
                self.answered = await self.stage.answers()
                if not self.answered:
                    break
        for step in runbook.all_steps():
            if step.id and step.id not in self.results and step not in runbook.finally_:
                self._set(step, "not_run", why=self.stopped or "an earlier step is not finished")

    async def _round(self, runbook: Runbook) -> bool:
        progressed = False
        for entry in runbook.steps:
            group = [step for step in (entry.parallel or (entry,)) if self._ready(step, runbook)]
            if not group or self.stopped:
                continue
            before = [self.results.get(step.id or "") for step in group]
            ended = await asyncio.gather(
                *(self._settle(step) for step in group), return_exceptions=True
            )
            # Only when nothing is under way any more.
            for error in ended:
                if error is not None:
                    raise error
            after = [self.results.get(step.id or "") for step in group]
            progressed = progressed or any(
                new is not None and new != old and not _waits(new)
                for old, new in zip(before, after, strict=True)
            )
        return progressed

    def _ready(self, step: Step, runbook: Runbook) -> bool:
        known = self.results.get(step.id or "")
        # What waits is looked at again when somebody has answered, not before.
        if known is not None and not (self.answered and _waits(known)):
            return False
        earlier = _steps_before(step, runbook)
        held = [
            other
            for other in runbook.all_steps()
            if other.id != step.id
            and other not in runbook.finally_
            and (_waits(self.results.get(other.id or "")) or self._unstarted(other, earlier))
        ]
        wants = names_of(step) | {
            name for need in self.program.needs_of(step.id or "") for name in need.kept_by
        }
        if wants & {other.id for other in held}:
            return False
        return all(_rank(other) >= _rank(step) for other in held)

    def _unstarted(self, step: Step, earlier: list[Step]) -> bool:
        return step in earlier and step.id not in self.results

    async def _settle(self, step: Step) -> None:
        try:
            result = await self._one(step)
        except StoreUnavailable:
            raise
        except FiredoorError as error:
            result = self._result(step, "failed", why=str(error))
        self.results[result.id] = result
        self.scope[result.id] = result.output
        failed = result.status in ("failed", "refused")
        policy = step.on_error or default_on_error(step.phase)
        ends = (failed and policy == "stop") or result.stops
        if ends and step not in self.program.main.finally_:
            self.stopped = f"step {result.id!r} {result.status}: {result.why}"

    async def _one(self, step: Step) -> StepResult:
        if not self._applies(step):
            return self._result(step, "skipped", why=f"when: {step.when}")
        if step.for_each:
            return await self._loop(step)
        node = self._node(step, step.id or "", self.scope)
        if step.runbook:
            return await self._calls(step, [node])
        return await self.stage.perform(node)

    def _applies(self, step: Step) -> bool:
        if not step.when:
            return True
        # A condition that cannot be read must not keep a door open.
        if self._unread(names(step.when)) and step.phase == Phase.CONTAIN:
            return True
        return evaluate(step.when, self.scope)

    def _unread(self, wanted: Iterable[str]) -> tuple[str, ...]:
        """Those of these names whose step did not come to its end. A no of people's is an end: what
        they did not want was not done, and a condition may ask about that."""
        known = [(name, self.results.get(name)) for name in sorted(wanted)]
        return tuple(
            name for name, it in known if it and it.status not in SETTLED and not _said_no(it)
        )

    async def _loop(self, step: Step) -> StepResult:
        unread = self._unread(names_in(step.for_each))
        if unread:
            why = f"{step.for_each} cannot be read: step {unread[0]!r} did not come to its end"
            return self._result(step, "failed", why=why)
        items = resolve(step.for_each, self.scope) or []
        if not items:
            return self._result(step, "nothing_to_do", why=f"{step.for_each} is empty")
        nodes = [
            self._node(step, f"{step.id}.{index}", {**self.scope, step.as_ or "item": item})
            for index, item in enumerate(items)
        ]
        over = step.limit is not None and len(items) > step.limit
        return await self._calls(step, nodes, over_limit=over)

    async def _calls(
        self, step: Step, nodes: list[Node], *, over_limit: bool = False
    ) -> StepResult:
        deep = bool(step.runbook) and self.depth + 1 >= MAX_DEPTH
        free = [node for node in nodes if not node.held]
        if free and (step.approve or over_limit or deep or self._authority(step) is None):
            if over_limit:
                note = f"{len(nodes)} items, more than the limit of {step.limit}"
                nodes = [replace(node, question=note) for node in nodes]
            inherited = self._authority(step) if not (over_limit or deep) else None
            nodes = [replace(node, authority=inherited) for node in nodes]
            said = await self.stage.agree([node for node in nodes if not node.held])
            if said.verdict != "yes":
                status: Status = "waiting" if said.verdict == "later" else "refused"
                waits = self._result(step, status, why=said.why or "waits for an approval")
                return msgspec.structs.replace(waits, stops=said.stops)
            nodes = [replace(node, authority=said.why) for node in nodes]
        results = await side_by_side(
            nodes, partial(self._call, step), alike=lambda node: canonical(node.given)
        )
        if len(results) == 1 and not step.for_each:
            return results[0]
        return self._gathered(step, results)

    async def _call(self, step: Step, node: Node) -> StepResult:
        """One call of a loop or sub-runbook; that it fails holds up no other item."""
        try:
            if step.runbook:
                return await self.stage.call(node, self.program.sub(step.runbook))
            return await self.stage.perform(node)
        except StoreUnavailable:
            raise
        except FiredoorError as error:
            failed = self._result(step, "failed", why=str(error))
            return msgspec.structs.replace(failed, id=node.id)

    def _gathered(self, step: Step, results: list[StepResult]) -> StepResult:
        statuses = {result.status for result in results}
        for worst in ("failed", "refused", "waiting", "not_run", "planned", "done"):
            if worst in statuses:
                status: Status = worst
                break
        else:
            status = "nothing_to_do"
        return msgspec.structs.replace(
            self._result(step, status),
            mutating=any(result.mutating for result in results),
            children=tuple(results),
            output=[result.output for result in results],
            proof=worst_proof([result.proof for result in results]),
        )

    def _node(self, step: Step, id_: str, scope: Mapping[str, Json]) -> Node:
        return Node(
            id=id_,
            run=self.run,
            step=step,
            given=resolve(step.with_, scope),
            scope=scope,
            depth=self.depth,
            authority=self._authority(step),
            held=self._held_back(step, id_),
            unread=self._unread(names(step.when)) if step.when else (),
        )

    def _authority(self, step: Step) -> str | None:
        """On whose word a step of a sub-runbook runs. A yes to containing somebody is none to
        deleting him, or to letting him in again: what comes after containment is asked anew."""
        later = step.phase in (Phase.ERADICATE, Phase.RECOVER)
        return None if later and step.approve and self.authority != PLANNED else self.authority

    def _held_back(self, step: Step, id_: str) -> str:
        """Why a step must not run now: what it destroys was not kept before. "" when it may."""
        item = id_.removeprefix(step.id or "")
        for need in self.program.needs_of(step.id or ""):
            found = [self._evidence(name, item) for name in need.kept_by]
            if not any(result and _kept(result, need.thing) for result in found):
                told = [f"{each.id}: {each.why or each.status}" for each in found if each]
                return (
                    f"held back: it destroys {need.thing}, which was not kept as evidence "
                    f"({'; '.join(told) or 'nothing keeps it'}). `firedoor resume` tries both again"
                )
        return ""

    def _evidence(self, name: str, item: str) -> StepResult | None:
        """The result of an evidence step; of the same item when both are loops over one list."""
        result = self.results.get(name)
        children = {child.id: child for child in result.children} if result else {}
        return children.get(f"{name}{item}", result)

    def _set(self, step: Step, status: Status, *, why: str) -> None:
        self.results[step.id or ""] = self._result(step, status, why=why)

    def _result(self, step: Step, status: Status, *, why: str = "") -> StepResult:
        phase = step.phase or Phase.TRIAGE
        return StepResult(id=step.id or "", run=self.run, phase=phase.value, status=status, why=why)


def names_of(step: Step) -> set[str]:
    """The names (steps, inputs, loop variables) that a step's values and conditions refer to."""
    found = names_in(step.with_) | names_in(step.for_each)
    return found | (set(names(step.when)) if step.when else set())


def _rank(step: Step) -> int:
    return _ORDER.index(step.phase or Phase.TRIAGE)


def _kept(result: StepResult, thing: str) -> bool:
    """Whether an evidence step kept a thing: it came to its end and does not say otherwise."""
    output = result.output if isinstance(result.output, dict) else {}
    return result.status in ("done", "planned") and thing not in (output.get("not_kept") or ())


def _said_no(result: StepResult) -> bool:
    return result.status == "refused" and not result.rule


def _waits(result: StepResult | None) -> bool:
    return result is not None and result.status == "waiting"


def _steps_before(step: Step, runbook: Runbook) -> list[Step]:
    before: list[Step] = []
    for entry in runbook.steps:
        group = list(entry.parallel or (entry,))
        if any(other is step for other in group):
            return before
        before.extend(group)
    return before


def open_scope(
    program: Program, inputs: Mapping[str, Json], run: str, **more: Any
) -> dict[str, Json]:
    """The names a run starts with: `inputs` (all declared, absent = None), `run`, `finding`."""
    declared = {name: inputs.get(name, spec.default) for name, spec in program.main.inputs.items()}
    return {"inputs": declared, "run": {"id": run}, "finding": None, **more}
