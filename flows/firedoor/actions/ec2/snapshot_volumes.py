"""Snapshot all volumes of an instance at one moment, as evidence.

One call takes them all, consistent across volumes as after a power cut. The moment is fixed as soon
as AWS answers; the copy goes on behind it (`pending`), and nothing waits for it: the later checks
of the run and `firedoor verify` read whether it came to its end. Disks on the machine itself
(instance store) are in no snapshot, nor is memory. The snapshots bear the tags `firedoor:incident`
and `firedoor:instance`, and stay when the incident is undone: they are evidence.
Source: https://docs.aws.amazon.com/ebs/latest/userguide/ebs-creating-snapshot.html
"""

from __future__ import annotations

from typing import Any

import msgspec

from firedoor.actions import contract
from firedoor.actions.contract import Aws, Case, Change, Check, Permission
from firedoor.actions.ec2._instance import (
    INSTANCE,
    TAG,
    InstanceState,
    OfInstance,
    described,
    name_of,
    region_in,
    region_of,
    root_of,
)
from firedoor.errors import Refused

PERMISSIONS = (
    Permission("ec2:DescribeInstances"),
    Permission("ec2:DescribeSnapshots"),
    Permission("ec2:CreateSnapshots", INSTANCE),
    Permission("ec2:CreateSnapshots", "arn:{partition}:ec2:{region}:{account}:volume/*"),
    Permission("ec2:CreateSnapshots", "arn:{partition}:ec2:{region}::snapshot/*"),
    Permission(
        "ec2:CreateTags",
        "arn:{partition}:ec2:{region}::snapshot/*",
        "the snapshots say what they are for",
        {"StringEquals": {"ec2:CreateAction": "CreateSnapshots"}},
    ),
)
EXAMPLE = {"instance": "i-0123456789abcdef0"}
IRREVERSIBLE = "snapshots are evidence: undo leaves them, and whoever closes the case deletes them"
KEEPS = ("ec2.volumes",)
OF_INSTANCE = "firedoor:instance"

Input = OfInstance


class Found(InstanceState, frozen=True, kw_only=True):
    """`volumes`: those of the instance now; `snapshots`: those taken for the incident, by state."""

    volumes: tuple[str, ...] = ()
    snapshots: dict[str, str] = msgspec.field(default_factory=dict)


class Output(contract.Output, frozen=True, kw_only=True):
    """How many volumes there were; `not_kept` names them when they were gone before."""

    volumes: int
    not_kept: tuple[str, ...] = ()


def observe(aws: Aws, given: Input, case: Case) -> Found:
    """The volumes, and what has been taken of them for this incident."""
    here = described(aws, given)
    root = root_of(aws, given, case)
    taken = _taken(aws, given, case)
    covered = sorted({each["VolumeId"] for each in taken if each.get("State") != "error"})
    parts: dict[str, Any] = {f"{root}#snapshots": covered} if covered else {}
    states = {each["SnapshotId"]: str(each.get("State") or "pending") for each in taken}
    if here is None:
        return Found(parts=parts, root=root, gone=True, snapshots=states)
    volumes = [
        device["Ebs"]["VolumeId"]
        for device in here.get("BlockDeviceMappings") or ()
        if "Ebs" in device
    ]
    return Found(parts=parts, root=root, volumes=tuple(sorted(volumes)), snapshots=states)


def _taken(aws: Aws, given: Input, case: Case) -> list[dict[str, Any]]:
    wanted = [
        {"Name": f"tag:{TAG}", "Values": [case.incident]},
        {"Name": f"tag:{OF_INSTANCE}", "Values": [given.instance]},
    ]
    found = aws.pages(
        "ec2",
        "describe_snapshots",
        "Snapshots",
        region=region_of(aws, given),
        OwnerIds=["self"],
        Filters=wanted,
    )
    return list(found)


def changes(given: Input, before: Found, case: Case) -> list[Change]:
    """One set of snapshots, unless every volume is in one already."""
    resource = f"{before.root}#snapshots"
    covered = before.parts.get(resource, [])
    if not set(before.volumes) - set(covered):
        return []
    to = sorted({*covered, *before.volumes})
    return [
        Change(resource=resource, what="snapshots", from_=covered or None, to=to, lost=IRREVERSIBLE)
    ]


def apply(aws: Aws, given: Input, change: Change, case: Case) -> None:
    """Snapshot what has no snapshot yet. Refused for the way back: evidence is not deleted."""
    if not set(change.to or ()) - set(change.from_ or ()):
        raise Refused(
            f"the snapshots of {name_of(change.resource)} are evidence: what they show cannot be "
            "brought back once they are deleted. Delete them by hand when the case is closed"
        )
    have = set(observe(aws, given, case).parts.get(change.resource, ()))
    if have >= set(change.to):
        return
    named = {"InstanceId": name_of(change.resource)}
    tags = {TAG: case.incident, OF_INSTANCE: name_of(change.resource)}
    aws.call(
        "ec2",
        "create_snapshots",
        region=region_in(change.resource),
        InstanceSpecification={**named, "ExcludeDataVolumeIds": sorted(have)} if have else named,
        Description=f"firedoor {case.incident}: evidence",
        TagSpecifications=[
            {
                "ResourceType": "snapshot",
                "Tags": [{"Key": key, "Value": value} for key, value in tags.items()],
            }
        ],
    )


def verify(aws: Aws, given: Input, case: Case) -> list[Check]:
    """Every volume is in a snapshot, and none of these has failed; how far the copies are."""
    state = observe(aws, given, case)
    covered = set(state.parts.get(f"{state.root}#snapshots", ()))
    pending = sorted(name for name, now in state.snapshots.items() if now == "pending")
    broken = sorted(name for name, now in state.snapshots.items() if now == "error")
    copies = f"{len(state.snapshots)} taken"
    if pending:
        copies = f"{copies}, still being copied: {', '.join(pending)}"
    if broken:
        copies = f"{copies}, FAILED: {', '.join(broken)}"
    if state.gone and not covered:
        return [Check(what=f"the disks of {given.instance} are kept", holds=False, seen="gone")]
    missing = sorted(set(state.volumes) - covered)
    return [
        Check(
            what=f"every volume of {given.instance} is in a snapshot",
            holds=not missing,
            seen=f"missing: {', '.join(missing)}; {copies}" if missing else copies,
        )
    ]


def output(given: Input, before: Found, case: Case) -> Output:
    """What the instance has to be kept of."""
    kept = not before.gone or bool(before.snapshots)
    return Output(volumes=len(before.volumes), not_kept=() if kept else KEEPS)


def commands(change: Change) -> list[list[str]]:
    """The AWS CLI's words."""
    return [
        [
            *("ec2", "create-snapshots", "--region", region_in(change.resource)),
            *("--instance-specification", f"InstanceId={name_of(change.resource)}"),
        ]
    ]
