"""Makes one change of an action, and judges its proof."""

from __future__ import annotations

from typing import Any

import msgspec

from firedoor.actions.contract import Action, Aws, Case, Change, Check, State
from firedoor.errors import AwsUnreachable, RunFailed
from firedoor.stages import Node

REPEATS = 3
"""How often a change is repeated after a lost reply that turns out not to have taken."""


def read_given(action: Action, node: Node) -> Any:
    """The step's `with`, resolved, as the action's Input; RunFailed when a value does not fit."""
    given = {key: value for key, value in node.given.items() if value is not None}
    try:
        return msgspec.convert(given, action.Input)
    except msgspec.ValidationError as error:
        raise RunFailed(
            f"{action.name} cannot start: {error}; an earlier step did not yield what it needs",
            where=f"step {node.id}",
        ) from None


def apply_once(aws: Aws, action: Action, given: Any, change: Change, case: Case) -> list[str]:
    """Make one change; after a lost reply observe, and repeat only if it did not take."""
    assert action.apply
    for attempt in range(REPEATS):
        with aws.requests() as requests:
            try:
                action.apply(aws, given, change, case)
                return requests
            except AwsUnreachable as error:
                lost = error
        seen: State = action.observe(aws, given, case)
        if seen.parts.get(change.resource) == change.to:
            return requests or [f"lost reply, observed done (attempt {attempt + 1})"]
    raise lost


def judge(checks: list[Check]) -> bool | None:
    """All hold: True. Any broken: False. Otherwise something could not be looked at: None."""
    if any(check.holds is False for check in checks):
        return False
    if not checks or any(check.holds is None for check in checks):
        return None
    return True
