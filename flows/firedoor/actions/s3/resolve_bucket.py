"""Find out which bucket it is about, and in which Region it lies.

A finding names one bucket, or several: the first is taken, the others are told apart for runs of
their own. That there is none is an error; that it has been deleted is not.
Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketLocation.html
"""

from __future__ import annotations

import msgspec

from firedoor.actions import contract
from firedoor.actions.contract import Aws, Case, Given, Permission
from firedoor.actions.s3._bucket import BUCKET, DELETED, is_gone, setting
from firedoor.errors import AwsError, NoCredentials, RunFailed
from firedoor.kinds import BucketName, Region

PERMISSIONS = (Permission("s3:GetBucketLocation", BUCKET),)
EXAMPLE = {"bucket": "example-bucket"}


class Input(Given, frozen=True, kw_only=True):
    """The bucket, or several of them."""

    bucket: BucketName | None = None
    buckets: list[BucketName] = msgspec.field(default_factory=list)


class Output(contract.Output, frozen=True, kw_only=True):
    """The bucket and its Region; `others` were named besides. `gone`: it has been deleted."""

    bucket: BucketName
    region: Region
    others: list[BucketName]
    gone: bool
    unknown: tuple[str, ...]


def observe(aws: Aws, given: Input, case: Case) -> Output:
    """The bucket's Region; RunFailed when no bucket is named."""
    named = [*([given.bucket] if given.bucket else []), *given.buckets]
    if not named:
        raise RunFailed(
            "no bucket is named: look for it in the finding, and run this with bucket=NAME"
        )
    bucket, *others = dict.fromkeys(named)
    region, unknown, gone = _region(aws, case, bucket)
    return Output(bucket=bucket, region=region, others=others, gone=gone, unknown=tuple(unknown))


def _region(aws: Aws, case: Case, bucket: str) -> tuple[str, list[str], bool]:
    """The bucket's Region, what is not known, and whether the bucket is gone."""
    try:
        found = setting(aws, case, bucket, "get_bucket_location")
    except NoCredentials:
        raise
    except AwsError as error:
        if is_gone(error):
            return aws.region, [f"there is no bucket {bucket!r}: {DELETED}"], True
        return (
            aws.region,
            [f"the Region of {bucket}, taken for {aws.region}: {error.message}"],
            False,
        )
    # S3 says nothing for us-east-1, and EU for buckets from before there were more Regions there.
    said = found.get("LocationConstraint") or "us-east-1"
    return ("eu-west-1" if said == "EU" else str(said)), [], False
