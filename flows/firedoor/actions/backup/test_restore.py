"""Restore one recovery point beside the original, to see whether the backup is any good.

A new table, database, file system, bucket or volume of a name of ours is made from it; nothing
that is there is written to. It costs money until it is deleted, and it is as old, and may be as
infected, as the backup: let nothing use it. Restoring takes minutes to hours: the proof stays open
until the job has ended, and is taken again when checks are due. Of EC2 instances and other types
AWS Backup would start machines or overwrite things: refused. Undo deletes what was restored, and
only that.
Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/API_StartRestoreJob.html
"""

from __future__ import annotations

from typing import Any

from firedoor.actions import contract
from firedoor.actions.backup import _restored
from firedoor.actions.contract import (
    Aws,
    Case,
    Change,
    Check,
    Given,
    Permission,
    State,
)
from firedoor.errors import AwsError, Refused, RunFailed
from firedoor.kinds import Arn, BackupVault, IamRoleName, Region

OURS = "firedoor-*"
PERMISSIONS = (
    Permission("backup:DescribeRecoveryPoint", "{recovery_point}"),
    Permission("backup:GetRecoveryPointRestoreMetadata", "{recovery_point}"),
    Permission("backup:StartRestoreJob", "{recovery_point}"),
    Permission("backup:ListRestoreJobs", why="whether a restore of ours is under way"),
    Permission("backup:GetRestoreJobMetadata", why="whether it is ours"),
    Permission("iam:GetRole", "arn:{partition}:iam::{account}:role/{role}", "its ARN"),
    Permission(
        "iam:PassRole",
        "arn:{partition}:iam::{account}:role/{role}",
        "AWS Backup restores as this role",
        {"StringEquals": {"iam:PassedToService": "backup.amazonaws.com"}},
    ),
    Permission("dynamodb:DescribeTable", f"arn:{{partition}}:dynamodb:*:{{account}}:table/{OURS}"),
    Permission(
        "dynamodb:DeleteTable", f"arn:{{partition}}:dynamodb:*:{{account}}:table/{OURS}", "undo"
    ),
    Permission("rds:DescribeDBInstances", f"arn:{{partition}}:rds:*:{{account}}:db:{OURS}"),
    Permission("rds:DeleteDBInstance", f"arn:{{partition}}:rds:*:{{account}}:db:{OURS}", "undo"),
    Permission("rds:DescribeDBClusters", f"arn:{{partition}}:rds:*:{{account}}:cluster:{OURS}"),
    Permission(
        "rds:DeleteDBCluster", f"arn:{{partition}}:rds:*:{{account}}:cluster:{OURS}", "undo"
    ),
    Permission(
        "elasticfilesystem:DescribeFileSystems",
        "arn:{partition}:elasticfilesystem:*:{account}:file-system/*",
    ),
    Permission(
        "elasticfilesystem:DeleteFileSystem",
        "arn:{partition}:elasticfilesystem:*:{account}:file-system/*",
        "undo, of a file system whose creation token is ours",
    ),
    Permission("s3:GetBucketLocation", f"arn:{{partition}}:s3:::{OURS}"),
    Permission("s3:DeleteBucket", f"arn:{{partition}}:s3:::{OURS}", "undo"),
    Permission("ec2:DescribeVolumes"),
    Permission("ec2:DescribeAvailabilityZones", why="where to put a volume"),
    Permission(
        "ec2:CreateVolume", "arn:{partition}:ec2:*:*:*", "from the recovery point's snapshot"
    ),
    Permission(
        "ec2:CreateTags",
        "arn:{partition}:ec2:*:{account}:volume/*",
        "ours is known by it",
        {"StringEquals": {"ec2:CreateAction": "CreateVolume"}},
    ),
    Permission(
        "ec2:DeleteVolume",
        "arn:{partition}:ec2:*:{account}:volume/*",
        "undo",
        {"StringLike": {"aws:ResourceTag/firedoor": OURS}},
    ),
)
EXAMPLE = {
    "recovery_point": "arn:aws:backup:eu-central-1:111122223333:recovery-point:1eb3b5e7-9eb0-435a",
    "vault": "Default",
}
IRREVERSIBLE = ""
REOPENS = contract.NEVER
UNDER_WAY = ("PENDING", "RUNNING")


