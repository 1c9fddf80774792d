"""Which kind each name in a finding has to be of, and how names are taken out of ARNs.

Parsers put a name into `Resource` through here alone, so that what stands there can be trusted to
be of its kind; checks of playbooks read the same table.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from firedoor.findings.text import Doubts, distinct

KINDS: Mapping[str, str] = {
    "account": "account_id",
    "region": "region",
    "arn": "arn",
    "user": "iam_user_name",
    "role": "iam_role_name",
    "issuer": "arn",
    "access_key_id": "access_key_id",
    "bucket": "bucket_name",
    "instance": "instance_id",
    "profile": "arn",
    "network_interface": "network_interface_id",
    "volume": "volume_id",
    "snapshot": "snapshot_id",
    "image": "image_id",
    "recovery_point": "arn",
    "function": "function_name",
    "cluster": "cluster_name",
    "task": "ecs_task_id",
    "task_definition": "ecs_task_definition",
    "container_image": "container_image",
    "kubernetes_user": "kubernetes_user",
    "namespace": "kubernetes_name",
    "workload": "kubernetes_name",
    "pod": "kubernetes_name",
    "node": "kubernetes_name",
    "database": "db_instance_id",
    "database_cluster": "db_cluster_id",
    "db_snapshot": "db_snapshot_id",
    "db_cluster_snapshot": "db_snapshot_id",
    "kms_key": "kms_key",
    "trail": "trail",
    "detector": "detector_id",
    "trust_anchor": "trust_anchor_id",
    "identity": "ses_identity",
    "model": "model_id",
}
"""Field of a finding or of its resource → kind."""

LISTS: Mapping[str, str] = {
    "users": "user",
    "roles": "role",
    "access_key_ids": "access_key_id",
    "user_keys": "access_key_id",
    "lone_keys": "access_key_id",
    "buckets": "bucket",
    "instances": "instance",
    "network_interfaces": "network_interface",
    "volumes": "volume",
    "snapshots": "snapshot",
    "images": "image",
    "functions": "function",
    "clusters": "cluster",
    "eks_clusters": "cluster",
    "ecs_clusters": "cluster",
    "tasks": "task",
    "databases": "database",
    "database_clusters": "database_cluster",
    "kms_keys": "kms_key",
    "models": "model",
    "accounts": "account",
}
"""Field of a resource that is a list → what each item is named like in `KINDS`."""

# Kept whole: their kind is an ARN, or may be one, which says where they are.
_WHOLE = {"arn", "issuer", "profile", "recovery_point", "kms_key", "trail", "model"}
# After the last `/` in an ARN; for the others after the last `:`, since it is part of no name.
_AFTER_COLON = {"function", "database", "database_cluster", "bucket"}


def named(doubts: Doubts, field: str, value: Any) -> str | None:
    """A name, or what an ARN ends with, when it is of its field's kind; otherwise a doubt."""
    if isinstance(value, str) and value.startswith("arn:") and field not in _WHOLE:
        value = end_of(field, value)
    return doubts.of_kind(KINDS[field], value, f"the {_words(field)}")


def _words(field: str) -> str:
    """`user` → `user name`, `access_key_id` → `access key id`."""
    last = KINDS[field].rpartition("_")[2]
    said = field.replace("_", " ")
    return f"{said} {last}" if last in ("name", "id") and not said.endswith(last) else said


def several(doubts: Doubts, field: str, values: Iterable[Any]) -> tuple[str, ...]:
    """Like `named`, of each; without doubles, in order."""
    return distinct(named(doubts, field, each) for each in values)


def end_of(field: str, arn: str) -> str:
    """The name at the end of an ARN: `…:instance/i-1` → `i-1`, `…:function:x:PROD` → `x`."""
    resource = arn.split(":", 5)[-1]
    if field in ("db_snapshot", "db_cluster_snapshot"):
        # …:snapshot:rds:orders-2026-03-14
        return resource.partition(":")[2]
    if field == "function":
        # …:function:name:alias
        return resource.split(":")[1] if ":" in resource else resource
    if field in _AFTER_COLON:
        return resource.rpartition(":")[2]
    if field == "identity":
        return resource.partition("/")[2]
    return resource.rpartition("/")[2]
