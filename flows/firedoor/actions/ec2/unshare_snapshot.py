"""Take an EBS snapshot away from those it is shared with: everybody, or accounts that are named.

Whoever copied it or made a volume of it keeps that: nothing reaches a copy. CloudTrail shows it as
SharedSnapshotCopyInitiated and SharedSnapshotVolumeCreated, with the taker's account. Accounts may
be partners who need it, so they are taken away only where that is said.
Source: https://docs.aws.amazon.com/ebs/latest/userguide/ebs-modifying-snapshot-permissions.html
"""

from __future__ import annotations

from typing import Any

from firedoor.actions.contract import Aws, Case, Change, Check, Given, Permission, Reopens
from firedoor.actions.ec2._instance import name_of, region_in, region_of
from firedoor.actions.ec2._sharing import (
    ALL,
    Sharing,
    Who,
    parts_of,
    proof,
    taken_away,
    with_,
)
from firedoor.errors import AwsError, NotFound
from firedoor.kinds import AccountId, Region, SnapshotId

SNAPSHOT = "arn:{partition}:ec2:{region}::snapshot/{snapshot}"
PERMISSIONS = (
    Permission("ec2:DescribeSnapshotAttribute"),
    Permission("ec2:ModifySnapshotAttribute", SNAPSHOT),
)
EXAMPLE = {"snapshot": "snap-0123456789abcdef0", "who": "public"}
REOPENS = Reopens("what is on the disk could be copied by them again")
MISSING = frozenset({"InvalidSnapshot.NotFound"})


class Input(Given, frozen=True, kw_only=True):
    """The snapshot; `who` loses it: `public` (everybody in the world), `accounts` (those it is
    shared with by number; `only`: these), or `everybody` (both)."""

    snapshot: SnapshotId
    who: Who = "public"
    only: tuple[AccountId, ...] = ()
    region: Region | None = None


def observe(aws: Aws, given: Input, case: Case) -> Sharing:
    """Who may make volumes of it."""
    region = region_of(aws, given)
    root = f"arn:{case.partition}:ec2:{region}::snapshot/{given.snapshot}"
    try:
        answer = aws.call(
            "ec2",
            "describe_snapshot_attribute",
            region=region,
            SnapshotId=given.snapshot,
            Attribute="createVolumePermission",
        )
    except AwsError as error:
        if error.code not in MISSING:
            raise
        return Sharing(parts={}, root=root, gone=True)
    names = [
        str(each.get("Group") or each.get("UserId"))
        for each in answer.get("CreateVolumePermissions") or ()
    ]
    return Sharing(parts=parts_of(root, names), root=root)


def changes(given: Input, before: Sharing, case: Case) -> list[Change]:
    """Each loses it by itself."""
    return taken_away(before, given.who, given.only)


def apply(aws: Aws, given: Input, change: Change, case: Case) -> None:
    """Take it away from one, or share it again. NotFound when undo comes too late."""
    try:
        aws.call(
            "ec2",
            "modify_snapshot_attribute",
            region=region_in(change.resource),
            SnapshotId=name_of(change.resource),
            Attribute="createVolumePermission",
            **_given(change),
        )
    except AwsError as error:
        if error.code not in MISSING:
            raise
        if change.to is not None:
            raise NotFound(f"{given.snapshot} has been deleted since: nothing to share") from None


def _given(change: Change) -> dict[str, Any]:
    name = with_(change.resource)
    operation = "add" if change.to else "remove"
    whom = {"GroupNames": [ALL]} if name == ALL else {"UserIds": [name]}
    return {"OperationType": operation, **whom}


def verify(aws: Aws, given: Input, case: Case) -> list[Check]:
    """They are not among those who may make volumes of it."""
    return proof(given.snapshot, observe(aws, given, case), given.who, given.only)


def commands(change: Change) -> list[list[str]]:
    """The AWS CLI's words."""
    given = _given(change)
    named = ["--region", region_in(change.resource), "--snapshot-id", name_of(change.resource)]
    named += ["--attribute", "createVolumePermission"]
    named += ["--operation-type", given["OperationType"]]
    whom = ["--group-names", ALL] if "GroupNames" in given else ["--user-ids", *given["UserIds"]]
    return [["ec2", "modify-snapshot-attribute", *named, *whom]]
