"""Switch ECS Exec off for a service: nobody gets a shell in the tasks that it starts from now on.

With ECS Exec, whoever may call ecs:ExecuteCommand runs commands in a container. Tasks that run
already keep it until they are stopped. Undoing switches it on again.
Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-exec.html
"""

from __future__ import annotations

from firedoor.actions.contract import Aws, Case, Change, Check, Reopens
from firedoor.actions.ecs import _service
from firedoor.actions.ecs._cluster import Found, OfService
from firedoor.actions.ecs._service import Setting

PERMISSIONS = _service.PERMISSIONS
EXAMPLE = {"cluster": "shop", "service": "checkout"}
REOPENS = Reopens("whoever may call ecs:ExecuteCommand would get a shell in new tasks")
SETTING = Setting(
    part="execute-command",
    what="ECS Exec",
    key="enableExecuteCommand",
    option="enable-execute-command",
)

Input = OfService


def observe(aws: Aws, given: OfService, case: Case) -> Found:
    """Whether it is on; a service that does not say has it off."""
    found = SETTING.observe(aws, given)
    return Found(parts={key: bool(value) for key, value in found.parts.items()}, gone=found.gone)


def changes(given: OfService, before: Found, case: Case) -> list[Change]:
    """Off."""
    return SETTING.changes(before, False)


def apply(aws: Aws, given: OfService, change: Change, case: Case) -> None:
    """Switch it; nobody gets into a service that is gone."""
    SETTING.apply(aws, given, change, shut=False)


def verify(aws: Aws, given: OfService, case: Case) -> list[Check]:
    """It is off."""
    state = observe(aws, given, case)
    on = any(state.parts.values())
    seen = "the service is gone" if state.gone else "ECS Exec is on" if on else "ECS Exec is off"
    return [Check(what=f"new tasks of {given.service} give no shell", holds=not on, seen=seen)]


commands = SETTING.commands
