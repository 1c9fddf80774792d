"""Take a machine image (AMI) away from those it is shared with: everybody, or those who are named.

It acts on the image; its snapshots have permissions of their own (ec2.unshare_snapshot). Whoever
copied it keeps the copy, and instances launched from it go on. Accounts, organizations and
organizational units may be partners who need it, so they are taken away only where that is said.
Source: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/sharingamis-explicit.html
"""

from __future__ import annotations

import re
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
from firedoor.kinds import AccountId, ImageId, Region

IMAGE = "arn:{partition}:ec2:{region}::image/{image}"
PERMISSIONS = (
    Permission("ec2:DescribeImageAttribute"),
    Permission("ec2:ModifyImageAttribute", IMAGE),
)
EXAMPLE = {"image": "ami-0123456789abcdef0", "who": "public"}
REOPENS = Reopens("they could launch from the image, and copy it, again")
MISSING = re.compile(r"InvalidAMIID\.(NotFound|Unavailable)")


class Input(Given, frozen=True, kw_only=True):
    """The image; `who` loses it: `public` (everybody in the world), `accounts` (those it is shared
    with by number or organization; `only`: these), or `everybody` (both)."""

    image: ImageId
    who: Who = "public"
    only: tuple[AccountId, ...] = ()
    region: Region | None = None


def observe(aws: Aws, given: Input, case: Case) -> Sharing:
    """Who may launch from it."""
    region = region_of(aws, given)
    root = f"arn:{case.partition}:ec2:{region}::image/{given.image}"
    try:
        answer = aws.call(
            "ec2",
            "describe_image_attribute",
            region=region,
            ImageId=given.image,
            Attribute="launchPermission",
        )
    except AwsError as error:
        if not MISSING.match(error.code):
            raise
        return Sharing(parts={}, root=root, gone=True)
    names = [
        str(value)
        for each in answer.get("LaunchPermissions") or ()
        for value in each.values()
        if value
    ]
    return Sharing(parts=parts_of(root, names), root=root)


def changes(given: Input, before: Sharing, case: Case) -> list[Change]:
    """Each loses it by itself."""
    return taken_away(before, given.who, given.only)


def apply(aws: Aws, given: Input, change: Change, case: Case) -> None:
    """Take it away from one, or share it again. NotFound when undo comes too late."""
    verb = "Add" if change.to else "Remove"
    try:
        aws.call(
            "ec2",
            "modify_image_attribute",
            region=region_in(change.resource),
            ImageId=name_of(change.resource),
            LaunchPermission={verb: [_whom(change)]},
        )
    except AwsError as error:
        if not MISSING.match(error.code):
            raise
        if change.to is not None:
            raise NotFound(f"{given.image} has been deregistered since") from None


def _whom(change: Change) -> dict[str, Any]:
    name = with_(change.resource)
    if name == ALL:
        return {"Group": ALL}
    if ":organization/" in name:
        return {"OrganizationArn": name}
    return {"OrganizationalUnitArn": name} if name.startswith("arn:") else {"UserId": name}


def verify(aws: Aws, given: Input, case: Case) -> list[Check]:
    """They are not among those who may launch from it."""
    return proof(given.image, observe(aws, given, case), given.who, given.only)


def commands(change: Change) -> list[list[str]]:
    """The AWS CLI's words."""
    verb = "Add" if change.to else "Remove"
    said = ",".join(f"{key}={value}" for key, value in _whom(change).items())
    named = ["--region", region_in(change.resource), "--image-id", name_of(change.resource)]
    return [
        ["ec2", "modify-image-attribute", *named, "--launch-permission", f"{verb}=[{{{said}}}]"]
    ]
