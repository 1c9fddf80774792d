"""What findings say of the things attacked: each name in its own field, when it is of its kind."""

from __future__ import annotations

from typing import Any

import pytest

from firedoor.finding import Finding, Resource, parse
from firedoor.findings.model import LABELS
from tests.findings.documents import (
    ACCOUNT,
    OTHER_ACCOUNT,
    Json,
    asff,
    event,
    guardduty,
    pascal,
    sequence,
)

REGION = "eu-central-1"
TASK = "0123456789abcdef0123456789abcdef"
SNAPSHOT = f"arn:aws:ec2:{REGION}:{ACCOUNT}:snapshot/snap-0123456789abcdef0"


def one(document: Json) -> Finding:
    """The only finding in a document."""
    (found,) = parse(document)
    return found


def said(resource: Resource) -> dict[str, Any]:
    """The fields that are set, but for whose credentials it is about."""
    apart = ("part", "principal", "principal_id", "user", "access_key_id")
    default = Resource()
    return {
        name: getattr(resource, name)
        for name in Resource.__struct_fields__
        if name not in apart and getattr(resource, name) != getattr(default, name)
    }


BLOCKS: list[tuple[str, Json, dict[str, Any]]] = [
    (
        "Execution:EC2/MaliciousFile!Snapshot",
        {"resourceType": "EBSSnapshot", "ebsSnapshotDetails": {"snapshotArn": SNAPSHOT}},
        {"kind": "snapshot", "snapshot": "snap-0123456789abcdef0"},
    ),
    (
        "Execution:EC2/MaliciousFile!AMI",
        {
            "resourceType": "EC2Image",
            "ec2ImageDetails": {
                "imageArn": f"arn:aws:ec2:{REGION}::image/ami-0123456789abcdef0",
            },
        },
        {"kind": "image", "image": "ami-0123456789abcdef0"},
    ),
    (
        "Execution:EC2/MaliciousFile!RecoveryPoint",
        {
            "resourceType": "RecoveryPoint",
            "recoveryPointDetails": {
                "recoveryPointArn": f"arn:aws:backup:{REGION}:{ACCOUNT}:recovery-point:1",
                "backupVaultName": "Default",
            },
        },
        {
            "kind": "recovery_point",
            "recovery_point": f"arn:aws:backup:{REGION}:{ACCOUNT}:recovery-point:1",
            "vault": "Default",
        },
    ),
    (
        "Execution:EC2/MaliciousFile",
        {
            "resourceType": "Instance",
            "instanceDetails": {
                "instanceId": "i-0123456789abcdef0",
                "imageId": "ami-0123456789abcdef0",
                "iamInstanceProfile": {"arn": f"arn:aws:iam::{ACCOUNT}:instance-profile/web"},
                "networkInterfaces": [
                    {"networkInterfaceId": "eni-0123456789abcdef0"},
                    {"networkInterfaceId": "eni-0123456789abcdef1"},
                ],
            },
            "ebsVolumeDetails": {
                "scannedVolumeDetails": [
                    {
                        "volumeArn": f"arn:aws:ec2:{REGION}:{ACCOUNT}:volume/vol-0123456789abcdef0",
                        "snapshotArn": SNAPSHOT,
                    }
                ],
                "skippedVolumeDetails": None,
            },
        },
        {
            "kind": "instance",
            "instance": "i-0123456789abcdef0",
            "image": "ami-0123456789abcdef0",
            "profile": f"arn:aws:iam::{ACCOUNT}:instance-profile/web",
            "network_interfaces": ("eni-0123456789abcdef0", "eni-0123456789abcdef1"),
            "volume": "vol-0123456789abcdef0",
            "snapshot": "snap-0123456789abcdef0",
        },
    ),
    (
        "Execution:Runtime/NewBinaryExecuted",
        {
            "resourceType": "ECSCluster",
            "ecsClusterDetails": {
                "name": "production",
                "taskDetails": {
                    "arn": f"arn:aws:ecs:{REGION}:{ACCOUNT}:task/production/{TASK}",
                    "definitionArn": f"arn:aws:ecs:{REGION}:{ACCOUNT}:task-definition/checkout:17",
                    "containers": [{"name": "web", "image": "registry.example.com/checkout:17"}],
                },
            },
        },
        {
            "kind": "ecs_cluster",
            "cluster": "production",
            "task": TASK,
            "task_definition": "checkout:17",
            "container": "web",
            "container_image": "registry.example.com/checkout:17",
        },
    ),
    (
        "Execution:Kubernetes/ExecInKubeSystemPod",
        {
            "resourceType": "EKSCluster",
            "eksClusterDetails": {"name": "shop"},
            "kubernetesDetails": {
                "kubernetesUserDetails": {"username": "system:serviceaccount:shop:checkout"},
                "kubernetesWorkloadDetails": {
                    "name": "checkout-7d9f6c",
                    "type": "pods",
                    "namespace": "kube-system",
                    "serviceAccountName": "checkout",
                    "containers": [{"name": "web", "image": "checkout@sha256:0a1b"}],
                },
            },
        },
        {
            "kind": "eks_cluster",
            "cluster": "shop",
            "kubernetes_user": "system:serviceaccount:shop:checkout",
            "namespace": "kube-system",
            "workload": "checkout-7d9f6c",
            "workload_type": "pods",
            "pod": "checkout-7d9f6c",
            "service_account": "checkout",
            "container": "web",
            "container_image": "checkout@sha256:0a1b",
        },
    ),
    (
        "CredentialAccess:RDS/AnomalousBehavior.SuccessfulLogin",
        {
            "resourceType": "RDSDBInstance",
            "rdsDbInstanceDetails": {
                "dbInstanceIdentifier": "orders-1",
                "dbClusterIdentifier": "orders",
            },
            "rdsDbUserDetails": {"user": "app"},
        },
        {
            "kind": "database",
            "database": "orders-1",
            "database_cluster": "orders",
            "database_user": "app",
        },
    ),
    (
        "Object:S3/MaliciousFile",
        {
            "resourceType": "S3Object",
            "s3BucketDetails": [
                {"name": "ledger", "s3ObjectDetails": [{"key": "a/b.exe"}, {"key": "c"}]}
            ],
        },
        {"kind": "object", "bucket": "ledger", "objects": ("a/b.exe", "c")},
    ),
    (
        "Impact:IAMUser/AnomalousModelInvocation",
        {"resourceType": "AccessKey", "modelDetails": [{"modelId": "anthropic.claude-v2:1"}]},
        {"kind": "access_key", "model": "anthropic.claude-v2:1"},
    ),
]


