"""The stage of a real run: steps are performed, journalled and asked about.

How a step is carried (as a Prefect task, or plainly in break-glass) is the `Carrier`'s business;
what it does is the `Performer`'s. Authority comes from the journal in both.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import msgspec

from firedoor.actions.contract import Change
from firedoor.approval import Answer, Question, decide, open_questions
from firedoor.engine.desk import Desk
from firedoor.engine.outcome import finish, status_of
from firedoor.engine.perform import Performer
from firedoor.journal import Entry
from firedoor.kinds import parse_duration, time_text
from firedoor.plan import identity
from firedoor.play import Node, Play, Status, StepResult, open_scope, worst_proof
from firedoor.program import Program
from firedoor.render import plain
from firedoor.runbook import Approval, Json


class Carrier(Protocol):
    """Carries work: in Prefect as task and flow runs, in break-glass as it is."""

    name: str

    async def step(self, node: Node, work: Callable[[], StepResult]) -> StepResult:
        """Run `work` in a worker thread, with the step's retries and time limit."""
        ...

    async def flow(
        self,
        program: Program,
        inputs: Mapping[str, Json],
        run: str,
        work: Callable[[], Awaitable[list[StepResult]]],
    ) -> list[StepResult]:
        """Run a sub-runbook."""
        ...

    async def ask(self, work: Callable[[], Answer | None]) -> Answer | None:
        """Wait for a person, in a worker thread; shown as paused where that can be shown."""
        ...


