"""Say who read a bucket, as far as logs were kept; and say what nobody can know.

CloudTrail writes down what happens to objects (data events) only where a trail was told to before,
and never in its event history; S3's own server access logs are written on a best effort, late, and
not at all where they are off. Both are looked for; what they hold of the bucket within `lookback`
is read, the newest first, at most `files` of each, and told by person and address. Where neither
was on, `unknown` says so: that nobody is seen to have read then means nothing.
Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/logging-with-S3.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import islice
from typing import Annotated, Any

import msgspec

from firedoor.actions import contract
from firedoor.actions.contract import Artefact, Aws, Case, Given, Permission
from firedoor.actions.s3._bucket import BUCKET, setting
from firedoor.actions.s3._readers import Reader, Touch, from_access_log, from_cloudtrail, told
from firedoor.actions.s3._selectors import records
from firedoor.errors import AwsError, NoCredentials
from firedoor.kinds import AccountId, BucketName, Duration, Region, parse_duration

LOGS = "arn:{partition}:s3:::*/*AWSLogs/*/CloudTrail/*"
PERMISSIONS = (
    Permission("s3:GetBucketLogging", BUCKET),
    Permission("cloudtrail:DescribeTrails"),
    Permission("cloudtrail:GetEventSelectors", "arn:{partition}:cloudtrail:*:*:trail/*"),
    Permission("s3:ListBucket", "arn:{partition}:s3:::*", "where the logs are; names only"),
    Permission("s3:GetObject", LOGS, "CloudTrail's log files; server access logs: see log_bucket"),
)
EXAMPLE = {"bucket": "example-bucket", "region": "eu-central-1", "lookback": "48h", "files": 50}
LARGEST = 50 * 1024 * 1024
"""Bytes of a log file that is still read."""
LISTED = 10_000
"""Names of log files that are listed for one day."""
SHOWN = 100
"""Readers that are told; all are in the evidence."""


class Input(Given, frozen=True, kw_only=True):
    """The bucket, its Region, how far back, and how many log files of each kind are read."""

    bucket: BucketName
    region: Region | None = None
    lookback: Duration = "48h"
    files: Annotated[int, msgspec.Meta(ge=1, le=2000)] = 200


class Output(contract.Output, frozen=True, kw_only=True):
    """Who was seen. `data_events` and `access_logs`: whether they were on; `anonymous`: how many
    objects nobody in particular read; `foreign_accounts`: other accounts that read or wrote."""

    data_events: bool
    access_logs: bool
    files_read: int
    readers: list[Reader]
    anonymous: int
    foreign_accounts: list[AccountId]
    sse_c_writes: int
    deleted: int
    keep: tuple[Artefact, ...]
    unknown: tuple[str, ...]


def observe(aws: Aws, given: Input, case: Case) -> Output:
    """Look for the logs, and read what they hold of the bucket."""
    unknown: list[str] = []
    since = case.now - parse_duration(given.lookback)
    trails = _trails(aws, given, unknown)
    touches: list[Touch] = []
    count = 0
    for trail in trails:
        days = _days(trail, given, case, since, aws)
        count += _read(
            aws, trail["S3BucketName"], days, since, given, from_cloudtrail, touches, unknown
        )
    logging = _logging(aws, given, case, unknown)
    if logging:
        prefixes = _logged(logging, given, case, since, aws)
        target = str(logging["TargetBucket"])
        count += _read(aws, target, prefixes, since, given, from_access_log, touches, unknown)
        unknown.append(
            f"S3's access logs of {given.bucket} are on: they are written on a best effort, hours "
            "late, and are no complete account"
        )
    if not trails:
        unknown.append(
            f"no trail records what is done to objects of {given.bucket} (data events): who read "
            "or copied them through the API cannot be known from CloudTrail"
        )
    if not trails and not logging:
        unknown.append(
            f"neither data events nor access logs are on for {given.bucket}: who read it until now "
            "cannot be known. Take it that everything in it that was open has been read"
        )
    readers = told(touches)
    return Output(
        data_events=bool(trails),
        access_logs=bool(logging),
        files_read=count,
        readers=readers[:SHOWN],
        anonymous=sum(each.read for each in readers if each.who == "anonymous"),
        foreign_accounts=sorted(
            {each.account for each in readers if each.account not in ("", case.account)}
        ),
        sse_c_writes=sum(each.sse_c for each in readers),
        deleted=sum(each.deleted for each in readers),
        keep=(
            Artefact(
                name=f"s3-access-{given.bucket}",
                content={
                    "trails": trails,
                    "logging": logging,
                    "readers": msgspec.to_builtins(readers),
                },
                about=f"Who touched the objects of {given.bucket}, as far as logs were kept",
            ),
        ),
        unknown=tuple(unknown),
    )


def _trails(aws: Aws, given: Input, unknown: list[str]) -> list[dict[str, Any]]:
    """The trails that record what is done to the bucket's objects."""
    try:
        found = aws.call("cloudtrail", "describe_trails", region=given.region)["trailList"]
    except NoCredentials:
        raise
    except AwsError as error:
        unknown.append(f"which trails there are: {error.message}")
        return []
    wanted = []
    for trail in found:
        arn = trail.get("TrailARN") or trail["Name"]
        try:
            selectors = aws.call(
                "cloudtrail",
                "get_event_selectors",
                region=trail.get("HomeRegion") or given.region,
                TrailName=arn,
            )
        except NoCredentials:
            raise
        except AwsError as error:
            unknown.append(f"whether trail {arn} records data events: {error.message}")
            continue
        if records(selectors, given.bucket):
            wanted.append(trail)
    return wanted


