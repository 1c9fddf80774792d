"""The flow run of a run: made, or found again after a restart, and ended in a fitting state."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from prefect import get_client, tags
from prefect.client.schemas.actions import ArtifactCreate
from prefect.client.schemas.objects import FlowRun, State, StateType
from prefect.exceptions import ObjectNotFound, Pause
from prefect.flow_engine import run_flow_async
from prefect.states import Pending

from firedoor.engine.artifacts import artifact_key, plan_text, result_text
from firedoor.engine.carried import Carried
from firedoor.engine.compiled import compiled
from firedoor.engine.desk import Desk
from firedoor.engine.outcome import status_of
from firedoor.engine.prefect_carrier import PrefectCarrier, flow_run_here, run_name
from firedoor.engine.prefect_states import state_of_run, waiting, why_of
from firedoor.program import Program
from firedoor.runbook import Json
from firedoor.stages import StepResult

TAG = "firedoor"


class FlowOfRun:
    """The flow run that shows one run of an incident."""

    def __init__(self, desk: Desk, program: Program, run: str, carrier: PrefectCarrier) -> None:
        self._desk = desk
        self._program = program
        self._run = run
        self._carrier = carrier

    async def start(self, inputs: Mapping[str, Json], work: Carried[list[StepResult]]) -> None:
        """Run the flow, whose work is `work`, from the start or under the flow run it had."""

        async def body(_: dict[str, Json]) -> State[Any]:
            self._carrier.keep_sigterm()
            return await self.perform(work)

        flow = compiled(self._program, body)
        given = {key: value for key, value in inputs.items() if value is not None}
        async with get_client() as client:
            flow_run = await self._earlier()
            if flow_run is None:
                flow_run = await client.create_flow_run(
                    flow,
                    name=run_name(self._desk.incident, self._program, self._run),
                    parameters=flow.serialize_parameters(given),
                    tags=[TAG, self._desk.incident],
                    state=Pending(),
                )
                write_flow_run(self._desk, self._run, flow_run.id)
            else:
                resuming = State(type=StateType.SCHEDULED, name="Resuming")
                await client.set_flow_run_state(flow_run.id, resuming, force=True)
        # Its steps would have it too; see `PrefectCarrier` for why not in a process that stays.
        inside = () if self._desk.shared else (self._desk.incident,)
        with contextlib.suppress(Pause), tags(*inside):
            await run_flow_async(flow, flow_run, given, return_type="state")

    async def perform(
        self, work: Carried[list[StepResult]], *, deployed: bool = False
    ) -> State[Any]:
        """Inside the flow run: do the work, show plan and result, and say how it ended.

        Raises Pause when the run waits for a person: nothing is done until somebody goes on.
        """
        await self._keep("plan", self._plan)
        results = await work.attempt()
        self._carrier.ended = True
        await self._keep("result", self._result)
        status = status_of(results)
        ended = state_of_run(status, why_of(results))
        if ended is not None:
            return ended
        paused = waiting(
            f"firedoor approvals; firedoor resume {self._desk.incident}", deployed=deployed
        )
        here = flow_run_here()
        if here is not None:
            client, flow_run = here
            await client.set_flow_run_state(flow_run, paused, force=True)
        raise Pause(state=paused)

    async def _earlier(self) -> FlowRun | None:
        known = flow_runs(self._desk).get(self._run)
        if known is None:
            return None
        try:
            async with get_client() as client:
                return await client.read_flow_run(known)
        except ObjectNotFound:
            return None

    def _plan(self) -> str:
        return plan_text(self._program, self._desk.recorder.entries(), self._run)

    def _result(self) -> str:
        for entry in reversed(self._desk.recorder.entries()):
            if entry.kind == "run.finished" and entry.data["run"] == self._run:
                return result_text(self._desk.incident, entry.data)
        return ""

    async def _keep(self, what: str, text: Any) -> None:
        """Keep an artifact; that it cannot be kept stops nothing."""
        here = flow_run_here()
        if self._carrier.broken or here is None:
            return
        client, flow_run = here
        try:
            await client.create_artifact(
                ArtifactCreate(
                    key=artifact_key(self._desk.incident, self._run, what),
                    type="markdown",
                    description=f"{what.title()} of {self._desk.incident} {self._run}",
                    data=text(),
                    flow_run_id=flow_run,
                )
            )
        except Exception as error:  # noqa: BLE001 (Prefect may fail in any way; the run goes on)
            self._carrier.fail(error)


def write_flow_run(desk: Desk, run: str, flow_run: UUID) -> None:
    """Journal which flow run shows a run: after a restart it goes on under the same one."""
    desk.recorder.write("run.flow", {"run": run, "flow_run": str(flow_run)}, run=run)


def flow_runs(desk: Desk) -> dict[str, UUID]:
    """The flow runs of the incident's runs, the last one of each."""
    return {
        entry.data["run"]: UUID(entry.data["flow_run"])
        for entry in desk.recorder.entries()
        if entry.kind == "run.flow"
    }
