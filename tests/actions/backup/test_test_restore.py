"""A test restore: beside the original, known by its name, and only ours is deleted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from firedoor.actions.backup import test_restore as action
from firedoor.actions.contract import Case, Change
from firedoor.errors import Refused, RunFailed
from tests.actions.scripted import ScriptedAws, refused
from tests.simulator.conftest import ACCOUNT, START

POINT = f"arn:aws:backup:eu-west-1:{ACCOUNT}:recovery-point:1eb3b5e7"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/service-role/AWSBackupDefaultServiceRole"
CASE = Case(incident="INC-2026-0042", account=ACCOUNT, now=START)
GIVEN = action.Input(recovery_point=POINT, vault="daily")
GONE = refused("ResourceNotFoundException")
HAD = {
    "DynamoDB": {"originalTableName": "orders", "encryptionType": "Default"},
    "RDS": {"DBInstanceIdentifier": "orders-db", "PubliclyAccessible": "true"},
    "Aurora": {"DBClusterIdentifier": "orders-db"},
    "EFS": {"file-system-id": "fs-1", "ItemsToRestore": '["/etc"]'},
    "S3": {"DestinationBucketName": "example-orders"},
}
NONE_THERE: Mapping[str, Any] = {
    "dynamodb:describe_table": GONE,
    "rds:describe_db_instances": refused("DBInstanceNotFound"),
    "rds:describe_db_clusters": refused("DBClusterNotFoundFault"),
    "efs:describe_file_systems": {"FileSystems": []},
    "s3:get_bucket_location": refused("NoSuchBucket"),
    "ec2:describe_volumes": {"Volumes": []},
}


def aws(type_: str = "DynamoDB", **answers: Any) -> ScriptedAws:
    """An AWS with a recovery point of a type; `answers` by operation, `__` for the colon."""
    return ScriptedAws(
        {
            **NONE_THERE,
            "backup:describe_recovery_point": {"ResourceType": type_},
            "backup:list_restore_jobs": {"RestoreJobs": []},
            "backup:get_recovery_point_restore_metadata": {"RestoreMetadata": HAD.get(type_, {})},
            "backup:start_restore_job": {"RestoreJobId": "job-1"},
            "iam:get_role": {
                "Role": {
                    "Arn": ROLE,
                    "Path": "/service-role/",
                    "RoleName": GIVEN.role,
                    "RoleId": "AROAEXAMPLEROLE12345",
                    "CreateDate": START,
                }
            },
            **{name.replace("__", ":"): answer for name, answer in answers.items()},
        }
    )


def changes(world: ScriptedAws) -> list[Change]:
    return action.changes(GIVEN, action.observe(world, GIVEN, CASE), CASE)


def started(world: ScriptedAws) -> dict[str, Any]:
    [change] = changes(world)
    action.apply(world, GIVEN, change, CASE)
    [given] = [given for name, _, given in world.made if name == "backup:start_restore_job"]
    return given


@pytest.mark.parametrize("type_", sorted(HAD))
def test_it_is_restored_under_a_name_of_ours_and_not_over_the_original(type_: str) -> None:
    given = started(aws(type_))
    key = {
        "DynamoDB": "targetTableName",
        "RDS": "DBInstanceIdentifier",
        "Aurora": "DBClusterIdentifier",
        "EFS": "CreationToken",
        "S3": "DestinationBucketName",
    }[type_]

    assert given["Metadata"][key].startswith("firedoor-inc-2026-0042-restore-")
    assert given["RecoveryPointArn"] == POINT
    assert given["IamRoleArn"] == ROLE


def test_a_restored_database_is_not_public_though_the_original_was() -> None:
    assert started(aws("RDS"))["Metadata"]["PubliclyAccessible"] == "false"


def test_a_whole_new_file_system_is_made_never_files_in_the_old_one() -> None:
    metadata = started(aws("EFS"))["Metadata"]

    assert metadata["newFileSystem"] == "true"
    assert "ItemsToRestore" not in metadata


def test_asking_twice_is_one_job_for_aws_backup() -> None:
    first, second = started(aws()), started(aws())

    assert first["IdempotencyToken"] == second["IdempotencyToken"]


def test_a_volume_comes_straight_from_the_snapshot_with_our_tag() -> None:
    given = action.Input(
        recovery_point="arn:aws:ec2:eu-west-1::snapshot/snap-0123456789abcdef0", vault="daily"
    )
    world = aws(
        "EBS",
        ec2__describe_availability_zones={"AvailabilityZones": [{"ZoneName": "eu-west-1a"}]},
        ec2__create_volume={"VolumeId": "vol-1"},
    )
    [change] = action.changes(given, action.observe(world, given, CASE), CASE)
    action.apply(world, given, change, CASE)
    made = world.made[-1][2]

    assert made["SnapshotId"] == "snap-0123456789abcdef0"
    assert made["TagSpecifications"][0]["Tags"][0]["Key"] == "firedoor"
    assert made["ClientToken"] == made["TagSpecifications"][0]["Tags"][0]["Value"]


def test_a_type_that_would_start_a_machine_is_refused_while_planning() -> None:
    with pytest.raises(Refused, match="A person restores it"):
        changes(aws("EC2"))


def running(world: ScriptedAws, *, name: str) -> None:
    job = {"RestoreJobId": "job-1", "RecoveryPointArn": POINT, "Status": "RUNNING"}
    world.answers["backup:list_restore_jobs"] = {"RestoreJobs": [job]}
    world.answers["backup:get_restore_job_metadata"] = {"Metadata": {"targetTableName": name}}


def test_while_it_is_restored_the_proof_is_open_and_nothing_is_started_again() -> None:
    world = aws()
    running(world, name=changes(world)[0].resource.rpartition("/")[2])

    assert changes(world) == []
    assert [check.holds for check in action.verify(world, GIVEN, CASE)] == [None]


def test_somebody_elses_restore_of_the_same_point_is_not_ours() -> None:
    world = aws()
    running(world, name="orders-restored-by-hand")

    assert len(changes(world)) == 1


def test_when_it_stands_it_holds() -> None:
    world = aws(dynamodb__describe_table={"Table": {"TableStatus": "ACTIVE"}})

    assert changes(world) == []
    assert [check.holds for check in action.verify(world, GIVEN, CASE)] == [True]


def test_when_the_job_has_failed_it_does_not_hold() -> None:
    assert [check.holds for check in action.verify(aws(), GIVEN, CASE)] == [False]


def undone(world: ScriptedAws, change: Change) -> None:
    action.apply(world, GIVEN, change.inverse(), CASE)


def test_undo_deletes_what_was_restored_by_its_own_name() -> None:
    world = aws()
    [change] = changes(world)
    world.answers["dynamodb:describe_table"] = {"Table": {"TableStatus": "ACTIVE"}}
    world.answers["dynamodb:delete_table"] = {}
    undone(world, change)

    assert world.made[-1][0] == "dynamodb:delete_table"
    assert world.made[-1][2]["TableName"] == change.resource.rpartition("/")[2]


def test_undo_of_what_is_gone_already_is_done() -> None:
    world = aws(dynamodb__delete_table=GONE)
    [change] = changes(world)

    undone(world, change)


def test_undo_waits_for_a_job_that_is_under_way() -> None:
    world = aws()
    [change] = changes(world)
    running(world, name=change.resource.rpartition("/")[2])

    with pytest.raises(RunFailed, match="still being restored"):
        undone(world, change)


def test_nothing_but_ours_is_ever_deleted() -> None:
    forged = Change(
        resource=f"{POINT}#restored/orders",
        what="restored beside it",
        from_=None,
        to={"type": "DynamoDB", "name": "orders", "recovery_point": POINT},
    )

    with pytest.raises(Refused, match="left alone"):
        undone(aws(), forged)


def test_a_bucket_that_is_not_empty_is_left_with_the_command() -> None:
    world = aws("S3", s3__delete_bucket=refused("BucketNotEmpty"))
    [change] = changes(world)

    with pytest.raises(RunFailed, match="aws s3 rb"):
        undone(world, change)


@pytest.mark.parametrize("type_", sorted(HAD))
def test_the_commands_name_our_thing(type_: str) -> None:
    [change] = changes(aws(type_))
    words = [action.commands(change), action.commands(change.inverse())]
    name = change.resource.rpartition("/")[2]

    assert all(name in " ".join(line) for lines in words for line in lines)
