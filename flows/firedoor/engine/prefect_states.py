"""What Prefect shows of a step or a run: states fitting its status. Nothing reads them back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from prefect.client.schemas.objects import State
from prefect.states import Cancelled, Completed, Failed, Paused, Running

from firedoor.kinds import mask_key_id
from firedoor.render import clean
from firedoor.stages import StepResult

PATIENCE = timedelta(days=30)
"""How long Prefect shows a run as waiting before it calls it failed. Our approvals end earlier."""

LONGEST = 1000
"""Characters of a state's message; the journal has it all."""


def waiting(message: str = "", *, deployed: bool = False) -> State[Any]:
    """A person is asked. A run of a deployment may be resumed by a worker, one of ours may not."""
    return Paused(
        name="WaitingForApproval",
        message=said(message),
        reschedule=deployed,
        timeout_seconds=int(PATIENCE.total_seconds()),
    )


def going_on() -> State[Any]:
    """Somebody has answered."""
    return Running()


def state_of_step(result: StepResult) -> State[Any]:
    """The state of a step's task run."""
    message = said(result.why or f"proof: {result.proof}")
    if result.status == "failed":
        return Failed(message=message)
    if result.status == "refused":
        return Cancelled(name="Refused", message=message)
    names = {"waiting": "WaitingForApproval", "nothing_to_do": "NothingToDo"}
    return Completed(name=names.get(result.status, "Completed"), message=message)


def state_of_run(status: str, message: str = "") -> State[Any] | None:
    """The final state of a flow run with this status of ours; None when it waits for a person."""
    if status == "waiting":
        return None
    text = said(message)
    if status == "refused":
        return Cancelled(name="Refused", message=text)
    if status in ("contained", "done"):
        return Completed(name=status.title(), message=text)
    return Failed(name="NotContained" if status == "not_contained" else "Failed", message=text)


def why_of(results: Sequence[StepResult]) -> str:
    """Which steps failed or were refused, and why."""
    flat = [each for result in results for each in result.flat() if not each.children]
    return "; ".join(
        f"{each.id}: {each.why}" for each in flat if each.status in ("failed", "refused")
    )


def said(text: str) -> str:
    """A text as Prefect may keep it: in one line, not long, key ids masked."""
    line = mask_key_id(clean(text))
    return line if len(line) <= LONGEST else line[: LONGEST - 1] + "…"
