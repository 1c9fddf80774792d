"""What GuardDuty's `resource` block says of the things attacked, from all its `*Details` blocks.

Several blocks may be there at once, and which is there does not tell what the finding is about:
each is read for what it names.
https://docs.aws.amazon.com/guardduty/latest/APIReference/API_Resource.html
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from firedoor.findings.naming import named, several
from firedoor.findings.text import Doubts, at, items, mapping, text

# `kubernetesWorkloadDetails.type` of a pod.
_PODS = ("pod", "pods")


def things(resource: Any, call: Any, doubts: Doubts) -> dict[str, Any]:
    """The fields of `Resource` for what is attacked. `call`: the finding's `awsApiCallAction`."""
    fields = {
        **_storage(resource, call, doubts),
        **_machine(resource, doubts),
        **_containers(resource, doubts),
        **_kubernetes(resource, doubts),
        **_databases(resource, doubts),
        **_rest(resource, call, doubts),
    }
    return {name: value for name, value in fields.items() if value}


def one_or_all(
    doubts: Doubts, one: str, several_: str, values: Iterable[Any]
) -> dict[str, str | tuple[str, ...] | None]:
    """A single name in its own field, several in the list."""
    found = several(doubts, one, values)
    return {one: found[0]} if len(found) == 1 else {several_: found}


def _storage(resource: Any, call: Any, doubts: Doubts) -> dict[str, Any]:
    buckets = items(resource, "s3BucketDetails")
    names = [at(each, "name") for each in buckets]
    if not buckets and at(resource, "resourceType") in ("S3Bucket", "S3Object"):
        names = [at(call, "affectedResources", "AWS::S3::Bucket")]
    objects = [each for bucket in buckets for each in items(bucket, "s3ObjectDetails")]
    scanned = mapping(resource, "ebsVolumeDetails")
    volumes = [*items(scanned, "scannedVolumeDetails"), *items(scanned, "skippedVolumeDetails")]
    arns = [at(resource, "ebsSnapshotDetails", "snapshotArn")]
    arns += [at(each, "snapshotArn") for each in volumes]
    return {
        **one_or_all(doubts, "bucket", "buckets", names),
        # A key of an object is any text up to 1,024 bytes.
        "objects": tuple(key for each in objects if (key := text(at(each, "key"), 1024))),
        **one_or_all(doubts, "volume", "volumes", (at(each, "volumeArn") for each in volumes)),
        **one_or_all(doubts, "snapshot", "snapshots", arns),
        "image": named(doubts, "image", at(resource, "ec2ImageDetails", "imageArn")),
        "recovery_point": named(
            doubts, "recovery_point", at(resource, "recoveryPointDetails", "recoveryPointArn")
        ),
        "vault": text(at(resource, "recoveryPointDetails", "backupVaultName"), 50),
    }


def _machine(resource: Any, doubts: Doubts) -> dict[str, Any]:
    machine = mapping(resource, "instanceDetails")
    cards = items(machine, "networkInterfaces")
    image = named(doubts, "image", at(machine, "imageId"))
    found = {
        "instance": named(doubts, "instance", at(machine, "instanceId")),
        "profile": named(doubts, "profile", at(machine, "iamInstanceProfile", "arn")),
        "network_interfaces": several(
            doubts, "network_interface", (at(each, "networkInterfaceId") for each in cards)
        ),
    }
    # The image a machine was made from; not over one that was itself looked at.
    return found | ({"image": image} if image and not mapping(resource, "ec2ImageDetails") else {})


def _containers(resource: Any, doubts: Doubts) -> dict[str, Any]:
    task = mapping(resource, "ecsClusterDetails", "taskDetails")
    workload = mapping(resource, "kubernetesDetails", "kubernetesWorkloadDetails")
    container = mapping(resource, "containerDetails")
    first = next(iter([*items(task, "containers"), *items(workload, "containers")]), None)
    cluster = at(resource, "eksClusterDetails", "name") or at(resource, "ecsClusterDetails", "name")
    return {
        "cluster": named(doubts, "cluster", cluster),
        "task": named(doubts, "task", at(task, "arn")),
        "task_definition": named(doubts, "task_definition", at(task, "definitionArn")),
        "container": text(at(container, "name") or at(first, "name"), 255),
        "container_image": named(
            doubts, "container_image", at(container, "image") or at(first, "image")
        ),
    }


def _kubernetes(resource: Any, doubts: Doubts) -> dict[str, Any]:
    user = mapping(resource, "kubernetesDetails", "kubernetesUserDetails")
    workload = mapping(resource, "kubernetesDetails", "kubernetesWorkloadDetails")
    kind = (text(at(workload, "type"), 60) or "").lower()
    name = named(doubts, "workload", at(workload, "name"))
    return {
        "kubernetes_user": named(doubts, "kubernetes_user", at(user, "username")),
        "namespace": named(doubts, "namespace", at(workload, "namespace")),
        "workload": name,
        "workload_type": kind,
        "pod": name if kind in _PODS else None,
        "node": name if kind in ("node", "nodes") else None,
        "service_account": text(at(workload, "serviceAccountName"), 253),
    }


def _databases(resource: Any, doubts: Doubts) -> dict[str, Any]:
    one = mapping(resource, "rdsDbInstanceDetails")
    limitless = mapping(resource, "rdsLimitlessDbDetails")
    cluster = at(one, "dbClusterIdentifier") or at(limitless, "dbClusterIdentifier")
    return {
        "database": named(doubts, "database", at(one, "dbInstanceIdentifier")),
        "database_cluster": named(doubts, "database_cluster", cluster),
        # Attackers choose it when they guess logins.
        "database_user": text(at(resource, "rdsDbUserDetails", "user"), 128),
    }


def _rest(resource: Any, call: Any, doubts: Doubts) -> dict[str, Any]:
    affected = mapping(call, "affectedResources")
    guardrail = at(resource, "bedrockGuardrailDetails", "guardrailArn")
    models = [
        at(each, "modelArn") or at(each, "modelId") for each in items(resource, "modelDetails")
    ]
    return {
        "function": named(doubts, "function", at(resource, "lambdaDetails", "functionName")),
        "trail": named(doubts, "trail", affected.get("AWS::CloudTrail::Trail")),
        "kms_key": named(doubts, "kms_key", affected.get("AWS::KMS::Key")),
        "arn": named(doubts, "arn", guardrail),
        **one_or_all(doubts, "model", "models", models),
    }
