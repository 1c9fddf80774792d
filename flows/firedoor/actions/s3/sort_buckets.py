"""Tell the buckets that serve a website, or are tagged as public, from all the others.

Two reads a bucket, and none besides those that are named. Whoever shuts a website takes it off the
net, so that is a question of its own; the others can be shut at once. What could not be read counts
as public on purpose, and is said in `unknown`. A bucket that is gone counts as private.
Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketWebsite.html
"""

from __future__ import annotations

from functools import partial
from typing import Any

import msgspec

from firedoor.actions import contract
from firedoor.actions._side_by_side import side_by_side
from firedoor.actions.contract import Aws, Case, Given, Permission
from firedoor.actions.s3._bucket import BUCKET, DELETED, is_gone, setting
from firedoor.actions.s3._purpose import meant_public
from firedoor.errors import AwsError
from firedoor.kinds import BucketName

PERMISSIONS = (
    Permission("s3:GetBucketWebsite", BUCKET),
    Permission("s3:GetBucketTagging", BUCKET),
)
EXAMPLE = {"buckets": ["example-bucket"]}
READS = {"website": "get_bucket_website", "tags": "get_bucket_tagging"}


class Input(Given, frozen=True, kw_only=True):
    """The buckets; none is no error."""

    buckets: list[BucketName] = msgspec.field(default_factory=list)


class Output(contract.Output, frozen=True, kw_only=True):
    """`on_purpose`: each serves a website, a tag says so, or that could not be read."""

    private: list[BucketName]
    on_purpose: list[BucketName]
    unknown: tuple[str, ...]


def observe(aws: Aws, given: Input, case: Case) -> Output:
    """Website and tags of each, side by side."""
    apart: dict[bool, list[str]] = {True: [], False: []}
    unknown: dict[str, None] = {}
    for bucket in dict.fromkeys(given.buckets):
        found, refused = side_by_side(
            {name: partial(_read, aws, case, bucket, call) for name, call in READS.items()}
        )
        gone = any(why == DELETED for _, why in refused)
        apart[not gone and meant_public(found)].append(bucket)
        told = [f"{name} of {bucket}: {why}" for name, why in refused]
        unknown |= dict.fromkeys([f"there is no bucket {bucket!r}: {DELETED}"] if gone else told)
    return Output(private=apart[False], on_purpose=apart[True], unknown=tuple(unknown))


def _read(aws: Aws, case: Case, bucket: str, operation: str) -> dict[str, Any]:
    try:
        return setting(aws, case, bucket, operation)
    except AwsError as error:
        if not is_gone(error):
            raise
        raise AwsError(DELETED, code=error.code, operation=error.operation) from None