@pytest.mark.parametrize("spelling", [dict, pascal], ids=["wire", "boto3"])
@pytest.mark.parametrize(("said_type", "block", "wanted"), BLOCKS, ids=[row[0] for row in BLOCKS])
def test_each_block_fills_its_fields(
    said_type: str, block: Json, wanted: dict[str, Any], spelling: Any
) -> None:
    found = one(spelling(guardduty(said_type, resource=block)))

    assert said(found.resource) == wanted
    assert found.doubts == ()


def test_the_trail_that_was_stopped_is_named() -> None:
    document = guardduty("Stealth:IAMUser/CloudTrailLoggingDisabled")
    arn = f"arn:aws:cloudtrail:{REGION}:{ACCOUNT}:trail/organization-trail"
    call = document["service"]["action"]["awsApiCallAction"]
    call["affectedResources"] = {"AWS::CloudTrail::Trail": arn}

    assert one(document).resource.trail == arn


@pytest.mark.parametrize(
    "name",
    ["i-1; rm -rf /", "i-0123", "../i-0123456789abcdef0", "i-0123456789abcdef0\n"],
)
def test_a_name_that_is_not_of_its_kind_is_left_out_with_a_doubt(name: str) -> None:
    block = {"resourceType": "Instance", "instanceDetails": {"instanceId": name}}
    found = one(guardduty("Recon:EC2/Portscan", resource=block))

    assert found.resource.instance is None
    assert "the instance id" in found.doubts[0]


def test_a_sequence_lists_every_thing_by_its_kind() -> None:
    document = sequence("AttackSequence:ECS/CompromisedCluster")
    resources = document["service"]["detection"]["sequence"]["resources"]
    ecs = f"arn:aws:ecs:{REGION}:{ACCOUNT}"
    resources += [
        {"uid": f"{ecs}:cluster/production", "resourceType": "ECS_CLUSTER"},
        {"uid": f"{ecs}:task/production/{TASK}", "name": "checkout", "resourceType": "ECS_TASK"},
        {"uid": f"arn:aws:eks:{REGION}:{ACCOUNT}:cluster/shop", "resourceType": "EKS_CLUSTER"},
        {
            "uid": "w-1",
            "name": "checkout",
            "resourceType": "KUBERNETES_WORKLOAD",
            "data": {"kubernetesWorkload": {"namespace": "shop"}},
        },
        {
            "uid": "arn:aws:s3:::ledger/a/key",
            "resourceType": "S3_OBJECT",
            "data": {"s3Object": {"key": "a/key"}},
        },
        {"uid": "eni-0123456789abcdef0", "resourceType": "EC2_NETWORK_INTERFACE"},
        {
            "uid": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:mailer",
            "resourceType": "LAMBDA_FUNCTION",
        },
    ]

    found = one(document).resource

    assert (found.eks_clusters, found.ecs_clusters) == (("shop",), ("production",))
    assert set(found.clusters) == {"shop", "production"}
    assert (found.tasks, found.functions, found.objects) == ((TASK,), ("mailer",), ("a/key",))
    assert (found.namespace, found.workload) == ("shop", "checkout")
    assert found.network_interfaces == ("eni-0123456789abcdef0",)


