"""Who changed a bucket, and who read it, as far as logs were kept."""

from __future__ import annotations

import gzip
import json
from typing import Any

from firedoor.actions.s3._selectors import records
from tests.actions.conftest import Doors
from tests.actions.s3.worlds import PARTNER, bucket, put_policy
from tests.simulator.conftest import ACCOUNT, Bench

NAME = "example-data"


def test_an_account_that_only_the_newer_policy_lets_in_is_new(bench: Bench, door: Doors) -> None:
    owner, thief = bench.user("owner"), bench.user("thief")
    bucket(bench, NAME)
    put_policy(bench.client("s3", owner), NAME, PARTNER)
    bench.clock.advance(3600)
    backup = {**PARTNER, "Sid": "Backup", "Principal": {"AWS": "999988887777"}}
    put_policy(bench.client("s3", thief), NAME, PARTNER, backup)
    bench.clock.advance(1200)

    found = door(
        "cloudtrail.lookup_bucket", bucket=NAME, region="us-east-1", lookback="1h"
    ).observe()

    assert found.new_accounts == ["999988887777"]
    assert found.unsure_accounts == []
    assert found.users == ["thief"]
    assert found.changes == ["PutBucketPolicy"]


def test_without_an_older_policy_nobody_can_say_which_account_is_new(
    bench: Bench, door: Doors
) -> None:
    thief = bench.user("thief")
    bucket(bench, NAME)
    put_policy(bench.client("s3", thief), NAME, PARTNER)
    bench.clock.advance(1200)

    found = door("cloudtrail.lookup_bucket", bucket=NAME, region="us-east-1").observe()

    assert (found.new_accounts, found.unsure_accounts) == ([], ["444455556666"])
    assert any("Ask the bucket's owner" in note for note in found.unknown)


def test_where_nothing_was_logged_it_says_that_nobody_can_know(bench: Bench, door: Doors) -> None:
    bucket(bench, NAME)

    found = door("s3.capture_access", bucket=NAME, region="us-east-1").observe()

    assert (found.data_events, found.access_logs, found.readers) == (False, False, [])
    assert any("who read it until now cannot be known" in note for note in found.unknown)


def record(name: str, key: str, who: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "eventSource": "s3.amazonaws.com",
        "eventName": name,
        "eventTime": "2026-03-14T08:40:00Z",
        "sourceIPAddress": "203.0.113.7",
        "userIdentity": who,
        "requestParameters": {"bucketName": NAME, "key": key, **more.pop("asked", {})},
        **more,
    }


