"""Let only some addresses reach a cluster's public endpoint, or none.

With `cidrs` the endpoint of Kubernetes' API answers these ranges alone. Without, its public side is
switched off: that is refused while the private side is off as well, since then nobody, the nodes
included, could reach the cluster. Whoever works from elsewhere, firedoor and pipelines too, is
locked out: ask first. It takes minutes. Undoing puts back both settings as they were.
Source: https://docs.aws.amazon.com/eks/latest/userguide/cluster-endpoint.html
"""

from __future__ import annotations

from typing import Any

import msgspec

from firedoor.actions.contract import Aws, Case, Change, Check, Permission, Reopens
from firedoor.actions.eks._cluster import (
    CLUSTER,
    Found,
    OfCluster,
    arn_of,
    cli,
    configure,
    described,
    gone_check,
)
from firedoor.errors import Refused
from firedoor.kinds import Cidr

PERMISSIONS = (
    Permission("eks:DescribeCluster", CLUSTER),
    Permission("eks:UpdateClusterConfig", CLUSTER, "and undo"),
)
EXAMPLE = {"cluster": "production", "cidrs": ["198.51.100.0/24"]}
REOPENS = Reopens("the cluster's endpoint would answer the addresses that it answered before")
EVERYWHERE = "0.0.0.0/0"


class Input(OfCluster, frozen=True, kw_only=True):
    """The cluster, and the ranges that its public endpoint is to answer; none: no public side."""

    cidrs: list[Cidr] = msgspec.field(default_factory=list)


class State(Found, frozen=True, kw_only=True):
    """Whom the public side answers; `private`: whether the private side is on."""

    private: bool = False


def observe(aws: Aws, given: Input, case: Case) -> State:
    """The public side: its ranges, or that it is off."""
    cluster = described(aws, given)
    if cluster is None:
        return State(parts={}, gone=True)
    config = cluster.get("resourcesVpcConfig") or {}
    return State(
        parts={f"{arn_of(aws, given)}#public-endpoint": _public(config)},
        private=bool(config.get("endpointPrivateAccess")),
    )


def _public(config: dict[str, Any]) -> list[str]:
    # What EKS does not say is its default: public, to everybody.
    if not config.get("endpointPublicAccess", True):
        return []
    return sorted(config.get("publicAccessCidrs") or [EVERYWHERE])


def changes(given: Input, before: State, case: Case) -> list[Change]:
    """To the ranges that are wanted; Refused when nobody could reach the cluster any more."""
    if before.gone:
        return []
    if not given.cidrs and not before.private:
        raise Refused(
            f"the private side of {given.cluster!r} is off: without the public one nobody, its "
            "nodes included, would reach the cluster",
            rule="nobody left inside",
            instead="Give cidrs=…, or switch the private side on first",
        )
    wanted = sorted(given.cidrs)
    return [
        Change(resource=resource, what="public endpoint", from_=now, to=wanted)
        for resource, now in before.parts.items()
        if now != wanted
    ]


def apply(aws: Aws, given: Input, change: Change, case: Case) -> None:
    """Set it; nobody reaches a cluster that is gone."""
    configure(aws, given, change, shut=sorted(given.cidrs), resourcesVpcConfig=_config(change))


def _config(change: Change) -> dict[str, Any]:
    ranges = list(change.to or ())
    if not ranges:
        return {"endpointPublicAccess": False}
    return {"endpointPublicAccess": True, "publicAccessCidrs": ranges}


def verify(aws: Aws, given: Input, case: Case) -> list[Check]:
    """It answers the ranges that are wanted, and no more."""
    state = observe(aws, given, case)
    what = f"the endpoint of {given.cluster} answers {', '.join(given.cidrs) or 'nobody outside'}"
    if state.gone:
        return [gone_check(given, "answers nobody")]
    now = next(iter(state.parts.values()))
    seen = ", ".join(now) or "public access is off"
    return [Check(what=what, holds=now == sorted(given.cidrs), seen=seen)]


def commands(change: Change) -> list[list[str]]:
    """The AWS CLI's words."""
    ranges = list(change.to or ())
    text = f"endpointPublicAccess={'true' if ranges else 'false'}"
    if ranges:
        text += f",publicAccessCidrs={','.join(ranges)}"
    words = ["--resources-vpc-config", text]
    return [cli(change, "update-cluster-config", *words, name="--name")]
