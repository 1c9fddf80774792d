"""Switch off the ACLs of a bucket and of everything in it: policies alone decide from then on.

Object Ownership becomes BucketOwnerEnforced, which no ACL gets past, those of single objects
included; before, the bucket's own ACL is brought down to its owner, or S3 refuses. Who is let in
by an ACL alone (other accounts, log delivery by ACL) is shut out: give them a policy first. While
Block Public Access ignores public grants S3 does not show them: `grants` tells what was kept
before, so that undo can put it back. Undo is refused by S3 while public ACLs are blocked.
Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/about-object-ownership.html
"""

from __future__ import annotations

import json
from typing import Any

import msgspec

from firedoor.actions.contract import Aws, Case, Change, Check, Given, Permission, Reopens
from firedoor.actions.s3._acl import Grant, as_grants, as_told, only_owner
from firedoor.actions.s3._bucket import (
    BUCKET,
    BucketState,
    bucket_of,
    gone_check,
    is_gone,
    owned,
    part,
    setting,
)
from firedoor.errors import AwsError
from firedoor.kinds import BucketName

PERMISSIONS = (
    Permission("s3:GetBucketAcl", BUCKET),
    Permission("s3:PutBucketAcl", BUCKET),
    Permission("s3:GetBucketOwnershipControls", BUCKET),
    Permission("s3:PutBucketOwnershipControls", BUCKET),
)
EXAMPLE = {"bucket": "example-bucket"}
REOPENS = Reopens("what ACLs of the bucket and of its objects allow would be allowed again")
DESTROYS = ("s3.acl",)
ENFORCED = "BucketOwnerEnforced"


class Input(Given, frozen=True, kw_only=True):
    """The bucket. `grants`: those of its ACL as they were kept before, hidden ones too."""

    bucket: BucketName
    grants: list[Grant] = msgspec.field(default_factory=list)


class Found(BucketState, frozen=True, kw_only=True):
    """Ownership and ACL; `owner` is the canonical id of the bucket's owner."""

    owner: str = ""


def observe(aws: Aws, given: Input, case: Case) -> Found:
    """Object Ownership, and the grants of the ACL where they count."""
    try:
        ownership = setting(aws, case, given.bucket, "get_bucket_ownership_controls")
        acl = setting(aws, case, given.bucket, "get_bucket_acl")
    except AwsError as error:
        if not is_gone(error):
            raise
        return Found(parts={}, gone=True)
    owner = str((acl.get("Owner") or {}).get("ID") or "")
    rules = (ownership.get("OwnershipControls") or {}).get("Rules") or []
    parts: dict[str, Any] = {}
    if rules:
        parts[part(case, given.bucket, "ownership")] = rules[0]["ObjectOwnership"]
    grants = as_grants(acl, owner)
    if rules and rules[0]["ObjectOwnership"] == ENFORCED:
        grants = only_owner()
    else:
        # What Block Public Access hides is there all the same.
        hidden = [each for each in given.grants if each.public and each not in grants]
        grants = sorted([*grants, *hidden], key=str)
    parts[part(case, given.bucket, "acl")] = msgspec.to_builtins(grants)
    return Found(parts=parts, owner=owner)


def changes(given: Input, before: Found, case: Case) -> list[Change]:
    """The ACL down to its owner, then off with all ACLs."""
    if before.gone:
        return []
    made = []
    acl, ownership = part(case, given.bucket, "acl"), part(case, given.bucket, "ownership")
    alone = msgspec.to_builtins(only_owner())
    if before.parts.get(acl) != alone:
        what = "access control list"
        made.append(Change(resource=acl, what=what, from_=before.parts.get(acl), to=alone))
    if before.parts.get(ownership) != ENFORCED:
        found = before.parts.get(ownership)
        made.append(Change(resource=ownership, what="object ownership", from_=found, to=ENFORCED))
    return made


def apply(aws: Aws, given: Input, change: Change, case: Case) -> None:
    """Write the ACL, or set Object Ownership."""
    bucket = owned(case, given.bucket)
    if change.resource == part(case, given.bucket, "acl"):
        if (
            setting(aws, case, given.bucket, "get_bucket_ownership_controls")
            .get("OwnershipControls", {})
            .get("Rules", [{}])[0]
            .get("ObjectOwnership")
            == ENFORCED
        ):
            return  # Without ACLs it is the owner's alone.
        acl = setting(aws, case, given.bucket, "get_bucket_acl")
        grants = msgspec.convert(change.to, list[Grant])
        aws.call(
            "s3",
            "put_bucket_acl",
            **bucket,
            AccessControlPolicy={
                "Owner": acl["Owner"],
                "Grants": as_told(grants, str(acl["Owner"]["ID"])),
            },
        )
    elif change.to is None:
        aws.call("s3", "delete_bucket_ownership_controls", **bucket)
    else:
        aws.call(
            "s3",
            "put_bucket_ownership_controls",
            **bucket,
            OwnershipControls={"Rules": [{"ObjectOwnership": change.to}]},
        )


def verify(aws: Aws, given: Input, case: Case) -> list[Check]:
    """ACLs are off."""
    state = observe(aws, given, case)
    if state.gone:
        return [gone_check(given.bucket, "no ACL lets anybody in")]
    found = state.parts.get(part(case, given.bucket, "ownership"), "not set")
    return [
        Check(
            what=f"no ACL of {given.bucket} or of an object in it lets anybody in",
            holds=found == ENFORCED,
            seen=f"object ownership is {found}",
        )
    ]


def commands(change: Change) -> list[list[str]]:
    """The AWS CLI's words."""
    name = ["--bucket", bucket_of(change.resource)]
    if change.resource.endswith("#acl"):
        if change.to == msgspec.to_builtins(only_owner()):
            return [["s3api", "put-bucket-acl", *name, "--acl", "private"]]
        told = json.dumps({"Grants": change.to}, separators=(",", ":"))
        return [["s3api", "put-bucket-acl", *name, "--access-control-policy", told]]
    if change.to is None:
        return [["s3api", "delete-bucket-ownership-controls", *name]]
    rule = f"Rules=[{{ObjectOwnership={change.to}}}]"
    return [["s3api", "put-bucket-ownership-controls", *name, "--ownership-controls", rule]]
