"""The kinds of value that runbooks, actions and findings speak of.

A kind is a name (`iam_user_name`), a shape (a pattern or a Python type) and a sentence. Runbook
inputs name kinds, action models are annotated with them, the JSON Schema is generated from them,
and a reference in a runbook is checked by comparing kinds. Patterns follow the AWS service models.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import msgspec


@dataclass(frozen=True)
class Kind:
    """One kind: `base` is the JSON type it is written as; `pattern` is anchored."""

    name: str
    base: str
    about: str
    pattern: str | None = None
    example: str = ""


def _kinds(*kinds: Kind) -> Mapping[str, Kind]:
    return {kind.name: kind for kind in kinds}


KINDS: Mapping[str, Kind] = _kinds(
    Kind("string", "string", "Text.", None, "text"),
    Kind("integer", "integer", "A whole number.", None, "3"),
    Kind("boolean", "boolean", "true or false.", None, "true"),
    Kind(
        "duration",
        "string",
        "A length of time: 30s, 15m, 48h, 7d.",
        r"^[1-9][0-9]{0,5}(s|m|h|d)$",
        "48h",
    ),
    Kind("account_id", "string", "An AWS account, 12 digits.", r"^[0-9]{12}$", "111122223333"),
    Kind(
        "region",
        "string",
        "An AWS Region.",
        r"^[a-z]{2}(-[a-z]+)+-[0-9]{1,2}$",
        "eu-central-1",
    ),
    Kind(
        "arn",
        "string",
        "An Amazon Resource Name.",
        r"^arn:aws[a-z-]*:[a-z0-9-]+:[a-z0-9-]*:([0-9]{12}|aws)?:.{1,1800}$",
        "arn:aws:iam::111122223333:user/ci-deployer",
    ),
    Kind(
        "iam_user_name",
        "string",
        "The name of an IAM user (not its ARN).",
        r"^[A-Za-z0-9_+=,.@-]{1,64}$",
        "ci-deployer",
    ),
    Kind(
        "iam_role_name",
        "string",
        "The name of an IAM role (not its ARN).",
        r"^[A-Za-z0-9_+=,.@-]{1,64}$",
        "data-reader",
    ),
    Kind(
        "access_key_id",
        "string",
        "The id of an access key: AKIA… (long-term) or ASIA… (temporary). Never the secret.",
        r"^A(KIA|SIA)[A-Z0-9]{12,124}$",
        "AKIAIOSFODNN7EXAMPLE",
    ),
    Kind(
        "bucket_name",
        "string",
        "The name of an S3 bucket.",
        r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$",
        "example-bucket",
    ),
    Kind(
        "backup_vault",
        "string",
        "The name of an AWS Backup vault.",
        r"^[A-Za-z0-9_-]{2,50}$",
        "Default",
    ),
    Kind(
        "config_type",
        "string",
        "A type of resource as AWS Config names it.",
        r"^AWS::[A-Za-z0-9]{1,60}::[A-Za-z0-9]{1,60}$",
        "AWS::KMS::Key",
    ),
    Kind(
        "kms_grant",
        "string",
        "The id of a grant on a KMS key.",
        r"^[A-Za-z0-9]{1,128}$",
        "0c237476b39f8bc44e45212e08498fbe3151305030726c0590dd8d3e9f3d6a60",
    ),
    Kind(
        "access_point_name",
        "string",
        "The name of an S3 access point, or of a Multi-Region one (not its alias).",
        r"^[a-z0-9][a-z0-9-]{1,48}[a-z0-9]$",
        "reports",
    ),
    Kind(
        "ip_address",
        "string",
        "An IP address, of version 4 or 6.",
        r"^(((25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])\.){3}(25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])"
        r"|[0-9A-Fa-f:]{0,40}:[0-9A-Fa-f:]{1,39})$",
        "198.51.100.7",
    ),
    Kind(
        "roles_anywhere_profile_id",
        "string",
        "The id of a profile of IAM Roles Anywhere.",
        r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$",
        "00000000-1111-4222-8333-444455556666",
    ),
    Kind(
        "identity_center_user_id",
        "string",
        "The id of a person in an identity store of Identity Center.",
        r"^([0-9a-f]{10}-|)[A-Fa-f0-9]{8}-[A-Fa-f0-9]{4}-[A-Fa-f0-9]{4}-[A-Fa-f0-9]{4}"
        r"-[A-Fa-f0-9]{12}$",
        "00000000-1111-4222-8333-444455556666",
    ),
    Kind("time", "string", "A time in UTC, ISO 8601.", r"^\d{4}-\d{2}-\d{2}T.*Z$", ""),
    Kind(
        "instance_id",
        "string",
        "The id of an EC2 instance.",
        r"^i-([0-9a-f]{8}|[0-9a-f]{17})$",
        "i-0123456789abcdef0",
    ),
    Kind(
        "volume_id",
        "string",
        "The id of an EBS volume.",
        r"^vol-([0-9a-f]{8}|[0-9a-f]{17})$",
        "vol-0123456789abcdef0",
    ),
    Kind(
        "snapshot_id",
        "string",
        "The id of an EBS snapshot.",
        r"^snap-([0-9a-f]{8}|[0-9a-f]{17})$",
        "snap-0123456789abcdef0",
    ),
    Kind(
        "image_id",
        "string",
        "The id of a machine image (AMI).",
        r"^ami-([0-9a-f]{8}|[0-9a-f]{17})$",
        "ami-0123456789abcdef0",
    ),
    Kind(
        "network_interface_id",
        "string",
        "The id of a network interface.",
        r"^eni-([0-9a-f]{8}|[0-9a-f]{17})$",
        "eni-0123456789abcdef0",
    ),
    Kind(
        "security_group_id",
        "string",
        "The id of a security group.",
        r"^sg-([0-9a-f]{8}|[0-9a-f]{17})$",
        "sg-0123456789abcdef0",
    ),
    Kind(
        "vpc_id",
        "string",
        "The id of a VPC.",
        r"^vpc-([0-9a-f]{8}|[0-9a-f]{17})$",
        "vpc-0123456789abcdef0",
    ),
    Kind(
        "function_name",
        "string",
        "The name of a Lambda function (not its ARN).",
        r"^[A-Za-z0-9_-]{1,140}$",
        "invoice-mailer",
    ),
    Kind(
        "function_qualifier",
        "string",
        "A version (a number) or an alias of a Lambda function.",
        r"^[A-Za-z0-9_$-]{1,128}$",
        "live",
    ),
    Kind(
        "statement_id",
        "string",
        "The id (Sid) of one statement of a resource policy.",
        r"^[A-Za-z0-9_.-]{1,100}$",
        "FunctionURLAllowPublicAccess",
    ),
    Kind(
        "cluster_name",
        "string",
        "The name of an ECS or EKS cluster (not its ARN).",
        r"^[A-Za-z0-9][A-Za-z0-9_-]{0,254}$",
        "production",
    ),
    Kind(
        "ecs_task_id",
        "string",
        "The id of an ECS task: the end of its ARN.",
        r"^([0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$",
        "0123456789abcdef0123456789abcdef",
    ),
    Kind(
        "ecs_task_definition",
        "string",
        "An ECS task definition: family:revision.",
        r"^[A-Za-z0-9_-]{1,255}:[0-9]{1,9}$",
        "checkout:17",
    ),
    Kind(
        "ecs_service_name",
        "string",
        "The name of an ECS service (not its ARN).",
        r"^[A-Za-z0-9_-]{1,255}$",
        "checkout",
    ),
    Kind(
        "ecr_repository",
        "string",
        "The name of an ECR repository.",
        r"^[a-z0-9][a-z0-9._/-]{1,255}$",
        "shop/checkout",
    ),
    Kind(
        "container_image",
        "string",
        "A container image as it was pulled: registry, name, tag or digest.",
        r"^[A-Za-z0-9][A-Za-z0-9._:/@-]{0,511}$",
        "111122223333.dkr.ecr.eu-central-1.amazonaws.com/checkout:17",
    ),
    Kind(
        "kubernetes_name",
        "string",
        "The name of a thing in Kubernetes: a namespace, a workload, a pod, a node.",
        r"^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$",
        "checkout-7d9f6c",
    ),
    Kind(
        "kubernetes_user",
        "string",
        "A user as Kubernetes knows him: system:serviceaccount:…, a role's session, a name.",
        r"^[A-Za-z0-9_+=,.@:/{}-]{1,512}$",
        "system:serviceaccount:shop:checkout",
    ),
    Kind(
        "db_instance_id",
        "string",
        "The name of an RDS database instance.",
        r"^[A-Za-z][A-Za-z0-9-]{0,62}$",
        "orders-1",
    ),
    Kind(
        "db_cluster_id",
        "string",
        "The name of an RDS or Aurora cluster.",
        r"^[A-Za-z][A-Za-z0-9-]{0,62}$",
        "orders",
    ),
    Kind(
        "db_snapshot_id",
        "string",
        "The name of a snapshot of an RDS database or cluster; AWS's own begin with `rds:`.",
        r"^(rds:|awsbackup:)?[A-Za-z][A-Za-z0-9-]{0,254}$",
        "orders-2026-03-14",
    ),
    Kind(
        "db_parameter_group",
        "string",
        "The name of a parameter group of RDS, for instances or for clusters.",
        r"^[A-Za-z][A-Za-z0-9.-]{0,254}$",
        "orders-postgres16",
    ),
    Kind(
        "cidr",
        "string",
        "A range of IPv4 addresses.",
        r"^[0-9]{1,3}(\.[0-9]{1,3}){3}/(3[0-2]|[12]?[0-9])$",
        "198.51.100.0/24",
    ),
    Kind(
        "kms_key",
        "string",
        "A KMS key: its id or its ARN, never an alias, which can be pointed elsewhere.",
        r"^(arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/)?(mrk-)?[0-9a-f]{8,32}(-[0-9a-f]{4,12}){0,4}$",
        "1234abcd-12ab-34cd-56ef-1234567890ab",
    ),
    Kind(
        "trail",
        "string",
        "A CloudTrail trail: its name or its ARN.",
        r"^(arn:aws[a-z-]*:cloudtrail:[a-z0-9-]+:[0-9]{12}:trail/)?[A-Za-z0-9][A-Za-z0-9._-]{1,126}[A-Za-z0-9]$",
        "organization-trail",
    ),
    Kind(
        "detector_id",
        "string",
        "The id of a GuardDuty detector.",
        r"^[0-9a-f]{32}$",
        "12abc34d567e8fa901bc2d34e56789f0",
    ),
    Kind(
        "ses_identity",
        "string",
        "An identity that SES sends as: an e-mail address or a domain.",
        r"^[A-Za-z0-9._%+=&'/!#$*?^`{|}~@-]{1,320}$",
        "example.com",
    ),
    Kind(
        "ses_configuration_set",
        "string",
        "The name of a configuration set of SES.",
        r"^[A-Za-z0-9_-]{1,64}$",
        "transactional",
    ),
    Kind(
        "trust_anchor_id",
        "string",
        "The id of a trust anchor of IAM Roles Anywhere.",
        r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$",
        "01234567-89ab-cdef-0123-456789abcdef",
    ),
    Kind(
        "model_id",
        "string",
        "A model of Bedrock or an inference profile: its id or its ARN.",
        r"^[A-Za-z0-9][A-Za-z0-9._:/-]{1,2047}$",
        "anthropic.claude-3-haiku-20240307-v1:0",
    ),
)


def _annotated(name: str) -> Any:
    kind = KINDS[name]
    return msgspec.Meta(pattern=kind.pattern, description=kind.about, extra={"kind": name})


# The same kinds as types, for the models of actions. mypy sees plain `str`.
Duration = Annotated[str, _annotated("duration")]
AccountId = Annotated[str, _annotated("account_id")]
Region = Annotated[str, _annotated("region")]
Arn = Annotated[str, _annotated("arn")]
IamUserName = Annotated[str, _annotated("iam_user_name")]
IamRoleName = Annotated[str, _annotated("iam_role_name")]
AccessKeyId = Annotated[str, _annotated("access_key_id")]
BucketName = Annotated[str, _annotated("bucket_name")]
BackupVault = Annotated[str, _annotated("backup_vault")]
ConfigType = Annotated[str, _annotated("config_type")]
KmsGrant = Annotated[str, _annotated("kms_grant")]
AccessPointName = Annotated[str, _annotated("access_point_name")]
IpAddress = Annotated[str, _annotated("ip_address")]
RolesAnywhereProfileId = Annotated[str, _annotated("roles_anywhere_profile_id")]
IdentityCenterUserId = Annotated[str, _annotated("identity_center_user_id")]
Time = Annotated[str, _annotated("time")]
InstanceId = Annotated[str, _annotated("instance_id")]
VolumeId = Annotated[str, _annotated("volume_id")]
SnapshotId = Annotated[str, _annotated("snapshot_id")]
ImageId = Annotated[str, _annotated("image_id")]
NetworkInterfaceId = Annotated[str, _annotated("network_interface_id")]
SecurityGroupId = Annotated[str, _annotated("security_group_id")]
VpcId = Annotated[str, _annotated("vpc_id")]
FunctionName = Annotated[str, _annotated("function_name")]
FunctionQualifier = Annotated[str, _annotated("function_qualifier")]
StatementId = Annotated[str, _annotated("statement_id")]
ClusterName = Annotated[str, _annotated("cluster_name")]
EcsTaskId = Annotated[str, _annotated("ecs_task_id")]
EcsTaskDefinition = Annotated[str, _annotated("ecs_task_definition")]
EcsServiceName = Annotated[str, _annotated("ecs_service_name")]
EcrRepository = Annotated[str, _annotated("ecr_repository")]
ContainerImage = Annotated[str, _annotated("container_image")]
KubernetesName = Annotated[str, _annotated("kubernetes_name")]
KubernetesUser = Annotated[str, _annotated("kubernetes_user")]
DbInstanceId = Annotated[str, _annotated("db_instance_id")]
DbClusterId = Annotated[str, _annotated("db_cluster_id")]
DbSnapshotId = Annotated[str, _annotated("db_snapshot_id")]
DbParameterGroup = Annotated[str, _annotated("db_parameter_group")]
Cidr = Annotated[str, _annotated("cidr")]
KmsKey = Annotated[str, _annotated("kms_key")]
Trail = Annotated[str, _annotated("trail")]
DetectorId = Annotated[str, _annotated("detector_id")]
SesConfigurationSet = Annotated[str, _annotated("ses_configuration_set")]
SesIdentity = Annotated[str, _annotated("ses_identity")]
TrustAnchorId = Annotated[str, _annotated("trust_anchor_id")]
ModelId = Annotated[str, _annotated("model_id")]

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_LIST = re.compile(r"^list\[([a-z_]+)\]$")


def parse_duration(text: str) -> timedelta:
    """`15m` as a timedelta; the text must be of kind `duration` (ValueError otherwise)."""
    if not re.fullmatch(KINDS["duration"].pattern or "", text):
        raise ValueError(f"{text!r} is not a duration such as 30s, 15m, 48h or 7d")
    return timedelta(seconds=int(text[:-1]) * _UNITS[text[-1]])


def time_text(moment: datetime) -> str:
    """An aware datetime as firedoor writes times: UTC, milliseconds, `Z`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def parse_time(text: str) -> datetime:
    """A time in ISO 8601 as an aware datetime; without an offset it is UTC. ValueError if none."""
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def parse_kind(text: str) -> tuple[str, bool] | None:
    """`region` → ("region", False), `list[region]` → ("region", True), unknown → None."""
    listed = _LIST.match(text)
    name = listed[1] if listed else text
    return (name, bool(listed)) if name in KINDS else None


