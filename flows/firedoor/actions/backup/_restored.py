"""What a test restore makes, by type: how it is named after the incident, looked for and deleted.

Each type restores to a new thing of a name of ours, so that what is ours is known by its name and
nothing that was there can be overwritten. Sources: AWS Backup's metadata for each type, such as
https://docs.aws.amazon.com/aws-backup/latest/devguide/restoring-dynamodb.html
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from firedoor.actions.contract import Aws, Case
from firedoor.errors import AwsError

GONE = frozenset(
    {
        *("ResourceNotFoundException", "TableNotFoundException", "FileSystemNotFound"),
        *("DBInstanceNotFound", "DBInstanceNotFoundFault", "DBClusterNotFoundFault"),
        *("NoSuchBucket", "404", "NotFound", "InvalidVolume.NotFound"),
    }
)
DELETING = frozenset({"DELETING", "deleting", "deleted"})


@dataclass(frozen=True)
class Sort:
    """One type of resource. `metadata`: the recovery point's own, changed so that a new thing of
    our name comes out. `look`: its status, "" when it is not there; `delete`: take it away."""

    metadata: Callable[[Mapping[str, str], str], dict[str, str]]
    name_key: str
    look: Callable[[Aws, str, str], str]
    delete: Callable[[Aws, str, str], None]


def name_for(case: Case, recovery_point: str, type_: str) -> str:
    """`firedoor-inc-2026-0042-restore-1a2b3c`: the incident's and the recovery point's own.

    A bucket's name is everybody's: the account is in it.
    """
    mark = hashlib.sha256(recovery_point.encode()).hexdigest()[:6]
    name = f"{case.name('restore')}-{mark}".lower()
    return f"{name}-{case.account}" if type_ == "S3" else name


def _table(aws: Aws, region: str, name: str) -> str:
    found = aws.call("dynamodb", "describe_table", region=region, TableName=name)
    return str(found["Table"]["TableStatus"])


def _instance(aws: Aws, region: str, name: str) -> str:
    found = aws.call("rds", "describe_db_instances", region=region, DBInstanceIdentifier=name)
    return next((str(one["DBInstanceStatus"]) for one in found["DBInstances"]), "")


def _cluster(aws: Aws, region: str, name: str) -> str:
    found = aws.call("rds", "describe_db_clusters", region=region, DBClusterIdentifier=name)
    return next((str(one["Status"]) for one in found["DBClusters"]), "")


def _file_system(aws: Aws, region: str, name: str) -> tuple[str, str]:
    found = aws.call("efs", "describe_file_systems", region=region, CreationToken=name)
    return next(
        ((str(one["LifeCycleState"]), str(one["FileSystemId"])) for one in found["FileSystems"]),
        ("", ""),
    )


def _bucket(aws: Aws, region: str, name: str) -> str:
    aws.call("s3", "get_bucket_location", region=region, Bucket=name)
    return "available"


def _volume(aws: Aws, region: str, name: str) -> dict[str, Any]:
    found = aws.call(
        "ec2",
        "describe_volumes",
        region=region,
        Filters=[{"Name": "tag:firedoor", "Values": [name]}],
    )
    return next(iter(found["Volumes"]), {})


def _delete_volume(aws: Aws, region: str, name: str) -> None:
    volume = _volume(aws, region, name)
    if volume:
        aws.call("ec2", "delete_volume", region=region, VolumeId=volume["VolumeId"])


def _delete_file_system(aws: Aws, region: str, name: str) -> None:
    number = _file_system(aws, region, name)[1]
    if number:
        aws.call("efs", "delete_file_system", region=region, FileSystemId=number)


def _delete_instance(aws: Aws, region: str, name: str) -> None:
    aws.call(
        "rds",
        "delete_db_instance",
        region=region,
        DBInstanceIdentifier=name,
        SkipFinalSnapshot=True,
        DeleteAutomatedBackups=True,
    )


def _delete_cluster(aws: Aws, region: str, name: str) -> None:
    aws.call(
        "rds",
        "delete_db_cluster",
        region=region,
        DBClusterIdentifier=name,
        SkipFinalSnapshot=True,
    )


def _delete_table(aws: Aws, region: str, name: str) -> None:
    aws.call("dynamodb", "delete_table", region=region, TableName=name)


def _delete_bucket(aws: Aws, region: str, name: str) -> None:
    aws.call("s3", "delete_bucket", region=region, Bucket=name)


SORTS: Mapping[str, Sort] = {
    "DynamoDB": Sort(
        lambda had, name: {**had, "targetTableName": name},
        "targetTableName",
        _table,
        _delete_table,
    ),
    # Beside the original, in its subnets, and never reachable from outside.
    "RDS": Sort(
        lambda had, name: {**had, "DBInstanceIdentifier": name, "PubliclyAccessible": "false"},
        "DBInstanceIdentifier",
        _instance,
        _delete_instance,
    ),
    "Aurora": Sort(
        lambda had, name: {**had, "DBClusterIdentifier": name},
        "DBClusterIdentifier",
        _cluster,
        _delete_cluster,
    ),
    "EFS": Sort(
        lambda had, name: {
            **{key: value for key, value in had.items() if key != "ItemsToRestore"},
            "newFileSystem": "true",
            "CreationToken": name,
        },
        "CreationToken",
        lambda aws, region, name: _file_system(aws, region, name)[0],
        _delete_file_system,
    ),
    "S3": Sort(
        lambda had, name: {
            **{key: value for key, value in had.items() if key != "ItemsToRestore"},
            "DestinationBucketName": name,
            "NewBucket": "true",
            "CreationToken": name,
        },
        "DestinationBucketName",
        _bucket,
        _delete_bucket,
    ),
    # Straight from the snapshot that the recovery point is: Backup gives a volume no name of ours.
    "EBS": Sort(
        lambda had, name: dict(had),
        "",
        lambda aws, region, name: str(_volume(aws, region, name).get("State", "")),
        _delete_volume,
    ),
}


def status(aws: Aws, region: str, type_: str, name: str) -> str:
    """The status of what was restored under our name; "" when it is not (or no longer) there."""
    try:
        found = SORTS[type_].look(aws, region, name)
    except AwsError as error:
        if error.code not in GONE:
            raise
        return ""
    return "" if found in DELETING else found


def delete(aws: Aws, region: str, type_: str, name: str) -> None:
    """Delete what was restored; what is gone already is done."""
    try:
        SORTS[type_].delete(aws, region, name)
    except AwsError as error:
        if error.code not in GONE:
            raise
