"""Carries a run's steps as Prefect task runs and its sub-runbooks as subflows.

Prefect only carries: what a step does, who may let it run and what it came to is decided elsewhere
and written in the journal. Whenever Prefect fails, the same run goes on without it.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, cast
from uuid import UUID

import anyio
from prefect import Task
from prefect.cache_policies import NO_CACHE
from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.objects import State
from prefect.context import FlowRunContext
from prefect.flow_engine import run_flow_async
from prefect.states import Completed
from prefect.task_engine import run_task_async

from firedoor.approval import Answer, Nobody
from firedoor.engine.breakglass import Plain, limited
from firedoor.engine.carried import Carried
from firedoor.engine.compiled import compiled
from firedoor.engine.desk import Desk
from firedoor.engine.limits import tries
from firedoor.engine.outcome import status_of
from firedoor.engine.prefect_states import (
    going_on,
    said,
    state_of_run,
    state_of_step,
    waiting,
    why_of,
)
from firedoor.program import Program
from firedoor.runbook import Json
from firedoor.stages import Node, StepResult

BEGIN_SECONDS = 10.0
"""How long Prefect may take to begin a step or a subflow before it is done without Prefect."""

END_SECONDS = 10.0
"""How long it may take to write down what has been done already."""

BROKEN_SECONDS = 2.0
"""The same where it has failed already: what can be shown is shown, nobody waits for it."""


class StepFailed(Exception):
    """Tells Prefect that a step's try failed; the journal has the reason."""


class PrefectCarrier:
    """The carrier of one top-level run, inside its flow run.

    `broken`: Prefect has failed and is not asked again. `ended`: the work is done, and only the
    showing of it is left.
    """

    name = "prefect"

    def __init__(self, desk: Desk, run: str, say: Callable[[str], None]) -> None:
        self._desk = desk
        self._run = run
        self._say = say
        self._plain = Plain()
        self._sigterm = signal.getsignal(signal.SIGTERM)
        self.broken = False
        self.ended = False

    async def step(self, node: Node, work: Callable[[], StepResult]) -> StepResult:
        """The step as a task run; without Prefect when that does not begin in time."""
        if self.broken:
            return await self._plain.step(node, work)
        carried = Carried(
            lambda: limited(node, work), tries=tries(node), again=lambda it: it.status == "failed"
        )
        await self._carry(carried, lambda: run_task_async(self._task(node, carried)))
        return await carried.outcome()

    async def flow(
        self,
        program: Program,
        inputs: Mapping[str, Json],
        run: str,
        work: Callable[[], Awaitable[list[StepResult]]],
    ) -> list[StepResult]:
        """The sub-runbook as a subflow."""
        if self.broken:
            return await self._plain.flow(program, inputs, run, work)
        carried = Carried(work)

        async def body(_: dict[str, Json]) -> State[Any]:
            self.keep_sigterm()
            results = await carried.attempt()
            ended = state_of_run(status_of(results), why_of(results))
            # A subflow cannot wait on its own: what waits shows in the run that it belongs to.
            return ended or Completed(name="WaitingForApproval")

        def engine() -> Any:
            flow = compiled(program, body).with_options(
                flow_run_name=run_name(self._desk.incident, program, run)
            )
            return run_flow_async(
                flow,
                parameters={key: value for key, value in inputs.items() if value is not None},
                return_type="state",
            )

        await self._carry(carried, engine)
        return await carried.outcome()

    async def ask(self, work: Callable[[], Answer | None]) -> Answer | None:
        """Wait for a person in a worker thread, the flow run shown as paused meanwhile."""
        if isinstance(self._desk.people, Nobody):
            return await self._plain.ask(work)
        await self._show(waiting("somebody is asked"))
        answer = await self._plain.ask(work)
        await self._show(going_on())
        return answer

    def keep_sigterm(self) -> None:
        """Inside a flow: SIGTERM does what it did before.

        Prefect turns it into an exception that may come up anywhere, a journal's transaction or an
        event loop that drops it included. Ended at once, the run goes on from the journal.
        """
        if self._sigterm is not None and threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, self._sigterm)

    def patience(self, usual: float = END_SECONDS) -> float:
        """Seconds that Prefect has to write down what is done: few once it has failed."""
        return BROKEN_SECONDS if self.broken else usual

    def fail(self, error: BaseException) -> None:
        """Go on without Prefect from here; said and journalled once."""
        if self.broken:
            return
        self.broken = True
        if self.ended:
            kind = "not_recorded"
            self._say(f"Prefect did not write down the end of the run ({reason(error)})")
        else:
            kind = "unavailable"
            self._say(f"Prefect failed ({reason(error)}); going on without it (break-glass)")
        self._desk.recorder.write(
            "error", {"where": "prefect", "kind": kind, "message": reason(error)}, run=self._run
        )

    async def _carry(self, carried: Carried[Any], engine: Callable[[], Any]) -> None:
        try:
            problem = await carried.carry(engine(), begin=BEGIN_SECONDS, end=self.patience)
        except Exception as error:  # noqa: BLE001 (Prefect may fail in any way; the run goes on)
            problem = error
        if problem is not None:
            self.fail(problem)

    def _task(self, node: Node, carried: Carried[StepResult]) -> Task[..., Any]:
        incident = self._desk.incident

        async def attempt() -> State[Any]:
            result = await carried.attempt()
            if carried.state != "done":
                # Prefect's own retry begins the next try.
                raise StepFailed(said(result.why))
            return state_of_step(result)

        return Task(
            attempt,
            name=node.id,
            task_run_name=node.id,
            description=node.step.title or node.step.action,
            # Prefect keeps a thread and a client for each set of tags until the process ends.
            tags={"firedoor", node.phase.value, *(() if self._desk.shared else (incident,))},
            version=None,
            cache_policy=NO_CACHE,
            retries=tries(node) - 1,
            # A try that ran out of time may still be at work: it is never repeated.
            retry_condition_fn=lambda *_: carried.state == "waits",
            persist_result=False,
        )

    async def _show(self, state: State[Any]) -> None:
        """Show a state of the flow run; what cannot be shown is not waited for."""
        here = flow_run_here()
        if self.broken or here is None:
            return
        client, flow_run = here
        try:
            with anyio.fail_after(BEGIN_SECONDS):
                await client.set_flow_run_state(flow_run, state, force=True)
        except Exception as error:  # noqa: BLE001 (see above)
            self.fail(error)


def flow_run_here() -> tuple[PrefectClient, UUID] | None:
    """Inside a flow run: the client that it uses, and its id."""
    context = FlowRunContext.get()
    if context is None or context.flow_run is None:
        return None
    return cast(PrefectClient, context.client), context.flow_run.id


def run_name(incident: str, program: Program, run: str) -> str:
    """`INC-2026-0042 compromised-credentials r1`."""
    return f"{incident} {program.name} {run}"


def reason(error: BaseException) -> str:
    """An error of Prefect's in one line, without addresses to look up."""
    first = str(error).strip().splitlines()[:1]
    return said(": ".join([type(error).__name__, *(line for line in first if line)]))