def _days(
    trail: dict[str, Any], given: Input, case: Case, since: datetime, aws: Aws
) -> Iterator[str]:
    """The prefixes of a trail's log files, newest day first; an organization's has its id in it."""
    head = f"{trail['S3KeyPrefix']}/" if trail.get("S3KeyPrefix") else ""
    region = given.region or aws.region
    day = case.now
    while day.date() >= since.date():
        tail = f"{case.account}/CloudTrail/{region}/{day:%Y/%m/%d}/"
        yield f"{head}AWSLogs/{tail}"
        day -= timedelta(days=1)


def _logged(
    logging: dict[str, Any], given: Input, case: Case, since: datetime, aws: Aws
) -> Iterator[str]:
    """The prefixes of the bucket's access logs: one for each day, newest first."""
    head = str(logging.get("TargetPrefix") or "")
    parted = "PartitionedPrefix" in (logging.get("TargetObjectKeyFormat") or {})
    place = f"{case.account}/{given.region or aws.region}/{given.bucket}/" if parted else ""
    day = case.now
    while day.date() >= since.date():
        yield f"{head}{place}{day:%Y/%m/%d}/" if parted else f"{head}{day:%Y-%m-%d}-"
        day -= timedelta(days=1)


def _logging(aws: Aws, given: Input, case: Case, unknown: list[str]) -> dict[str, Any]:
    try:
        found = setting(aws, case, given.bucket, "get_bucket_logging")
    except NoCredentials:
        raise
    except AwsError as error:
        unknown.append(f"whether {given.bucket} has access logs: {error.message}")
        return {}
    return dict(found.get("LoggingEnabled") or {})


def _read(
    aws: Aws,
    where: str,
    prefixes: Iterator[str],
    since: datetime,
    given: Input,
    parse: Callable[[bytes, str], Iterator[Touch]],
    touches: list[Touch],
    unknown: list[str],
) -> int:
    """Read log files of a bucket into `touches`; how many were read."""
    count = 0
    try:
        for key in _keys(aws, where, prefixes, since):
            if count == given.files:
                unknown.append(
                    f"more than {given.files} log files are in {where}: the older were not read"
                )
                break
            body = aws.call("s3", "get_object", Bucket=where, Key=key)["Body"]
            count += 1
            try:
                touches += parse(body, given.bucket)
            except ValueError as error:
                unknown.append(f"{where}/{key} could not be read: {error}")
    except NoCredentials:
        raise
    except AwsError as error:
        unknown.append(f"the logs of {given.bucket} in {where} could not be read: {error.message}")
    return count


def _keys(aws: Aws, where: str, prefixes: Iterator[str], since: datetime) -> Iterator[str]:
    """The log files since then, newest first within a prefix."""
    for prefix in prefixes:
        found = [
            each
            for each in islice(
                aws.pages("s3", "list_objects_v2", "Contents", Bucket=where, Prefix=prefix), LISTED
            )
            if each["LastModified"] >= since and each["Size"] <= LARGEST
        ]
        yield from (
            str(each["Key"])
            for each in sorted(found, key=lambda it: it["LastModified"], reverse=True)
        )
