"""Find the ECS cluster that is meant, and tell when none is named or there is none.

A finding about a container can name no cluster: one that runs on an instance by itself. What to do
then is told here, before anything else is done.
Source: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeClusters.html
"""

from __future__ import annotations

from firedoor.actions import contract
from firedoor.actions.contract import Aws, Case, Given, Permission
from firedoor.actions.ecs._cluster import CLUSTER
from firedoor.errors import BadInput, NotFound
from firedoor.kinds import ClusterName, EcsTaskId, Region

PERMISSIONS = (Permission("ecs:DescribeClusters", CLUSTER),)
EXAMPLE = {"cluster": "shop"}


class Input(Given, frozen=True, kw_only=True):
    """The cluster, and the task, where they are named, and the Region."""

    cluster: ClusterName | None = None
    task: EcsTaskId | None = None
    region: Region | None = None


class Output(contract.Output, frozen=True, kw_only=True):
    """The cluster; the task, where one is named; how many tasks run there."""

    cluster: ClusterName
    task: EcsTaskId | None
    running: int


def observe(aws: Aws, given: Input, case: Case) -> Output:
    """The cluster; BadInput when none is named, NotFound when there is none."""
    if not given.cluster:
        raise BadInput(
            "no ECS cluster is named: the container runs on an instance by itself, or in "
            "Kubernetes. Run `firedoor run compromised-instance instance=…` for the instance that "
            "it runs on, or `firedoor run compromised-eks-workload cluster=…`"
        )
    answer = aws.call("ecs", "describe_clusters", region=given.region, clusters=[given.cluster])
    found = answer.get("clusters") or ()
    if not found:
        raise NotFound(
            f"account {aws.account} has no ECS cluster {given.cluster!r} in "
            f"{given.region or aws.region}: check the name and the Region (region=…)"
        )
    running = int(found[0].get("runningTasksCount") or 0)
    return Output(cluster=given.cluster, task=given.task, running=running)
