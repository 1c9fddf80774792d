"""Keep what EKS says of a cluster: who may get in, how it is reached, and what it logs.

The cluster with its endpoint and logging, its node groups, access entries with their policies, pod
identity associations, and the end of the audit log, of one user where one is named. Says what later
steps ask: whether the audit log is on, whom the public endpoint answers, which principal of IAM the
named Kubernetes user is, and which role the named service account gets. What lies inside Kubernetes
(RBAC, aws-auth, pods) is not in EKS's API: eks.kubernetes_steps says how people keep it.
Source: https://docs.aws.amazon.com/eks/latest/APIReference/API_DescribeCluster.html
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from firedoor.actions import contract
from firedoor.actions._side_by_side import side_by_side
from firedoor.actions.contract import Artefact, Aws, Case, Permission
from firedoor.actions.eks._access import ENTRY, NODES, entry_of, policies_of
from firedoor.actions.eks._cluster import CLUSTER, OfCluster, ask, described
from firedoor.actions.eks.enable_logging import enabled
from firedoor.kinds import (
    Arn,
    Cidr,
    Duration,
    IamRoleName,
    KubernetesName,
    KubernetesUser,
    parse_duration,
)

PERMISSIONS = (
    Permission("eks:DescribeCluster", CLUSTER),
    Permission("eks:ListNodegroups", CLUSTER),
    Permission(
        "eks:DescribeNodegroup", "arn:{partition}:eks:{region}:{account}:nodegroup/{cluster}/*"
    ),
    Permission("eks:ListAccessEntries", CLUSTER),
    Permission("eks:DescribeAccessEntry", ENTRY),
    Permission("eks:ListAssociatedAccessPolicies", ENTRY),
    Permission("eks:ListPodIdentityAssociations", CLUSTER),
    Permission(
        "eks:DescribePodIdentityAssociation",
        "arn:{partition}:eks:{region}:{account}:podidentityassociation/{cluster}/*",
    ),
    Permission(
        "logs:FilterLogEvents",
        "arn:{partition}:logs:{region}:{account}:log-group:/aws/eks/{cluster}/cluster*",
    ),
)
EXAMPLE = {"cluster": "production", "user": "system:serviceaccount:shop:checkout"}
KEEPS = ("eks.cluster", "eks.access_entries")
LOG_EVENTS = 1000
MOST_ENTRIES = 100


class Input(OfCluster, frozen=True, kw_only=True):
    """The cluster; the user, and the service account, that the finding names; how far back."""

    user: KubernetesUser | None = None
    namespace: KubernetesName | None = None
    service_account: KubernetesName | None = None
    lookback: Duration = "24h"


class Output(contract.Output, frozen=True, kw_only=True):
    """What later steps ask about; the rest is in the kept document.

    `principal`: the IAM principal whose entry makes it the named user, when it may be taken out
    (`node`: it is a node's instead). `pod_role`: the role that the named service account gets.
    `public`: the ranges that the public endpoint answers.
    """

    exists: bool
    audit: bool
    public: list[Cidr]
    public_said: str
    private: bool
    principal: Arn | None
    node: bool
    namespace: KubernetesName | None
    service_account: KubernetesName | None
    pod_role: IamRoleName | None
    entries: int
    keep: tuple[Artefact, ...]
    unknown: tuple[str, ...]
    not_kept: tuple[str, ...]


def observe(aws: Aws, given: Input, case: Case) -> Output:
    """The cluster first, then everything about it, side by side."""
    cluster = described(aws, given)
    namespace, account = _service_account(given)
    if cluster is None:
        return _absent(given, namespace, account)
    reads: dict[str, Callable[[], Any]] = {
        "node_groups": lambda: _node_groups(aws, given),
        "access_entries": lambda: _entries(aws, given),
        "pod_identities": lambda: _pod_identities(aws, given, namespace, account),
    }
    on = enabled(cluster)
    if "audit" in on:
        reads["audit_log"] = lambda: _audit_log(aws, given, case)
    found, refused = side_by_side(reads)
    unknown = [f"{name.replace('_', ' ')} of {given.cluster}: {why}" for name, why in refused]
    if "audit" not in on:
        unknown.append(
            f"the audit log of {given.cluster} is off: what was done in Kubernetes cannot be known"
        )
    entries: list[dict[str, Any]] = found.get("access_entries", [])
    if len(entries) > MOST_ENTRIES:
        unknown.append(f"{given.cluster} has more than {MOST_ENTRIES} access entries")
    mine = next((one for one in entries if _is(one, given.user)), None)
    node = bool(given.user and given.user.startswith("system:node:"))
    pods = found.get("pod_identities", [])
    config = cluster.get("resourcesVpcConfig") or {}
    public = config.get("endpointPublicAccess", True)
    ranges = list(config.get("publicAccessCidrs") or ["0.0.0.0/0"]) if public else []
    role = str(pods[0].get("roleArn") or "").rpartition("/")[2] if account and pods else ""
    return Output(
        exists=True,
        audit="audit" in on,
        public=ranges,
        public_said=", ".join(ranges) or "nobody",
        private=bool(config.get("endpointPrivateAccess")),
        principal=str(mine["principalArn"]) if mine and mine.get("type") not in NODES else None,
        node=node or bool(mine and mine.get("type") in NODES),
        namespace=namespace,
        service_account=account,
        pod_role=role or None,
        entries=len(entries),
        keep=(
            Artefact(
                name=f"eks-cluster-{given.cluster}",
                content={"cluster": cluster, **found},
                about=f"EKS cluster {given.cluster} before containment",
            ),
        ),
        unknown=tuple(unknown),
        not_kept=() if "access_entries" in found else ("eks.access_entries",),
    )


def _absent(given: Input, namespace: str | None, account: str | None) -> Output:
    return Output(
        exists=False,
        audit=False,
        public=[],
        public_said="nobody",
        private=False,
        principal=None,
        node=False,
        namespace=namespace,
        service_account=account,
        pod_role=None,
        entries=0,
        keep=(),
        unknown=(f"EKS knows no cluster {given.cluster!r} there: it has been deleted",),
        not_kept=KEEPS,
    )


def _service_account(given: Input) -> tuple[str | None, str | None]:
    """The namespace and service account that are named, or that the user's name says."""
    parts = (given.user or "").split(":")
    if parts[:2] == ["system", "serviceaccount"] and len(parts) == 4:
        return given.namespace or parts[2], given.service_account or parts[3]
    return given.namespace, given.service_account


def _is(entry: dict[str, Any], user: str | None) -> bool:
    """Whether an access entry makes its principal the user: by name, or by a session of a role."""
    if not user:
        return False
    said, arn = str(entry.get("username") or ""), str(entry.get("principalArn") or "")
    if user in (said, arn):
        return True
    # arn:aws:sts::1:assumed-role/NAME/{{SessionName}} stands for every session of the role.
    fixed = said.partition("{{")[0]
    return bool("{{" in said and fixed and user.startswith(fixed))


def _node_groups(aws: Aws, given: Input) -> list[dict[str, Any]]:
    names = aws.pages(
        "eks", "list_nodegroups", "nodegroups", region=given.region, clusterName=given.cluster
    )
    return [
        aws.call(
            "eks",
            "describe_nodegroup",
            region=given.region,
            clusterName=given.cluster,
            nodegroupName=name,
        )["nodegroup"]
        for name in names
    ]


def _entries(aws: Aws, given: Input) -> list[dict[str, Any]]:
    found = []
    names = aws.pages(
        "eks",
        "list_access_entries",
        "accessEntries",
        region=given.region,
        clusterName=given.cluster,
    )
    for number, principal in enumerate(names):
        if number >= MOST_ENTRIES:
            found.append({"principalArn": str(principal), "not_read": True})
            continue
        entry = entry_of(aws, given, str(principal))
        if entry is not None:
            policies = policies_of(aws, given, str(principal))
            found.append({**entry, "accessPolicies": policies})
    return found


def _pod_identities(
    aws: Aws, given: Input, namespace: str | None, account: str | None
) -> list[dict[str, Any]]:
    """Associations, of the named service account where one is named."""
    narrow = {"namespace": namespace} if namespace else {}
    if namespace and account:
        narrow["serviceAccount"] = account
    listed = aws.pages(
        "eks",
        "list_pod_identity_associations",
        "associations",
        region=given.region,
        clusterName=given.cluster,
        **narrow,
    )
    found = []
    for each in listed:
        answer = ask(
            aws,
            given,
            "describe_pod_identity_association",
            clusterName=given.cluster,
            associationId=each["associationId"],
        )
        if answer is not None:
            found.append(dict(answer["association"]))
    return found


def _audit_log(aws: Aws, given: Input, case: Case) -> list[Any]:
    """The audit log of the named user (of everybody without one), at most `LOG_EVENTS` events."""
    since = case.now - parse_duration(given.lookback)
    # In quotes it is a text to be found, not a pattern; a user's name holds no quotes.
    narrow = {"filterPattern": f'"{given.user}"'} if given.user else {}
    answer = aws.call(
        "logs",
        "filter_log_events",
        region=given.region,
        logGroupName=f"/aws/eks/{given.cluster}/cluster",
        logStreamNamePrefix="kube-apiserver-audit",
        startTime=int(since.timestamp() * 1000),
        limit=LOG_EVENTS,
        **narrow,
    )
    return list(answer.get("events") or ())
