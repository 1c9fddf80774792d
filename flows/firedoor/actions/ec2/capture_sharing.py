"""Keep what EC2 says of a snapshot or an image, and tell who it is shared with.

The thing itself and its permissions, as they are before anything is taken away; of an image its
snapshots too, which have permissions of their own. Copies are not seen here: CloudTrail shows
SharedSnapshotCopyInitiated and SharedSnapshotVolumeCreated, whose `userIdentity.accountId` is the
taker, and `taken` names those of the last 90 days.
Source: https://docs.aws.amazon.com/ebs/latest/userguide/ebs-modifying-snapshot-permissions.html
"""

from __future__ import annotations

from typing import Any

from firedoor.actions import contract
from firedoor.actions.cloudtrail._events import find
from firedoor.actions.contract import Artefact, Aws, Case, Given, Permission
from firedoor.actions.ec2._instance import region_of
from firedoor.actions.ec2._sharing import told
from firedoor.errors import AwsError, BadInput
from firedoor.kinds import AccountId, ImageId, Region, SnapshotId

PERMISSIONS = (
    Permission("ec2:DescribeSnapshots"),
    Permission("ec2:DescribeSnapshotAttribute"),
    Permission("ec2:DescribeImages"),
    Permission("ec2:DescribeImageAttribute"),
    Permission("cloudtrail:LookupEvents", why="who has copied it"),
)
EXAMPLE = {"snapshot": "snap-0123456789abcdef0"}
MISSING = frozenset(
    {"InvalidSnapshot.NotFound", "InvalidAMIID.NotFound", "InvalidAMIID.Unavailable"}
)
TAKEN = frozenset({"SharedSnapshotCopyInitiated", "SharedSnapshotVolumeCreated"})
PAGES = 4
"""Pages of 50 events about one snapshot that are read at most."""


class Input(Given, frozen=True, kw_only=True):
    """One of the two: an EBS snapshot, or an image."""

    snapshot: SnapshotId | None = None
    image: ImageId | None = None
    region: Region | None = None


class Output(contract.Output, frozen=True, kw_only=True):
    """Whether everybody has it, and which other accounts; `shared_with` says it in words, with
    organizations. `taken`: by which accounts it was copied.

    `snapshots`: those of the image, or the snapshot itself. `public` and `accounts` speak of the
    image and its snapshots together.
    """

    public: bool
    shared_with: str
    accounts: list[AccountId]
    snapshots: list[SnapshotId]
    taken: list[AccountId]
    keep: tuple[Artefact, ...] = ()
    unknown: tuple[str, ...] = ()


def observe(aws: Aws, given: Input, case: Case) -> Output:
    """The thing, its permissions, and CloudTrail's word on who took it."""
    if bool(given.snapshot) == bool(given.image):
        raise BadInput("give one of snapshot and image")
    region, name = region_of(aws, given), str(given.snapshot or given.image)
    try:
        kept, snapshots = _read(aws, given, region)
    except AwsError as error:
        if error.code not in MISSING:
            raise
        gone = f"there is no {name} (any more) in {region}"
        return Output(
            public=False,
            shared_with="nobody",
            accounts=[],
            snapshots=[],
            taken=[],
            unknown=(gone,),
        )
    shared = [*kept["permissions"], *(each for one in kept["snapshots"] for each in one["shared"])]
    taken, unknown, events = _taken(aws, region, snapshots)
    kept["events"] = events
    numbers = {str(each["UserId"]) for each in shared if each.get("UserId")}
    return Output(
        public=any(each.get("Group") == "all" for each in shared),
        shared_with=told({str(value) for each in shared for value in each.values() if value}),
        accounts=sorted(numbers),
        snapshots=snapshots,
        taken=sorted(taken - {case.account}),
        keep=(Artefact(name=f"sharing-{name}", content=kept, about=f"{name} and its sharing"),),
        unknown=unknown,
    )


def _read(aws: Aws, given: Input, region: str) -> tuple[dict[str, Any], list[str]]:
    if given.image:
        image = aws.call("ec2", "describe_images", region=region, ImageIds=[given.image])["Images"]
        if not image:
            raise AwsError(
                "no such image", code="InvalidAMIID.NotFound", operation="ec2:DescribeImages"
            )
        named = {"ImageId": given.image, "Attribute": "launchPermission"}
        answer = aws.call("ec2", "describe_image_attribute", region=region, **named)
        ids = [
            str(device["Ebs"]["SnapshotId"])
            for device in image[0].get("BlockDeviceMappings") or ()
            if (device.get("Ebs") or {}).get("SnapshotId")
        ]
        whole: dict[str, Any] = {"image": image[0], "permissions": answer["LaunchPermissions"]}
    else:
        ids = [str(given.snapshot)]
        whole = {"permissions": []}
    whole["snapshots"] = [_snapshot(aws, region, name) for name in ids]
    return whole, ids


def _snapshot(aws: Aws, region: str, name: str) -> dict[str, Any]:
    found = aws.call("ec2", "describe_snapshots", region=region, SnapshotIds=[name])["Snapshots"]
    named = {"SnapshotId": name, "Attribute": "createVolumePermission"}
    answer = aws.call("ec2", "describe_snapshot_attribute", region=region, **named)
    return {"snapshot": found[0], "shared": answer.get("CreateVolumePermissions") or []}


def _taken(
    aws: Aws, region: str, snapshots: list[str]
) -> tuple[set[str], tuple[str, ...], list[dict[str, Any]]]:
    taken: set[str] = set()
    unknown: list[str] = []
    events: list[dict[str, Any]] = []
    for name in snapshots:
        found = find(aws, region, "ResourceName", name, since=None, until=None, pages=PAGES)
        unknown += found.unknown
        ours = [each for each in found.events if each.get("eventName") in TAKEN]
        events += ours
        taken |= {str((each.get("userIdentity") or {}).get("accountId") or "") for each in ours}
    return taken - {""}, tuple(unknown), events
