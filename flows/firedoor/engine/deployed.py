"""The flows that Prefect itself may start: from its UI, by a schedule, in a worker.

Prefect is not a door: such a flow opens an incident, plans, does what needs nobody's approval
(reading and evidence) and then shows as WaitingForApproval, with the commands to type. It goes on
when Prefect starts the same flow run again, and does then what the journal says was approved.
"""

from __future__ import annotations

import contextvars
import inspect
from collections.abc import Callable
from typing import Annotated, Any, Literal
from uuid import UUID

import anyio.to_thread
import msgspec
from prefect import Flow, get_client
from prefect.context import FlowRunContext
from prefect.states import Failed
from pydantic import Field

from firedoor.engine.carried import Carried
from firedoor.engine.case import desk_of, home_of
from firedoor.engine.compiled import Body, compiled, typed_flow
from firedoor.engine.desk import Desk, Office, open_desk, opened
from firedoor.engine.flow_run import FlowOfRun, flow_runs, write_flow_run
from firedoor.engine.policy import policy_in_force
from firedoor.engine.prefect_carrier import PrefectCarrier, run_name
from firedoor.engine.prefect_states import said
from firedoor.engine.running import alone, next_run, unfinished
from firedoor.engine.stage import conduct
from firedoor.errors import FiredoorError, Refused
from firedoor.inputs import read_inputs
from firedoor.library import Library
from firedoor.plan import NEW_INCIDENT, Plan
from firedoor.planning import make_plan
from firedoor.program import Program
from firedoor.runbook import Json
from firedoor.stages import StepResult

Work = tuple[Desk, Program, dict[str, Json], str]
"""A run to go through: where, what, with which inputs, under which id."""


def runbook_flows(library: Library | None = None) -> dict[str, Flow[..., Any]]:
    """A flow for each runbook in force, by the name that an entrypoint can have."""
    known = library or Library.open()
    return {name.replace("-", "_"): runbook_flow(known.program(name)) for name in known.runbooks()}


def runbook_flow(program: Program) -> Flow[..., Any]:
    """The flow of one runbook, as Prefect may start it."""

    async def body(given: dict[str, Json]) -> Any:
        return await _through(lambda by, flow_run: _opened(program, given, by, flow_run))

    return compiled(program, _saying_why(body))


def intake_flow() -> Flow[..., Any]:
    """Takes a finding document in, as `firedoor ingest` does: nothing is changed without asking."""

    async def body(given: dict[str, Json]) -> Any:
        return await _through(lambda by, flow_run: _taken_in(given["finding"], by, flow_run))

    about = "The finding: the EventBridge event or the bare document, as JSON."
    parameters = [_keyword("finding", Annotated[dict[str, Any], Field(description=about)])]
    return typed_flow("intake", _words(intake_flow), parameters, _saying_why(body), version="1")


def exercise_flow(play: Callable[..., Any]) -> Flow[..., Any]:
    """Plays a scenario against simulated AWS; fails when the drill does not pass its rating.

    `play` is `firedoor.exercise.drill.play`, which is above this layer.
    """
    library = Library.open()
    scenarios = list(library.scenarios())

    async def body(given: dict[str, Json]) -> Any:
        # In a context of its own: the drill's run is not a part of this flow run.
        apart = contextvars.Context()
        told = msgspec.to_builtins(
            await anyio.to_thread.run_sync(
                lambda: apart.run(play, given["scenario"], library=library)
            )
        )
        if not told["passed"]:
            raise Refused(f"rated {told['rating']}, wanted {told['wanted']}: {told['report']}")
        return told

    names = Literal[tuple(scenarios)] if scenarios else str
    about = "Which scenario of playbooks/exercises to play."
    parameters = [_keyword("scenario", Annotated[names, Field(description=about)])]
    return typed_flow("exercise", _words(exercise_flow), parameters, _saying_why(body), version="1")


def _saying_why(body: Body) -> Body:
    """The body, with what went wrong as the flow run's state: one message, key ids masked."""

    async def saying(given: dict[str, Json]) -> Any:
        try:
            return await body(given)
        except FiredoorError as error:
            return Failed(name=type(error).__name__, message=said(str(error)))

    return saying


