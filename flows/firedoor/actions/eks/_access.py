"""Access entries of a cluster: which principals of IAM are whom in Kubernetes."""

from __future__ import annotations

from typing import Any

from firedoor.actions.contract import Aws
from firedoor.actions.eks._cluster import GONE, OfCluster, ask
from firedoor.errors import AwsError, Refused
from firedoor.kinds import Arn

ENTRY = "arn:{partition}:eks:{region}:{account}:access-entry/{cluster}/*"
NODES = frozenset({"EC2_LINUX", "EC2_WINDOWS", "FARGATE_LINUX", "EC2", "HYBRID_LINUX"})
"""Types of entries that nodes join the cluster by."""


class OfPrincipal(OfCluster, frozen=True, kw_only=True):
    """The cluster, and the IAM user or role that the entry is of."""

    principal: Arn


def entry_of(aws: Aws, given: OfCluster, principal: str) -> dict[str, Any] | None:
    """The access entry of a principal; None when there is none."""
    answer = ask(
        aws,
        given,
        "describe_access_entry",
        clusterName=given.cluster,
        principalArn=principal,
    )
    return None if answer is None else dict(answer["accessEntry"])


def policies_of(aws: Aws, given: OfCluster, principal: str) -> dict[str, Any]:
    """The access policies of an entry: ARN to scope."""
    try:
        found = aws.pages(
            "eks",
            "list_associated_access_policies",
            "associatedAccessPolicies",
            region=given.region,
            clusterName=given.cluster,
            principalArn=principal,
        )
        return {str(each["policyArn"]): dict(each["accessScope"]) for each in found}
    except AwsError as error:
        if error.code in GONE:
            return {}
        raise


def refuse_nodes(entry: dict[str, Any]) -> None:
    """Refused for an entry that nodes join by: without it they fall out of the cluster."""
    if str(entry.get("type") or "STANDARD") in NODES:
        raise Refused(
            f"{entry['principalArn']} is an entry of type {entry['type']}: nodes join by it, and "
            "without it they and all their pods fall out of the cluster",
            rule="entry of nodes",
            instead="Cut the role's sessions and replace the node instead",
        )