def test_a_bucket_of_another_account_is_left_out_of_a_sequence_and_said() -> None:
    document = sequence()
    bucket = document["service"]["detection"]["sequence"]["resources"][1]
    bucket["accountId"] = OTHER_ACCOUNT

    found = one(document)

    assert found.resource.buckets == ()
    assert OTHER_ACCOUNT in found.resource.accounts
    assert any("arn:aws:s3:::ledger" in each and "left out" in each for each in found.doubts)


def test_security_hubs_resources_fill_the_same_fields() -> None:
    ecs, rds, ec2 = (f"arn:aws:{each}:{REGION}:{ACCOUNT}" for each in ("ecs", "rds", "ec2"))
    found = one(
        asff(
            ProductArn=f"arn:aws:securityhub:{REGION}::product/aws/securityhub",
            Types=["Software and Configuration Checks"],
            Resources=[
                {
                    "Type": "AwsRdsDbSnapshot",
                    "Id": f"{rds}:snapshot:rds:o-1",
                },
                {"Type": "AwsEcsTask", "Id": f"{ecs}:task/production/{TASK}"},
                {
                    "Type": "AwsEc2Volume",
                    "Id": f"{ec2}:volume/vol-01234567",
                },
                {
                    "Type": "AwsCloudTrailTrail",
                    "Id": f"arn:aws:cloudtrail:{REGION}:{ACCOUNT}:trail/all",
                },
            ],
        )
    ).resource

    assert (found.kind, found.db_snapshot, found.task) == ("db_snapshot", "rds:o-1", TASK)
    assert found.volume == "vol-01234567"
    assert found.trail == f"arn:aws:cloudtrail:{REGION}:{ACCOUNT}:trail/all"


def trail(name: str, service: str = "kms", **changes: Json) -> Json:
    """An event of CloudTrail as EventBridge delivers it: called by a session of a role."""
    record = {
        "eventVersion": "1.08",
        "eventID": "e-1",
        "eventTime": "2026-03-01T10:00:00Z",
        "eventSource": f"{service}.amazonaws.com",
        "eventName": name,
        "awsRegion": REGION,
        "sourceIPAddress": "198.51.100.7",
        "readOnly": False,
        "recipientAccountId": ACCOUNT,
        "userIdentity": {
            "type": "AssumedRole",
            "principalId": "AROAIOSFODNN7EXAMPLE:night-batch",
            "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/data-reader/night-batch",
            "accountId": ACCOUNT,
            "accessKeyId": "ASIAIOSFODNN7EXAMPLE",
            "sessionContext": {
                "sessionIssuer": {
                    "type": "Role",
                    "userName": "data-reader",
                    "arn": f"arn:aws:iam::{ACCOUNT}:role/data-reader",
                },
                "sourceIdentity": "alice",
            },
        },
        "requestParameters": {},
        **changes,
    }
    return event(record, f"aws.{service}", "AWS API Call via CloudTrail")


def test_a_call_out_of_cloudtrail_says_what_was_called_by_whom_on_what() -> None:
    key = "1234abcd-12ab-34cd-56ef-1234567890ab"
    found = one(trail("ScheduleKeyDeletion", requestParameters={"keyId": key}))

    assert (found.id, found.source, found.type) == (
        "e-1",
        "cloudtrail",
        "CloudTrail:kms/ScheduleKeyDeletion",
    )
    assert (found.account, found.region, found.severity_label) == (ACCOUNT, REGION, "high")
    assert found.resource == Resource(
        kind="kms_key",
        kms_key=key,
        principal="role",
        principal_id="AROAIOSFODNN7EXAMPLE:night-batch",
        role="data-reader",
        session="night-batch",
        access_key_id="ASIAIOSFODNN7EXAMPLE",
        issuer=f"arn:aws:iam::{ACCOUNT}:role/data-reader",
        source_identity="alice",
    )
    assert (found.actor.ip, found.actor.apis) == ("198.51.100.7", ("kms:ScheduleKeyDeletion",))
    assert found.doubts == ()