def convert(kind_text: str, value: Any) -> Any:
    """A value, as text or already typed, as its kind wants it; ValueError says what is wrong."""
    parsed = parse_kind(kind_text)
    if parsed is None:
        raise ValueError(f"no kind {kind_text!r}")
    name, is_list = parsed
    if is_list:
        if isinstance(value, str):
            value = [part.strip() for part in value.split(",") if part.strip()]
        if not isinstance(value, list | tuple):
            raise ValueError(f"{value!r} is not a list")
        return [_convert_one(KINDS[name], item) for item in value]
    return _convert_one(KINDS[name], value)


def _convert_one(kind: Kind, value: Any) -> Any:
    if kind.base == "boolean":
        if isinstance(value, bool):
            return value
        if value in ("true", "false"):
            return value == "true"
        raise ValueError(f"{value!r} is not true or false")
    if kind.base == "integer":
        if isinstance(value, bool) or not re.fullmatch(r"-?[0-9]{1,18}", str(value)):
            raise ValueError(f"{value!r} is not a whole number")
        return int(value)
    if not isinstance(value, str):
        raise ValueError(f"{value!r} is not text")
    if kind.pattern and not re.fullmatch(kind.pattern, value):
        wanted = f" (for example {kind.example})" if kind.example else ""
        raise ValueError(f"{value!r} is not {kind.name}: {kind.about}{wanted}")
    return value


def mask_key_id(text: str) -> str:
    """Access key ids inside a text, shortened to the kind and the last four: `AKIA…MPLE`."""
    return _KEY_ID.sub(lambda found: f"{found[0][:4]}…{found[0][-4:]}", text)


_KEY_ID = re.compile(r"\bA(?:KIA|SIA)[A-Z0-9]{12,124}\b")
