"""Recovery points from before the incident: which there are, and that there are none."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from firedoor.actions.backup.find_recovery_points import Input, observe
from firedoor.actions.contract import Case
from firedoor.kinds import time_text
from tests.actions.scripted import ScriptedAws, refused
from tests.simulator.conftest import ACCOUNT, START

TABLE = f"arn:aws:dynamodb:eu-west-1:{ACCOUNT}:table/orders"
CASE = Case(incident="INC-2026-0042", account=ACCOUNT, now=START)
VAULT = {"BackupVaultName": "daily", "Locked": True}


def point(hours_ago: int, *, status: str = "COMPLETED", vault: str = "daily") -> dict[str, Any]:
    return {
        "RecoveryPointArn": f"arn:aws:backup:eu-west-1:{ACCOUNT}:recovery-point:{hours_ago}",
        "CreationDate": START - timedelta(hours=hours_ago),
        "Status": status,
        "BackupVaultName": vault,
        "EncryptionKeyArn": f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/1234abcd",
        "BackupSizeBytes": 4096,
    }


def aws(*points: dict[str, Any], vault: Any = VAULT) -> ScriptedAws:
    return ScriptedAws(
        {
            "backup:list_recovery_points_by_resource": {"RecoveryPoints": list(points)},
            "backup:describe_backup_vault": vault,
        }
    )


def before(hours_ago: int) -> Input:
    return Input(resource=TABLE, before=time_text(START - timedelta(hours=hours_ago)))


def test_the_latest_is_the_newest_from_before_the_time() -> None:
    found = observe(aws(point(30), point(2), point(6), point(54)), before(4), CASE)

    assert (found.latest or "").endswith(":6")
    assert (found.latest_vault, found.count, found.later) == ("daily", 3, 1)
    assert [one.arn.rsplit(":", 1)[1] for one in found.points] == ["6", "30", "54"]


def test_one_that_is_not_whole_is_not_offered() -> None:
    found = observe(aws(point(6, status="PARTIAL"), point(8, status="EXPIRED")), before(4), CASE)

    assert (found.found, found.latest) == (False, None)


def test_lock_and_encryption_are_told() -> None:
    [only] = observe(aws(point(6)), before(4), CASE).points

    assert (only.locked, only.encrypted, only.size) == (True, True, 4096)
    assert only.key.endswith("key/1234abcd")


def test_a_vault_is_described_once_and_in_the_region_of_the_resource() -> None:
    asked = aws(point(6), point(7), point(8))
    observe(asked, before(4), CASE)

    assert asked.names().count("backup:describe_backup_vault") == 1
    assert {region for _, region, _ in asked.made} == {"eu-west-1"}


def test_a_vault_that_may_not_be_described_leaves_the_lock_open() -> None:
    found = observe(aws(point(6), vault=refused("AccessDeniedException")), before(4), CASE)

    assert found.points[0].locked is None
    assert "whether backup vault daily is locked" in found.unknown[0]


def test_none_is_said_and_where_else_to_look() -> None:
    found = observe(aws(point(2)), before(4), CASE)

    assert found.found is False
    assert "no usable recovery point" in found.unknown[0]
    assert "snapshots made by hand" in found.unknown[0]


def test_a_backup_that_may_not_be_asked_is_unknown_not_none() -> None:
    asked = ScriptedAws(
        {"backup:list_recovery_points_by_resource": refused("AccessDeniedException", "not allowed")}
    )

    found = observe(asked, before(4), CASE)

    assert found.unknown == (f"the recovery points of {TABLE}: not allowed",)


def test_everything_that_was_listed_is_kept() -> None:
    [kept] = observe(aws(point(2), point(6)), before(4), CASE).keep

    assert len(kept.content["points"]) == 2
