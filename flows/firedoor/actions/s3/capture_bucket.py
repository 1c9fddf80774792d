"""Keep everything that S3 says of a bucket and of the doors to it, before anything is changed.

Policy and whether S3 calls it public, ACL, public access block of the bucket and of the account,
object ownership, website, CORS, versioning, logging, replication, lifecycle, notifications,
encryption, object lock, tags; its access points with their policies, and the Multi-Region ones that
lead to it. Read before the block: afterwards S3 shows the ACL as if it had never been public. What
may not be read is said in `unknown`; the rest is kept all the same. A website, or a tag that says
so, means that the bucket is public on purpose; so does what could not be read.
Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import msgspec

from firedoor.actions import contract
from firedoor.actions._side_by_side import side_by_side
from firedoor.actions.contract import Artefact, Aws, Case, Given, Permission
from firedoor.actions.s3._acl import Grant, as_grants
from firedoor.actions.s3._bucket import BUCKET, DELETED, is_gone, setting
from firedoor.actions.s3._lifecycle import deletes, rules_of
from firedoor.actions.s3._policy import is_public, outsiders, statements
from firedoor.actions.s3._purpose import meant_public
from firedoor.actions.s3.block_sse_c import blocks
from firedoor.actions.s3.block_sse_c import rules_of as encryption_rules
from firedoor.actions.s3control._block import missing
from firedoor.actions.s3control._points import (
    Point,
    access_points,
    account_block,
    multi_region_points,
)
from firedoor.errors import AwsError
from firedoor.kinds import AccessPointName, AccountId, Arn, BucketName, Region

POINT = "arn:{partition}:s3:*:{account}:accesspoint/*"
MULTI = "arn:{partition}:s3::{account}:accesspoint/*"
PERMISSIONS = (
    Permission("s3:GetBucketPolicy", BUCKET),
    Permission("s3:GetBucketPolicyStatus", BUCKET),
    Permission("s3:GetBucketAcl", BUCKET),
    Permission("s3:GetBucketPublicAccessBlock", BUCKET),
    Permission("s3:GetBucketOwnershipControls", BUCKET),
    Permission("s3:GetBucketWebsite", BUCKET),
    Permission("s3:GetBucketCORS", BUCKET),
    Permission("s3:GetBucketVersioning", BUCKET),
    Permission("s3:GetBucketLogging", BUCKET),
    Permission("s3:GetReplicationConfiguration", BUCKET),
    Permission("s3:GetLifecycleConfiguration", BUCKET),
    Permission("s3:GetBucketNotification", BUCKET),
    Permission("s3:GetEncryptionConfiguration", BUCKET),
    Permission("s3:GetBucketObjectLockConfiguration", BUCKET),
    Permission("s3:GetBucketTagging", BUCKET),
    Permission("s3:GetAccountPublicAccessBlock"),
    Permission("s3:ListAccessPoints", why="S3 knows no resource for it"),
    Permission("s3:GetAccessPoint", POINT, "what blocks public access there"),
    Permission("s3:GetAccessPointPolicy", POINT),
    Permission("s3:GetAccessPointPolicyStatus", POINT),
    Permission("s3:ListMultiRegionAccessPoints", why="S3 knows no resource for it"),
    Permission("s3:GetMultiRegionAccessPointPolicy", MULTI),
    Permission("s3:GetMultiRegionAccessPointPolicyStatus", MULTI),
)
EXAMPLE = {"bucket": "example-bucket"}
SETTINGS = {
    "policy": "get_bucket_policy",
    "policy_status": "get_bucket_policy_status",
    "acl": "get_bucket_acl",
    "public_access_block": "get_public_access_block",
    "ownership": "get_bucket_ownership_controls",
    "website": "get_bucket_website",
    "cors": "get_bucket_cors",
    "versioning": "get_bucket_versioning",
    "logging": "get_bucket_logging",
    "replication": "get_bucket_replication",
    "lifecycle": "get_bucket_lifecycle_configuration",
    "notifications": "get_bucket_notification_configuration",
    "encryption": "get_bucket_encryption",
    "object_lock": "get_object_lock_configuration",
    "tags": "get_bucket_tagging",
}
MORE = ("account_public_access_block", "access_points", "multi_region_access_points")
KEEPS = tuple(f"s3.{name}" for name in (*SETTINGS, *MORE))
NO_BUCKET = "there is no such bucket"


class Input(Given, frozen=True, kw_only=True):
    """The bucket, and its Region, which its access points are in."""

    bucket: BucketName
    region: Region | None = None


class Output(contract.Output, frozen=True, kw_only=True):
    """What later steps ask about; the rest is in the kept document.

    `gone`: there is no such bucket in this account. `meant_public`: it serves a website, a tag says
    so, or that could not be read. `blocked`: bucket or account block all public access.
    `outsiders`: other accounts that the policy names; `granted`: that the ACL does (canonical ids).
    `open_access_points` are public, or let in an account that is not this one. `expires`: a rule of
    its lifecycle deletes; `sse_c`: writes with a key of the writer's own are taken.
    """

    arn: Arn
    gone: bool
    website: bool
    meant_public: bool
    blocked: bool
    account_blocked: bool
    public_policy: bool
    public_acl: bool
    outsiders: list[AccountId]
    grants: list[Grant]
    granted: list[str]
    acls: bool
    open_access_points: list[AccessPointName]
    open_multi_region: list[AccessPointName]
    versioning: str
    expires: bool
    sse_c: bool
    object_lock: bool
    logs_to: BucketName | None
    keep: tuple[Artefact, ...]
    unknown: tuple[str, ...]
    not_kept: tuple[str, ...]


def observe(aws: Aws, given: Input, case: Case) -> Output:
    """Read it all, side by side."""
    region = given.region or aws.region
    reads: dict[str, Callable[[], Any]] = {
        **{
            name: partial(_setting, aws, given, case, operation)
            for name, operation in SETTINGS.items()
        },
        "account_public_access_block": partial(account_block, aws, case),
        "access_points": partial(access_points, aws, case, given.bucket, region),
        "multi_region_access_points": partial(multi_region_points, aws, case, given.bucket),
    }
    found, refused = side_by_side(reads)
    gone = any(why == NO_BUCKET for _, why in refused)
    told = [f"{name.replace('_', ' ')} of {given.bucket}: {why}" for name, why in refused]
    unknown = [f"there is no bucket {given.bucket!r}: {DELETED}"] if gone else told
    document = _policy(found)
    points: list[Point] = found.get("access_points", [])
    multi: list[Point] = found.get("multi_region_access_points", [])
    plain = msgspec.to_builtins({**found, "access_points": points, "multi_region": multi})
    acl = found.get("acl", {})
    owner = str((acl.get("Owner") or {}).get("ID") or "")
    grants = as_grants(acl, owner)
    account_off = missing(found.get("account_public_access_block"))
    own_off = missing(found.get("public_access_block", {}).get("PublicAccessBlockConfiguration"))
    ownership = json.dumps(found.get("ownership", {}))
    return Output(
        arn=f"arn:{case.partition}:s3:::{given.bucket}",
        gone=gone,
        website=bool(found.get("website")),
        meant_public=not gone and meant_public(found),
        blocked=not set(own_off) & set(account_off),
        account_blocked=not account_off,
        public_policy=any(map(is_public, statements(document))),
        public_acl=any(each.public for each in grants),
        outsiders=sorted(
            {who for each in statements(document) for who in outsiders(each, case.account)}
        ),
        grants=grants,
        granted=[each.to for each in grants if not each.public and each.to != "owner"],
        acls=not gone and "BucketOwnerEnforced" not in ownership,
        open_access_points=[each.name for each in points if each.open],
        open_multi_region=[each.name for each in multi if each.open],
        versioning=str(found.get("versioning", {}).get("Status") or "off"),
        expires=any(map(deletes, _enabled(found.get("lifecycle", {})))),
        sse_c=not gone and not blocks(encryption_rules(found.get("encryption", {}))),
        object_lock=bool(found.get("object_lock")),
        logs_to=(found.get("logging", {}).get("LoggingEnabled") or {}).get("TargetBucket"),
        keep=(
            Artefact(
                name=f"s3-bucket-{given.bucket}",
                content=plain,
                about=f"S3 bucket {given.bucket} before containment",
            ),
        ),
        unknown=tuple(unknown),
        not_kept=() if gone else tuple(f"s3.{name}" for name in reads if name not in found),
    )


def _setting(aws: Aws, given: Input, case: Case, operation: str) -> dict[str, Any]:
    try:
        return setting(aws, case, given.bucket, operation)
    except AwsError as error:
        if not is_gone(error):
            raise
        raise AwsError(NO_BUCKET, code=error.code, operation=error.operation) from None


def _policy(found: dict[str, Any]) -> dict[str, Any]:
    text = found.get("policy", {}).get("Policy")
    return dict(json.loads(text)) if text else {}


def _enabled(lifecycle: dict[str, Any]) -> Iterator[dict[str, Any]]:
    return (rule for rule in rules_of(lifecycle) if rule.get("Status") == "Enabled")
