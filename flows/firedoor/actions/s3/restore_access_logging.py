"""Have a bucket's access log written again, to where it went before.

Server access logging of one bucket is put back to the target and prefix from before. The target has
to let S3 write to it still. Logs are delivered within hours, and those of the gap are lost. Undoing
puts back what stood there, also nothing.
Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketLogging.html
"""

from __future__ import annotations

from firedoor.actions.contract import Aws, Case, Change, Check, Given, Permission, State
from firedoor.actions.wanted import BLIND, changes_to, compact, holding, settings
from firedoor.kinds import BucketName
from firedoor.runbook import Json

BUCKET = "arn:{partition}:s3:::{bucket}"
PERMISSIONS = (
    Permission("s3:GetBucketLogging", BUCKET),
    Permission("s3:PutBucketLogging", BUCKET),
)
EXAMPLE = {
    "bucket": "example-orders",
    "settings": '{"TargetBucket": "example-logs", "TargetPrefix": "orders/"}',
}
REOPENS = BLIND
WHAT = "accesses are logged"


class Input(Given, frozen=True, kw_only=True):
    """The bucket, and `LoggingEnabled` as it was, as JSON."""

    bucket: BucketName
    settings: str


def observe(aws: Aws, given: Input, case: Case) -> State:
    """Where accesses are logged to; no part when they are not."""
    found = aws.call("s3", "get_bucket_logging", Bucket=given.bucket).get("LoggingEnabled")
    return State(parts={_resource(case, given): found} if found else {})


def changes(given: Input, before: State, case: Case) -> list[Change]:
    """The target from before, unless it stands."""
    return changes_to(before.parts, _wanted(given, case), WHAT)


def apply(aws: Aws, given: Input, change: Change, case: Case) -> None:
    """Turn it on as it was, or off."""
    status = {"LoggingEnabled": change.to} if change.to else {}
    aws.call("s3", "put_bucket_logging", Bucket=given.bucket, BucketLoggingStatus=status)


def verify(aws: Aws, given: Input, case: Case) -> list[Check]:
    """It is written to where it was."""
    return holding(observe(aws, given, case).parts, _wanted(given, case), WHAT)


def commands(change: Change) -> list[list[str]]:
    """The AWS CLI's words."""
    bucket = change.resource.rpartition(":")[2].partition("#")[0]
    status = compact({"LoggingEnabled": change.to} if change.to else {})
    words = ["s3api", "put-bucket-logging", "--bucket", bucket]
    return [[*words, "--bucket-logging-status", status]]


def _resource(case: Case, given: Input) -> str:
    return f"arn:{case.partition}:s3:::{given.bucket}#logging"


def _wanted(given: Input, case: Case) -> dict[str, Json]:
    was = settings(given.settings, f"the access log of {given.bucket}")
    return {_resource(case, given): {"TargetPrefix": "", **was}}
