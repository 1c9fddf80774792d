"""Let ECS put no more tasks on one container instance, and move those of services away.

For an instance whose host may be in the attacker's hands. Tasks of services are started elsewhere
and stopped here; tasks that no service minds stay. The instance itself goes on running: contain it
as an instance. Undoing makes it ACTIVE again.
Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/container-instance-draining.html
"""

from __future__ import annotations

from firedoor.actions.contract import Aws, Case, Change, Check, Given, Permission, Reopens
from firedoor.actions.ecs._cluster import GONE, Found
from firedoor.errors import AwsError, NotFound
from firedoor.kinds import Arn, ClusterName, Region

ANY = "arn:{partition}:ecs:{region}:{account}:container-instance/{cluster}/*"
PERMISSIONS = (
    Permission("ecs:DescribeContainerInstances", ANY),
    Permission(
        "ecs:UpdateContainerInstancesState",
        "arn:{partition}:ecs:{region}:{account}:cluster/{cluster}",
        "and undo",
    ),
)
EXAMPLE = {
    "cluster": "shop",
    "container_instance": "arn:aws:ecs:eu-central-1:111122223333:container-instance/shop/0123abcd",
}
REOPENS = Reopens("ECS would put tasks on that host again")
DRAINING = "DRAINING"


class Input(Given, frozen=True, kw_only=True):
    """The cluster, its container instance, and the Region."""

    cluster: ClusterName
    container_instance: Arn
    region: Region | None = None


def observe(aws: Aws, given: Input, case: Case) -> Found:
    """Its status."""
    try:
        answer = aws.call(
            "ecs",
            "describe_container_instances",
            region=given.region,
            cluster=given.cluster,
            containerInstances=[given.container_instance],
        )
    except AwsError as error:
        if error.code not in GONE:
            raise
        return Found(parts={}, gone=True)
    found = answer.get("containerInstances") or ()
    if not found:
        return Found(parts={}, gone=True)
    return Found(parts={f"{given.container_instance}#status": found[0]["status"]})


def changes(given: Input, before: Found, case: Case) -> list[Change]:
    """From ACTIVE to DRAINING."""
    return [
        Change(resource=resource, what="status", from_=status, to=DRAINING)
        for resource, status in before.parts.items()
        if status == "ACTIVE"
    ]


def apply(aws: Aws, given: Input, change: Change, case: Case) -> None:
    """Set the status; an instance that is gone takes no tasks."""
    try:
        answer = aws.call(
            "ecs",
            "update_container_instances_state",
            region=given.region,
            cluster=given.cluster,
            containerInstances=[given.container_instance],
            status=str(change.to),
        )
    except AwsError as error:
        if error.code not in GONE:
            raise
        answer = {"failures": [{"reason": "MISSING"}]}
    if answer.get("failures") and change.to != DRAINING:
        raise NotFound(f"{given.container_instance} is gone: it cannot be made active again")


def verify(aws: Aws, given: Input, case: Case) -> list[Check]:
    """It takes no tasks."""
    state = observe(aws, given, case)
    status = next(iter(state.parts.values()), "gone")
    return [
        Check(
            what=f"no task is put on {given.container_instance.rpartition('/')[2]}",
            holds=status != "ACTIVE",
            seen=f"status {status}",
        )
    ]


def commands(change: Change) -> list[list[str]]:
    """The AWS CLI's words."""
    arn = change.resource.split("#", 1)[0]
    cluster = arn.split("/")[1]
    where = ["--cluster", cluster, "--region", arn.split(":")[3]]
    named = ["--container-instances", arn, "--status", str(change.to)]
    return [["ecs", "update-container-instances-state", *where, *named]]