async def _through(opening: Callable[[str, UUID], Work | None]) -> Any:
    """Go through a run inside the flow run that Prefect has started."""
    context = FlowRunContext.get()
    if context is None or context.flow_run is None:
        raise Refused("this flow is started by Prefect; at a terminal it is `firedoor run`")
    flow_run, name = context.flow_run.id, context.flow_run.name
    work = await anyio.to_thread.run_sync(
        lambda: _known(flow_run, name) or opening("prefect", flow_run)
    )
    if work is None:
        return "nothing to do"
    desk, program, inputs, run = work
    carrier = PrefectCarrier(desk, run, lambda _: None)
    async with get_client() as client:
        await client.set_flow_run_name(flow_run, run_name(desk.incident, program, run))
    carried: Carried[list[StepResult]] = Carried(
        lambda: conduct(desk, program, inputs, carrier, run=run)
    )
    flow = FlowOfRun(desk, program, run, carrier)
    with alone(desk):
        _not_ended(desk, run)
        return await flow.perform(carried, deployed=True)


def _known(flow_run: UUID, name: str) -> Work | None:
    """The run that this flow run has begun before: it goes on.

    Its name only says where to look; that it is this flow run's is read from the journal.
    """
    incident = name.partition(" ")[0]
    if incident not in Office.open(home_of(incident)).journal.incidents():
        return None
    desk = desk_of(incident)
    run = next((run for run, known in flow_runs(desk).items() if known == flow_run), None)
    if run is None:
        return None
    for unended, program, inputs in unfinished(desk.recorder.entries()):
        if unended == run:
            return desk, program, inputs, run
    _not_ended(desk, run)
    return None


def _not_ended(desk: Desk, run: str) -> None:
    """Refused when the run has come to its end, or was undone, in another process perhaps."""
    for entry in reversed(desk.recorder.entries()):
        if entry.kind == "undo.receipt" and (entry.run or "").split(".")[0] == run:
            raise Refused(f"{desk.incident} {run} was undone meanwhile; start another run for it")
        if entry.kind == "run.finished" and entry.data["run"] == run:
            if entry.data["status"] != "waiting":
                raise Refused(f"{desk.incident} {run} has come to its end already")
            return


def _opened(program: Program, given: dict[str, Json], by: str, flow_run: UUID) -> Work:
    """A new incident with a plan that nobody has agreed to."""
    from firedoor.actions.registry import registry  # lazy: the actions, some 50 modules
    from firedoor.aws import connect  # lazy: botocore

    inputs = read_inputs(program.main, given)
    aws = connect()
    plan = make_plan(program, inputs, aws, registry(), aws.target, rules=Library.open().rules())
    office = Office.open()
    incident = opened(
        office,
        aws,
        aws.target,
        title=f"{program.main.title}: started in Prefect",
        severity="high",
        policy=policy_in_force(aws.target),
        by=by,
    )
    desk = open_desk(office, aws, aws.target, incident=incident, by=by)
    write_plan(desk, plan, "r1")
    write_flow_run(desk, "r1", flow_run)
    return desk, program, inputs, "r1"


def _taken_in(raw: Json, by: str, flow_run: UUID) -> Work | None:
    """The incident of a finding, and its run; None where the playbooks say that it is ignored, or
    where the same has run in its incident already."""
    # Lazy: parsers, routes and botocore, for this flow alone.
    from firedoor.engine.intake import ran_already, take_in
    from firedoor.engine.placing import place
    from firedoor.engine.reach import reach
    from firedoor.finding import parse
    from firedoor.routing import route

    library = Library.open()
    findings = list(parse(raw))
    if len(findings) != 1:
        raise Refused(f"the document holds {len(findings)} findings; give each a run of its own")
    finding = findings[0]
    routed = route(finding, library)
    if routed.ignored or not routed.runbook:
        return None
    program = library.program(routed.runbook)
    inputs = read_inputs(program.main, routed.inputs)
    aws = reach(finding.account or None, finding.region or None, doing=[(program, inputs)])
    office = Office.open()
    desk = take_in(
        office,
        aws,
        aws.target,
        finding,
        routed,
        finding.raw,
        joins=place(office, finding, library.rules(), aws.now()),
        policy=policy_in_force(aws.target),
        by=by,
    )
    entries = desk.recorder.entries()
    if ran_already(entries, program.name, inputs):
        return None
    run = next_run(entries)
    write_flow_run(desk, run, flow_run)
    return desk, program, inputs, run


def write_plan(desk: Desk, plan: Plan, run: str) -> None:
    """Journal a plan. That it was made is no approval of it."""
    steps = msgspec.json.encode(plan.steps).decode().replace(NEW_INCIDENT, desk.incident)
    desk.recorder.write(
        "plan.made",
        {
            "run": run,
            "runbook": plan.runbook,
            "digest": plan.digest,
            "steps": msgspec.json.decode(steps),
        },
        run=run,
    )


def _keyword(name: str, annotation: Any) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=annotation)


def _words(function: Callable[..., Any]) -> str:
    return inspect.getdoc(function) or ""