@dataclass
class RunStage:
    """Plays one run of one program for an incident."""

    desk: Desk
    program: Program
    carrier: Carrier
    run: str
    waiting: dict[str, tuple[list[Node], StepResult | None]] = field(default_factory=dict)

    async def perform(self, node: Node) -> StepResult:
        """One action step, carried as the engine carries steps."""
        performer = Performer(
            recorder=self.desk.recorder,
            aws=self.desk.aws,
            actions=self.desk.actions,
            runbook=self.program.name,
            case=self.desk.case(),
        )
        result = await self.carrier.step(node, lambda: performer.perform(node))
        if result.status == "waiting":
            self.waiting[node.id] = ([node], result)
        else:
            self.waiting.pop(node.id, None)
        return result

    async def call(self, node: Node, program: Program) -> StepResult:
        """A sub-runbook, unless the same one has run in this incident with the same inputs."""
        run = f"{node.run}.{node.id}"
        earlier = self._ran_before(program, node.given, run)
        if earlier:
            return self._result(node, "skipped", why=f"it ran already, as {earlier}")
        results = await self.carrier.flow(
            program,
            node.given,
            run,
            lambda: conduct(
                self.desk,
                program,
                node.given,
                self.carrier,
                run=run,
                parent=node.run,
                depth=node.depth + 1,
                authority=node.authority,
            ),
        )
        status = status_of(results)
        proofs = [result.proof for result in results if result.mutating]
        return msgspec.structs.replace(
            self._result(node, "failed" if status == "failed" else "done"),
            mutating=bool(proofs),
            proof=worst_proof(proofs),
            children=tuple(results),
        )

    async def agree(self, nodes: Sequence[Node]) -> tuple[bool, str]:
        """Whether a loop's or sub-runbook's calls may go ahead: asked once for the whole list."""
        node = nodes[0]
        step_id = node.step.id or ""
        own = node.step.approve is not None or bool(node.question)
        if node.authority and not own:
            return True, node.authority
        decision = decide(
            self.desk.recorder.entries(),
            run=node.run,
            step=step_id,
            name=f"{self.program.name}/{step_id}",
            changes=(),
            own_approval=own,
        )
        if decision.allowed:
            self.waiting.pop(step_id, None)
            return True, decision.why
        if decision.verdict == "denied":
            self.waiting.pop(step_id, None)
            return False, decision.why
        self.waiting[step_id] = (list(nodes), None)
        return False, ""

    async def answers(self) -> bool:
        """Write down what waits as approvals, and ask whoever is there."""
        self._write_questions()
        decided = False
        for entry in open_questions(self.desk.recorder.entries()):
            if entry.run == self.run:
                decided = await self._put(entry) or decided
        return decided

    async def _put(self, entry: Entry) -> bool:
        question = Question(
            id=entry.data["id"],
            run=entry.run or "",
            steps=tuple(entry.data["steps"]),
            text=entry.data["question"],
            by=", ".join(entry.data["by"]),
            changes=msgspec.convert(entry.data["changes"], tuple[Change, ...]),
        )
        answer = await self.carrier.ask(lambda: self.desk.people.ask(question))
        if answer is None:
            return False
        self.desk.recorder.write(
            "approval.given" if answer.yes else "approval.denied",
            {
                "id": question.id,
                "steps": list(question.steps),
                "reason": answer.reason,
                "how": answer.how,
                "waited_seconds": answer.waited_seconds,
            },
            run=entry.run,
            by=answer.by,
        )
        return True

    def _write_questions(self) -> None:
        """One question for the steps without their own `approve:`, one for each that has it."""
        asked = {
            step
            for entry in open_questions(self.desk.recorder.entries())
            if entry.run == self.run
            for step in entry.data["steps"]
        }
        open_now = [item for item in self.waiting.items() if item[0] not in asked]
        own = [item for item in open_now if _asks_itself(item[1][0][0])]
        shared = [item for item in open_now if item not in own]
        if shared:
            titles = ", ".join(step_id for step_id, _ in shared)
            changes = [change for _, (_, result) in shared if result for change in result.changes]
            waits = StepResult(
                id="", run=self.run, phase="contain", status="waiting", changes=tuple(changes)
            )
            text = f"Make these {len(changes)} changes ({titles})?"
            self._ask_for([step_id for step_id, _ in shared], text, None, waits)
        for step_id, (nodes, result) in own:
            self._ask_for([step_id], self._text(nodes), nodes[0].step.approve, result)

    def _ask_for(
        self, steps: list[str], text: str, approve: Approval | None, result: StepResult | None
    ) -> None:
        rule = approve or Approval()
        now = self.desk.aws.now()
        number = sum(1 for entry in self.desk.recorder.entries() if entry.kind == "approval.asked")
        self.desk.recorder.write(
            "approval.asked",
            {
                "id": f"{self.desk.incident}-A{number + 1}",
                "steps": steps,
                "question": text,
                "by": [rule.by],
                "expires": time_text(now + parse_duration(rule.within)),
                "on_timeout": rule.on_timeout,
                "changes": msgspec.to_builtins(result.changes if result else ()),
            },
            run=self.run,
        )

    def _text(self, nodes: list[Node]) -> str:
        step = nodes[0].step
        if step.approve and step.approve.ask:
            text = plain(step.approve.ask, nodes[0].scope)
        else:
            text = f"Run {step.title or step.id} for {len(nodes)} item(s)?"
        return f"{text} ({nodes[0].question})" if nodes[0].question else text

    def _ran_before(self, program: Program, inputs: Mapping[str, Json], run: str) -> str:
        wanted = identity(inputs)
        for entry in self.desk.recorder.entries():
            if entry.kind != "run.started" or entry.run == run:
                continue
            same = entry.data["runbook"] == program.name
            if same and identity(entry.data["inputs"]) == wanted:
                return entry.run or ""
        return ""

    def _result(self, node: Node, status: Status, *, why: str = "") -> StepResult:
        return StepResult(id=node.id, run=node.run, phase=node.phase.value, status=status, why=why)


def _asks_itself(node: Node) -> bool:
    """Whether a step has a question of its own: an `approve:`, a loop, a sub-runbook."""
    return bool(node.step.approve or node.step.for_each or node.step.runbook)


async def conduct(
    desk: Desk,
    program: Program,
    inputs: Mapping[str, Json],
    carrier: Carrier,
    *,
    run: str,
    parent: str | None = None,
    depth: int = 0,
    authority: str | None = None,
) -> list[StepResult]:
    """Play a program as a run of the incident, between `run.started` and `run.finished`."""
    started = any(
        entry.kind == "run.started" and entry.run == run for entry in desk.recorder.entries()
    )
    desk.recorder.write(
        "run.resumed" if started else "run.started",
        {
            "run": run,
            "parent": parent,
            "runbook": program.name,
            "title": program.main.title,
            "inputs": {key: value for key, value in inputs.items() if value is not None},
            "engine": carrier.name,
            "program_digest": program.digest,
            **({} if parent or started else {"program": msgspec.to_builtins(program)}),
        },
        run=run,
    )
    stage = RunStage(desk=desk, program=program, carrier=carrier, run=run)
    scope = open_scope(program, inputs, run)
    play = Play(program, run, scope, stage, depth=depth, authority=authority)
    results = await play.run_all()
    finish(desk, program, run, results)
    return results