def test_cloudtrails_log_files_say_who_read_and_who_encrypted(bench: Bench, door: Doors) -> None:
    bucket(bench, NAME)
    logs = bucket(bench, "example-logs")
    trail = bench.client("cloudtrail", None)
    trail.create_trail(Name="all", S3BucketName="example-logs")
    trail.put_event_selectors(
        TrailName="all",
        EventSelectors=[
            {
                "ReadWriteType": "All",
                "DataResources": [{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3"]}],
            }
        ],
    )
    nobody = {"type": "AWSAccount", "accountId": "anonymous"}
    user = {"type": "IAMUser", "arn": f"arn:aws:iam::{ACCOUNT}:user/thief", "accountId": ACCOUNT}
    other = {"type": "IAMUser", "arn": "arn:aws:iam::999988887777:user/x"}
    told = [
        record("GetObject", "a", nobody, additionalEventData={"bytesTransferredOut": 10}),
        record("GetObject", "b", nobody, additionalEventData={"bytesTransferredOut": 5}),
        record("GetObject", "c", {**other, "accountId": "999988887777"}),
        record("GetObject", "d", user, errorCode="AccessDenied"),
        record(
            "PutObject",
            "a",
            user,
            asked={"x-amz-server-side-encryption-customer-algorithm": "AES256"},
        ),
        record("DeleteObject", "e", user),
        {**record("GetObject", "z", user), "requestParameters": {"bucketName": "x", "key": "z"}},
    ]
    body = gzip.compress(json.dumps({"Records": told}).encode())
    logs.put_object(
        Bucket="example-logs",
        Key=f"AWSLogs/{ACCOUNT}/CloudTrail/us-east-1/2026/03/14/one.json.gz",
        Body=body,
    )

    found = door("s3.capture_access", bucket=NAME, region="us-east-1").observe()

    who = {
        (each.who, each.read, each.written, each.deleted, each.refused) for each in found.readers
    }
    assert who == {
        ("anonymous", 2, 0, 0, 0),
        ("arn:aws:iam::999988887777:user/x", 1, 0, 0, 0),
        (f"arn:aws:iam::{ACCOUNT}:user/thief", 0, 1, 1, 1),
    }
    assert (found.data_events, found.files_read) == (True, 1)
    assert (found.anonymous, found.foreign_accounts) == (2, ["999988887777"])
    assert (found.sse_c_writes, found.deleted) == (1, 1)


LINE = (
    "owner {bucket} [14/Mar/2026:08:30:00 +0000] 203.0.113.7 {who} 3E57 REST.GET.OBJECT {key} "
    '"GET /{key} HTTP/1.1" {status} - 2662 2662 41 40 "-" "curl/8" - x SigV4 x AuthHeader x\n'
)


def test_access_logs_say_who_read_and_that_they_are_no_complete_account(
    bench: Bench, door: Doors
) -> None:
    s3 = bucket(bench, NAME)
    logs = bucket(bench, "example-logs")
    delivery = "http://acs.amazonaws.com/groups/s3/LogDelivery"
    logs.put_bucket_acl(
        Bucket="example-logs", GrantWrite=f"uri={delivery}", GrantReadACP=f"uri={delivery}"
    )
    s3.put_bucket_logging(
        Bucket=NAME,
        BucketLoggingStatus={
            "LoggingEnabled": {"TargetBucket": "example-logs", "TargetPrefix": "access/"}
        },
    )
    lines = LINE.format(bucket=NAME, who="-", key="a", status=200)
    lines += LINE.format(bucket=NAME, who="-", key="b", status=403)
    lines += LINE.format(bucket="other", who="-", key="a", status=200) + "no log line\n"
    logs.put_object(
        Bucket="example-logs", Key="access/2026-03-14-08-45-00-ABC", Body=lines.encode()
    )

    found = door("s3.capture_access", bucket=NAME, region="us-east-1").observe()

    (reader,) = found.readers
    assert (reader.who, reader.read, reader.refused, reader.sent) == ("anonymous", 1, 1, 5324)
    assert found.access_logs
    assert any("no complete account" in note for note in found.unknown)


def test_selectors_that_cover_the_bucket_are_told_from_those_that_do_not() -> None:
    def advanced(**fields: Any) -> dict[str, Any]:
        said = {"eventCategory": {"Equals": ["Data"]}, **fields}
        return {
            "AdvancedEventSelectors": [
                {"FieldSelectors": [{"Field": name, **value} for name, value in said.items()]}
            ]
        }

    objects = {"resources.type": {"Equals": ["AWS::S3::Object"]}}
    here = {"resources.ARN": {"StartsWith": [f"arn:aws:s3:::{NAME}/"]}}
    elsewhere = {"resources.ARN": {"StartsWith": [f"arn:aws:s3:::{NAME}-2/"]}}
    but_here = {"resources.ARN": {"NotStartsWith": [f"arn:aws:s3:::{NAME}/"]}}

    assert records(advanced(**objects), NAME)
    assert records(advanced(**objects, **here), NAME)
    assert not records(advanced(**objects, **elsewhere), NAME)
    assert not records(advanced(**objects, **but_here), NAME)
    assert not records(advanced(**{"resources.type": {"Equals": ["AWS::Lambda::Function"]}}), NAME)
    assert not records({"EventSelectors": [{"DataResources": []}]}, NAME)
