"""Block all public access to a bucket: ACLs and policy stay, and nobody from outside gets through.

All four switches go on. Nothing is edited, so that undoing brings back exactly what was. It has no
effect on a policy that names another account (`s3.restrict_bucket_policy`), and while a statement
is public it shuts out every other account, partners too. A static website ends; CloudFront with an
origin access control goes on. From then on S3 shows the ACL without its public grants: keep it
before (`s3.capture_bucket`). It is in force within seconds, everywhere within minutes.
Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html
"""

from __future__ import annotations

from firedoor.actions import contract
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
from firedoor.actions.s3control._block import OPEN, SHUT, cli_words, missing
from firedoor.errors import AwsError
from firedoor.kinds import BucketName

PERMISSIONS = (
    Permission("s3:GetBucketPublicAccessBlock", BUCKET),
    Permission("s3:PutBucketPublicAccessBlock", BUCKET),
)
EXAMPLE = {"bucket": "example-bucket"}
REOPENS = Reopens(
    "the grants that made the bucket public stand there still, and everybody would be in again"
)


class Input(Given, frozen=True, kw_only=True):
    """The bucket."""

    bucket: BucketName


class Output(contract.Output, frozen=True, kw_only=True):
    """`blocked`: no public access to the bucket any more, so what was public can be cleaned up."""

    blocked: bool


def observe(aws: Aws, given: Input, case: Case) -> BucketState:
    """The bucket's own block, if it has one."""
    try:
        found = setting(aws, case, given.bucket, "get_public_access_block")
    except AwsError as error:
        if not is_gone(error):
            raise
        return BucketState(parts={}, gone=True)
    block = found.get("PublicAccessBlockConfiguration")
    # What S3 does not say is off.
    return BucketState(parts={_resource(given, case): {**OPEN, **block}} if block else {})


def changes(given: Input, before: BucketState, case: Case) -> list[Change]:
    """All four switches on."""
    found = before.parts.get(_resource(given, case))
    if before.gone or found == SHUT:
        return []
    what = "public access block"
    return [Change(resource=_resource(given, case), what=what, from_=found, to=dict(SHUT))]


def apply(aws: Aws, given: Input, change: Change, case: Case) -> None:
    """Set the switches, or take the block away; a bucket that is gone needs none."""
    try:
        if change.to is None:
            aws.call("s3", "delete_public_access_block", **owned(case, given.bucket))
        else:
            aws.call(
                "s3",
                "put_public_access_block",
                **owned(case, given.bucket),
                PublicAccessBlockConfiguration=change.to,
            )
    except AwsError as error:
        if not is_gone(error):
            raise


def verify(aws: Aws, given: Input, case: Case) -> list[Check]:
    """All four switches are on."""
    what = f"{given.bucket} blocks all public access"
    state = observe(aws, given, case)
    if state.gone:
        return [gone_check(given.bucket, "nobody gets through")]
    off = missing(state.parts.get(_resource(given, case)))
    return [Check(what=what, holds=not off, seen=f"off: {', '.join(off)}" if off else "all on")]


def output(given: Input, before: BucketState, case: Case) -> Output:
    """That it is blocked."""
    return Output(blocked=not before.gone)


def commands(change: Change) -> list[list[str]]:
    """The AWS CLI's words."""
    return [["s3api", *cli_words(change), "--bucket", bucket_of(change.resource)]]


def _resource(given: Input, case: Case) -> str:
    return part(case, given.bucket, "public-access-block")
