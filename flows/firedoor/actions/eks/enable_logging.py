"""Switch on the logs of a cluster's control plane, the audit log above all.

Without the audit log nobody can say what was done in Kubernetes, and GuardDuty's own view of it
does not show it to you. All five logs go to CloudWatch from then on; what happened before is in
none of them. It costs by volume. Undoing switches off those that were off before.
Source: https://docs.aws.amazon.com/eks/latest/userguide/control-plane-logs.html
"""

from __future__ import annotations

import json
from typing import Any

from firedoor.actions.contract import NEVER, Aws, Case, Change, Check, Permission
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

PERMISSIONS = (
    Permission("eks:DescribeCluster", CLUSTER),
    Permission("eks:UpdateClusterConfig", CLUSTER, "and undo"),
)
EXAMPLE = {"cluster": "production"}
REOPENS = NEVER
ALL = ["api", "audit", "authenticator", "controllerManager", "scheduler"]

Input = OfCluster


def observe(aws: Aws, given: OfCluster, case: Case) -> Found:
    """Which logs are on."""
    cluster = described(aws, given)
    if cluster is None:
        return Found(parts={}, gone=True)
    return Found(parts={f"{arn_of(aws, given)}#logging": list(enabled(cluster))})


def enabled(cluster: dict[str, Any]) -> list[str]:
    """The logs of a cluster that are on, sorted."""
    groups = (cluster.get("logging") or {}).get("clusterLogging") or ()
    return sorted({kind for group in groups if group.get("enabled") for kind in group["types"]})


def changes(given: OfCluster, before: Found, case: Case) -> list[Change]:
    """All of them on."""
    return [
        Change(resource=resource, what="control plane logs", from_=on, to=sorted(ALL))
        for resource, on in before.parts.items()
        if on != sorted(ALL)
    ]


def apply(aws: Aws, given: OfCluster, change: Change, case: Case) -> None:
    """Switch them; a cluster that is gone logs nothing."""
    configure(aws, given, change, shut=sorted(ALL), logging=_logging(change))


def _logging(change: Change) -> dict[str, Any]:
    on = [kind for kind in ALL if kind in (change.to or ())]
    off = [kind for kind in ALL if kind not in on]
    groups = [{"types": kinds, "enabled": state} for kinds, state in ((on, True), (off, False))]
    return {"clusterLogging": [group for group in groups if group["types"]]}


def verify(aws: Aws, given: OfCluster, case: Case) -> list[Check]:
    """All of them are on."""
    state = observe(aws, given, case)
    if state.gone:
        return [gone_check(given, "logs what is done in it")]
    on = next(iter(state.parts.values()))
    seen = f"on: {', '.join(on) or 'none'}"
    return [Check(what=f"{given.cluster} logs what is done in it", holds="audit" in on, seen=seen)]


def commands(change: Change) -> list[list[str]]:
    """The AWS CLI's words."""
    text = json.dumps(_logging(change), separators=(",", ":"))
    return [cli(change, "update-cluster-config", "--logging", text, name="--name")]
