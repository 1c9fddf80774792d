"""What actions on a bucket share: its name as a resource, its settings, and that it may be gone.

Every call says whose bucket it has to be: a name that now belongs to somebody else is refused.
Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-owner-condition.html
"""

from __future__ import annotations

from typing import Any

from firedoor.actions.contract import Aws, Case, Check, State
from firedoor.errors import AwsError

BUCKET = "arn:{partition}:s3:::{bucket}"
GONE = frozenset({"NoSuchBucket"})
ABSENT = frozenset(
    {
        "NoSuchBucketPolicy",
        "NoSuchCORSConfiguration",
        "NoSuchLifecycleConfiguration",
        "NoSuchPublicAccessBlockConfiguration",
        "NoSuchTagSet",
        "NoSuchWebsiteConfiguration",
        "ObjectLockConfigurationNotFoundError",
        "OwnershipControlsNotFoundError",
        "ReplicationConfigurationNotFoundError",
        "ServerSideEncryptionConfigurationNotFoundError",
    }
)
"""How S3 says that a setting of a bucket was never made."""
DELETED = "the bucket has been deleted, and all that was in it"


class BucketState(State, frozen=True, kw_only=True):
    """The parts of a bucket; `gone`: there is no such bucket (any more)."""

    gone: bool = False


def part(case: Case, bucket: str, kind: str, name: str = "") -> str:
    """The stable name of a part of a bucket: `arn:aws:s3:::example-bucket#public-access-block`."""
    arn = f"arn:{case.partition}:s3:::{bucket}"
    return f"{arn}#{kind}/{name}" if name else f"{arn}#{kind}"


def owned(case: Case, bucket: str) -> dict[str, str]:
    """The bucket, as a parameter of every call: only when it is this account's."""
    return {"Bucket": bucket, "ExpectedBucketOwner": case.account}


def setting(aws: Aws, case: Case, bucket: str, operation: str, **more: Any) -> dict[str, Any]:
    """The answer of a `get_bucket_…`; {} when nothing is set. Bucket gone: AwsError."""
    try:
        return aws.call("s3", operation, **owned(case, bucket), **more)
    except AwsError as error:
        if error.code not in ABSENT:
            raise
        return {}


def is_gone(error: AwsError) -> bool:
    """Whether an error says that there is no such bucket."""
    return error.code in GONE


def gone_check(bucket: str, what: str) -> Check:
    """What verify says of a bucket that is not there any more."""
    return Check(what=f"{bucket}: {what}", holds=True, seen=DELETED)


def bucket_of(resource: str) -> str:
    """The bucket that a part's name begins with."""
    return resource.split("#", 1)[0].rpartition(":::")[2].partition("/")[0]
