"""The shape of a finding, whichever source it came from.

Everything in it is data that an attacker may have chosen: texts are cut and stripped of control
characters, names stand here only when they are of their kind (see `firedoor.kinds`), and what was
left out is said in `doubts`.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

Label = Literal["informational", "low", "medium", "high", "critical"]
LABELS: tuple[Label, ...] = ("informational", "low", "medium", "high", "critical")

Principal = Literal[
    "iam_user", "role", "federated_user", "root", "aws_service", "account", "anonymous", "unknown"
]
"""Whose credentials a finding is about. `role`: a session of a role. `account`: of another account.
`unknown`: it does not say, or says it in a way that firedoor does not know."""


class Occurred(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """When it was first and last seen: ISO 8601 in UTC."""

    first: str | None = None
    last: str | None = None


Kind = Literal[
    "access_key",
    "account",
    "alarm",
    "attack_sequence",
    "bucket",
    "container",
    "database",
    "database_cluster",
    "db_cluster_snapshot",
    "db_snapshot",
    "detector",
    "ecs_cluster",
    "ecs_task",
    "eks_cluster",
    "function",
    "identity",
    "image",
    "instance",
    "kms_key",
    "model",
    "network_interface",
    "object",
    "other",
    "recovery_point",
    "role",
    "snapshot",
    "trail",
    "trust_anchor",
    "volume",
]
"""What a finding may be about: `resource.kind`."""


class Resource(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is attacked or misused. A name stands here only when it is of its kind.

    Whose credentials were used, also where the thing attacked (`kind`) is a bucket or a cluster:
    `principal`, `user`, `role`, `session`, `access_key_id`, `issuer` (the ARN of the role or user
    that issued the session) and `source_identity`. `user` is an IAM user and nothing else: the name
    that belongs to a role's session is in `role`. `part`: `target` or `actor`.

    The thing itself: the fields with single names. `cluster` is an EKS or ECS cluster, as `kind`
    says; `task`, `task_definition` and `container…` belong to ECS or Kubernetes; `kubernetes_user`,
    `namespace`, `workload` (with `workload_type`: pods, deployments, …), `service_account`, `pod`
    and `node` to Kubernetes; `database_user` is a login of a database. `detector` and `trail` are
    what was tampered with. `profile` is the ARN of an instance profile, `identity` what SES sends
    as, `objects` are keys of objects in `bucket`, `alarm` and `rule` the names of an alarm of
    CloudWatch and of a rule of Config.
    The lists are for attack sequences and for findings about several things. `user_keys` are the
    long-term keys (AKIA…) among `access_key_ids` that are surely an IAM user's, `lone_keys`
    those that it names without their user; `root`: a sequence has root among its actors.
    """

    kind: Kind = "other"
    principal: Principal | None = None
    user: str | None = None
    access_key_id: str | None = None
    principal_id: str | None = None
    role: str | None = None
    session: str | None = None
    issuer: str | None = None
    source_identity: str | None = None
    bucket: str | None = None
    instance: str | None = None
    profile: str | None = None
    volume: str | None = None
    snapshot: str | None = None
    image: str | None = None
    recovery_point: str | None = None
    vault: str | None = None
    cluster: str | None = None
    task: str | None = None
    task_definition: str | None = None
    container: str | None = None
    container_image: str | None = None
    kubernetes_user: str | None = None
    namespace: str | None = None
    workload: str | None = None
    workload_type: str | None = None
    service_account: str | None = None
    pod: str | None = None
    node: str | None = None
    function: str | None = None
    database: str | None = None
    database_cluster: str | None = None
    database_user: str | None = None
    db_snapshot: str | None = None
    db_cluster_snapshot: str | None = None
    kms_key: str | None = None
    trail: str | None = None
    detector: str | None = None
    trust_anchor: str | None = None
    identity: str | None = None
    model: str | None = None
    alarm: str | None = None
    rule: str | None = None
    arn: str | None = None
    part: str | None = None
    users: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    access_key_ids: tuple[str, ...] = ()
    user_keys: tuple[str, ...] = ()
    lone_keys: tuple[str, ...] = ()
    root: bool = False
    buckets: tuple[str, ...] = ()
    objects: tuple[str, ...] = ()
    instances: tuple[str, ...] = ()
    network_interfaces: tuple[str, ...] = ()
    volumes: tuple[str, ...] = ()
    snapshots: tuple[str, ...] = ()
    images: tuple[str, ...] = ()
    clusters: tuple[str, ...] = ()
    eks_clusters: tuple[str, ...] = ()
    ecs_clusters: tuple[str, ...] = ()
    tasks: tuple[str, ...] = ()
    functions: tuple[str, ...] = ()
    databases: tuple[str, ...] = ()
    database_clusters: tuple[str, ...] = ()
    kms_keys: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()


class Actor(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Who did it, as far as the source can tell. `error`: the code with which AWS refused it."""

    ip: str | None = None
    country: str | None = None
    org: str | None = None
    caller: str | None = None
    apis: tuple[str, ...] = ()
    error: str | None = None


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One alert. `severity` is on GuardDuty's scale (1 to 10; 0 is informational).

    `source` is `guardduty`, `macie`, `securityhub`, `health`, `access-analyzer`, `inspector`,
    `cloudtrail` (a call that an EventBridge rule picked), `cloudwatch` (an alarm) or `config`; a
    finding that came through Security Hub has the source that made it, and `via` says securityhub.
    `raw` is the source's own document, kept as evidence and shown to nobody unasked.
    """

    id: str
    type: str
    source: str
    account: str = ""
    region: str = ""
    partition: str = "aws"
    severity: float = 0
    severity_label: Label = "informational"
    title: str = ""
    description: str = ""
    sample: bool = False
    archived: bool = False
    resource: Resource = Resource()
    actor: Actor = Actor()
    occurred: Occurred = Occurred()
    updated: str | None = None
    count: int = 1
    detector_id: str | None = None
    arn: str | None = None
    via: str | None = None
    doubts: tuple[str, ...] = ()
    raw: Any = None


def label_of(severity: float) -> Label:
    """GuardDuty's words for its numbers: low from 1, medium from 4, high from 7, critical from 9.

    https://docs.aws.amazon.com/guardduty/latest/ug/guardduty_findings-severity.html
    """
    for least, label in ((9, "critical"), (7, "high"), (4, "medium")):
        if severity >= least:
            return label  # type: ignore[return-value]
    return "low" if severity > 0 else "informational"