class Input(Given, frozen=True, kw_only=True):
    """Which recovery point, in which vault, and the role that AWS Backup restores as."""

    recovery_point: Arn
    vault: BackupVault
    role: IamRoleName = "AWSBackupDefaultServiceRole"
    region: Region | None = None


class Found(State, frozen=True, kw_only=True):
    """What stands under our name. `job`: the restore that is under way; `status`: the thing's."""

    type: str = ""
    name: str = ""
    job: str = ""
    status: str = ""


class Output(contract.Output, frozen=True, kw_only=True):
    """What was restored, and as what type."""

    name: str
    type: str


def observe(aws: Aws, given: Input, case: Case) -> Found:
    """The thing of our name, or a restore of ours under way; Refused for a type not restored."""
    region = _region(aws, given)
    point = aws.call(
        "backup",
        "describe_recovery_point",
        region=region,
        BackupVaultName=given.vault,
        RecoveryPointArn=given.recovery_point,
    )
    type_ = str(point.get("ResourceType", ""))
    if type_ not in _restored.SORTS:
        raise Refused(
            f"a recovery point of type {type_!r} is not restored by firedoor: what AWS Backup "
            "would make of it starts a machine or overwrites something. A person restores it, into "
            f"an empty network: aws backup start-restore-job --recovery-point-arn "
            f"{given.recovery_point}",
            rule="test restore",
            instead="restore it by hand into an empty network",
        )
    name = _restored.name_for(case, given.recovery_point, type_)
    status = _restored.status(aws, region, type_, name)
    job = "" if status else _under_way(aws, region, given, type_, name)
    parts: dict[str, Any] = {}
    if status or job:
        parts[_resource(given, name)] = _made(given, type_, name)
    return Found(parts=parts, type=type_, name=name, job=job, status=status)


def changes(given: Input, before: Found, case: Case) -> list[Change]:
    """One new thing, unless it stands or is being made."""
    if before.parts:
        return []
    resource = _resource(given, before.name)
    made = _made(given, before.type, before.name)
    return [Change(resource=resource, what="restored beside it", from_=None, to=made)]


def apply(aws: Aws, given: Input, change: Change, case: Case) -> None:
    """Start the restore, or delete what was restored; RunFailed while it is being restored."""
    region = _region(aws, given)
    made = change.to or change.from_
    assert isinstance(made, dict)
    type_, name = str(made["type"]), str(made["name"])
    if change.to is not None:
        _start(aws, region, given, type_, name)
        return
    if not name.startswith("firedoor-"):
        raise Refused(f"{name!r} is not what firedoor restored: it is left alone")
    if not _restored.status(aws, region, type_, name) and _under_way(
        aws, region, given, type_, name
    ):
        raise RunFailed(f"{name} is still being restored: undo again when its job has ended")
    try:
        _restored.delete(aws, region, type_, name)
    except AwsError as error:
        if error.code != "BucketNotEmpty":
            raise
        raise RunFailed(
            f"the restored bucket {name} is not empty, and is not emptied by firedoor: "
            f"aws s3 rb s3://{name} --force"
        ) from error


def _start(aws: Aws, region: str, given: Input, type_: str, name: str) -> None:
    if type_ == "EBS":
        _volume_from(aws, region, given, name)
        return
    had = aws.call(
        "backup",
        "get_recovery_point_restore_metadata",
        region=region,
        BackupVaultName=given.vault,
        RecoveryPointArn=given.recovery_point,
    ).get("RestoreMetadata")
    role = aws.call("iam", "get_role", RoleName=given.role)["Role"]["Arn"]
    aws.call(
        "backup",
        "start_restore_job",
        region=region,
        RecoveryPointArn=given.recovery_point,
        Metadata=_restored.SORTS[type_].metadata(had or {}, name),
        IamRoleArn=role,
        # AWS Backup starts one job for one token, however often it is asked.
        IdempotencyToken=name,
        ResourceType=type_,
    )


