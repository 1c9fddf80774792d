"""What actions on ECS share: tasks and services by name, and what ECS says of those that are gone.

ECS does not fail for a task or service that it does not know: it lists it under `failures`.
"""

from __future__ import annotations

from typing import Any

from firedoor.actions.contract import Aws, Change, Given, State
from firedoor.errors import AwsError
from firedoor.kinds import ClusterName, EcsServiceName, Region

CLUSTER = "arn:{partition}:ecs:{region}:{account}:cluster/{cluster}"
TASK = "arn:{partition}:ecs:{region}:{account}:task/{cluster}/{task}"
SERVICE = "arn:{partition}:ecs:{region}:{account}:service/{cluster}/{service}"
GONE = frozenset(
    {"ClusterNotFoundException", "ServiceNotFoundException", "ServiceNotActiveException"}
)


class OfService(Given, frozen=True, kw_only=True):
    """A service, the cluster that it runs in, and the Region."""

    cluster: ClusterName
    service: EcsServiceName
    region: Region | None = None


class Found(State, frozen=True, kw_only=True):
    """What was found; `gone`: ECS knows nothing of that name any more."""

    gone: bool = False


def arn_of(aws: Aws, region: str | None, kind: str, *names: str) -> str:
    """The ARN of something in a cluster."""
    return f"arn:{aws.partition}:ecs:{region or aws.region}:{aws.account}:{kind}/{'/'.join(names)}"


def service_of(aws: Aws, cluster: str, service: str, region: str | None) -> dict[str, Any] | None:
    """The service as ECS describes it; None when there is none, or it is over."""
    try:
        answer = aws.call(
            "ecs", "describe_services", region=region, cluster=cluster, services=[service]
        )
    except AwsError as error:
        if error.code not in GONE:
            raise
        return None
    found = answer.get("services") or ()
    return found[0] if found and found[0].get("status") != "INACTIVE" else None


def task_of(aws: Aws, cluster: str, task: str, region: str | None) -> dict[str, Any] | None:
    """The task with its tags; None when ECS knows it no more."""
    try:
        answer = aws.call(
            "ecs",
            "describe_tasks",
            region=region,
            cluster=cluster,
            tasks=[task],
            include=["TAGS"],
        )
    except AwsError as error:
        if error.code not in GONE:
            raise
        return None
    found = answer.get("tasks") or ()
    return found[0] if found else None


def cli(change: Change, operation: str, *words: str) -> list[list[str]]:
    """The AWS CLI's words for a call about the service that a change's resource names."""
    arn = change.resource.split("#", 1)[0]
    _, cluster, service = arn.split(":", 5)[5].split("/")
    named = ["--cluster", cluster, "--service", service, "--region", arn.split(":")[3]]
    return [["ecs", operation, *named, *words]]
