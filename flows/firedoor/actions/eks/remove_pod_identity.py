"""Give the pods of a service account no credentials of AWS any more: its association is deleted.

EKS Pod Identity hands a role's credentials to every pod of the service account. Without the
association no new ones are handed out; those that a pod holds stay valid until they expire, which
is why the role's older sessions have to be cut as well. Healthy pods of the same service account
lose theirs too: ask first. Credentials through IRSA do not go this way: there the role's trust
decides. Undoing makes an association of the same role again, under a new id.
Source: https://docs.aws.amazon.com/eks/latest/userguide/pod-identities.html
"""

from __future__ import annotations

from firedoor.actions.contract import Aws, Case, Change, Check, Permission, Reopens
from firedoor.actions.eks._cluster import (
    CLUSTER,
    GONE,
    Found,
    OfCluster,
    arn_of,
    ask,
    cli,
)
from firedoor.errors import AwsError, NotFound
from firedoor.kinds import KubernetesName

ASSOCIATION = "arn:{partition}:eks:{region}:{account}:podidentityassociation/{cluster}/*"
PERMISSIONS = (
    Permission("eks:ListPodIdentityAssociations", CLUSTER),
    Permission("eks:DescribePodIdentityAssociation", ASSOCIATION),
    Permission("eks:DeletePodIdentityAssociation", ASSOCIATION),
    Permission("eks:CreatePodIdentityAssociation", CLUSTER, "undo"),
    Permission(
        "iam:PassRole",
        "arn:{partition}:iam::{account}:role/*",
        "undo",
        {"StringEquals": {"iam:PassedToService": "pods.eks.amazonaws.com"}},
    ),
)
EXAMPLE = {"cluster": "production", "namespace": "shop", "service_account": "checkout"}
REOPENS = Reopens("pods of the service account would get the role's credentials again")


class Input(OfCluster, frozen=True, kw_only=True):
    """The cluster, and the service account with its namespace."""

    namespace: KubernetesName
    service_account: KubernetesName


class State(Found, frozen=True, kw_only=True):
    """The role that the service account gets; `ids`: its associations."""

    ids: tuple[str, ...] = ()


def observe(aws: Aws, given: Input, case: Case) -> State:
    """The association of the service account."""
    try:
        listed = list(
            aws.pages(
                "eks",
                "list_pod_identity_associations",
                "associations",
                region=given.region,
                clusterName=given.cluster,
                namespace=given.namespace,
                serviceAccount=given.service_account,
            )
        )
    except AwsError as error:
        if error.code not in GONE:
            raise
        return State(parts={}, gone=True)
    ids = tuple(str(each["associationId"]) for each in listed)
    if not ids:
        return State(parts={})
    answer = ask(
        aws,
        given,
        "describe_pod_identity_association",
        clusterName=given.cluster,
        associationId=ids[0],
    )
    role = str((answer or {}).get("association", {}).get("roleArn") or "")
    return State(parts={_resource(aws, given): role}, ids=ids)


def changes(given: Input, before: State, case: Case) -> list[Change]:
    """It to none."""
    return [
        Change(resource=resource, what="pod identity", from_=role, to=None)
        for resource, role in before.parts.items()
    ]


def apply(aws: Aws, given: Input, change: Change, case: Case) -> None:
    """Delete the association, or make one of the same role; NotFound when the cluster is gone."""
    state = observe(aws, given, case)
    if change.to is None:
        for number in state.ids:
            ask(
                aws,
                given,
                "delete_pod_identity_association",
                clusterName=given.cluster,
                associationId=number,
            )
        return
    if state.parts.get(change.resource) == change.to:
        return
    made = ask(
        aws,
        given,
        "create_pod_identity_association",
        clusterName=given.cluster,
        namespace=given.namespace,
        serviceAccount=given.service_account,
        roleArn=str(change.to),
    )
    if made is None:
        raise NotFound(f"cluster {given.cluster!r} has been deleted since")


def verify(aws: Aws, given: Input, case: Case) -> list[Check]:
    """There is none."""
    left = observe(aws, given, case).parts
    who = f"{given.namespace}/{given.service_account}"
    seen = ", ".join(str(role).rpartition("/")[2] for role in left.values()) or "no association"
    return [Check(what=f"pods of {who} get no role's credentials", holds=not left, seen=seen)]


def _resource(aws: Aws, given: Input) -> str:
    return f"{arn_of(aws, given)}#pod-identity/{given.namespace}/{given.service_account}"


def commands(change: Change) -> list[list[str]]:
    """The AWS CLI's words; the association's id is to be put in."""
    if change.to is None:
        return [cli(change, "delete-pod-identity-association", "--association-id", "ASSOCIATION")]
    namespace, _, account = change.resource.partition("#pod-identity/")[2].partition("/")
    words = ["--namespace", namespace, "--service-account", account, "--role-arn", str(change.to)]
    return [cli(change, "create-pod-identity-association", *words)]