def _volume_from(aws: Aws, region: str, given: Input, name: str) -> None:
    zones = aws.call(
        "ec2",
        "describe_availability_zones",
        region=region,
        Filters=[{"Name": "state", "Values": ["available"]}],
    )["AvailabilityZones"]
    tags = [{"Key": "firedoor", "Value": name}, {"Key": "Name", "Value": name}]
    aws.call(
        "ec2",
        "create_volume",
        region=region,
        SnapshotId=given.recovery_point.rpartition("/")[2],
        AvailabilityZone=zones[0]["ZoneName"],
        ClientToken=name,
        TagSpecifications=[{"ResourceType": "volume", "Tags": tags}],
    )


def verify(aws: Aws, given: Input, case: Case) -> list[Check]:
    """It stands; open while it is being restored, broken when neither."""
    found = observe(aws, given, case)
    what = f"{found.name} was restored from the recovery point"
    if found.status:
        return [Check(what=what, holds=True, seen=f"{found.type}: {found.status}")]
    if found.job:
        return [Check(what=what, holds=None, seen=f"restore job {found.job} is under way")]
    why = "it is not there, and no restore is under way: the job failed, or it was deleted since"
    return [Check(what=what, holds=False, seen=why)]


def output(given: Input, before: Found, case: Case) -> Output:
    """The name it has, for the steps and people after this."""
    return Output(name=before.name, type=before.type)


def commands(change: Change) -> list[list[str]]:
    """The AWS CLI's words; the metadata to give is the recovery point's own with our name in it."""
    made = change.to or change.from_
    assert isinstance(made, dict)
    name, point = str(made["name"]), str(made["recovery_point"])
    if change.to is None:
        return [[*_DELETES[str(made["type"])], name]]
    if made["type"] == "EBS":
        snapshot = point.rpartition("/")[2]
        return [["ec2", "create-volume", "--snapshot-id", snapshot, "--client-token", name]]
    key = _restored.SORTS[str(made["type"])].name_key
    return [
        [
            *("backup", "start-restore-job", "--recovery-point-arn", point),
            *("--metadata", f"{key}={name}", "--idempotency-token", name),
        ]
    ]


_DELETES = {
    "DynamoDB": ("dynamodb", "delete-table", "--table-name"),
    "RDS": ("rds", "delete-db-instance", "--skip-final-snapshot", "--db-instance-identifier"),
    "Aurora": ("rds", "delete-db-cluster", "--skip-final-snapshot", "--db-cluster-identifier"),
    "EFS": ("efs", "delete-file-system", "--file-system-id"),
    "S3": ("s3api", "delete-bucket", "--bucket"),
    "EBS": ("ec2", "delete-volume", "--volume-id"),
}


def _region(aws: Aws, given: Input) -> str:
    return given.region or given.recovery_point.split(":")[3] or aws.region


def _resource(given: Input, name: str) -> str:
    return f"{given.recovery_point}#restored/{name}"


def _made(given: Input, type_: str, name: str) -> dict[str, str]:
    return {"type": type_, "name": name, "recovery_point": given.recovery_point}


def _under_way(aws: Aws, region: str, given: Input, type_: str, name: str) -> str:
    """The id of a restore job of ours that has not ended: the recovery point is the same, and it
    makes a thing of our name. Only jobs of the type that are under way are listed."""
    key = _restored.SORTS[type_].name_key
    if not key:
        return ""
    for state in UNDER_WAY:
        jobs = aws.pages(
            "backup",
            "list_restore_jobs",
            "RestoreJobs",
            region=region,
            ByResourceType=type_,
            ByStatus=state,
        )
        for job in jobs:
            if job.get("RecoveryPointArn") != given.recovery_point:
                continue
            number = str(job["RestoreJobId"])
            made = aws.call(
                "backup", "get_restore_job_metadata", region=region, RestoreJobId=number
            )
            if (made.get("Metadata") or {}).get(key) == name:
                return number
    return ""
