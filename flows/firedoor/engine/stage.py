"""The stage of a real run: steps are performed, journalled and asked about.

How a step is carried (as a Prefect task, or plainly in break-glass) is the `Carrier`'s business;
what it does is the `Performer`'s. Authority comes from the journal in both.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Literal, Protocol

import anyio.to_thread
import msgspec

from firedoor.approval import Answer, Question, Wanted, decide
from firedoor.engine.desk import Desk
from firedoor.engine.gate import through
from firedoor.engine.guard import Guard
from firedoor.engine.outcome import finish, status_of
from firedoor.engine.perform import Performer
from firedoor.engine.questions import Questions, Waiting, call_of
from firedoor.plan import identity
from firedoor.play import Play, open_scope
from firedoor.program import Program
from firedoor.runbook import Json
from firedoor.stages import Agreement, Node, Status, StepResult, worst_proof

MOST_PEOPLE = 9
"""The largest quorum that a runbook may ask for."""


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
    waiting: dict[str, Waiting] = field(default_factory=dict)
    guard: Guard = field(init=False)

    def __post_init__(self) -> None:
        self.guard = Guard(self.desk)

    async def perform(self, node: Node) -> StepResult:
        """One action step, carried as the engine carries steps."""
        performer = Performer(
            recorder=self.desk.recorder,
            aws=self.desk.aws,
            actions=self.desk.actions,
            runbook=self.program.name,
            case=self.desk.case(),
            guard=self.guard,
        )
        self.desk.gate.check()
        work = through(self.desk.gate, lambda: performer.perform(node))
        result = await self.carrier.step(node, work)
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
        key = (program.name, identity(node.given))
        # What two items of a loop lead to at the same moment is in no journal yet.
        if self.desk.under_way.setdefault(key, run) != run:
            return self._result(node, "skipped", why=f"it runs as {self.desk.under_way[key]}")
        try:
            results = await self._called(node, program, run)
        finally:
            del self.desk.under_way[key]
        ended: dict[str, Status] = {"failed": "failed", "refused": "refused"}
        status = ended.get(status_of(results), "done")
        proofs = [result.proof for result in results if result.mutating]
        return msgspec.structs.replace(
            self._result(node, status),
            mutating=bool(proofs),
            proof=worst_proof(proofs),
            children=tuple(results),
        )

    async def _called(self, node: Node, program: Program, run: str) -> list[StepResult]:
        return await self.carrier.flow(
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

    async def agree(self, nodes: Sequence[Node]) -> Agreement:
        """Whether a loop's or sub-runbook's calls may go ahead: asked once for the whole list."""
        node = nodes[0]
        step_id = node.step.id or ""
        own = node.step.approve is not None or bool(node.question)
        if node.authority and not own:
            return Agreement("yes", node.authority)
        action = self.desk.actions.get(node.step.action or "")
        if action and not action.mutating and not own:
            return Agreement("yes", "it only reads")
        if action and not own and self._preauthorised(nodes):
            # On nobody's word: each item is judged by its own changes, guardrails and all.
            return Agreement("yes")
        wanted = Wanted(
            run=node.run,
            step=step_id,
            name=f"{self.program.name}/{step_id}",
            items=tuple(call_of(each) for each in nodes),
            own=own,
        )
        decision = decide(self.desk.recorder.entries(), wanted, now=self.desk.aws.now())
        if decision.verdict == "ask":
            self.waiting[step_id] = (list(nodes), None)
            return Agreement("later")
        self.waiting.pop(step_id, None)
        verdict: Literal["yes", "no"] = "yes" if decision.allowed else "no"
        return Agreement(verdict, decision.why, stops=decision.stops)

    def _preauthorised(self, nodes: Sequence[Node]) -> bool:
        """Whether the playbook lets each of a loop's items run unasked: one of its targets each."""
        routed = [each for each in self.desk.recorder.entries() if each.kind == "route.decided"]
        targets = {
            item["target"]
            for entry in routed
            if entry.data["runbook"] == self.program.name and "." not in self.run
            for item in entry.data["unasked"]
            if item["step"] == nodes[0].step.id
        }
        return all(
            targets & {each for each in node.given.values() if isinstance(each, str)}
            for node in nodes
        )

    async def hold(self, results: Sequence[StepResult]) -> list[StepResult]:
        """Look at everything that was shut once more; see `firedoor.engine.holding`."""
        from firedoor.engine.holding import hold  # lazy: it comes after all that contains

        return await anyio.to_thread.run_sync(hold, self.desk, results)

    async def answers(self) -> bool:
        """Write down what waits as approvals, and ask whoever is there."""
        questions = Questions(self.desk, self.run, self.program.main.sharing())
        questions.write(self.waiting)
        done: set[str] = set()
        decided = False
        # Where a quorum is asked for, the next person is asked when one has agreed.
        for _ in range(MOST_PEOPLE):
            for question in [each for each in questions.open() if each.id not in done]:
                said = await self.carrier.ask(partial(self._put, question))
                if said is not None and questions.hear(question, said):
                    decided = True
                else:
                    done.add(question.id)
        return decided

    def _put(self, question: Question) -> Answer | None:
        # Runs that go on side by side ask one after another: there is one terminal.
        with self.desk.turn:
            return self.desk.people.ask(question)

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
    begin(desk, program, inputs, carrier.name, run=run, parent=parent)
    stage = RunStage(desk=desk, program=program, carrier=carrier, run=run)
    scope = open_scope(program, inputs, run)
    play = Play(program, run, scope, stage, depth=depth, authority=authority)
    results = await play.run_all()
    finish(desk, program, run, results)
    return results


def begin(
    desk: Desk,
    program: Program,
    inputs: Mapping[str, Json],
    engine: str,
    *,
    run: str,
    parent: str | None = None,
) -> None:
    """Write that a run has begun, or goes on."""
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
            "engine": engine,
            "program_digest": program.digest,
            **({} if desk.shared or parent else {"principal": desk.aws.principal}),
            **({} if parent or started else {"program": msgspec.to_builtins(program)}),
        },
        run=run,
    )
