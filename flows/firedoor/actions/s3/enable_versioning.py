"""Keep every version of a bucket's objects from now on: what is deleted or overwritten stays below.

Switches versioning on, or on again where somebody has suspended it. A delete only lays a marker
on top then, and whoever wants to destroy must delete version by version (`s3.deny_destruction`). It
takes up to 15 minutes to be in force everywhere. Storage costs grow with every write. Where it was
never on it cannot be switched off again, only suspended. Where versioning is guarded by MFA,
only root can change it with his device, and AWS refuses.
Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/manage-versioning-examples.html
"""

from __future__ import annotations

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
from firedoor.errors import AwsError, Refused
from firedoor.kinds import BucketName

PERMISSIONS = (
    Permission("s3:GetBucketVersioning", BUCKET),
    Permission("s3:PutBucketVersioning", BUCKET),
)
EXAMPLE = {"bucket": "example-bucket"}
REOPENS = Reopens("what is deleted or overwritten then would be gone for good")
FOR_EVER = "versioning that was never on cannot be brought back to that: it can only be suspended"


class Input(Given, frozen=True, kw_only=True):
    """The bucket."""

    bucket: BucketName


def observe(aws: Aws, given: Input, case: Case) -> BucketState:
    """Enabled or Suspended; nothing when it was never on."""
    try:
        found = setting(aws, case, given.bucket, "get_bucket_versioning")
    except AwsError as error:
        if not is_gone(error):
            raise
        return BucketState(parts={}, gone=True)
    status = found.get("Status")
    return BucketState(parts={part(case, given.bucket, "versioning"): status} if status else {})


def changes(given: Input, before: BucketState, case: Case) -> list[Change]:
    """Switch it on."""
    name = part(case, given.bucket, "versioning")
    found = before.parts.get(name)
    if before.gone or found == "Enabled":
        return []
    lost = "" if found else FOR_EVER
    return [Change(resource=name, what="versioning", from_=found, to="Enabled", lost=lost)]


def apply(aws: Aws, given: Input, change: Change, case: Case) -> None:
    """Switch it on, or suspend it again; Refused when it was never on."""
    if change.to is None:
        raise Refused(FOR_EVER)
    aws.call(
        "s3",
        "put_bucket_versioning",
        **owned(case, given.bucket),
        VersioningConfiguration={"Status": change.to},
    )


def verify(aws: Aws, given: Input, case: Case) -> list[Check]:
    """It is on."""
    state = observe(aws, given, case)
    if state.gone:
        return [gone_check(given.bucket, "every version is kept")]
    status = state.parts.get(part(case, given.bucket, "versioning"), "off")
    return [
        Check(
            what=f"{given.bucket} keeps every version",
            holds=status == "Enabled",
            seen=f"versioning is {status}",
        )
    ]


def commands(change: Change) -> list[list[str]]:
    """The AWS CLI's words."""
    words = ["s3api", "put-bucket-versioning", "--bucket", bucket_of(change.resource)]
    return [[*words, "--versioning-configuration", f"Status={change.to or 'Suspended'}"]]