@pytest.mark.parametrize(
    ("name", "service", "parameters", "kind", "field", "value"),
    [
        ("StopLogging", "cloudtrail", {"name": "all"}, "trail", "trail", "all"),
        (
            "DeleteDetector",
            "guardduty",
            {"detectorId": "0a" * 16},
            "detector",
            "detector",
            "0a" * 16,
        ),
        (
            "ModifySnapshotAttribute",
            "ec2",
            {"snapshotId": "snap-0123456789abcdef0"},
            "snapshot",
            "snapshot",
            "snap-0123456789abcdef0",
        ),
        (
            "UpdateFunctionCode20150331v2",
            "lambda",
            {"functionName": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:mailer:PROD"},
            "function",
            "function",
            "mailer",
        ),
        ("DeleteCluster", "eks", {"name": "shop"}, "eks_cluster", "cluster", "shop"),
    ],
)
def test_a_calls_parameters_name_the_thing(
    name: str, service: str, parameters: Json, kind: str, field: str, value: str
) -> None:
    found = one(trail(name, service, requestParameters=parameters)).resource

    assert (found.kind, getattr(found, field)) == (kind, value)


def test_an_alias_is_no_key() -> None:
    found = one(trail("DisableKey", requestParameters={"keyId": "alias/orders"}))

    assert found.resource.kms_key is None


def test_a_call_that_was_refused_says_so() -> None:
    found = one(trail("StopLogging", "cloudtrail", errorCode="AccessDenied"))

    assert found.actor.error == "AccessDenied"


def test_a_caller_of_another_account_lends_no_name() -> None:
    document = trail("PutBucketPolicy", "s3", requestParameters={"bucketName": "ledger"})
    document["detail"]["userIdentity"]["accountId"] = OTHER_ACCOUNT

    found = one(document).resource

    assert (found.principal, found.role, found.access_key_id) == ("account", None, None)
    assert (found.bucket, found.accounts) == ("ledger", (OTHER_ACCOUNT,))


def test_a_sign_in_of_root_is_a_finding_about_root() -> None:
    identity = {"type": "Root", "principalId": ACCOUNT, "accountId": ACCOUNT}
    found = one(trail("ConsoleLogin", "signin", userIdentity=identity, readOnly=True))

    assert (found.type, found.resource.principal) == ("CloudTrail:signin/ConsoleLogin", "root")


def alarm(name: str = "root login / any", **changes: Json) -> Json:
    """An alarm of CloudWatch that went off."""
    return event(
        {
            "alarmName": name,
            "state": {
                "value": "ALARM",
                "reason": "1 > 0",
                "timestamp": "2026-03-01T10:00:00.000+0000",
            },
            "configuration": {
                "metrics": [
                    {
                        "metricStat": {
                            "metric": {"dimensions": {"InstanceId": "i-0123456789abcdef0"}}
                        }
                    }
                ]
            },
            **changes,
        },
        "aws.cloudwatch",
        "CloudWatch Alarm State Change",
        resources=[f"arn:aws:cloudwatch:us-east-1:{OTHER_ACCOUNT}:alarm:root login"],
    )


def test_an_alarm_is_a_finding_whose_type_is_its_name() -> None:
    found = one(alarm())

    assert (found.source, found.type) == ("cloudwatch", "CloudWatch:Alarm/root-login-any")
    assert (found.account, found.severity_label) == (OTHER_ACCOUNT, "medium")
    assert (found.resource.kind, found.resource.alarm) == ("alarm", "root login / any")
    assert found.resource.instance == "i-0123456789abcdef0"
    assert found.occurred.first == "2026-03-01T10:00:00.000Z"


def test_a_name_cannot_make_an_alarm_look_like_another_source() -> None:
    assert one(alarm("x:S3/Delete")).type == "CloudWatch:Alarm/x-S3-Delete"


def test_a_rule_of_config_that_is_broken_is_a_finding_about_the_resource() -> None:
    found = one(
        event(
            {
                "configRuleName": "s3-bucket-public-read-prohibited",
                "awsAccountId": ACCOUNT,
                "awsRegion": REGION,
                "resourceType": "AWS::S3::Bucket",
                "resourceId": "ledger",
                "newEvaluationResult": {
                    "complianceType": "NON_COMPLIANT",
                    "resultRecordedTime": "2026-03-01T10:00:00.000Z",
                    "annotation": "It is public.",
                },
            },
            "aws.config",
            "Config Rules Compliance Change",
        )
    )

    assert (found.source, found.type) == ("config", "Config:Rule/s3-bucket-public-read-prohibited")
    assert (found.account, found.region) == (ACCOUNT, REGION)
    assert (found.resource.kind, found.resource.bucket) == ("bucket", "ledger")
    assert found.severity_label in LABELS
