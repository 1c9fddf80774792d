"""Contain first: what is preauthorised is done before Prefect makes the flow run.

The same program, step runner, guardrails and journal as always, up to the last step that may run
unasked; the run then goes on in its flow run, which takes over what the journal says is done.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Collection, Mapping, Sequence

from firedoor.engine.breakglass import Plain
from firedoor.engine.desk import Desk
from firedoor.engine.gate import Parked
from firedoor.engine.stage import RunStage, begin
from firedoor.play import Play, open_scope
from firedoor.program import Program
from firedoor.runbook import Json, Step
from firedoor.stages import Agreement, Node, StepResult


class Plainly(Plain):
    """Carries the steps that come before the flow run."""

    name = "resident"


class FirstStage(RunStage):
    """Performs the steps that were chosen, and parks the run at any other."""

    only: Collection[str] = ()

    async def perform(self, node: Node) -> StepResult:
        """One of the chosen steps; Parked at any other."""
        if node.id not in self.only:
            raise Parked
        return await super().perform(node)

    async def call(self, node: Node, program: Program) -> StepResult:
        """Sub-runbooks come later."""
        raise Parked

    async def agree(self, nodes: Sequence[Node]) -> Agreement:
        """What is asked about comes later."""
        raise Parked


def contain_first(
    desk: Desk, program: Program, inputs: Mapping[str, Json], run: str, unasked: Collection[str]
) -> bool:
    """Begin a run with what may run unasked (ids of steps) and what stands before it.

    Whether anything was begun. The run has not ended: it is to be started again, with its id.
    """
    chosen = _up_to(program.main.steps, unasked)
    if not chosen:
        return False
    begin(desk, program, inputs, Plainly.name, run=run)
    stage = FirstStage(desk=desk, program=program, carrier=Plainly(), run=run)
    stage.only = chosen
    play = Play(program, run, open_scope(program, inputs, run), stage)
    with contextlib.suppress(Parked):
        asyncio.run(play.run_all())
    return True


def _up_to(steps: Sequence[Step], unasked: Collection[str]) -> set[str]:
    """The ids of the steps down to the last of these; of a parallel group all or none."""
    chosen: list[str] = []
    upto = 0
    for entry in steps:
        group = [step.id or "" for step in (entry.parallel or (entry,))]
        chosen += group
        if any(name in unasked for name in group):
            upto = len(chosen)
    return set(chosen[:upto])
