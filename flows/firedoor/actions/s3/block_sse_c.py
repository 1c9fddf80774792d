"""Refuse writes that are encrypted with a key that the writer brings along (SSE-C).

Ransomware copies objects over themselves with a key that AWS never keeps. The block is written into
the bucket's default encryption and keeps all else that it says: algorithm, KMS key, bucket key.
It does not decrypt anything, and with the key what is encrypted can still be read. Workloads that
use SSE-C on purpose stop writing. Since April 2026 AWS blocks SSE-C by itself on new buckets: one
that allows it was told to.
Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/blocking-unblocking-s3-c-encryption-gpb.html
"""

from __future__ import annotations

import json
from typing import Any

from firedoor.actions.contract import Aws, Case, Change, Check, Given, Permission, Reopens
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
    Permission("s3:GetEncryptionConfiguration", BUCKET),
    Permission("s3:PutEncryptionConfiguration", BUCKET),
)
EXAMPLE = {"bucket": "example-bucket"}
REOPENS = Reopens("whoever may write could encrypt over the objects again with a key of his own")
SSE_C = "SSE-C"
DEFAULT = {"SSEAlgorithm": "AES256"}
"""What S3 encrypts with where a bucket says nothing."""


class Input(Given, frozen=True, kw_only=True):
    """The bucket."""

    bucket: BucketName


def observe(aws: Aws, given: Input, case: Case) -> BucketState:
    """The rules of the bucket's encryption, where there are any."""
    try:
        found = setting(aws, case, given.bucket, "get_bucket_encryption")
    except AwsError as error:
        if not is_gone(error):
            raise
        return BucketState(parts={}, gone=True)
    rules = rules_of(found)
    return BucketState(parts={part(case, given.bucket, "encryption"): rules} if rules else {})


def changes(given: Input, before: BucketState, case: Case) -> list[Change]:
    """The same rules, with the block."""
    name = part(case, given.bucket, "encryption")
    found = before.parts.get(name)
    if before.gone or blocks(found):
        return []
    return [Change(resource=name, what="default encryption", from_=found, to=_blocked(found))]


def apply(aws: Aws, given: Input, change: Change, case: Case) -> None:
    """Write the rules, or take them away."""
    if change.to is None:
        aws.call("s3", "delete_bucket_encryption", **owned(case, given.bucket))
        return
    aws.call(
        "s3",
        "put_bucket_encryption",
        **owned(case, given.bucket),
        ServerSideEncryptionConfiguration={"Rules": change.to},
    )


def verify(aws: Aws, given: Input, case: Case) -> list[Check]:
    """Every rule blocks SSE-C."""
    state = observe(aws, given, case)
    if state.gone:
        return [gone_check(given.bucket, "nothing can be encrypted over")]
    holds = blocks(state.parts.get(part(case, given.bucket, "encryption")))
    return [
        Check(
            what=f"{given.bucket} refuses writes with a key that the writer brings (SSE-C)",
            holds=holds,
            seen="SSE-C is blocked" if holds else "SSE-C is not blocked",
        )
    ]


def commands(change: Change) -> list[list[str]]:
    """The AWS CLI's words."""
    name = ["--bucket", bucket_of(change.resource)]
    if change.to is None:
        return [["s3api", "delete-bucket-encryption", *name]]
    told = json.dumps({"Rules": change.to}, separators=(",", ":"))
    words = ["s3api", "put-bucket-encryption", *name]
    return [[*words, "--server-side-encryption-configuration", told]]


def rules_of(found: dict[str, Any]) -> list[dict[str, Any]]:
    """The rules in an answer of GetBucketEncryption."""
    return list((found.get("ServerSideEncryptionConfiguration") or {}).get("Rules") or [])


def blocks(rules: Any) -> bool:
    """Whether every rule blocks SSE-C; without a rule nothing is blocked that is known of."""
    return bool(rules) and all(
        SSE_C in ((rule.get("BlockedEncryptionTypes") or {}).get("EncryptionType") or [])
        for rule in rules
    )


def _blocked(rules: Any) -> list[dict[str, Any]]:
    block = {"EncryptionType": [SSE_C]}
    return [
        {
            "ApplyServerSideEncryptionByDefault": dict(DEFAULT),
            **rule,
            "BlockedEncryptionTypes": block,
        }
        for rule in (rules or [{}])
    ]
