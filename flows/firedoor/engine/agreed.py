"""What a run by hand begins with: its incident's title, its plan as it was shown, the yes to it."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from firedoor.engine.desk import Desk
from firedoor.plan import NEW_INCIDENT, PLANNED_RUN, Plan, plan_json
from firedoor.program import Program
from firedoor.runbook import Json


def journal_plan(desk: Desk, plan: Plan, run: str, how: str) -> None:
    """The plan as it was shown; where somebody said yes to it (`how` says where), that too.

    The yes covers the run's steps without their own `approve:`. It is the desk's user who gave it.
    """
    seals = desk.recorder.seals
    sealed = [
        msgspec.structs.replace(step, changes=tuple(map(seals.recordable, step.changes)))
        for step in plan.steps
    ]
    told = plan_json(msgspec.structs.replace(plan, steps=tuple(sealed)))
    text = msgspec.json.encode(told["steps"]).decode()
    steps = msgspec.json.decode(text.replace(NEW_INCIDENT, desk.incident))
    for step in steps:
        # A plan is made before the run has its number.
        step["run"] = run + step["run"].removeprefix(PLANNED_RUN)
    desk.recorder.write(
        "plan.made",
        {"run": run, "runbook": plan.runbook, "digest": plan.digest, "steps": steps},
        run=run,
    )
    if how:
        desk.recorder.write(
            "approval.given",
            {
                "id": f"{desk.incident}-plan-{run}",
                "steps": ["*"],
                "reason": f"plan {plan.digest[:12]}",
                "how": how,
                "waited_seconds": 0.0,
            },
            run=run,
        )


def title_of(program: Program, given: Mapping[str, Json]) -> str:
    """The title of an incident that is opened by hand: `Shut out …: ci-deployer`."""
    about = ", ".join(str(each) for key, each in given.items() if key != "lookback")
    return f"{program.main.title}: {about or 'no inputs'}"
