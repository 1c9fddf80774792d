"""Find the AWS Backup recovery points of a resource from before a time.

Which backups of it are older than the incident, in which vaults, whether they are encrypted, with
which key, and whether the vault is locked (nobody can delete what is in it). Only AWS Backup is
asked, and only for the one resource: snapshots made by hand and backups in another account or
Region are not seen, and that is said. That there is none is an answer, not an error. Times are in
UTC, sizes in bytes.
Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/API_ListRecoveryPointsByResource.html
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from firedoor.actions import contract
from firedoor.actions.contract import Artefact, Aws, Case, Given, Permission
from firedoor.errors import AwsError, NoCredentials
from firedoor.kinds import Arn, BackupVault, Region, Time, parse_time, time_text

PERMISSIONS = (
    Permission("backup:ListRecoveryPointsByResource"),
    Permission(
        "backup:DescribeBackupVault",
        "arn:{partition}:backup:{region}:{account}:backup-vault:*",
        "whether the vault that holds a backup is locked",
    ),
)
EXAMPLE = {
    "resource": "arn:aws:dynamodb:eu-central-1:111122223333:table/orders",
    "before": "2026-03-14T08:00:00.000Z",
}
USABLE = frozenset({"COMPLETED", "AVAILABLE"})
TOLD = 20
"""How many recovery points, newest first, are told to later steps; the evidence has all of them."""
GONE = frozenset({"ResourceNotFoundException"})


class Input(Given, frozen=True, kw_only=True):
    """The resource's ARN. `before`: older than this; without it, older than now."""

    resource: Arn
    before: Time | None = None
    region: Region | None = None


class Point(contract.Output, frozen=True, kw_only=True):
    """One recovery point. `locked` and `encrypted` are None where that could not be seen."""

    arn: Arn
    vault: BackupVault
    created: Time
    status: str
    size: int = 0
    encrypted: bool | None = None
    key: str = ""
    locked: bool | None = None


class Output(contract.Output, frozen=True, kw_only=True):
    """Usable recovery points from before the time, newest first.

    `latest` and `latest_vault` are absent when there is none. `later`: how many are from after it.
    """

    found: bool
    count: int = 0
    later: int = 0
    latest: Arn | None = None
    latest_vault: BackupVault | None = None
    latest_created: Time | None = None
    locked: bool = False
    points: tuple[Point, ...] = ()
    keep: tuple[Artefact, ...] = ()
    unknown: tuple[str, ...] = ()


def observe(aws: Aws, given: Input, case: Case) -> Output:
    """Ask Backup in the resource's Region (or `region`)."""
    region = given.region or given.resource.split(":")[3] or aws.region
    before = parse_time(given.before) if given.before else case.now
    try:
        listed = list(
            aws.pages(
                "backup",
                "list_recovery_points_by_resource",
                "RecoveryPoints",
                region=region,
                ResourceArn=given.resource,
            )
        )
    except NoCredentials:
        raise
    except AwsError as error:
        if error.code not in GONE:
            note = f"the recovery points of {given.resource}: {error.message}"
            return Output(found=False, unknown=(note,))
        listed = []
    listed.sort(key=_created, reverse=True)
    older = [each for each in listed if _created(each) < before]
    usable = [each for each in older if each.get("Status") in USABLE]
    vaults, unknown = _vaults(aws, region, usable[:TOLD])
    points = tuple(_point(each, vaults) for each in usable[:TOLD])
    if not points:
        unknown.append(
            f"AWS Backup in {region} has no usable recovery point of {given.resource} from before "
            f"{time_text(before)}: look for snapshots made by hand, and for copies in other "
            "Regions and accounts"
        )
    latest = points[0] if points else None
    return Output(
        found=bool(points),
        count=len(usable),
        later=len(listed) - len(older),
        latest=latest.arn if latest else None,
        latest_vault=latest.vault if latest else None,
        latest_created=latest.created if latest else None,
        locked=bool(latest and latest.locked),
        points=points,
        keep=(
            Artefact(
                name="recovery-points",
                content={"resource": given.resource, "points": listed, "vaults": vaults},
                about=f"AWS Backup's recovery points of {given.resource}",
            ),
        ),
        unknown=tuple(unknown),
    )


def _created(point: dict[str, Any]) -> datetime:
    found = point["CreationDate"]
    return found if isinstance(found, datetime) else parse_time(str(found))


def _vaults(
    aws: Aws, region: str, points: list[dict[str, Any]]
) -> tuple[dict[str, dict[str, Any]], list[str]]:
    """Each vault that holds one of these, once; what could not be described is said."""
    found: dict[str, dict[str, Any]] = {}
    unknown: list[str] = []
    for name in dict.fromkeys(str(each["BackupVaultName"]) for each in points):
        try:
            found[name] = aws.call(
                "backup", "describe_backup_vault", region=region, BackupVaultName=name
            )
        except NoCredentials:
            raise
        except AwsError as error:
            unknown.append(f"whether backup vault {name} is locked: {error.message}")
    return found, unknown


def _point(point: dict[str, Any], vaults: dict[str, dict[str, Any]]) -> Point:
    vault = vaults.get(str(point["BackupVaultName"]))
    key = point.get("EncryptionKeyArn") or ""
    return msgspec.convert(
        {
            "arn": point["RecoveryPointArn"],
            "vault": point["BackupVaultName"],
            "created": time_text(_created(point)),
            "status": point["Status"],
            "size": int(point.get("BackupSizeBytes") or 0),
            "encrypted": point.get("IsEncrypted", True if key else None),
            "key": key,
            "locked": bool(vault.get("Locked")) if vault else None,
        },
        Point,
    )
