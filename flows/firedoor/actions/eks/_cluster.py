"""What actions on EKS clusters share: the cluster, and changes of its configuration with patience.

EKS makes one change of a cluster at a time and refuses others meanwhile (ResourceInUseException).
"""

from __future__ import annotations

from typing import Any

from firedoor.actions.contract import Aws, Change, Check, Given, State
from firedoor.errors import AwsError, NotFound, RunFailed
from firedoor.kinds import ClusterName, Region

CLUSTER = "arn:{partition}:eks:{region}:{account}:cluster/{cluster}"
GONE = frozenset({"ResourceNotFoundException"})
BUSY = "ResourceInUseException"
PATIENCE = (5.0, 10.0, 20.0, 30.0, 30.0)


class OfCluster(Given, frozen=True, kw_only=True):
    """The cluster, and its Region."""

    cluster: ClusterName
    region: Region | None = None


class Found(State, frozen=True, kw_only=True):
    """What was found of a cluster; `gone`: EKS knows none of that name."""

    gone: bool = False


def described(aws: Aws, given: OfCluster) -> dict[str, Any] | None:
    """The cluster as EKS describes it; None when there is none."""
    answer = ask(aws, given, "describe_cluster", name=given.cluster)
    return None if answer is None else dict(answer["cluster"])


def ask(aws: Aws, given: OfCluster, operation: str, /, **more: Any) -> dict[str, Any] | None:
    """A call; None when EKS says that there is no such thing."""
    try:
        return aws.call("eks", operation, region=given.region, **more)
    except AwsError as error:
        if error.code in GONE:
            return None
        raise


def configure(aws: Aws, given: OfCluster, change: Change, *, shut: Any, **to: Any) -> None:
    """Change the cluster's configuration; while EKS is busy with it, it is asked again."""
    for pause in (*PATIENCE, None):
        try:
            done = ask(aws, given, "update_cluster_config", name=given.cluster, **to)
        except AwsError as error:
            if error.code == "InvalidParameterException" and "already at the desired" in str(error):
                return
            if error.code != BUSY:
                raise
            if pause is None:
                raise RunFailed(
                    f"{change.what} of {given.cluster} is NOT changed: EKS is still making another "
                    "change of it. Run this again when its status is ACTIVE"
                ) from error
            aws.wait(pause)
        else:
            if done is None and change.to != shut:
                raise NotFound(f"cluster {given.cluster!r} has been deleted since")
            return


def arn_of(aws: Aws, given: OfCluster) -> str:
    """The cluster's ARN."""
    region = given.region or aws.region
    return f"arn:{aws.partition}:eks:{region}:{aws.account}:cluster/{given.cluster}"


def gone_check(given: OfCluster, what: str) -> Check:
    """The check of a cluster that is not there any more."""
    return Check(what=f"{given.cluster} {what}", holds=True, seen="the cluster has been deleted")


def cli(change: Change, operation: str, *words: str, name: str = "--cluster-name") -> list[str]:
    """The AWS CLI's words for a call about the cluster that a change's resource names."""
    arn = change.resource.split("#", 1)[0]
    named = [name, arn.rpartition("/")[2], "--region", arn.split(":")[3]]
    return ["eks", operation, *named, *words]
