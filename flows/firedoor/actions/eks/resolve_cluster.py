"""Find the EKS cluster that is meant, and tell when none is named or there is none.

A finding about several clusters names none of them as the one. What to do then is told here, before
anything else is done.
Source: https://docs.aws.amazon.com/eks/latest/APIReference/API_DescribeCluster.html
"""

from __future__ import annotations

from firedoor.actions import contract
from firedoor.actions.contract import Aws, Case, Given, Permission
from firedoor.actions.eks._cluster import CLUSTER, OfCluster, described
from firedoor.errors import BadInput, NotFound
from firedoor.kinds import ClusterName, Region

PERMISSIONS = (Permission("eks:DescribeCluster", CLUSTER),)
EXAMPLE = {"cluster": "production"}


class Input(Given, frozen=True, kw_only=True):
    """The cluster, where one is named, and its Region."""

    cluster: ClusterName | None = None
    region: Region | None = None


class Output(contract.Output, frozen=True, kw_only=True):
    """The cluster, and its status as EKS says it."""

    cluster: ClusterName
    status: str


def observe(aws: Aws, given: Input, case: Case) -> Output:
    """The cluster; BadInput when none is named, NotFound when there is none."""
    if not given.cluster:
        raise BadInput(
            "no EKS cluster is named: the finding is about several, or about none. Read it, and "
            "run `firedoor run compromised-eks-workload cluster=NAME` for each that it is about"
        )
    found = described(aws, OfCluster(cluster=given.cluster, region=given.region))
    if found is None:
        raise NotFound(
            f"account {aws.account} has no EKS cluster {given.cluster!r} in "
            f"{given.region or aws.region}: check the name and the Region (region=…)"
        )
    return Output(cluster=given.cluster, status=str(found.get("status") or "unknown"))
