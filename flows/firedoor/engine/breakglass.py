"""Break-glass: the same program and step runner without Prefect."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

import anyio
import anyio.to_thread

from firedoor.approval import Answer
from firedoor.engine.limits import time_limit, tries
from firedoor.errors import RunFailed
from firedoor.program import Program
from firedoor.runbook import Json
from firedoor.stages import Node, StepResult


class Plain:
    """Carries steps as they are: a worker thread each, with the step's retries and time limit."""

    name = "break-glass"

    async def step(self, node: Node, work: Callable[[], StepResult]) -> StepResult:
        """Run the step; on a time-out the thread goes on and journals what it did."""
        result: StepResult | None = None
        for _ in range(tries(node)):
            result = await limited(node, work)
            if result.status != "failed":
                break
        assert result is not None
        return result

    async def flow(
        self,
        program: Program,
        inputs: Mapping[str, Json],
        run: str,
        work: Callable[[], Awaitable[list[StepResult]]],
    ) -> list[StepResult]:
        """Run the sub-runbook."""
        return await work()

    async def ask(self, work: Callable[[], Answer | None]) -> Answer | None:
        """Wait for a person in a worker thread."""
        return await anyio.to_thread.run_sync(work)


async def limited(node: Node, work: Callable[[], StepResult]) -> StepResult:
    """`work` in a worker thread within the step's time limit."""
    limit = time_limit(node)
    with anyio.move_on_after(limit) as scope:
        return await anyio.to_thread.run_sync(work, abandon_on_cancel=True)
    assert scope.cancelled_caught
    raise RunFailed(
        f"no end after {limit:.0f} s; what it changed is in the journal, observe before repeating",
        where=f"step {node.id}",
    )
