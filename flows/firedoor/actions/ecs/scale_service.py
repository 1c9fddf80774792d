"""Let a service run no task: its desired count becomes 0.

ECS stops the service's tasks, all of them, and starts none: without this, it puts a new task of the
same image in the place of one that is stopped. The service is down then, so ask. What a stopped
task held in memory and on its disk is lost, and its tags with it: it has to have been kept before.
Where Application Auto Scaling minds the service it may ask for tasks again: the later checks look.
Undoing asks for as many tasks as before, from the task definition that the service has then.
Source: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_UpdateService.html
"""

from __future__ import annotations

from firedoor.actions.contract import Aws, Case, Change, Check, Reopens
from firedoor.actions.ecs import _service
from firedoor.actions.ecs._cluster import Found, OfService, service_of
from firedoor.actions.ecs._service import Setting

PERMISSIONS = _service.PERMISSIONS
EXAMPLE = {"cluster": "shop", "service": "checkout"}
REOPENS = Reopens("tasks of the same image, and whoever got into one, would run again")
DESTROYS = ("ecs.task",)
SETTING = Setting(
    part="desired-count", what="desired tasks", key="desiredCount", option="desired-count"
)

Input = OfService


def observe(aws: Aws, given: OfService, case: Case) -> Found:
    """How many tasks are asked for."""
    return SETTING.observe(aws, given)


def changes(given: OfService, before: Found, case: Case) -> list[Change]:
    """To none."""
    return SETTING.changes(before, 0)


def apply(aws: Aws, given: OfService, change: Change, case: Case) -> None:
    """Set the number; a service that is gone runs nothing."""
    SETTING.apply(aws, given, change, shut=0)


def verify(aws: Aws, given: OfService, case: Case) -> list[Check]:
    """None is asked for; those that are being stopped are told."""
    found = service_of(aws, given.cluster, given.service, given.region)
    what = f"service {given.service} runs no task"
    if found is None:
        return [Check(what=what, holds=True, seen="the service is gone")]
    seen = f"{found.get('desiredCount')} desired, {found.get('runningCount', 0)} still running"
    return [Check(what=what, holds=found.get("desiredCount") == 0, seen=seen)]


commands = SETTING.commands
